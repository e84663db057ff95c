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

    /** A connection is seen while it stands, over either version of IP, by the end that it leads to. */
    @Test
    void seen() throws Exception {
        for (String address : new String[] {"127.0.0.1", "::1"}) {
            try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName(address))) {
                Endpoint there = endpoint(address, listener.getLocalPort());
                assertFalse(Connections.has(there), "listening is no connection");
                try (Socket socket = new Socket(address, listener.getLocalPort()); Socket accepted = listener.accept()) {
                    assertTrue(Connections.has(there), address);
                    assertTrue(Connections.has(endpoint(address, socket.getLocalPort())), "the other direction");
                    assertFalse(Connections.has(endpoint(address, listener.getLocalPort() ^ 1)));
                    assertTrue(accepted.isConnected());
                }
            } catch (IOException e) {
                throw new AssertionError(address, e);
            }
        }
        assertFalse(Connections.has(endpoint("127.0.0.2", 9)));
    }

    /** An interface that there is not is not used. */
    @Test
    void unused() {
        assertFalse(Connections.isUsed("no-such-if"));
    }
}
