package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import simplevpn.base.Failure;

/** The two ends of one TCP connection within this process. */
public final class LoopbackPair implements AutoCloseable {
    /* asm-generic/socket.h; the product leaves both to the kernel */
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;

    public final Tcp left;
    public final Tcp right;

    /** Connects them. */
    public LoopbackPair() throws Failure {
        int port = freePort();
        TcpAcceptor listener = TcpAcceptor.listen("127.0.0.1", port, 0);
        try {
            left = Tcp.connect(new TcpConnector(0, null, 0).lookUp("127.0.0.1", port).result()[0], 0, null, 0);
            Tcp accepted = null;
            for (long end = System.nanoTime() + 60_000_000_000L; accepted == null && System.nanoTime() < end;) {
                accepted = (Tcp) listener.accept();
            }
            assertTrue(accepted != null, "the connection did not come about");
            right = accepted;
        } finally {
            Libc.close(listener.fd());
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves the kernel little room for what goes from left to right. */
    public LoopbackPair narrow() {
        Buffer size = Buffer.permanent(Integer.BYTES);
        size.nativeOrder.putInt(0, 8 * 1024);
        assertTrue(Libc.setsockopt(left.fd(), Abi.SOL_SOCKET, SO_SNDBUF, size, Integer.BYTES) >= 0);
        size.nativeOrder.putInt(0, 32 * 1024);
        assertTrue(Libc.setsockopt(right.fd(), Abi.SOL_SOCKET, SO_RCVBUF, size, Integer.BYTES) >= 0);
        return this;
    }

    @Override
    public void close() {
        left.close();
        right.close();
    }
}
