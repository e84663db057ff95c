package simplevpn.linux;

import simplevpn.base.Failure;

/** A TCP socket that listens (listen(2)), non-blocking. */
public final class TcpAcceptor implements Acceptor {
    private static final Buffer SOCKET_ADDRESS = Buffer.permanent(Abi.SIN6_SIZE);
    private static final Buffer LENGTH = Buffer.permanent(Integer.BYTES);

    private final int fd;
    private final Endpoint address;
    private int error;

    private TcpAcceptor(int fd, Endpoint address) {
        this.fd = fd;
        this.address = address;
    }

    /**
     * Listens on an address of this host.
     *
     * @param host an IPv4 or IPv6 address, or {@code null} for all of both families
     * @param port 1 to 65535
     * @param mss the most bytes of a segment, 88 to 32767, in either direction; 0 for what the line has
     */
    public static TcpAcceptor listen(String host, int port, int mss) throws Failure {
        Endpoint[] addresses = Resolver.listening(host, port);
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
            throw Errno.failure("socket for " + chosen, fd, "");
        }
        Tcp.tune(fd, mss);
        Tcp.set(fd, Abi.SOL_SOCKET, Abi.SO_REUSEADDR, 1);
        // Also where the address comes only when an interface is up, later than this program.
        Tcp.set(fd, Abi.IPPROTO_IP, Abi.IP_FREEBIND, 1);
        if (chosen.family == Abi.AF_INET6) {
            Tcp.set(fd, Abi.IPPROTO_IPV6, Abi.IPV6_V6ONLY, 0);
        }
        SOCKET_ADDRESS.bytes.put(0, chosen.address);
        int result = Libc.bind(fd, SOCKET_ADDRESS, chosen.address.length);
        if (result >= 0) {
            result = Libc.listen(fd, Abi.SOMAXCONN);
        }
        if (result < 0) {
            Libc.close(fd);
            throw Errno.failure("listen on " + chosen, result, switch (-result) {
                case Errno.EADDRINUSE -> "another program has this port; choose another with --port";
                case Errno.EADDRNOTAVAIL -> "no host has such an address";
                case Errno.EACCES -> "ports below 1024 need root or the capability CAP_NET_BIND_SERVICE";
                default -> "";
            });
        }
        return new TcpAcceptor(fd, chosen);
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public Endpoint address() {
        return address;
    }

    @Override
    public Stream accept() {
        int connection = Libc.accept4(fd, SOCKET_ADDRESS, LENGTH);
        if (connection < 0) {
            error = connection;
            return null;
        }
        return Tcp.accepted(connection, Endpoint.of(SOCKET_ADDRESS, 0, LENGTH.nativeOrder.getInt(0)));
    }

    @Override
    public int error() {
        return error;
    }
}
