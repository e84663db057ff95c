package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** Who reaches whom: clients that are kept apart, or meet in the kernel, and what the kernel is told of them. */
class ReachTest extends WorldTest {
    private static final String ONE = "10.0.0.2";
    private static final String TWO = "10.0.0.3";
    private static final String NOBODY = "10.0.0.9";
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final String ONE6 = PREFIX + "a00:2";
    private static final String TWO6 = PREFIX + "a00:3";
    private static final String FORWARDING = "net.ipv4.conf.tun0.forwarding=1";

    private World.Hub hub(String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("--network6", PREFIX + "/64"));
        all.addAll(List.of(words));
        return world.hub(all.toArray(String[]::new));
    }

    private byte[] udp6(String from, String to) {
        byte[] packet = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 100);
        ByteBuffer b = ByteBuffer.wrap(packet);
        Address source = Address.parse(from);
        Address destination = Address.parse(to);
        b.putLong(8, source.high()).putLong(16, source.low()).putLong(24, destination.high())
                .putLong(32, destination.low());
        return ReferencePackets.finished(packet);
    }

    /** Type and code of an ICMPv6 error, and who sent it. */
    private static String icmp6(byte[] packet) {
        ByteBuffer b = ByteBuffer.wrap(packet);
        assertEquals(58, packet[6]);
        return Address.ofIpv6(b.getLong(8), b.getLong(16)) + ": " + packet[40] + "/" + packet[41];
    }

    private static void assertNothing(MemoryDevice... devices) {
        for (MemoryDevice device : devices) {
            assertNull(device.receive());
        }
    }

    /** Clients that are kept apart reach the server's host and what is beyond it, and are told that others are not. */
    @Test
    void apart() throws Failure {
        World.Hub hub = hub("--between-clients", "no");
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        for (String to : new String[] {TWO, NOBODY}) {
            one.device.send(udp(ONE, to, 100));
            world.run();
            assertEquals(HUB + " to " + ONE + ": ICMP 3/13, MTU 0", icmp(one.device.receive()));
        }
        one.device.send(udp6(ONE6, TWO6));
        world.run();
        assertEquals(PREFIX + "a00:1: 1/1", icmp6(one.device.receive()));
        one.device.send(SUPER_PACKET, ReferencePackets.unfinished(tcp(ONE, TWO, 5000)));
        world.run();
        assertEquals(HUB + " to " + ONE + ": ICMP 3/13, MTU 0", icmp(one.device.receive()));
        assertNothing(hub.device, two.device, one.device);
        assertReaches(one, hub);
        assertReaches(hub, two);
        assertCarries(one.device, hub.device, udp(ONE, "198.51.100.7", 100));
        assertCarries(one.device, hub.device, udp(ONE, "10.0.255.255", 100));
        two.kill();
        world.run();
        assertSaid("[^ ]* \\(" + TWO + "\\) gone; .*, rejected 0");
        one.kill();
        world.run();
        assertSaid("[^ ]* \\(" + ONE + "\\) gone; .*, rejected 0, prohibited 4");
    }

    /** Who reaches no other client is told of no networks behind them, but of those behind the server. */
    @Test
    void apartFromNetworksToo() throws Failure {
        World.Hub hub = hub("--between-clients", "no", "--net", TWO + "=192.168.7.0/24", "--push-route",
                "198.51.100.0/24");
        assertEquals("[198.51.100.0/24]", world.board(1).device.routes.toString());
        assertEquals("[192.168.7.0/24]", hub.device.routes.toString());
    }

    /** Whoever knocks at others' doors all the time is told so as often as of any other error, and not more. */
    @Test
    void answersAreLimited() throws Failure {
        hub("--between-clients", "no");
        World.Board one = world.board(1);
        for (int expected : new int[] {50, 20}) {
            for (int i = 0; i < 300; i++) {
                one.device.send(udp(ONE, TWO, 10));
            }
            world.run();
            int answers = 0;
            while (one.device.receive() != null) {
                answers++;
            }
            assertEquals(expected, answers);
            world.pass(SECOND);
        }
    }

    /** All that a client sends goes to the kernel as it is, and what comes back from there to its client. */
    @Test
    void throughTheKernel() throws Failure {
        World.Hub hub = hub("--between-clients", "kernel");
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        for (byte[] packet : new byte[][] {udp(ONE, TWO, 100), udp6(ONE6, TWO6), udp(ONE, "10.0.255.255", 9)}) {
            assertCarries(one.device, hub.device, packet);
            assertNothing(two.device);
        }
        assertCarries(hub.device, two.device, udp(ONE, TWO, 100));
        assertCarries(hub.device, two.device, udp6(ONE6, TWO6));
        byte[] packet = ReferencePackets.unfinished(tcp(ONE, TWO, 5000));
        one.device.send(SUPER_PACKET, packet);
        world.run();
        assertArrayEquals(SUPER_PACKET, hub.device.nextHeader());
        assertArrayEquals(packet, hub.device.receive());
        assertFalse(world.log().contains("forward"), world::log);
    }

    /** What a host behind a client is told of a packet that came back from the kernel goes that way. */
    @Test
    void hostsBehindAreTold() throws Failure {
        World.Hub hub = hub("--between-clients", "kernel", "--net", ONE + "=192.168.7.0/24");
        World.Board one = world.board(1);
        hub.device.send(udp("192.168.7.7", NOBODY, 100));
        world.run();
        assertEquals(HUB + " to 192.168.7.7: ICMP 3/1, MTU 0", icmp(one.device.receive()));
        assertNothing(hub.device);
    }

    /** A source that is not its own does not get a client's packet to the kernel. */
    @Test
    void sourcesAreCheckedBefore() throws Failure {
        World.Hub hub = hub("--between-clients", "kernel");
        MemoryStream raw = joined(DYNAMIC, 20);
        raw.put(udp(TWO, NOBODY, 10));
        world.run();
        assertNothing(hub.device);
    }

    /**
     * What comes back for a client that is not there, or has no IPv6, is never given to the kernel again: the client
     * that sent it is told.
     */
    @Test
    void noLoopThroughTheKernel() throws Failure {
        for (String[] words : new String[][] {{"--between-clients", "kernel"}, {"--export-routes"}}) {
            world.close();
            world = new World();
            World.Hub hub = hub(words);
            World.Board one = world.board(1);
            joined(DYNAMIC, 20);
            byte[] packet = udp(ONE, NOBODY, 100);
            assertCarries(one.device, hub.device, packet);
            hub.device.send(packet);
            world.run();
            assertEquals(HUB + " to " + ONE + ": ICMP 3/1, MTU 0", icmp(one.device.receive()));
            hub.device.send(udp6(ONE6, TWO6));
            world.run();
            assertEquals(PREFIX + "a00:1: 1/0", icmp6(one.device.receive()));
            assertNothing(hub.device, one.device);
            // Of another hub's client: that one's kernel knows where it is.
            hub.device.send(udp("10.0.7.7", NOBODY, 100));
            world.run();
            assertEquals(NOBODY + " to 10.0.7.7: ICMP 3/1, MTU 0", icmp(hub.device.receive()));
            assertNothing(hub.device, one.device);
        }
    }

    /** A link between two hubs: one client sends from and to the same network, and the kernel sorts that. */
    @Test
    void aNetworkOnBothSides() throws Failure {
        World.Hub hub = hub("--between-clients", "kernel", "--net", ONE + "=10.4.0.0/15");
        World.Board one = world.board(1);
        assertCarries(one.device, hub.device, udp("10.4.2.2", "10.4.1.1", 100));
        assertCarries(hub.device, one.device, udp("10.4.1.1", "10.4.2.2", 100));
        one.kill();
        world.run();
        hub.device.send(udp("10.4.1.1", "10.4.2.2", 100));
        world.run();
        assertEquals("10.4.2.2 to 10.4.1.1: ICMP 3/1, MTU 0", icmp(hub.device.receive()));
    }

    /** What the kernel lacks to forward is told once, with the words that mend it, and nothing is set. */
    @Test
    void tellsWhatForwardingLacks() throws Failure {
        String[][] rows = {
            {"kernel", "4", "this host does not forward packets, so that no client reaches another; as root: sysctl -w "
                    + FORWARDING},
            {"kernel", "6", "this host does not forward packets, so that no client reaches another; as root: sysctl -w "
                    + "net.ipv6.conf.all.forwarding=1"},
            {"yes", "46", "this host does not forward packets, so that clients reach nobody beyond it; as root:"
                    + " sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"}};
        for (String[] row : rows) {
            world.close();
            world = new World();
            world.premade = device -> {
                device.forwards4 = !row[1].contains("4");
                device.forwards6 = !row[1].contains("6");
            };
            hub(row[0].equals("yes") ? new String[] {"--export-routes"} : new String[] {"--between-clients", row[0]});
            assertEquals(1, world.news().stream().filter(row[2]::equals).count(), row[2]);
        }
        world.close();
        world = new World();
        world.premade = device -> device.forwards4 = false;
        hub("--between-clients", "no");
        assertFalse(world.log().contains("forward"), world::log);
    }

    private static List<String> routes(MemoryDevice device) {
        return device.routes.stream().map(Network::toString).toList();
    }

    /** The kernel has a route to each client while it is there, and to nobody else, before and after. */
    @Test
    void aRouteToEachClient() throws Failure {
        world.premade = device -> device.routes.add(Network.ofHost(Address.parse("10.0.0.77")));
        World.Hub hub = hub("--export-routes");
        assertEquals(List.of(), routes(hub.device));
        world.premade = device -> { };
        World.Board one = world.board(1);
        MemoryStream old = joined(DYNAMIC, 20);
        assertEquals(List.of(ONE + "/32", ONE6 + "/128", TWO + "/32"), routes(hub.device));
        one.kill();
        world.run();
        assertEquals(List.of(TWO + "/32"), routes(hub.device));
        world.board(1);
        assertEquals(List.of(TWO + "/32", ONE + "/32", ONE6 + "/128"), routes(hub.device));
        World.Board again = world.board(1, "-a", ONE);
        assertEquals(ONE, again.device.address.toString(), "it took its own place over");
        assertEquals(List.of(TWO + "/32", ONE + "/32", ONE6 + "/128"), routes(hub.device));
        old.close();
        world.run();
        assertEquals(List.of(ONE + "/32", ONE6 + "/128"), routes(hub.device));
        hub.loop.device.setup.endRoutes();
        assertEquals(List.of(), routes(hub.device));
    }

    /** Routes come back after the interface was down, however many, and only to those who are still there. */
    @Test
    void routesComeBack() throws Failure {
        World.Hub hub = hub("--export-routes");
        MemoryStream[] clients = new MemoryStream[200];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = joined(DYNAMIC, 20);
        }
        List<Network> before = List.copyOf(hub.device.routes);
        assertEquals(200, before.size());
        hub.device.routes.clear();
        hub.device.monitor.tellOfDevice();
        world.pass(SECOND);
        assertEquals(before, hub.device.routes);
        clients[0].close();
        hub.device.routes.clear();
        hub.device.monitor.tellOfDevice();
        world.pass(SECOND);
        assertEquals(before.subList(1, 200), hub.device.routes);
    }

    /** Where no routes can be made that is told, and packets are carried. */
    @Test
    void routesThatCannotBeMade() throws Failure {
        World.Hub hub = hub("--export-routes");
        hub.device.permitted = false;
        World.Board one = world.board(1);
        assertSaid("RTM_NEWROUTE " + ONE + "/32 dev tun0: EPERM");
        assertReaches(one, hub);
        assertReaches(one, hub);
    }

    /** Kept apart, clients do not reach those of another hub by way of the kernel either. */
    @Test
    void apartAlsoFromOtherHubs() throws Failure {
        World.Hub hub = hub("--export-routes", "--between-clients", "no");
        World.Board one = world.board(1);
        one.device.send(udp(ONE, NOBODY, 100));
        world.run();
        assertEquals(HUB + " to " + ONE + ": ICMP 3/13, MTU 0", icmp(one.device.receive()));
        assertNothing(hub.device);
    }

    /** Who asks for any address has one of that part of the network; who wants a certain one has that. */
    @Test
    void dynamicAddresses() throws Failure {
        hub("-n", "10.0.0.0/24", "--dynamic", "10.0.0.128/30");
        String[] addresses = new String[5];
        for (int i = 0; i < addresses.length; i++) {
            World.Board board = world.board(1 + i);
            addresses[i] = board.device.address == null ? "none" : board.device.address.toString();
        }
        assertEquals("[10.0.0.128, 10.0.0.129, 10.0.0.130, 10.0.0.131, none]", Arrays.toString(addresses));
        assertEquals("10.0.0.7", world.board(9, "-a", "10.0.0.7").device.address.toString());
        assertTrue(world.log().contains("all addresses of the network"), world::log);
    }
}
