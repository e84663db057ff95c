package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;

class Ipv6PacketTest {
    private static final int AT = 3;

    private final Random random = new Random(8200);

    private static byte[] addressed(byte[] packet, String from, String to) {
        ByteBuffer b = ByteBuffer.wrap(packet.clone());
        int at = 8;
        for (String text : new String[] {from, to}) {
            Address address = Address.parse(text);
            b.putLong(at, address.high()).putLong(at + 8, address.low());
            at += 16;
        }
        return b.array();
    }

    private static boolean carried(byte[] p) {
        return Packet.isCarried(ReferencePackets.buffer(p, AT), AT, p.length);
    }

    private static int flow(byte[] p) {
        return Packet.flow(ReferencePackets.buffer(p, AT), AT);
    }

    /**
     * Flows are told apart by addresses, ports and protocol, the same for packets of one, for either version; what has
     * no ports, or not where they are looked for, is a flow by its addresses.
     */
    @Test
    void flows() {
        for (boolean ipv6 : new boolean[] {false, true}) {
            int header = ipv6 ? 40 : 20;
            byte[] p = ReferencePackets.packet(ipv6, random, ReferencePackets.TCP, 0, 100);
            byte[] longer = ReferencePackets.packet(ipv6, random, ReferencePackets.TCP, 0, 900);
            int from = ipv6 ? 8 : 12;
            System.arraycopy(p, from, longer, from, header + 4 - from);
            longer[ipv6 ? 7 : 8]--;
            assertEquals(flow(p), flow(longer), "another packet of the same flow");
            for (int at = from; at < header + 4; at++) {
                byte[] other = p.clone();
                other[at] ^= 1;
                assertNotEquals(flow(p), flow(other), "byte " + at);
            }
            byte[] other = p.clone();
            other[ipv6 ? 6 : 9] = ReferencePackets.UDP;
            assertNotEquals(flow(p), flow(other), "protocol");
            byte[] short1 = Arrays.copyOf(p, header + 4);
            short1[ipv6 ? 5 : 3] = (byte) (ipv6 ? 3 : header + 3);
            byte[] short2 = short1.clone();
            short2[header] ^= 1;
            assertEquals(flow(short1), flow(short2), "ends before its ports do");
        }
        byte[] p = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 100, 44);
        byte[] other = p.clone();
        other[40] ^= 1;
        assertEquals(flow(p), flow(other), "a fragment");
    }

    /** Fields are where RFC 8200 has them, for either version, whatever is in the others. */
    @Test
    void fields() {
        byte[] p = ReferencePackets.packet6(random, ReferencePackets.TCP, 0, 100);
        p[0] = (byte) 0x6f;
        ByteBuffer b = ReferencePackets.buffer(p, AT);
        assertTrue(Packet.isIpv6(b, AT));
        assertEquals(40, Packet.headerLength(b, AT));
        assertEquals(6, Packet.protocol(b, AT));
        assertEquals(160, Ipv6Packet.length(b, AT));
        p = addressed(p, "2001:db8::7", "fd00::8");
        b = ReferencePackets.buffer(p, AT);
        assertEquals("2001:db8::7", Packet.sourceText(b, AT));
        assertEquals(0x2001_0db8_0000_0000L, Ipv6Packet.sourceHigh(b, AT));
        assertEquals(7, Ipv6Packet.sourceLow(b, AT));
        assertEquals(0xfd00_0000_0000_0000L, Ipv6Packet.destinationHigh(b, AT));
        assertEquals(8, Ipv6Packet.destinationLow(b, AT));
        for (int length = 0; length < 66; length++) {
            assertEquals(ReferencePackets.sum(p, 8, 40, 6 + length), Packet.pseudoSum(b, AT, length));
        }
    }

    /** What is for one link alone, from nobody, for a group, or not as long as it says, ends where it is. */
    @Test
    void carried() {
        byte[] p = addressed(ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 100), "fd00::a00:2", "fd00::1");
        assertTrue(carried(p));
        for (String no : new String[] {"::", "::1", "::10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "febf::1", "ff02::1",
            "ff0e::1"}) {
            assertFalse(carried(addressed(p, no, "fd00::1")), "from " + no);
            assertFalse(carried(addressed(p, "fd00::a00:2", no)), "to " + no);
        }
        for (String yes : new String[] {"2001:db8::1", "fec0::1", "fe7f::1", "64:ff9b::a00:1"}) {
            assertTrue(carried(addressed(p, yes, yes)), yes);
        }
        assertFalse(carried(Arrays.copyOf(p, p.length - 1)));
        assertFalse(carried(Arrays.copyOf(p, p.length + 1)));
        assertFalse(carried(Arrays.copyOf(p, 39)));
        assertTrue(carried(ReferencePackets.packet6(random, 59, 0, 0)), "nothing behind the header");
        assertTrue(carried(ReferencePackets.packet6(random, 58, 0, 65535 - 40)));
        byte[] huge = ReferencePackets.packet6(random, 58, 0, 65535 - 39);
        assertFalse(carried(huge), "more than IPv4 could count");
        byte[] jumbo = p.clone();
        ReferencePackets.set16(jumbo, 4, 0);
        assertFalse(carried(jumbo), "BIG TCP");
    }

    /** A frame of IPv6 is as long as it says, before and behind the queues, but a keepalive is one first. */
    @Test
    void frames() {
        byte[] p = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 100);
        ByteBuffer b = ReferencePackets.buffer(p, AT);
        int verdict = Wire.frame(b, AT, AT + 20, false);
        assertEquals(Wire.IPV6, Wire.kind(verdict));
        assertEquals(p.length, Wire.length(verdict));
        assertEquals(p.length, Wire.knownLength(b, AT));
        assertTrue(Wire.isData(b, AT, p.length));
        Arrays.fill(p, 12, 20, (byte) 0xff);
        b = ReferencePackets.buffer(p, AT);
        assertEquals(20, Wire.knownLength(b, AT));
        assertFalse(Wire.isData(b, AT, p.length), "its receiver would take it for a keepalive");
        p[19] = 0;
        b = ReferencePackets.buffer(p, AT);
        assertTrue(Wire.isData(b, AT, p.length));
    }

    private static int upper(byte[] p) {
        return Ipv6Packet.upper(ReferencePackets.buffer(p, AT), AT, p.length);
    }

    /** What comes behind extension headers of every kind, and where. */
    @Test
    void extensionHeaders() {
        for (int[] kinds : new int[][] {{}, {0}, {60}, {0, 60}, {0, 60, 60}}) {
            byte[] p = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20, kinds);
            assertEquals(17, Ipv6Packet.protocol(upper(p)));
            assertEquals(40 + 16 * kinds.length, Ipv6Packet.offset(upper(p)));
            ByteBuffer b = ReferencePackets.buffer(p, AT);
            assertEquals(20, Ipv6Packet.payload(b, AT, p.length, upper(p)));
            assertEquals(kinds.length == 0 ? 20 : -1, Offload.payload(b, AT, p.length), "as the other end sees it");
        }
        byte[] fragment = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20, 44);
        fragment[41] = 0;
        ReferencePackets.set16(fragment, 42, 1);
        assertEquals(17 << 16 | 48, upper(fragment), "a first fragment's header has 8 bytes");
        ReferencePackets.set16(fragment, 42, 8);
        assertEquals(-1, upper(fragment), "a later fragment");
        byte[] authentication = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20, 51);
        authentication[41] = 2;
        assertEquals(17 << 16 | 56, upper(authentication));
        assertEquals(-1, upper(ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20, 43)), "routing");
        assertEquals(50 << 16 | 40, upper(ReferencePackets.packet6(random, 50, 0, 20)), "ESP says nothing more");
        byte[] longer = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 4, 0);
        longer[41] = (byte) 255;
        assertEquals(-1, upper(longer), "behind the end");
        byte[] cut = Arrays.copyOf(ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 4, 0), 47);
        assertEquals(-1, upper(cut));
    }

    /** Whatever chains of headers come: it ends, and nothing is read behind the packet. */
    @Test
    void randomChains() {
        int[] kinds = {0, 43, 44, 51, 60, 6, 17, 58};
        int found = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] p = new byte[40 + random.nextInt(80)];
            random.nextBytes(p);
            p[0] = 0x60;
            p[6] = (byte) kinds[random.nextInt(kinds.length)];
            for (int at = 40; at + 1 < p.length; at += 8) {
                p[at] = (byte) kinds[random.nextInt(kinds.length)];
                p[at + 1] = (byte) random.nextInt(3);
            }
            int upper = upper(p);
            found += upper < 0 ? 0 : 1;
            assertTrue(upper < 0 || (Ipv6Packet.offset(upper) >= 40 && Ipv6Packet.offset(upper) <= p.length));
        }
        assertTrue(found > 10_000, "only " + found);
    }
}
