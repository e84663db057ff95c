package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.protocol.Wire;

/**
 * What waits to be written to one peer: whole frames in order, bounded in bytes and in age.
 *
 * <p>What does not fit is dropped, as a network card's queue does. What waited too long is dropped from the head, so
 * that the connections inside the tunnel see early that they are too fast, and a queue does not become a delay. A frame
 * of which a part was written is never dropped: without its rest the peer could not read on.
 *
 * <p>Does no I/O: {@link Link} writes from {@link #buffer} and says with {@link #taken} how far it got. Memory is held
 * only while something waits.
 */
public final class Outbox {
    /** Bytes that may wait. */
    private static final int LIMIT = Pool.LARGEST;
    /** Nanoseconds after which a waiting frame is of no use any more. */
    private static final long AGE = 30_000_000L;
    /**
     * The same on a line that loses segments: sending stalls there while a loss is repaired, and dropping then would
     * double it.
     */
    private static final long AGE_ON_LOSSY_LINE = 100_000_000L;
    /** So many bytes may wait longer: on a slow line a few packets take their time. */
    private static final int FLOOR = 16 * 1024;
    /** How many different times of arrival are told apart, and how finely. */
    private static final int MARKS = 32;
    private static final long GRAIN = 1_000_000L;

    private final Pool pool;
    private Buffer buffer;
    private int head;
    private int tail;
    private int rest;
    private long dropped;
    private long age = AGE;

    /** Bytes added and removed since something began to wait, and up to which of the added ones came at which time. */
    private long added;
    private long removed;
    private long[] marks;
    private long[] times;
    private int firstMark;
    private int markCount;

    /** @param pool where memory comes from */
    Outbox(Pool pool) {
        this.pool = pool;
    }

    /** The line loses segments by itself: frames may wait longer. */
    void onLossyLine() {
        age = AGE_ON_LOSSY_LINE;
    }

    /** Whether nothing waits. */
    public boolean isEmpty() {
        return head == tail;
    }

    /** Where the waiting bytes are: {@link #size} bytes from byte {@link #head}. */
    Buffer buffer() {
        return buffer;
    }

    int head() {
        return head;
    }

    int size() {
        return tail - head;
    }

    /** How many of the first bytes belong to a frame whose beginning was written already. */
    int rest() {
        return rest;
    }

    /** How many frames were dropped in all. */
    long dropped() {
        return dropped;
    }

    /** Counts a frame that was not even tried. */
    void drop() {
        dropped++;
    }

    /**
     * Adds one whole frame, or drops it if it does not fit.
     *
     * @param now {@link System#nanoTime}
     */
    void add(Buffer source, int at, int length, long now) {
        boolean grows = buffer == null || size() + length > buffer.size;
        if (size() + length > LIMIT || grows && !pool.mayQueue(size() + length) || !append(source, at, length, now)) {
            dropped++;
        }
    }

    /**
     * Adds the rest of a frame whose beginning was written already, to an empty box.
     *
     * @return false when there is no memory for it: the connection is then of no use any more
     */
    boolean addRest(Buffer source, int at, int length, long now) {
        rest = length;
        return append(source, at, length, now);
    }

    private boolean append(Buffer source, int at, int length, long now) {
        if (buffer == null) {
            buffer = pool.take(length);
            if (buffer == null) {
                return false;
            }
        } else if (length > buffer.size - tail && !makeRoom(length)) {
            return false;
        }
        buffer.copy(tail, source, at, length);
        tail += length;
        added += length;
        mark(now);
        return true;
    }

    private void mark(long now) {
        if (marks == null) {
            marks = new long[MARKS];
            times = new long[MARKS];
        }
        int last = (firstMark + markCount - 1) % MARKS;
        if (markCount == 0 || now - times[last] >= GRAIN && markCount < MARKS) {
            last = (firstMark + markCount++) % MARKS;
            times[last] = now;
        }
        marks[last] = added;
    }

    /** Moves what waits to the front, of a larger buffer if need be. */
    private boolean makeRoom(int length) {
        int size = size();
        Buffer larger = buffer;
        if (size + length > buffer.size) {
            if (size + length > Pool.LARGEST) {
                return false;
            }
            larger = pool.take(size + length);
            if (larger == null) {
                return false;
            }
        }
        larger.copy(0, buffer, head, size);
        if (larger != buffer) {
            pool.give(buffer);
            buffer = larger;
        }
        head = 0;
        tail = size;
        return true;
    }

    /**
     * The first {@code length} bytes were written.
     *
     * @param prefix bytes in front of each frame
     */
    void taken(int length, int prefix) {
        int written = head + length;
        int whole = head + rest;
        if (written == tail) {
            clear();
            return;
        }
        while (whole < written) {
            whole += frameLength(whole, prefix);
        }
        rest = whole - written;
        forward(written);
    }

    /**
     * Drops what waited too long.
     *
     * @param prefix bytes in front of each frame
     */
    void expire(long now, int prefix) {
        if (markCount == 0 || now - times[firstMark] < age || size() <= FLOOR) {
            return;
        }
        int whole = head + rest;
        int cut = whole;
        while (markCount > 0 && now - times[firstMark] >= age && tail - cut > FLOOR) {
            int stop = head + (int) (marks[firstMark] - removed);
            while (cut < stop && tail - cut > FLOOR) {
                cut += frameLength(cut, prefix);
                dropped++;
            }
            if (cut < stop) {
                break;
            }
            dropMark();
        }
        if (cut == tail && rest == 0) {
            clear();
            return;
        }
        // The rest of a frame in progress goes on before what was not dropped.
        buffer.copy(cut - rest, buffer, head, rest);
        forward(cut - rest);
    }

    /** Moves what little waits out of a large buffer, which others may need. */
    void tidy() {
        if (buffer == null || size() > buffer.size / 4) {
            return;
        }
        Buffer smaller = pool.take(size());
        if (smaller == null) {
            return;
        }
        if (smaller.size < buffer.size) {
            smaller.copy(0, buffer, head, size());
            tail = size();
            head = 0;
            Buffer larger = buffer;
            buffer = smaller;
            smaller = larger;
        }
        pool.give(smaller);
    }

    private int frameLength(int at, int prefix) {
        return prefix + Wire.knownLength(buffer.bytes, at + prefix);
    }

    private void forward(int newHead) {
        removed += newHead - head;
        head = newHead;
        while (markCount > 0 && marks[firstMark] <= removed) {
            dropMark();
        }
    }

    private void dropMark() {
        firstMark = (firstMark + 1) % MARKS;
        markCount--;
    }

    /** Forgets what waits, and gives the memory back. */
    void clear() {
        if (buffer != null) {
            pool.give(buffer);
            buffer = null;
        }
        head = 0;
        tail = 0;
        rest = 0;
        added = 0;
        removed = 0;
        firstMark = 0;
        markCount = 0;
    }
}
