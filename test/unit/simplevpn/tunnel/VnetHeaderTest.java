package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.protocol.Offload;
import simplevpn.protocol.ReferencePackets;
import simplevpn.protocol.Segmenter;

/**
 * The kernel's header is written and read here as linux/virtio_net.h has it: u8 u8 u16 u16 u16 u16, host byte order.
 */
class VnetHeaderTest {
    private static final int AT = 10;
    private static final int NEEDS_CSUM = 1;
    private static final int DATA_VALID = 2;
    private static final int GSO_TCPV4 = 1;
    private static final int GSO_UDP = 3;
    private static final int GSO_TCPV6 = 4;
    private static final int GSO_UDP_L4 = 5;
    private static final int GSO_ECN = 0x80;
    private static final int UNFINISHED = 0x0100_0000;

    private final Random random = new Random(2002);

    private byte[] tcp(int payload) {
        return ReferencePackets.packet(random, ReferencePackets.TCP, 8, 12, payload);
    }

    private byte[] udp(int payload) {
        return ReferencePackets.packet(random, ReferencePackets.UDP, 8, 0, payload);
    }

    /** A packet as the TUN device delivers it. */
    private static ByteBuffer delivered(byte[] p, int flags, int type, int hdrLen, int size, int start, int offset) {
        ByteBuffer b = ReferencePackets.buffer(p, AT);
        byte[] header = ByteBuffer.allocate(10).order(ByteOrder.nativeOrder()).put((byte) flags).put((byte) type)
                .putShort((short) hdrLen).putShort((short) size).putShort((short) start).putShort((short) offset)
                .array();
        return b.put(0, header);
    }

    private static int tag(byte[] p, int flags, int type, int size, int start, int offset) {
        return VnetHeader.tag(delivered(p, flags, type, 0xffff, size, start, offset), AT, p.length);
    }

    /** What a TUN device delivers whole reaches the other end whole, whatever the kernel's hdr_len says. */
    @Test
    void tagOfWhatTheKernelDelivers() {
        byte[] tcp = tcp(3000);
        byte[] udp = udp(3000);
        assertEquals(0, tag(tcp, 0, 0, 0, 0, 0));
        assertEquals(0, tag(tcp, DATA_VALID, 0, 0, 28, 16));
        assertEquals(UNFINISHED, tag(tcp, NEEDS_CSUM, 0, 0, 28, 16));
        assertEquals(UNFINISHED, tag(udp, NEEDS_CSUM, 0, 0, 28, 6));
        assertEquals(UNFINISHED | 1400, tag(tcp, NEEDS_CSUM, GSO_TCPV4, 1400, 28, 16));
        assertEquals(UNFINISHED | 1400, tag(udp, NEEDS_CSUM, GSO_UDP_L4, 1400, 28, 6));
        assertEquals(UNFINISHED | 10, tag(tcp, NEEDS_CSUM, GSO_TCPV4, 10, 28, 16));
        assertEquals(UNFINISHED, tag(tcp, NEEDS_CSUM, GSO_TCPV4, 3000, 28, 16), "a super-packet of one segment");
        byte[] largest = tcp(65535 - 60);
        assertEquals(UNFINISHED | 65000, tag(largest, NEEDS_CSUM, GSO_TCPV4, 65000, 28, 16));
    }

    /** A packet that would be misread as another kind of frame, or that no tag describes, never goes out. */
    @Test
    void tagDropsWhatCannotBeSent() {
        byte[] p = tcp(3000);
        for (int type : new int[] {2, GSO_UDP, GSO_TCPV6, GSO_UDP_L4, GSO_TCPV4 | GSO_ECN, GSO_ECN, 0x40}) {
            assertEquals(VnetHeader.DROP, tag(p, NEEDS_CSUM, type, 1400, 28, 16), "gso_type " + type);
        }
        assertEquals(VnetHeader.DROP, tag(udp(3000), NEEDS_CSUM, GSO_TCPV4, 1400, 28, 6));
        assertEquals(VnetHeader.DROP, tag(p, NEEDS_CSUM, GSO_TCPV4, 0, 28, 16), "no segment size");
        assertEquals(VnetHeader.DROP, tag(p, NEEDS_CSUM, GSO_TCPV4, 1400, 48, 16), "csum_start elsewhere");
        assertEquals(VnetHeader.DROP, tag(p, NEEDS_CSUM, GSO_TCPV4, 1400, 28, 6), "csum_offset elsewhere");
        assertEquals(VnetHeader.DROP, tag(p, NEEDS_CSUM, 0, 0, p.length - 1, 0), "a checksum behind the packet");
        assertEquals(VnetHeader.DROP, tag(p, NEEDS_CSUM, 0, 0, 28, 65535), "a checksum far behind the packet");
        assertEquals(VnetHeader.DROP, tag(with(p, 2, 0, 0), 0, 0, 0, 0, 0), "BIG TCP's total length");
        assertEquals(VnetHeader.DROP, tag(with(p, 3, p[3] + 1), 0, 0, 0, 0, 0), "a length that disagrees");
        assertEquals(VnetHeader.DROP, tag(with(p, 0, 0x65), 0, 0, 0, 0, 0), "not version 4");
        assertEquals(VnetHeader.DROP, tag(with(p, 0, 0x44), 0, 0, 0, 0, 0), "a header of 16 bytes");
        byte[] huge = new byte[65536 + 40];
        huge[0] = 0x45;
        huge[3] = 40;
        assertEquals(VnetHeader.DROP, tag(huge, 0, 0, 0, 0, 0), "a total length that has wrapped");
        assertEquals(VnetHeader.DROP, tag(new byte[0], 0, 0, 0, 0, 0), "nothing");
    }

    /** A checksum that the 4 bytes cannot describe is finished before the packet leaves. */
    @Test
    void tagFinishesOtherChecksums() {
        byte[] outer = tcp(200);
        outer[9] = 4;
        byte[] inner = udp(100);
        System.arraycopy(ReferencePackets.unfinished(inner), 0, outer, 28, inner.length);
        byte[] p = Arrays.copyOf(outer, 28 + inner.length);
        ReferencePackets.set16(p, 2, p.length);
        ByteBuffer b = delivered(p, NEEDS_CSUM, 0, 0, 0, 28 + 28, 6);
        assertEquals(0, VnetHeader.tag(b, AT, p.length));
        assertArrayEquals(inner, ReferencePackets.bytes(b, AT + 28, inner.length), "UDP inside another packet");

        byte[] zero = ReferencePackets.withZeroChecksum(inner);
        System.arraycopy(ReferencePackets.unfinished(zero), 0, p, 28, zero.length);
        b = delivered(p, NEEDS_CSUM, 0, 0, 0, 28 + 28, 6);
        assertEquals(0, VnetHeader.tag(b, AT, p.length));
        assertArrayEquals(zero, ReferencePackets.bytes(b, AT + 28, inner.length), "a computed 0 is sent as 0xffff");
    }

    /** A super-packet with a finished checksum gets the pseudo-header's sum, from which its segments' are made. */
    @Test
    void tagOfFinishedSuperPacket() {
        byte[] p = tcp(3000);
        ByteBuffer b = delivered(p, 0, GSO_TCPV4, 0, 1400, 0, 0);
        assertEquals(UNFINISHED | 1400, VnetHeader.tag(b, AT, p.length));
        assertArrayEquals(ReferencePackets.unfinished(p), ReferencePackets.bytes(b, AT, p.length));
    }

    /** The kernel's header is made of the packet's own, exactly as linux/virtio_net.h wants it. */
    @Test
    void headerForTheKernel() {
        assertHeader(tcp(3000), 0, 0, 0, 0, 0, 0, 0);
        assertHeader(tcp(3000), UNFINISHED, NEEDS_CSUM, 0, 0, 0, 28, 16);
        assertHeader(udp(3000), UNFINISHED, NEEDS_CSUM, 0, 0, 0, 28, 6);
        assertHeader(tcp(3000), UNFINISHED | 1400, NEEDS_CSUM, GSO_TCPV4, 60, 1400, 28, 16);
        assertHeader(udp(3000), UNFINISHED | 1400, NEEDS_CSUM, GSO_UDP_L4, 36, 1400, 28, 6);
    }

    /** The same over IPv6: other numbers, and a super-packet with extension headers is one for being cut alone. */
    @Test
    void ipv6() {
        byte[] tcp = ReferencePackets.packet6(random, ReferencePackets.TCP, 12, 3000);
        byte[] udp = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 3000);
        assertEquals(0, tag(tcp, 0, 0, 0, 0, 0));
        assertEquals(UNFINISHED, tag(tcp, NEEDS_CSUM, 0, 0, 40, 16));
        assertEquals(UNFINISHED, tag(udp, NEEDS_CSUM, 0, 0, 40, 6));
        assertEquals(UNFINISHED | 1400, tag(tcp, NEEDS_CSUM, GSO_TCPV6, 1400, 40, 16));
        assertEquals(UNFINISHED | 1400, tag(udp, NEEDS_CSUM, GSO_UDP_L4, 1400, 40, 6));
        for (int type : new int[] {GSO_UDP, GSO_TCPV4, GSO_UDP_L4, GSO_TCPV6 | GSO_ECN}) {
            assertEquals(VnetHeader.DROP, tag(tcp, NEEDS_CSUM, type, 1400, 40, 16), "gso_type " + type);
        }
        assertEquals(VnetHeader.DROP, tag(tcp, NEEDS_CSUM, GSO_TCPV6, 1400, 48, 16), "csum_start elsewhere");
        assertEquals(VnetHeader.DROP, tag(with(tcp, 24, 0xff, 2), 0, 0, 0, 0, 0), "a router solicitation, say");
        assertEquals(VnetHeader.DROP, tag(with(tcp, 8, 0xfe, 0x80), 0, 0, 0, 0, 0), "from one link alone");
        byte[] extended = ReferencePackets.packet6(random, ReferencePackets.TCP, 12, 3000, 0, 60);
        ByteBuffer b = delivered(ReferencePackets.unfinished(extended), NEEDS_CSUM, GSO_TCPV6, 0, 1400, 72, 16);
        assertEquals(UNFINISHED | 1400, VnetHeader.tag(b, AT, extended.length));
        assertTrue(!Offload.whole(b, AT, UNFINISHED | 1400, true), "the other end gets its parts");
        assertEquals(VnetHeader.DROP, tag(extended, NEEDS_CSUM, GSO_TCPV6, 1400, 40, 16), "csum_start elsewhere");
        assertEquals(VnetHeader.DROP, tag(extended, NEEDS_CSUM, GSO_UDP_L4, 1400, 72, 16));
        assertEquals(VnetHeader.DROP, tag(extended, NEEDS_CSUM, GSO_TCPV6, 3000, 72, 16));
        b = delivered(ReferencePackets.unfinished(extended), NEEDS_CSUM, 0, 0, 0, 72, 16);
        assertEquals(0, VnetHeader.tag(b, AT, extended.length));
        assertArrayEquals(extended, ReferencePackets.bytes(b, AT, extended.length), "finished before it leaves");
        assertHeader(tcp.clone(), UNFINISHED | 1400, NEEDS_CSUM, GSO_TCPV6, 72, 1400, 40, 16);
        assertHeader(udp.clone(), UNFINISHED | 1400, NEEDS_CSUM, GSO_UDP_L4, 48, 1400, 40, 6);
        assertHeader(udp, UNFINISHED, NEEDS_CSUM, 0, 0, 0, 40, 6);
    }

    private static void assertHeader(byte[] p, int tag, int flags, int type, int hdrLen, int size, int start,
            int offset) {
        ByteBuffer b = ReferencePackets.buffer(p, AT);
        Arrays.fill(p, (byte) 0);
        b.put(0, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1});
        VnetHeader.write(b, AT, p.length, tag);
        ByteBuffer expected = delivered(p, flags, type, hdrLen, size, start, offset);
        assertArrayEquals(ReferencePackets.bytes(expected, 0, 10), ReferencePackets.bytes(b, 0, 10));
    }

    private static byte[] with(byte[] packet, int at, int... bytes) {
        byte[] p = packet.clone();
        for (int i = 0; i < bytes.length; i++) {
            p[at + i] = (byte) bytes[i];
        }
        return p;
    }

    /**
     * Whatever bytes arrive, from the network or from the device: no exception, no read behind the packet, and what
     * is accepted can be completed, cut and written.
     */
    @Test
    void randomBytesDoNoHarm() {
        Segmenter segmenter = new Segmenter();
        ByteBuffer to = ByteBuffer.allocateDirect(1500);
        int accepted = 0;
        for (int round = 0; round < 300_000; round++) {
            byte[] p = new byte[random.nextInt(300)];
            random.nextBytes(p);
            if (p.length >= 20 && random.nextInt(8) != 0) {
                p[0] = (byte) (0x45 + random.nextInt(3));
                ReferencePackets.set16(p, 2, p.length);
                p[6] = 0;
                p[7] = 0;
                p[9] = (byte) (random.nextBoolean() ? 6 : 17);
                ReferencePackets.set16(p, Math.min(24, p.length - 2), p.length - 20);
            }
            if (p.length >= 40 && random.nextInt(3) == 0) {
                p[0] = 0x60;
                ReferencePackets.set16(p, 4, p.length - 40);
                p[6] = (byte) (random.nextInt(4) == 0 ? 0 : random.nextBoolean() ? 6 : 17);
                ReferencePackets.set16(p, Math.min(44, p.length - 2), p.length - 40);
            }
            int tag = (random.nextInt(8) == 0 ? random.nextInt() : UNFINISHED) | random.nextInt(2) * 60;
            ByteBuffer b = ReferencePackets.buffer(p, AT);
            if (Offload.check(b, AT, p.length, tag, true)) {
                accepted++;
                VnetHeader.write(b, AT, p.length, tag);
                assertEquals(tag, VnetHeader.tag(b, AT, p.length), "the kernel's view of it is the same");
                segmenter.begin(b, AT, p.length, tag, 576);
                for (int n = segmenter.next(to, 0); n != 0; n = segmenter.next(to, 0)) {
                    assertTrue(n <= 576);
                }
            }
            for (int i = 0; i < AT; i++) {
                b.put(i, (byte) (random.nextInt(2) * random.nextInt(256)));
            }
            VnetHeader.tag(b, AT, p.length);
        }
        assertTrue(accepted > 10_000, "the fuzzer reaches the code behind the checks");
    }
}
