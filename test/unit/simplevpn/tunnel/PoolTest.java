package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import simplevpn.linux.Buffer;

class PoolTest {
    /** Buffers are the next power of two, from 2 KiB, and each of its bytes can be used. */
    @Test
    void sizes() {
        Pool pool = new Pool(64 << 20);
        for (int[] size : new int[][] {{1, 2048}, {2047, 2048}, {2048, 2048}, {2049, 4096}, {65579, 131_072},
            {131_073, 262_144}, {Pool.LARGEST, Pool.LARGEST}}) {
            Buffer buffer = pool.take(size[0]);
            assertEquals(size[1], buffer.size);
            buffer.bytes.put(size[1] - 1, (byte) 1);
        }
    }

    /** What is given back is what the next taker of that size gets; many can be given back, and no two get the same. */
    @Test
    void reuse() {
        Pool pool = new Pool(1 << 20);
        Buffer[] taken = new Buffer[100];
        for (int i = 0; i < taken.length; i++) {
            taken[i] = pool.take(3000);
        }
        Set<Buffer> given = new HashSet<>();
        for (Buffer buffer : taken) {
            pool.give(buffer);
            given.add(buffer);
        }
        assertEquals(100, given.size());
        assertFalse(given.contains(pool.take(2000)));
        for (int i = 0; i < taken.length; i++) {
            assertTrue(given.remove(pool.take(4096)));
        }
    }

    /** All buffers together stay within the limit, those given back included; a refusal takes nothing. */
    @Test
    void limit() {
        Pool pool = new Pool(3 * 2048);
        Buffer first = pool.take(1);
        assertNull(pool.take(4097));
        assertNotNull(pool.take(4096));
        assertNull(pool.take(1));
        pool.give(first);
        assertSame(first, pool.take(1));
        assertNull(pool.take(1));
    }

    /** Memory that nobody needed between two calls goes back, and counts no more. */
    @Test
    void shrink() {
        Pool pool = new Pool(4096);
        Buffer first = pool.take(1);
        Buffer second = pool.take(1);
        pool.give(first);
        pool.give(second);
        pool.shrink();
        assertNull(pool.take(4096), "both were in use since the last call");
        pool.give(pool.take(1));
        pool.shrink();
        assertNull(pool.take(4096), "one of them was in use since the last call");
        pool.shrink();
        assertFalse(pool.isUsed());
        assertNotNull(pool.take(4096));
    }

    /** What could as well be dropped gets three quarters of the memory, and what is given back already. */
    @Test
    void queuesLeaveAQuarter() {
        Pool pool = new Pool(4 * 2048);
        for (int i = 0; i < 3; i++) {
            assertTrue(pool.mayQueue(2048));
            pool.take(2048);
        }
        assertFalse(pool.mayQueue(1));
        Buffer last = pool.take(1);
        assertNotNull(last);
        assertFalse(pool.mayQueue(1));
        pool.give(last);
        assertTrue(pool.mayQueue(2048));
        assertFalse(pool.mayQueue(2049));
    }

    /** Buffers in use are never freed. */
    @Test
    void shrinkSparesWhatIsInUse() {
        Pool pool = new Pool(1 << 20);
        Buffer used = pool.take(1);
        pool.give(pool.take(1));
        for (int i = 0; i < 5; i++) {
            pool.shrink();
        }
        used.bytes.put(0, (byte) 1);
        pool.give(used);
        assertSame(used, pool.take(1));
    }
}
