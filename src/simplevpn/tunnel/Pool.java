package simplevpn.tunnel;

import simplevpn.linux.Buffer;

/**
 * The loop's spare memory: buffers for what a connection cannot finish at once, an incomplete frame or unsent output.
 *
 * <p>Sizes are powers of two. What is given back is kept for the next taker, and freed by {@link #shrink} when nobody
 * took it for a while. All of it together is bounded, so that many slow peers cannot take a board's memory.
 */
final class Pool {
    private static final int SMALLEST_BITS = 11;
    private static final int LARGEST_BITS = 22;
    /** The largest buffer there is, bytes. */
    static final int LARGEST = 1 << LARGEST_BITS;

    private final Buffer[][] spare = new Buffer[LARGEST_BITS - SMALLEST_BITS + 1][4];
    private final int[] count = new int[spare.length];
    /** The fewest spare buffers since the last {@link #shrink}: so many are not needed. */
    private final int[] fewest = new int[spare.length];
    private final long limit;
    private long allocated;

    /** @param limit bytes that all buffers together may have */
    Pool(long limit) {
        this.limit = limit;
    }

    /**
     * Takes a buffer.
     *
     * @param size bytes wanted, 1 to {@link #LARGEST}
     * @return a buffer at least as large, its content arbitrary; or {@code null} when there is no more
     */
    Buffer take(int size) {
        int bits = bits(size);
        int i = bits - SMALLEST_BITS;
        if (count[i] > 0) {
            Buffer buffer = spare[i][--count[i]];
            spare[i][count[i]] = null;
            fewest[i] = Math.min(fewest[i], count[i]);
            return buffer;
        }
        if (allocated + (1 << bits) > limit) {
            return null;
        }
        try {
            Buffer buffer = Buffer.temporary(1 << bits);
            allocated += buffer.size;
            return buffer;
        } catch (OutOfMemoryError e) {
            // The machine has less than the limit: whoever asks has to do without, as at the limit.
            return null;
        }
    }

    /** Gives a buffer back. */
    void give(Buffer buffer) {
        int i = Integer.numberOfTrailingZeros(buffer.size) - SMALLEST_BITS;
        if (count[i] == spare[i].length) {
            Buffer[] more = new Buffer[2 * count[i]];
            System.arraycopy(spare[i], 0, more, 0, count[i]);
            spare[i] = more;
        }
        spare[i][count[i]++] = buffer;
    }

    /** Frees the buffers that nobody has needed since the last call. */
    void shrink() {
        for (int i = 0; i < spare.length; i++) {
            for (int n = Math.min(fewest[i], count[i]); n > 0; n--) {
                Buffer buffer = spare[i][--count[i]];
                spare[i][count[i]] = null;
                allocated -= buffer.size;
                buffer.free();
            }
            fewest[i] = count[i];
        }
    }

    /** Whether there is any buffer, taken or spare. */
    boolean isUsed() {
        return allocated > 0;
    }

    /**
     * Whether a buffer may be taken for what could as well be dropped: a quarter of the limit is left to what cannot,
     * the rests of frames, so that clients that do not read cannot cost others their connections.
     *
     * @param size bytes wanted, 1 to {@link #LARGEST}
     */
    boolean mayQueue(int size) {
        int bits = bits(size);
        return count[bits - SMALLEST_BITS] > 0 || allocated + (1 << bits) <= limit / 4 * 3;
    }

    private static int bits(int size) {
        return Math.max(SMALLEST_BITS, Integer.SIZE - Integer.numberOfLeadingZeros(size - 1));
    }
}
