package simplevpn;

import java.nio.charset.StandardCharsets;

/**
 * One TCP socket, non-blocking: a listener, or a connection whose bytes {@link Link} reads and writes.
 *
 * <p>{@link #read} and {@link #write} are the only way that a connection's bytes take, so that a layer between the socket and
 * its frames has one place to sit.
 */
final class Tcp {
    /** {@link #read}'s result at the end of the stream. */
    static final int END = -1_000_000;

    /** Bytes that may wait unsent in the kernel before it says that the socket is full (TCP_NOTSENT_LOWAT, tcp(7)). */
    private static final int UNSENT = Integer.getInteger("lowat", 16 * 1024);

    private static final Buffer NAME = Buffer.permanent(Abi.SIN6_SIZE);
    private static final Buffer VALUE = Buffer.permanent(16);
    private static final Buffer LENGTH = Buffer.permanent(Integer.BYTES);

    /** The name of the congestion control for new sockets, or {@code null} for the system's. */
    private static byte[] congestion;

    /** The descriptor, for the {@link Poller}. */
    final int fd;
    /** The other end; a listener's own. */
    final Endpoint peer;

    private Tcp(int fd, Endpoint peer) {
        this.fd = fd;
        this.peer = peer;
    }

    /**
     * Listens on an address of this host.
     *
     * @param host an IPv4 or IPv6 address, or {@code null} for all of both families
     * @param port 1 to 65535
     */
    static Tcp listen(String host, int port) throws Failure {
        Endpoint[] addresses = Endpoint.resolve(host, port, true);
        Endpoint chosen = addresses[0];
        for (Endpoint address : addresses) {
            if (address.family == Abi.AF_INET6) {
                chosen = address;
            }
        }
        int fd = Libc.socket(chosen.family, Abi.SOCK_STREAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
        if (fd == -Errno.EAFNOSUPPORT && host == null) {
            chosen = addresses[0].family == Abi.AF_INET ? addresses[0] : addresses[addresses.length - 1];
            fd = Libc.socket(chosen.family, Abi.SOCK_STREAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
        }
        if (fd < 0) {
            throw Failure.of("socket for " + chosen, fd, "");
        }
        Tcp listener = new Tcp(fd, chosen);
        listener.tune();
        listener.set(Abi.SOL_SOCKET, Abi.SO_REUSEADDR, 1);
        if (chosen.family == Abi.AF_INET6) {
            listener.set(Abi.IPPROTO_IPV6, Abi.IPV6_V6ONLY, 0);
        }
        NAME.bytes.put(0, chosen.address);
        int result = Libc.bind(fd, NAME, chosen.address.length);
        if (result >= 0) {
            result = Libc.listen(fd, Abi.SOMAXCONN);
        }
        if (result < 0) {
            listener.close();
            throw Failure.of("listen on " + chosen, result, switch (-result) {
                case Errno.EADDRINUSE -> "another program has this port; choose another with --port";
                case Errno.EADDRNOTAVAIL -> "this host has no such address";
                case Errno.EACCES -> "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE";
                default -> "";
            });
        }
        return listener;
    }

    /**
     * Takes a connection that waits at this listener.
     *
     * @return the connection, or {@code null} with the reason in {@link #refused}
     */
    Tcp accept() {
        int fd = Libc.accept4(this.fd, NAME, LENGTH);
        if (fd < 0) {
            refused = fd;
            return null;
        }
        Tcp connection = new Tcp(fd, Endpoint.of(NAME, 0, LENGTH.host.getInt(0)));
        connection.tune();
        return connection;
    }

    /** −errno of the last {@link #accept} that gave nothing. */
    int refused;

    /**
     * Begins to connect; the descriptor is writable when that is done, and {@link #connected} tells how it went.
     *
     * @throws Failure when it fails at once
     */
    static Tcp connect(Endpoint to) throws Failure {
        int fd = Libc.socket(to.family, Abi.SOCK_STREAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw Failure.of("socket for " + to, fd, "");
        }
        Tcp connection = new Tcp(fd, to);
        connection.tune();
        NAME.bytes.put(0, to.address);
        int result = Libc.connect(fd, NAME, to.address.length);
        if (result < 0 && result != -Errno.EINPROGRESS) {
            connection.close();
            throw Failure.of("connect " + to, result, "");
        }
        return connection;
    }

    /** 0 when a connection begun by {@link #connect} stands, or −errno (SO_ERROR, socket(7)). */
    int connected() {
        int result = Libc.getsockopt(fd, Abi.SOL_SOCKET, Abi.SO_ERROR, VALUE, LENGTH);
        return result < 0 ? result : -VALUE.host.getInt(0);
    }

    private void tune() {
        // Frames are whole when they are written: waiting for more (Nagle) would only delay them.
        set(Abi.IPPROTO_TCP, Abi.TCP_NODELAY, 1);
        // What the network does not take yet waits in the Outbox, which knows its age, and not in the kernel.
        set(Abi.IPPROTO_TCP, Abi.TCP_NOTSENT_LOWAT, UNSENT);
        if (congestion != null) {
            setCongestion(fd, congestion);
        }
    }

    /** How many seconds data may stay unacknowledged before the kernel gives the connection up (TCP_USER_TIMEOUT, tcp(7)). */
    void giveUpAfter(int seconds) {
        set(Abi.IPPROTO_TCP, Abi.TCP_USER_TIMEOUT, (int) Math.min(seconds * 1000L, Integer.MAX_VALUE));
    }

    /**
     * Chooses the congestion control of the sockets to come (TCP_CONGESTION, tcp(7)); a listener's connections inherit its own.
     *
     * @return whether the kernel has it and allows it; if not, sockets keep the system's choice
     */
    static boolean useCongestion(String name) throws Failure {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        if (text.length == 0 || text.length >= VALUE.size) {
            return false;
        }
        int fd = Libc.socket(Abi.AF_INET, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw Failure.of("socket", fd, "");
        }
        boolean known = setCongestion(fd, text);
        Libc.close(fd);
        if (known) {
            congestion = text;
        }
        return known;
    }

    private static boolean setCongestion(int fd, byte[] name) {
        VALUE.bytes.put(0, name);
        return Libc.setsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_CONGESTION, VALUE, name.length) >= 0;
    }

    /** The congestion control in force. */
    String congestion() {
        int result = Libc.getsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_CONGESTION, VALUE, LENGTH);
        StringBuilder name = new StringBuilder(VALUE.size);
        for (int i = 0; result >= 0 && i < LENGTH.host.getInt(0) && VALUE.bytes.get(i) != 0; i++) {
            name.append((char) VALUE.bytes.get(i));
        }
        return name.toString();
    }

    /** An option that cannot be had is gone without: each of them only makes things better. */
    private void set(int level, int option, int value) {
        VALUE.host.putInt(0, value);
        Libc.setsockopt(fd, level, option, VALUE, Integer.BYTES);
    }

    /**
     * Reads what has come.
     *
     * @return bytes read to byte {@code at}, at most {@code length}; 0 when nothing is there now; {@link #END}; or −errno
     */
    int read(Buffer buffer, int at, int length) {
        int result = Libc.read(fd, buffer, at, length);
        if (result > 0) {
            return result;
        }
        return result == 0 ? END : result == -Errno.EAGAIN ? 0 : result;
    }

    /**
     * Writes what there is room for.
     *
     * @return bytes taken from byte {@code at} on, perhaps fewer than {@code length}, 0 when there is no room now; or −errno
     */
    int write(Buffer buffer, int at, int length) {
        int result = Libc.write(fd, buffer, at, length);
        return result == -Errno.EAGAIN ? 0 : result;
    }

    /** Closes the socket. */
    void close() {
        Libc.close(fd);
    }
}
