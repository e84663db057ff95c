package simplevpn.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hosts that are network namespaces of this process's own, the programs that run on them, and a folder for their files.
 * Nothing of the machine's own network is touched, and its settings are not passed on. How the hosts are joined is what
 * a subclass is about.
 *
 * <p>{@link #close} ends the programs, the last first, checks how, and removes everything. A shutdown hook does the
 * removal when this process is interrupted.
 */
public abstract class Lab implements AutoCloseable {
    /** The project's top folder. */
    public static final Path TOP = Path.of(System.getProperty("simplevpn.top"));

    /** Held while something is made that has to be removed, and during the removal. */
    private static final Object LOCK = new Object();
    private static final Set<Lab> OPEN = ConcurrentHashMap.newKeySet();
    private static final AtomicInteger COUNT = new AtomicInteger();

    /** $0: the namespace; the rest: what to write into which files of /proc/sys/net, if this kernel has them. */
    private static final String MAKE_HOST = """
            ip netns add "$0"
            ip -n "$0" link set lo up
            ip netns exec "$0" sh -e -c '
                cd /proc/sys/net
                for setting; do
                    [ ! -e "${setting%=*}" ] || echo "${setting#*=}" >"${setting%=*}" || { echo "$setting"; exit 1; }
                done' sh "$@"
            """;
    /**
     * New namespaces would have these from the machine: a router's filter of source addresses, and bridges that show
     * their packets to firewalls.
     */
    private static final List<String> SETTINGS = List.of("ipv4/conf/all/rp_filter=0", "ipv4/conf/default/rp_filter=0",
            "bridge/bridge-nf-call-iptables=0", "bridge/bridge-nf-call-ip6tables=0",
            "bridge/bridge-nf-call-arptables=0");

    private static volatile boolean interrupted;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Lab::removeAll));
    }

    /** The process id in it keeps two runs apart. */
    private final String name = "svpn-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet();
    private final String[] settings;
    private final List<Host> hosts = new CopyOnWriteArrayList<>();
    private final List<Program> programs = new CopyOnWriteArrayList<>();
    private boolean removed;

    /** @param settings of each host, in the form {@code ipv4/ip_forward=1} */
    protected Lab(String... settings) {
        this.settings = Command.words(SETTINGS, settings).toArray(String[]::new);
    }

    /** Removes all that is left of all labs; the VM ends, so from here on no thread makes anything any more. */
    public static void removeAll() {
        synchronized (LOCK) {
            interrupted = true;
            OPEN.forEach(Lab::remove);
        }
    }

    /** Ends a main program: with a line that says why, unless somebody interrupted it. */
    public static void giveUp(LabException why) {
        if (!interrupted) {
            System.err.println(why.getMessage());
        }
        System.exit(1);
    }

    /** Comes before whatever makes something. */
    private void open() {
        if (interrupted || removed) {
            throw new LabException(name + " was interrupted, or is closed");
        }
        OPEN.add(this);
    }

    /** Makes a host without any link. */
    protected final Host add(String host, int number) {
        synchronized (LOCK) {
            open();
            Host added = new Host(name + "-" + host, number);
            hosts.add(added);
            Command.script("making " + added, MAKE_HOST,
                    Command.words(List.of(added.namespace), settings).toArray(String[]::new));
            return added;
        }
    }

    /** The hosts in the order in which they were made. */
    protected final List<Host> hosts() {
        return hosts;
    }

    /** Starts ./srv or ./cli (or any other command of the project's top folder) on a host. */
    public Program start(Host host, String program, String... arguments) {
        return start(host, Command.words(List.of(Watch.program(program).toString()), arguments));
    }

    /** Starts a program on a host; it ends with this lab, if not before. */
    public Program start(Host host, List<String> command) {
        synchronized (LOCK) {
            open();
            // Where a service manager lets a program keep what outlives it: each host is a machine of its own.
            Program program = new Program(host, file("run-" + host.number + "/token").getParent(), command);
            programs.add(program);
            return program;
        }
    }

    /** Everything that the programs said, for the message of what failed. */
    public String logs() {
        StringBuilder all = new StringBuilder("what the programs said:");
        programs.forEach(program -> all.append("\n--- ").append(program).append('\n').append(program.log()));
        return all.toString();
    }

    /** A file in a folder that is removed with this lab; the name may have folders in it. */
    public Path file(String name) {
        Path file = TOP.resolve("build").resolve(this.name).resolve(name);
        synchronized (LOCK) {
            open();
            try {
                Files.createDirectories(file.getParent());
            } catch (IOException e) {
                throw new LabException("making a folder for " + file, e);
            }
        }
        return file;
    }

    /** The same with a text in it. */
    public Path write(String name, String text) {
        try {
            return Files.writeString(file(name), text);
        } catch (IOException e) {
            throw new LabException("writing " + name, e);
        }
    }

    @Override
    public void close() {
        try {
            programs.reversed().forEach(Program::end);
        } finally {
            remove();
        }
    }

    /** Removes everything, whatever still runs; what cannot be removed is told, and is no reason to leave the rest. */
    protected final void remove() {
        synchronized (LOCK) {
            removed = true;
            if (!OPEN.remove(this)) {
                return;
            }
            hosts.forEach(host -> attempt(host::clear));
            hosts.forEach(host -> attempt(() -> Command.run(60, "ip", "netns", "del", host.namespace).ok()));
            attempt(() -> Command.run(60, "rm", "-rf", TOP.resolve("build").resolve(name).toString()).ok());
        }
    }

    private static void attempt(Runnable step) {
        try {
            step.run();
        } catch (LabException e) {
            System.err.println(e.getMessage());
        }
    }
}
