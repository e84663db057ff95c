package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Abi;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** What a client asks for, what a server grants, and that both keep to what they agreed on and to nothing else. */
class AgreementTest extends WorldTest {
    private static final int ALL_OFFLOADS =
            Abi.TUN_F_CSUM | Abi.TUN_F_TSO4 | Abi.TUN_F_TSO6 | Abi.TUN_F_USO4 | Abi.TUN_F_USO6;
    private static final int KEEPALIVE_LENGTH = 20;

    /** The server's end of a client's last connection, where no server is. */
    private static MemoryStream server(World.Board board) {
        return board.connector.last().other();
    }

    /** An extended answer that assigns 10.0.0.2, with options. */
    private static byte[] answer(int features, String options) {
        byte[] answer = hex("45000000 56330000 00000001 00000000 0a000002" + options);
        answer[1] = (byte) features;
        ReferencePackets.set16(answer, 2, answer.length);
        return answer;
    }

    /** A client offers what its interface can do, and no offloads when its user wants none. */
    @Test
    void offered() throws Failure {
        assertEquals(7, server(world.board(1)).take()[1]);
        assertEquals(4, server(world.board(2, "--no-offload")).take()[1]);
        world.premade = device -> device.offloadsKnown = Abi.TUN_F_CSUM | Abi.TUN_F_TSO4 | Abi.TUN_F_TSO6;
        assertEquals(5, server(world.board(3)).take()[1]);
    }

    /** A server accepts of what is offered what its interface can do, and nothing when its user wants no offloads. */
    @Test
    void accepted() throws Failure {
        String[][] rows = {{"45030000", "03"}, {"45010000", "01"}, {"45000000", "00"}};
        for (boolean offload : new boolean[] {true, false}) {
            world.close();
            world = new World();
            world.new Hub(100, offload ? new String[] {} : new String[] {"--no-offload"});
            for (String[] row : rows) {
                MemoryStream raw = world.acceptor.connect();
                raw.put(hex(row[0] + "56320000 00000007 00000000 00000000"));
                world.run();
                assertEquals(offload ? hex(row[1])[0] : 0, raw.take()[1], row[0]);
            }
        }
    }

    /** What a server claims to accept but was not offered is not in force. */
    @Test
    void notOffered() throws Failure {
        World.Board board = world.board(1, "--no-offload");
        MemoryStream server = server(board);
        server.take();
        server.put(answer(3, ""));
        byte[] packet = udp(HUB, "10.0.0.2", 100);
        server.put(packet);
        world.run();
        assertArrayEquals(packet, board.device.receive());
        packet = udp("10.0.0.2", HUB, 100);
        board.device.send(packet);
        world.run();
        assertArrayEquals(packet, server.take());
    }

    /** Packets that a server sends before its answer do not reach the host, also when its interface is up already. */
    @Test
    void nothingBeforeTheAnswer() throws Failure {
        World.Board board = world.board(1);
        server(board).put(answer(0, ""));
        world.run();
        server(board).close();
        world.pass(2 * SECOND);
        server(board).put(udp(HUB, "10.0.0.2", 100));
        world.run();
        assertNull(board.device.receive());
        server(board).put(answer(0, ""));
        byte[] packet = udp(HUB, "10.0.0.2", 100);
        server(board).put(packet);
        world.run();
        assertArrayEquals(packet, board.device.receive());
    }

    /** The kernel delivers super-packets exactly as long as the client's server takes them. */
    @Test
    void deliveredOffloads() throws Failure {
        World.Board board = world.board(1);
        assertEquals(ALL_OFFLOADS, board.device.offloads);
        server(board).put(answer(0, ""));
        world.run();
        assertEquals(0, board.device.offloads);
        server(board).close();
        world.pass(2 * SECOND);
        server(board).put(answer(3, ""));
        world.run();
        assertEquals(ALL_OFFLOADS, board.device.offloads);
        server(board).close();
        world.pass(2 * SECOND);
        server(board).put(hex("45000000 00000000 00000000 00000000 0a000002"));
        world.run();
        assertEquals(0, board.device.offloads, "a classic server");
    }

    /** The address that the user wants is asked for, else the one that the interface has for good, else any. */
    @Test
    void wantedAddress() throws Failure {
        assertEquals("00000000", wanted(world.board(1)));
        assertEquals("0a000707", wanted(world.board(2, "-a", "10.0.7.7")));
        world.premade = device -> {
            device.permitted = false;
            device.address = Address.parse("10.0.8.8");
        };
        assertEquals("0a000808", wanted(world.board(3)));
        assertEquals("0a000707", wanted(world.board(4, "-a", "10.0.7.7")));
    }

    private static String wanted(World.Board board) {
        return "%08x".formatted(ReferencePackets.get32(server(board).take(), 12));
    }

    /**
     * How long the kernel tries to get data through: as long as a stranger has, then as long as a silent peer has; at
     * the client what its user says goes before what the server says.
     */
    @Test
    void patience() throws Failure {
        world.hub("-t", "30");
        MemoryStream raw = world.acceptor.connect();
        world.run();
        assertEquals(10, raw.other().patience);
        raw.put(hex(DYNAMIC));
        world.run();
        assertEquals(30, raw.other().patience);
        assertEquals(30, world.board(1).connector.last().patience);
        assertEquals(8, world.board(2, "-t", "8").connector.last().patience);
    }

    /** A silent client speaks after the shorter idle time: the server's, or a quarter of its own timeout. */
    @Test
    void idle() throws Failure {
        assertSpeaksAfter(2, "0404 0002 003c");
        assertSpeaksAfter(15, "0404 0014 003c");
        assertSpeaksAfter(3, "0404 000f 003c", "-t", "12");
        assertSpeaksAfter(15, "");
        assertSpeaksAfter(5, "0404 0005 0014", "-t", "60");
        assertSpeaksAfter(10, "0404 000a 0028");
    }

    private void assertSpeaksAfter(int seconds, String options, String... words) throws Failure {
        World.Board board = world.board(1, words);
        MemoryStream server = server(board);
        server.put(answer(0, options));
        world.run();
        server.take();
        world.pass(seconds * SECOND - 1);
        assertEquals(0, server.take().length, options);
        world.pass(1);
        assertEquals(KEEPALIVE_LENGTH, server.take().length, options);
    }

    /** A client sends no keepalives while packets go both ways, and does as soon as one direction has ended. */
    @Test
    void packetsAreSignsOfLife() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = server(board);
        server.put(answer(0, ""));
        world.run();
        server.take();
        for (int i = 0; i < 10; i++) {
            byte[] packet = udp("10.0.0.2", HUB, 10);
            board.device.send(packet);
            server.put(udp(HUB, "10.0.0.2", 10));
            world.pass(10 * SECOND);
            assertArrayEquals(packet, server.take());
        }
        server.put(udp(HUB, "10.0.0.2", 10));
        world.pass(5 * SECOND);
        assertEquals(KEEPALIVE_LENGTH, server.take().length, "nothing was sent for 15 s");
        server.put(hex(KEEPALIVE));
        for (int i = 0; i < 3; i++) {
            board.device.send(udp("10.0.0.2", HUB, 10));
            world.pass(5 * SECOND);
        }
        assertEquals(3 * 38 + KEEPALIVE_LENGTH, server.take().length, "nothing came for 15 s");
    }

    /**
     * After a connection that lasted the next pause is a short one again, and why the next attempt fails is news, also
     * if it failed for the same reason before.
     */
    @Test
    void successIsABeginning() throws Failure {
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.unreachable = "ENETUNREACH (Network is unreachable)";
        world.pass(200 * SECOND);
        assertEquals(1, world.news().stream().filter(line -> line.contains("ENETUNREACH")).count());
        board.connector.unreachable = null;
        while (board.connector.begun.isEmpty()) {
            world.pass(SECOND);
        }
        server(board).put(answer(0, ""));
        world.pass(10 * SECOND);
        int begun = board.connector.begun.size();
        server(board).close();
        world.pass(SECOND);
        assertEquals(begun + 1, board.connector.begun.size());
        server(board).close();
        board.connector.unreachable = "ENETUNREACH (Network is unreachable)";
        world.pass(60 * SECOND);
        assertEquals(1, world.news().stream().filter(line -> line.contains("ENETUNREACH")).count());
    }

    /** What waits while a client changes to a server of a smaller MTU without offloads is cut to that. */
    @Test
    void theNextServersMtu() throws Failure {
        World.Board board = world.board(1);
        server(board).put(answer(1, ""));
        world.run();
        server(board).take();
        server(board).close();
        world.pass(SECOND);
        server(board).put(answer(0, "0302 0514"));
        world.run();
        server(board).take();
        byte[] header = SUPER_PACKET.clone();
        ReferencePackets.set16(header, 4, 0xb405); // 1,460 bytes, little-endian
        board.device.send(header, ReferencePackets.unfinished(tcp("10.0.0.2", HUB, 5000)));
        world.run();
        for (byte[] sent = server(board).take(); sent.length > 0;) {
            int length = ReferencePackets.get16(sent, 2);
            assertTrue(length <= 1300, () -> "a packet of " + length + " bytes");
            sent = Arrays.copyOfRange(sent, length, sent.length);
        }
    }

    /** A name server that takes its time takes nothing off the time for connecting. */
    @Test
    void slowNameServer() throws Failure {
        World.Board board = world.new Board(1, "-s", "hub");
        board.connector.slow = true;
        board.connector.namesAreSlow = true;
        world.pass(20 * SECOND);
        board.connector.lookups.getLast().answer();
        world.run();
        world.pass(10 * SECOND - 1);
        assertEquals(1, board.connector.begun.size());
        assertEquals(-1, world.log().indexOf("cannot be reached"));
        world.pass(1);
        assertNotEquals(-1, world.log().indexOf("cannot be reached"));
        assertNull(board.failure);
    }

    /**
     * A client that stood still while it waited for an answer gives the server its whole time again, since the answer
     * may be on its way; a server that says nothing then is dead.
     */
    @Test
    void standstillOfAClient() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = server(board);
        server.put(answer(0, "0404 000f 003c"));
        world.run();
        world.pass(15 * SECOND);
        server.take();
        world.standStill(50 * SECOND);
        world.pass(15 * SECOND);
        assertEquals(1, board.connector.begun.size());
        byte[] sent = server.take();
        assertEquals(0, sent.length % KEEPALIVE_LENGTH);
        assertArrayEquals(new byte[] {-1, -1, -1, -1}, Arrays.copyOfRange(sent, 16, 20));
        world.pass(60 * SECOND);
        assertSaid("192.0.2.1:2002 does not answer; .*");
    }
}
