package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Protects {@code cli --check}: its pings have to be sound, and only answers to them may count as such. */
class EchoTest {
    private static final int ID = 0xfedc;
    private static final int SEQUENCE = 0x9876;
    private static final int OWN = 0x0a000002;
    private static final int OTHER = 0x0a000001;
    private static final int AT = 3;

    private static ByteBuffer request(int length) {
        ByteBuffer b = ByteBuffer.allocate(AT + length);
        Echo.request(b, AT, length, 7, ID, SEQUENCE, OWN, OTHER);
        return b;
    }

    /** What a host that is pinged makes of a request: the same with another type, and the addresses changed. */
    private static ByteBuffer reply(int length) {
        ByteBuffer b = request(length);
        b.put(AT + 20, (byte) 0);
        b.putInt(AT + 12, OTHER).putInt(AT + 16, OWN);
        return b;
    }

    private static int verdict(ByteBuffer b) {
        return Echo.verdict(b, AT, b.capacity() - AT, ID);
    }

    /** Header and checksum of each length are right (RFC 791, RFC 792), and the other side takes it for data. */
    @Test
    void requests() {
        for (int length : new int[] {Echo.LEAST, 29, 64, 1500, 65535}) {
            byte[] p = new byte[length];
            request(length).get(AT, p);
            assertEquals(0x45, p[0]);
            assertEquals(length, ReferencePackets.get16(p, 2));
            assertEquals(7, p[8]);
            assertEquals(1, p[9]);
            assertEquals(8, p[20]);
            assertEquals(ID, ReferencePackets.get16(p, 24));
            assertEquals(SEQUENCE, ReferencePackets.get16(p, 26));
            assertEquals(0xffff, Packet.sum(ByteBuffer.wrap(p), 20, length - 20, 0), "length " + length);
            assertTrue(Wire.isData(ByteBuffer.wrap(p), 0, length));
        }
    }

    /** An echo is one by its number and ours. */
    @Test
    void replies() {
        assertEquals(Echo.REPLY, Echo.kind(verdict(reply(100))));
        assertEquals(SEQUENCE, Echo.sequence(verdict(reply(100))));
        assertEquals(Echo.NONE, Echo.kind(Echo.verdict(reply(100), AT, 100, ID + 1)), "somebody else's");
        assertEquals(Echo.NONE, Echo.kind(verdict(request(100))), "a request");
        ByteBuffer udp = reply(100);
        udp.put(AT + 9, (byte) 17);
        assertEquals(Echo.NONE, Echo.kind(verdict(udp)));
        ByteBuffer fragment = reply(100);
        fragment.putShort(AT + 6, (short) 0x2000);
        assertEquals(Echo.NONE, Echo.kind(verdict(fragment)));
        assertEquals(Echo.NONE, Echo.kind(Echo.verdict(reply(Echo.LEAST), AT, Echo.LEAST - 1, ID)), "too short");
    }

    private static ByteBuffer error(int type, int code, ByteBuffer about) {
        int quote = about.capacity() - AT;
        ByteBuffer b = ByteBuffer.allocate(AT + 28 + quote);
        b.put(AT, (byte) 0x45).put(AT + 9, (byte) 1).put(AT + 20, (byte) type).put(AT + 21, (byte) code);
        return b.put(AT + 28, about, AT, quote);
    }

    /** An error is one of ours by what it quotes. */
    @Test
    void errors() {
        int prohibited = verdict(error(3, 13, request(Echo.LEAST)));
        assertEquals(Echo.UNREACHABLE, Echo.kind(prohibited));
        assertEquals(13, Echo.code(prohibited));
        assertEquals(SEQUENCE, Echo.sequence(prohibited));
        assertEquals(Echo.EXCEEDED, Echo.kind(verdict(error(11, 0, request(64)))));
        assertEquals(Echo.NONE, Echo.kind(verdict(error(12, 0, request(64)))), "another error");
        assertEquals(Echo.NONE, Echo.kind(verdict(error(3, 1, reply(64)))), "about an answer");
        ByteBuffer udp = request(64);
        udp.put(AT + 9, (byte) 17);
        assertEquals(Echo.NONE, Echo.kind(verdict(error(3, 1, udp))));
        assertEquals(Echo.NONE, Echo.kind(Echo.verdict(error(3, 1, request(64)), AT, 28 + Echo.LEAST - 1, ID)));
        ByteBuffer options = request(64);
        options.put(AT, (byte) 0x46);
        assertEquals(Echo.NONE, Echo.kind(verdict(error(3, 1, options))));
    }

    /** Of the codes those that mean that somebody does not want it (RFC 1812, 5.2.7.1). */
    @Test
    void prohibitions() {
        for (int code = 0; code < 16; code++) {
            assertEquals(code == 9 || code == 10 || code == 13, Echo.isProhibition(code));
        }
        assertFalse(Echo.isProhibition(-1));
    }
}
