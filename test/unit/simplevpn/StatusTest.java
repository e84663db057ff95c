package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Errno;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;
import simplevpn.tunnel.Budget;

/** What running programs tell of themselves: the truth, to one at a time, and never at the cost of packets. */
class StatusTest extends KeyedWorldTest {
    private MemoryAcceptor socket;

    private void tells(World.Machine machine, Server server, Client client) throws Failure {
        socket = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(1, 1));
        new Status(machine.loop, socket, server, client);
    }

    private void tells(World.Hub hub) throws Failure {
        tells(hub, hub.server, null);
    }

    private void tells(World.Board board) throws Failure {
        tells(board, null, board.client);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What is answered, whole. */
    private String answer(String question) {
        MemoryStream asker = socket.connect();
        asker.put(bytes(question));
        world.run();
        return new String(asker.take(), StandardCharsets.UTF_8);
    }

    private StatusRecord status() throws Failure {
        return StatusRecord.read("the socket", bytes(answer("status\n")));
    }

    /** A server tells of itself and of each client what the client knows of itself. */
    @Test
    void serverAndClients() throws Exception {
        String pin = known("shed", "10.0.0.7");
        World.Hub hub = server("--allow-plain", "192.0.2.0/24");
        tells(hub);
        assertEquals(0, status().clients.size());
        World.Board shed = pinned("shed");
        World.Board plain = world.board(2);
        assertReaches(plain, shed);
        world.pass(3 * SECOND + SECOND / 2);
        hub.device.send(udp(HUB, "10.0.0.7", 100));
        world.run();
        StatusRecord server = status();
        assertEquals("srv", server.kind);
        assertEquals("tun0", server.text("interface"));
        assertEquals("10.0.0.1/16", server.text("address"));
        assertEquals(2, server.number("clients"));
        assertEquals(3, server.number("running_seconds"));
        assertEquals(60, server.number("timeout_seconds"));
        assertEquals(List.of("10.0.0.2", "10.0.0.7"),
                server.clients.stream().map(client -> client.text("address")).toList());
        StatusRecord one = server.clients.get(1);
        assertEquals("shed", one.text("name"));
        assertEquals(pin, one.text("pin"));
        assertTrue(one.text("cipher").startsWith("TLS_"), one.text("cipher"));
        assertEquals(128 * 2, one.number("sent_bytes"));
        assertEquals(2, one.number("sent_packets"));
        assertEquals(0, one.number("received_bytes"));
        assertEquals(3, one.number("heard_seconds"));
        assertEquals(3, one.number("connected_seconds"));
        assertEquals("cubic", one.text("congestion"));
        StatusRecord other = server.clients.get(0);
        assertNull(other.text("name"));
        assertNull(other.text("pin"));
        assertEquals(128, other.number("received_bytes"));
        assertTrue(other.text("from").startsWith("192.0.2.2:"), other.text("from"));
    }

    /** A client is up as long as its server is heard, however open the connection is; then it says why not. */
    @Test
    void clientThatHearsNothing() throws Failure {
        world.hub();
        World.Board board = world.board(1);
        tells(board);
        world.pass(40 * SECOND);
        StatusRecord up = status();
        assertTrue(up.isUp());
        assertEquals("connected", up.text("state"));
        assertEquals("10.0.0.2/16", up.text("address"));
        assertTrue(up.number("heard_seconds") <= 15, "an answer to a keepalive");
        assertEquals(40, up.number("state_seconds"));
        assertEquals(15, up.number("keepalive_seconds"));
        assertEquals(35_251_200, up.number("month_bytes"));
        assertNull(up.text("forgotten_seconds"));
        board.connector.last().cutLineSilently();
        board.connector.last().other().cutLineSilently();
        world.acceptor.silent = true;
        board.connector.last().fail(-Errno.ETIMEDOUT);
        world.pass(10 * SECOND);
        StatusRecord down = status();
        assertFalse(down.isUp());
        assertEquals("trying", down.text("state"));
        assertEquals(10, down.number("state_seconds"));
        assertNull(down.text("heard_seconds"));
        assertFalse(down.text("why").isEmpty());
    }

    /** A server whose answers stop coming is told as silent before it is given up, and never for a negative time. */
    @Test
    void silence() throws Failure {
        world.hub();
        World.Board board = world.board(1);
        tells(board);
        assertEquals(0, status().number("heard_seconds"));
        world.standStill(5 * SECOND);
        assertTrue(status().number("heard_seconds") >= 0);
    }

    /** No more clients are told of in a turn than the budget has, each of them once, though others come and go. */
    @Test
    void manyClientsPieceByPiece() throws Failure {
        int clients = 1000;
        world.acceptor.room = 256;
        World.Hub hub = world.new Hub(3 * clients, "--max-per-source", "5000");
        List<MemoryStream> streams = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            streams.add(joined(DYNAMIC, 20));
        }
        tells(hub);
        MemoryStream asker = socket.connect();
        asker.put(bytes("status\n"));
        int seen = 0;
        for (int turn = 0; !asker.other().isClosed(); turn++) {
            hub.loop.turnOnce();
            String so = new String(asker.peek(), StandardCharsets.UTF_8);
            int now = (int) so.lines().filter(line -> line.startsWith("client\t")).count();
            assertTrue(now - seen <= Budget.TOLD, "one turn told of " + (now - seen));
            seen = now;
            if (turn == 5) {
                // Told ones and others; their places are taken by the last.
                for (int i : new int[] {0, 1, 2, 500, 998, 999}) {
                    streams.get(i).close();
                }
                world.acceptor.connect().put(hex(DYNAMIC));
            }
            assertTrue(turn < 2 * clients);
        }
        StatusRecord server = StatusRecord.read("the socket", asker.take());
        Set<String> addresses = new TreeSet<>();
        server.clients.forEach(client -> addresses.add(client.text("address")));
        assertEquals(server.clients.size(), addresses.size(), "nobody twice");
        assertTrue(addresses.size() >= clients - 6, addresses.size() + " clients");
        assertEquals(hub.server.hub.clients(), status().clients.size());
    }

    /** Who asks and does not read costs nothing: packets go on, and when his time is over others have their turn. */
    @Test
    void slowReader() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        tells(hub);
        socket.room = 16;
        MemoryStream slow = socket.connect();
        slow.put(bytes("status\n"));
        world.run();
        assertEquals(16, slow.peek().length);
        socket.room = 1 << 20;
        MemoryStream next = socket.connect();
        next.put(bytes("status\n"));
        assertReaches(one, two);
        assertEquals(0, next.peek().length, "one at a time");
        world.pass(Budget.ANSWER_TIME - SECOND);
        assertFalse(slow.other().isClosed());
        world.pass(2 * SECOND);
        assertTrue(slow.other().isClosed());
        assertEquals(2, StatusRecord.read("the socket", next.take()).clients.size());
    }

    /** Who connects and says nothing, or goes in the midst of it, keeps nobody else waiting. */
    @Test
    void silentAskers() throws Failure {
        World.Hub hub = world.hub();
        tells(hub);
        MemoryStream silent = socket.connect();
        world.run();
        MemoryStream half = socket.connect();
        half.put(bytes("stat"));
        world.pass(Budget.ASK_TIME);
        assertTrue(silent.other().isClosed());
        world.run();
        half.put(bytes("us\n"));
        world.run();
        assertEquals("srv", StatusRecord.read("the socket", half.take()).kind);
        MemoryStream gone = socket.connect();
        gone.put(bytes("sta"));
        world.run();
        gone.close();
        world.run();
        assertTrue(gone.other().isClosed());
        MemoryStream deaf = socket.connect();
        deaf.put(bytes("status\n"));
        deaf.close();
        world.run();
        assertEquals("srv", status().kind);
    }

    /** What is too long, or no question, is answered with an error, and nothing else happens. */
    @Test
    void otherQuestions() throws Failure {
        World.Hub hub = world.hub();
        tells(hub);
        String error = "error\twhy=the question is not understood\n";
        assertEquals(error, answer("x".repeat(1000)));
        assertEquals(error, answer("status " + "x".repeat(100) + "\n"));
        assertEquals(error, answer("\n"));
        assertEquals(error, answer("\u0000\u00ff\n"));
        assertEquals(error, answer("status\tx\n"));
        assertNotEquals(error, answer("status\nstatus\n"));
        int before = world.kernel.count();
        socket.refuses = -Errno.EMFILE;
        MemoryStream waits = socket.connect();
        waits.put(bytes("status\n"));
        world.run();
        socket.refuses = 0;
        world.pass(SECOND);
        assertEquals("srv", StatusRecord.read("the socket", waits.take()).kind);
        waits.close();
        assertEquals(before, world.kernel.count());
    }

    /** A client is disconnected by name, address or pin, which is logged; nobody else is. */
    @Test
    void kick() throws Exception {
        String pin = known("shed", "10.0.0.7");
        World.Hub hub = server("--allow-plain", "192.0.2.0/24");
        World.Board shed = pinned("shed");
        World.Board plain = world.board(2);
        tells(hub);
        assertEquals("error\twhy=H\u00fctte: no client that is connected has this address, name or pin\n",
                answer("kick H\u00fctte\n"));
        String address6 = shed.device.addresses6.get(0);
        for (String who : new String[] {"shed", "10.0.0.7", pin, address6.substring(0, address6.indexOf('/'))}) {
            world.news();
            assertEquals("done\n", answer("kick " + who + "\n"));
            assertSaid(".*\\(10\\.0\\.0\\.7, shed\\) gone: disconnected by srv --kick; received .*");
            world.pass(30 * SECOND);
            assertReaches(plain, shed);
        }
        for (String who : new String[] {"barn", "10.0.0.3", "10.0.0.1", "", " ", "sha256:", serverPin, "fd00::a00:7"}) {
            assertEquals("error\twhy=" + who + ": no client that is connected has this address, name or pin\n",
                    answer("kick " + who + "\n"));
        }
        assertReaches(plain, shed);
        tells(shed);
        assertEquals("error\twhy=a client has no clients\n", answer("kick shed\n"));
    }
}
