package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Congestion;
import simplevpn.linux.Libc;
import simplevpn.linux.Poller;
import simplevpn.linux.Tun;

/**
 * What both programs do as processes: their common options, how they end, and the limits that they raise.
 *
 * <p>As a thread it is the VM's shutdown hook, which SIGTERM, SIGINT and SIGHUP start: it wakes the loop, which then
 * ends the process with everything closed. Should the loop be stuck, in a name server's answer say, the hook ends the
 * process itself.
 */
final class Daemon extends Thread {
    /** The port of both programs unless told otherwise. */
    static final int PORT = 2002;
    /** MTU of the interface in bytes: unless told otherwise, and its bounds. */
    static final int MTU = 1500;
    static final int MIN_MTU = 576;
    static final int MAX_MTU = 65535;
    /** Seconds without a sign of life after which a peer is dead unless told otherwise. */
    static final int TIMEOUT = 60;

    /** Milliseconds that the loop has to end in after a signal. */
    private static final int PATIENCE = 800;

    private final Poller poller;

    private Daemon(Poller poller) {
        this.poller = poller;
    }

    /** Lets signals end the loop that waits at this poller. */
    static void endOnSignal(Poller poller) {
        Runtime.getRuntime().addShutdownHook(new Daemon(poller));
    }

    /**
     * The service manager that started this program and wants to be told how it is ({@code NOTIFY_SOCKET},
     * sd_notify(3)), or {@code null}.
     *
     * @param now {@link System#nanoTime}
     */
    static Notify serviceManager(long now) {
        String socket = System.getenv("NOTIFY_SOCKET");
        return socket == null || socket.isEmpty() ? null
                : Notify.to(socket, System.getenv("WATCHDOG_USEC"), System.getenv("WATCHDOG_PID"), now);
    }

    @Override
    public void run() {
        poller.wake();
        try {
            sleep(PATIENCE);
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
     * error of our own came from is worth telling all the same.
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

    /** Adds the options that both programs have. */
    static Options common(Options options) {
        return options
                .add('p', "port", "PORT", "TCP port (default 2002)")
                .add('i', "interface", "NAME", "name of the TUN interface (default: the kernel's choice)")
                .add('m', "mtu", "BYTES", "MTU of the TUN interface, 576 to 65535")
                .add('t', "timeout", "SECONDS", "a peer that is silent for so long is dead (default 60)")
                .add((char) 0, "congestion", "NAME", "of the TCP connection (default auto: cubic, bbr on a lossy line)")
                .add((char) 0, "no-offload", null, "carry single finished packets only, no super-packets")
                .add('v', "verbose", null, "also tell about single packets")
                .add('q', "quiet", null, "tell nothing but what ends the program")
                .add((char) 0, "config", "FILE", "read options from FILE: their long names, one per line")
                .add((char) 0, "version", null, "print the version and the Java runtime")
                .add('h', "help", null, "print this")
                .add('u', "udp", null, null);
    }

    /**
     * Reads the words, and does what needs no daemon: {@code --help} and {@code --version}.
     *
     * @return whether that is all that was wanted
     */
    static boolean parse(Options options, String program, String[] words) throws Failure {
        options.parse(words);
        if (options.given("help")) {
            System.out.print(options.help());
            return true;
        }
        if (options.given("version")) {
            System.out.print(Version.text(program));
            return true;
        }
        if (options.given("udp")) {
            throw new Failure(Failure.USAGE, "-u: UDP is not offered, this tunnel runs over TCP only; leave -u out");
        }
        Log.start(program, options.given("quiet") ? Log.QUIET : options.given("verbose") ? Log.DETAILS : Log.EVENTS);
        return false;
    }

    /** An interface name that the kernel can accept: 1 to 15 bytes, no slash, colon or space (linux/net/core/dev.c). */
    static String interfaceName(Options options) throws Failure {
        if (!options.given("interface")) {
            return Tun.ANY_NAME;
        }
        String name = options.text("interface");
        boolean good = !name.isEmpty() && name.length() < Abi.IFNAMSIZ && !name.equals(".") && !name.equals("..");
        for (int i = 0; good && i < name.length(); i++) {
            char c = name.charAt(i);
            good = c > ' ' && c < 127 && c != '/' && c != ':';
        }
        if (!good) {
            throw options.bad("interface",
                    "an interface name has 1 to 15 characters, without spaces, slashes and colons");
        }
        return name;
    }

    /** Chooses the congestion control of all TCP connections to come, if the options name one. */
    static void chooseCongestion(Options options) throws Failure {
        boolean auto = !options.given("congestion") || options.text("congestion").equals("auto");
        if (!auto && !Congestion.choose(options.text("congestion"))) {
            throw options.bad("congestion", "this kernel has no such congestion control, or does not allow it;"
                    + " /proc/sys/net/ipv4/tcp_available_congestion_control lists what it has");
        }
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
