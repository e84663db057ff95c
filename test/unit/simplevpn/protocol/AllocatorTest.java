package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;

class AllocatorTest {
    private static final int TEN = 0x0a00_0000;
    private static final int SMALL = 0xc0a8_0130;

    private static Allocator<Object> pool(int network, int length) {
        return new Allocator<>(Network.ofIpv4(network, length));
    }

    /** What is expected of a /28: sixteen places, and a search that goes round from where it last ended. */
    private static final class Model {
        private final Object[] holders = new Object[16];
        private int next = 2;
        private int leased;

        int dynamic(Object holder) {
            if (leased == 13) {
                return 0;
            }
            while (next > 14 || holders[next] != null) {
                next = next >= 14 ? 2 : next + 1;
            }
            leased++;
            holders[next] = holder;
            return SMALL + next++;
        }

        boolean fixed(int place, Object holder) {
            if (place < 2 || place > 14 || holders[place] != null) {
                return false;
            }
            leased++;
            holders[place] = holder;
            return true;
        }

        void release(int place) {
            if (place >= 0 && place < 16 && holders[place] != null) {
                holders[place] = null;
                leased--;
            }
        }
    }

    /**
     * Every sequence of three leases and releases of any address of a /28, its neighbours outside included, from each
     * filling of the network on: each gives what the model gives.
     */
    @Test
    void exhaustivelyOnSixteenAddresses() {
        for (int filled = 0; filled <= 13; filled++) {
            sequencesOfThree(filled);
        }
    }

    private static void sequencesOfThree(int filled) {
        int operations = 1 + 2 * 18;
        int count = operations * operations * operations;
        Object[] holders = new Object[20];
        for (int i = 0; i < holders.length; i++) {
            holders[i] = i;
        }
        for (int sequence = 0; sequence < count; sequence++) {
            Allocator<Object> pool = pool(SMALL, 28);
            Model model = new Model();
            for (int i = 0; i < filled; i++) {
                same(model.dynamic(holders[i]), pool.dynamic(holders[i], 0, 0), sequence);
            }
            int rest = sequence;
            for (int i = 0; i < 3; i++) {
                int operation = rest % operations;
                rest /= operations;
                Object holder = holders[filled + i];
                int place = (operation - 1) % 18 - 1;
                if (operation == 0) {
                    same(model.dynamic(holder), pool.dynamic(holder, 0, 0), sequence);
                } else if (operation <= 18) {
                    same(model.fixed(place, holder) ? 1 : 0, pool.fixed(SMALL + place, holder, 0) ? 1 : 0, sequence);
                } else {
                    model.release(place);
                    pool.release(SMALL + place, 0);
                }
            }
            same(model.leased, pool.leased(), sequence);
            for (int place = 0; place < 16; place++) {
                if (model.holders[place] != pool.holder(SMALL + place)) {
                    assertSame(model.holders[place], pool.holder(SMALL + place), "sequence " + sequence);
                }
            }
        }
    }

    /** An assertion whose message is made only when it is needed: there are millions. */
    private static void same(int expected, int actual, int sequence) {
        if (expected != actual) {
            assertEquals(expected, actual, "sequence " + sequence);
        }
    }

    /** Random leases and releases in a /16 against a map: no address twice, none lost, none that may not be given. */
    @Test
    void byPropertyOnSixteenBits() {
        Random random = new Random(16);
        Allocator<Object> pool = pool(TEN, 16);
        Map<Integer, Object> model = new HashMap<>();
        for (int i = 0; i < 200_000; i++) {
            // Half of the addresses from a few pages, so that pages fill and empty; some from outside.
            int address = TEN + (random.nextBoolean() ? random.nextInt(1024) : random.nextInt(0x10200) - 0x100);
            Object holder = new Object();
            switch (random.nextInt(random.nextInt(50_000) < i % 50_000 ? 4 : 3)) {
                case 0 -> {
                    int given = pool.dynamic(holder, 0, 0);
                    assertTrue(given > TEN + 1 && given < TEN + 0xffff, () -> Ipv4.text(given));
                    assertNull(model.put(given, holder), () -> Ipv4.text(given));
                }
                case 1 -> {
                    boolean free = address > TEN + 1 && address < TEN + 0xffff && !model.containsKey(address);
                    assertEquals(free, pool.fixed(address, holder, 0));
                    if (free) {
                        model.put(address, holder);
                    }
                }
                default -> {
                    pool.release(address, 0);
                    model.remove(address);
                }
            }
            assertEquals(model.size(), pool.leased());
            assertSame(model.get(address), pool.holder(address));
        }
        for (int address = TEN - 300; address < TEN + 0x10100; address++) {
            assertSame(model.get(address), pool.holder(address));
        }
    }

    /** All addresses of a network can be leased, each once; then there is none, until one comes back. */
    @Test
    void everyAddressOnce() {
        Allocator<Object> pool = pool(TEN, 16);
        assertEquals(65533, pool.capacity());
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 65533; i++) {
            int address = pool.dynamic(this, 0, 0);
            assertFalse(pool.reserved(address));
            assertTrue(given.add(address));
        }
        assertEquals(0, pool.dynamic(this, 0, 0));
        assertEquals(65533, pool.leased());
        pool.release(TEN + 0x1234, 0);
        assertEquals(TEN + 0x1234, pool.dynamic(this, 0, 0));
        assertEquals(0, pool.dynamic(this, 0, 0));
    }

    /**
     * An address just given back is the last of those behind the search to be given away: its holder may come again.
     */
    @Test
    void givenBackIsGivenLast() {
        Allocator<Object> pool = pool(SMALL, 28);
        int first = pool.dynamic(this, 0, 0);
        pool.release(first, 0);
        for (int i = 0; i < 12; i++) {
            int address = pool.dynamic(this, 0, 0);
            assertTrue(address != first && address != 0);
        }
        assertEquals(first, pool.dynamic(this, 0, 0));
    }

    /**
     * Of a part of the network alone dynamic addresses are given, each once, then the one that was kept longest of
     * these; others can be had by name.
     */
    @Test
    void fromAPart() {
        for (int[] row : new int[][] {{4, 30, 4, 4}, {0, 30, 2, 2}, {12, 30, 12, 3}, {8, 29, 8, 7}, {0, 28, 2, 13}}) {
            Allocator<Object> pool = pool(SMALL, 28);
            pool.giveFrom(Network.ofIpv4(SMALL + row[0], row[1]));
            for (int i = 0; i < row[3]; i++) {
                assertTrue(pool.hasFree(0));
                assertEquals(SMALL + row[2] + i, pool.dynamic(this, 0, 0));
            }
            assertFalse(pool.hasFree(0));
            assertEquals(0, pool.dynamic(this, 0, 0));
        }
        Allocator<Object> pool = pool(SMALL, 28);
        pool.giveFrom(Network.ofIpv4(SMALL + 4, 30));
        assertTrue(pool.fixed(SMALL + 9, this, 0));
        pool.keep(SMALL + 9, 1, 0, 100, 10);
        for (int i = 0; i < 4; i++) {
            pool.dynamic(this, 0, 0);
        }
        assertFalse(pool.hasFree(0), "the one that is kept is not of the part");
        pool.keep(SMALL + 6, 2, 0, 100, 10);
        assertEquals(SMALL + 6, pool.dynamic(this, 0, 0));
    }

    /** Addresses are kept until their own time, in whatever order that ends; the first to end gives way to others. */
    @Test
    void keptForAShorterTime() {
        Allocator<Object> pool = pool(SMALL, 28);
        int[] ends = {3600, 60, 90, 60, 3000};
        for (int i = 0; i < ends.length; i++) {
            assertTrue(pool.fixed(SMALL + 3 + i, this, 0));
            pool.keep(SMALL + 3 + i, 1 + i, 0, ends[i], 10);
        }
        for (int now : new int[] {59, 60, 89, 90, 2999, 3000, 3599, 3600}) {
            for (int i = 0; i < ends.length; i++) {
                assertEquals(now < ends[i], pool.isKept(SMALL + 3 + i, now), ends[i] + " at " + now);
            }
        }
        for (int i = 0; i < 3; i++) {
            assertTrue(pool.fixed(SMALL + 3 + i, this, 0));
            pool.keep(SMALL + 3 + i, 1 + i, 0, 9000 - 3 * i % 4, 2);
        }
        assertEquals(SMALL + 3, pool.keptFor(1, 8000));
        assertEquals(0, pool.keptFor(2, 8000), "the first of the two to end");
        assertEquals(SMALL + 5, pool.keptFor(3, 8000));
    }

    /** The smallest network has one address to give. */
    @Test
    void smallest() {
        Allocator<Object> pool = pool(0xffff_fffc, 30);
        assertEquals(1, pool.capacity());
        assertEquals(0xffff_fffd, pool.own());
        for (int round = 0; round < 3; round++) {
            assertEquals(0xffff_fffe, pool.dynamic(this, 0, 0));
            assertEquals(0, pool.dynamic(this, 0, 0));
            assertFalse(pool.fixed(0xffff_fffe, this, 0));
            pool.release(0xffff_fffe, 0);
            assertTrue(pool.fixed(0xffff_fffe, this, 0));
            assertEquals(0, pool.dynamic(this, 0, 0));
            pool.release(0xffff_fffe, 0);
        }
    }

    /** The largest network works to its ends. */
    @Test
    void largest() {
        Allocator<Object> pool = pool(TEN, 8);
        assertEquals((1 << 24) - 3, pool.capacity());
        assertEquals(TEN + 2, pool.dynamic(this, 0, 0));
        assertTrue(pool.fixed(TEN + 0xff_fffe, this, 0));
        assertTrue(pool.fixed(TEN + 3, this, 0));
        assertFalse(pool.fixed(TEN + 0xff_ffff, this, 0));
        assertFalse(pool.fixed(TEN + 0x100_0002, this, 0));
        assertEquals(TEN + 4, pool.dynamic(this, 0, 0));
        assertSame(this, pool.holder(TEN + 0xff_fffe));
        assertNull(pool.holder(TEN + 0xff_fffd));
        assertEquals(4, pool.leased());
    }

    /** Which addresses belong to a network, and which of them no client gets. */
    @Test
    void reservedAddresses() {
        Allocator<Object> pool = pool(SMALL, 28);
        assertEquals(SMALL + 1, pool.own());
        for (int place = -3; place < 20; place++) {
            int address = SMALL + place;
            assertEquals(place >= 0 && place < 16, pool.contains(address));
            assertEquals(place < 2 || place > 14, pool.reserved(address));
            assertEquals(place == 15, pool.broadcast(address));
        }
        for (int address : new int[] {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertFalse(pool.contains(address));
            assertTrue(pool.reserved(address));
            assertNull(pool.holder(address));
            assertFalse(pool.fixed(address, this, 0));
        }
    }

    /** Releasing what nobody holds, twice the same, or what is outside, changes nothing. */
    @Test
    void releaseOfUnknownAddresses() {
        Allocator<Object> pool = pool(TEN, 16);
        int address = pool.dynamic(this, 0, 0);
        for (int unknown : new int[] {0, -1, TEN, TEN + 1, TEN + 3, TEN + 0xffff, TEN + 0x1_0000, TEN - 1,
            Integer.MIN_VALUE}) {
            pool.release(unknown, 0);
        }
        assertEquals(1, pool.leased());
        assertSame(this, pool.holder(address));
        pool.release(address, 0);
        pool.release(address, 0);
        assertEquals(0, pool.leased());
    }

    /** Prefix lengths that leave no sensible network are a mistake of the caller. */
    @Test
    void impossibleNetworks() {
        for (int length : new int[] {0, 7, 31, 32}) {
            assertThrows(IllegalArgumentException.class, () -> pool(TEN, length));
        }
    }
}
