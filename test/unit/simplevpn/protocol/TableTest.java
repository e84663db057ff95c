package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableTest {
    /** Random entries that come and go, against a map: keys near one another, far apart, and of both signs. */
    @ParameterizedTest
    @ValueSource(longs = {1, 256, 0x1_0000_0001L, 0x0400_0000_0000_0000L})
    void againstMap(long distance) {
        Random random = new Random(distance);
        Table<Object> table = new Table<>();
        Map<Long, Object> model = new HashMap<>();
        for (int i = 0; i < 100_000; i++) {
            // Grows and shrinks several times over.
            int range = 1 + Math.abs(i % 20_000 - 10_000);
            long key = (random.nextInt(range) - 50) * distance;
            if (random.nextInt(10_000) < range) {
                Object value = new Object();
                table.put(key, value);
                model.put(key, value);
            } else {
                assertEquals(model.remove(key) != null, table.remove(key));
            }
            assertEquals(model.size(), table.size());
            assertSame(model.get(key), table.get(key));
        }
        for (long n = -60; n < 10_100; n++) {
            assertSame(model.get(n * distance), table.get(n * distance));
        }
    }

    /** What is counted for one source is not counted for another, and nothing stays of those that have none. */
    @Test
    void sources() {
        Sources sources = new Sources();
        for (long source : new long[] {0, 1, -1, 1L << 32}) {
            assertEquals(0, sources.count(source));
            sources.add(source);
            sources.add(source);
            assertEquals(2, sources.count(source));
            sources.remove(source);
            assertEquals(1, sources.count(source));
        }
        sources.remove(1);
        assertEquals(0, sources.count(1));
        assertEquals(1, sources.count(0));
        assertNull(new Table<String>().get(0));
    }

    /** Keys that were chosen to lie together do not, once a number that nobody knows decides. */
    @Test
    void scatter() throws ReflectiveOperationException {
        Method home = Table.class.getDeclaredMethod("home", long.class);
        home.setAccessible(true);
        Table<Object> before = filled();
        int part = (int) home.invoke(before, 1L) >> 5;
        List<Long> chosen = new ArrayList<>();
        for (long key = 1L << 32; chosen.size() < 100; key++) {
            if ((int) home.invoke(before, key) >> 5 == part) {
                chosen.add(key);
            }
        }
        Field multiplier = Table.class.getDeclaredField("nextMultiplier");
        multiplier.setAccessible(true);
        long usual = multiplier.getLong(null);
        Table.scatter(0x1234_5678_9abcL);
        Table<Object> after = filled();
        multiplier.setLong(null, usual);
        Set<Integer> parts = new HashSet<>();
        for (long key : chosen) {
            parts.add((int) home.invoke(after, key) >> 5);
        }
        assertTrue(parts.size() > 50, () -> parts.size() + " parts of the table");
    }

    private static Table<Object> filled() {
        Table<Object> table = new Table<>();
        for (long key = 0; key < 10_000; key++) {
            table.put(key, key);
        }
        return table;
    }
}
