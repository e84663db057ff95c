package simplevpn.linux;

import simplevpn.base.Failure;
import simplevpn.tunnel.Link;

/**
 * One TCP socket, non-blocking: a listener, or a connection whose bytes {@link Link} reads and writes.
 *
 * <p>{@link #read} and {@link #write} are the only way that a connection's bytes take, so that a layer between the
 * socket and its frames has one place to sit.
 */
public final class Tcp {
    /** {@link #read}'s result at the end of the stream. */
    public static final int END = -1;

    /** Bytes that may wait unsent in the kernel before it says that the socket is full (TCP_NOTSENT_LOWAT, tcp(7)). */
    private static final int UNSENT = 16 * 1024;

    private static final Buffer NAME = Buffer.permanent(Abi.SIN6_SIZE);
    private static final Buffer VALUE = Buffer.permanent(Integer.BYTES);
    private static final Buffer LENGTH = Buffer.permanent(Integer.BYTES);

    /** The descriptor, for the {@link Poller}. */
    public final int fd;
    /** The other end; a listener's own. */
    public final Endpoint peer;
    /** −errno of the last {@link #accept} that gave nothing. */
    public int refused;

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
    public static Tcp listen(String host, int port) throws Failure {
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
    public Tcp accept() {
        int fd = Libc.accept4(this.fd, NAME, LENGTH);
        if (fd < 0) {
            refused = fd;
            return null;
        }
        Tcp connection = new Tcp(fd, Endpoint.of(NAME, 0, LENGTH.host.getInt(0)));
        connection.tune();
        return connection;
    }

    /**
     * Begins to connect; the descriptor is writable when that is done, and {@link #error} tells how it went.
     *
     * @throws Failure when it fails at once
     */
    public static Tcp connect(Endpoint to) throws Failure {
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

    /** Why the socket failed, −errno, once; 0 when it did not (SO_ERROR, socket(7)). */
    public int error() {
        int result = Libc.getsockopt(fd, Abi.SOL_SOCKET, Abi.SO_ERROR, VALUE, LENGTH);
        return result < 0 ? result : -VALUE.host.getInt(0);
    }

    private void tune() {
        // Frames are whole when they are written: waiting for more (Nagle) would only delay them.
        set(Abi.IPPROTO_TCP, Abi.TCP_NODELAY, 1);
        // What the network does not take yet waits in the Outbox, which knows its age, and not in the kernel.
        set(Abi.IPPROTO_TCP, Abi.TCP_NOTSENT_LOWAT, UNSENT);
    }

    /**
     * How many seconds data may stay unacknowledged before the kernel gives the connection up (TCP_USER_TIMEOUT,
     * tcp(7)).
     */
    public void giveUpAfter(int seconds) {
        set(Abi.IPPROTO_TCP, Abi.TCP_USER_TIMEOUT, (int) Math.min(seconds * 1000L, Integer.MAX_VALUE));
    }

    /** An option that cannot be had is gone without: each of them only makes things better. */
    private void set(int level, int option, int value) {
        VALUE.host.putInt(0, value);
        Libc.setsockopt(fd, level, option, VALUE, Integer.BYTES);
    }

    /**
     * Reads what has come.
     *
     * @return bytes read to byte {@code at}, at most {@code length}; 0 when there is nothing, perhaps because of an
     *         {@link #error}; or {@link #END}
     */
    public int read(Buffer buffer, int at, int length) {
        int result = Libc.tryRead(fd, buffer, at, length);
        return result > 0 ? result : result == 0 ? END : 0;
    }

    /**
     * Writes what there is room for.
     *
     * @return bytes taken from byte {@code at} on, perhaps fewer than {@code length}; 0 when there is no room, perhaps
     *         because of an {@link #error}
     */
    public int write(Buffer buffer, int at, int length) {
        return Math.max(0, Libc.tryWrite(fd, buffer, at, length));
    }

    /** Closes the socket. */
    public void close() {
        Libc.close(fd);
    }
}
