package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.Fuzz;
import simplevpn.base.Address;

/** What is taken of a balancer for a PROXY protocol header, however it comes, and that nothing behind it is. */
class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    /** From 192.0.2.7, port 4660, to 198.51.100.1, port 443. */
    private static final String IPV4 = "c0000207 c6336401 1234 01bb";
    private static final String IPV6 = "20010db8000000000000000000000007 20010db8000000000000000000000001 1234 01bb";
    /** A TLV of the kind NOOP, one byte. */
    private static final String NOOP = "04 0001 00";

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    private static byte[] header(int command, int family, String addresses) {
        int length = hex(addresses).length;
        return hex(SIGNATURE + String.format("%02x%02x%04x", command, family, length) + addresses);
    }

    /** Takes as much of the bytes as it wants, in pieces of a length at most; returns how many those were. */
    private static int give(ProxyHeader header, byte[] bytes, int piece) {
        int at = 0;
        while (at < bytes.length && header.wants() > 0) {
            int size = Math.min(Math.min(piece, header.wants()), bytes.length - at);
            header.take(ByteBuffer.wrap(bytes), at, size);
            at += size;
        }
        return at;
    }

    private static ProxyHeader read(byte[] bytes) {
        ProxyHeader header = new ProxyHeader();
        give(header, bytes, bytes.length);
        return header;
    }

    private static void assertWrong(String expected, byte[] bytes) {
        assertEquals(expected, read(bytes).wrong());
    }

    /** Headers of each kind, in pieces of every length, with the connection's own bytes behind: these are left. */
    @Test
    void inPieces() {
        byte[] tail = hex("160301020001");
        String[] kinds = {IPV4, IPV4 + NOOP, IPV6, IPV6 + NOOP + NOOP};
        for (String kind : kinds) {
            boolean ipv4 = kind.startsWith(IPV4);
            byte[] whole = header(0x21, ipv4 ? 0x11 : 0x21, kind);
            byte[] bytes = Arrays.copyOf(whole, whole.length + tail.length);
            System.arraycopy(tail, 0, bytes, whole.length, tail.length);
            for (int piece = 1; piece <= bytes.length; piece++) {
                ProxyHeader header = new ProxyHeader();
                assertEquals(whole.length, give(header, bytes, piece));
                assertNull(header.wrong());
                assertEquals(0, header.wants());
                assertFalse(header.isLocal());
                assertEquals(Address.parse(ipv4 ? "192.0.2.7" : "2001:db8::7"), header.source());
                assertEquals(0x1234, header.port());
            }
        }
    }

    /** Whatever is missing at its end, it is not whole, and says how much it wants. */
    @Test
    void incomplete() {
        byte[] whole = header(0x21, 0x11, IPV4 + NOOP);
        assertFalse(new ProxyHeader().hasBegun());
        for (int length = 1; length < whole.length; length++) {
            ProxyHeader header = read(Arrays.copyOf(whole, length));
            assertNull(header.wrong());
            assertTrue(header.hasBegun());
            assertEquals((length < 16 ? 16 : whole.length) - length, header.wants());
            assertNull(header.source());
        }
    }

    /** A balancer's own connections, and those whose ends are no addresses of the network's, are its own. */
    @Test
    void ofTheBalancerItself() {
        for (byte[] local : new byte[][] {header(0x20, 0, ""), header(0x20, 0x11, IPV4), header(0x20, 0xff, NOOP)}) {
            ProxyHeader header = read(local);
            assertNull(header.wrong());
            assertEquals(0, header.wants());
            assertTrue(header.isLocal());
            assertNull(header.source());
        }
        for (byte[] other : new byte[][] {header(0x21, 0, ""), header(0x21, 0, NOOP),
            header(0x21, 0x31, "41".repeat(216))}) {
            ProxyHeader header = read(other);
            assertNull(header.wrong());
            assertEquals(0, header.wants());
            assertFalse(header.isLocal());
            assertNull(header.source());
        }
    }

    /** A signature with any bit of it turned is none, and that is seen at the byte in question. */
    @Test
    void brokenSignature() {
        byte[] whole = header(0x21, 0x11, IPV4);
        for (int bit = 0; bit < 12 * 8; bit++) {
            byte[] broken = whole.clone();
            broken[bit / 8] ^= (byte) (1 << bit % 8);
            ProxyHeader header = new ProxyHeader();
            assertEquals(bit / 8 + 1, give(header, broken, 1));
            assertEquals("does not begin with a PROXY protocol header", header.wrong());
            assertEquals(0, header.wants());
        }
    }

    /** Version 1 is told by its name, also by its first letter. */
    @Test
    void version1() {
        byte[] text = "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n".getBytes(StandardCharsets.US_ASCII);
        for (int piece = 1; piece <= text.length; piece++) {
            ProxyHeader header = new ProxyHeader();
            assertTrue(give(header, text, piece) <= 16);
            assertEquals("sends a PROXY protocol header of version 1, and only version 2 is taken", header.wrong());
        }
        assertWrong("does not begin with a PROXY protocol header", hex("50524f5858"));
    }

    /** Of all versions and commands two are known, of all families and transports four. */
    @Test
    void brokenFields() {
        for (int value = 0; value < 256; value++) {
            String text = "0x" + Integer.toHexString(value);
            if (value != 0x20 && value != 0x21) {
                assertWrong("sends a PROXY protocol header with version and command " + text,
                        header(value, 0x11, IPV4));
            }
            String long216 = "00".repeat(216);
            if (value == 0 || value == 0x11 || value == 0x21 || value == 0x31) {
                assertNull(read(header(0x21, value, long216)).wrong());
            } else {
                assertWrong("sends a PROXY protocol header with family and transport " + text
                        + ", which is no TCP connection", header(0x21, value, long216));
            }
        }
    }

    /** Addresses need their length, and a header has a bound, which is seen before anything of it is kept. */
    @Test
    void lengths() {
        int[][] least = {{0x11, 12}, {0x21, 36}, {0x31, 216}};
        for (int[] kind : least) {
            assertWrong("sends a PROXY protocol header whose addresses are cut off",
                    header(0x21, kind[0], "00".repeat(kind[1] - 1)));
            assertNull(read(header(0x21, kind[0], "00".repeat(kind[1]))).wrong());
        }
        for (int command : new int[] {0x20, 0x21}) {
            ProxyHeader longest = read(header(command, 0x11, IPV4 + "00".repeat(536 - 16 - 12)));
            assertNull(longest.wrong());
            assertEquals(0, longest.wants());
            ProxyHeader longer = new ProxyHeader();
            assertEquals(16, give(longer, header(command, 0x11, IPV4 + "00".repeat(536 - 16 - 11)), 1));
            assertEquals("sends a PROXY protocol header of 537 bytes, more than 536", longer.wrong());
        }
    }

    /** Whatever comes, it takes at most its bound, and ends as one thing or the other. */
    @Test
    void anything() {
        Random random = new Random(2002);
        int[] seen = new int[3];
        for (int i = 0; i < 20_000 * Fuzz.TIMES; i++) {
            byte[] bytes = new byte[700];
            random.nextBytes(bytes);
            byte[] good = header(0x20 | random.nextInt(2), 0x11 + 0x10 * random.nextInt(2), IPV6);
            System.arraycopy(good, 0, bytes, 0, random.nextInt(10) == 0 ? random.nextInt(12) : good.length);
            for (int flips = random.nextInt(3); flips > 0; flips--) {
                bytes[12 + random.nextInt(4)] = (byte) random.nextInt(64);
            }
            bytes[14] &= 3;
            ProxyHeader header = new ProxyHeader();
            int taken = give(header, bytes, 1 + random.nextInt(700));
            assertEquals(0, header.wants());
            assertTrue(taken <= ProxyHeader.LONGEST);
            if (header.wrong() != null) {
                seen[0]++;
                continue;
            }
            assertEquals(16 + (bytes[14] & 255) * 256 + (bytes[15] & 255), taken);
            seen[header.source() == null ? 1 : 2]++;
            if (header.source() != null) {
                assertNotNull(header.source().toString());
                assertTrue(header.port() >= 0 && header.port() <= 65535);
            }
        }
        assertTrue(Arrays.stream(seen).allMatch(count -> count > 1000), Arrays.toString(seen));
    }
}
