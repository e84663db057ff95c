package simplevpn;

import simplevpn.tunnel.Loop;

/**
 * What others on this machine are told of a client's tunnel: the service manager what it does, and the user's own
 * programs ({@code --up} and {@code --down}) that it is there, and that it is not any more.
 */
final class Presence {
    private ClientSettings settings;
    private final Loop loop;
    private final Supervisor supervisor;
    /** Those programs; or {@code null}. */
    private Hooks hooks;
    private Hooks.Stay stay;
    /** What it does while there is no tunnel, and since when there is none. */
    String words = "";
    long since;
    /** Whether nobody comes any more, since this program ends. */
    private boolean ending;

    Presence(ClientSettings settings, Loop loop, Supervisor supervisor) {
        this.settings = settings;
        this.loop = loop;
        this.supervisor = supervisor;
        since = loop.now();
    }

    /** Starts programs of the user's from now on. */
    void use(Hooks all) {
        hooks = all;
    }

    /** Programs that are started from now on are those of these settings. */
    void take(ClientSettings next) {
        settings = next;
    }

    /** What the client does, in one line, while there is no tunnel. */
    void tell(String what) {
        words = what;
        supervisor.status(what);
    }

    /**
     * The tunnel is there.
     *
     * @param what in one line
     */
    void up(String what) {
        words = "";
        supervisor.status(what);
        supervisor.ready(loop.now());
    }

    /** The user's program for that is started: there is nothing left to do that it could come before. */
    void startUp(HookEnvironment environment) {
        if (hooks != null && !ending) {
            stay = hooks.came("", settings.up, settings.down, "", environment);
        }
    }

    /** The tunnel is not there, if it was. */
    void down(String reason) {
        if (words.isEmpty()) {
            words = "the connection was " + reason;
            since = loop.now();
        }
        if (stay != null) {
            hooks.went(stay, reason);
            stay = null;
        }
    }

    /** The program ends, and those programs before it: the tunnel is there as long as they are. */
    void endHooks() {
        if (hooks != null) {
            ending = true;
            down("ended");
            hooks.finish();
        }
    }

    /** The program ends. */
    void end() {
        supervisor.stopping();
    }
}
