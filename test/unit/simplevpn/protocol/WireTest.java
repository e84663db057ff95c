package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** {@link Wire#frame}, row by row of PROTOCOL.md, table 1.2. */
class WireTest {
    private static final boolean[] DIRECTIONS = {false, true};

    private final Random random = new Random(2002);

    /** The bytes at the very end of a buffer, so that a read past them is an exception. */
    private static ByteBuffer atTheEnd(byte[] bytes) {
        return ByteBuffer.allocateDirect(3 + bytes.length).put(3, bytes);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    private static void assertFrame(int kind, int length, byte[] bytes, boolean fromServer) {
        int verdict = Wire.frame(atTheEnd(bytes), 3, 3 + bytes.length, fromServer);
        String what = HexFormat.of().formatHex(bytes) + (fromServer ? " from a server" : " from a client");
        assertEquals(kind, Wire.kind(verdict), what);
        assertEquals(length, Wire.length(verdict), what);
    }

    private static void assertFrame(int kind, int length, String digits) {
        for (boolean fromServer : DIRECTIONS) {
            assertFrame(kind, length, hex(digits), fromServer);
        }
    }

    /** An IPv4 header with a right checksum, for packets of any total length. */
    private byte[] header(int words, int total) {
        byte[] p = new byte[4 * words];
        random.nextBytes(p);
        p[0] = (byte) (0x40 | words);
        p[2] = (byte) (total >> 8);
        p[3] = (byte) total;
        p[12] = 10;
        p[16] = 10;
        p[10] = 0;
        p[11] = 0;
        int sum = ~ReferencePackets.sum(p, 0, p.length, 0);
        p[10] = (byte) (sum >> 8);
        p[11] = (byte) sum;
        return p;
    }

    /** Row 1: with all ones in both addresses nothing else counts, neither version, nor total length, nor checksum. */
    @Test
    void keepaliveWhateverElseItHolds() {
        assertFrame(Wire.KEEPALIVE, 20, "45000000 00000000 00000000 ffffffff ffffffff");
        assertFrame(Wire.KEEPALIVE, 20, "00000000 00000000 00000000 ffffffff ffffffff");
        assertFrame(Wire.KEEPALIVE, 20, "0000ffff 00000000 00000000 ffffffff ffffffff");
        assertFrame(Wire.KEEPALIVE, 20, "ffffffff ffffffff ffffffff ffffffff ffffffff");
        assertFrame(Wire.KEEPALIVE, 20, "450005dc 00000000 40060000 ffffffff ffffffff");
        assertFrame(Wire.KEEPALIVE, 20, "60000000 05dc3aff 00000000 ffffffff ffffffff");
        assertFrame(Wire.KEEPALIVE, 20, "4f000014 56330000 00000000 ffffffff ffffffff");
    }

    /** Row 1 wants both addresses: one of them alone is no keepalive. */
    @Test
    void oneAddressOfOnesIsNoKeepalive() {
        assertFrame(Wire.DAMAGED, 0, "00000000 00000000 00000000 ffffffff fffffffe");
        assertFrame(Wire.DAMAGED, 0, "00000000 00000000 00000000 7fffffff ffffffff");
        assertFrame(Wire.ADDRESS, 20, "45000000 00000000 00000000 ffffffff 00000000");
    }

    /** Row 2: version 4 with total length 0, whatever garbage a classic peer leaves in the other fields. */
    @Test
    void addressMessages() {
        assertFrame(Wire.ADDRESS, 20, "45000000 00000000 00000000 00000000 00000000");
        assertFrame(Wire.ADDRESS, 20, "45aa0000 bbccddee ff00f00d 0a000007 00000000");
        assertFrame(Wire.ADDRESS, 20, "40000000 00000000 00000000 00000000 0a000007");
        assertFrame(Wire.ADDRESS, 20, "4f000000 56330000 00000000 00000000 ffffffff");
    }

    /** Row 3a: an address message with options is as long as its total length, whatever its header length. */
    @Test
    void addressMessagesWithOptions() {
        assertFrame(Wire.ADDRESS, 20, "45000014 00000000 00000000 0a000007 00000000");
        assertFrame(Wire.ADDRESS, 42, "4000002a 56330000 00000000 00000000 00000000");
        assertFrame(Wire.ADDRESS, 65535, "4f00ffff 00000000 00000000 ffffffff 00000000");
        assertFrame(Wire.DAMAGED, 0, "45000013 00000000 00000000 0a000007 00000000");
        assertFrame(Wire.DAMAGED, 0, "45000001 00000000 00000000 0a000007 00000000");
    }

    /** Row 3b: an extended answer is told from data by its direction, its source 0.0.0.0 and its magic, all three. */
    @Test
    void extendedAnswers() {
        byte[] answer = hex("4501002a 56330123 456789ab 00000000 0a000002");
        assertFrame(Wire.ADDRESS, 42, answer, true);
        assertFrame(Wire.DAMAGED, 0, answer, false);
        assertFrame(Wire.DAMAGED, 0, "4501002a 56320123 456789ab 00000000 0a000002");
        assertFrame(Wire.DAMAGED, 0, "4501002a 56330123 456789ab 0a000001 0a000002");
        assertFrame(Wire.DAMAGED, 0, "45010013 56330123 456789ab 00000000 0a000002");
    }

    /** Row 4: packets from the shortest to the longest, with every header length. */
    @Test
    void dataOfEveryLength() {
        for (int words = 5; words <= 15; words++) {
            for (int total : new int[] {4 * words, 4 * words + 1, 1500, 65534, 65535}) {
                byte[] p = header(words, total);
                for (boolean fromServer : DIRECTIONS) {
                    assertFrame(Wire.DATA, total, p, fromServer);
                }
            }
        }
    }

    /** Row 4's conditions: header length, total length, and a checksum in which no single bit may be wrong. */
    @Test
    void damagedData() {
        for (boolean fromServer : DIRECTIONS) {
            for (int words = 0; words < 5; words++) {
                byte[] p = header(5, 0);
                p[0] = (byte) (0x40 | words);
                // A total length that makes the sum of so short a header right.
                ReferencePackets.set16(p, 2, 65535 - ReferencePackets.sum(p, 0, 4 * words, 0));
                assertFrame(Wire.DAMAGED, 0, p, fromServer);
            }
            for (int words = 5; words <= 15; words++) {
                assertFrame(Wire.DAMAGED, 0, header(words, 4 * words - 1), fromServer);
                assertFrame(Wire.DAMAGED, 0, header(words, 1), fromServer);
                byte[] p = header(words, 1500);
                for (int bit = 8; bit < 8 * p.length; bit++) {
                    p[bit / 8] ^= (byte) (1 << bit % 8);
                    assertFrame(Wire.DAMAGED, 0, p, fromServer);
                    p[bit / 8] ^= (byte) (1 << bit % 8);
                }
            }
        }
    }

    /** Row 5: IPv6 packets are as long as their header and payload, so that they can be skipped. */
    @Test
    void ipv6() {
        assertFrame(Wire.IPV6, 40, "60000000 00003aff fe800000 00000000 00000000");
        assertFrame(Wire.IPV6, 41, "6fffffff 00010000 00000000 00000000 00000000");
        assertFrame(Wire.IPV6, 65575, "60000000 ffff0000 ffffffff ffffffff 00000000");
    }

    /** Row 6: every other version is not this protocol. */
    @Test
    void otherVersions() {
        for (int version = 0; version < 16; version++) {
            if (version != 4 && version != 6) {
                byte[] p = header(5, 100);
                p[0] = (byte) (version << 4 | 5);
                for (boolean fromServer : DIRECTIONS) {
                    assertFrame(Wire.DAMAGED, 0, p, fromServer);
                }
            }
        }
    }

    /** Nothing is said before 20 bytes have come, and nothing about data before its whole header has. */
    @Test
    void incompleteHeaders() {
        byte[] p = header(15, 1500);
        byte[] keepalive = hex("45000000 00000000 00000000 ffffffff ffffffff");
        for (boolean fromServer : DIRECTIONS) {
            for (int length = 0; length < 60; length++) {
                assertFrame(Wire.INCOMPLETE, 0, Arrays.copyOf(p, length), fromServer);
            }
            assertFrame(Wire.DATA, 1500, p, fromServer);
            for (int length = 0; length < 20; length++) {
                assertFrame(Wire.INCOMPLETE, 0, Arrays.copyOf(keepalive, length), fromServer);
            }
        }
    }

    /**
     * A million frames of random bytes, near enough to sound ones that each row comes often: the verdict is that of the
     * protocol's table, nothing is read past the end, and {@link Wire#knownLength} says the same about what is sound.
     */
    @Test
    void randomBytesAgainstTheTable() {
        ByteBuffer b = ByteBuffer.allocateDirect(64);
        int[] seen = new int[6];
        for (int i = 0; i < 1_000_000; i++) {
            byte[] p = randomFrame();
            int at = 64 - p.length;
            b.put(at, p);
            boolean fromServer = random.nextBoolean();
            int verdict = Wire.frame(b, at, 64, fromServer);
            int expected = table(p, fromServer);
            if (verdict != expected) {
                assertEquals(Integer.toHexString(expected), Integer.toHexString(verdict), HexFormat.of().formatHex(p));
            }
            int kind = Wire.kind(verdict);
            seen[kind]++;
            boolean sound = kind == Wire.KEEPALIVE || kind == Wire.ADDRESS || kind == Wire.DATA;
            if (sound && Wire.knownLength(b, at) != Wire.length(verdict)) {
                assertEquals(Wire.length(verdict), Wire.knownLength(b, at), HexFormat.of().formatHex(p));
            }
        }
        for (int kind = 0; kind < seen.length; kind++) {
            assertTrue(seen[kind] > 10_000, "kind " + kind + " came only " + seen[kind] + " times");
        }
    }

    private byte[] randomFrame() {
        int shape = random.nextInt(8);
        if (shape < 2) {
            int words = 5 + random.nextInt(11);
            byte[] p = header(words, random.nextInt(4) == 0 ? random.nextInt(80) : 20 + random.nextInt(65516));
            return random.nextInt(4) == 0 ? Arrays.copyOf(p, random.nextInt(p.length + 1)) : p;
        }
        byte[] p = new byte[shape == 2 ? random.nextInt(61) : 20 + random.nextInt(41)];
        random.nextBytes(p);
        if (p.length >= 20) {
            switch (shape) {
                case 3 -> Arrays.fill(p, 12, 20, (byte) 0xff);
                case 4 -> p[0] = (byte) (0x60 | (p[0] & 15));
                case 5, 6, 7 -> {
                    p[0] = (byte) (0x40 | (p[0] & 15));
                    Arrays.fill(p, shape == 5 ? 2 : shape == 6 ? 12 : 16, shape == 5 ? 4 : shape == 6 ? 16 : 20,
                            (byte) 0);
                    if (random.nextBoolean()) {
                        p[2] = 0;
                    }
                    p[4] = 0x56;
                    p[5] = (byte) (0x32 + random.nextInt(2));
                }
                default -> { }
            }
        }
        return p;
    }

    /** The classification table once more, row by row. */
    private static int table(byte[] p, boolean fromServer) {
        if (p.length < 20) {
            return Wire.INCOMPLETE;
        }
        long source = ReferencePackets.get32(p, 12) & 0xffff_ffffL;
        long destination = ReferencePackets.get32(p, 16) & 0xffff_ffffL;
        int version = p[0] >> 4 & 15;
        int header = (p[0] & 15) * 4;
        int total = ReferencePackets.get16(p, 2);
        if (source == 0xffff_ffffL && destination == 0xffff_ffffL) {
            return Wire.KEEPALIVE << 24 | 20;
        }
        if (version == 4 && total == 0) {
            return Wire.ADDRESS << 24 | 20;
        }
        if (version == 4 && total >= 20 && destination == 0) {
            return Wire.ADDRESS << 24 | total;
        }
        if (version == 4 && total >= 20 && fromServer && source == 0 && ReferencePackets.get16(p, 4) == 0x5633) {
            return Wire.ADDRESS << 24 | total;
        }
        if (version == 4 && header >= 20 && total >= header) {
            if (p.length < header) {
                return Wire.INCOMPLETE;
            }
            if (ReferencePackets.sum(p, 0, header, 0) == 0xffff) {
                return Wire.DATA << 24 | total;
            }
        }
        if (version == 6) {
            return Wire.IPV6 << 24 | 40 + ReferencePackets.get16(p, 4);
        }
        return Wire.DAMAGED << 24;
    }
}
