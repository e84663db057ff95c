package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

/** Real sockets on the loopback interface. */
class TcpTest {
    private static final int ROOM = 1 << 20;

    private final Buffer buffer = Buffer.permanent(ROOM);

    private int awaitRead(Tcp tcp) {
        int result = 0;
        for (long end = System.nanoTime() + 60_000_000_000L; result == 0 && System.nanoTime() < end;) {
            result = tcp.read(buffer, 0, ROOM);
        }
        return result;
    }

    /** What one end writes the other reads, once; then there is nothing, and at last the end. */
    @Test
    void bytes() throws Failure {
        LoopbackPair pair = new LoopbackPair();
        buffer.bytes.put(3, (byte) 42);
        assertEquals(5, pair.left.write(buffer, 3, 5));
        buffer.bytes.put(0, (byte) 0);
        assertEquals(5, awaitRead(pair.right));
        assertEquals(42, buffer.bytes.get(0));
        assertEquals(0, pair.right.read(buffer, 0, ROOM));
        assertFalse(pair.right.holdsInput() || pair.left.holdsOutput());
        pair.left.close();
        assertEquals(Stream.END, awaitRead(pair.right));
        assertEquals(0, pair.right.error());
        pair.right.close();
    }

    /** A full socket takes a part, and then nothing, without an error. */
    @Test
    void full() throws Failure {
        try (LoopbackPair pair = new LoopbackPair().narrow()) {
            int taken = 0;
            for (int i = 0; i < 50; i++) {
                taken += pair.left.write(buffer, 0, ROOM);
            }
            assertTrue(taken > 0 && taken < ROOM, () -> "it took what it had no room for");
            assertEquals(0, pair.left.write(buffer, 0, ROOM));
            assertEquals(0, pair.left.error());
        }
    }

    /** Nobody listens: refused, at once or by the error of the attempt, with its name. */
    @Test
    void refused() throws Failure {
        int port;
        try (LoopbackPair pair = new LoopbackPair()) {
            port = Integer.parseInt(pair.left.peer().toString().replaceAll(".*:", ""));
        }
        Endpoint nobody = new TcpConnector(0, null, 0).lookUp("127.0.0.1", port).result()[0];
        Stream attempt = new TcpConnector(0, null, 0).connect(nobody);
        int error = 0;
        for (long end = System.nanoTime() + 60_000_000_000L; error == 0 && System.nanoTime() < end;) {
            error = attempt.error();
        }
        assertEquals(-Errno.ECONNREFUSED, error);
        attempt.close();
    }

    /** An interface that there is not, and a mark without the right to set one, are named; nothing is left open. */
    @Test
    void chosenLine() throws Failure {
        Endpoint anybody = new TcpConnector(0, null, 0).lookUp("127.0.0.1", 1).result()[0];
        Failure failure = assertThrows(Failure.class, () -> new TcpConnector(0, "none-such", 0).connect(anybody));
        assertEquals("SO_BINDTODEVICE none-such: ENODEV (No such device): there is no such interface",
                failure.getMessage());
        assertNull(new TcpConnector(0, "none-such", 0).way(anybody));
        new TcpConnector(0, "lo", 0).connect(anybody).close();
        if (Privileges.uid() != 0) {
            failure = assertThrows(Failure.class, () -> new TcpConnector(0, null, 7).connect(anybody));
            assertEquals("SO_MARK 7: EPERM (Operation not permitted): run with the capability CAP_NET_ADMIN",
                    failure.getMessage());
        }
    }

    /** A port can be listened on once; the failure says what to do. */
    @Test
    void listening() throws Failure {
        TcpAcceptor acceptor = TcpAcceptor.listen("127.0.0.1", freePort(), 0);
        assertNull(acceptor.accept());
        assertEquals(-Errno.EAGAIN, acceptor.error());
        int port = Integer.parseInt(acceptor.address().toString().replaceAll(".*:", ""));
        Failure inUse = assertThrows(Failure.class, () -> TcpAcceptor.listen("127.0.0.1", port, 0));
        assertTrue(inUse.getMessage().endsWith("choose another with --port"), inUse.getMessage());
        Libc.close(acceptor.fd());
    }

    private static int freePort() throws Failure {
        try (LoopbackPair pair = new LoopbackPair()) {
            return Integer.parseInt(pair.left.peer().toString().replaceAll(".*:", ""));
        }
    }

    /**
     * Congestion controls by name; what no kernel has is refused and changes nothing. What TCP knows can be looked at.
     */
    @Test
    void congestion() throws Failure {
        for (String name : new String[] {"", "nonesuch", "a-name-of-more-than-15-bytes", "ü"}) {
            assertFalse(Tcp.hasCongestion(name), name);
        }
        assertTrue(Tcp.hasCongestion("reno"), "every kernel has it");
        try (LoopbackPair pair = new LoopbackPair()) {
            assertTrue(pair.left.setCongestion("reno"));
            assertFalse(pair.left.setCongestion("nonesuch"));
            assertEquals("reno", pair.left.congestion());
            pair.left.giveUpAfter(Integer.MAX_VALUE);
            pair.left.flush();
            Stream.Line line = new Stream.Line();
            assertTrue(pair.left.look(line));
            assertTrue(line.retransmitted == 0 && line.roundTrip > 0 && line.leastRoundTrip >= 0);
        }
    }

    /** Random tokens are of 48 bits, and no two are the same. */
    @Test
    void entropy() throws Failure {
        long first = Entropy.bits48();
        long second = Entropy.bits48();
        assertTrue(first > 0 && first < 1L << 48 && first != second);
    }
}
