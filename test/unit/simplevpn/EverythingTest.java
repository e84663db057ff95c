package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Route;
import simplevpn.linux.Way;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;

/** A client that leads everything into its tunnel: how it finds its server again, and the way there. */
class EverythingTest extends WorldTest {
    private static final Address NAMES = Address.parse("198.18.0.53");

    private static Route uplink(int index, int metric) {
        return new Route(index, "eth" + index, Network.ofIpv4(0, 0), Address.parse("198.51.100." + index), metric, 4);
    }

    /** A client whose kernel takes the routes that there are: those of the tunnel, and around it. */
    private World.Board everything() throws Failure {
        return everything(world.new Board(1, "-s", "hub", "--default-route"));
    }

    private World.Board everything(World.Board board) {
        board.device.others.add(uplink(2, 100));
        board.connector.nameServers = new Address[] {NAMES};
        board.connector.ways = to -> {
            Route best = null;
            for (Route route : board.device.others) {
                if (route.network.contains(to.address()) && (best == null
                        || route.network.length() > best.network.length() || route.metric < best.metric)) {
                    best = route;
                }
            }
            boolean swallowed = !board.device.routes.isEmpty() && (best == null || best.network.length() == 0);
            return best == null && !swallowed ? null : new Way(swallowed ? MemoryDevice.INDEX
                    : best.device.equals("eth2") ? 2 : 3, new byte[] {10, 1, 1, 1}, null, true);
        };
        world.pass(SECOND);
        return board;
    }

    private static boolean isAroundNames(World.Board board) {
        return board.device.others.stream().anyMatch(route -> route.network.equals(Network.ofHost(NAMES)));
    }

    private static String detour(World.Board board) {
        return board.device.others.stream().filter(route -> route.network.contains(Address.parse("192.0.2.1"))
                && route.network.isHost()).findFirst().orElseThrow().toString();
    }

    /** A lost connection is made anew to the address of before; names are asked outside when that was of no use. */
    @Test
    void names() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = everything();
        assertReaches(board, hub);
        assertEquals(1, board.connector.lookups.size());
        assertFalse(isAroundNames(board));
        board.connector.last().fail(-104);
        world.pass(3 * SECOND);
        assertReaches(board, hub);
        assertEquals(1, board.connector.lookups.size(), "it is where it was");
        board.connector.unreachable = "ECONNREFUSED";
        board.connector.last().fail(-104);
        world.pass(20 * SECOND);
        assertTrue(board.connector.lookups.size() > 1);
        assertTrue(isAroundNames(board));
        board.connector.unreachable = null;
        world.pass(40 * SECOND);
        assertReaches(board, hub);
        assertFalse(isAroundNames(board));
        assertEquals("192.0.2.1/32 via 198.51.100.2 dev eth2", detour(board));
        assertNull(board.failure);
    }

    /** While it pauses another uplink comes: the way to the server goes there, and the pause is over. */
    @Test
    void anotherUplinkInAPause() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = everything();
        board.connector.unreachable = "EHOSTUNREACH";
        board.connector.last().fail(-104);
        board.device.others.removeIf(route -> route.device != null);
        world.pass(100 * SECOND);
        assertSaid("the main table has no route to 192.0.2.1 around the tunnel; trying again until it works");
        assertEquals("[0.0.0.0/1, 128.0.0.0/1]", board.device.routes.toString());
        board.connector.unreachable = null;
        board.device.others.add(uplink(3, 100));
        board.connector.monitor.tell();
        world.pass(SECOND / 4);
        assertReaches(board, hub);
        assertEquals("192.0.2.1/32 via 198.51.100.3 dev eth3", detour(board));
    }

    /** Whatever somebody takes away of it comes back, with any news of routes: what is missing is a leak. */
    @Test
    void takenAway() throws Failure {
        world.hub("--network6", "none");
        World.Board board = everything();
        String held = guards(board);
        assertEquals("[unreachable ::/1, unreachable 8000::/1]", held);
        board.device.others.removeIf(route -> route.device == null);
        board.device.routes.clear();
        board.device.address = null;
        board.connector.monitor.tell();
        world.pass(SECOND / 4);
        assertEquals(held, guards(board));
        assertEquals("[0.0.0.0/1, 128.0.0.0/1]", board.device.routes.toString());
        assertEquals("10.0.0.2", String.valueOf(board.device.address));
    }

    private static String guards(World.Board board) {
        return board.device.others.stream().filter(route -> route.device == null).toList().toString();
    }

    /** While the second server carries everything, the first one is asked past the tunnel. */
    @Test
    void secondServer() throws Failure {
        MemoryAcceptor first = world.acceptor;
        World.Hub hub = world.hub();
        world.acceptor = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc0000209, 2002));
        World.Hub spare = world.hub();
        MemoryAcceptor second = world.acceptor;
        world.acceptor = first;
        World.Board board = world.new Board(1, "-s", "hub", "-s", "spare", "--default-route");
        board.connector.add("spare", second);
        everything(board);
        assertReaches(board, hub);
        first.rejects = -111;
        board.connector.last().fail(-104);
        world.pass(20 * SECOND);
        assertReaches(board, spare);
        assertTrue(board.device.others.toString().contains("192.0.2.9/32 via 198.51.100.2 dev eth2"));
        assertFalse(board.device.others.toString().contains("192.0.2.1/32"));
        int begun = board.connector.begun.size();
        world.pass(40 * SECOND);
        assertTrue(board.connector.begun.size() > begun, "the first one is asked");
        assertEquals("192.0.2.1/32 via 198.51.100.2 dev eth2", detour(board));
        first.rejects = 0;
        world.pass(150 * SECOND);
        assertReaches(board, hub);
        assertFalse(board.device.others.toString().contains("192.0.2.9/32"), "no more of use");
    }

    /** A better uplink while it is connected. */
    @Test
    void anotherUplink() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = everything();
        board.device.others.add(uplink(3, 10));
        board.connector.monitor.tell();
        world.pass(SECOND / 4);
        assertEquals("192.0.2.1/32 via 198.51.100.3 dev eth3", detour(board));
        assertEquals(2, board.connector.begun.size());
        assertReaches(board, hub);
    }
}
