package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Libc;
import simplevpn.linux.Privileges;
import simplevpn.linux.Stderr;
import simplevpn.linux.User;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Loop;

/**
 * What both programs do as processes: what they say without doing their work, how they end, and the limits that they
 * raise.
 *
 * <p>As a thread it is the VM's shutdown hook, which SIGTERM, SIGINT and, where it means nothing else, SIGHUP start: it
 * ends the loop, after which the program ends the process with everything closed. Should the loop be stuck, the hook
 * ends the process itself.
 */
final class Program extends Thread {
    /** Milliseconds that the loop has to end in after a signal. */
    private static final int PATIENCE = 800;

    private final Loop loop;
    private final long patience;

    private Program(Loop loop, long patience) {
        this.loop = loop;
        this.patience = patience;
    }

    /**
     * Lets signals end a loop.
     *
     * @param hooks how often those of the user's programs that run then are waited for
     */
    static void endOnSignal(Loop loop, int hooks) {
        long patience = PATIENCE + hooks * (Budget.LAST_HOOK_TIME / 1_000_000 + PATIENCE);
        Runtime.getRuntime().addShutdownHook(new Program(loop, patience));
    }

    @Override
    public void run() {
        loop.end();
        try {
            sleep(patience);
        } catch (InterruptedException e) {
            // Nobody interrupts this thread; ending at once would be right if somebody did.
        }
        end(0);
    }

    /** Ends the process now, also while a shutdown hook waits. */
    static void end(int status) {
        System.out.flush();
        Runtime.getRuntime().halt(status);
    }

    /**
     * Writes one line about why a program ends, and returns its exit status. A user never sees a stack trace; where an
     * error of our own came from is worth a word all the same.
     */
    static int report(Throwable t) {
        if (t instanceof Failure failure) {
            Log.error(failure.getMessage());
            return failure.status;
        }
        StackTraceElement[] trace = t.getStackTrace();
        Log.error("internal error, please report it: " + t + (trace.length > 0 ? " in " + trace[0] : ""));
        return Failure.SYSTEM;
    }

    /**
     * The service manager that started this program and wants to be told how it is ({@code NOTIFY_SOCKET},
     * sd_notify(3)), or nobody.
     */
    static Supervisor supervisor(Loop loop) {
        String socket = System.getenv("NOTIFY_SOCKET");
        if (socket == null || socket.isEmpty()) {
            return new Supervisor();
        }
        String watchdog = System.getenv("WATCHDOG_USEC");
        return Notify.to(socket, watchdog, System.getenv("WATCHDOG_PID"), loop.timers, loop.now());
    }

    /**
     * Reads the words of the command line, says what can be said without doing anything ({@code --help} and
     * {@code --version}) or with key files alone, and lets the log begin.
     *
     * @return whether that is all that was wanted
     */
    static boolean isAnswered(Options options, String program, String[] words) throws Failure {
        Stderr.ignoreQuit();
        Log.to(Stderr.open());
        boolean terminal = Stderr.isTerminal();
        Log.start(program, Log.EVENTS, terminal);
        options.parse(words);
        if (options.given("help")) {
            System.out.print(options.help());
            return true;
        }
        if (options.given("version")) {
            System.out.print(Version.text(program));
            return true;
        }
        if (options.given("keygen") || options.given("pin")) {
            String made = options.text("keygen");
            System.out.println((made != null ? KeyFiles.generate(made) : KeyFiles.read(options.text("pin"))).pin());
            if (System.out.checkError()) {
                throw new Failure(Failure.SYSTEM, "the pin could not be printed");
            }
            return true;
        }
        boolean status = options.given("status");
        boolean check = program.equals("cli") && options.given("check");
        if (!status && ((options.given("json") && !check) || options.given("prometheus") || options.given("watch"))) {
            throw options.wrong("--status is missing: --json, --prometheus and --watch are forms of that");
        }
        if (status || (program.equals("srv") && options.given("kick"))) {
            end(StatusCommand.run(options, program));
        }
        if (options.given("udp")) {
            throw new Failure(Failure.USAGE, "-u: UDP is not offered, this tunnel runs over TCP only; leave -u out");
        }
        Log.start(program, level(options), terminal);
        return false;
    }

    /** How much the options let the log have. */
    static int level(Options options) {
        return options.given("quiet") ? Log.QUIET : options.given("verbose") ? Log.DETAILS : Log.EVENTS;
    }

    /**
     * Gives up what is only needed for setting up: what comes from the network is read without it. What is left is
     * CAP_NET_ADMIN, and CAP_SYS_TIME where it is said.
     *
     * @param user whom root becomes, or stays; {@code null} for who it is
     * @param hooks whether programs of the user's will be started: they have the former too
     * @param clock whether the machine's clock is to be set later
     */
    static void confine(User user, boolean hooks, boolean clock) throws Failure {
        if (user != null && user.uid == 0) {
            Log.event("stays root, as --user says: whoever takes this program over has the whole machine");
        } else if (user != null) {
            Privileges.become(user, clock);
            if (hooks) {
                Privileges.passOn(clock);
            }
        }
        Privileges.forbidNew();
    }

    /** Raises the soft limit of open descriptors to the hard one; returns how many are allowed then (getrlimit(2)). */
    static int raiseDescriptorLimit() {
        Buffer limit = Buffer.permanent(Abi.RLIM_SIZE);
        if (Libc.getrlimit(Abi.RLIMIT_NOFILE, limit) < 0) {
            return 1024;
        }
        long soft = limit.word(Abi.RLIM_CUR);
        long hard = limit.word(Abi.RLIM_MAX);
        limit.word(Abi.RLIM_CUR, hard);
        long allowed = Libc.setrlimit(Abi.RLIMIT_NOFILE, limit) < 0 ? soft : hard;
        return allowed < 0 || allowed > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) allowed;
    }
}
