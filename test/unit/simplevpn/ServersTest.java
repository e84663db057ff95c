package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryKernel;

/** A client with several addresses of a server, and with several servers. */
class ServersTest extends WorldTest {
    private static final String[] BOTH = {"-s", "hub", "-s", "spare"};

    /** A second server, which is another machine. */
    private MemoryAcceptor other(int host) {
        return new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc0000200 | host, 2002));
    }

    private MemoryAcceptor ipv6(int host) {
        return new MemoryAcceptor(world.kernel, MemoryKernel.endpoint6(host, 2002));
    }

    private World.Hub at(MemoryAcceptor acceptor, String... words) throws Failure {
        MemoryAcceptor before = world.acceptor;
        world.acceptor = acceptor;
        World.Hub hub = world.hub(words);
        world.acceptor = before;
        return hub;
    }

    /** A client of two servers, which are at two places. */
    private World.Board board(MemoryAcceptor spare, String... words) throws Failure {
        World.Board board = world.new Board(1, words);
        board.connector.add("spare", spare);
        world.pass(SECOND);
        return board;
    }

    private static String peer(World.Board board) {
        return board.connector.last().peer().toString();
    }

    /** An address that says nothing costs a quarter of a second; the next one wins, and nothing stays of the first. */
    @Test
    void deadIpv6() throws Failure {
        MemoryAcceptor dead = ipv6(1);
        dead.silent = true;
        MemoryAcceptor living = world.acceptor;
        world.acceptor = dead;
        World.Board board = world.new Board(1, "-s", "hub");
        world.acceptor = living;
        board.connector.add(living);
        world.hub();
        world.pass(SECOND / 5);
        assertEquals(1, board.connector.begun.size());
        int open = world.kernel.count();
        world.pass(SECOND / 5);
        assertEquals("10.0.0.2", board.device.address.toString());
        assertEquals(2, board.connector.begun.size());
        assertTrue(board.connector.begun.getFirst().isClosed());
        assertEquals(open + 1, world.kernel.count(), "one at each end for two at one");
        world.pass(60 * SECOND);
        assertFalse(board.connector.last().isClosed());
    }

    /** Families take turns, and two attempts at most are in the making at once. */
    @Test
    void twoAtOnce() throws Failure {
        World.Board board = world.new Board(1, "-s", "hub");
        world.acceptor.silent = true;
        for (MemoryAcceptor more : new MemoryAcceptor[] {other(2), other(3), ipv6(1), ipv6(2)}) {
            more.silent = true;
            board.connector.add(more);
        }
        world.pass(9 * SECOND);
        assertEquals("[192.0.2.1:2002, [fd00::1]:2002]",
                board.connector.begun.stream().map(stream -> stream.peer().toString()).toList().toString());
        world.pass(2 * SECOND);
        assertEquals(4, board.connector.begun.size());
        assertEquals("[fd00::2]:2002", peer(board));
        world.pass(25 * SECOND);
        assertSaid("192\\.0\\.2\\.3:2002 cannot be reached: no answer to the connection attempt in 10 s; trying .*");
        assertTrue(board.connector.begun.stream().limit(5).allMatch(stream -> stream.isClosed()));
    }

    /** One that lost the race is tried all the same when the winner is of no use. */
    @Test
    void loserIsTriedLater() throws Failure {
        World.Board board = world.new Board(1, "-s", "hub");
        MemoryAcceptor second = other(2);
        board.connector.add(second);
        board.connector.slow = true;
        world.pass(SECOND / 2);
        assertEquals(2, board.connector.begun.size());
        board.connector.begun.getFirst().connecting = false;
        world.run();
        assertTrue(board.connector.last().isClosed());
        board.connector.slow = false;
        at(second);
        board.connector.begun.getFirst().other().close();
        world.run();
        assertEquals(3, board.connector.begun.size());
        assertEquals("10.0.0.2", board.device.address.toString());
    }

    /**
     * The second server takes over at once when the first is gone, and gives place when that has answered several times
     * in a row; with two that are both gone the client pauses, and tells why.
     */
    @Test
    void secondServer() throws Failure {
        World.Hub first = world.hub();
        MemoryAcceptor spare = other(2);
        World.Hub second = at(spare);
        World.Board board = board(spare, BOTH);
        assertEquals(1, first.server.hub.clients());
        world.acceptor.rejects = -111;
        MemoryAcceptor place = world.acceptor;
        first.kill();
        board.connector.add(place);
        world.pass(2 * SECOND);
        assertEquals(1, second.server.hub.clients());
        assertReaches(board, second);
        world.pass(300 * SECOND);
        assertFalse(board.connector.begun.stream().anyMatch(stream -> stream == board.connector.last()
                && !stream.isClosed()), "it asks, and is refused");
        assertReaches(board, second);
        place.rejects = 0;
        World.Hub again = at(place);
        world.pass(30 * SECOND);
        assertEquals(0, again.server.hub.clients());
        world.pass(100 * SECOND);
        assertEquals(1, again.server.hub.clients());
        assertReaches(board, again);
        assertSaid("192\\.0\\.2\\.2:2002 is left for hub, which answers again; received .*; reconnecting");
        int begun = board.connector.begun.size();
        world.pass(300 * SECOND);
        assertEquals(begun, board.connector.begun.size(), "with the first one nobody asks");
    }

    /** Whoever has no preference stays where he is. */
    @Test
    void any() throws Failure {
        world.acceptor.rejects = -111;
        MemoryAcceptor spare = other(2);
        World.Hub second = at(spare);
        World.Board board = board(spare, "-s", "hub", "-s", "spare", "--prefer", "any");
        world.acceptor.rejects = 0;
        world.hub();
        world.pass(600 * SECOND);
        assertEquals(2, board.connector.begun.size());
        assertReaches(board, second);
    }

    /** A first server that takes connections and lets nobody in is returned to less and less often. */
    @Test
    void uselessFirst() throws Failure {
        MemoryAcceptor spare = other(2);
        at(spare);
        World.Board board = board(spare, BOTH);
        world.pass(30 * SECOND);
        long returns = 0;
        for (int i = 0; i < 60; i++) {
            world.pass(60 * SECOND);
            returns += world.news().stream().filter(line -> line.contains("is left for hub")).count();
        }
        assertTrue(returns >= 2 && returns <= 8, returns + " returns in an hour");
        assertNull(board.failure);
    }

    /** A name that no name server tells of does not keep the second server from being tried. */
    @Test
    void slowName() throws Failure {
        MemoryAcceptor spare = other(2);
        World.Hub second = at(spare);
        World.Board board = world.new Board(1, BOTH);
        board.connector.namesAreSlow = true;
        board.connector.add("spare", spare);
        world.pass(SECOND);
        assertEquals(1, board.connector.lookups.size());
        world.pass(2 * SECOND);
        assertEquals(2, board.connector.lookups.size());
        board.connector.lookups.getLast().answer();
        world.run();
        assertReaches(board, second);
    }

    /** What one server refuses another may allow; with one alone it is the end. Trying once means each of them. */
    @Test
    void refusals() throws Failure {
        world.hub("-n", "10.9.0.0/16");
        MemoryAcceptor spare = other(2);
        at(spare);
        World.Board board = board(spare, "-s", "hub", "-s", "spare", "-a", "10.0.0.9");
        assertEquals("10.0.0.9", board.device.address.toString());
        assertNull(board.failure);
        world.acceptor.rejects = -111;
        World.Board once = board(spare, "-s", "hub", "-s", "spare", "--once");
        assertEquals("10.0.0.2", once.device.address.toString());
        spare.rejects = -111;
        once = board(spare, "-s", "hub", "-s", "spare", "--once");
        assertEquals(Failure.UNREACHABLE, once.failure.status);
        assertEquals("connect 192.0.2.1:2002: ECONNREFUSED (Connection refused); connect 192.0.2.2:2002: ECONNREFUSED"
                + " (Connection refused)", once.failure.getMessage(), "each server's reason, not the last one's alone");
    }
}
