package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Route;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** What the client does when a server is not there, is another one than it expects, or goes: in every state. */
class ClientTest extends WorldTest {
    /** A server that does not answer keepalives is given up after the timeout, also while packets are sent to it. */
    @Test
    void deadServersAreLeft() throws Failure {
        World.Hub hub = world.hub("-t", "8");
        World.Board one = world.board(1);
        hub.ended = true;
        for (int second = 0; second < 9; second++) {
            world.pass(SECOND);
            one.device.send(udp("10.0.0.2", HUB, 10));
        }
        assertEquals(1, one.connector.begun.size());
        world.pass(3 * SECOND);
        assertSaid("192.0.2.1:2002 does not answer; received 0 packets, 0 bytes; sent .*; reconnecting");
        assertTrue(one.connector.begun.size() > 1);
    }

    /** Connecting: refused at once or later, or never answered; the next attempts come after pauses that grow. */
    @Test
    void lostWhileConnecting() throws Failure {
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.unreachable = "ENETUNREACH (Network is unreachable)";
        world.pass(SECOND);
        assertSaid("connect 192.0.2.1:2002: ENETUNREACH .*; trying again until it works");
        board.connector.unreachable = null;
        board.connector.slow = true;
        world.pass(2 * SECOND);
        board.connector.last().fail(-111);
        world.run();
        assertSaid("connect 192.0.2.1:2002: ECONNREFUSED \\(Connection refused\\); trying again until it works");
        world.pass(4 * SECOND);
        assertEquals(2, board.connector.begun.size());
        world.pass(10 * SECOND);
        assertSaid("192.0.2.1:2002 cannot be reached: no answer to the connection attempt in 10 s; trying again.*");
        board.connector.slow = false;
        world.hub();
        world.pass(30 * SECOND);
        assertEquals("10.0.0.2", board.device.address.toString());
    }

    /** Memory that is given back while a client connects does not keep it from hearing that it is connected. */
    @Test
    void housekeepingWhileConnecting() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = world.board(1);
        hub.ended = true;
        for (int i = 0; i < 40; i++) {
            board.device.send(SUPER_PACKET, ReferencePackets.unfinished(tcp("10.0.0.2", HUB, 60_000)));
        }
        world.run();
        board.connector.slow = true;
        board.connector.last().cutLine();
        world.pass(10 * SECOND + SECOND / 10);
        hub.ended = false;
        assertEquals(2, board.connector.begun.size());
        board.connector.last().connecting = false;
        world.news();
        world.run();
        assertTrue(world.log().contains("connected to 192.0.2.1:2002, address 10.0.0.2/16"), world.log());
    }

    /** A name that nobody knows is looked up again and again, told once. */
    @Test
    void unknownName() throws Failure {
        world.hub();
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.unknown = "hub: no such host name";
        world.pass(100 * SECOND);
        assertEquals(1, world.news().stream().filter(line -> line.contains("no such host name; trying")).count());
        board.connector.unknown = null;
        world.pass(30 * SECOND);
        assertEquals("10.0.0.2", board.device.address.toString());
        World.Board once = world.new Board(2, "-s", "hub", "--once");
        once.connector.unknown = "hub: no such host name";
        world.run();
        assertEquals(Failure.UNREACHABLE, once.failure.status);
    }

    /** Asking: a server that says nothing, closes or breaks off is left for its next address. */
    @Test
    void lostWhileAsking() throws Failure {
        World.Board board = world.board(1);
        assertEquals(20, board.connector.last().other().take().length, "the request waits unread");
        world.pass(10 * SECOND);
        assertSaid("192.0.2.1:2002 timed out: no answer within 10 s \\(PROTOCOL.md 1, \"Request and answer\"\\);"
                + " trying again until it works");
        world.pass(2 * SECOND);
        board.connector.last().other().close();
        world.run();
        assertSaid("192.0.2.1:2002 closed the connection; trying again until it works");
        world.pass(4 * SECOND);
        board.connector.last().fail(-104);
        world.run();
        assertSaid("192.0.2.1:2002 ECONNRESET \\(Connection reset by peer\\); trying again until it works");
    }

    /**
     * A fixed address that cannot be had now is waited for: its old connection has not timed out, a proxy's server is
     * being restarted. Only an address that nobody can have ends the client.
     */
    @Test
    void fixedAddress() throws Failure {
        World.Board board = world.board(2, "-a", "10.0.0.9");
        world.acceptor.accept().close();
        world.run();
        assertSaid(".* closed the connection instead of giving 10.0.0.9, .*; trying again until it works");
        World.Hub hub = world.hub("-t", "10");
        MemoryStream other = joined("45000000 00000000 00000000 0a000009 00000000", 20);
        world.pass(5 * SECOND);
        assertSaid(".* refused: 10.0.0.9 is taken by another client; trying again until it works");
        other.close();
        world.pass(60 * SECOND);
        assertEquals("10.0.0.9", board.device.address.toString());
        assertNull(board.failure);
        for (String impossible : new String[] {"10.0.0.1", "10.1.0.1"}) {
            World.Board never = world.board(3, "-a", impossible);
            assertEquals(Failure.REFUSED, never.failure.status);
        }
        assertEquals(1, hub.server.hub.clients());
    }

    /** A connection that never lasts makes the pauses as long as one that is never made. */
    @Test
    void neverLasts() throws Failure {
        world.hub();
        World.Board board = world.board(1);
        for (int i = 0; i < 1000; i++) {
            board.connector.last().fail(-104);
            world.pass(SECOND / 10);
        }
        int begun = board.connector.begun.size();
        assertTrue(begun > 4 && begun < 12, begun + " connections in 100 s");
        world.pass(60 * SECOND);
        begun = board.connector.begun.size();
        board.connector.last().fail(-104);
        world.pass(SECOND + SECOND / 10);
        assertEquals(begun + 1, board.connector.begun.size(), "one that lasted is made anew at once");
    }

    private static Route route(String network, int length, String gateway) {
        return new Route(2, "eth0", Network.ofIpv4(ipv4(network), length), Address.parse(gateway), 0, 4);
    }

    /** Routes around the tunnel are gone with the connection, however it ends; but not from under a lookup. */
    @Test
    void detoursEnd() throws Failure {
        world.hub("-n", "192.0.2.0/24");
        World.Board board = world.new Board(1, "-s", "hub");
        board.device.others.add(route("0.0.0.0", 0, "198.51.100.1"));
        board.connector.nameServers = new Address[] {Address.parse("192.0.2.53")};
        world.run();
        assertEquals("[192.0.2.1/32 via 198.51.100.1 dev eth0, 192.0.2.53/32 via 198.51.100.1 dev eth0]",
                board.device.others.subList(1, 3).toString());
        board.device.others.remove(1);
        world.pass(16 * SECOND);
        assertTrue(board.device.others.toString().contains("192.0.2.1/32"), "the kernel had dropped it");
        board.connector.namesAreSlow = true;
        board.connector.unreachable = "EHOSTUNREACH";
        board.connector.last().fail(-104);
        world.run();
        assertEquals(1, board.device.others.size());
        world.pass(4 * SECOND);
        assertSaid("connect 192.0.2.1:2002: EHOSTUNREACH; trying again until it works");
        assertTrue(board.device.others.toString().contains("192.0.2.53/32"), "the lookup goes on");
        board.connector.lookups.getLast().answer();
        world.pass(30 * SECOND);
        World.Board once = world.new Board(2, "-s", "hub", "--once");
        once.device.others.add(route("0.0.0.0", 0, "198.51.100.1"));
        world.run();
        assertEquals(2, once.device.others.size());
        once.connector.last().fail(-104);
        world.run();
        assertEquals(Failure.UNREACHABLE, once.failure.status);
        assertEquals(1, once.device.others.size());
    }

    /** While no name server answers the loop turns; after a while the addresses of before are tried. */
    @Test
    void slowNames() throws Failure {
        World.Hub first = world.hub();
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.namesAreSlow = true;
        world.pass(100 * SECOND);
        assertEquals(1, board.connector.lookups.size(), "one lookup at a time");
        assertEquals(List.of(), board.connector.begun);
        board.connector.lookups.getLast().answer();
        world.run();
        assertEquals("10.0.0.2", board.device.address.toString());
        first.kill();
        world.hub();
        board.connector.add(world.acceptor);
        world.pass(2 * SECOND);
        assertEquals(2, board.connector.lookups.size());
        assertEquals(1, board.connector.begun.size(), "a name server may be as quick as that");
        world.pass(3 * SECOND);
        assertEquals(2, board.connector.begun.size());
        assertSaid("connected to 192.0.2.1:2002, address 10.0.0.2/16 .*");
        board.connector.lookups.getLast().answer();
        world.run();
        assertEquals(2, board.connector.begun.size(), "what works stays as it is");
    }

    /** Joined: whatever ends the connection, the client comes back to the same address, and its interface stays. */
    @Test
    void lostWhileJoined() throws Failure {
        World.Hub first = world.hub();
        World.Board board = world.board(1);
        world.board(2);
        first.kill();
        world.run();
        board.device.send(udp("10.0.0.2", HUB, 10));
        world.run();
        assertEquals(1, board.device.waiting(), "nothing is read while there is no connection");
        assertTrue(board.device.up && board.device.address != null && !board.device.closed);
        board.connector.add(world.acceptor);
        World.Hub second = world.hub();
        world.pass(60 * SECOND);
        assertEquals("10.0.0.2", board.device.address.toString());
        assertNull(second.device.receive(), "a packet that waited for so long is of no use any more");
        assertEquals(0, board.device.waiting());
        board.connector.last().fail(-104);
        world.pass(2 * SECOND);
        assertSaid(".* ECONNRESET \\(Connection reset by peer\\); received .*; reconnecting");
        assertCarries(board.device, second.device, udp("10.0.0.2", HUB, 10));
    }

    /** A board whose server has answered so. */
    private World.Board answered(String answer) throws Failure {
        World.Board board = world.board(1);
        board.connector.last().other().put(hex(answer));
        world.run();
        return board;
    }

    /** An answer that makes no sense is told, and the server is left. */
    @Test
    void invalidAnswers() throws Failure {
        World.Board board = answered("4501001a 56330000 00000001 00000000 0a000002 0104ff00ff00");
        assertSaid("192.0.2.1:2002 broke the protocol: option 1 with 4 bytes is not valid"
                + " \\(PROTOCOL.md 2, table 2.3\\); trying again .*");
        assertNull(board.device.address);
    }

    /** The server's address outside would be this host's own then, and no connection would ever leave it again. */
    @Test
    void addressOfTheServer() throws Failure {
        World.Board board = answered("45010014 56330000 00000001 00000000 c0000201");
        assertSaid("192.0.2.1:2002 gives this host its own address: nothing would reach it any more; trying again .*");
        assertNull(board.device.address);
    }

    /** A timeout as short as the silence before a question would be over before any answer. */
    @Test
    void shortestTimeout() throws Failure {
        World.Board board = answered("4501001a 56330000 00000001 00000000 0a000002 0404 00010001");
        assertEquals(2, board.connector.last().patience);
    }

    /** A classic server: its answer comes twice, the interface gets its MTU, and a cut stream is picked up again. */
    @Test
    void classicServer() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = board.connector.last().other();
        byte[] request = server.take();
        ReferencePackets.set32(request, 16, 0x0a00_0005);
        server.put(request);
        server.put(request);
        world.run();
        assertEquals("10.0.0.5/16 1400", board.device.address + "/" + board.device.length + " " + board.device.mtu);
        byte[] packet = udp(HUB, "10.0.0.5", 100);
        server.put(packet);
        server.put(Arrays.copyOfRange(packet, 30, 128));
        world.run();
        assertArrayEquals(packet, board.device.receive());
        server.put(packet);
        world.run();
        assertArrayEquals(packet, board.device.receive(), "after what was thrown away");
        assertEquals(1, board.connector.begun.size());
        server.put(hex("60000000 00003a40" + "00".repeat(32)));
        server.close();
        world.run();
        assertSaid("192.0.2.1:2002 closed the connection; received 2 packets, 256 bytes; .*rejected 1, resyncs 1; .*");
    }

    /** An extended server has to be sound: rubbish from it ends the connection. */
    @Test
    void extendedServerSendsRubbish() throws Failure {
        world.hub();
        World.Board board = world.board(1);
        board.connector.last().other().put(new byte[24]);
        world.run();
        assertSaid("192.0.2.1:2002 broke the protocol: version neither 4 nor 6 \\(PROTOCOL.md 1, table 1.2, row 6\\);"
                + " received .*; reconnecting");
    }

    /** Options of the answer that the client can use: routes, but none that would swallow the connection itself. */
    @Test
    void pushedRoutes() throws Failure {
        World.Board board = world.board(1);
        board.connector.last().other().put(hex("45000029 56330000 00000001 00000000 0a000002"
                + "0505ac100000 0c".replace(" ", "") + "0505c000020018" + "0505c0a8010018"));
        world.run();
        assertEquals("[172.16.0.0/12, 192.168.1.0/24]", board.device.routes.toString());
        assertSaid("route 192.0.2.0/24 left out: it would lead the tunnel to 192.0.2.1 into itself");
    }
}
