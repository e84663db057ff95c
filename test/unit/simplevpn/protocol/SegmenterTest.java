package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SegmenterTest {
    private final Random random = new Random(9293);
    private final Segmenter segmenter = new Segmenter();

    private List<byte[]> cut(byte[] p, int prefix, int mtu) {
        ByteBuffer b = ReferencePackets.buffer(p, 1);
        ByteBuffer to = ByteBuffer.allocateDirect(65540);
        int announced = segmenter.begin(b, 1, p.length, prefix, mtu);
        int longest = 0;
        List<byte[]> packets = new ArrayList<>();
        for (int n = segmenter.next(to, 3); n != 0; n = segmenter.next(to, 3)) {
            packets.add(ReferencePackets.bytes(to, 3, n));
            longest = Math.max(longest, n);
        }
        assertEquals(longest, announced, "the room that the caller was told to have");
        assertArrayEquals(p, ReferencePackets.bytes(b, 1, p.length), "the packet itself stays as it was");
        return packets;
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i), "packet " + i);
        }
    }

    /** Super-packets of every shape become what the sender would have sent without offloads, byte for byte. */
    @Test
    void superPacketsAgainstTheReference() {
        for (int round = 0; round < 5000; round++) {
            int protocol = random.nextBoolean() ? ReferencePackets.TCP : ReferencePackets.UDP;
            int payload = 50 + random.nextInt(random.nextInt(20) == 0 ? 65000 : 4000);
            int options = 4 * random.nextInt(11);
            byte[] p = random.nextBoolean() ? ReferencePackets.packet6(random, protocol, options, payload)
                    : ReferencePackets.packet(random, protocol, 4 * random.nextInt(11), options, payload);
            int segment = Math.max(48, 1 + random.nextInt(Math.min(payload - 1, 1400)));
            byte[] unfinished = ReferencePackets.unfinished(p);
            assertSame(ReferencePackets.segments(p, segment), cut(unfinished, Offload.UNFINISHED | segment, 1600));
        }
    }

    /** A super-packet with extension headers is cut as the kernel would, each part with all of them. */
    @Test
    void extensionHeaders() {
        for (int round = 0; round < 500; round++) {
            int protocol = random.nextBoolean() ? ReferencePackets.TCP : ReferencePackets.UDP;
            int[] extensions = random.nextBoolean() ? new int[] {0} : new int[] {0, 60};
            byte[] p = ReferencePackets.packet6(random, protocol, 4 * random.nextInt(11), 3000, extensions);
            assertSame(ReferencePackets.segments(p, 1000),
                    cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 1000, 1500));
        }
    }

    /** Sequence numbers and identifications go on from their ends at zero. */
    @Test
    void wrappingNumbers() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 5000);
        ReferencePackets.set16(p, 4, 0xfffe);
        ReferencePackets.set32(p, 24, 0xffff_ff00L);
        List<byte[]> packets = cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 1000, 1500);
        assertSame(ReferencePackets.segments(p, 1000), packets);
        assertEquals(0, ReferencePackets.get16(packets.get(2), 4));
        assertEquals(744, ReferencePackets.get32(packets.get(1), 24));
    }

    /** The same over IPv6, where a datagram without a checksum is not sound. */
    @Test
    void zeroChecksumOverIpv6() {
        byte[] p = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 300);
        byte[] zero = ReferencePackets.withZeroChecksum(ReferencePackets.segments(p, 100).get(2));
        System.arraycopy(zero, 48, p, 248, 100);
        List<byte[]> packets = cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 100, 1400);
        assertEquals(0xffff, ReferencePackets.get16(packets.get(2), 46));
        assertSame(ReferencePackets.segments(p, 100), packets);
    }

    /** FIN and PSH only on the last, CWR only on the first, the others and the urgent pointer on all. */
    @Test
    void flags() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 3000);
        p[33] = (byte) 0xff;
        List<byte[]> packets = cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 1000, 1500);
        assertEquals((byte) 0xf6, packets.get(0)[33]);
        assertEquals((byte) 0x76, packets.get(1)[33]);
        assertEquals((byte) 0x7f, packets.get(2)[33]);
        for (byte[] packet : packets) {
            assertEquals(ReferencePackets.get16(p, 38), ReferencePackets.get16(packet, 38));
        }
    }

    /** No TCP packet is larger than the classic peer's MTU, whatever the offload peer's segments are. */
    @Test
    void segmentsLargerThanTheMtu() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 8, 12, 20_000);
        List<byte[]> packets = cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 8000, 1400);
        assertSame(ReferencePackets.segments(p, 1400 - 60), packets);
        assertEquals(1400, packets.get(0).length);
    }

    /** An MTU that the headers alone exceed neither stops the cutting nor makes it endless. */
    @Test
    void mtuSmallerThanTheHeaders() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 40, 40, 1000);
        assertSame(ReferencePackets.segments(p, 48), cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 500, 68));
    }

    /** A datagram is never torn, since its boundaries mean something. */
    @Test
    void datagramsStayWhole() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 5000);
        assertSame(ReferencePackets.segments(p, 2000),
                cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 2000, 1400));
    }

    /** A segment's computed UDP checksum of 0 is sent as 0xffff, since 0 means that there is none. */
    @Test
    void zeroChecksumOfADatagram() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 300);
        byte[] zero = ReferencePackets.withZeroChecksum(ReferencePackets.segments(p, 100).get(2));
        System.arraycopy(zero, 28, p, 228, 100);
        List<byte[]> packets = cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 100, 1400);
        assertEquals(0xffff, ReferencePackets.get16(packets.get(2), 26));
        assertSame(ReferencePackets.segments(p, 100), packets);
    }

    /** What is no super-packet stays one packet: completed when it is unfinished, untouched when it is not. */
    @Test
    void otherPackets() {
        for (int i = 0; i < 4; i++) {
            int protocol = i % 2 == 0 ? ReferencePackets.TCP : ReferencePackets.UDP;
            byte[] p = ReferencePackets.packet(i < 2, random, protocol, 4, 3001);
            assertSame(List.of(p), cut(ReferencePackets.unfinished(p), Offload.UNFINISHED, 1400));
            p[ReferencePackets.checksumField(p)] ^= 1;
            assertSame(List.of(p), cut(p, 0, 1400));
        }
        byte[] other = ReferencePackets.packet(random, 47, 0, 0, 9000);
        assertSame(List.of(other), cut(other, 0, 1400));
    }

    /** The largest packet there can be, in the smallest segments that the protocol allows. */
    @Test
    void largestPacketInSmallestSegments() {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 65535 - 40);
        List<byte[]> packets = cut(ReferencePackets.unfinished(p), Offload.UNFINISHED | 48, 1400);
        assertEquals((65535 - 40 + 47) / 48, packets.size());
        assertSame(ReferencePackets.segments(p, 48), packets);
    }
}
