package simplevpn.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The hosts that everything is measured on: network namespaces of this process's own, and the processes in them.
 *
 * <pre>
 *   client 192.0.2.2 ---- veth ---- 192.0.2.1 server 192.0.2.5 ---- veth ---- 192.0.2.6 second
 *          198.51.100.2 -- wan.c --- 198.51.100.1      |            (only while a Wan is open)
 *                                                 192.0.2.9 ------ veth ---- 192.0.2.10, and so on: addHost
 * </pre>
 *
 * Every command is bounded in time, and {@link #close} ends every process that runs in the namespaces, and removes
 * them and the folder of logs and keys: so nothing stays behind, whatever a measured program forks.
 */
final class Lab implements AutoCloseable {
    static final String SERVER = "server";
    static final String CLIENT = "client";
    static final String SECOND = "second";
    static final String LINK_ADDRESS = "192.0.2.1";
    static final String SECOND_LINK_ADDRESS = "192.0.2.5";
    static final String WAN_ADDRESS = "198.51.100.1";

    private final Path work;
    private final List<String> hosts = new ArrayList<>();
    private final Map<Process, Path> logs = new ConcurrentHashMap<>();
    private boolean isClosed;

    /** Makes the hosts; {@code work} is the folder for the logs and the configuration of what runs on them. */
    Lab(Path work) throws IOException {
        this.work = Files.createDirectories(work);
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
        try {
            addNamespace(SERVER);
            addHost(CLIENT);
            addHost(SECOND);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Adds a host with a link to the server, and returns the address that the server has on that link. */
    String addHost(String host) throws IOException {
        int network = 4 * (hosts.size() - 1); // the first is the server
        addNamespace(host);
        run("ip", "-n", netns(SERVER), "link", "add", host, "type", "veth", "peer", "name", SERVER,
                "netns", netns(host));
        String serverAddress = "192.0.2." + (network + 1);
        address(SERVER, host, serverAddress + "/30");
        address(host, SERVER, "192.0.2." + (network + 2) + "/30");
        return serverAddress;
    }

    private void addNamespace(String host) throws IOException {
        hosts.add(host);
        run("ip", "netns", "add", netns(host));
        run("ip", "-n", netns(host), "link", "set", "lo", "up");
        // No memory of earlier runs in the kernel's metrics cache, and no IPv6 chatter of its own on tunnel devices.
        exec(host, "sh", "-e", "-c", """
                echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save
                echo 1 > /proc/sys/net/ipv4/ip_forward
                cd /proc/sys/net/ipv6/conf || exit 0
                echo 1 > all/disable_ipv6
                echo 1 > default/disable_ipv6
                """);
    }

    /** Gives a device on a host its address, and brings it up. */
    void address(String host, String device, String address) throws IOException {
        run("ip", "-n", netns(host), "addr", "add", address, "dev", device);
        run("ip", "-n", netns(host), "link", "set", device, "up");
    }

    /** The namespace of a host; the process id in it keeps two benches apart. */
    String netns(String host) {
        return "bench" + ProcessHandle.current().pid() + "-" + host;
    }

    /** A file of the work folder. */
    Path file(String name) {
        return work.resolve(name);
    }

    Path write(String name, String text) throws IOException {
        Path file = file(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    /** Starts a program that stays, on a host; it ends when it is stopped or the lab closes. Its output is a log. */
    Process start(String host, String... command) throws IOException {
        return start(host, List.of(), command);
    }

    /**
     * Like start, and startup.c beside the program: {@link #milliseconds} tells when the TCP port takes connections.
     */
    Process startListener(String host, int port, String... command) throws IOException {
        return start(host, List.of("connect", Integer.toString(port)), command);
    }

    /** Like start, and startup.c beside the program: {@link #milliseconds} tells when the address answers a ping. */
    Process startPinging(String host, String address, String... command) throws IOException {
        return start(host, List.of("ping", address), command);
    }

    private Process start(String host, List<String> event, String... command) throws IOException {
        Path log = file(logs.size() + "-" + host + "-" + Path.of(command[0]).getFileName() + ".log");
        List<String> words = new ArrayList<>();
        if (!event.isEmpty()) {
            words.addAll(List.of("build/bench/startup", watch(log).toString()));
            words.addAll(event);
        }
        words.addAll(List.of(command));
        Process process = launch(new ProcessBuilder(inside(host, words.toArray(String[]::new)))
                .redirectOutput(log.toFile()));
        logs.put(process, log);
        return process;
    }

    private static Path watch(Path log) {
        return Path.of(log + ".milliseconds");
    }

    /**
     * Waits for what a program was started for, 10 s at most, and returns the milliseconds from its exec until then.
     */
    double milliseconds(Process process) throws IOException {
        Path file = watch(logs.get(process));
        for (int i = 0; i < 1000 && process.isAlive(); i++) {
            if (Files.exists(file)) {
                return Double.parseDouble(Files.readString(file).strip());
            }
            Tunnel.pause(10);
        }
        throw new IOException((process.isAlive() ? "it did not come up: " : "it ended: ") + lastWords(process));
    }

    /** Runs a command on a host to its end. */
    String exec(String host, String... command) throws IOException {
        return finish(begin(host, command), 60, true);
    }

    /** Like exec, for a command of which only the output counts, and that may take {@code seconds}. */
    String output(int seconds, String host, String... command) throws IOException {
        return finish(begin(host, command), seconds, false);
    }

    /** Starts a command whose output {@link #finish} collects, so that another can run beside it. */
    Process begin(String host, String... command) throws IOException {
        return launch(new ProcessBuilder(inside(host, command)));
    }

    // Not at the same time as close, which may run in a shutdown hook: it must see everything that was started.
    private synchronized Process launch(ProcessBuilder command) throws IOException {
        if (isClosed) {
            throw new IOException("interrupted");
        }
        return command.redirectErrorStream(true).start();
    }

    private String[] inside(String host, String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", netns(host)));
        all.addAll(List.of(command));
        return all.toArray(String[]::new);
    }

    /** Runs a command on this machine itself. */
    static String run(String... command) throws IOException {
        return finish(new ProcessBuilder(command).redirectErrorStream(true).start(), 60, true);
    }

    static String finish(Process process, int seconds, boolean mustSucceed) throws IOException {
        // The watchdog makes the read below end, so a command that hangs cannot hang the bench.
        Thread watchdog = Thread.startVirtualThread(() -> {
            try {
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (mustSucceed && status != 0 || status == 128 + 9) {
                throw new IOException(process.info().commandLine().orElse("a command") + ": status " + status + ": "
                        + output.strip());
            }
            return output;
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        } finally {
            watchdog.interrupt();
        }
    }

    /** Ends a program that {@link #start} started: kindly, then not. */
    static void stop(Process process) {
        if (process == null) {
            return;
        }
        List<ProcessHandle> family = new ArrayList<>(process.descendants().toList());
        family.add(process.toHandle());
        family.forEach(ProcessHandle::destroy);
        for (ProcessHandle member : family) {
            try {
                member.onExit().get(3, TimeUnit.SECONDS);
            } catch (Exception e) {
                member.destroyForcibly();
            }
        }
    }

    /** The last line that a started program wrote, to say why it did not work. */
    String lastWords(Process process) {
        try {
            List<String> lines = Files.readAllLines(logs.get(process));
            return lines.isEmpty() ? "it said nothing" : lines.getLast();
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public synchronized void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        for (String host : hosts) {
            attempt(() -> run("ip", "netns", "pids", netns(host)).lines().map(Long::valueOf).map(ProcessHandle::of)
                    .forEach(process -> process.ifPresent(ProcessHandle::destroyForcibly)));
            attempt(() -> run("ip", "netns", "del", netns(host)));
        }
        attempt(() -> run("rm", "-rf", work.toString()));
    }

    private interface Step {
        void run() throws IOException;
    }

    // One thing that cannot be removed is no reason to leave the others.
    private static void attempt(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            System.err.println(e.getMessage());
        }
    }
}
