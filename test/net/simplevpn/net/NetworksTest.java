package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import simplevpn.harness.Host;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** Networks behind two clients and behind the server, with real kernels: who reaches whom, and whose routes where. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class NetworksTest extends Routed {
    private static final String[] EAST = {"192.168.7.0/24", "2001:db8:7::/64"};
    private static final String[] WEST = {"192.168.8.0/24", "2001:db8:8::/64"};
    private static final String[] HUB = {"172.16.1.0/24", "2001:db8:1::/64"};
    private static final String[] EAST_PC = {"192.168.7.2", "2001:db8:7::2"};
    private static final String[] WEST_PC = {"192.168.8.2", "2001:db8:8::2"};
    private static final String[] HUB_PC = {"172.16.1.2", "2001:db8:1::2"};

    private final Host eastPc = lan.host(3);
    private final Host westPc = lan.host(4);
    private final Host hubPc = lan.host(5);
    private String eastPin;
    private String westPin;

    NetworksTest() {
        super("eastpc", "westpc", "hubpc");
    }

    @BeforeEach
    void lans() throws IOException {
        eastPin = Files.readString(lan.file("peers")).split(" ")[0];
        westPin = key("west.key");
        peers("net=" + EAST[0] + " net=" + EAST[1]);
        behind(east, eastPc, EAST);
        behind(west, westPc, WEST);
        behind(hub, hubPc, HUB);
    }

    private void peers(String eastNets) throws IOException {
        Files.writeString(lan.file("peers"), eastPin + " east 10.0.0.7 " + eastNets + "\n" + westPin
                + " west 10.0.0.8 net=" + WEST[0] + " net=" + WEST[1] + "\n");
    }

    private Program router(Host host, String key, String... words) {
        return client(host, with(key, words));
    }

    private Program hubWithLan(String... words) {
        String[] all = Arrays.copyOf(words, words.length + 2);
        all[words.length] = "--push-route";
        all[words.length + 1] = String.join(",", HUB);
        return keyed(all);
    }

    private static void awaitRoutes(Host host, String... networks) {
        String expected = String.join(" ", networks);
        Wait.until("the routes " + expected + " on " + host, 60, () -> routes(host).equals(expected));
    }

    /**
     * Hosts of all three networks, and the routers themselves, reach each other over IPv4 and IPv6, with streams whose
     * every byte is checked; each router has the routes to the other networks, and not to its own.
     */
    @Test
    void everybodyReachesEverybody() throws Exception {
        hubWithLan();
        router(east, "east.key");
        router(west, "west.key");
        awaitRoutes(hub, EAST[0], WEST[0], EAST[1], WEST[1]);
        awaitRoutes(east, HUB[0], WEST[0], HUB[1], WEST[1]);
        awaitRoutes(west, HUB[0], EAST[0], HUB[1], EAST[1]);
        for (int version = 0; version < 2; version++) {
            Object[][] pairs = {{eastPc, WEST_PC}, {westPc, EAST_PC}, {eastPc, HUB_PC}, {hubPc, WEST_PC},
                {hub, EAST_PC}, {west, EAST_PC}, {east, HUB_PC}};
            for (Object[] pair : pairs) {
                ((Host) pair[0]).awaitPing(((String[]) pair[1])[version], 60);
            }
            new Transfer(eastPc, westPc, WEST_PC[version], 20_000_000).await(60);
            new Transfer(hubPc, eastPc, EAST_PC[version], 20_000_000).await(60);
        }
        eastPc.awaitPing("10.0.0.8", 60);
        eastPc.pingAll(WEST_PC[0], 5, "-s", "4000");
        assertTrue(westPc.ping("192.168.7.99", "-c", "2", "-W", "5").output().contains("Unreachable"));
    }

    /** A router that is away: what is sent to its network is answered, to clients and to the server's own network. */
    @Test
    void awayIsUnreachable() {
        hubWithLan();
        Program away = router(east, "east.key");
        router(west, "west.key");
        westPc.awaitPing(EAST_PC[0], 60);
        away.stop();
        for (Host host : new Host[] {westPc, hubPc}) {
            assertTrue(host.ping(EAST_PC[0], "-c", "2", "-W", "5").output().contains("Destination Host Unreachable"));
            assertTrue(host.ping(EAST_PC[1], "-c", "2", "-W", "5").output().contains("Address unreachable"));
        }
    }

    /** A client may decline all routes; what it stands in itself is told and not taken, of IPv4 and of IPv6. */
    @Test
    void routesThatAreNotTaken() {
        hubWithLan();
        router(east, "east.key", "--no-routes");
        assertEquals("", routes(east));
        give(west, EAST[0], 9);
        give(west, HUB[1], 9);
        Program client = router(west, "west.key");
        assertEquals(HUB[0] + " " + EAST[1], routes(west));
        for (String network : new String[] {EAST[0], HUB[1]}) {
            client.awaitLine("route " + network + " left out: this host has addresses of it already, by " + network
                    + " dev eth1", 60);
        }
    }

    /** Routes come back after the interface was down, on the server and on a client, and with them all traffic. */
    @Test
    void interfacesThatWereDown() {
        hubWithLan();
        router(east, "east.key");
        router(west, "west.key");
        for (Host host : new Host[] {hub, east}) {
            String before = routes(host);
            String device = host.tunnel().orElseThrow().device();
            ip(host, "link set " + device + " down");
            Wait.until("no routes on " + host, 60, () -> routes(host).isEmpty());
            ip(host, "link set " + device + " up");
            awaitRoutes(host, before);
            for (int version = 0; version < 2; version++) {
                hubPc.awaitPing(EAST_PC[version], 60);
                westPc.awaitPing(EAST_PC[version], 60);
            }
        }
    }

    /** At the end the routes go, also where the interface stays; others' through the same interface do not. */
    @Test
    void theEnd() {
        for (Host host : new Host[] {hub, east}) {
            ip(host, "tuntap add dev tun9 mode tun");
        }
        Program server = hubWithLan("-i", "tun9");
        Program client = router(east, "east.key", "-i", "tun9");
        for (Host host : new Host[] {hub, east}) {
            ip(host, "route add 192.168.99.0/24 dev tun9");
        }
        awaitRoutes(hub, EAST[0], WEST[0], EAST[1], WEST[1]);
        awaitRoutes(east, HUB[0], WEST[0], HUB[1], WEST[1]);
        client.stop();
        server.stop();
        for (Host host : new Host[] {hub, east}) {
            assertEquals("", routes(host));
            assertTrue(host.run("ip", "route").ok().output().contains("192.168.99.0/24 dev tun9"));
        }
    }

    /** The file of clients changes: the server and connected clients follow at once. */
    @Test
    void peersThatChange() throws IOException {
        give(east, "192.168.9.0/24", 1);
        give(eastPc, "192.168.9.0/24", 2);
        Program server = hubWithLan();
        router(east, "east.key");
        router(west, "west.key");
        hubPc.awaitPing(EAST_PC[0], 60);
        peers("net=192.168.9.0/24");
        awaitRoutes(hub, WEST[0], "192.168.9.0/24", WEST[1]);
        hubPc.awaitPing("192.168.9.2", 60);
        awaitRoutes(west, HUB[0], "192.168.9.0/24", HUB[1]);
        westPc.awaitPing("192.168.9.2", 60);
        peers("net=10.0.0.0/8");
        server.awaitLine("peers line 1: 10.0.0.0/8: has addresses of the VPN's own network, 10.0.0.0/16; what was read"
                + " before stays in force", 60);
        westPc.awaitPing("192.168.9.2", 60);
    }

    /** Without keys: the network behind the client that has the address. */
    @Test
    void withoutKeys() {
        server("--net", "10.0.0.7=" + EAST[0]);
        client(east, "-a", "10.0.0.7");
        client(west);
        assertEquals(EAST[0], routes(west));
        west.awaitPing(EAST_PC[0], 60);
        eastPc.awaitPing(SERVER, 60);
    }
}
