package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CoalescerTest extends Coalescing {
    /** A super-packet's packets, whose flags, identification and fragment field a sender without offloads uses. */
    private byte[] superPacket(int payload) {
        return superPacket(false, payload);
    }

    private byte[] superPacket(boolean ipv6, int payload) {
        byte[] p = ReferencePackets.packet(ipv6, random, ReferencePackets.TCP, 4 * random.nextInt(11), payload);
        p[ReferencePackets.ipHeader(p) + 13] = ReferencePackets.ACK;
        return ReferencePackets.finished(p);
    }

    /** The segments of a super-packet become that super-packet again: odd lengths, wraps, options, PSH at the end. */
    @Test
    void inverseOfSegmentation() {
        for (int round = 0; round < 3000; round++) {
            int payload = 200 + random.nextInt(random.nextInt(20) == 0 ? 65000 : 5000);
            byte[] p = superPacket(random.nextBoolean(), payload);
            int segment = 48 + random.nextInt(Math.min(1400, payload - 149));
            if (payload % segment != 0 && payload % segment < 48) {
                continue;
            }
            if (random.nextBoolean()) {
                p[ReferencePackets.ipHeader(p) + 13] |= ReferencePackets.PSH;
                p = ReferencePackets.finished(p);
            }
            List<Out> out = run(ReferencePackets.segments(p, segment));
            assertEquals(1, out.size());
            assertEquals(Offload.UNFINISHED | segment, out.get(0).tag());
            assertArrayEquals(ReferencePackets.unfinished(p), out.get(0).packet());
        }
    }

    /** Nothing that is joined, ended or left alone is lost, changed or put in another order within a mixed stream. */
    @Test
    void mixedStreamComesOutAsItWentIn() {
        for (int round = 0; round < 300; round++) {
            List<byte[]> in = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                byte[] p = superPacket(48 + random.nextInt(3000));
                if (random.nextInt(3) == 0) {
                    p[33] = (byte) random.nextInt(256);
                    p[6] = 0x40;
                }
                for (byte[] segment : ReferencePackets.segments(p, 48 + random.nextInt(1000))) {
                    if (random.nextInt(10) == 0) {
                        segment[random.nextInt(segment.length - 20) + 20] ^= 4;
                    }
                    in.add(segment);
                }
            }
            List<byte[]> again = new ArrayList<>();
            for (Out o : run(in)) {
                again.addAll(o.tag() == 0 ? List.of(o.packet())
                        : ReferencePackets.segments(o.packet(), o.tag() & Offload.SEGMENT));
            }
            assertEquals(in.size(), again.size());
            for (int i = 0; i < in.size(); i++) {
                byte[] expected = in.get(i);
                if (expected[6] == 0x40) {
                    // Identification means nothing then (RFC 6864), and re-cutting counts it up.
                    expected = withIdentification(expected, ReferencePackets.get16(again.get(i), 4));
                }
                assertArrayEquals(expected, again.get(i), "packet " + i);
            }
        }
    }

    private static byte[] withIdentification(byte[] packet, int identification) {
        byte[] p = packet.clone();
        ReferencePackets.set16(p, 4, identification);
        ReferencePackets.set16(p, 10, 0);
        ReferencePackets.set16(p, 10, 65535 - ReferencePackets.sum(p, 0, ReferencePackets.ipHeader(p), 0));
        return p;
    }

    /** Three segments of 100 bytes with a timestamp option. */
    private byte[] three() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 12, 300);
        p[6] = 0;
        p[33] = ReferencePackets.ACK;
        ReferencePackets.set16(p, 4, 0xffff);
        return p;
    }

    private void assertSeparate(String why, Change change) {
        assertSeparate(three(), why, change);
    }

    /** Each rule of tcp4_gro_receive: a segment that differs in it is not joined to the one before or behind. */
    @Test
    void whatIsNotJoined() {
        for (int i = 0; i < 4; i++) {
            int at = i;
            assertSeparate("another source", p -> p[12 + at] ^= 1);
            assertSeparate("another destination", p -> p[16 + at] ^= 1);
            assertSeparate("another port", p -> p[20 + at] ^= 1);
            assertSeparate("another sequence number", p -> p[24 + at] ^= 1);
            assertSeparate("another acknowledgment", p -> p[28 + at] ^= 1);
        }
        for (int i = 40; i < 52; i++) {
            int at = i;
            assertSeparate("another option", p -> p[at] ^= 1);
        }
        assertSeparate("another TOS", p -> p[1] ^= 1);
        assertSeparate("another TTL", p -> p[8] ^= 1);
        assertSeparate("another identification", p -> p[5] ^= 2);
        assertSeparate("another window", p -> p[34] ^= 1);
        assertSeparate("another window", p -> p[35] ^= 1);
        assertSeparate("reserved TCP bits", p -> p[32] |= 1);
        assertSeparate("another header length", p -> p[32] = 0x70);
        assertSeparate("DF where there was none", p -> p[6] = 0x40);
        assertSeparate("the reserved bit", p -> p[6] = (byte) 0x80);
        assertSeparate("a fragment", p -> p[6] = 0x20);
        assertSeparate("a later fragment", p -> p[7] = 1);
        assertSeparate("another protocol", p -> p[9] = 1);
        assertSeparate("no ACK", p -> p[33] = 0);
        for (int flag : new int[] {1, 2, 4, 32, 64, 128}) {
            assertSeparate("flag " + flag, p -> p[33] |= (byte) flag);
        }
    }

    /** Packets that only have the right bytes where plain TCP has them: IP options, ICMP, another total length. */
    @Test
    void whatOnlyLooksLikeTcp() {
        byte[] options = ReferencePackets.packet(random, ReferencePackets.TCP, 4, 0, 300);
        byte[] icmp = ReferencePackets.packet(random, 1, 0, 0, 300);
        byte[] longer = superPacket(300);
        ReferencePackets.set16(longer, 2, longer.length - 1);
        for (byte[] p : List.of(options, icmp, longer)) {
            p[32] = 0x50;
            p[33] = ReferencePackets.ACK;
            assertFalse(coalescer.add(ReferencePackets.buffer(p, 0), 0, p.length, false));
        }
    }

    /** Many systems send all packets of a flow with DF and one identification: they are joined all the same. */
    @Test
    void identificationMeansNothingWithDontFragment() {
        byte[] p = superPacket(300);
        for (int fragment : new int[] {0x40, 0}) {
            List<byte[]> segments = new ArrayList<>();
            for (byte[] segment : ReferencePackets.segments(p, 100)) {
                segment[6] = (byte) fragment;
                segments.add(withIdentification(segment, 7));
            }
            assertEquals(fragment == 0 ? 3 : 1, run(segments).size());
        }
    }

    /** A segment with a wrong checksum never joins, as the first or as a later one: joining would make it right. */
    @Test
    void wrongChecksumsAreNotLaundered() {
        for (int which = 0; which < 3; which++) {
            byte[] p = superPacket(300);
            List<byte[]> segments = ReferencePackets.segments(p, 100);
            byte[] bad = segments.get(which);
            bad[bad.length - 1] ^= 1;
            boolean alone = false;
            for (Out o : run(segments)) {
                alone |= o.tag() == 0 && Arrays.equals(bad, o.packet());
            }
            assertTrue(alone, "segment " + which);
        }
    }

    /** PSH and a shorter segment end a super-packet, so that its segments can be cut again as they were. */
    @Test
    void whatEndsASuperPacket() {
        List<Out> pushed = changed(three(), 1, p -> p[33] |= ReferencePackets.PSH);
        assertEquals(2, pushed.size());
        assertEquals(Offload.UNFINISHED | 100, pushed.get(0).tag());
        assertEquals(ReferencePackets.ACK | ReferencePackets.PSH, pushed.get(0).packet()[33]);
        assertEquals(0, changed(three(), 0, p -> p[33] |= ReferencePackets.PSH).get(0).tag(), "the first alone");

        byte[] p = superPacket(400);
        byte[] first = ReferencePackets.segments(p, 100).get(0);
        byte[] shorter = part(p, 100, 180, 1);
        byte[] third = part(p, 180, 260, 2);
        List<Out> out = run(List.of(first, shorter, third));
        assertEquals(2, out.size(), "nothing joins behind a shorter segment");
        assertEquals(Offload.UNFINISHED | 100, out.get(0).tag());
        assertArrayEquals(third, out.get(1).packet());

        assertEquals(2, run(List.of(first, part(p, 100, 201, 1))).size(), "a longer segment does not join");
    }

    /** The segment with that part of a super-packet's payload, {@code count} packets after its first. */
    private static byte[] part(byte[] p, int from, int to, int count) {
        int headers = ReferencePackets.headers(p);
        byte[] s = Arrays.copyOf(p, headers + to - from);
        System.arraycopy(p, headers + from, s, headers, to - from);
        ReferencePackets.set16(s, 2, s.length);
        ReferencePackets.set16(s, 4, (ReferencePackets.get16(p, 4) + count) % 65536);
        ReferencePackets.set32(s, 24, (ReferencePackets.get32(p, 24) + from) % 0x1_0000_0000L);
        return ReferencePackets.finished(s);
    }

    /** What carries little or nothing is not held back: acknowledgments and segments below the protocol's 48 bytes. */
    @Test
    void smallSegmentsAreNotHeld() {
        for (int payload : new int[] {0, 1, 47}) {
            byte[] p = superPacket(payload);
            assertFalse(coalescer.add(ReferencePackets.buffer(p, 0), 0, p.length, false));
            assertEquals(0, coalescer.flush());
        }
        byte[] p = superPacket(48);
        assertTrue(coalescer.add(ReferencePackets.buffer(p, 0), 0, p.length, false));
        assertEquals(p.length, coalescer.flush());
    }

    /** The joined packet never outgrows what 16 bits of total length can say. */
    @Test
    void superPacketsEndBelow64Kilobytes() {
        int segment = 1000;
        int last = 65535 - 40 - 65 * segment;
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 65535 - 40);
        p[33] = ReferencePackets.ACK;
        List<byte[]> segments = new ArrayList<>(ReferencePackets.segments(p, segment));
        assertEquals(1, run(segments).size());

        byte[] longer = Arrays.copyOf(segments.get(65), 40 + last + 1);
        ReferencePackets.set16(longer, 2, longer.length);
        segments.set(65, ReferencePackets.finished(longer));
        List<Out> out = run(segments);
        assertEquals(2, out.size());
        assertEquals(65535 - last, out.get(0).packet().length);
    }

    /** A packet that nothing joined is delivered where it lies: streams that cannot be joined cost no copy. */
    @Test
    void lonePacketsAreNotCopied() {
        byte[] p = superPacket(100);
        ByteBuffer b = ReferencePackets.buffer(p, 33);
        assertTrue(coalescer.add(b, 33, p.length, false));
        assertEquals(p.length, coalescer.flush());
        assertSame(b, coalescer.buffer());
        assertEquals(33, coalescer.at());
        assertEquals(0, coalescer.tag());
        assertEquals(0, coalescer.flush(), "delivered once");
    }

    /** Whatever bytes pass Wire's checks: no exception, and nothing read behind the packet. */
    @Test
    void randomBytesDoNoHarm() {
        for (int round = 0; round < 200_000; round++) {
            byte[] p = new byte[random.nextInt(200)];
            random.nextBytes(p);
            if (p.length >= 34) {
                p[0] = 0x45;
                ReferencePackets.set16(p, 2, p.length);
                p[6] = 0x40;
                p[7] = 0;
                p[9] = (byte) (random.nextBoolean() ? 6 : 17);
                p[33] = 16;
            }
            ByteBuffer b = ReferencePackets.buffer(p, 0);
            if (!coalescer.add(b, 0, p.length, false)) {
                coalescer.flush();
                coalescer.add(b, 0, p.length, false);
            }
        }
    }
}
