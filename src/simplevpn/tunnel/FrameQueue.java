package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.protocol.Wire;

/**
 * Whole frames in order in one buffer, which is used as a ring: none is ever moved but when the buffer grows or
 * shrinks. A frame does not wrap around the end of the buffer; the bytes that it would not fill there stay unused until
 * the ring comes round.
 *
 * <pre>
 *   |    front         head         tail   |      |   tail      front         head         wrap  |
 *   |......[rest][....][frame][frame].......|      |frame].......[rest][....][frame][frame]......|
 * </pre>
 *
 * A frame whose beginning was written already is the {@code rest}; behind it frames may have been dropped. Memory is
 * held only while something waits.
 */
final class FrameQueue {
    private final Pool pool;
    private final Pool.Holder holder;
    private Buffer buffer;
    private int size;
    /** How many whole frames there are. */
    private int frames;
    /** The bytes of a frame whose beginning was written already, and where they are. */
    private int rest;
    private int restAt;
    /** Where the first whole frame begins: {@code wrap} when it is at {@code second}. */
    private int head;
    /** Where the next frame goes, if it fits. */
    private int tail;
    /** Where the frames end that lie behind the head; −1 as long as all of them lie before the tail. */
    private int wrap = -1;
    /** Where the first frame begins of those that lie before the tail, after wrapping. */
    private int second;

    /**
     * An empty queue.
     *
     * @param pool where memory comes from
     * @param holder who gives it back when others need it more
     */
    FrameQueue(Pool pool, Pool.Holder holder) {
        this.pool = pool;
        this.holder = holder;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Bytes that wait. */
    int size() {
        return size;
    }

    /** How many whole frames wait. */
    int frames() {
        return frames;
    }

    /** How many of the bytes belong to a frame whose beginning was written already. */
    int rest() {
        return rest;
    }

    /** Adds one whole frame; returns false when there is no room for it. */
    boolean add(Buffer source, int at, int length) {
        if (buffer == null || !hasRoom(length)) {
            // When only the bytes unused at its end are lacking, the present size would fit, but not for long.
            int wanted = buffer == null ? length : Math.max(size + length, buffer.size + 1);
            Buffer larger = wanted > Pool.LARGEST ? null : pool.take(wanted, holder);
            if (larger == null) {
                return false;
            }
            move(larger);
        }
        append(source, at, length);
        frames++;
        return true;
    }

    private void append(Buffer source, int at, int length) {
        if (wrap < 0 && buffer.size - tail < length) {
            wrap = tail;
            second = 0;
            tail = 0;
        }
        buffer.copy(tail, source, at, length);
        tail += length;
        size += length;
    }

    /**
     * Adds the rest of a frame whose beginning was written already, to an empty queue.
     *
     * @return false when there is no memory for it
     */
    boolean addRest(Buffer source, int at, int length) {
        Buffer first = pool.takeFirst(length, holder);
        if (first == null) {
            return false;
        }
        move(first);
        append(source, at, length);
        rest = length;
        restAt = tail - length;
        head = tail;
        return true;
    }

    /** Whether a frame fits where the tail is, or before the front once the end of the buffer is reached. */
    private boolean hasRoom(int length) {
        int front = rest > 0 ? restAt : head;
        if (wrap >= 0) {
            return front - tail >= length;
        }
        return buffer.size - tail >= length || front >= length;
    }

    /** Moves everything to another buffer, one frame right behind the other. */
    private void move(Buffer to) {
        if (buffer != null) {
            to.copy(0, buffer, restAt, rest);
            int end = wrap < 0 ? tail : wrap;
            to.copy(rest, buffer, head, end - head);
            if (wrap >= 0) {
                to.copy(rest + end - head, buffer, second, tail - second);
            }
            pool.give(buffer, holder);
        }
        buffer = to;
        restAt = 0;
        head = rest;
        tail = size;
        wrap = -1;
    }

    /** The buffer that the bytes of {@link #pieceAt} are in. */
    Buffer buffer() {
        return buffer;
    }

    /** Where the bytes begin that are to be written next. */
    int pieceAt() {
        return rest > 0 ? restAt : head;
    }

    /**
     * How many bytes from {@link #pieceAt} on can be written in one go.
     *
     * @param single whether to stop at the end of the first frame, or of the rest of one
     * @param tag bytes of the tag in front of each frame
     */
    int pieceLength(boolean single, int tag) {
        int end = wrap < 0 ? tail : wrap;
        if (rest > 0) {
            return single || restAt + rest != head ? rest : end - restAt;
        }
        return single ? frameLength(head, tag) : end - head;
    }

    /** The first {@code length} bytes of the piece were written. */
    void taken(int length, int tag) {
        size -= length;
        int ofRest = Math.min(length, rest);
        rest -= ofRest;
        restAt += ofRest;
        if (length > ofRest) {
            int written = head + length - ofRest;
            while (head < written) {
                head += frameLength(head, tag);
                frames--;
            }
            rest = head - written;
            restAt = written;
        }
        comeRound();
    }

    /** Drops the first whole frame, of which there has to be one; returns its length. */
    int dropFirst(int tag) {
        boolean behind = wrap >= 0 && head == wrap;
        int length = frameLength(behind ? second : head, tag);
        if (behind) {
            second += length;
        } else {
            head += length;
        }
        size -= length;
        frames--;
        comeRound();
        return length;
    }

    /**
     * Goes on before the tail when nothing is left behind the head, and gives the memory back when nothing is left at
     * all.
     */
    private void comeRound() {
        if (size == 0) {
            clear();
        } else if (wrap >= 0 && head == wrap && rest == 0) {
            head = second;
            wrap = -1;
        }
    }

    private int frameLength(int at, int tag) {
        return tag + Wire.knownLength(buffer.bytes, at + tag);
    }

    /** Moves what little waits out of a large buffer, which others may need. */
    void tidy() {
        Buffer smaller = buffer == null || size > buffer.size / 4 ? null : pool.exchange(buffer, size, holder);
        if (smaller != null) {
            move(smaller);
        }
    }

    /** Forgets what waits, and gives the memory back. */
    void clear() {
        if (buffer != null) {
            pool.give(buffer, holder);
            buffer = null;
        }
        size = 0;
        frames = 0;
        rest = 0;
        head = 0;
        tail = 0;
        wrap = -1;
    }
}
