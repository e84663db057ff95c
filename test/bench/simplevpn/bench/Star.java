package simplevpn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;
import simplevpn.harness.Program;

/**
 * The hosts that everything is measured on.
 *
 * <pre>
 *   client 192.0.2.2 ---- veth ---- 192.0.2.1 server 192.0.2.5 ---- veth ---- 192.0.2.6 second
 *          198.51.100.2 -- wan.c --- 198.51.100.1      |            (only while that runs)
 *                                                 192.0.2.9 ------ veth ---- 192.0.2.10, and so on: addHost
 * </pre>
 *
 * <p>TCP has this machine's default congestion control on them, which the report names. They have no memory of earlier
 * runs in the kernel's metrics cache, and no IPv6 chatter of their own on tunnel devices.
 */
final class Star extends Lab {
    /** Where the client sees the server. */
    static final String LINK_ADDRESS = "192.0.2.1";
    /** The same across the line of wan.c, while that runs. */
    static final String WAN_ADDRESS = "198.51.100.1";
    private static final int START = 10;
    /** $0: the server's namespace; $1: another host's, $2: its name; $3, $4: both addresses. */
    private static final String JOIN = """
            ip -n "$0" link add "$2" type veth peer name eth0 netns "$1"
            ip -n "$0" address add "$3" dev "$2"
            ip -n "$0" link set "$2" up
            ip -n "$1" address add "$4" dev eth0
            ip -n "$1" link set eth0 up
            """;

    final Host server;
    final Host client;
    final Host second;
    /** The files in which startup.c writes when what a program was started for came. */
    private final Map<Program, Path> events = new ConcurrentHashMap<>();

    Star() {
        super("ipv4/ip_forward=1", "ipv4/tcp_no_metrics_save=1", "ipv6/conf/all/disable_ipv6=1",
                "ipv6/conf/default/disable_ipv6=1");
        try {
            server = add("server", 1);
            client = addHost("client");
            second = addHost("second");
        } catch (LabException e) {
            remove();
            throw e;
        }
    }

    /** Adds a host with a link to the server. */
    Host addHost(String name) {
        Host host = add(name, 4 * hosts().size() - 2);
        Command.script("joining " + host, JOIN, hosts().getFirst().namespace, host.namespace, name,
                serverOf(host) + "/30", host.outer4 + "/30");
        return host;
    }

    /** Whether interfaces that are made from now on may have IPv6 addresses. */
    void ipv6(boolean allowed) {
        for (Host host : hosts()) {
            host.run("sh", "-c", "for each in default lo; do echo " + (allowed ? 0 : 1)
                    + " >/proc/sys/net/ipv6/conf/$each/disable_ipv6; done").ok();
        }
    }

    /** Where a host sees the server. */
    static String serverOf(Host host) {
        return "192.0.2." + (host.number - 1);
    }

    /**
     * Like start, and startup.c beside the program: {@link #milliseconds} tells when the TCP port takes connections.
     */
    Program startListener(Host host, int port, List<String> command) {
        return start(host, "connect", Integer.toString(port), command);
    }

    /** Like start, and startup.c beside the program: {@link #milliseconds} tells when the address answers a ping. */
    Program startPinging(Host host, String address, List<String> command) {
        return start(host, "ping", address, command);
    }

    private Program start(Host host, String event, String of, List<String> command) {
        Path file = file(events.size() + ".milliseconds");
        Program program = start(host, Command.words(List.of("build/bench/startup", file.toString(), event, of),
                command.toArray(String[]::new)));
        events.put(program, file);
        return program;
    }

    /**
     * Waits for what a program was started for, 10 s at most, and returns the milliseconds from its exec until then.
     */
    double milliseconds(Program program) {
        Path file = events.get(program);
        try {
            program.await("its start", START, () -> Files.exists(file));
            return Double.parseDouble(Files.readString(file).strip());
        } catch (LabException | IOException e) {
            throw new LabException("it did not come up: " + program.lastLine(), e);
        }
    }

    /** Nothing is tested here: what still runs has failed before, and needs not end well. */
    @Override
    public void close() {
        remove();
    }
}
