package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.base.Ipv4;
import simplevpn.base.Log;
import simplevpn.base.Network;

class AnswerTest {
    private static Answer read(byte[] bytes) {
        return Answer.read(ByteBuffer.allocateDirect(3 + bytes.length).put(3, bytes), 3, bytes.length);
    }

    /** An extended answer that assigns {@code address}, all in hex digits; its bytes end where its buffer does. */
    private static Answer extended(String address, String options) {
        String digits = ("45010000 56330000 00000000 00000000" + address + options).replace(" ", "");
        byte[] bytes = HexFormat.of().parseHex(digits);
        ReferencePackets.set16(bytes, 2, bytes.length);
        return read(bytes);
    }

    private static Answer options(String options) {
        return extended("0a000002", options);
    }

    private static void assertInvalid(String why, String options) {
        assertEquals(why, options(options).invalid, options);
    }

    /** Every option of a server, each in its own field. */
    @Test
    void everyOption() {
        Answer answer = options("0104ffffff00 02040a000001 03020578 0404000f003c 0505c0a8010018 05050a01000010");
        assertNull(answer.invalid);
        assertNull(answer.refusal);
        assertTrue(answer.extended);
        assertEquals(1, answer.features);
        assertEquals("10.0.0.2", answer.address.toString());
        assertEquals(24, answer.length);
        assertEquals("10.0.0.1", answer.server.toString());
        assertEquals(1400, answer.mtu);
        assertEquals(15, answer.idle);
        assertEquals(60, answer.timeout);
        assertEquals("[192.168.1.0/24, 10.1.0.0/16]", Arrays.toString(answer.routes));
    }

    /** IPv6: addresses and a route of that kind, which mean nothing where the bit was not accepted or not offered. */
    @Test
    void ipv6() {
        String options = "0711 fd123456789a0001000000000a000002 40 0810 fd123456789a0001000000000a000001"
                + "0911 20010db8000000000000000000000000 20 0505c0a8010018 0911 00000000000000000000000000000000 00";
        for (String features : new String[] {"04", "07", "00", "03"}) {
            for (int offered : new int[] {7, 4, 3, 0}) {
                byte[] bytes = HexFormat.of().parseHex(("45" + features + "0000 56330000 00000000 00000000 0a000002"
                        + options).replace(" ", ""));
                ReferencePackets.set16(bytes, 2, bytes.length);
                Answer answer = read(bytes);
                assertNull(answer.invalid);
                answer.limitTo(offered);
                assertEquals(Integer.parseInt(features) & offered, answer.features);
                boolean inForce = (answer.features & 4) != 0;
                assertEquals(inForce ? "fd12:3456:789a:1::a00:2" : "null", "" + answer.address6);
                assertEquals(inForce ? "fd12:3456:789a:1::a00:1" : "null", "" + answer.server6);
                assertEquals(inForce ? "[2001:db8::/32, 192.168.1.0/24, ::/0]" : "[192.168.1.0/24]",
                        Arrays.toString(answer.routes));
                assertEquals(64, answer.length6);
            }
        }
    }

    /** An IPv6 address that no host can have beyond its link, and prefixes that are none, make an answer invalid. */
    @Test
    void impossibleIpv6() {
        for (String value : new String[] {"fe800000000000000000000000000001 40", "ff020000000000000000000000000001 40",
            "00000000000000000000000000000001 40", "20010db8000000000000000000000001 81"}) {
            assertInvalid("option 7 with 17 bytes is not valid (PROTOCOL.md 5, table 5.2)", "0711" + value);
        }
        for (String value : new String[] {"20010db8000000000000000000000001 40", "20010db8000000000000000000000000 1c",
            "20010db8000000000000000000000000 81", "80000000000000000000000000000000 00"}) {
            assertInvalid("option 9 with 17 bytes is not valid (PROTOCOL.md 5, table 5.2)", "0911" + value);
        }
        assertNull(options("0911 20010db8000000000000000000000001 80").invalid);
    }

    /** Numbers of two bytes have no sign, a default route is a route, and so is one to a single host. */
    @Test
    void extremeValues() {
        Answer answer = options("0302ffff 0404fffeffff 05050000000000 0505ffffffff20 0104ffffffff");
        assertNull(answer.invalid);
        assertEquals(65535, answer.mtu);
        assertEquals(65534, answer.idle);
        assertEquals(65535, answer.timeout);
        assertEquals(32, answer.length);
        assertEquals("[0.0.0.0/0, 255.255.255.255/32]", Arrays.toString(answer.routes));
        assertEquals(68, options("03020044").mtu);
    }

    /** An answer without options leaves what was not said unsaid. */
    @Test
    void noOptions() {
        Answer answer = options("");
        assertNull(answer.invalid);
        assertTrue(answer.extended);
        assertEquals(16, answer.length);
        assertNull(answer.server);
        assertEquals(0, answer.mtu);
        assertEquals(0, answer.idle);
        assertEquals(0, answer.timeout);
        assertEquals(0, answer.routes.length);
    }

    /** Unknown types are skipped, empty and long ones too, and what follows them is read. */
    @Test
    void unknownOptions() {
        Answer answer = options("0000 0e01aa ff" + "ff" + "00".repeat(255) + "03020578");
        assertNull(answer.invalid);
        assertEquals(1400, answer.mtu);
    }

    /** A length that is not its type's, and one that does not fit the frame, make the answer invalid. */
    @Test
    void wrongLengths() {
        int[] lengths = {0, 4, 4, 2, 4, 5, -1, 17, 16, 17};
        for (int type = 1; type <= 9; type++) {
            for (int length = 0; length < 256; length++) {
                if (length != lengths[type] && type != 6) {
                    assertInvalid("option " + type + " with " + length + " bytes is not valid (PROTOCOL.md "
                            + (type < 7 ? "2, table 2.3)" : "5, table 5.2)"),
                            String.format("%02x%02x", type, length) + "00".repeat(length));
                }
            }
        }
        assertInvalid("option 6 with 201 bytes is not valid (PROTOCOL.md 2, table 2.3)", "06c9" + "78".repeat(201));
        String beyond = "option longer than the answer (PROTOCOL.md 2, \"Options\")";
        assertInvalid(beyond, "01");
        assertInvalid(beyond, "0104ffff00");
        assertInvalid(beyond, "03020578 ff01");
        assertInvalid(beyond, "03020578 09");
    }

    /** Values that no sane server sends make the answer invalid instead of being used. */
    @Test
    void impossibleValues() {
        for (String option : new String[] {"010400000000", "0104ff00ff00", "010400ffffff", "03020043", "03020000",
            "04040000003c", "0404003d003c", "040400000000", "05050a00000121", "05050a000001ff", "05050a00000118",
            "05050000000100"}) {
            int type = option.charAt(1) - '0';
            assertInvalid("option " + type + " with " + (option.length() / 2 - 2)
                    + " bytes is not valid (PROTOCOL.md 2, table 2.3)", option);
        }
    }

    /** The first thing wrong is what is told, even when sound options follow. */
    @Test
    void firstErrorCounts() {
        assertInvalid("option 3 with 1 bytes is not valid (PROTOCOL.md 2, table 2.3)",
                "030105 0104ffffff00 0404000f003c");
    }

    /** A classic server's answer: netmask 255.255.0.0, and nothing else of it means anything. */
    @Test
    void classic() {
        Answer answer = read(HexFormat.of().parseHex("45ff00005632010203040506000000000a000007"));
        assertNull(answer.invalid);
        assertFalse(answer.extended);
        assertEquals(0, answer.features);
        assertEquals("10.0.0.7", answer.address.toString());
        assertEquals(16, answer.length);
        assertEquals(0, answer.mtu);
    }

    /** An address that no host can have is not taken, from whichever server. */
    @Test
    void addressesOfNoHost() {
        for (String[] address : new String[][] {{"00000000", "0.0.0.0"}, {"00ffffff", "0.255.255.255"},
            {"7f000001", "127.0.0.1"}, {"e0000001", "224.0.0.1"}, {"f0000001", "240.0.0.1"},
            {"ffffffff", "255.255.255.255"}}) {
            String why = address[1] + ": assigned address that no host can have (PROTOCOL.md 1, table 1.4)";
            assertEquals(why, extended(address[0], "").invalid);
            assertEquals(why, read(HexFormat.of().parseHex("45" + "00".repeat(15) + address[0])).invalid);
        }
        assertNull(extended("01000000", "").invalid);
        assertNull(extended("dfffffff", "").invalid);
        assertNull(extended("80000001", "").invalid);
    }

    private static String refusal(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Answer answer = extended("00000000", String.format("06%02x", bytes.length) + HexFormat.of().formatHex(bytes));
        assertNull(answer.invalid);
        return answer.refusal;
    }

    /** A refusal is no invalid answer although it assigns nothing, and its reason cannot play tricks on a terminal. */
    @Test
    void refusals() {
        assertEquals("10.0.0.7 is taken", refusal("10.0.0.7 is taken"));
        assertEquals("", refusal(""));
        assertEquals("é€😀", refusal("é€😀"));
        assertEquals("x".repeat(200), refusal("x".repeat(200)));
        assertEquals("a b c  [31mred ", logged(refusal("a\nb\rc\t\u001b[31mred\u009b")));
        assertEquals("\ufffdx", extended("00000000", "0602c378").refusal);
    }

    /** Random options: whatever they hold, the answer is read without an exception, and what it gives is sane. */
    @Test
    void randomOptions() {
        Random random = new Random(5633);
        int valid = 0;
        for (int i = 0; i < 100_000; i++) {
            byte[] options = new byte[random.nextInt(40)];
            random.nextBytes(options);
            int at = 0;
            while (at + 1 < options.length) {
                options[at] = (byte) random.nextInt(9);
                options[at + 1] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : 2 + random.nextInt(4));
                at += 2 + (options[at + 1] & 0xff);
            }
            Answer answer = extended("0a000002", HexFormat.of().formatHex(options));
            if (answer.invalid == null) {
                valid++;
                assertTrue(answer.length >= 1 && answer.length <= 32);
                assertTrue(answer.mtu == 0 || (answer.mtu >= 68 && answer.mtu <= 65535));
                assertTrue(answer.timeout >= answer.idle);
                for (Network route : answer.routes) {
                    assertEquals(0, route.address().ipv4() & ~Ipv4.netmask(route.length()));
                }
            }
        }
        assertTrue(valid > 3_000, "only " + valid + " of them were valid");
    }

    private static String logged(String reason) {
        return Log.oneLine(new StringBuilder(reason)).toString();
    }
}
