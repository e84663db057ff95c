package simplevpn;

/**
 * What waits to be written to one peer: whole frames in order, bounded; what does not fit is dropped, as a network card's queue
 * does, and counted.
 *
 * <p>Does no I/O: {@link Link} writes from {@link #buffer} and says with {@link #taken} how far it got. Memory is held only while
 * something waits.
 */
final class Outbox {
    private final Pool pool;
    private final int limit;
    private Buffer buffer;
    private int head;
    private int tail;
    private int rest;
    private long dropped;

    /**
     * @param pool where memory comes from
     * @param limit bytes that may wait, at most {@link Pool#LARGEST}
     */
    Outbox(Pool pool, int limit) {
        this.pool = pool;
        this.limit = limit;
    }

    /** Whether nothing waits. */
    boolean isEmpty() {
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

    /** Counts a frame that was dropped before it came here. */
    void drop() {
        dropped++;
    }

    /**
     * Adds one whole frame, or drops it if it does not fit.
     *
     * @return whether it was added
     */
    boolean add(Buffer source, int at, int length) {
        if (size() + length > limit || !append(source, at, length)) {
            dropped++;
            return false;
        }
        return true;
    }

    /**
     * Adds the rest of a frame whose beginning was written already, whatever the bound says: without it the peer could not
     * read on.
     *
     * @return false when there is no memory for it: the connection is then of no use any more
     */
    boolean addRest(Buffer source, int at, int length) {
        rest = length;
        return append(source, at, length);
    }

    private boolean append(Buffer source, int at, int length) {
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
        return true;
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

    /** The first {@code length} bytes were written, and {@code rest} bytes behind them belong to a frame begun. */
    void taken(int length, int rest) {
        this.rest = rest;
        head += length;
        if (head == tail) {
            clear();
        }
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
    }
}
