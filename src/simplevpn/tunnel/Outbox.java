package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;
import simplevpn.protocol.Framing;

/**
 * What waits to be written to one peer: data frames in order, bounded in bytes and in age; in front of them a few of
 * flows that have nothing among those; and in front of all control frames, which are never dropped for data.
 *
 * <p>A data frame that does not fit is dropped, as a network card's queue does. One that waited too long is dropped
 * from the head, so that the connections inside the tunnel see early that they are too fast, and a queue does not
 * become a delay. A frame of which a part was written is never dropped: without its rest the peer could not read on.
 */
final class Outbox implements Pool.Holder {
    /** Nanoseconds after which a waiting data frame is of no use any more. */
    private static final long AGE = 30_000_000L;
    /**
     * The same on a line that loses segments: sending stalls there while a loss is repaired, and dropping then would
     * double it.
     */
    private static final long AGE_ON_LOSSY_LINE = 100_000_000L;
    /** So many bytes may wait longer: on a slow line a few packets take their time. */
    private static final int FLOOR = 16 * 1024;
    /** But nothing longer than this. */
    private static final long GREATEST_AGE = 1_000_000_000L;

    /** How frames lie on the connection. */
    Framing framing = Framing.CLASSIC;

    private final Pool pool;
    /** Each is made when something waits there for the first time. */
    private FrameQueue data;
    private FrameQueue sparse;
    private FrameQueue control;
    private Arrivals arrivals;
    private Flows flows;
    /** Since when something waits in front of the data. */
    private long sparseSince;
    private long droppedPackets;
    private long droppedBytes;
    private long droppedControl;
    private long age = AGE;

    /** @param pool where memory comes from */
    Outbox(Pool pool) {
        this.pool = pool;
    }

    /** Whether the line loses segments by itself: then frames may wait longer. */
    void onLossyLine(boolean lossy) {
        age = lossy ? AGE_ON_LOSSY_LINE : AGE;
    }

    /** Whether nothing waits. */
    boolean isEmpty() {
        return size() == 0;
    }

    private int dataSize() {
        return data == null ? 0 : data.size();
    }

    private int sparseSize() {
        return sparse == null ? 0 : sparse.size();
    }

    private int controlSize() {
        return control == null ? 0 : control.size();
    }

    /** Bytes that wait. */
    int size() {
        return dataSize() + sparseSize() + controlSize();
    }

    /** How many packets were dropped, their bytes, and how many control frames. */
    long droppedPackets() {
        return droppedPackets;
    }

    long droppedBytes() {
        return droppedBytes;
    }

    long droppedControl() {
        return droppedControl;
    }

    /** How many packets wait of which nothing was written, and their bytes. */
    int waitingPackets() {
        return (data == null ? 0 : data.frames()) + (sparse == null ? 0 : sparse.frames());
    }

    int waitingBytes() {
        return waitingBytes(data) + waitingBytes(sparse);
    }

    private int waitingBytes(FrameQueue queue) {
        return queue == null ? 0 : queue.size() - queue.rest() - queue.frames() * framing.tag;
    }

    /** Counts a data frame that was dropped without being added. */
    void drop(int length) {
        droppedPackets++;
        droppedBytes += length - framing.tag;
    }

    private void dropFirst() {
        drop(data.dropFirst(framing.tag));
    }

    /** Adds one whole data frame; returns false when there is no room for it. */
    boolean add(Buffer source, int at, int length, long now) {
        if (dataSize() + length > Budget.OUTBOX || !data().add(source, at, length)) {
            return false;
        }
        flows.add(source.bytes, at + framing.tag, length);
        arrivals.add(length, now);
        return true;
    }

    /** The same before what waits, if its flow has nothing there; returns false when it has, or there is no room. */
    boolean addSparse(Buffer source, int at, int length, long now) {
        if (dataSize() == 0 || !flows.goesPast(source.bytes, at + framing.tag, length, dataSize())) {
            return false;
        }
        if (sparse == null) {
            sparse = new FrameQueue(pool, this);
        }
        if (sparse.size() == 0) {
            sparseSince = now;
        }
        return sparse.add(source, at, length);
    }

    /** Whether there is room for a control frame of that many bytes. */
    boolean takesControl(int length) {
        return (control == null ? 0 : control.size()) + length <= Budget.CONTROL_FRAMES;
    }

    /** Adds one whole control frame; it is dropped only if the peer has let many of them wait already. */
    void addControl(Buffer source, int at, int length) {
        if (control == null) {
            control = new FrameQueue(pool, this);
        }
        if (!takesControl(length) || !control.add(source, at, length)) {
            droppedControl++;
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
        flows.addRest(length);
        arrivals.add(length, now);
        return true;
    }

    private FrameQueue data() {
        if (data == null) {
            data = new FrameQueue(pool, this);
            arrivals = new Arrivals();
            flows = new Flows();
        }
        return data;
    }

    /**
     * Writes as much as a stream takes in one go.
     *
     * @return whether it took all of it, so that another go is worth trying
     */
    boolean writeTo(Stream stream) {
        FrameQueue from = next();
        boolean single = framing.isClassic() || (from.rest() > 0 && size() > from.size());
        int length = from.pieceLength(single, framing.tag);
        int written = stream.write(from.buffer(), from.pieceAt(), length);
        if (written > 0) {
            from.taken(written, framing.tag);
            if (from == data) {
                flows.left(written);
                forgetArrivals();
            }
        }
        return written == length;
    }

    /** A frame that was begun comes first, then control frames, then data. */
    private FrameQueue next() {
        if (data != null && data.rest() > 0) {
            return data;
        }
        if (sparseSize() > 0 && (sparse.rest() > 0 || controlSize() == 0)) {
            return sparse;
        }
        return controlSize() > 0 ? control : data;
    }

    /** Drops data frames that waited too long. */
    void expire(long now) {
        if (sparseSize() > 0 && now - sparseSince > GREATEST_AGE) {
            release(sparse);
            // What comes behind the rest of one that was begun is young.
            sparseSince = now;
        }
        while (arrivals != null && arrivals.isOld(now, age)) {
            int floor = arrivals.isOld(now, GREATEST_AGE) ? 0 : FLOOR;
            while (arrivals.oldBytes(data.size() - data.rest()) > 0) {
                if (data.size() - data.rest() <= floor) {
                    return;
                }
                dropFirst();
            }
            arrivals.dropOldest();
        }
    }

    private void forgetArrivals() {
        if (arrivals != null) {
            arrivals.left(dataSize());
        }
    }

    /** Others need the memory more: all data frames are dropped, but for the rest of a begun one. */
    @Override
    public void release() {
        release(data);
        release(sparse);
        forgetArrivals();
    }

    private void release(FrameQueue queue) {
        if (queue != null) {
            while (queue.size() > queue.rest()) {
                drop(queue.dropFirst(framing.tag));
            }
            queue.tidy();
        }
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
        if (sparse != null) {
            sparse.clear();
        }
        if (control != null) {
            control.clear();
        }
        forgetArrivals();
    }
}
