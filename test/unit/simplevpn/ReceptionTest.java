package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** What strangers can make a server compute: little at a time, and everybody's turn comes. */
class ReceptionTest extends WorldTest {
    /** Of 300 connections a quarter may be strangers', and half of these one source's. */
    private static final int MOST_OF_ONE = 37;
    private static final long TURN = World.SECOND / 100;

    @TempDir
    private Path folder;
    private World.Hub hub;
    private byte[] hello;
    private int port = 1000;

    @BeforeEach
    void server() throws Exception {
        world.acceptor.room = 5000;
        String key = folder.resolve("key").toString();
        KeyFiles.generate(key);
        String peers = Files.writeString(folder.resolve("peers"), "").toString();
        hub = world.new Hub(300, "--key", key, "--peers", peers);
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(true);
        ByteBuffer message = ByteBuffer.allocate(1 << 15);
        engine.wrap(ByteBuffer.allocate(0), message);
        hello = Arrays.copyOf(message.array(), message.position());
    }

    /** The first message of a handshake, from a host. */
    private MemoryStream from(int host) {
        MemoryStream stream = world.acceptor.connect(MemoryKernel.endpoint(0xc6336400 | host, port++));
        stream.put(hello);
        return stream;
    }

    private List<MemoryStream> flood(int host, int count) {
        List<MemoryStream> flood = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            flood.add(from(host));
        }
        world.run();
        return flood;
    }

    private static long answered(List<MemoryStream> streams) {
        return streams.stream().filter(stream -> stream.peek().length > 0).count();
    }

    private static long open(List<MemoryStream> streams) {
        return streams.stream().filter(stream -> !stream.other().isClosed()).count();
    }

    /** One handshake begins each hundredth of a second; before that, nothing is computed for it. */
    @Test
    void oneAtATime() {
        List<MemoryStream> flood = flood(1, 30);
        assertEquals(1, answered(flood));
        for (int turns = 1; turns < 30; turns++) {
            world.pass(TURN);
            assertEquals(1 + turns, answered(flood));
        }
    }

    /** One that takes a little longer than a turn costs the next one that little, not another turn. */
    @Test
    void slowOnesLoseNoTurn() {
        hub.handshakes.rests = true;
        List<MemoryStream> flood = flood(1, 2);
        world.pass(TURN + TURN / 20);
        assertEquals(0, answered(flood));
        hub.handshakes.rests = false;
        world.run();
        assertEquals(1, answered(flood));
        world.pass(TURN / 10);
        assertEquals(2, answered(flood));
    }

    /** Another host's handshake is the next one, however many wait; and who has gone is passed over. */
    @Test
    void sourcesTakeTurns() {
        List<MemoryStream> flood = flood(1, 30);
        MemoryStream good = from(2);
        world.run();
        for (int i = 1; i < 20; i++) {
            flood.get(i).reset();
        }
        world.pass(TURN);
        assertTrue(good.peek().length > 0);
        assertEquals(1, answered(flood));
        world.pass(TURN);
        assertTrue(flood.get(20).peek().length > 0);
    }

    /** Who closes its connection in good order while it waits is passed over too: the next of its host is next. */
    @Test
    void endedFloodTakesNoTurn() {
        List<MemoryStream> flood = flood(1, MOST_OF_ONE - 1);
        for (MemoryStream stream : flood) {
            stream.close();
        }
        MemoryStream good = from(1);
        world.run();
        world.pass(TURN);
        assertTrue(good.peek().length > 0);
        assertEquals(0, open(flood));
        assertSaid("198.51.100.1:1035 gone: closed the connection in the handshake");
    }

    /** Who has sent as much as is kept of a stranger, and stays, is not taken for one who has gone. */
    @Test
    void longestIsNotGone() {
        world.acceptor.room = 50_000;
        MemoryStream first = from(1);
        MemoryStream full = from(1);
        full.put(new byte[20_000]);
        world.run();
        world.pass(TURN);
        assertTrue(first.peek().length > 0);
        assertTrue(full.peek().length > 0, "its hello was answered");
    }

    /** Work that was done is not thrown away for others of the same host; those that only wait give way. */
    @Test
    void whatHasBegunGoesOn() {
        List<MemoryStream> begun = flood(1, MOST_OF_ONE);
        world.pass(MOST_OF_ONE * TURN);
        assertEquals(MOST_OF_ONE, answered(begun));
        assertEquals(0, open(flood(1, 100)));
        assertEquals(MOST_OF_ONE, open(begun));
        assertSaid("198.51.100.1:1037 turned away: 37 connections of one host without an address are the limit");
        begun.getFirst().reset();
        world.run();
        List<MemoryStream> more = flood(1, 10);
        assertEquals(1, open(more));
        assertFalse(more.getLast().other().isClosed());
    }

    /** A host with many connections gives way to one with fewer, also in the middle of its handshakes. */
    @Test
    void manyGiveWayToFew() {
        List<MemoryStream> all = new ArrayList<>(flood(1, MOST_OF_ONE));
        all.addAll(flood(2, MOST_OF_ONE));
        world.pass(2 * MOST_OF_ONE * TURN);
        assertEquals(2 * MOST_OF_ONE, answered(all));
        for (int i = 3; i < 20; i++) {
            MemoryStream good = from(i);
            world.pass(TURN);
            assertTrue(good.peek().length > 0, "host " + i);
        }
    }
}
