package simplevpn.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.base.Failure;
import simplevpn.linux.Stream;

/** What two ends make of each other's bytes, and of what others put between them. */
class TlsStreamTest extends TlsEnds {
    private static final String OTHER_SERVER = "; behind a proxy, --server-name says which server is meant";

    /** What goes in at one end comes out at the other, whatever the connection takes at a time. */
    @ParameterizedTest
    @CsvSource({"1000000, 1000000, 100000", "5000, 700, 70000", "900, 1, 200", "20000, 16405, 65539",
        "70000, 3000, 16384"})
    void carries(int room, int atOnce, int most) throws Failure {
        connect(room, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        below[0].mostPerWrite = atOnce;
        below[1].mostPerRead = atOnce;
        int length = atOnce == 1 ? 3000 : 300_000;
        client.toSend = bytes(length);
        server.toSend = bytes(length);
        run(most);
        assertNull(client.stream.why());
        assertArrayEquals(client.toSend, server.received.toByteArray());
        assertArrayEquals(server.toSend, client.received.toByteArray());
        assertEquals(clientKey.pin().toString(), server.stream.pin());
        assertEquals(serverKey.pin().toString(), client.stream.pin());
    }

    /** What the connection does not take waits, and nothing more is taken before it is gone. */
    @Test
    void takesNothingBehind() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(10);
        run(10);
        below[0].mostPerWrite = 100;
        int taken = client.stream.write(client.out, 0, 100_000);
        assertTrue(taken <= Records.MOST_OUT, () -> taken + " bytes");
        assertTrue(client.stream.holdsOutput());
        assertEquals(0, client.stream.write(client.out, 0, 100));
        client.stream.flush();
        assertTrue(client.stream.holdsOutput());
        below[0].mostPerWrite = Integer.MAX_VALUE;
        client.stream.flush();
        assertTrue(!client.stream.holdsOutput());
    }

    /** A server with another key than the pinned one is not believed, and learns of that. */
    @Test
    void anotherServer() throws Failure {
        connect(100_000, ofClient(key(3).pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(10);
        run(10);
        assertEquals("shows key " + serverKey.pin() + ", which is not pinned" + OTHER_SERVER, client.stream.why());
        client.stream.close();
        server.turn(1);
        assertEquals("TLS: (certificate_unknown) Received fatal alert: certificate_unknown", server.stream.why());
        assertNull(server.stream.pin());
        assertEquals(0, server.received.size());
    }

    /** A client that ends up at a web server, which has a key of another kind, is told what may be missing. */
    @Test
    void webServer() throws Failure {
        connect(100_000, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.turn(0);
        below[1].put(new byte[] {21, 3, 3, 0, 2, 2, 40});
        client.turn(0);
        assertEquals("TLS: (handshake_failure) Received fatal alert: handshake_failure" + OTHER_SERVER,
                client.stream.why());
    }

    /** What is no TLS, or has been changed on the way, ends the connection and gives no byte of data. */
    @Test
    void rubbish() throws Failure {
        for (int i = 0; i < 300; i++) {
            connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
            byte[] rubbish = bytes(1 + random.nextInt(3000));
            rubbish[0] = (byte) (i % 3 == 0 ? 22 : random.nextInt(256));
            if (rubbish[0] == 0x45) {
                continue;
            }
            below[0].put(rubbish);
            for (int turn = 0; turn < 20; turn++) {
                server.turn(0);
            }
            assertEquals(0, server.received.size());
            assertTrue(server.stream.why() != null || rubbish[0] == 22 || rubbish.length < 5, Arrays.toString(rubbish));
        }
    }

    /** One changed bit behind the handshake ends the connection, and what was in the record is not handed on. */
    @Test
    void changedOnTheWay() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(10);
        run(10);
        client.stream.write(client.out, 0, 1000);
        byte[] record = below[1].take();
        record[500] ^= 1;
        below[0].put(record);
        server.turn(0);
        assertEquals("TLS: (bad_record_mac) Tag mismatch", server.stream.why());
        assertEquals(10, server.received.size());
    }

    /** A message in tiny records ends its connection: each of them would have all before it copied. */
    @Test
    void handshakeInPieces() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(1);
        client.turn(1);
        byte[] hello = below[1].take();
        byte[] pieces = new byte[6 * (hello.length - 5)];
        for (int i = 5; i < hello.length; i++) {
            System.arraycopy(new byte[] {22, 3, 3, 0, 1, hello[i]}, 0, pieces, 6 * (i - 5), 6);
        }
        below[0].put(pieces);
        for (int i = 0; i < 100 && server.stream.why() == null; i++) {
            turn(0);
        }
        assertEquals("sends too many records without data (PROTOCOL.md 4)", server.stream.why());
    }

    /** Where too many wait for their handshake, who comes then is told so. */
    @Test
    void refused() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(1);
        client.turn(1);
        server.turn(0);
        computing.poll().refused();
        assertEquals("too many handshakes at once", server.stream.why());
        assertTrue(server.stream.error() < 0);
    }

    /** The end may come in one read with data, and nothing more comes behind it that the poller could tell of. */
    @Test
    void endBehindData() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(10);
        run(10);
        client.stream.write(client.out, 0, 10);
        client.stream.close();
        assertEquals(10, server.stream.read(server.out, 0, 1 << 15));
        assertTrue(server.stream.holdsInput());
        assertEquals(Stream.END, server.stream.read(server.out, 0, 1 << 15));
    }

    /** Whoever connects and says nothing, or something else, costs no engine, and none of the thread's time. */
    @Test
    void silence() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        server.turn(0);
        assertNull(server.stream.engine);
        below[0].put(new byte[] {'G', 'E', 'T', ' '});
        server.turn(0);
        assertNull(server.stream.engine);
        assertEquals("does not speak TLS", server.stream.why());
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(1);
        client.turn(1);
        server.turn(0);
        TlsStream asked = computing.poll();
        server.stream.close();
        asked.compute();
        asked.computed();
        assertNull(asked.engine, "gone before it was its turn");
    }

    /** Of two keys the second has to be of another kind: it would never be shown. */
    @Test
    void twoKeys() throws Failure {
        Failure failure = assertThrows(Failure.class, () -> Credentials.ofServer(serverKey, clientKey));
        assertEquals("both keys are of one kind, of which the second would never be shown", failure.getMessage());
    }

    /** A stream that just ends in the handshake says so. */
    @Test
    void endsEarly() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.turn(0);
        below[1].close();
        client.toSend = bytes(1);
        client.turn(1);
        assertEquals("closed the connection in the handshake: does it have a key (srv --key)?", client.stream.why());
    }

    /** Frames without TLS pass a server's stream as they are: who may send them is decided elsewhere. */
    @Test
    void plain() throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        byte[] request = bytes(20);
        request[0] = 0x45;
        below[0].put(request);
        server.turn(0);
        below[0].put(request);
        server.toSend = bytes(7);
        server.turn(7);
        server.turn(0);
        assertArrayEquals(request, Arrays.copyOf(server.received.toByteArray(), 20));
        assertEquals(40, server.received.size());
        assertArrayEquals(server.toSend, below[0].take());
        assertNull(server.stream.pin());
        assertNull(server.stream.engine, "costs no memory for TLS");
    }

    private void newKeysOfClient() throws Exception {
        client.stream.engine.beginHandshake();
        ByteBuffer record = ByteBuffer.allocate(1 << 15);
        client.stream.engine.wrap(ByteBuffer.allocate(0), record);
        below[0].put(Arrays.copyOf(record.array(), record.position()));
    }

    /**
     * New keys are taken and answered, and an engine that takes them by itself puts a record of its own before data.
     */
    @Test
    void newKeys() throws Exception {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(10);
        run(10);
        for (int i = 0; i < 10; i++) {
            newKeysOfClient();
            server.turn(0);
            client.stream.engine.beginHandshake();
            client.toSend = bytes(client.sent + 100);
            server.toSend = bytes(server.sent + 100);
            run(1000);
            assertEquals(client.sent, server.received.size(), "data behind new keys");
            assertEquals(server.sent, client.received.size(), "data behind the answer");
        }
        assertNull(server.stream.why());
        // Much data allows more of them.
        for (int i = 0; i < 40; i++) {
            client.toSend = bytes(1 << 20);
            client.sent = 0;
            server.toSend = bytes(1 << 20);
            server.sent = 0;
            run(200_000);
            newKeysOfClient();
            server.turn(0);
            client.turn(0);
        }
        assertNull(server.stream.why());
        assertNull(client.stream.why());
    }

    /** Again and again, with hardly any data between them, new keys end the connection. */
    @Test
    void floodOfNewKeys() throws Exception {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(10);
        run(10);
        int count = 0;
        while (server.stream.why() == null && count < 100) {
            newKeysOfClient();
            client.stream.write(client.out, 0, 20);
            server.turn(0);
            count++;
        }
        assertEquals("sends too many records without data (PROTOCOL.md 4)", server.stream.why());
        assertTrue(count <= 33, () -> "not earlier");
    }

    /**
     * However short records are, one read takes no more of them than others can wait for, and says that there are more.
     */
    @Test
    void shortRecords() throws Exception {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(1);
        run(1);
        for (int i = 0; i < 1000; i++) {
            client.stream.write(client.out, i, 1);
        }
        int came = 0;
        int reads = 0;
        while (came < 1000) {
            int before = server.received.size();
            server.turn(0);
            int now = server.received.size() - before;
            came += now;
            reads++;
            assertTrue(now > 0 && now <= 64, now + " records at once");
            assertEquals(came < 1000, server.stream.holdsInput(), "the descriptor shows nothing of what was read");
        }
        assertTrue(reads >= 16);
    }
}
