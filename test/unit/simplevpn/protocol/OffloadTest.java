package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The kernel's header is written and read here as linux/virtio_net.h has it: u8 u8 u16 u16 u16 u16, host order. */
class OffloadTest {
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

    private static int prefix(byte[] p, int flags, int type, int size, int start, int offset) {
        return Offload.prefix(delivered(p, flags, type, 0xffff, size, start, offset), AT, p.length);
    }

    /** What a TUN device delivers whole reaches the other end whole, whatever the kernel's hdr_len says. */
    @Test
    void prefixOfWhatTheKernelDelivers() {
        byte[] tcp = tcp(3000);
        byte[] udp = udp(3000);
        assertEquals(0, prefix(tcp, 0, 0, 0, 0, 0));
        assertEquals(0, prefix(tcp, DATA_VALID, 0, 0, 28, 16));
        assertEquals(UNFINISHED, prefix(tcp, NEEDS_CSUM, 0, 0, 28, 16));
        assertEquals(UNFINISHED, prefix(udp, NEEDS_CSUM, 0, 0, 28, 6));
        assertEquals(UNFINISHED | 1400, prefix(tcp, NEEDS_CSUM, GSO_TCPV4, 1400, 28, 16));
        assertEquals(UNFINISHED | 1400, prefix(udp, NEEDS_CSUM, GSO_UDP_L4, 1400, 28, 6));
        assertEquals(UNFINISHED | 10, prefix(tcp, NEEDS_CSUM, GSO_TCPV4, 10, 28, 16));
        assertEquals(UNFINISHED, prefix(tcp, NEEDS_CSUM, GSO_TCPV4, 3000, 28, 16), "a super-packet of one segment");
        byte[] largest = tcp(65535 - 60);
        assertEquals(UNFINISHED | 65000, prefix(largest, NEEDS_CSUM, GSO_TCPV4, 65000, 28, 16));
    }

    /** A packet that would be misread as another kind of frame, or that no prefix describes, never goes out. */
    @Test
    void prefixDropsWhatCannotBeSent() {
        byte[] p = tcp(3000);
        for (int type : new int[] {2, GSO_UDP, GSO_TCPV6, GSO_UDP_L4, GSO_TCPV4 | GSO_ECN, GSO_ECN, 0x40}) {
            assertEquals(Offload.DROP, prefix(p, NEEDS_CSUM, type, 1400, 28, 16), "gso_type " + type);
        }
        assertEquals(Offload.DROP, prefix(udp(3000), NEEDS_CSUM, GSO_TCPV4, 1400, 28, 6));
        assertEquals(Offload.DROP, prefix(p, NEEDS_CSUM, GSO_TCPV4, 0, 28, 16), "no segment size");
        assertEquals(Offload.DROP, prefix(p, NEEDS_CSUM, GSO_TCPV4, 1400, 48, 16), "csum_start elsewhere");
        assertEquals(Offload.DROP, prefix(p, NEEDS_CSUM, GSO_TCPV4, 1400, 28, 6), "csum_offset elsewhere");
        assertEquals(Offload.DROP, prefix(p, NEEDS_CSUM, 0, 0, p.length - 1, 0), "a checksum behind the packet");
        assertEquals(Offload.DROP, prefix(p, NEEDS_CSUM, 0, 0, 28, 65535), "a checksum far behind the packet");
        assertEquals(Offload.DROP, prefix(with(p, 2, 0, 0), 0, 0, 0, 0, 0), "BIG TCP's total length");
        assertEquals(Offload.DROP, prefix(with(p, 3, p[3] + 1), 0, 0, 0, 0, 0), "a length that disagrees");
        assertEquals(Offload.DROP, prefix(with(p, 0, 0x65), 0, 0, 0, 0, 0), "not version 4");
        assertEquals(Offload.DROP, prefix(with(p, 0, 0x44), 0, 0, 0, 0, 0), "a header of 16 bytes");
        byte[] huge = new byte[65536 + 40];
        huge[0] = 0x45;
        huge[3] = 40;
        assertEquals(Offload.DROP, prefix(huge, 0, 0, 0, 0, 0), "a total length that has wrapped");
        assertEquals(Offload.DROP, prefix(new byte[0], 0, 0, 0, 0, 0), "nothing");
    }

    /** A checksum that the 4 bytes cannot describe is finished before the packet leaves. */
    @Test
    void prefixFinishesOtherChecksums() {
        byte[] outer = tcp(200);
        outer[9] = 4;
        byte[] inner = udp(100);
        System.arraycopy(ReferencePackets.unfinished(inner), 0, outer, 28, inner.length);
        byte[] p = Arrays.copyOf(outer, 28 + inner.length);
        ReferencePackets.set16(p, 2, p.length);
        ByteBuffer b = delivered(p, NEEDS_CSUM, 0, 0, 0, 28 + 28, 6);
        assertEquals(0, Offload.prefix(b, AT, p.length));
        assertArrayEquals(inner, ReferencePackets.bytes(b, AT + 28, inner.length), "UDP inside another packet");

        byte[] zero = ReferencePackets.withZeroChecksum(inner);
        System.arraycopy(ReferencePackets.unfinished(zero), 0, p, 28, zero.length);
        b = delivered(p, NEEDS_CSUM, 0, 0, 0, 28 + 28, 6);
        assertEquals(0, Offload.prefix(b, AT, p.length));
        assertArrayEquals(zero, ReferencePackets.bytes(b, AT + 28, inner.length), "a computed 0 is sent as 0xffff");
    }

    /** A super-packet with a finished checksum gets the pseudo-header's sum, from which its segments' are made. */
    @Test
    void prefixOfFinishedSuperPacket() {
        byte[] p = tcp(3000);
        ByteBuffer b = delivered(p, 0, GSO_TCPV4, 0, 1400, 0, 0);
        assertEquals(UNFINISHED | 1400, Offload.prefix(b, AT, p.length));
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

    private static void assertHeader(byte[] p, int prefix, int flags, int type, int hdrLen, int size, int start,
            int offset) {
        ByteBuffer b = ReferencePackets.buffer(p, AT);
        Arrays.fill(p, (byte) 0);
        b.put(0, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1});
        assertTrue(Offload.header(b, AT, p.length, prefix, true));
        ByteBuffer expected = delivered(p, flags, type, hdrLen, size, start, offset);
        assertArrayEquals(ReferencePackets.bytes(expected, 0, 10), ReferencePackets.bytes(b, 0, 10));
    }

    /** Every rule of PROTOCOL.md part 3: what came from the network reaches neither kernel nor peer unchecked. */
    @Test
    void refusedPrefixes() {
        byte[] tcp = tcp(3000);
        byte[] udp = udp(3000);
        byte[] other = ReferencePackets.packet(random, 1, 8, 0, 3000);
        assertAccepted(tcp, 0, UNFINISHED, UNFINISHED | 48, UNFINISHED | 2999);
        assertAccepted(udp, 0, UNFINISHED, UNFINISHED | 48, UNFINISHED | 2999);
        assertAccepted(other, 0);

        for (int bit = 16; bit < 32; bit++) {
            if (1 << bit != UNFINISHED) {
                assertRefused("flag or byte 1, bit " + bit, tcp, 1 << bit, 1 << bit | UNFINISHED, 1 << bit | 1400);
            }
        }
        assertRefused("unfinished, neither TCP nor UDP", other, UNFINISHED, UNFINISHED | 1400);
        assertRefused("a first fragment", with(tcp, 6, 0x20), UNFINISHED, UNFINISHED | 1400);
        assertRefused("a later fragment", with(tcp, 6, 0, 1), UNFINISHED, UNFINISHED | 1400);
        assertRefused("a UDP fragment", with(udp, 6, 0x20), UNFINISHED);
        assertRefused("segment size alone", tcp, 48, 1400);
        assertRefused("segment size below 48", tcp, UNFINISHED | 1, UNFINISHED | 47);
        assertRefused("segment size not below the payload", tcp, UNFINISHED | 3000, UNFINISHED | 65535);
        assertRefused("the same, UDP", udp, UNFINISHED | 3000);
        assertRefused("a TCP header longer than the packet", with(tcp(0), 28 + 12, 0xf0), UNFINISHED);
        assertRefused("a TCP header shorter than 20 bytes", with(tcp, 28 + 12, 0x40), UNFINISHED);
        assertRefused("a UDP length behind the packet", with(udp, 28 + 5, udp[28 + 5] + 1), UNFINISHED);
        assertRefused("a UDP length before its end", with(udp, 28 + 5, udp[28 + 5] - 1), UNFINISHED);
        for (int room = 0; room < 20; room++) {
            assertRefused("TCP cut at " + room, cut(tcp, 28 + room), UNFINISHED);
        }
        for (int room = 0; room < 8; room++) {
            assertRefused("UDP cut at " + room, cut(udp, 28 + room), UNFINISHED);
        }
        assertRefused("another total length", with(tcp, 3, tcp[3] + 1), 0, UNFINISHED);
        assertRefused("version 6", with(tcp, 0, 0x67), 0, UNFINISHED);
        assertRefused("a header of 16 bytes", with(tcp, 0, 0x44), 0, UNFINISHED);
        byte[] longHeader = cut(tcp, 27);
        assertRefused("an IP header longer than the packet", longHeader, 0, UNFINISHED);
        assertRefused("nothing", new byte[0], 0);
    }

    /** UDP super-packets only between peers that accepted them; one that is none is always welcome. */
    @Test
    void udpSuperPacketsOnlyWhereAccepted() {
        byte[] udp = udp(3000);
        ByteBuffer b = ReferencePackets.buffer(udp, AT);
        assertFalse(Offload.check(b, AT, udp.length, UNFINISHED | 1400, false));
        assertTrue(Offload.check(b, AT, udp.length, UNFINISHED, false));
        assertFalse(Offload.whole(b, AT, UNFINISHED | 1400, false));
        assertTrue(Offload.whole(b, AT, UNFINISHED | 1400, true));
        assertFalse(Offload.whole(b, AT, UNFINISHED | 47, true), "cut here: the receiver would refuse it");
        byte[] tcp = tcp(3000);
        b = ReferencePackets.buffer(tcp, AT);
        assertTrue(Offload.check(b, AT, tcp.length, UNFINISHED | 1400, false));
        assertTrue(Offload.whole(b, AT, UNFINISHED | 1400, false));
        assertFalse(Offload.whole(b, AT, UNFINISHED | 47, false));
    }

    private static byte[] with(byte[] packet, int at, int... bytes) {
        byte[] p = packet.clone();
        for (int i = 0; i < bytes.length; i++) {
            p[at + i] = (byte) bytes[i];
        }
        return p;
    }

    /** The packet's first bytes, with a total length that agrees. */
    private static byte[] cut(byte[] packet, int length) {
        byte[] p = Arrays.copyOf(packet, length);
        ReferencePackets.set16(p, 2, length);
        return p;
    }

    private static void assertAccepted(byte[] p, int... prefixes) {
        for (int prefix : prefixes) {
            assertTrue(Offload.check(ReferencePackets.buffer(p, 0), 0, p.length, prefix, true));
        }
    }

    private static void assertRefused(String why, byte[] p, int... prefixes) {
        for (int prefix : prefixes) {
            ByteBuffer b = ReferencePackets.buffer(p, AT);
            assertFalse(Offload.check(b, AT, p.length, prefix, true), why);
            assertFalse(Offload.header(b, AT, p.length, prefix, true), why);
            assertArrayEquals(new byte[10], ReferencePackets.bytes(b, 0, 10), "nothing written: " + why);
        }
    }

    /** Completed checksums are what RFC 768 and 9293 say, at odd lengths, with options, and where UDP's is zero. */
    @Test
    void completedChecksums() {
        for (int round = 0; round < 5000; round++) {
            int protocol = random.nextBoolean() ? ReferencePackets.TCP : ReferencePackets.UDP;
            byte[] p = ReferencePackets.packet(random, protocol, 4 * random.nextInt(11), 4 * random.nextInt(11),
                    random.nextInt(1500));
            assertCompletes(p);
            if (p.length - ReferencePackets.headers(p) > 2) {
                byte[] zero = ReferencePackets.withZeroChecksum(p);
                assertEquals(protocol == ReferencePackets.TCP ? 0 : 0xffff,
                        ReferencePackets.get16(zero, ReferencePackets.checksumField(zero)));
                assertCompletes(zero);
            }
        }
    }

    private static void assertCompletes(byte[] p) {
        ByteBuffer b = ReferencePackets.buffer(ReferencePackets.unfinished(p), 1);
        Offload.complete(b, 1, p.length);
        assertArrayEquals(p, ReferencePackets.bytes(b, 1, p.length));
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
            int prefix = (random.nextInt(8) == 0 ? random.nextInt() : UNFINISHED) | random.nextInt(2) * 60;
            ByteBuffer b = ReferencePackets.buffer(p, AT);
            if (Offload.header(b, AT, p.length, prefix, true)) {
                accepted++;
                assertEquals(prefix, Offload.prefix(b, AT, p.length), "the kernel's view of it is the same");
                segmenter.begin(b, AT, p.length, prefix, 576);
                for (int n = segmenter.next(to, 0); n != 0; n = segmenter.next(to, 0)) {
                    assertTrue(n <= 576);
                }
            }
            for (int i = 0; i < AT; i++) {
                b.put(i, (byte) (random.nextInt(2) * random.nextInt(256)));
            }
            Offload.prefix(b, AT, p.length);
        }
        assertTrue(accepted > 10_000, "the fuzzer reaches the code behind the checks");
    }
}
