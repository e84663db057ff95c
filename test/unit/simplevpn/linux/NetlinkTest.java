package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;

/** What this machine's kernel says about its routes, without changing any. */
class NetlinkTest {
    private static Endpoint endpoint(String host) throws Failure {
        return Resolver.listening(host, 2002)[0];
    }

    /** The way to this host itself: its interface, and its address. */
    @Test
    void ways() throws Failure {
        Way way = Netlink.way(endpoint("127.0.0.1"), null, 0);
        assertEquals("127.0.0.1", way.toString());
        Way bound = Netlink.way(endpoint("127.0.0.1"), "lo", 0);
        assertFalse(way.isOther(bound));
        assertFalse(bound.isOfMainTable, "whatever its routes say");
        assertTrue(way.isThrough(1));
        if (Files.exists(Path.of("/proc/net/if_inet6"))) {
            assertEquals("::1", Netlink.way(endpoint("::1"), null, 0).toString());
        }
        assertNull(Netlink.way(endpoint("127.0.0.1"), "none-such", 0));
    }

    /** The routes are those of the kernel's own list (proc_pid_net(5)) that lead somewhere. */
    @Test
    void routes() throws Exception {
        List<String> listed = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of("/proc/self/net/route"))) {
            String[] fields = line.trim().split("\\s+");
            boolean route = !fields[0].equals("Iface") && !fields[0].equals("*");
            if (route && (Integer.parseInt(fields[3], 16) & 0x201) == 1) {
                listed.add(fields[0] + " " + fields[6]);
            }
        }
        listed.sort(null);
        assertEquals(listed, Arrays.stream(Netlink.routes(false, 0, false))
                .map(route -> route.device + " " + route.metric).sorted().toList());
    }

    /** Of IPv6 there are those of the main table: none of this host's own, and none for groups. */
    @Test
    void ipv6Routes() {
        for (Route route : Netlink.routes(true, 0, false)) {
            assertTrue(route.network.isIpv6(), route::toString);
            assertFalse(route.network.contains(Address.parse("::1")) && route.network.length() > 0, route::toString);
            assertFalse(route.network.equals(Network.containing(Address.parse("ff00::"), 8)), route::toString);
        }
    }

    /** Addresses are those of the kernel's own list (if_inet6, proc_pid_net(5)), and what it refuses is told. */
    @Test
    void addresses() throws Exception {
        Path list = Path.of("/proc/self/net/if_inet6");
        Address own = Address.parse("::1");
        boolean there = Files.exists(list)
                && Files.readString(list).contains("00000000000000000000000000000001 01 80 ");
        assertEquals(there ? List.of(own) : List.of(), List.of(Netlink.addresses(1, 128)));
        assertEquals(List.of(), List.of(Netlink.addresses(1, 127)));
        int result = Netlink.change(Abi.RTM_DELADDR, 1, Address.parse("2001:db8::7"), 64);
        assertTrue(result < 0, "there is none");
    }

    /** Whether this host forwards is what the files for people say; of an interface that there is not it is unknown. */
    @Test
    void forwarding() throws Exception {
        for (boolean ipv6 : new boolean[] {false, true}) {
            for (String which : new String[] {"lo", "all"}) {
                Path file = Path.of("/proc/sys/net", ipv6 ? "ipv6" : "ipv4", "conf", which, "forwarding");
                boolean said = !Files.exists(file) || !Files.readString(file).startsWith("0");
                assertEquals(said, Netlink.forwards(which.equals("lo") ? 1 : Abi.NETCONFA_IFINDEX_ALL, ipv6),
                        file::toString);
            }
        }
        assertTrue(Netlink.forwards(123_456_789, false));
    }

    /** What the kernel refuses is told: here to remove a route that there is not, for which root too has an errno. */
    @Test
    void refused() {
        Route none = new Route(1, "lo", Network.ofIpv4(0xcb007100, 24), null, 4711, Route.OURS);
        int result = Netlink.change(Abi.RTM_DELROUTE, none);
        assertTrue(result == -Errno.EPERM || result == -3, () -> Errno.text(-result));
    }
}
