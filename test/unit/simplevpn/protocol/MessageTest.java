package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Network;

/**
 * The messages that {@link Wire} and {@link Answer} write and take apart, against hex dumps made from PROTOCOL.md,
 * part 1 and 2.
 */
class MessageTest {
    private static final int AT = 5;
    private static final ByteBuffer EXTENDED_REQUEST = bytes("45000000 56320000 00000000 00000000 00000000");

    private final ByteBuffer b = ByteBuffer.allocateDirect(512);

    private String hex(int length) {
        byte[] bytes = new byte[length];
        b.get(AT, bytes);
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < length; i += 4) {
            words.append(i == 0 ? "" : " ").append(HexFormat.of().formatHex(bytes, i, Math.min(i + 4, length)));
        }
        return words.toString();
    }

    private static ByteBuffer bytes(String digits) {
        byte[] bytes = HexFormat.of().parseHex(digits.replace(" ", ""));
        return ByteBuffer.allocateDirect(2 + bytes.length).put(2, bytes);
    }

    /** Every byte of a written message is written: none of them is what the buffer held before. */
    private void dirty() {
        for (int i = 0; i < b.capacity(); i++) {
            b.put(i, (byte) 0xee);
        }
    }

    /** A dynamic and a static request, features and token in the fields that classic servers ignore. */
    @Test
    void requests() {
        dirty();
        assertEquals(20, Wire.request(b, AT, Wire.OFFLOAD | Wire.OFFLOAD_UDP, 0x0123_4567_89abL, 0));
        assertEquals("45030000 56320123 456789ab 00000000 00000000", hex(20));
        dirty();
        assertEquals(20, Wire.request(b, AT, 0, 0xffff_ffff_fffeL, 0x0a00_0007));
        assertEquals("45000000 5632ffff fffffffe 0a000007 00000000", hex(20));
        assertEquals(0xee, b.get(AT - 1) & 0xff);
        assertEquals(0xee, b.get(AT + 20) & 0xff);
    }

    /** What a server reads in a request; a wrong byte order or a sign that creeps in shows in the high bits. */
    @Test
    void requestsAreRead() {
        ByteBuffer request = bytes("45ff0000 5632fedc ba987654 c0a80107 00000000");
        assertTrue(Wire.isRequest(request, 2));
        assertTrue(Wire.isExtendedRequest(request, 2));
        assertEquals(0xff, Wire.features(request, 2));
        assertEquals(0xfedc_ba98_7654L, Wire.token(request, 2));
        assertEquals(0xc0a8_0107, Wire.wanted(request, 2));
        assertFalse(Wire.isExtendedRequest(bytes("45000000 56330000 00000000 00000000 00000000"), 2));
        assertFalse(Wire.isRequest(bytes("45000000 56320000 00000000 00000000 00000001"), 2));
    }

    /** A keepalive that a classic program understands too. */
    @Test
    void keepalive() {
        dirty();
        assertEquals(20, Wire.keepalive(b, AT));
        assertEquals("45000000 00000000 00000000 ffffffff ffffffff", hex(20));
    }

    /**
     * A classic answer is the request with its two addresses replaced, and a total length that classic clients know.
     */
    @Test
    void classicAnswers() {
        dirty();
        ByteBuffer request = bytes("45aa0000 bbccddee 4006f00d 0a000007 00000000");
        assertEquals(20, Wire.classicAnswer(b, AT, request, 2, 0x0a00_0007));
        assertEquals("45aa0000 bbccddee 4006f00d 00000000 0a000007", hex(20));
        dirty();
        Wire.classicAnswer(b, AT, bytes("4f110018 00000000 00000000 00000000 00000000 aabbccdd"), 2, 0xc0a8_0102);
        assertEquals("4f110000 00000000 00000000 00000000 c0a80102", hex(20));
    }

    private static Answer assigning() {
        Answer answer = Answer.assigning(Address.ofIpv4(0x0a00_0002), Wire.OFFLOAD);
        answer.length = 16;
        answer.server = Address.ofIpv4(0x0a00_0001);
        answer.mtu = 1500;
        answer.idle = 15;
        answer.timeout = 60;
        return answer;
    }

    /** An extended answer with every option that a server sends, and the fields by which a client knows it. */
    @Test
    void extendedAnswers() {
        dirty();
        ByteBuffer request = bytes("47ff0000 56320123 456789ab 0a000002 00000000");
        assertEquals(42, assigning().write(b, AT, request, 2));
        assertEquals("4501002a 56330123 456789ab 00000000 0a000002"
                + " 0104ffff 00000204 0a000001 030205dc 0404000f 003c", hex(42));
        assertTrue(Wire.isExtendedAnswer(b, AT));
        assertEquals(0x0a00_0002, Wire.assigned(b, AT));
        assertEquals(Wire.ADDRESS << 24 | 42, Wire.frame(b, AT, AT + 42, true));
    }

    /** A refusal assigns 0.0.0.0 and says why; it is an address message in both directions' eyes. */
    @Test
    void refusals() {
        dirty();
        ByteBuffer request = bytes("45030000 56320123 456789ab 0a000007 00000000");
        assertEquals(30, Answer.refusing("is taken").write(b, AT, request, 2));
        assertEquals("4500001e 56330123 456789ab 00000000 00000000 06086973 2074616b 656e", hex(30));
        assertEquals(Wire.ADDRESS << 24 | 30, Wire.frame(b, AT, AT + 30, true));
    }

    private void assertReason(String reason, int bytes, String kept) {
        dirty();
        assertEquals(22 + bytes, Answer.refusing(reason).write(b, AT, EXTENDED_REQUEST, 2));
        int option = AT + 20;
        assertEquals(bytes, b.get(option + 1) & 0xff);
        byte[] text = new byte[bytes];
        b.get(option + 2, text);
        assertEquals(kept, new String(text, StandardCharsets.UTF_8));
        assertEquals(0xee, b.get(option + 2 + bytes) & 0xff);
    }

    /** A reason of more than 200 bytes is cut between two characters, whatever their lengths. */
    @Test
    void longReasons() {
        assertReason("", 0, "");
        assertReason("x".repeat(200), 200, "x".repeat(200));
        assertReason("x".repeat(201), 200, "x".repeat(200));
        assertReason("é".repeat(100), 200, "é".repeat(100));
        assertReason("é".repeat(101), 200, "é".repeat(100));
        assertReason("x" + "é".repeat(100), 199, "x" + "é".repeat(99));
        assertReason("€".repeat(67), 198, "€".repeat(66));
        assertReason("xx" + "😀".repeat(50), 198, "xx" + "😀".repeat(49));
        assertReason("xxx" + "😀".repeat(50), 199, "xxx" + "😀".repeat(49));
        assertReason("x" + "😀".repeat(50), 197, "x" + "😀".repeat(49));
    }

    /** A classic client gets 20 bytes with its address; its refusal is that the connection is closed. */
    @Test
    void answersToClassicClients() {
        ByteBuffer request = bytes("45aa0000 bbccddee 4006f00d 0a000002 00000000");
        assertEquals(20, assigning().write(b, AT, request, 2));
        assertEquals("45aa0000 bbccddee 4006f00d 00000000 0a000002", hex(20));
        assertEquals(0, Answer.refusing("is taken").write(b, AT, request, 2));
    }

    /** What a server writes is what a client reads, field by field. */
    @Test
    void writtenAndRead() {
        int length = assigning().write(b, AT, EXTENDED_REQUEST, 2);
        Answer read = Answer.read(b, AT, length);
        assertNull(read.invalid);
        assertEquals("10.0.0.2/16, server 10.0.0.1, 1500, 15, 60, 1", read.address + "/" + read.length + ", server "
                + read.server + ", " + read.mtu + ", " + read.idle + ", " + read.timeout + ", " + read.features);
        length = Answer.refusing("full").write(b, AT, EXTENDED_REQUEST, 2);
        assertEquals("full", Answer.read(b, AT, length).refusal);
    }

    /** The longest answer that a server writes fits the room that it keeps for it. */
    @Test
    void longestAnswer() {
        Answer answer = assigning();
        answer.address6 = Address.ofIpv6(1L << 62, 2);
        answer.server6 = Address.ofIpv6(1L << 62, 1);
        answer.nameServers = new Address[Answer.MOST_NAME_SERVERS];
        Arrays.fill(answer.nameServers, answer.server6);
        answer.domain = "d".repeat(253);
        answer.name = "n".repeat(63);
        for (Network route : new Network[] {Network.ofHost(answer.address), Network.ofHost(answer.address6)}) {
            answer.routes = new Network[Answer.MAX_ROUTES / Answer.size(route)];
            Arrays.fill(answer.routes, route);
            ByteBuffer to = ByteBuffer.allocate(Answer.MAX_LENGTH);
            int length = answer.write(to, 0, EXTENDED_REQUEST, 2);
            assertTrue(length > Answer.MAX_ROUTES && length <= Answer.MAX_LENGTH);
            assertEquals(List.of(answer.routes), List.of(Answer.read(to, 0, length).routes));
        }
        assertTrue(Answer.refusing("x".repeat(500)).write(b, AT, EXTENDED_REQUEST, 2) <= Answer.MAX_LENGTH);
    }
}
