package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PacketTest {
    private static final int GATEWAY = 0x0a000001;

    private final Random random = new Random(1071);

    /** The fast sum equals RFC 1071's at every length, alignment and start: a wrong one damages or admits packets. */
    @Test
    void sumOfEveryLengthAndAlignment() {
        byte[] bytes = new byte[300];
        for (int length = 0; length <= 260; length++) {
            for (int at = 0; at < 9; at++) {
                random.nextBytes(bytes);
                int start = random.nextInt(65536);
                byte[] exact = Arrays.copyOf(bytes, at + length);
                assertEquals(ReferencePackets.sum(exact, at, at + length, start),
                        Packet.sum(ReferencePackets.buffer(exact, 0), at, length, start));
            }
        }
    }

    /** No carry is lost in the longest packet, and none of the highest bits. */
    @Test
    void sumOfTheLargestBytes() {
        byte[] bytes = new byte[65535];
        Arrays.fill(bytes, (byte) 0xff);
        assertEquals(ReferencePackets.sum(bytes, 0, bytes.length, 0xffff),
                Packet.sum(ReferencePackets.buffer(bytes, 0), 0, bytes.length, 0xffff));
        assertEquals(0, Packet.sum(ByteBuffer.allocateDirect(64), 0, 64, 0));
    }

    /** Folding is the remainder of 65535, written as 0xffff and not as 0 for all but zero itself. */
    @Test
    void foldOfAnySum() {
        assertEquals(0, Packet.fold(0));
        assertEquals(0xffff, Packet.fold(0xffff));
        assertEquals(1, Packet.fold(0x1_0000_ffff_ffffL), "a carry out of every step");
        for (int round = 0; round < 100_000; round++) {
            long sum = random.nextLong() >>> (1 + random.nextInt(62));
            long remainder = sum % 0xffff;
            assertEquals(remainder == 0 && sum != 0 ? 0xffff : remainder, Packet.fold(sum));
        }
    }

    /** The header checksum tells a damaged stream from data: right at every header length, and wrong after any bit. */
    @Test
    void headerChecksumSeesEveryBit() {
        for (int options = 0; options <= 40; options += 4) {
            byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, options, 0, 0);
            ByteBuffer b = ReferencePackets.buffer(p, 3);
            assertTrue(Packet.headerChecksumOk(b, 3));
            for (int bit = 8; bit < (20 + options) * 8; bit++) {
                flip(b, 3, bit);
                assertFalse(Packet.headerChecksumOk(b, 3), "bit " + bit);
                flip(b, 3, bit);
            }
            b.putShort(3 + 10, (short) 0x1234);
            Packet.setHeaderChecksum(b, 3);
            assertArrayEquals(p, ReferencePackets.bytes(b, 3, p.length));
        }
    }

    private static void flip(ByteBuffer b, int at, int bit) {
        int i = at + bit / 8;
        b.put(i, (byte) (b.get(i) ^ 1 << bit % 8));
    }

    /** The answer is a packet that every kernel accepts and can match to the one that it answers. */
    @Test
    void hostUnreachableQuotesThePacket() {
        for (int payload : new int[] {0, 1, 7, 60, 61, 1400}) {
            for (int options : new int[] {0, 40}) {
                byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, options, 12, payload);
                ByteBuffer to = ByteBuffer.allocateDirect(200);
                int length = Icmp.hostUnreachable(ReferencePackets.buffer(p, 5), 5, p.length, GATEWAY, to, 7);
                byte[] answer = ReferencePackets.bytes(to, 7, length);
                int quoted = Math.min(p.length, 128);
                assertEquals(28 + quoted, length);
                assertEquals(length, ReferencePackets.get16(answer, 2));
                assertEquals(0x45, answer[0]);
                assertEquals(0x4000, ReferencePackets.get16(answer, 6), "DF, which makes identification 0 lawful");
                assertEquals(64, answer[8]);
                assertEquals(1, answer[9]);
                assertEquals(GATEWAY, ReferencePackets.get32(answer, 12));
                assertEquals(ReferencePackets.get32(p, 12), ReferencePackets.get32(answer, 16));
                assertEquals(0xffff, ReferencePackets.sum(answer, 0, 20, 0));
                assertEquals(0xffff, ReferencePackets.sum(answer, 20, length, 0));
                assertArrayEquals(new byte[] {3, 1}, Arrays.copyOfRange(answer, 20, 22));
                assertEquals(0, ReferencePackets.get32(answer, 24));
                assertArrayEquals(Arrays.copyOf(p, quoted), Arrays.copyOfRange(answer, 28, length));
            }
        }
    }

    /** RFC 1122 3.2.2: what must not be answered is not, so that errors never breed errors or reach a crowd. */
    @Test
    void hostUnreachableKeepsSilentWhereItMust() {
        assertTrue(answered(p -> { }));
        assertTrue(answered(p -> p[6] = 0x20), "the first fragment");
        assertFalse(answered(p -> p[7] = 1), "another fragment");
        assertFalse(answered(p -> p[6] = 0x10), "a fragment far behind");
        for (int first : new int[] {0, 127, 224, 239, 240, 255}) {
            assertFalse(answered(p -> p[12] = (byte) first), "source " + first);
            assertFalse(answered(p -> p[16] = (byte) first), "destination " + first);
        }
        for (int first : new int[] {1, 10, 126, 128, 192, 223}) {
            assertTrue(answered(p -> p[12] = (byte) first), "source " + first);
        }
        for (int type : new int[] {3, 4, 5, 11, 12}) {
            assertFalse(answered(p -> icmp(p, type)), "ICMP error " + type);
        }
        for (int type : new int[] {0, 8, 13}) {
            assertTrue(answered(p -> icmp(p, type)), "ICMP query " + type);
        }
        byte[] header = Arrays.copyOf(ReferencePackets.packet(random, 1, 0, 0, 0), 20);
        ByteBuffer to = ByteBuffer.allocateDirect(200);
        assertEquals(0, Icmp.hostUnreachable(ReferencePackets.buffer(header, 0), 0, 20, GATEWAY, to, 0),
                "ICMP without a type");
    }

    private interface Change {
        void on(byte[] packet);
    }

    private static void icmp(byte[] p, int type) {
        p[9] = 1;
        p[20] = (byte) type;
    }

    private boolean answered(Change change) {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 30);
        change.on(p);
        ByteBuffer to = ByteBuffer.allocateDirect(200);
        return Icmp.hostUnreachable(ReferencePackets.buffer(p, 0), 0, p.length, GATEWAY, to, 0) != 0;
    }

    /** The MSS is lowered, never raised, wherever the option lies, and the checksum follows. */
    @Test
    void clampMssAtEveryPlace() {
        for (int round = 0; round < 5000; round++) {
            int place = random.nextInt(20);
            byte[] p = syn(place);
            int mss = random.nextInt(65536);
            byte[] expected = p.clone();
            int option = ReferencePackets.ipHeader(p) + 20 + place + 2;
            ReferencePackets.set16(expected, option, Math.min(mss, ReferencePackets.get16(p, option)));
            assertArrayEquals(ReferencePackets.finished(expected), clamped(p, mss, false));
            assertArrayEquals(ReferencePackets.unfinished(expected),
                    clamped(ReferencePackets.unfinished(p), mss, true));
        }
    }

    /** Only the SYN of a connection carries an MSS: nothing else is touched, and no fragment's payload. */
    @Test
    void clampMssTouchesNothingElse() {
        assertUnclamped(p -> p[33] &= ~ReferencePackets.SYN, "no SYN");
        assertUnclamped(p -> p[7] = 1, "a later fragment");
        assertUnclamped(p -> p[9] = 17, "not TCP");
        assertUnclamped(p -> p[32] = (byte) 0xf0, "a header longer than the packet");
        assertUnclamped(p -> p[40] = 0, "the end of the options before it");
        assertUnclamped(p -> {
            p[40] = 99;
            p[41] = 13;
        }, "an option longer than the rest before it");
        assertUnclamped(p -> {
            p[40] = 99;
            p[41] = 1;
        }, "an option shorter than its own two bytes before it");
        assertUnclamped(p -> p[45] = 3, "an option of another length");
        byte[] first = syn(4);
        first[6] = 0x20;
        assertFalse(Arrays.equals(first, clamped(first, 1, false)), "the first fragment has the option");
    }

    private static void assertUnclamped(Change change, String why) {
        byte[] p = ReferencePackets.packet(new Random(2), ReferencePackets.TCP, 0, 12, 0);
        Arrays.fill(p, 40, 52, (byte) 1);
        p[33] |= ReferencePackets.SYN;
        p[44] = 2;
        p[45] = 4;
        assertFalse(Arrays.equals(p, clamped(p, 1, false)), "clamped without the change");
        change.on(p);
        assertArrayEquals(p, clamped(p, 1, false), why);
    }

    /** Damaged options end the search: no endless loop, and nothing read or written outside the packet. */
    @Test
    void clampMssSurvivesAnything() {
        for (int round = 0; round < 200_000; round++) {
            byte[] p = new byte[random.nextInt(70)];
            random.nextBytes(p);
            if (p.length > 33) {
                p[0] = 0x45;
                p[6] = 0;
                p[7] = 0;
                p[9] = 6;
                p[33] |= ReferencePackets.SYN;
                for (int i = 40; i < p.length; i++) {
                    p[i] &= 7;
                }
            }
            ByteBuffer b = ReferencePackets.buffer(p, 0);
            Packet.clampMss(b, 0, p.length, 1360, random.nextBoolean());
            Icmp.hostUnreachable(b, 0, p.length, GATEWAY, ByteBuffer.allocateDirect(160), 0);
        }
    }

    private byte[] syn(int place) {
        int before = random.nextInt(2) == 0 ? 0 : 8;
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, before, 24, random.nextInt(50));
        int tcp = ReferencePackets.ipHeader(p);
        p[tcp + 13] |= ReferencePackets.SYN;
        Arrays.fill(p, tcp + 20, tcp + 44, (byte) 1);
        p[tcp + 20 + place] = 2;
        p[tcp + 20 + place + 1] = 4;
        return ReferencePackets.finished(p);
    }

    private static byte[] clamped(byte[] p, int mss, boolean partial) {
        ByteBuffer b = ReferencePackets.buffer(p, 6);
        Packet.clampMss(b, 6, p.length, mss, partial);
        return ReferencePackets.bytes(b, 6, p.length);
    }
}
