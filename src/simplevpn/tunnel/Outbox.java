package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;
import simplevpn.protocol.Framing;

/**
 * What waits to be written to one peer: data frames in order, bounded in bytes and in age, and in front of them control
 * frames, which are never dropped for data.
 *
 * <p>A data frame that does not fit is dropped, as a network card's queue does. One that waited too long is dropped
 * from the head, so that the connections inside the tunnel see early that they are too fast, and a queue does not
 * become a delay. A frame of which a part was written is never dropped: without its rest the peer could not read on.
 */
final class Outbox {
    /** Nanoseconds after which a waiting data frame is of no use any more. */
    private static final long AGE = 30_000_000L;
    /**
     * The same on a line that loses segments: sending stalls there while a loss is repaired, and dropping then would
     * double it.
     */
    private static final long AGE_ON_LOSSY_LINE = 100_000_000L;
    /** So many bytes may wait longer: on a slow line a few packets take their time. */
    private static final int FLOOR = 16 * 1024;
    /** How many times of arrival are told apart, and how finely, nanoseconds. */
    private static final int ARRIVALS = 32;
    private static final long RESOLUTION = 1_000_000L;

    private final Pool pool;
    /** Both are made when something waits for the first time. */
    private FrameQueue data;
    private FrameQueue control;
    private long dropped;
    private long age = AGE;

    /** Bytes of data added since some began to wait, and how many of them had come at which time: a ring. */
    private long added;
    private long[] arrived;
    private long[] times;
    private int firstArrival;
    private int arrivals;

    /** @param pool where memory comes from */
    Outbox(Pool pool) {
        this.pool = pool;
    }

    /** The line loses segments by itself: frames may wait longer. */
    void onLossyLine() {
        age = AGE_ON_LOSSY_LINE;
    }

    /** Whether nothing waits. */
    boolean isEmpty() {
        return dataSize() == 0 && controlSize() == 0;
    }

    private int dataSize() {
        return data == null ? 0 : data.size();
    }

    private int controlSize() {
        return control == null ? 0 : control.size();
    }

    /** Bytes that wait. */
    int size() {
        return dataSize() + controlSize();
    }

    /** How many frames were dropped in all. */
    long dropped() {
        return dropped;
    }

    /** Counts a frame that was not even tried. */
    void drop() {
        dropped++;
    }

    /** Adds one whole data frame, or drops it if it does not fit. */
    void add(Buffer source, int at, int length, long now) {
        if (dataSize() + length > Budget.OUTBOX || !data().add(source, at, length, true)) {
            dropped++;
        } else {
            arrival(length, now);
        }
    }

    /** Adds one whole control frame; it is dropped only if the peer has let many of them wait already. */
    void addControl(Buffer source, int at, int length) {
        if (control == null) {
            control = new FrameQueue(pool);
        }
        if (control.size() + length > Budget.CONTROL_FRAMES || !control.add(source, at, length, false)) {
            dropped++;
        }
    }

    /**
     * Adds the rest of a frame whose beginning was written already, to an empty box.
     *
     * @return false when there is no memory for it: the connection is then of no use any more
     */
    boolean addRest(Buffer source, int at, int length, long now) {
        if (!data().addRest(source, at, length)) {
            return false;
        }
        arrival(length, now);
        return true;
    }

    private FrameQueue data() {
        if (data == null) {
            data = new FrameQueue(pool);
            arrived = new long[ARRIVALS];
            times = new long[ARRIVALS];
        }
        return data;
    }

    private void arrival(int length, long now) {
        added += length;
        int last = (firstArrival + arrivals - 1) % ARRIVALS;
        if (arrivals == 0 || (now - times[last] >= RESOLUTION && arrivals < ARRIVALS)) {
            last = (firstArrival + arrivals++) % ARRIVALS;
            times[last] = now;
        }
        arrived[last] = added;
    }

    /**
     * Writes as much as a stream takes in one go.
     *
     * @return whether it took all of it, so that another go is worth trying
     */
    boolean writeTo(Stream stream, Framing framing) {
        // A frame that was begun comes first, then control frames, then data.
        boolean dataBegun = data != null && data.rest() > 0;
        boolean controlFirst = controlSize() > 0 && !dataBegun;
        FrameQueue from = controlFirst ? control : data;
        boolean single = framing.isClassic() || (dataBegun && controlSize() > 0);
        int length = from.pieceLength(single, framing.tag);
        int written = stream.write(from.buffer(), from.pieceAt(), length);
        if (written > 0) {
            from.taken(written, framing.tag);
            forgetArrivals();
        }
        return written == length;
    }

    /** Drops data frames that waited too long. */
    void expire(long now, int tag) {
        if (arrivals == 0 || now - times[firstArrival] < age || data.size() <= FLOOR) {
            return;
        }
        while (arrivals > 0 && now - times[firstArrival] >= age) {
            long old = arrived[firstArrival];
            while (added - data.size() + data.rest() < old && data.size() - data.rest() > FLOOR) {
                data.dropFirst(tag);
                dropped++;
            }
            if (added - data.size() + data.rest() < old) {
                return;
            }
            dropArrival();
        }
    }

    /** Forgets when what is gone had come. */
    private void forgetArrivals() {
        int size = dataSize();
        if (size == 0) {
            added = 0;
            arrivals = 0;
        }
        while (arrivals > 0 && arrived[firstArrival] <= added - size) {
            dropArrival();
        }
    }

    private void dropArrival() {
        firstArrival = (firstArrival + 1) % ARRIVALS;
        arrivals--;
    }

    /** Moves what little waits out of a large buffer, which others may need. */
    void tidy() {
        if (data != null) {
            data.tidy();
        }
    }

    /** Forgets what waits, and gives the memory back. */
    void clear() {
        if (data != null) {
            data.clear();
        }
        if (control != null) {
            control.clear();
        }
        forgetArrivals();
    }
}
