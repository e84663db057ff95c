package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** A client that knows the handshake of PROTOCOL.md part 2 and offers no features: its frames are classic ones. */
final class ExtendedClient extends ClassicClient {
    static final int NETMASK = 1;
    static final int SERVER = 2;
    static final int MTU = 3;
    static final int KEEPALIVE = 4;
    private static final int REFUSAL = 6;

    private final long token;

    ExtendedClient(Host from, Host server, long token) throws IOException {
        super(from, server);
        this.token = token;
    }

    /** An answer: the assigned address and the options by their types. */
    record Answer(String address, Map<Integer, byte[]> options) {
        /** The reason of a refusal, or null when the address was assigned. */
        String refusal() {
            byte[] reason = options.get(REFUSAL);
            return reason == null ? null : new String(reason, StandardCharsets.UTF_8);
        }
    }

    Answer handshake(String wanted) throws IOException {
        return handshake(0, wanted);
    }

    /** Offers features, none of which may be one that the protocol defines. */
    Answer handshake(int features, String wanted) throws IOException {
        send(Frames.extendedRequest(features, token, wanted));
        byte[] frame = receive();
        assertNotNull(frame, "closed without an answer");
        assertEquals(0x45, frame[0], "version and header length");
        assertEquals(0, frame[1], "no known feature was offered, so none can be accepted");
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
        return new Answer(Frames.dotted(Frames.destination(frame)), options);
    }

    @Override
    String ask(String wanted) throws IOException {
        Answer answer = handshake(wanted);
        return answer.refusal() == null ? answer.address() : null;
    }
}
