package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OffloadTest {
    private static final int AT = 10;
    private static final int UNFINISHED = 0x0100_0000;

    private final Random random = new Random(2002);

    private byte[] tcp(int payload) {
        return ReferencePackets.packet(random, ReferencePackets.TCP, 8, 12, payload);
    }

    private byte[] udp(int payload) {
        return ReferencePackets.packet(random, ReferencePackets.UDP, 8, 0, payload);
    }

    /** Every rule of PROTOCOL.md, table 3.2: what came from the network reaches neither kernel nor peer unchecked. */
    @Test
    void refusedTags() {
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

    /** The same rules over IPv6: extension headers, fragments among them, go with a tag of 0 alone. */
    @Test
    void refusedTagsOverIpv6() {
        byte[] tcp = ReferencePackets.packet6(random, ReferencePackets.TCP, 12, 3000);
        byte[] udp = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 3000);
        assertAccepted(tcp, 0, UNFINISHED, UNFINISHED | 48, UNFINISHED | 2999);
        assertAccepted(udp, 0, UNFINISHED, UNFINISHED | 48, UNFINISHED | 2999);
        assertAccepted(ReferencePackets.packet6(random, 59, 0, 0), 0);
        for (int kind : new int[] {0, 43, 44, 51, 60}) {
            byte[] extended = ReferencePackets.packet6(random, ReferencePackets.TCP, 0, 3000, kind);
            assertAccepted(extended, 0);
            assertRefused("extension header " + kind, extended, UNFINISHED, UNFINISHED | 1400);
        }
        assertRefused("unfinished, neither TCP nor UDP", ReferencePackets.packet6(random, 58, 0, 100), UNFINISHED);
        assertRefused("segment size alone", tcp, 48, 1400);
        assertRefused("segment size below 48", tcp, UNFINISHED | 1, UNFINISHED | 47);
        assertRefused("segment size not below the payload", tcp, UNFINISHED | 3000, UNFINISHED | 65535);
        assertRefused("a TCP header of 16 bytes", with(tcp, 52, 0x40), UNFINISHED);
        byte[] cut = Arrays.copyOf(tcp, 59);
        ReferencePackets.set16(cut, 4, 19);
        assertRefused("a TCP header that is cut", cut, UNFINISHED);
        assertRefused("another UDP length", with(udp, 45, udp[45] + 1), UNFINISHED);
        assertRefused("a length that disagrees", with(tcp, 5, tcp[5] + 1), 0, UNFINISHED);
        assertRefused("less than a header", Arrays.copyOf(tcp, 39), 0, UNFINISHED);
        assertRefused("from a link alone", with(tcp, 8, 0xfe, 0x80), 0, UNFINISHED, UNFINISHED | 1400);
        assertRefused("to a group", with(tcp, 24, 0xff), 0, UNFINISHED, UNFINISHED | 1400);
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

    private static void assertAccepted(byte[] p, int... tags) {
        for (int tag : tags) {
            assertTrue(Offload.check(ReferencePackets.buffer(p, 0), 0, p.length, tag, true));
        }
    }

    private static void assertRefused(String why, byte[] p, int... tags) {
        for (int tag : tags) {
            ByteBuffer b = ReferencePackets.buffer(p, AT);
            assertFalse(Offload.check(b, AT, p.length, tag, true), why);
        }
    }

    /** Completed checksums are what RFC 768 and 9293 say, at odd lengths, with options, and where UDP's is zero. */
    @Test
    void completedChecksums() {
        for (int round = 0; round < 5000; round++) {
            int protocol = random.nextBoolean() ? ReferencePackets.TCP : ReferencePackets.UDP;
            int options = 4 * random.nextInt(11);
            byte[] p = random.nextBoolean() ? ReferencePackets.packet6(random, protocol, options, random.nextInt(1500))
                    : ReferencePackets.packet(random, protocol, 4 * random.nextInt(11), options, random.nextInt(1500));
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
}
