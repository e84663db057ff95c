package simplevpn.net;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hosts on one Ethernet: a network namespace each, joined by a bridge in one more namespace, so that nothing of the
 * machine's own network is touched. The outer addresses are 192.0.2.1, .2, ... and fd00:2::1, ::2, ...
 *
 * <p>Owns the daemons that were started on its hosts. {@link #close} ends them, the last first, checks how, and removes
 * every namespace; a shutdown hook does the removal for a test run that is interrupted.
 */
final class Lan implements AutoCloseable {
    private static final Set<Lan> OPEN = ConcurrentHashMap.newKeySet();
    private static final AtomicInteger COUNT = new AtomicInteger();

    private static boolean interrupted;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Lan::interrupt));
    }

    private final String prefix = "svpn-" + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet() + "-";
    private final List<Host> hosts = new ArrayList<>();
    private final List<Daemon> daemons = new ArrayList<>();

    Lan(String... names) {
        synchronized (OPEN) {
            if (interrupted) {
                throw new IllegalStateException("the test run was interrupted");
            }
            make(names);
        }
    }

    /** The tests go on while the VM ends: from here on none makes a network any more that nobody would remove. */
    private static void interrupt() {
        synchronized (OPEN) {
            interrupted = true;
            OPEN.forEach(Lan::remove);
        }
    }

    private void make(String... names) {
        OPEN.add(this);
        try {
            StringBuilder namespaces = new StringBuilder("netns add " + bridge() + "\n");
            for (String name : names) {
                hosts.add(new Host(prefix + name, hosts.size() + 1));
                namespaces.append("netns add ").append(prefix).append(name).append('\n');
            }
            ip(namespaces, "-batch", "-");
            StringBuilder ports = new StringBuilder("link add br0 type bridge\nlink set br0 up\n");
            for (Host host : hosts) {
                String port = port(host);
                ports.append("link add ").append(port).append(" type veth peer name eth0 netns ").append(host.name)
                        .append("\nlink set ").append(port).append(" master br0 up\n");
            }
            ip(ports, "-n", bridge(), "-batch", "-");
            for (Host host : hosts) {
                ip("link set lo up\naddr add " + host.outer4 + "/24 dev eth0\naddr add " + host.outer6
                        + "/64 dev eth0 nodad\nlink set eth0 up\n", "-n", host.name, "-batch", "-");
            }
        } catch (RuntimeException | Error e) {
            remove();
            throw e;
        }
    }

    Host host(int index) {
        return hosts.get(index);
    }

    /** Pulls or plugs the host's cable, as seen by the host: it loses the carrier, nothing else. */
    void link(Host host, boolean up) {
        ip("", "-n", bridge(), "link", "set", port(host), up ? "up" : "down");
    }

    /** Starts ./srv or ./cli (or any other command of the project's top folder) on a host. */
    Daemon start(Host host, String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(Daemon.TOP.resolve(program).toString()));
        command.addAll(List.of(arguments));
        return start(host, command);
    }

    Daemon start(Host host, List<String> command) {
        Daemon daemon = new Daemon(host, command);
        daemons.add(daemon);
        return daemon;
    }

    /** Everything that the daemons said, for the message of a test that failed. */
    String logs() {
        StringBuilder all = new StringBuilder("what the daemons said:");
        daemons.forEach(daemon -> all.append("\n--- ").append(daemon).append('\n').append(daemon.log()));
        return all.toString();
    }

    @Override
    public void close() {
        try {
            daemons.reversed().forEach(Daemon::end);
        } finally {
            remove();
        }
    }

    private void remove() {
        StringBuilder namespaces = new StringBuilder("netns del " + bridge() + "\n");
        for (Host host : hosts) {
            host.killAll();
            host.closeSockets();
            namespaces.append("netns del ").append(host.name).append('\n');
        }
        // -force: goes on with the next line where a namespace was not made yet.
        new Command(namespaces.toString(), "ip", "-force", "-batch", "-").run(20);
        OPEN.remove(this);
    }

    private String bridge() {
        return prefix + "bridge";
    }

    private String port(Host host) {
        return "port" + host.number;
    }

    private static void ip(CharSequence input, String... arguments) {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        new Command(input.toString(), command.toArray(String[]::new)).run(20).ok();
    }

    /** A command that runs to its end: what it is given to read, what it printed, its exit status. */
    record Command(String input, String... words) {
        Command {
            words = words.clone();
        }

        Result run(int seconds) {
            try {
                Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
                try (var stdin = process.getOutputStream()) {
                    stdin.write(input.getBytes(StandardCharsets.US_ASCII));
                }
                Thread watchdog = Thread.startVirtualThread(() -> {
                    try {
                        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                            process.destroyForcibly();
                        }
                    } catch (InterruptedException e) {
                        process.destroyForcibly();
                    }
                });
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                int status = process.waitFor();
                watchdog.join();
                return new Result(String.join(" ", words), status, output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted in " + String.join(" ", words), e);
            }
        }
    }

    record Result(String command, int status, String output) {
        Result ok() {
            if (status != 0) {
                throw new AssertionError(command + " ended with status " + status + ":\n" + output);
            }
            return this;
        }
    }
}
