package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is joined over IPv6 and what is not: the rules of the kernel's ipv6_gro_receive, and those of TCP and UDP. */
class CoalescerIpv6Test extends Coalescing {
    private static final int TCP = 40;

    /** Three segments of 100 bytes with a timestamp option. */
    private byte[] three() {
        byte[] p = ReferencePackets.packet6(random, ReferencePackets.TCP, 12, 300);
        p[TCP + 13] = ReferencePackets.ACK;
        return p;
    }

    private void assertSeparate(String why, Change change) {
        assertSeparate(three(), why, change);
    }

    /** A segment that differs in any field of the header or of TCP's is not joined to the one before or behind. */
    @Test
    void whatIsNotJoined() {
        for (int i = 0; i < 16; i++) {
            int at = i;
            assertSeparate("another source", p -> p[8 + at] ^= 1);
            assertSeparate("another destination", p -> p[24 + at] ^= 1);
        }
        assertSeparate("another traffic class", p -> p[0] ^= 1);
        for (int i = 1; i < 4; i++) {
            int at = i;
            assertSeparate("another flow label", p -> p[at] ^= 1);
        }
        assertSeparate("another hop limit", p -> p[7] ^= 1);
        assertSeparate("another protocol", p -> p[6] = 58);
        assertSeparate("a fragment", p -> p[6] = 44);
        for (int i = 0; i < 12; i++) {
            int at = i;
            assertSeparate("other ports, sequence or acknowledgment", p -> p[TCP + at] ^= 1);
            assertSeparate("another option", p -> p[TCP + 20 + at] ^= 1);
        }
        assertSeparate("another window", p -> p[TCP + 15] ^= 1);
        for (int flag : new int[] {1, 2, 4, 32, 64, 128}) {
            assertSeparate("flag " + flag, p -> p[TCP + 13] |= (byte) flag);
        }
    }

    /** The bytes that are IPv4's fields do not count, and packets of the two versions never join. */
    @Test
    void versionsAreNotMixed() {
        byte[] six = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 1000);
        byte[] four = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 1000);
        System.arraycopy(six, 40, four, 20, 4);
        List<byte[]> mixed = new ArrayList<>();
        List<byte[]> sixes = ReferencePackets.segments(six, 100);
        List<byte[]> fours = ReferencePackets.segments(ReferencePackets.finished(four), 100);
        for (int i = 0; i < 10; i++) {
            mixed.add(sixes.get(i));
            mixed.add(fours.get(i));
        }
        List<Out> out = run(mixed);
        for (int i = 0; i < 20; i++) {
            assertEquals(0, out.get(i).tag());
            assertArrayEquals(mixed.get(i), out.get(i).packet());
        }
    }

    /** Datagrams over IPv6 become one again; without a checksum they are not sound, and stay what they are. */
    @Test
    void datagrams() {
        byte[] p = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 1000);
        List<Out> out = run(ReferencePackets.segments(p, 100));
        assertEquals(1, out.size());
        assertEquals(Offload.UNFINISHED | 100, out.get(0).tag());
        assertArrayEquals(ReferencePackets.unfinished(p), out.get(0).packet());
        List<byte[]> bare = ReferencePackets.segments(p, 100);
        bare.forEach(each -> ReferencePackets.set16(each, 46, 0));
        assertEquals(10, run(bare).size());
    }

    /** A wrong checksum is not laundered, as the first or a later one. */
    @Test
    void wrongChecksums() {
        for (int which = 0; which < 3; which++) {
            byte[] p = ReferencePackets.packet6(random, ReferencePackets.TCP, 0, 300);
            p[TCP + 13] = ReferencePackets.ACK;
            List<byte[]> segments = ReferencePackets.segments(p, 100);
            byte[] bad = segments.get(which);
            bad[bad.length - 1] ^= 1;
            boolean alone = false;
            for (Out o : run(segments)) {
                alone |= o.tag() == 0 && Arrays.equals(bad, o.packet());
            }
            assertEquals(true, alone, "segment " + which);
        }
    }

    /** The joined packet never outgrows 65,535 bytes, though its payload length could say more. */
    @Test
    void superPacketsEndBelow64Kilobytes() {
        byte[] p = ReferencePackets.packet6(random, ReferencePackets.TCP, 0, 65535 - 60);
        p[TCP + 13] = ReferencePackets.ACK;
        List<byte[]> segments = new ArrayList<>(ReferencePackets.segments(ReferencePackets.finished(p), 1000));
        assertEquals(1, run(segments).size());
        byte[] last = segments.removeLast();
        byte[] longer = Arrays.copyOf(last, last.length + 1);
        ReferencePackets.set16(longer, 4, longer.length - 40);
        segments.add(ReferencePackets.finished(longer));
        assertEquals(2, run(segments).size());
    }

    /** Whatever bytes pass Wire's checks: no exception, and nothing read behind the packet. */
    @Test
    void randomBytesDoNoHarm() {
        for (int round = 0; round < 100_000; round++) {
            byte[] p = new byte[40 + random.nextInt(160)];
            random.nextBytes(p);
            p[0] = 0x60;
            ReferencePackets.set16(p, 4, p.length - 40);
            p[6] = (byte) (random.nextBoolean() ? 6 : 17);
            if (p.length > 53) {
                p[53] = 16;
            }
            ByteBuffer b = ReferencePackets.buffer(p, 0);
            if (!coalescer.add(b, 0, p.length, false)) {
                coalescer.flush();
                coalescer.add(b, 0, p.length, false);
            }
        }
        byte[] extension = ReferencePackets.packet6(random, ReferencePackets.TCP, 0, 300, 0);
        coalescer.flush();
        assertFalse(coalescer.add(ReferencePackets.buffer(extension, 0), 0, extension.length, false));
    }
}
