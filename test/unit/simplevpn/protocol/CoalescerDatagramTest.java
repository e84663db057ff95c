package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** UDP, and packets whose checksum is unfinished, which only peers with offload framing send. */
class CoalescerDatagramTest extends Coalescing {
    private byte[] superDatagram(int payload) {
        return ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, payload);
    }

    private static List<byte[]> unfinished(List<byte[]> packets) {
        List<byte[]> all = new ArrayList<>();
        for (byte[] p : packets) {
            all.add(ReferencePackets.unfinished(p));
        }
        return all;
    }

    /** Datagrams of one size become the super-packet that they could have been, checksums made or not. */
    @Test
    void inverseOfSegmentation() {
        for (int round = 0; round < 3000; round++) {
            int segment = 48 + random.nextInt(1400);
            int payload = Math.min(65_000, segment * (1 + random.nextInt(64)) + 48 + random.nextInt(segment - 47));
            if (payload > 64 * segment || (payload % segment != 0 && payload % segment < 48)) {
                continue;
            }
            byte[] p = superDatagram(payload);
            List<byte[]> datagrams = ReferencePackets.segments(p, segment);
            boolean open = random.nextBoolean();
            List<Out> out = run(open ? unfinished(datagrams) : datagrams, open);
            assertEquals(1, out.size());
            assertEquals(Offload.UNFINISHED | segment, out.get(0).tag());
            assertArrayEquals(ReferencePackets.unfinished(p), out.get(0).packet());
        }
    }

    /** TCP segments whose checksums are unfinished are joined too. */
    @Test
    void unfinishedSegments() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 12, 3000);
        p[33] = ReferencePackets.ACK;
        List<Out> out = run(unfinished(ReferencePackets.segments(p, 1000)), true);
        assertEquals(1, out.size());
        assertEquals(Offload.UNFINISHED | 1000, out.get(0).tag());
        assertArrayEquals(ReferencePackets.unfinished(p), out.get(0).packet());
    }

    private void assertSeparate(String why, Change change) {
        byte[] p = superDatagram(300);
        p[6] = 0;
        List<byte[]> datagrams = ReferencePackets.segments(p, 100);
        assertEquals(1, run(datagrams).size(), "joined without the change");
        byte[] changed = datagrams.get(1);
        change.on(changed);
        datagrams.set(1, ReferencePackets.finished(changed));
        List<Out> out = run(datagrams);
        assertEquals(3, out.size(), why);
        for (int i = 0; i < 3; i++) {
            assertEquals(0, out.get(i).tag(), why);
            assertArrayEquals(datagrams.get(i), out.get(i).packet(), why);
        }
    }

    /** Each rule: a datagram that differs in it is not joined to the one before or behind. */
    @Test
    void whatIsNotJoined() {
        for (int i = 0; i < 4; i++) {
            int at = i;
            assertSeparate("another source", p -> p[12 + at] ^= 1);
            assertSeparate("another destination", p -> p[16 + at] ^= 1);
            assertSeparate("another port", p -> p[20 + at] ^= 1);
        }
        assertSeparate("another TOS", p -> p[1] ^= 1);
        assertSeparate("another TTL", p -> p[8] ^= 1);
        assertSeparate("another identification", p -> p[5] ^= 2);
        assertSeparate("DF where there was none", p -> p[6] = 0x40);
        assertSeparate("a fragment", p -> p[6] = 0x20);
        assertSeparate("a later fragment", p -> p[7] = 1);
        assertSeparate("another protocol", p -> p[9] = 1);
        assertSeparate("a length that disagrees", p -> p[25] ^= 1);
    }

    /** A datagram without a checksum would get one, and one whose checksum is wrong would get a right one. */
    @Test
    void checksumsStayWhatTheyAre() {
        for (int which = 0; which < 3; which++) {
            for (boolean none : new boolean[] {true, false}) {
                List<byte[]> datagrams = ReferencePackets.segments(superDatagram(300), 100);
                byte[] odd = datagrams.get(which);
                if (none) {
                    ReferencePackets.set16(odd, 26, 0);
                } else {
                    odd[odd.length - 1] ^= 1;
                }
                boolean alone = false;
                for (Out o : run(datagrams)) {
                    alone |= o.tag() == 0 && Arrays.equals(odd, o.packet());
                }
                assertTrue(alone, "datagram " + which);
            }
        }
    }

    /** The kernel takes 64 datagrams at once; a shorter one is the last, and a longer one is another's first. */
    @Test
    void whereASuperPacketEnds() {
        List<byte[]> datagrams = ReferencePackets.segments(superDatagram(65 * 100), 100);
        List<Out> out = run(datagrams);
        assertEquals(2, out.size());
        assertEquals(28 + 64 * 100, out.get(0).packet().length);
        assertArrayEquals(datagrams.get(64), out.get(1).packet());

        byte[] first = datagrams.get(0);
        byte[] longer = ReferencePackets.finished(lengthened(datagrams.get(1), 1));
        assertEquals(2, run(List.of(first, longer)).size(), "a longer one does not join");
        byte[] shorter = ReferencePackets.finished(lengthened(datagrams.get(1), -1));
        assertEquals(2, run(List.of(first, shorter, datagrams.get(2))).size(), "nothing joins behind a shorter one");
    }

    private static byte[] lengthened(byte[] p, int by) {
        byte[] other = Arrays.copyOf(p, p.length + by);
        ReferencePackets.set16(other, 2, other.length);
        ReferencePackets.set16(other, 24, other.length - 20);
        return other;
    }

    /** A packet that nothing joined keeps its tag. */
    @Test
    void aloneItIsWhatItWas() {
        byte[] p = superDatagram(100);
        assertEquals(0, run(List.of(p)).get(0).tag());
        List<Out> out = run(List.of(ReferencePackets.unfinished(p)), true);
        assertEquals(Offload.UNFINISHED, out.get(0).tag());
        assertArrayEquals(ReferencePackets.unfinished(p), out.get(0).packet());
    }

    /** Datagrams below the protocol's 48 bytes are not held, nor any where the kernel takes no super-packets of UDP. */
    @Test
    void notHeld() {
        byte[] p = superDatagram(47);
        assertFalse(coalescer.add(ReferencePackets.buffer(p, 0), 0, p.length, false));
        byte[] larger = superDatagram(48);
        assertTrue(coalescer.add(ReferencePackets.buffer(larger, 0), 0, larger.length, false));
        assertEquals(larger.length, coalescer.flush());
        Coalescer other = new Coalescer(joined, BASE, false);
        assertFalse(other.add(ReferencePackets.buffer(larger, 0), 0, larger.length, false));
    }
}
