package simplevpn.protocol;

import java.util.List;

/**
 * A hash table from numbers to objects, without an object for each entry: open addressing, at most three quarters full.
 *
 * @param <V> what is stored
 */
final class Table<V> {
    private static final int SMALLEST = 16;
    /** Of tables made from now on: the golden ratio (Knuth, TAOCP 6.4), until {@link #scatter}. */
    private static long nextMultiplier = 0x9e37_79b9_7f4a_7c15L;

    private final long multiplier = nextMultiplier;

    private long[] keys = new long[SMALLEST];
    private Object[] values = new Object[SMALLEST];
    private int size;

    /**
     * Where keys lie depends on this number, in tables that are made from now on: nobody outside can choose many that
     * lie together, and make each lookup a long one.
     */
    static void scatter(long secret) {
        nextMultiplier = secret * nextMultiplier | 1;
    }

    /** How many entries there are. */
    int size() {
        return size;
    }

    /** What is stored under a key, or {@code null}. */
    @SuppressWarnings("unchecked")
    V get(long key) {
        return (V) values[place(key)];
    }

    /** Adds all that is stored to a list, in any order. */
    @SuppressWarnings("unchecked")
    void addTo(List<? super V> list) {
        for (Object value : values) {
            if (value != null) {
                list.add((V) value);
            }
        }
    }

    /** Stores something under a key, in the place of what was there. */
    void put(long key, V value) {
        int at = place(key);
        if (values[at] == null && ++size > values.length / 4 * 3) {
            resize(2 * values.length);
            at = place(key);
        }
        keys[at] = key;
        values[at] = value;
    }

    /** Removes what is stored under a key; returns whether anything was. */
    boolean remove(long key) {
        int hole = place(key);
        if (values[hole] == null) {
            return false;
        }
        size--;
        // What lies behind the hole moves up, as long as it is not before its own place then.
        int mask = values.length - 1;
        for (int at = (hole + 1) & mask; values[at] != null; at = (at + 1) & mask) {
            int home = home(keys[at]);
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                keys[hole] = keys[at];
                values[hole] = values[at];
                hole = at;
            }
        }
        values[hole] = null;
        if (values.length > SMALLEST && size < values.length / 8) {
            resize(values.length / 2);
        }
        return true;
    }

    /** Where a key is, or would be stored. */
    private int place(long key) {
        int mask = values.length - 1;
        int at = home(key);
        while (values[at] != null && keys[at] != key) {
            at = (at + 1) & mask;
        }
        return at;
    }

    /** Neighbouring keys, as addresses are, lie apart. */
    private int home(long key) {
        return (int) ((key * multiplier) >>> (Long.SIZE - Integer.numberOfTrailingZeros(values.length)));
    }

    private void resize(int length) {
        long[] oldKeys = keys;
        Object[] oldValues = values;
        keys = new long[length];
        values = new Object[length];
        for (int i = 0; i < oldValues.length; i++) {
            if (oldValues[i] != null) {
                int at = place(oldKeys[i]);
                keys[at] = oldKeys[i];
                values[at] = oldValues[i];
            }
        }
    }
}
