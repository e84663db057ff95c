package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.linux.Buffer;
import simplevpn.protocol.ReferencePackets;

/** The ring of frames against a list of them. */
class FrameQueueTest {
    private static final Pool.Holder NOBODY = () -> { };

    private final Random random = new Random(1);
    private final Pool pool = new Pool(16 << 20);
    private final Buffer source = Buffer.permanent(1 << 17);

    /** Puts a frame to the source's beginning: as much of an IPv4 packet as the queue looks at, the rest random. */
    private byte[] frame(int tag, int length) {
        byte[] frame = new byte[tag + length];
        random.nextBytes(frame);
        ReferencePackets.set32(frame, tag, 0x4500L << 16 | length);
        ReferencePackets.set32(frame, tag + 12, 0x0a00_0001);
        ReferencePackets.set32(frame, tag + 16, 0x0a00_0002);
        source.bytes.put(0, frame);
        return frame;
    }

    /** What a list makes of the same calls: whole frames, and the rest of a begun one in front. */
    private static final class Model {
        private final Deque<byte[]> frames = new ArrayDeque<>();
        private byte[] rest = {};

        int size() {
            return rest.length + frames.stream().mapToInt(frame -> frame.length).sum();
        }

        byte[] taken(int length) {
            byte[] all = new byte[length];
            for (int done = 0; done < length;) {
                if (rest.length == 0) {
                    rest = frames.remove();
                }
                int part = Math.min(rest.length, length - done);
                System.arraycopy(rest, 0, all, done, part);
                rest = Arrays.copyOfRange(rest, part, rest.length);
                done += part;
            }
            return all;
        }
    }

    /**
     * Frames of all sizes that are added, written in pieces that end anywhere, dropped from the head and moved to
     * smaller buffers: every byte comes out as it went in, in both framings, and a queue that is never empty for long
     * stays in the buffer that it has.
     */
    @Test
    void againstAList() {
        for (int tag = 0; tag <= 4; tag += 4) {
            FrameQueue queue = new FrameQueue(pool, NOBODY);
            Model model = new Model();
            int wrapped = 0;
            for (int round = 0; round < 60_000; round++) {
                int before = queue.isEmpty() ? 0 : queue.pieceAt();
                switch (random.nextInt(8)) {
                    case 0, 1, 2, 3 -> {
                        byte[] frame = frame(tag, 20 + random.nextInt(random.nextInt(20) == 0 ? 20_000 : 1480));
                        if (model.size() < 60_000 && queue.add(source, 0, frame.length)) {
                            model.frames.add(frame);
                        }
                    }
                    case 4 -> {
                        if (!model.frames.isEmpty() && random.nextInt(3) == 0) {
                            queue.dropFirst(tag);
                            model.frames.remove();
                        }
                    }
                    case 5 -> {
                        if (random.nextInt(200) == 0) {
                            queue.tidy();
                        }
                    }
                    default -> {
                        if (!queue.isEmpty()) {
                            boolean single = random.nextBoolean();
                            int most = queue.pieceLength(single, tag);
                            int first = model.rest.length > 0 ? model.rest.length : model.frames.element().length;
                            assertTrue(single ? most == first : most >= first);
                            int length = random.nextInt(3) == 0 ? most : 1 + random.nextInt(most);
                            byte[] piece = ReferencePackets.bytes(queue.buffer().bytes, queue.pieceAt(), length);
                            queue.taken(length, tag);
                            assertArrayEquals(model.taken(length), piece, "round " + round);
                        }
                    }
                }
                wrapped += !queue.isEmpty() && queue.pieceAt() < before ? 1 : 0;
                assertEquals(model.size(), queue.size());
                assertEquals(model.rest.length, queue.rest());
                assertEquals(model.size() == 0, queue.isEmpty());
            }
            assertTrue(wrapped > 100, "came round " + wrapped + " times");
            queue.clear();
            pool.shrink();
            pool.shrink();
            assertFalse(pool.isUsed(), "every buffer was given back");
        }
    }

    /** When the bytes that are free do not lie in one place, a larger buffer comes, never a second one of that size. */
    @Test
    void growsWhenItMoves() {
        FrameQueue queue = new FrameQueue(pool, NOBODY);
        for (int i = 0; i < 3; i++) {
            frame(0, 1300);
            assertTrue(queue.add(source, 0, 1300));
        }
        assertEquals(4096, queue.buffer().size);
        queue.dropFirst(0);
        frame(0, 1400);
        assertTrue(queue.add(source, 0, 1400));
        assertEquals(8192, queue.buffer().size);
    }

    /** The rest of a begun frame is the first to go on, also when all whole frames behind it were dropped. */
    @Test
    void restStays() {
        FrameQueue queue = new FrameQueue(pool, NOBODY);
        byte[] begun = frame(0, 1000);
        assertTrue(queue.addRest(source, 300, 700));
        frame(0, 500);
        queue.add(source, 0, 500);
        queue.dropFirst(0);
        assertEquals(700, queue.size());
        byte[] next = frame(0, 800);
        queue.add(source, 0, 800);
        assertEquals(700, queue.pieceLength(false, 0), "what was dropped lies between");
        assertArrayEquals(Arrays.copyOfRange(begun, 300, 1000),
                ReferencePackets.bytes(queue.buffer().bytes, queue.pieceAt(), 700));
        queue.taken(700, 0);
        assertArrayEquals(next, ReferencePackets.bytes(queue.buffer().bytes, queue.pieceAt(), 800));
        queue.taken(800, 0);
        assertTrue(queue.isEmpty());
    }

    /** A queue that is written as fast as it is filled comes round in the buffer that it has, and moves nothing. */
    @Test
    void steadyQueueKeepsItsBuffer() {
        FrameQueue queue = new FrameQueue(pool, NOBODY);
        for (int i = 0; i < 3; i++) {
            frame(0, 1400);
            queue.add(source, 0, 1400);
        }
        Buffer buffer = queue.buffer();
        for (int i = 0; i < 10_000; i++) {
            queue.taken(queue.pieceLength(true, 0), 0);
            frame(0, 1400);
            assertTrue(queue.add(source, 0, 1400));
        }
        assertEquals(buffer, queue.buffer());
    }

    /** Memory is held only while something waits; without any a frame is refused, and nothing is lost by that. */
    @Test
    void memory() {
        Pool poor = new Pool(Pool.GUARANTEED);
        FrameQueue queue = new FrameQueue(poor, NOBODY);
        frame(0, 2000);
        assertTrue(queue.add(source, 0, 2000));
        assertFalse(queue.add(source, 0, 2000), "a larger buffer is not to be had beside the first");
        assertEquals(2000, queue.size());
        frame(0, 48);
        assertTrue(queue.add(source, 0, 48));
        queue.taken(2048, 0);
        poor.shrink();
        poor.shrink();
        assertFalse(poor.isUsed());
        assertFalse(queue.addRest(source, 0, 5000));
        assertFalse(new FrameQueue(pool, NOBODY).add(source, 0, Pool.LARGEST + 1));
    }
}
