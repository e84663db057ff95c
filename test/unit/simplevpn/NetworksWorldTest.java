package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Route;
import simplevpn.memory.MemoryStream;

/** Networks behind clients and behind the server, between whole programs: packets, routes, and what people are told. */
class NetworksWorldTest extends KeyedWorldTest {
    private static final String EAST = "10.0.0.2=192.168.7.0/24";
    private static final String WEST = "10.0.0.3=192.168.8.0/24";

    /** Without keys: hosts of both networks, the server's host and clients reach each other; others' sources do not. */
    @Test
    void packets() throws Failure {
        World.Hub hub = world.hub("--net", EAST, "--net", WEST, "--push-route", "172.16.0.0/12");
        World.Board east = world.board(1);
        World.Board west = world.board(2);
        World.Board third = world.board(3);
        assertEquals("[192.168.7.0/24, 192.168.8.0/24]", hub.device.routes.toString());
        assertEquals("[172.16.0.0/12, 192.168.8.0/24]", east.device.routes.toString());
        assertEquals("[172.16.0.0/12, 192.168.7.0/24]", west.device.routes.toString());
        assertEquals("[172.16.0.0/12, 192.168.7.0/24, 192.168.8.0/24]", third.device.routes.toString());
        assertCarries(east.device, west.device, udp("192.168.7.7", "192.168.8.8", 100));
        assertCarries(west.device, east.device, udp("192.168.8.8", "192.168.7.7", 100));
        assertCarries(third.device, east.device, udp("10.0.0.4", "192.168.7.7", 100));
        assertCarries(east.device, third.device, udp("192.168.7.7", "10.0.0.4", 100));
        assertCarries(hub.device, west.device, udp(HUB, "192.168.8.8", 100));
        assertCarries(west.device, hub.device, udp("192.168.8.8", "172.16.5.5", 100));
        assertCarries(hub.device, west.device, udp("172.16.5.5", "192.168.8.8", 1400));
        third.device.send(udp("192.168.7.7", "10.0.0.2", 100));
        east.device.send(udp("192.168.8.8", "10.0.0.3", 100));
        world.run();
        assertNull(east.device.receive());
        assertNull(west.device.receive());
        assertSaid(".* rejected: a packet from 192.168.7.7: source not its own .*");
    }

    /** What a client sends to the network behind itself does not come back to it; nor what others send meanwhile. */
    @Test
    void unreachable() throws Failure {
        World.Hub hub = world.hub("--net", EAST);
        World.Board east = world.board(1);
        World.Board west = world.board(2);
        east.device.send(udp("10.0.0.2", "192.168.7.7", 100));
        world.run();
        assertEquals("10.0.0.1 to 10.0.0.2: ICMP 3/1, MTU 0", icmp(east.device.receive()));
        assertNull(east.device.receive());
        byte[] own = udp("10.0.0.2", "10.0.0.2", 100);
        east.device.send(own);
        world.run();
        assertArrayEquals(own, east.device.receive(), "its own address is no network behind it");
        east.kill();
        world.pass(SECOND);
        west.device.send(udp("10.0.0.3", "192.168.7.7", 100));
        hub.device.send(udp(HUB, "192.168.7.7", 100));
        world.run();
        assertEquals("10.0.0.1 to 10.0.0.3: ICMP 3/1, MTU 0", icmp(west.device.receive()));
        assertEquals("192.168.7.7 to 10.0.0.1: ICMP 3/1, MTU 0", icmp(hub.device.receive()));
        assertNull(hub.device.receive());
    }

    /** With keys and IPv6: one line says it all; who has no IPv6 is told of IPv4 alone. */
    @Test
    void keysAndIpv6() throws Exception {
        known("east", "10.0.0.7", "net=192.168.7.0/24", "net=2001:db8:7::/48");
        known("west");
        World.Hub hub = server("--push-route", "2001:db8:1::/48");
        assertEquals("[192.168.7.0/24, 2001:db8:7::/48]", hub.device.routes.toString());
        World.Board east = pinned("east");
        World.Board west = pinned("west");
        assertEquals("[2001:db8:1::/48]", east.device.routes.toString());
        assertEquals("[2001:db8:1::/48, 192.168.7.0/24, 2001:db8:7::/48]", west.device.routes.toString());
        assertCarries(west.device, east.device, udp("10.0.0.2", "192.168.7.7", 100));
        west.kill();
        world.premade = device -> device.ipv6 = false;
        assertEquals("[192.168.7.0/24]", pinned("west").device.routes.toString());
    }

    /** A client that wants no routes has none, and one that stands in such a network says so. */
    @Test
    void routesThatAreNotTaken() throws Failure {
        world.hub("--net", EAST, "--push-route", "172.16.0.0/12");
        world.board(1);
        assertEquals("[]", world.board(2, "--no-routes").device.routes.toString());
        world.premade = device -> device.others.add(new Route(2, "eth0", Network.ofIpv4(0xc0a80700, 24), null, 0, 2));
        assertEquals("[172.16.0.0/12]", world.board(3).device.routes.toString());
        assertSaid("route 192.168.7.0/24 left out: this host has addresses of it already, by 192.168.7.0/24 dev eth0");
    }

    /** A route to the server's own address is not taken: it would lead the tunnel into itself. */
    @Test
    void noLoop() throws Failure {
        world.hub("--push-route", "192.0.0.0/8,192.0.2.0/30,172.16.0.0/12");
        assertEquals("[172.16.0.0/12]", world.board(1).device.routes.toString());
        assertSaid("route 192.0.0.0/8 left out: it would lead the tunnel to 192.0.2.1 into itself");
        assertSaid("route 192.0.2.0/30 left out: it would lead the tunnel to 192.0.2.1 into itself");
    }

    /**
     * The file changes: hub and server's routes follow at once, the clients stay connected, and are told. A file that
     * cannot be read changes nothing; overlaps are told.
     */
    @Test
    void changed() throws Exception {
        known("east", "net=192.168.7.0/24");
        known("west");
        World.Hub hub = server();
        World.Board east = pinned("east");
        World.Board west = pinned("west");
        world.news();
        String before = Files.readString(file("peers"));
        Files.writeString(file("peers"), before.replace("net=192.168.7.0/24", "net=192.168.9.0/24 net=fd77::/32")
                .replace("west ", "west net=192.168.9.128/25 "));
        hub.gate.reread();
        assertEquals("[192.168.9.0/24, 192.168.9.128/25, fd77::/32]", hub.device.routes.toString());
        assertSaid(".*peers line 2: 192.168.9.128/25 is a part of 192.168.9.0/24 in .*peers line 1, and not behind that"
                + " client");
        assertCarries(west.device, east.device, udp("10.0.0.3", "192.168.9.9", 100));
        assertCarries(east.device, west.device, udp("192.168.9.9", "192.168.9.200", 100));
        east.device.send(udp("192.168.7.7", "10.0.0.3", 100));
        world.run();
        assertNull(west.device.receive(), "not behind it any more");
        assertEquals("[192.168.9.0/24, fd77::/32]", west.device.routes.toString());
        assertEquals("[192.168.9.128/25]", east.device.routes.toString());
        assertEquals(2, hub.server.hub.clients());
        assertEquals(1, west.connector.begun.size());
        for (String wrong : new String[] {"10.0.0.0/8", "0.0.0.0/0", "fe80::/64"}) {
            Files.writeString(file("peers"), before.replace("192.168.7.0/24", wrong));
            hub.gate.reread();
            assertSaid(".*peers line 1: " + wrong + ": has addresses .*; what was read before stays in force");
        }
        assertEquals("[192.168.9.0/24, 192.168.9.128/25, fd77::/32]", hub.device.routes.toString());
        Files.writeString(file("peers"), before.replace("net=192.168.7.0/24", ""));
        hub.gate.reread();
        assertEquals("[]", hub.device.routes.toString());
    }

    /** The first network may come while the server runs; its routes come back after the interface was down. */
    @Test
    void firstNetworkComesLater() throws Exception {
        known("east");
        World.Hub hub = server();
        World.Board east = pinned("east");
        assertNull(hub.device.monitor, "nothing to listen for");
        Files.writeString(file("peers"), Files.readString(file("peers")).replace("east ", "east net=192.168.7.0/24 "));
        hub.gate.reread();
        assertEquals("[192.168.7.0/24]", hub.device.routes.toString());
        assertCarries(hub.device, east.device, udp(HUB, "192.168.7.7", 100));
        hub.device.routes.clear();
        hub.device.monitor.tellOfDevice();
        world.pass(SECOND);
        assertEquals("[192.168.7.0/24]", hub.device.routes.toString());
        hub.device.monitor.tell();
        world.pass(SECOND);
    }

    /** More networks than an answer has room for: told once, and every client has a sound answer of the first ones. */
    @Test
    void moreThanAnAnswerHolds() throws Failure {
        List<String> words = new ArrayList<>(List.of("--push-route", "172.16.0.0/12"));
        for (int i = 0; i < 1000; i++) {
            words.addAll(List.of("--net", "10.0.0.2=11." + i / 250 + "." + i % 250 + ".0/24"));
        }
        World.Hub hub = world.hub(words.toArray(String[]::new));
        assertSaid("clients are told of 512 networks, 489 more have no room in an answer, from 11.2.11.0/24 on: larger"
                + " ones in their stead may \\(see --push-route\\)");
        assertEquals(1000, hub.device.routes.size());
        assertEquals("[172.16.0.0/12]", world.board(1).device.routes.toString());
        assertEquals(512, world.board(2).device.routes.size());
        MemoryStream raw = world.acceptor.connect();
        raw.put(hex("45000000 56320000 00000003 00000000 00000000"));
        world.run();
        assertEquals(42 + 512 * 7, raw.take().length);
        assertEquals(20, joined20());
    }

    private int joined20() {
        MemoryStream raw = world.acceptor.connect();
        raw.put(hex(DYNAMIC));
        world.run();
        return raw.take().length;
    }

    /** IPv6 networks without IPv6 in the tunnel are told, and do no harm. */
    @Test
    void withoutIpv6() throws Failure {
        World.Hub hub = world.hub("--net", "10.0.0.2=2001:db8:7::/48", "--push-route", "2001:db8:1::/48");
        assertSaid("--net 10.0.0.2=2001:db8:7::/48: 2001:db8:7::/48 is of no use: there is no IPv6 in the tunnel");
        assertEquals("[]", hub.device.routes.toString());
        assertEquals("[]", world.board(1).device.routes.toString());
        // An answer without any route.
        joined("45000000 56320000 00000003 00000000 00000000", 42);
    }

    private static void assertWrong(String message, String... words) throws Failure {
        Options options = ServerSettings.options();
        options.parse(words);
        Failure failure = assertThrows(Failure.class, () -> new ServerSettings(options));
        assertTrue(failure.getMessage().startsWith(message), failure.getMessage());
        assertEquals(Failure.USAGE, failure.status);
    }

    /** Options that say what cannot be are told in a line. */
    @Test
    void wrongOptions() throws Exception {
        String form = ": must be the address of a client on the VPN, = and a network";
        for (String wrong : new String[] {"192.168.7.0/24", "=192.168.7.0/24", "10.0.0.1=192.168.7.0/24",
            "10.1.0.2=192.168.7.0/24", "x=192.168.7.0/24", "fd00::7=192.168.7.0/24"}) {
            assertWrong("--net " + wrong + form, "--net", wrong);
        }
        assertWrong("--net 192.168.7.1/24: has bits set", "--net", "10.0.0.2=192.168.7.1/24");
        assertWrong("--net 10.0.9.0/24: has addresses of the VPN's own network, 10.0.0.0/16", "--net",
                "10.0.0.2=10.0.9.0/24");
        assertWrong("--net fd00::/16: has addresses of the VPN's own network, fd00:1::/64", "--net",
                "10.0.0.2=fd00::/16", "--network6", "fd00:1::/64");
        assertWrong("--net 10.0.0.3=192.168.7.0/24: 192.168.7.0/24: is behind another client in --net"
                + " 10.0.0.2=192.168.7.0/24 too", "--net", EAST + ",10.0.0.3=192.168.7.0/24");
        assertWrong("--push-route 0.0.0.0/0: has addresses that no host", "--push-route", "0.0.0.0/0");
        assertWrong("--push-route x: must be a network", "--push-route", "172.16.0.0/12,x");
        assertWrong("--push-route 10.0.0.0/8: has addresses of the VPN's own", "--push-route", "10.0.0.0/8");
        assertWrong("--net " + EAST + ": with keys, put net=NETWORK to the client's line", "--key", "k", "--peers", "p",
                "--net", EAST);
    }
}
