package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryStream;

/**
 * Two machines that are one client to the server, by a copied key: both sides' people learn it from the log,
 * the two calm down, and nobody else can cause such a line.
 */
class DisplacedTest extends KeyedWorldTest {
    private static final String AGAIN = "the same client connected again from 192.0.2.2:50000";
    private static final String COUNTS = "; received 0 packets, 0 bytes; sent 0 packets, 0 bytes; dropped 0,"
            + " rejected 0";
    private static final String TOLD = "192.0.2.1:2002 has ended this connection: " + AGAIN
            + " (two machines with one key? see --join)" + COUNTS + ", resyncs 0; reconnecting";
    private static final String CLOSED = "192.0.2.1:2002 closed the connection" + COUNTS
            + ", resyncs 0; reconnecting";

    /** Lines of the log that tell of an end. */
    private List<String> ends() {
        List<String> ends = new ArrayList<>();
        for (String line : world.news()) {
            if (line.contains("gone: ") || line.endsWith("; reconnecting")) {
                ends.add(line);
            }
        }
        return ends;
    }

    /** A refusal as a server sends it that nobody asked, to a client without offload framing. */
    private static byte[] refusal(String words) {
        byte[] text = words.getBytes(StandardCharsets.UTF_8);
        byte[] frame = new byte[22 + text.length];
        frame[0] = 0x45;
        frame[3] = (byte) frame.length;
        frame[4] = 0x56;
        frame[5] = 0x33;
        frame[20] = 6;
        frame[21] = (byte) text.length;
        System.arraycopy(text, 0, frame, 22, text.length);
        return frame;
    }

    /** The server's end of a client's connection, which it has answered so. */
    private MemoryStream answers(World.Board board, String answer) {
        MemoryStream server = board.connector.last().other();
        server.take();
        server.put(hex(answer));
        world.run();
        world.news();
        return server;
    }

    private MemoryStream answers(World.Board board) {
        return answers(board, "45000014 56330000 00000001 00000000 0a000002");
    }

    /** One line each, with the other one's address, by its key, in either framing. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothSidesTell(boolean offload) throws Exception {
        known("one");
        server();
        pinned("one", offload ? new String[0] : new String[] {"--no-offload"});
        world.news();
        pinned("one");
        assertEquals(List.of("192.0.2.2:50000 (10.0.0.2, one) gone: " + AGAIN + COUNTS, TOLD), ends());
    }

    /** Without keys the session token makes them one client: one program, whose old connection lives by chance. */
    @Test
    void byToken() throws Failure {
        world.hub();
        world.board(77);
        world.news();
        world.board(77, "-a", "10.0.0.2");
        assertEquals(List.of("192.0.2.2:50000 (10.0.0.2) gone: " + AGAIN + COUNTS, CLOSED), ends());
    }

    /** With --once the words are the last that it says. */
    @Test
    void once() throws Exception {
        known("one");
        server();
        World.Board board = pinned("one", "--once");
        pinned("one");
        assertEquals(TOLD.substring(0, TOLD.indexOf(COUNTS)), board.failure.getMessage());
    }

    /** They do not push each other out without a pause: soon each stays for a quarter of a minute and more. */
    @Test
    void calmDown() throws Exception {
        known("one");
        World.Hub hub = server();
        World.Board first = pinned("one");
        World.Board second = pinned("one");
        world.pass(300 * SECOND);
        int before = first.connector.begun.size() + second.connector.begun.size();
        world.news();
        world.pass(3600 * SECOND);
        int begun = first.connector.begun.size() + second.connector.begun.size() - before;
        assertTrue(begun > 100 && begun <= 240, begun + " connections in an hour");
        assertEquals(2 * begun, ends().size(), begun + " connections, and a line of each side for each");
        assertEquals(1, hub.server.hub.clients());
        second.ended = true;
        world.pass(100 * SECOND);
        begun = first.connector.begun.size();
        first.connector.last().fail(-104);
        world.pass(SECOND + SECOND / 10);
        assertEquals(begun + 1, first.connector.begun.size(), "who is alone again is back at once");
    }

    /** Whoever comes with another token and wants the address is refused; the client there hears nothing of it. */
    @Test
    void notByStrangers() throws Failure {
        world.hub();
        World.Board board = world.board(77);
        world.board(78, "-a", "10.0.0.2", "--once");
        joined("45000000 00000000 00000000 00000000 00000000", 20);
        MemoryStream other = world.acceptor.connect();
        other.put(hex("45000000 00000000 00000000 0a000002 00000000"));
        world.run();
        assertTrue(other.other().isClosed());
        assertEquals(1, board.connector.begun.size());
        assertReaches(board, world.board(79));
    }

    /** A connection that takes nothing any more is closed all the same, without waiting for it. */
    @Test
    void fullConnection() throws Exception {
        known("one");
        World.Hub hub = server();
        World.Board old = pinned("one");
        old.ended = true;
        old.connector.last().room(0);
        hub.device.send(udp(HUB, "10.0.0.2", 1400));
        world.run();
        World.Board fresh = pinned("one");
        assertSaid(".*\\(10.0.0.2, one\\) gone: " + AGAIN + "; .*");
        assertTrue(old.connector.last().other().isClosed());
        assertReaches(hub, fresh);
    }

    /** A server that says so without end, and goes on, has no line in the log for it, and keeps its client. */
    @Test
    void wordsWithoutEnd() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = answers(board);
        for (int i = 0; i < 1000; i++) {
            for (int j = 0; j < 100; j++) {
                server.put(refusal("go away " + j));
            }
            world.pass(SECOND / 100);
        }
        assertEquals(List.of(), world.news());
        byte[] packet = udp(HUB, "10.0.0.2", 100);
        server.put(packet);
        world.run();
        assertArrayEquals(packet, board.device.receive());
        server.close();
        world.run();
        assertEquals("192.0.2.1:2002 closed the connection; received 1 packets, 128 bytes; sent 0 packets, 0 bytes;"
                + " dropped 0, rejected 0, resyncs 0; reconnecting", ends().getFirst(),
                "what comes behind the words says that they were not about the end");
    }

    /** Its words are one line of the log, whatever is in them; an invalid message has none. */
    @Test
    void oddWords() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = answers(board);
        server.put(refusal("\u001b[2J\nsrv: all\u2028is\u202ewell\u0085"));
        server.close();
        world.run();
        assertEquals(List.of("192.0.2.1:2002 has ended this connection:  [2J srv: all is well " + COUNTS
                + ", resyncs 0; reconnecting"), ends());
        world.pass(2 * SECOND);
        byte[] invalid = refusal("words");
        invalid[21]++;
        server = answers(board);
        server.put(invalid);
        server.close();
        world.run();
        assertEquals(List.of(CLOSED), ends());
    }

    /** Words of the connection before are none about this one. */
    @Test
    void forgotten() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = answers(board);
        server.put(refusal("we close for today"));
        server.close();
        world.run();
        assertEquals(1, ends().size());
        world.pass(2 * SECOND);
        board.connector.last().other().close();
        world.run();
        assertSaid("192.0.2.1:2002 closed the connection instead of giving .*; trying again until it works");
        world.pass(4 * SECOND);
        answers(board).close();
        world.run();
        assertEquals(List.of(CLOSED), ends());
    }

    /** A server that closes with packets unread breaks the connection off: what it has said before is heard. */
    @Test
    void brokenOff() throws Failure {
        World.Board board = world.board(1);
        answers(board).put(refusal(AGAIN));
        board.connector.last().fail(-104);
        world.run();
        assertEquals(List.of(TOLD), ends());
    }

    /** A client of a classic server takes nothing for such words. */
    @Test
    void classicServer() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = answers(board, "45000000 00000000 00000000 00000000 0a000005");
        server.put(refusal(AGAIN));
        server.close();
        world.run();
        assertEquals(List.of(CLOSED), ends());
    }
}
