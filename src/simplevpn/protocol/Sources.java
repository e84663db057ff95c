package simplevpn.protocol;

/** Counts something for each source: an address of the outer network, or a whole network of one owner. */
public final class Sources {
    private final Table<Count> counts = new Table<>();

    private static final class Count {
        private int value;
    }

    /** No source has any. */
    public Sources() {
    }

    /** How many a source has. */
    public int count(long source) {
        Count count = counts.get(source);
        return count == null ? 0 : count.value;
    }

    /** One more of a source. */
    public void add(long source) {
        Count count = counts.get(source);
        if (count == null) {
            count = new Count();
            counts.put(source, count);
        }
        count.value++;
    }

    /** One less of a source, which has at least one. */
    public void remove(long source) {
        Count count = counts.get(source);
        if (--count.value == 0) {
            counts.remove(source);
        }
    }
}
