package simplevpn.base;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.Fuzz;

class Ipv6Test {
    private static Address parse(String text) {
        Address address = Address.parse(text);
        assertNotNull(address, text);
        assertTrue(address.isIpv6(), text);
        return address;
    }

    /** What RFC 5952 says about each way to write an address: one of them is taken, whatever was read. */
    @Test
    void oneText() {
        String[][] texts = {
            {"2001:db8::7", "2001:0DB8:0:0:0:0:0:7", "2001:db8:0::7", "2001:db8::0:7", "2001:db8::0.0.0.7"},
            {"::", "0::", "::0", "0:0:0:0:0:0:0:0", "::0.0.0.0"},
            {"::1", "0:0:0:0:0:0:0:1", "0::1"},
            {"fd00::a00:2", "fd00::10.0.0.2", "FD00::0a00:0002", "fd00:0:0:0:0:0:a00:2"},
            // One group is not shortened; of two runs of the same length the first one is.
            {"2001:db8:0:1:1:1:1:1", "2001:db8::1:1:1:1:1"},
            {"2001:db8::1:0:0:1", "2001:db8:0:0:1::1", "2001:db8:0:0:1:0:0:1"},
            {"2001:0:0:1::1", "2001:0:0:1:0:0:0:1", "2001::1:0:0:0:1"},
            {"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7::"},
            {"0:2:3:4:5:6:7:8", "::2:3:4:5:6:7:8"},
            {"1:2:3:4:5:6::", "1:2:3:4:5:6:0:0"},
            {"::3:4:5:6:7:8", "0:0:3:4:5:6:7:8"},
            {"::ffff:192.0.2.1", "::ffff:c000:201", "0:0:0:0:0:FFFF:192.0.2.1"},
            {"1:2:3:4:5:6:102:304", "1:2:3:4:5:6:1.2.3.4"},
            {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"}};
        for (String[] same : texts) {
            for (String text : same) {
                assertEquals(same[0], parse(text).toString(), text);
                assertEquals(parse(same[0]), parse(text));
                assertEquals(parse(same[0]).hashCode(), parse(text).hashCode());
            }
        }
    }

    /** Whatever RFC 4291 does not allow is no address, zones included. */
    @Test
    void notAnAddress() {
        for (String text : new String[] {"", ":", ":::", "1:", ":1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2:3:4:5:6:7:8", "1::2::3", "1:::2", "::1:", ":1::", "12345::",
            "::g", "::-1", "::+1", ":: 1", " ::1", "::1 ", "fe80::1%eth0", "::1/64", "[::1]", "::1.2.3", "::1.2.3.4.5",
            "::256.1.1.1", "::1.2.3.4:5", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "::\u0661", "::\uff11", "::\u0141"}) {
            assertNull(Address.parse(text), text);
        }
    }

    /** The JDK reads and knows the same addresses: an independent judge of the bytes. */
    @Test
    void sameBytesAsTheJdk() throws UnknownHostException {
        Random random = new Random(6);
        for (int i = 0; i < 2000 * Fuzz.TIMES; i++) {
            byte[] bytes = new byte[16];
            random.nextBytes(bytes);
            for (int group = 0; group < 8; group++) {
                int kind = random.nextInt(4);
                bytes[2 * group] = kind < 3 ? 0 : bytes[2 * group];
                bytes[2 * group + 1] = kind < 2 ? 0 : bytes[2 * group + 1];
            }
            ByteBuffer b = ByteBuffer.wrap(bytes);
            Address address = Address.ofIpv6(b.getLong(0), b.getLong(8));
            assertEquals(address, parse(address.toString()));
            if (b.getLong(0) != 0) {
                assertArrayEquals(bytes, InetAddress.getByName(address.toString()).getAddress());
                assertEquals(address, parse(InetAddress.getByAddress(bytes).getHostAddress()));
            }
        }
    }

    /** The first and last addresses of the ranges that cannot be reached through a tunnel, and their neighbours. */
    @Test
    void hosts() {
        for (String text : new String[] {"::", "::1", "::ffff:ffff", "::ffff:0.0.0.0", "::ffff:10.0.0.1", "fe80::",
            "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff00::", "ff02::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
            assertFalse(parse(text).isHost(), text);
        }
        for (String text : new String[] {"::1:0:0", "::fffe:1:1", "::1:0:0:0:1", "2001:db8::1", "fd00::1", "64:ff9b::1",
            "fe7f:ffff::1", "fec0::", "feff:ffff::"}) {
            assertTrue(parse(text).isHost(), text);
        }
    }

    /** An address of the one version never is one of the other, nor in its networks. */
    @Test
    void versionsDiffer() throws Failure {
        assertFalse(Address.ofIpv6(0, 0x0a000001).equals(Address.ofIpv4(0x0a000001)));
        assertFalse(Address.parse("10.0.0.1").isIpv6());
        assertNull(Address.parseIpv4("::1"));
        assertFalse(Network.parseAny("::/0").contains(Address.parse("10.0.0.1")));
        assertFalse(Network.parseAny("0.0.0.0/0").contains(Address.parse("::1")));
        assertEquals(0x0a00_0002, parse("fd00::a00:2").ipv4());
        assertEquals(0xfd00L << 48, parse("fd00::a00:2").high());
        assertEquals(0x0a00_0002L, parse("fd00::a00:2").low());
        assertEquals(0xffff_ffffL, Address.parse("255.255.255.255").low());
    }
}
