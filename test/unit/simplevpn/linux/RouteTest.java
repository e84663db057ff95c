package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;

/** The kernel's list of routes, as fib_route_seq_show (linux/net/ipv4/fib_trie.c) writes it. */
class RouteTest {
    private static final String HEADER =
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";

    /** An address as the number that its bytes are to this processor. */
    private static String hex(String address) {
        int number = Address.parse(address).ipv4();
        return String.format("%08X",
                ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? number : Integer.reverseBytes(number));
    }

    private static String line(String device, String to, String via, int flags, int metric, String mask) {
        return String.format("%-127s", String.join("\t", device, hex(to), hex(via), String.format("%04X", flags), "0",
                "0", String.valueOf(metric), hex(mask), "0", "0", "0"));
    }

    private static String parsed(String... lines) {
        return Arrays.toString(Route.parse(String.join("\n", lines) + "\n"));
    }

    /** Routes with and without a router between, and their metrics. */
    @Test
    void usual() {
        String table = HEADER + "\n" + line("eth0", "0.0.0.0", "192.0.2.1", 3, 100, "0.0.0.0") + "\n"
                + line("enp0s31f6.100", "10.0.0.0", "0.0.0.0", 1, 0, "255.255.0.0") + "\n";
        Route[] routes = Route.parse(table);
        assertEquals("[0.0.0.0/0 via 192.0.2.1 dev eth0, 10.0.0.0/16 dev enp0s31f6.100]", Arrays.toString(routes));
        assertEquals(100, routes[0].metric);
    }

    /**
     * What leads nowhere, or by a way that cannot be copied: unreachable, prohibit (RTF_REJECT), blackhole (no device),
     * a router that has an IPv6 address only, and one that is down.
     */
    @Test
    void leftOut() {
        assertEquals("[192.0.2.0/24 dev eth0]", parsed(HEADER,
                line("*", "10.0.0.0", "0.0.0.0", 0x201, 0, "255.0.0.0"),
                line("*", "10.0.0.0", "0.0.0.0", 1, 0, "255.0.0.0"),
                line("eth0", "0.0.0.0", "0.0.0.0", 3, 0, "0.0.0.0"),
                line("eth1", "10.1.0.0", "0.0.0.0", 0, 0, "255.255.0.0"),
                line("eth0", "192.0.2.0", "0.0.0.0", 1, 0, "255.255.255.0")));
    }

    /** No routes, no file. */
    @Test
    void none() {
        assertEquals("[]", parsed(HEADER));
        assertEquals(0, Route.parse("").length);
        assertEquals(0, Route.parse(null).length);
    }

    /** Name servers, with what may stand behind them. */
    @Test
    void nameServers() {
        assertEquals("[192.0.2.53, 198.51.100.53]", Arrays.toString(NameServers.parse("""
                # nameserver 192.0.2.1
                search example
                nameserver\t192.0.2.53 # of the house
                nameserver 2001:db8::53
                nameserver 198.51.100.53""")));
        assertEquals(0, NameServers.parse(null).length);
    }
}
