package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.linux.Buffer;
import simplevpn.protocol.ReferencePackets;

class OutboxTest {
    private static final long SECOND = 1_000_000_000L;

    private final Random random = new Random(1);
    private final Pool pool = new Pool(16 << 20);
    private final Outbox outbox = new Outbox(pool);
    private final Buffer source = Buffer.permanent(1 << 17);

    /**
     * Puts a frame to the source's beginning: as much of an IPv4 packet as the box looks at, and a number to know it
     * by.
     */
    private int frame(int prefix, int length, int number) {
        for (int i = 0; i < prefix + length; i++) {
            source.bytes.put(i, (byte) random.nextInt());
        }
        source.bytes.putInt(prefix, 0x4500 << 16 | length);
        source.bytes.putInt(prefix + 4, number);
        source.bytes.putLong(prefix + 12, 0x0a00_0001_0a00_0002L);
        return prefix + length;
    }

    private void add(int length, int number, long now) {
        outbox.add(source, 0, frame(0, length, number), now);
    }

    /** The numbers of the frames that wait, behind the rest of one that was begun. */
    private List<Integer> waiting() {
        List<Integer> numbers = new ArrayList<>();
        int at = outbox.head() + outbox.rest();
        while (at < outbox.head() + outbox.size()) {
            numbers.add(outbox.buffer().bytes.getInt(at + 4));
            at += outbox.buffer().bytes.getShort(at + 2) & 0xffff;
        }
        assertEquals(outbox.head() + outbox.size(), at, "the last frame is not whole");
        return numbers;
    }

    /** What does not fit is dropped whole and counted, what waits stays as it is, and a smaller frame may still fit. */
    @Test
    void bound() {
        int number = 0;
        while (outbox.dropped() == 0 && number < Pool.LARGEST / 500) {
            add(1000, number++, 0);
        }
        assertEquals(1, outbox.dropped());
        assertEquals(1000 * (number - 1), outbox.size());
        assertTrue(outbox.size() <= Pool.LARGEST);
        assertEquals(number - 1, waiting().size());
        int size = outbox.size();
        add(20, number++, 0);
        assertEquals(size + 20, outbox.size());
        add(1000, number, 0);
        outbox.drop();
        assertEquals(3, outbox.dropped());
    }

    /** How much of a begun frame is left follows from what was written, wherever a write ended. */
    @Test
    void restOfABegunFrame() {
        int length = frame(4, 1000, 0);
        assertTrue(outbox.addRest(source, 300, length - 300, 0));
        assertEquals(704, outbox.rest());
        assertEquals(704, outbox.size());
        outbox.add(source, 0, frame(4, 500, 1), 0);
        outbox.add(source, 0, frame(4, 600, 2), 0);
        outbox.taken(700, 4);
        assertEquals(4, outbox.rest());
        outbox.taken(4, 4);
        assertEquals(0, outbox.rest());
        outbox.taken(1, 4);
        assertEquals(503, outbox.rest());
        outbox.taken(504, 4);
        assertEquals(603, outbox.rest());
        outbox.taken(603, 4);
        assertTrue(outbox.isEmpty());
        assertEquals(0, outbox.rest());
    }

    /** Memory is held only while something waits. */
    @Test
    void memoryIsGivenBack() {
        assertTrue(outbox.isEmpty());
        assertNull(outbox.buffer());
        add(2000, 0, 0);
        assertFalse(pool.hasSpare());
        outbox.taken(1999, 0);
        assertFalse(pool.hasSpare());
        outbox.taken(1, 0);
        assertTrue(outbox.isEmpty());
        assertNull(outbox.buffer());
        assertTrue(pool.hasSpare());
        add(1000, 1, 0);
        outbox.clear();
        assertTrue(outbox.isEmpty());
        assertNull(outbox.buffer());
        pool.shrink();
        pool.shrink();
        assertFalse(pool.hasSpare());
    }

    /** What little is left of a long queue moves to a small buffer, a begun frame's rest and all the others whole. */
    @Test
    void littleNeedsLittleMemory() {
        int length = frame(0, 1000, -1);
        assertTrue(outbox.addRest(source, 300, length - 300, 0));
        for (int number = 0; number < 400; number++) {
            add(1000, number, 0);
        }
        int large = outbox.buffer().size;
        outbox.expire(10 * SECOND, 0);
        List<Integer> left = waiting();
        int size = outbox.size();
        outbox.tidy();
        assertTrue(outbox.buffer().size < large / 8, "from " + large + " to " + outbox.buffer().size);
        assertEquals(size, outbox.size());
        assertEquals(700, outbox.rest());
        assertEquals(left, waiting());
        outbox.taken(700 + 1000, 0);
        assertEquals(left.subList(1, left.size()), waiting());
    }

    /** Clients that do not read leave memory to others: a queue stops to grow before the pool is empty, a rest does not. */
    @Test
    void queuesLeaveMemoryToRests() {
        Pool shared = new Pool(1 << 20);
        Outbox greedy = new Outbox(shared);
        for (int number = 0; number < 2000; number++) {
            greedy.add(source, 0, frame(0, 1000, number), 0);
        }
        assertTrue(greedy.dropped() > 0);
        List<Outbox> others = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Outbox other = new Outbox(shared);
            assertTrue(other.addRest(source, 0, 2000, 0), "client " + i);
            others.add(other);
        }
        assertEquals(100, others.size());
    }

    /** Without memory a frame is dropped and counted, and the rest of one cannot be kept, which the caller learns. */
    @Test
    void noMemory() {
        Outbox poor = new Outbox(new Pool(4096));
        poor.add(source, 0, frame(0, 2000, 0), 0);
        poor.add(source, 0, frame(0, 2000, 1), 0);
        assertEquals(1, poor.dropped(), "a larger buffer is not to be had beside the first");
        assertEquals(2000, poor.size());
        poor.add(source, 0, frame(0, 48, 2), 0);
        assertEquals(2048, poor.size());
        assertFalse(new Outbox(new Pool(4096)).addRest(source, 0, 5000, 0));
    }

    /** Frames come out byte by byte as they went in, in whatever pieces they are written, in both framings. */
    @Test
    void orderAndContent() {
        for (int prefix = 0; prefix <= 4; prefix += 4) {
            Outbox box = new Outbox(pool);
            Deque<Byte> model = new ArrayDeque<>();
            for (int round = 0; round < 3000; round++) {
                if (random.nextInt(3) > 0) {
                    int length = frame(prefix, 20 + random.nextInt(random.nextInt(20) == 0 ? 20_000 : 1480), round);
                    long dropped = box.dropped();
                    box.add(source, 0, length, 0);
                    for (int i = 0; box.dropped() == dropped && i < length; i++) {
                        model.add(source.bytes.get(i));
                    }
                } else if (!model.isEmpty()) {
                    int length = random.nextInt(30) == 0 ? model.size()
                            : 1 + random.nextInt(Math.min(model.size(), 5000));
                    for (int i = 0; i < length; i++) {
                        if (model.remove() != box.buffer().bytes.get(box.head() + i)) {
                            throw new AssertionError("byte " + i + " of round " + round);
                        }
                    }
                    box.taken(length, prefix);
                }
                assertEquals(model.size(), box.size());
                assertEquals(model.isEmpty(), box.isEmpty());
            }
        }
    }

    /**
     * What waited too long is dropped from the head and counted; what came later stays, and so does a begun frame's
     * rest.
     */
    @Test
    void oldFramesAreDropped() {
        assertTrue(outbox.addRest(source, 0, 700, 0));
        for (int i = 0; i < 100; i++) {
            add(1000, i, 1);
        }
        List<Integer> all = waiting();
        byte[] rest = ReferencePackets.bytes(outbox.buffer().bytes, outbox.head(), 700);
        outbox.expire(2, 0);
        assertEquals(all, waiting(), "nothing is old yet");
        for (int i = 100; i < 120; i++) {
            add(1000, i, 10 * SECOND);
        }
        outbox.expire(10 * SECOND, 0);
        int kept = waiting().size();
        assertTrue(kept >= 20 && kept < 60, kept + " frames are left");
        assertEquals(120, kept + outbox.dropped());
        for (int i = 0; i < kept; i++) {
            assertEquals(120 - kept + i, waiting().get(i));
        }
        assertEquals(700, outbox.rest());
        assertEquals(700 + 1000 * kept, outbox.size());
        assertArrayEquals(rest,
                ReferencePackets.bytes(outbox.buffer().bytes, outbox.head(), 700));
    }

    /** A few packets may wait as long as a slow line takes for them; after they are gone ages begin anew. */
    @Test
    void fewFramesNeverGrowOld() {
        for (int i = 0; i < 4; i++) {
            add(1500, i, 0);
        }
        outbox.expire(1000 * SECOND, 0);
        assertEquals(List.of(0, 1, 2, 3), waiting());
        outbox.taken(6000, 0);
        for (int i = 0; i < 100; i++) {
            add(1500, i, 1000 * SECOND);
        }
        outbox.expire(1000 * SECOND, 0);
        assertEquals(100, waiting().size());
    }
}
