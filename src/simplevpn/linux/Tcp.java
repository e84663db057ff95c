package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;

/** One TCP connection as a {@link Stream}: a non-blocking socket (tcp(7)). */
public final class Tcp implements Stream {
    /** Bytes that may wait unsent in the kernel before it says that the socket is full (TCP_NOTSENT_LOWAT). */
    private static final int UNSENT = 16 * 1024;
    /** Names of congestion controls have fewer bytes (TCP_CA_NAME_MAX, linux/net/tcp.h). */
    private static final int MAX_NAME = 16;

    private static final Buffer SOCKET_ADDRESS = Buffer.permanent(Abi.SIN6_SIZE);
    private static final Buffer VALUE = Buffer.permanent(Integer.BYTES);
    private static final Buffer LENGTH = Buffer.permanent(Integer.BYTES);
    private static final Buffer NAME = Buffer.permanent(MAX_NAME);
    /** struct linger: two ints. */
    private static final Buffer LINGER = Buffer.permanent(2 * Integer.BYTES);
    private static final Buffer INFO = Buffer.permanent(Abi.TCPI_DELIVERY_RATE + Long.BYTES);

    private final int fd;
    private final boolean overIpv6;
    private Endpoint peer;
    /** Bytes of one write, 0 for any number. */
    private int mostPerWrite;

    private Tcp(int fd, Endpoint peer) {
        this.fd = fd;
        this.peer = peer;
        overIpv6 = peer != null && peer.isIpv6();
    }

    /** A connection that was accepted. */
    static Tcp accepted(int fd, Endpoint peer) {
        tune(fd, 0);
        return new Tcp(fd, peer);
    }

    /** A connection of this machine alone: its bytes come and go like TCP's, and what is TCP's own does nothing. */
    static Tcp local(int fd) {
        return new Tcp(fd, null);
    }

    /**
     * Begins to connect; the descriptor is writable when that is done, and {@link #error} tells how it went.
     *
     * @param mss the most bytes of a segment in either direction; 0 for what the line has
     * @param device the name of the one interface to use, or {@code null}
     * @param mark for routing rules, or 0
     * @throws Failure when it fails at once
     */
    static Tcp connect(Endpoint to, int mss, String device, int mark) throws Failure {
        int fd = Libc.socket(to.family, Abi.SOCK_STREAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw Errno.failure("socket for " + to, fd, "");
        }
        try {
            choose(fd, device, mark);
        } catch (Failure e) {
            Libc.close(fd);
            throw e;
        }
        tune(fd, mss);
        SOCKET_ADDRESS.bytes.put(0, to.address);
        int result = Libc.connect(fd, SOCKET_ADDRESS, to.address.length);
        if (result < 0 && result != -Errno.EINPROGRESS) {
            Libc.close(fd);
            throw Errno.failure("connect " + to, result, "");
        }
        return new Tcp(fd, to);
    }

    /** SO_BINDTODEVICE and SO_MARK (socket(7)). */
    private static void choose(int fd, String device, int mark) throws Failure {
        if (device != null) {
            Buffer name = Buffer.temporary(Abi.IFNAMSIZ);
            Netdevice.putName(name, device);
            int result = Libc.setsockopt(fd, Abi.SOL_SOCKET, Abi.SO_BINDTODEVICE, name, Abi.IFNAMSIZ);
            name.free();
            check("SO_BINDTODEVICE " + device, result);
        }
        if (mark != 0) {
            check("SO_MARK " + mark, set(fd, Abi.SOL_SOCKET, Abi.SO_MARK, mark));
        }
    }

    private static void check(String call, int result) throws Failure {
        if (result < 0) {
            throw Errno.failure(call, result, switch (-result) {
                case Errno.EPERM -> "run with the capability CAP_NET_ADMIN";
                case Errno.ENODEV -> "there is no such interface";
                default -> "";
            });
        }
    }

    /**
     * Whether the kernel has a congestion control and allows it.
     *
     * @param name any text
     */
    public static boolean hasCongestion(String name) throws Failure {
        int fd = Libc.socket(Abi.AF_INET, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw Errno.failure("socket", fd, "");
        }
        boolean known = new Tcp(fd, null).setCongestion(name);
        Libc.close(fd);
        return known;
    }

    /** What makes a connection fit for frames; for a listening socket, what it gives on to those that it accepts. */
    static void tune(int fd, int mss) {
        if (mss != 0) {
            set(fd, Abi.IPPROTO_TCP, Abi.TCP_MAXSEG, mss);
        }
        // Frames are whole when they are written: waiting for more (Nagle) would only delay them.
        set(fd, Abi.IPPROTO_TCP, Abi.TCP_NODELAY, 1);
        // What the network does not take yet waits in an outbox, which knows its age, and not in the kernel.
        set(fd, Abi.IPPROTO_TCP, Abi.TCP_NOTSENT_LOWAT, UNSENT);
    }

    /** Returns 0 or −errno. Most options that cannot be had are gone without: they only make things better. */
    static int set(int fd, int level, int option, int value) {
        VALUE.nativeOrder.putInt(0, value);
        return Libc.setsockopt(fd, level, option, VALUE, Integer.BYTES);
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
        peer = behind;
    }

    @Override
    public int read(Buffer buffer, int at, int length) {
        int result = Libc.tryRead(fd, buffer, at, length);
        return result > 0 ? result : result == 0 ? END : 0;
    }

    @Override
    public int write(Buffer buffer, int at, int length) {
        if (mostPerWrite != 0) {
            // Without MSG_EOR the kernel would let up to 64 KiB wait, since it fills a segment up before it asks
            // whether there is room (tcp_sendmsg_locked).
            return Math.max(0, Libc.trySend(fd, buffer, at, Math.min(length, mostPerWrite), Abi.MSG_EOR));
        }
        return Math.max(0, Libc.tryWrite(fd, buffer, at, length));
    }

    /** The kernel holds all input, and the poller shows it. */
    @Override
    public boolean holdsInput() {
        return false;
    }

    /** What was taken is the kernel's. */
    @Override
    public boolean holdsOutput() {
        return false;
    }

    /** There is never anything to flush. */
    @Override
    public void flush() {
    }

    /** SO_ERROR (socket(7)). */
    @Override
    public int error() {
        int result = Libc.getsockopt(fd, Abi.SOL_SOCKET, Abi.SO_ERROR, VALUE, LENGTH);
        return result < 0 ? result : -VALUE.nativeOrder.getInt(0);
    }

    /** TCP_USER_TIMEOUT. */
    @Override
    public void giveUpAfter(int seconds) {
        set(fd, Abi.IPPROTO_TCP, Abi.TCP_USER_TIMEOUT, (int) Math.min(seconds * 1000L, Integer.MAX_VALUE));
    }

    /** TCP_CONGESTION. */
    @Override
    public boolean setCongestion(String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        if (text.length == 0 || text.length >= MAX_NAME) {
            return false;
        }
        NAME.bytes.put(0, text);
        return Libc.setsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_CONGESTION, NAME, text.length) >= 0;
    }

    /** TCP_CONGESTION. */
    @Override
    public String congestion() {
        int result = Libc.getsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_CONGESTION, NAME, LENGTH);
        StringBuilder name = new StringBuilder(MAX_NAME);
        for (int i = 0; result >= 0 && i < LENGTH.nativeOrder.getInt(0) && NAME.bytes.get(i) != 0; i++) {
            name.append((char) NAME.bytes.get(i));
        }
        return name.toString();
    }

    /** IP_MTU_DISCOVER (ip(7)), which sets the bit "do not fragment" or not; IPv6 has no such thing. */
    @Override
    public boolean allowFragments() {
        return !overIpv6 && set(fd, Abi.IPPROTO_IP, Abi.IP_MTU_DISCOVER, Abi.IP_PMTUDISC_DONT) >= 0;
    }

    /** TCP_NOTSENT_LOWAT, and MSG_EOR (tcp(7), send(2)). */
    @Override
    public void limitUnsent(int most) {
        mostPerWrite = most;
        set(fd, Abi.IPPROTO_TCP, Abi.TCP_NOTSENT_LOWAT, most == 0 ? UNSENT : Math.min(UNSENT, 2 * most));
    }

    /** SO_MAX_PACING_RATE (socket(7)). */
    @Override
    public void limitRate(int most) {
        set(fd, Abi.SOL_SOCKET, Abi.SO_MAX_PACING_RATE, most == 0 ? -1 : most);
    }

    /** TCP_INFO. */
    @Override
    public boolean look(Line line) {
        if (Libc.getsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_INFO, INFO, LENGTH) < 0
                || LENGTH.nativeOrder.getInt(0) < Abi.TCPI_SIZE) {
            return false;
        }
        line.repetitions = INFO.bytes.get(Abi.TCPI_RETRANSMITS) & 0xff;
        line.retransmitted = INFO.nativeOrder.getInt(Abi.TCPI_TOTAL_RETRANS);
        line.roundTrip = INFO.nativeOrder.getInt(Abi.TCPI_RTT);
        line.acknowledged = INFO.nativeOrder.getLong(Abi.TCPI_BYTES_ACKED);
        line.unsent = INFO.nativeOrder.getInt(Abi.TCPI_NOTSENT_BYTES);
        line.leastRoundTrip = INFO.nativeOrder.getInt(Abi.TCPI_MIN_RTT);
        line.rate = LENGTH.nativeOrder.getInt(0) < INFO.size ? 0 : INFO.nativeOrder.getLong(Abi.TCPI_DELIVERY_RATE);
        return true;
    }

    /** SO_LINGER of no time (socket(7)). */
    @Override
    public void reset() {
        LINGER.nativeOrder.putInt(0, 1);
        LINGER.nativeOrder.putInt(Integer.BYTES, 0);
        Libc.setsockopt(fd, Abi.SOL_SOCKET, Abi.SO_LINGER, LINGER, 2 * Integer.BYTES);
        Libc.close(fd);
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
