package simplevpn.harness;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A {@link Lab} whose hosts are on one Ethernet, a bridge in one more namespace. Each has an interface eth0; their
 * addresses are 192.0.2.1, .2, ... and, where the kernel has IPv6, fd00:2::1, ::2, ...
 */
public final class Lan extends Lab {
    private static final boolean HAS_IPV6 = Files.exists(Path.of("/proc/sys/net/ipv6"));
    private static final String MAKE_BRIDGE = """
            ip -n "$0" link add br0 type bridge
            ip -n "$0" link set br0 up
            """;
    /** $0: the bridge's namespace; $1: its port; $2: the host's namespace; the rest: its addresses. */
    private static final String PLUG_IN = """
            port=$1 host=$2
            shift 2
            ip -n "$0" link add "$port" type veth peer name eth0 netns "$host"
            ip -n "$0" link set "$port" master br0 up
            for address in $*; do ip -n "$host" address add "$address" dev eth0 nodad; done
            ip -n "$host" link set eth0 up
            """;

    private final Host bridge;

    /**
     * Makes a host of each name: with IPv6 and without forwarding, whatever this machine itself has. Reno is the
     * congestion control that every kernel has and allows in namespaces.
     */
    public Lan(String... names) {
        super("ipv4/ip_forward=0", "ipv4/tcp_congestion_control=reno", "ipv6/conf/all/disable_ipv6=0",
                "ipv6/conf/default/disable_ipv6=0");
        try {
            bridge = add("bridge", 0);
            Command.script("making a bridge", MAKE_BRIDGE, bridge.namespace);
            for (String name : names) {
                plugIn(add(name, hosts().size()));
            }
        } catch (LabException e) {
            remove();
            throw e;
        }
    }

    private void plugIn(Host host) {
        Command.script("plugging in " + host, PLUG_IN, bridge.namespace, port(host), host.namespace,
                host.outer4 + "/24", HAS_IPV6 ? host.outer6 + "/64" : "");
    }

    /** One of the hosts, in the order of their names given. */
    public Host host(int index) {
        return hosts().get(index + 1);
    }

    /** Pulls or plugs the host's cable, as seen by the host: it loses the carrier, nothing else. */
    public void link(Host host, boolean up) {
        Command.run(20, "ip", "-n", bridge.namespace, "link", "set", port(host), up ? "up" : "down").ok();
    }

    private static String port(Host host) {
        return "port" + host.number;
    }
}
