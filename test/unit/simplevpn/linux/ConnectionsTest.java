package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

/** Protects a client that runs from {@code cli --check}: its connection has to be seen, and no other taken for it. */
class ConnectionsTest {
    private static Endpoint endpoint(String address, int port) throws Failure {
        return new TcpConnector(0, null, 0).lookUp(address, port).result()[0];
    }

    /** A connection is seen while it stands, by the end that it leads to. */
    @Test
    void ipv4() throws Failure {
        Endpoint there;
        try (LoopbackPair pair = new LoopbackPair()) {
            there = pair.left.peer();
            assertTrue(Connections.has(there));
            assertTrue(Connections.has(pair.right.peer()), "the other direction");
        }
        assertFalse(Connections.has(there), "it is over");
        assertFalse(Connections.has(endpoint("127.0.0.2", 9)));
    }

    /** The same over IPv6; who listens is not connected. */
    @Test
    void ipv6() throws IOException, Failure {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            int port = listener.getLocalPort();
            assertFalse(Connections.has(endpoint("::1", port)), "listening is no connection");
            try (Socket socket = new Socket("::1", port); Socket accepted = listener.accept()) {
                assertTrue(Connections.has(endpoint("::1", port)));
                assertTrue(Connections.has(endpoint("::1", socket.getLocalPort())), "the other direction");
                assertFalse(Connections.has(endpoint("::1", port ^ 1)));
                assertTrue(accepted.isConnected());
            }
        }
    }

    /** An interface that there is not is not used. */
    @Test
    void unused() {
        assertFalse(Connections.isUsed("no-such-if"));
    }
}
