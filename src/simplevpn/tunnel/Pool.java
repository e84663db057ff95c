package simplevpn.tunnel;

import java.util.Arrays;
import simplevpn.linux.Buffer;

/**
 * The loop's memory for what connections cannot finish at once: an incomplete frame, or unsent output.
 *
 * <p>Sizes are powers of two. A small buffer is everybody's right: each connection has a few at most, so all of them
 * together are bounded by how many connections there may be. Larger ones are shared: when they are used up, whoever
 * holds more than is asked for has to give, so that those who hold most pay first. What is given back is kept for the
 * next taker, as long as nothing else needs the memory, and freed by {@link #shrink} when nobody took it for a while.
 */
final class Pool {
    /** The largest buffer there is, bytes. */
    static final int LARGEST = 1 << 22;
    /** A buffer of at most so many bytes is never refused: room for a packet of the usual MTU. */
    static final int GUARANTEED = 1 << 11;

    /** Bytes of buffers that are kept for the next taker. */
    private static final int SPARE = 1 << 21;
    private static final int SMALLEST_BITS = 9;
    private static final int CLASSES = Integer.numberOfTrailingZeros(LARGEST) - SMALLEST_BITS + 1;

    private final Buffer[][] spare = new Buffer[CLASSES][4];
    private final int[] spares = new int[CLASSES];
    /** The fewest spare buffers since the last {@link #shrink}: so many are not needed. */
    private final int[] fewest = new int[CLASSES];
    /** Who holds the shared buffers of each size, in no order. */
    private final Holder[][] holders = new Holder[CLASSES][4];
    private final int[] held = new int[CLASSES];

    private final long limit;
    /** Bytes of shared buffers that are held, of buffers of all kinds that are held, and that are spare. */
    private long shared;
    private long used;
    private long kept;

    /** Whoever holds a buffer. */
    interface Holder {
        /** Gives its shared buffer back, or takes a smaller one instead, at the cost of what is in it. */
        void release();
    }

    /** @param limit bytes that all shared buffers together may have */
    Pool(long limit) {
        this.limit = limit;
    }

    /**
     * Takes a buffer.
     *
     * @param size bytes wanted, 1 to {@link #LARGEST}
     * @return a buffer at least as large, its content arbitrary; or {@code null} when nobody has more than that
     */
    Buffer take(int size, Holder holder) {
        int i = index(size);
        return makeRoom(i, i + 1, holder) ? get(i, holder) : null;
    }

    /** Takes a buffer for what cannot be done without: others have to give even if they have less. */
    Buffer takeFirst(int size, Holder holder) {
        int i = index(size);
        return makeRoom(i, 0, holder) ? get(i, holder) : null;
    }

    /**
     * Takes a buffer in exchange for a larger one, which is given back then.
     *
     * @return {@code null} when there is none smaller that would do
     */
    Buffer exchange(Buffer larger, int size, Holder holder) {
        int i = index(size);
        return i < index(larger.size) ? get(i, holder) : null;
    }

    private Buffer get(int i, Holder holder) {
        int bytes = 1 << (SMALLEST_BITS + i);
        Buffer buffer = spares[i] > 0 ? takeSpare(i) : allocate(bytes);
        if (buffer == null) {
            return null;
        }
        used += bytes;
        if (bytes > GUARANTEED) {
            shared += bytes;
            if (held[i] == holders[i].length) {
                holders[i] = Arrays.copyOf(holders[i], 2 * held[i]);
            }
            holders[i][held[i]++] = holder;
        }
        return buffer;
    }

    /**
     * Lets others who hold buffers of at least a size give, the largest first, until one more fits; or returns false.
     */
    private boolean makeRoom(int wanted, int least, Holder asking) {
        int bytes = 1 << (SMALLEST_BITS + wanted);
        for (int i = CLASSES - 1; i >= least && bytes > GUARANTEED && shared + bytes > limit; i--) {
            for (int n = held[i] - 1; n >= 0 && shared + bytes > limit; n--) {
                if (n < held[i] && holders[i][n] != asking) {
                    holders[i][n].release();
                }
            }
        }
        return bytes <= GUARANTEED || shared + bytes <= limit;
    }

    private Buffer takeSpare(int i) {
        Buffer buffer = spare[i][--spares[i]];
        spare[i][spares[i]] = null;
        fewest[i] = Math.min(fewest[i], spares[i]);
        kept -= buffer.size;
        return buffer;
    }

    private Buffer allocate(int bytes) {
        // What is kept for later is no reason to have more than there may be.
        for (int i = CLASSES - 1; i >= 0 && kept > 0 && shared + kept + bytes > limit; i--) {
            free(i, spares[i]);
        }
        try {
            return Buffer.temporary(bytes);
        } catch (OutOfMemoryError e) {
            // The machine has less than the limit: whoever asks has to do without, as at the limit.
            return null;
        }
    }

    /** Gives a buffer back. */
    void give(Buffer buffer, Holder holder) {
        int i = index(buffer.size);
        used -= buffer.size;
        if (buffer.size > GUARANTEED) {
            shared -= buffer.size;
            int n = held[i] - 1;
            while (holders[i][n] != holder) {
                n--;
            }
            holders[i][n] = holders[i][--held[i]];
            holders[i][held[i]] = null;
        }
        if (kept + buffer.size > SPARE) {
            buffer.free();
            return;
        }
        kept += buffer.size;
        if (spares[i] == spare[i].length) {
            spare[i] = Arrays.copyOf(spare[i], 2 * spares[i]);
        }
        spare[i][spares[i]++] = buffer;
    }

    /** Frees the buffers that nobody has needed since the last call. */
    void shrink() {
        for (int i = 0; i < CLASSES; i++) {
            free(i, Math.min(fewest[i], spares[i]));
            fewest[i] = spares[i];
        }
    }

    private void free(int i, int count) {
        for (int n = count; n > 0; n--) {
            Buffer buffer = spare[i][--spares[i]];
            spare[i][spares[i]] = null;
            kept -= buffer.size;
            buffer.free();
        }
    }

    /** Whether there is any buffer, held or spare. */
    boolean isUsed() {
        return used + kept > 0;
    }

    /** Whether a buffer can be had without anybody having to give. */
    boolean hasRoom(int size) {
        int bytes = 1 << (SMALLEST_BITS + index(size));
        return bytes <= GUARANTEED || shared + bytes <= limit;
    }

    private static int index(int size) {
        return Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(size - 1) - SMALLEST_BITS);
    }
}
