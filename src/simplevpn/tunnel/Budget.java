package simplevpn.tunnel;

import simplevpn.base.Log;
import simplevpn.base.Ratelimit;

/**
 * What may be used up, by one connection, by one turn of the loop, or by all together: every bound stands here, and
 * whoever spends asks here.
 */
public final class Budget {
    /* One turn of the loop, before it looks at the others. */

    /** Packets of the device, and their bytes. */
    static final int DEVICE_PACKETS = 128;
    static final int DEVICE_BYTES = 1 << 20;
    /** Reads of one connection. */
    static final int READS = 4;
    /** Frames of one connection: what is left of a read is cut in the next turn. */
    static final int FRAMES = 1024;
    /** Writes to connections that one of them, or the device, causes. */
    static final int WRITES = 128;
    /** Frames in a row for a classic client: each is a write of its own, which is counted only when it is made. */
    static final int CLASSIC_BATCH = 32;
    /** Keepalives of one read that are returned. */
    public static final int ECHOES = 64;
    /** New connections. */
    static final int ACCEPTS = 64;
    /** Routes that are made once more: some 20 microseconds each. */
    static final int HOST_ROUTES = 64;

    /* What waits. */

    /** Bytes for all connections together, beside the small buffers that each may have. */
    static final long MEMORY = 16L << 20;
    /** Bytes of data frames for one connection. */
    static final int OUTBOX = Pool.LARGEST;
    /** Bytes of control frames for one connection: several of each kind. */
    static final int CONTROL_FRAMES = 512;

    /** The longest message of a connection without an address of which a part is kept: a request has 20 bytes. */
    static final int STRANGER_MESSAGE = 256;

    /* Connections. */

    /** Descriptors that are not a client's: standard streams, the VM's files, device, poller, listener. */
    private static final int OTHER_DESCRIPTORS = 32;
    /** Bytes of the heap for everything else, and for one client with frames of each kind waiting: 2,200 measured. */
    private static final int HEAP_OF_THE_REST = 3 << 20;
    private static final int HEAP_PER_CONNECTION = 2560;
    /** The same of a connection with TLS, 8 KiB measured, and a record each that may have come and may wait to go. */
    private static final int HEAP_PER_TLS_CONNECTION = 40 * 1024;
    /** Bytes of the heap that are held back. */
    private static final int RESERVE = 32 * 1024;

    /** Handshakes that have begun and wait to be computed: more than there are strangers. */
    public static final int HANDSHAKES = 2048;
    /** Connections that one turn passes over, since they ended before it was theirs to have a handshake. */
    public static final int LEFT = 32;
    /** Nanoseconds from the beginning of one handshake to the next: a hundred a second take a third of a PC's core. */
    public static final long HANDSHAKE_INTERVAL = 10_000_000;
    /** By how much their thread stands back behind the loop: of a core that both want, a quarter is left to it. */
    public static final int HANDSHAKE_NICE = 5;

    /**
     * How many connections come until the heap is tidied up, how long after that, nanoseconds, and how many more may
     * come meanwhile without its being done again.
     */
    public static final int CROWD = 256;
    public static final int FEW = 16;
    public static final long AFTER_CROWD = 15_000_000_000L;

    /** Connections without an address, of all that there may be: the most, and one for how many. */
    private static final int MOST_STRANGERS = 1024;
    private static final int STRANGERS_PART = 4;

    /** Connections of load balancers whose header has not come, of those without an address: one for how many. */
    private static final int HEADERS_PART = 4;

    /* Programs of the user's own, which are started when clients come and go. */

    /** So many run at once; those whose turn it is not wait. */
    public static final int HOOKS = 4;
    /** So many wait whose client has come; for one more it is left out, and so is the one when that client goes. */
    public static final int WAITING_HOOKS = 1024;
    /** Nanoseconds that one may take; and those that have not ended when the server or client does, all together. */
    public static final long HOOK_TIME = 30_000_000_000L;
    public static final long LAST_HOOK_TIME = 4_000_000_000L;
    /** Bytes of a line of its output that are logged, and bytes that are read: then its output is closed. */
    public static final int HOOK_LINE = 300;
    public static final int HOOK_OUTPUT = 4 << 20;
    /** Lines of their output, per second in the long run, and at once. */
    public static final int HOOK_LINES_PER_SECOND = 5;
    public static final int HOOK_LINES_AT_ONCE = 100;

    /* Questions by the socket of its own, one at a time. */

    /** Bytes of one. */
    public static final int QUESTION = 64;
    /** Nanoseconds that it may take to ask, and to take the answer. */
    public static final long ASK_TIME = 1_000_000_000L;
    public static final long ANSWER_TIME = 5_000_000_000L;
    /** Connections that one turn tells of. */
    public static final int TOLD = 32;

    /* Lines in the log, per second in the long run, and at once: about connections without an address, which anybody
       can cause, and about clients and servers. */
    private static final int STRANGER_LINES_PER_SECOND = 1;
    private static final int STRANGER_LINES_AT_ONCE = 100;
    private static final int PEER_LINES_PER_SECOND = 5;
    private static final int PEER_LINES_AT_ONCE = 1000;

    /** Memory for what waits. */
    final Pool memory = new Pool(MEMORY);
    /** Heap for those who make room when there is none. */
    private byte[] reserve = new byte[RESERVE];
    /** Writes to connections so far. */
    long writes;

    private final int maxConnections;
    private final Ratelimit strangerLines;
    private final Ratelimit peerLines;

    /**
     * @param maxConnections how many may be open at once
     * @param now the time, nanoseconds of the loop's clock
     */
    public Budget(int maxConnections, long now) {
        this.maxConnections = maxConnections;
        strangerLines = new Ratelimit(STRANGER_LINES_PER_SECOND, STRANGER_LINES_AT_ONCE, now);
        peerLines = new Ratelimit(PEER_LINES_PER_SECOND, PEER_LINES_AT_ONCE, now);
    }

    /**
     * How many connections a process can have.
     *
     * @param descriptors how many it may open
     * @param heap bytes that its heap may grow to
     * @param tls whether they have TLS
     */
    public static int maxConnections(int descriptors, long heap, boolean tls) {
        int each = tls ? HEAP_PER_TLS_CONNECTION : HEAP_PER_CONNECTION;
        int fitHeap = (int) Math.min(Integer.MAX_VALUE, (heap - HEAP_OF_THE_REST) / each);
        return Math.max(1, Math.min(descriptors - OTHER_DESCRIPTORS, fitHeap));
    }

    /** The heap is full: whoever closes connections now, and says why, has a little more of it. */
    void useReserve() {
        reserve = null;
    }

    /** From time to time: there is room again. */
    void restoreReserve() {
        if (reserve == null) {
            try {
                reserve = new byte[RESERVE];
            } catch (OutOfMemoryError e) {
                // Not yet.
            }
        }
    }

    /** How many connections without an address may be open at once. */
    public int strangers() {
        return Math.max(2, Math.min(MOST_STRANGERS, maxConnections / STRANGERS_PART));
    }

    /** How many of them may be load balancers' whose header has not come. */
    public int headers() {
        return Math.max(1, strangers() / HEADERS_PART);
    }

    /** How many clients there may be, so that there is room for newcomers. */
    public int clients() {
        return Math.max(1, maxConnections - strangers());
    }

    /** Logs an event of a connection that has no address: anybody can cause these. */
    public void logStranger(String line, long now) {
        Log.event(line, strangerLines, now);
    }

    /** Logs an event of a client or a server, which can cause these by coming and going. */
    public void logPeer(String line, long now) {
        Log.event(line, peerLines, now);
    }
}
