package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import simplevpn.harness.Host;

/**
 * A client of 2013 without a TUN device: it puts garbage into every field that does not matter, knows nothing but the
 * frames of PROTOCOL.md, part 1, and hands the packets that come to the test.
 */
class ClassicClient implements AutoCloseable {
    static final int PORT = 2002;

    final Socket socket;
    private final InputStream in;
    private final Random garbage;

    ClassicClient(Host from, Host server) throws IOException {
        this(from, server, 2013);
    }

    ClassicClient(Host from, Host server, long seed) throws IOException {
        socket = from.connect(server.outer4, PORT);
        in = socket.getInputStream();
        garbage = new Random(seed);
    }

    /** Asks for an address ("0.0.0.0" for any); returns what was assigned, or null when the server closed instead. */
    String ask(String wanted) throws IOException {
        byte[] request = Frames.request(garbage, wanted);
        send(request);
        byte[] answer = answer(request);
        return answer == null ? null : Frames.dotted(Frames.destination(answer));
    }

    /** The answer to a request, compared with what PROTOCOL.md, table 1.4 says of each of its 20 bytes. */
    byte[] answer(byte[] request) throws IOException {
        byte[] answer = in.readNBytes(Frames.HEADER);
        if (answer.length == 0) {
            return null;
        }
        byte[] expected = request.clone();
        Arrays.fill(expected, 12, 16, (byte) 0);
        System.arraycopy(answer, 16, expected, 16, 4);
        assertEquals(hex(expected), hex(answer), "the request with the address as destination, and source 0.0.0.0");
        return answer;
    }

    /** Asks for any address and gets one. */
    String join() throws IOException {
        String address = ask("0.0.0.0");
        assertTrue(address != null, "the server closed the connection instead of assigning an address");
        return address;
    }

    void send(byte[]... frames) throws IOException {
        socket.getOutputStream().write(Frames.join(frames));
    }

    void sendKeepalive() throws IOException {
        send(Frames.keepalive(garbage));
    }

    /** The next frame, cut from the stream by its length; null at the end of the stream. */
    byte[] receive() throws IOException {
        byte[] header = readHeader();
        if (header.length == 0) {
            return null;
        }
        assertEquals(Frames.HEADER, header.length, "the stream ended within a header");
        if (Frames.isKeepalive(header) || Frames.u16(header, 2) == 0) {
            return header;
        }
        assertEquals(4, header[0] >> 4, () -> "neither keepalive nor IPv4: " + hex(header));
        byte[] frame = Arrays.copyOf(header, Frames.u16(header, 2));
        int rest = frame.length - Frames.HEADER;
        assertEquals(rest, in.readNBytes(frame, Frames.HEADER, rest), "the stream ended within a packet");
        return frame;
    }

    /** What one read returns, which a classic program takes for one packet. */
    byte[] read() throws IOException {
        byte[] buffer = new byte[2048];
        int length = in.read(buffer);
        assertTrue(length > 0, "the server closed the connection");
        return Arrays.copyOf(buffer, length);
    }

    /** The echo reply with this number, whatever came before it. */
    void receiveReply(int number) throws IOException {
        byte[] frame;
        do {
            frame = receive();
            assertTrue(frame != null, "closed before the echo reply " + number);
        } while (Frames.isKeepalive(frame) || !Frames.isEchoReply(frame, number));
    }

    /** Passes when the server closes the connection, after whatever it still sends. */
    void assertClosed() throws IOException {
        byte[] frame;
        do {
            frame = receive();
        } while (frame != null && Frames.isKeepalive(frame));
        assertNull(frame, () -> "expected the end of the connection");
    }

    /** Passes when the connection still carries frames both ways: a keepalive comes back, unaltered. */
    void assertAlive() throws IOException {
        byte[] keepalive = Frames.keepalive(garbage);
        send(keepalive);
        byte[] frame;
        do {
            frame = receive();
            assertTrue(frame != null, "the server closed the connection");
        } while (!Frames.isKeepalive(frame));
        assertEquals(hex(keepalive), hex(frame), "keepalive returned unaltered");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    static String hex(byte[] frame) {
        return HexFormat.ofDelimiter(" ").formatHex(frame);
    }

    /** A connection that the server reset (it had not read all that was sent) has ended as well. */
    private byte[] readHeader() throws IOException {
        try {
            return in.readNBytes(Frames.HEADER);
        } catch (SocketException e) {
            return new byte[0];
        }
    }
}
