package simplevpn.memory;

import java.util.Arrays;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Errno;
import simplevpn.linux.Stream;

/**
 * One end of a connection in memory, whose room, pieces and failures a test decides. It can also behave as a layer does
 * that keeps bytes of its own on their way in or out, TLS say. Whoever uses it after closing it would use somebody
 * else's descriptor by then: that fails a test.
 */
public final class MemoryStream implements Stream, MemoryKernel.Descriptor {
    private final MemoryKernel kernel;
    private final int fd;
    private Endpoint peer;
    private MemoryStream other;

    /** What has come and was not read yet, as a ring; its length is the room there is. */
    private byte[] incoming;
    private int head;
    private int size;
    private boolean ended;
    /** Why it failed, until somebody is told. */
    private int error;
    private boolean failed;
    private boolean closed;
    private boolean lineCut;

    /** Bytes that one call takes or gives at most. */
    public int mostPerWrite = Integer.MAX_VALUE;
    public int mostPerRead = Integer.MAX_VALUE;
    /** Whether the connection is still being made. */
    public boolean connecting;
    /** Whether all that has come is taken off the descriptor by each read, whatever it gives. */
    public boolean holdsWhatCame;
    /** Whether writes are always taken, and passed on by {@link #flush}. */
    public boolean holdsWhatGoes;
    private int held;
    private byte[] outgoing = {};

    /** How often each was called, and what was set. */
    public int writes;
    public int looks;
    public int patience;
    /** How often somebody asked for a congestion control. */
    public int congestionsTried;
    public String congestion = "reno";
    public boolean hasCongestions = true;
    public final Line line = new Line();
    /** Whether its packets may be cut. */
    public boolean fragments;
    /** What was said last of bytes per write and per second. */
    public int mostUnsent;
    public int mostRate;

    private MemoryStream(MemoryKernel kernel, Endpoint peer, int room) {
        this.kernel = kernel;
        this.peer = peer;
        incoming = new byte[room];
        fd = kernel.open(this);
    }

    /**
     * Two ends that are connected.
     *
     * @param room bytes that may wait in each direction
     */
    public static MemoryStream[] pair(MemoryKernel kernel, Endpoint first, Endpoint second, int room) {
        MemoryStream[] ends = {new MemoryStream(kernel, second, room), new MemoryStream(kernel, first, room)};
        ends[0].other = ends[1];
        ends[1].other = ends[0];
        return ends;
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public Endpoint peer() {
        return peer;
    }

    @Override
    public void standsFor(Endpoint behind) {
        assertOpen();
        peer = behind;
    }

    @Override
    public int read(Buffer buffer, int at, int length) {
        assertOpen();
        if (error() != 0) {
            return 0;
        }
        if (size == 0) {
            return ended || failed ? END : 0;
        }
        if (length == 0) {
            // What read(2) says to this is what it says at the end.
            return END;
        }
        if (holdsWhatCame) {
            held = size;
        }
        int count = Math.min(Math.min(length, size), mostPerRead);
        buffer.bytes.put(at, peek(), 0, count);
        head = (head + count) % incoming.length;
        size -= count;
        held = Math.max(0, held - count);
        return count;
    }

    @Override
    public int write(Buffer buffer, int at, int length) {
        assertOpen();
        writes++;
        if (error() != 0 || failed) {
            return 0;
        }
        if (holdsWhatGoes) {
            byte[] more = Arrays.copyOf(outgoing, outgoing.length + length);
            buffer.bytes.get(at, more, outgoing.length, length);
            outgoing = more;
            flush();
            return length;
        }
        byte[] bytes = new byte[Math.min(length, mostPerWrite)];
        buffer.bytes.get(at, bytes);
        return pass(bytes);
    }

    private int pass(byte[] bytes) {
        if (other.closed) {
            fail(-Errno.ECONNRESET);
            return 0;
        }
        int count = Math.min(bytes.length, other.incoming.length - other.size);
        int tail = count == 0 ? 0 : (other.head + other.size) % other.incoming.length;
        int first = Math.min(count, other.incoming.length - tail);
        System.arraycopy(bytes, 0, other.incoming, tail, first);
        System.arraycopy(bytes, first, other.incoming, 0, count - first);
        other.size += count;
        return count;
    }

    @Override
    public boolean holdsInput() {
        assertOpen();
        return holdsWhatCame && held > 0;
    }

    @Override
    public boolean holdsOutput() {
        assertOpen();
        return outgoing.length > 0;
    }

    @Override
    public void flush() {
        assertOpen();
        int count = pass(Arrays.copyOf(outgoing, Math.min(outgoing.length, mostPerWrite)));
        outgoing = Arrays.copyOfRange(outgoing, count, outgoing.length);
    }

    @Override
    public int error() {
        assertOpen();
        int told = error;
        error = 0;
        return told;
    }

    @Override
    public void giveUpAfter(int seconds) {
        assertOpen();
        patience = seconds;
    }

    @Override
    public boolean setCongestion(String name) {
        assertOpen();
        congestionsTried++;
        if (hasCongestions) {
            congestion = name;
        }
        return hasCongestions;
    }

    @Override
    public String congestion() {
        assertOpen();
        return congestion;
    }

    @Override
    public boolean allowFragments() {
        assertOpen();
        fragments = true;
        return true;
    }

    @Override
    public void limitUnsent(int most) {
        assertOpen();
        mostUnsent = most;
    }

    @Override
    public void limitRate(int most) {
        assertOpen();
        mostRate = most;
    }

    @Override
    public boolean look(Line into) {
        assertOpen();
        looks++;
        into.acknowledged = line.acknowledged;
        into.unsent = line.unsent;
        into.repetitions = line.repetitions;
        into.retransmitted = line.retransmitted;
        into.roundTrip = line.roundTrip;
        into.leastRoundTrip = line.leastRoundTrip;
        return line.leastRoundTrip > 0;
    }

    @Override
    public void close() {
        assertOpen();
        closed = true;
        kernel.close(fd);
        other.ended |= !lineCut;
    }

    @Override
    public void reset() {
        close();
        other.ended = false;
        other.fail(-Errno.ECONNRESET);
    }

    private void assertOpen() {
        if (closed) {
            throw new AssertionError("descriptor " + fd + " is used after it was closed");
        }
    }

    @Override
    public boolean isReadable() {
        return !connecting && (size > held || (ended && size == 0) || failed);
    }

    @Override
    public boolean isWritable() {
        return !connecting && (other.size < other.incoming.length || other.closed);
    }

    @Override
    public boolean hasFailed() {
        return failed;
    }

    /* ---- what a test does to it ---- */

    /**
     * The connection fails, which the poller reports from then on.
     *
     * @param why −errno, told once; 0 when it was told already, as to a write
     */
    public void fail(int why) {
        error = why;
        failed = true;
        connecting = false;
    }

    /** The line is cut: this end fails, and the other learns nothing of it. */
    public void cutLine() {
        lineCut = true;
        fail(-Errno.ETIMEDOUT);
    }

    /** The line is cut, and neither end knows: the other learns nothing of this one's end. */
    public void cutLineSilently() {
        lineCut = true;
    }

    /** How much may wait to be read at this end from now on. */
    public void room(int bytes) {
        byte[] waiting = peek();
        incoming = Arrays.copyOf(waiting, Math.max(bytes, waiting.length));
        head = 0;
    }

    /** What waits to be read at this end. */
    public byte[] peek() {
        byte[] waiting = new byte[size];
        int first = Math.min(size, incoming.length - head);
        System.arraycopy(incoming, head, waiting, 0, first);
        System.arraycopy(incoming, 0, waiting, first, size - first);
        return waiting;
    }

    /** Takes all that waits to be read at this end. */
    public byte[] take() {
        byte[] all = peek();
        size = 0;
        head = 0;
        return all;
    }

    /** Sends bytes from this end; all of them have to find room. */
    public void put(byte... bytes) {
        if (pass(bytes) != bytes.length) {
            throw new AssertionError("no room for " + bytes.length + " bytes");
        }
    }

    /** Whether this end was closed. */
    public boolean isClosed() {
        return closed;
    }

    /** The other end. */
    public MemoryStream other() {
        return other;
    }
}
