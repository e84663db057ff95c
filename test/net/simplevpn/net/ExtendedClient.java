package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import simplevpn.harness.Host;

/**
 * A client that knows the handshake of PROTOCOL.md, part 2. Its frames are classic ones, unless the server accepted
 * offload framing (PROTOCOL.md, part 3): then each has its 4 bytes in front.
 */
final class ExtendedClient extends ClassicClient {
    static final int NETMASK = 1;
    static final int SERVER = 2;
    static final int MTU = 3;
    static final int KEEPALIVE = 4;
    static final int OFFLOAD = 0x01;
    private static final int REFUSAL = 6;
    private static final int PREFIX = 4;

    private final long token;
    private boolean framed;
    private int prefix;

    ExtendedClient(Host from, Host server, long token) throws IOException {
        super(from, server);
        this.token = token;
    }

    /** An answer: the assigned address, the features accepted, and the options by their types. */
    record Answer(String address, int features, Map<Integer, byte[]> options) {
        /** The reason of a refusal, or null when the address was assigned. */
        String refusal() {
            byte[] reason = options.get(REFUSAL);
            return reason == null ? null : new String(reason, StandardCharsets.UTF_8);
        }
    }

    Answer handshake(String wanted) throws IOException {
        return handshake(0, wanted);
    }

    /** Offers features, of which the server may accept only the one that the protocol defines here, offload framing. */
    Answer handshake(int features, String wanted) throws IOException {
        send(Frames.extendedRequest(features, token, wanted));
        byte[] frame = receive();
        assertNotNull(frame, "closed without an answer");
        assertEquals(0x45, frame[0], "version and header length");
        assertEquals(0, frame[1] & ~(features & OFFLOAD), "accepted is only what was offered and is known");
        assertEquals(frame.length, Frames.u16(frame, 2), "total length");
        assertEquals(0x5633, Frames.u16(frame, 4), "the mark of an extended answer");
        assertEquals(0, Frames.source(frame), "source 0.0.0.0");
        Map<Integer, byte[]> options = new TreeMap<>();
        int at = Frames.HEADER;
        while (at < frame.length) {
            int length = frame[at + 1] & 255;
            options.put(frame[at] & 255, Arrays.copyOfRange(frame, at + 2, at + 2 + length));
            at += 2 + length;
        }
        assertEquals(frame.length, at, "the options fill the frame exactly");
        framed = (frame[1] & OFFLOAD) != 0;
        return new Answer(Frames.dotted(Frames.destination(frame)), frame[1], options);
    }

    /** Sends frames with all zero in front of them where offload framing is in force. */
    @Override
    void send(byte[]... frames) throws IOException {
        super.send(framed ? Arrays.stream(frames).map(frame -> prefixed(0, frame)).toArray(byte[][]::new) : frames);
    }

    /** Sends frames that were made by {@link #prefixed}. */
    void sendPrefixed(byte[]... frames) throws IOException {
        super.send(frames);
    }

    static byte[] prefixed(int prefix, byte[] frame) {
        return ByteBuffer.allocate(PREFIX + frame.length).putInt(prefix).put(frame).array();
    }

    @Override
    byte[] receive() throws IOException {
        if (!framed) {
            return super.receive();
        }
        byte[] front = socket.getInputStream().readNBytes(PREFIX);
        if (front.length < PREFIX) {
            return null;
        }
        prefix = Frames.u32(front, 0);
        byte[] frame = super.receive();
        assertNotNull(frame, "the stream ended behind a prefix");
        assertTrue(prefix == 0 || (!Frames.isKeepalive(frame) && Frames.u16(frame, 2) != 0),
                () -> "prefix " + Integer.toHexString(prefix) + " before what is not data: " + hex(frame));
        return frame;
    }

    /** The 4 bytes in front of the frame received last, 0 without offload framing. */
    int prefix() {
        return prefix;
    }

    @Override
    String ask(String wanted) throws IOException {
        Answer answer = handshake(wanted);
        return answer.refusal() == null ? answer.address() : null;
    }
}
