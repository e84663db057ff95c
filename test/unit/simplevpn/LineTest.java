package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Route;
import simplevpn.linux.Way;
import simplevpn.memory.MemoryDevice;

/** A client whose line changes: what it does about news of routes and addresses, and what it does not. */
class LineTest extends WorldTest {
    private static final Way ETHERNET = way(2, 7);
    private static final Way LTE = way(3, 9);

    private static Way way(int device, int host) {
        return new Way(device, new byte[] {(byte) 198, 51, 100, (byte) host}, null, true);
    }

    private static void change(World.Board board, Way to) {
        board.connector.ways = address -> to;
        board.connector.monitor.tell();
    }

    private World.Board joined(Way way) throws Failure {
        World.Board board = world.new Board(1, "-s", "hub");
        change(board, way);
        world.pass(SECOND);
        assertEquals(1, board.connector.begun.size());
        return board;
    }

    /**
     * When the way to the server begins at another interface or address, there is another connection at once; the
     * interface and its address stay, and so does the server's one client. Back to the better line it is the same.
     */
    @Test
    void anotherWay() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = joined(ETHERNET);
        board.connector.begun.getFirst().cutLineSilently();
        change(board, LTE);
        world.pass(SECOND / 4);
        assertEquals(2, board.connector.begun.size());
        assertSaid("192\\.0\\.2\\.1:2002 is reached from 198\\.51\\.100\\.9 now, no more from 198\\.51\\.100\\.7;"
                + " received .*; reconnecting");
        assertEquals(1, hub.server.hub.clients());
        assertEquals("10.0.0.2", board.device.address.toString());
        assertReaches(board, hub);
        change(board, ETHERNET);
        world.pass(SECOND / 4);
        assertEquals(3, board.connector.begun.size());
        assertReaches(board, hub);
        change(board, way(4, 7));
        world.pass(SECOND / 4);
        assertEquals(4, board.connector.begun.size(), "the same address at another interface");
        assertReaches(hub, board);
    }

    /** News that has nothing to do with the way to the server costs a look for each burst of it, and nothing else. */
    @Test
    void otherNews() throws Failure {
        world.hub();
        World.Board board = joined(ETHERNET);
        int asked = board.connector.waysAsked;
        int taken = board.connector.monitor.taken;
        for (int i = 0; i < 500; i++) {
            board.connector.monitor.tell();
            world.pass(SECOND / 10_000);
        }
        world.pass(SECOND);
        assertEquals(asked + 1, board.connector.waysAsked);
        assertEquals(taken + 2, board.connector.monitor.taken, "the first of it, and the rest");
        world.pass(100 * SECOND);
        assertEquals(asked + 1, board.connector.waysAsked);
        assertEquals(1, board.connector.begun.size());
    }

    /** While there is no way at all the connection is kept: that of before may come back. A way into ours is none. */
    @Test
    void noWay() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = joined(ETHERNET);
        for (Way none : new Way[] {null, way(MemoryDevice.INDEX, 1), ETHERNET}) {
            change(board, none);
            world.pass(SECOND);
            assertEquals(1, board.connector.begun.size());
        }
        assertReaches(board, hub);
    }

    /** A way that comes while the client pauses ends the pause; one that was there already does not. */
    @Test
    void whilePaused() throws Failure {
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.unreachable = "ENETUNREACH";
        world.pass(100 * SECOND);
        world.hub();
        board.connector.unreachable = null;
        change(board, ETHERNET);
        world.pass(SECOND / 4);
        assertEquals("10.0.0.2", board.device.address.toString());
        board.connector.last().fail(-104);
        world.run();
        int begun = board.connector.begun.size();
        board.connector.monitor.tell();
        world.pass(SECOND / 4);
        assertEquals(begun, board.connector.begun.size());
        change(board, new Way(2, new byte[] {(byte) 198, 51, 100, 7}, new byte[] {(byte) 198, 51, 100, 1}, true));
        world.pass(SECOND / 4);
        assertEquals(begun + 1, board.connector.begun.size(), "another router");
    }

    /** The same for a name that could not be looked up. */
    @Test
    void whileNobodyKnowsTheName() throws Failure {
        world.hub();
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.unknown = "hub: the name server does not answer";
        world.pass(100 * SECOND);
        board.connector.unknown = null;
        board.connector.monitor.tell();
        world.pass(SECOND / 4);
        assertEquals("10.0.0.2", board.device.address.toString());
    }

    /** A connection in the making is begun anew along the other way. */
    @Test
    void whileConnecting() throws Failure {
        world.hub();
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.ways = address -> ETHERNET;
        board.connector.slow = true;
        world.pass(SECOND);
        board.connector.slow = false;
        change(board, LTE);
        world.pass(SECOND / 4);
        assertTrue(board.connector.begun.getFirst().isClosed());
        assertEquals("10.0.0.2", board.device.address.toString());
    }

    /** A line that comes and goes all the time does not hammer the server, connected or not; in the end it is right. */
    @Test
    void flapping() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = joined(ETHERNET);
        for (int i = 0; i < 200; i++) {
            change(board, i % 2 == 0 ? LTE : ETHERNET);
            world.pass(SECOND / 4);
        }
        int begun = board.connector.begun.size();
        assertTrue(begun > 20 && begun < 60, begun + " connections in 50 s");
        world.acceptor.rejects = -111;
        board.connector.last().fail(-104);
        for (int i = 0; i < 200; i++) {
            change(board, i % 2 == 0 ? LTE : null);
            world.pass(SECOND / 4);
        }
        begun = board.connector.begun.size() - begun;
        assertTrue(begun < 60, begun + " attempts in 50 s");
        world.acceptor.rejects = 0;
        change(board, ETHERNET);
        world.pass(5 * SECOND);
        assertReaches(board, hub);
    }

    /** Where the kernel tells no news, that is said once, and all else is as it was. */
    @Test
    void refused() throws Failure {
        World.Hub hub = world.hub();
        world.refuse = "a socket of AF_NETLINK: EAFNOSUPPORT";
        World.Board board = world.board(1);
        assertReaches(board, hub);
        board.connector.last().fail(-104);
        world.pass(2 * SECOND);
        assertReaches(board, hub);
        List<String> told = new ArrayList<>(world.news());
        told.removeIf(line -> !line.contains("AF_NETLINK"));
        assertEquals(List.of("a socket of AF_NETLINK: EAFNOSUPPORT: when the way to the server changes, that is noticed"
                + " by the timeout alone"), told);
    }

    /** The routes of the server's answer come back after the interface was down. */
    @Test
    void routesComeBack() throws Failure {
        World.Board board = world.board(1);
        board.connector.last().other().put(hex("45000022 56330000 00000001 00000000 0a000002 0505ac10 00000c"
                + "0505c0a8 010018"));
        world.run();
        assertEquals("[172.16.0.0/12, 192.168.1.0/24]", board.device.routes.toString());
        board.device.routes.clear();
        board.connector.monitor.tell();
        world.pass(SECOND);
        assertEquals(List.of(), board.device.routes, "other news is no reason to look at each of them");
        board.connector.monitor.tellOfDevice();
        world.pass(SECOND);
        assertEquals("[172.16.0.0/12, 192.168.1.0/24]", board.device.routes.toString());
    }

    /** A route around the tunnel follows the way, and there is none where another table or the user decides. */
    @Test
    void detours() throws Failure {
        world.hub("-n", "192.0.2.0/24");
        World.Board board = world.new Board(1, "-s", "hub");
        board.device.others.add(new Route(2, "eth0", Network.ofIpv4(0, 0), Address.parse("198.51.100.1"), 100, 4));
        board.connector.ways = address -> new Way(2, new byte[] {10, 1, 1, 1}, null, false);
        world.pass(SECOND);
        assertEquals(1, board.device.others.size());
        board.connector.ways = address -> new Way(2, new byte[] {10, 1, 1, 2}, null, true);
        board.connector.monitor.tell();
        world.pass(SECOND);
        assertEquals("192.0.2.1/32 via 198.51.100.1 dev eth0", board.device.others.getLast().toString());
        board.device.others.add(new Route(3, "wwan0", Network.ofIpv4(0, 0), null, 10, 4));
        board.connector.monitor.tell();
        world.pass(SECOND);
        assertEquals("192.0.2.1/32 dev wwan0", board.device.others.getLast().toString());
        assertNull(board.failure);
        assertFalse(board.connector.last().isClosed());
    }
}
