package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Program;

/** IPv6 in the tunnel between real kernels, and beside those that do without it. */
final class Ipv6InsideTest extends KeyedVpn {
    private static final String NETWORK = "fd12:3456:789a:1::/64";
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final String HUB = PREFIX + "a00:1";
    private static final String EAST = PREFIX + "a00:2";
    private static final String WEST = PREFIX + "a00:3";
    private static final long BYTES = 20_000_000;

    private static void withoutIpv6(Host host) {
        host.run("sh", "-c", "echo 1 | tee /proc/sys/net/ipv6/conf/*/disable_ipv6").ok();
    }

    /** Addresses follow those of IPv4, and each host reaches each other one, with packets from empty to fragmented. */
    @Test
    void everyHostAnswersPings() {
        Program server = server("--network6", NETWORK);
        server.awaitLine("network 10.0.0.0/16 and " + NETWORK + ", this host is 10.0.0.1 and " + HUB, 60);
        Program client = client(east);
        client.awaitLine("address 10.0.0.2/16 and " + EAST + "/64 on ", 60);
        client(west).awaitLine("address 10.0.0.3/16 and " + WEST + "/64 on ", 60);
        assertEquals(HUB + "/64 " + EAST + "/64 " + WEST + "/64",
                hub.tunnel6().orElse("") + " " + east.tunnel6().orElse("") + " " + west.tunnel6().orElse(""));
        for (String size : new String[] {"0", "56", "1452", "9000"}) {
            east.pingAll(HUB, 3, "-s", size);
            hub.pingAll(EAST, 3, "-s", size);
            east.pingAll(WEST, 3, "-s", size);
        }
        east.pingAll(SERVER, 3);
        assertFalse(client.said("rejected|unsound|could not"), client.log());
    }

    /**
     * Streams over IPv6 arrive byte for byte between clients, and between one and the server's host, both directions at
     * once; packets larger than the MTU travel exactly where all who handle them have offload framing.
     */
    @ParameterizedTest(name = "server {0}, one client {1}, the other {2}")
    @CsvSource({"true, true, true", "true, true, false", "true, false, true", "true, false, false",
            "false, true, true"})
    void streams(boolean offload, boolean one, boolean other) throws Exception {
        server(options(offload, "--network6", NETWORK));
        Program first = client(east, options(one));
        Program second = client(west, options(other));
        new Transfer(east, west, WEST, BYTES).await(60);
        new Transfer(west, hub, HUB, BYTES).await(60);
        OffloadPairsTest.assertSizes(first, offload && one, offload && one && other);
        second.stop();
    }

    private static String[] options(boolean offload, String... more) {
        return offload ? more : Command.words(List.of("--no-offload"), more).toArray(String[]::new);
    }

    /**
     * A client without IPv6 beside others: it is joined by IPv4 as before, what is sent to its IPv6 address has no
     * route, and an address that nobody has is unreachable, which ping prints on clients and on the server's host.
     */
    @Test
    void besideOneWithout() {
        server("--network6", NETWORK);
        client(east);
        withoutIpv6(west);
        Program without = client(west);
        assertEquals("10.0.0.3", address(west));
        assertFalse(without.said("IPv6|" + PREFIX), without.log());
        assertTrue(west.tunnel6().isEmpty());
        for (Host host : new Host[] {east, hub}) {
            assertAnswered(host, WEST, "Destination unreachable: No route");
            assertAnswered(host, PREFIX + "a00:77", "Destination unreachable: Address unreachable");
            assertAnswered(host, PREFIX + "1:a00:2", "Destination unreachable: Address unreachable");
        }
        east.pingAll(address(west), 3);
        west.pingAll(SERVER, 3);
        east.pingAll(HUB, 3);
    }

    private static void assertAnswered(Host host, String to, String words) {
        String output = host.ping(to, "-c", "2", "-i", "0.2", "-W", "5").output();
        assertTrue(output.contains(words), output);
    }

    /** An interface that was down has its IPv6 address again, which the kernel took away. */
    @Test
    void interfaceThatWasDown() {
        server("--network6", NETWORK);
        client(east);
        String device = east.tunnel().orElseThrow().device();
        for (String pause : new String[] {"0", "0.5"}) {
            east.run("sh", "-c", "ip link set " + device + " down; sleep " + pause + "; ip link set " + device + " up")
                    .ok();
            east.awaitPing(HUB, 60);
        }
        assertEquals(EAST + "/64", east.tunnel6().orElse(""));
    }

    /** A server that may have no IPv6 address says so once, and its clients have IPv4. */
    @Test
    void serverWithoutIpv6() {
        withoutIpv6(hub);
        Program server = server("--network6", NETWORK);
        assertEquals(1, server.lines().stream()
                .filter(line -> line.contains("no IPv6 in the tunnel: RTM_NEWADDR")).count(), server.log());
        Program client = client(east);
        assertTrue(east.tunnel6().isEmpty());
        assertFalse(client.said("IPv6|" + PREFIX), client.log());
        east.pingAll(SERVER, 3);
    }

    /** A server with a key has a network of its own, the same each time, over which its clients are reached. */
    @Test
    void networkOfTheKey() {
        Program server = keyed();
        client(east, with("east.key")).awaitLine("address 10.0.0.7/16 and fd[0-9a-f:]*::a00:7/64", 60);
        String first = hub.tunnel6().orElseThrow();
        assertTrue(first.matches("fd[0-9a-f:]+::a00:1/64"), first);
        hub.pingAll(east.tunnel6().orElseThrow().replace("/64", ""), 3);
        server.stop();
        keyed();
        assertEquals(first, hub.tunnel6().orElseThrow());
        east.awaitPing(first.replace("/64", ""), 60);
    }

    /** A server with a key has none where its owner does not want it. */
    @Test
    void noNetworkOfTheKey() {
        keyed("--network6", "none");
        client(east, with("east.key"));
        assertTrue(hub.tunnel6().isEmpty() && east.tunnel6().isEmpty());
    }
}
