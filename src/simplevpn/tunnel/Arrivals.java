package simplevpn.tunnel;

/**
 * When the bytes of a queue came, so that one knows how many of them are too old. As many times of arrival are told
 * apart as a small ring holds; what comes when it is full counts as having come with the one before.
 */
final class Arrivals {
    private static final int TIMES = 32;
    /** Times are told apart as finely as 2^20 nanoseconds, about a millisecond: small numbers, one per client. */
    private static final int RESOLUTION_BITS = 20;

    /** Bytes added since the queue was last empty; it may overflow, since only differences matter. */
    private int added;
    /** How many of them had come at which time: a ring. */
    private final int[] arrived = new int[TIMES];
    private final int[] times = new int[TIMES];
    private int first;
    private int count;

    /** Bytes are added to the queue. */
    void add(int length, long now) {
        added += length;
        int time = (int) (now >> RESOLUTION_BITS);
        int last = (first + count - 1) % TIMES;
        if (count == 0 || (time != times[last] && count < TIMES)) {
            last = (first + count++) % TIMES;
            times[last] = time;
        }
        arrived[last] = added;
    }

    /** Whether the oldest bytes have waited for so long, nanoseconds. */
    boolean isOld(long now, long age) {
        return count > 0 && (int) (now >> RESOLUTION_BITS) - times[first] >= (int) (age >> RESOLUTION_BITS);
    }

    /** Of the last {@code waiting} bytes, how many came at the oldest time; 0 or less when none did. */
    int oldBytes(int waiting) {
        return arrived[first] - (added - waiting);
    }

    /** The bytes of the oldest time are gone. */
    void dropOldest() {
        first = (first + 1) % TIMES;
        count--;
    }

    /** So many bytes are left in the queue. */
    void left(int size) {
        if (size == 0) {
            count = 0;
        }
        while (count > 0 && arrived[first] - (added - size) <= 0) {
            dropOldest();
        }
    }
}
