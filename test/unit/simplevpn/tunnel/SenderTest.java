package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.memory.MemoryStream;
import simplevpn.memory.Recorder;
import simplevpn.protocol.Framing;
import simplevpn.protocol.ReferencePackets;

/** In how many writes packets leave, and when. */
class SenderTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final int LENGTH = 1000;
    private static final int FEW = 3;
    private static final int MANY = 20;

    private final Random random = new Random(23);
    private final MemoryKernel kernel = new MemoryKernel();
    private final Buffer source = Buffer.permanent(1 << 20);
    private final MemoryStream[] near = new MemoryStream[2];
    private final Link[] links = new Link[2];
    private MemoryLoop loop;
    private int at;

    @BeforeEach
    void connect() throws Failure {
        loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), false);
        for (int i = 0; i < 2; i++) {
            near[i] = MemoryStream.pair(kernel, ANY, ANY, 1 << 20)[0];
            links[i] = Link.open(loop, near[i], new Recorder(loop));
            links[i].setFraming(Framing.STREAM);
        }
    }

    /** Sends packets that lie side by side to a link. */
    private void send(int to, int count) {
        for (int i = 0; i < count; i++) {
            byte[] packet = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, LENGTH - 28);
            source.bytes.put(at, packet);
            loop.sender.packet(links[to], source, at, LENGTH, 0);
            at += LENGTH;
        }
    }

    private void assertWrites(int first, int second) {
        assertEquals(first + " " + second, near[0].writes + " " + near[1].writes);
    }

    /** A large batch leaves at once, from where it is; a small one waits for company until the end of the turn. */
    @Test
    void batches() throws Failure {
        send(0, FEW);
        send(1, MANY);
        send(0, FEW);
        assertWrites(0, 1);
        send(1, MANY);
        send(0, FEW);
        assertWrites(0, 2);
        loop.sender.endBatch(true);
        assertWrites(0, 2);
        loop.sender.flush();
        assertWrites(1, 2);
        assertEquals(3 * FEW * LENGTH, near[0].other().peek().length);
        assertEquals(2 * MANY * LENGTH, near[1].other().peek().length);
    }

    /** The last batch of a turn does not wait, however small it is; company that waits already goes before it. */
    @Test
    void lastBatch() throws Failure {
        send(0, 1);
        loop.sender.endBatch(true);
        assertWrites(1, 0);
        send(0, FEW);
        send(1, 1);
        send(0, MANY);
        loop.sender.endBatch(true);
        assertWrites(1, 0);
        loop.sender.flush();
        assertWrites(2, 1);
        byte[] bytes = near[0].other().take();
        byte[] expected = new byte[bytes.length];
        source.bytes.get(0, expected, 0, (1 + FEW) * LENGTH);
        source.bytes.get((FEW + 2) * LENGTH, expected, (1 + FEW) * LENGTH, MANY * LENGTH);
        assertArrayEquals(expected, bytes, "in the order in which they came");
    }

    /** To a classic peer every packet goes by itself, none waits for company, and only so many before they count. */
    @Test
    void classicPeers() throws Failure {
        links[0].setFraming(Framing.CLASSIC);
        send(0, Budget.CLASSIC_BATCH - 1);
        assertWrites(0, 0);
        send(0, 1);
        assertWrites(Budget.CLASSIC_BATCH, 0);
        send(0, FEW);
        loop.sender.endBatch(false);
        assertWrites(Budget.CLASSIC_BATCH + FEW, 0);
    }

    /** Without memory to wait in, a small batch leaves at once, and in one write. */
    @Test
    void withoutMemory() throws Failure {
        useAllMemory();
        send(0, FEW);
        send(1, 1);
        assertWrites(1, 0);
        assertEquals(FEW * LENGTH, near[0].other().peek().length);
    }

    private void useAllMemory() {
        for (int size = Pool.LARGEST; size > Pool.GUARANTEED; size /= 2) {
            while (loop.budget.memory.hasRoom(size)) {
                assertNotNull(loop.budget.memory.take(size, () -> { }), "room that there is not");
            }
        }
    }

    /** A stream that is full is not tried again until the loop hears that it has room, with memory and without. */
    @Test
    void fullStreams() throws Failure {
        for (boolean memory : new boolean[] {true, false}) {
            connect();
            byte[] filled = new byte[(1 << 20) - 10];
            near[0].put(filled);
            if (!memory) {
                useAllMemory();
            }
            at = 0;
            send(0, 1);
            loop.sender.endBatch(true);
            int writes = near[0].writes;
            assertTrue(links[0].isFull());
            for (int i = 0; i < 10; i++) {
                send(0, FEW);
                send(1, 1);
                loop.sender.endBatch(true);
                loop.sender.flush();
            }
            assertEquals(writes, near[0].writes, memory ? "with memory" : "without memory");
            near[0].other().take();
            loop.turnOnce();
            assertFalse(links[0].isFull());
            assertTrue(near[0].writes > writes);
            assertArrayEquals(ReferencePackets.bytes(source.bytes, 10, LENGTH - 10),
                    Arrays.copyOf(near[0].other().take(), LENGTH - 10), "the rest of the begun frame comes first");
        }
    }

    /** What was queued for a link that is closed before the end of the turn is forgotten, and harms nobody else. */
    @Test
    void closedLinks() throws Failure {
        send(0, FEW);
        send(1, FEW);
        links[0].close();
        send(1, FEW);
        loop.sender.endBatch(true);
        loop.sender.flush();
        assertWrites(0, 1);
        assertEquals(2 * FEW * LENGTH, near[1].other().peek().length);
    }
}
