package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryStream;

/** What a service manager is told of a program's life. */
class SupervisorTest extends WorldTest {
    private static List<String> news(World.Machine machine) {
        List<String> news = new ArrayList<>(machine.told);
        machine.told.clear();
        return news;
    }

    /** A server is ready when it listens, tells of each client that joins or goes, and says that it ends. */
    @Test
    void server() throws Failure {
        world.standStill(5);
        World.Hub hub = world.hub();
        String status = "listening on 192.0.2.1:2002, 10.0.0.1 on tun0, clients: ";
        assertEquals(List.of(status + 0, "ready 5"), news(hub));
        MemoryStream stranger = world.acceptor.connect();
        world.run();
        stranger.close();
        world.run();
        assertEquals(List.of(), news(hub));
        MemoryStream one = joined(DYNAMIC, 20);
        joined(DYNAMIC, 20);
        assertEquals(List.of(status + 1, status + 2), news(hub));
        one.close();
        world.run();
        assertEquals(List.of(status + 1), news(hub));
        hub.server.end();
        assertEquals(List.of("stopping", status + 0), news(hub));
    }

    /**
     * A client tells what it looks for, why it tries again, and what it is connected to; it is ready when it has an
     * address.
     */
    @Test
    void client() throws Failure {
        World.Board board = world.board(1);
        assertEquals(List.of("looking for hub"), news(board));
        world.acceptor.accept().close();
        world.run();
        assertEquals(List.of("trying: 192.0.2.1:2002 closed the connection"), news(board));
        world.hub();
        world.pass(SECOND);
        String connected = "connected to 192.0.2.1:2002, address 10.0.0.2/16 on tun0";
        List<String> told = news(board);
        assertEquals(List.of(connected, told.getLast()), told);
        assertTrue(told.getLast().startsWith("ready "), told.toString());
        board.client.end();
        assertEquals(List.of("stopping"), news(board));
    }
}
