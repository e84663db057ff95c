package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import simplevpn.linux.Buffer;

class PoolTest {
    private static final int KIB = 1024;

    /**
     * Somebody who gives the buffer back that it holds, when asked, or takes a smaller one for the part that it needs.
     */
    private static final class Queue implements Pool.Holder {
        private final Pool pool;
        private final int needed;
        private Buffer buffer;
        private int asked;

        Queue(Pool pool, int size, int needed) {
            this.pool = pool;
            this.needed = needed;
            buffer = pool.take(size, this);
        }

        @Override
        public void release() {
            asked++;
            Buffer smaller = needed == 0 ? null : pool.exchange(buffer, needed, this);
            if (needed == 0 || smaller != null) {
                give();
                buffer = smaller;
            }
        }

        void give() {
            pool.give(buffer, this);
            buffer = null;
        }
    }

    private final Pool pool = new Pool(1 << 20);

    private Queue take(int size) {
        return new Queue(pool, size, 0);
    }

    /** Buffers are the next power of two, from 512 bytes, and each of its bytes can be used. */
    @Test
    void sizes() {
        for (int[] size : new int[][] {{1, 512}, {512, 512}, {513, 1024}, {2048, 2048}, {2049, 4096},
            {65579, 131_072}, {131_073, 262_144}, {1 << 19, 1 << 19}}) {
            Queue queue = take(size[0]);
            assertEquals(size[1], queue.buffer.size);
            queue.buffer.bytes.put(size[1] - 1, (byte) 1);
            queue.give();
        }
    }

    /** What is given back is what the next taker of that size gets; many can be given back, and no two get the same. */
    @Test
    void reuse() {
        List<Queue> queues = new ArrayList<>();
        Set<Buffer> given = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            queues.add(take(3000));
        }
        for (Queue queue : queues) {
            given.add(queue.buffer);
            queue.give();
        }
        assertEquals(100, given.size());
        assertFalse(given.contains(take(2000).buffer));
        for (int i = 0; i < 100; i++) {
            assertTrue(given.remove(take(4096).buffer));
        }
    }

    /** Small buffers are everybody's right, whatever the others have; larger ones are shared. */
    @Test
    void guaranteed() {
        List<Queue> all = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            all.add(take(64 * KIB));
        }
        assertNull(take(64 * KIB).buffer);
        assertFalse(pool.hasRoom(Pool.GUARANTEED + 1));
        for (int i = 0; i < 2000; i++) {
            assertTrue(pool.hasRoom(Pool.GUARANTEED));
            assertNotNull(take(Pool.GUARANTEED).buffer);
        }
        all.getFirst().give();
        assertNotNull(take(64 * KIB).buffer);
    }

    /** Who holds most gives first, who holds as much or less keeps it, and the one that asks is not asked itself. */
    @Test
    void whoHoldsMostPays() {
        Queue largest = take(512 * KIB);
        Queue large = take(256 * KIB);
        List<Queue> small = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            small.add(take(4 * KIB));
        }
        assertEquals(0, largest.asked);
        Queue more = take(4 * KIB);
        assertNotNull(more.buffer);
        assertEquals("1 0", largest.asked + " " + large.asked);
        assertNull(largest.buffer);
        assertTrue(small.stream().allMatch(queue -> queue.buffer != null && queue.asked == 0));
        assertNotNull(take(256 * KIB).buffer);
        assertNull(take(512 * KIB).buffer, "nobody has more than that");
        assertNull(pool.take(256 * KIB, large), "only others are asked, and they have less");
        assertEquals(0, large.asked);
    }

    /** What cannot be done without is had at the cost of anybody, as long as somebody can give. */
    @Test
    void first() {
        Queue rest = new Queue(pool, 256 * KIB, 200 * KIB);
        List<Queue> small = new ArrayList<>();
        for (int i = 0; i < 192; i++) {
            small.add(take(4 * KIB));
        }
        Queue asking = new Queue(pool, 1, 0);
        asking.buffer = pool.takeFirst(64 * KIB, asking);
        assertNotNull(asking.buffer);
        assertNotNull(rest.buffer, "who could only change to the same size keeps it");
        assertEquals(16, small.stream().filter(queue -> queue.buffer == null).count());
        assertNull(pool.takeFirst(1 << 20, asking), "more than all others can give");
    }

    /** A holder that needs a part takes a smaller buffer, and the difference is free. */
    @Test
    void exchange() {
        Queue queue = new Queue(pool, 1 << 20, 3000);
        assertNotNull(take(512 * KIB).buffer);
        assertEquals(4096, queue.buffer.size);
        assertNull(pool.exchange(queue.buffer, 4096, queue), "no smaller one would do");
    }

    /** Spare buffers are free memory: they never stand in the way of another size. */
    @Test
    void sparesAreFree() {
        for (int size = 4 * KIB; size <= 1 << 20; size *= 2) {
            List<Queue> all = new ArrayList<>();
            for (int i = 0; i < (1 << 20) / size; i++) {
                all.add(take(size));
                assertNotNull(all.getLast().buffer, "size " + size);
            }
            all.forEach(Queue::give);
        }
    }

    /** Memory that nobody needed between two calls goes back, and buffers in use are never freed. */
    @Test
    void shrink() {
        Queue first = take(1);
        Queue second = take(5000);
        Buffer spare = second.buffer;
        second.give();
        pool.shrink();
        second = take(5000);
        assertSame(spare, second.buffer, "it was in use since the last call");
        second.give();
        pool.shrink();
        pool.shrink();
        assertTrue(pool.isUsed());
        first.buffer.bytes.put(0, (byte) 1);
        first.give();
        pool.shrink();
        pool.shrink();
        assertFalse(pool.isUsed());
    }

    /** Whatever is taken, released and given in whatever order: never more than the limit, and all comes back. */
    @Test
    void randomly() {
        Random random = new Random(7);
        List<Queue> queues = new ArrayList<>();
        for (int i = 0; i < 50_000; i++) {
            if (random.nextBoolean() || queues.isEmpty()) {
                int size = 1 << random.nextInt(21);
                queues.add(new Queue(pool, size, random.nextBoolean() ? size / 5 : 0));
            } else {
                Queue queue = queues.remove(random.nextInt(queues.size()));
                if (queue.buffer != null) {
                    queue.give();
                }
            }
            if (i % 5000 == 0) {
                pool.shrink();
                long shared = queues.stream().filter(queue -> queue.buffer != null)
                        .mapToLong(queue -> queue.buffer.size).filter(size -> size > Pool.GUARANTEED).sum();
                assertTrue(shared <= 1 << 20, () -> shared + " bytes");
            }
        }
        queues.stream().filter(queue -> queue.buffer != null).forEach(Queue::give);
        pool.shrink();
        pool.shrink();
        assertFalse(pool.isUsed());
    }
}
