package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Handler;
import simplevpn.linux.Hangup;
import simplevpn.linux.Poller;
import simplevpn.linux.Stderr;
import simplevpn.tunnel.Loop;

/**
 * Reads the config file anew while a program runs, on SIGHUP: what can change does so without a connection being
 * dropped for it, what cannot is told by name, and keeps the value that it had. What is not right changes nothing.
 *
 * <p>The command line wins over the file each time. Options are compared as they were said, before anybody makes
 * something of them.
 */
abstract class Reload implements Handler {
    /** The options that a running server takes; all others want a restart. */
    static final String[] OF_SERVER = {"max-clients", "max-per-source", "allow-plain", "net", "push-route", "dns",
        "domain", "timeout", "congestion", "client-up", "client-down", "verbose", "quiet"};
    /** Those that a running client takes. */
    static final String[] OF_CLIENT = {"server", "server-pin", "server-name", "port", "prefer", "no-routes", "name",
        "timeout", "congestion", "up", "down", "verbose", "quiet"};
    /** Of both: a program that began without any of these has given up what it would need to start them. */
    private static final String[] HOOKS = {"client-up", "client-down", "up", "down"};

    private final String[] words;
    private final String[] changeable;
    private final boolean hooks;
    /** What is in force. */
    private Options inForce;
    private Loop loop;
    private int hangups;

    /**
     * @param words of the command line
     * @param inForce what was made of these and the config file
     * @param changeable the options that may change
     * @param hooks whether programs of the user's could be started from the beginning
     */
    Reload(String[] words, Options inForce, String[] changeable, boolean hooks) {
        this.words = words;
        this.inForce = inForce;
        this.changeable = changeable;
        this.hooks = hooks;
    }

    /**
     * SIGHUP means this from now on, unless this program runs in the foreground of a terminal: then it means that the
     * terminal is closed, and ends the program.
     */
    final void listen(Loop of) throws Failure {
        if (!Stderr.isForeground()) {
            loop = of;
            hangups = Hangup.descriptor();
            loop.poller.add(hangups, Poller.READ, this);
        }
    }

    @Override
    public final void ready(boolean writable, boolean failed) throws Failure {
        Hangup.take(hangups);
        again();
        loop.lookAtClock();
    }

    /** Reads everything anew. */
    final void again() throws Failure {
        String before = busy();
        if (before != null) {
            Log.event("reload: " + before + ": nothing is read until then");
            return;
        }
        StringBuilder taken = new StringBuilder();
        StringBuilder left = new StringBuilder();
        Options said = options();
        try {
            said.parseAnew(words);
            check(said);
            for (int i = 0; i < said.count(); i++) {
                if (said.saysOther(inForce, i)) {
                    boolean takes = takes(said.name(i));
                    (takes ? taken : left).append(takes ? ", " : ", --").append(said.name(i));
                    if (!takes) {
                        said.keep(inForce, i);
                    }
                }
            }
            if (left.length() > 0) {
                // What is taken has to fit to what stays.
                check(said);
            }
        } catch (Failure e) {
            Log.event("reload: " + e.getMessage() + "; what was read before stays in force");
            return;
        }
        inForce = said;
        Log.limit(Program.level(said));
        String others = take(taken.length() > 0);
        tell(others == null ? taken.toString() : ", " + others + taken, left);
    }

    private static void tell(String taken, StringBuilder left) {
        if (taken.isEmpty() && left.length() == 0) {
            Log.event("reload: nothing changed");
        } else {
            String what = taken.isEmpty() ? "" : taken.substring(2) + " taken";
            Log.event("reload: " + what + (left.length() == 0 ? "" : (what.isEmpty() ? "" : "; ") + left.substring(2)
                    + ": changed, but only a restart takes that"));
        }
    }

    private boolean takes(String option) {
        return has(changeable, option) && (hooks || !has(HOOKS, option));
    }

    /** Whether an option is one of several. */
    static boolean has(String[] names, String option) {
        for (String name : names) {
            if (name.equals(option)) {
                return true;
            }
        }
        return false;
    }

    /** Why nothing can be read anew now, or {@code null}. */
    String busy() {
        return null;
    }

    /** The options that there are, none of them given. */
    abstract Options options();

    /** Makes settings of what is said, which are not in force yet. */
    abstract void check(Options said) throws Failure;

    /**
     * Puts in force what was checked last.
     *
     * @param changed whether any option has changed
     * @return what else has, or {@code null}
     */
    abstract String take(boolean changed) throws Failure;
}
