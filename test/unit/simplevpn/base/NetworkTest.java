package simplevpn.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Addresses and networks as values; what is wrong with one that a user wrote is in CommandLineTest, word by word. */
class NetworkTest {
    /** The last address, and which networks have addresses in common: one of them is in the other then. */
    @Test
    void lastAndOverlaps() throws Failure {
        String[] networks = {"0.0.0.0/0", "10.0.0.0/8", "10.255.0.0/16", "10.255.255.255/32", "11.0.0.0/8", "::/0",
            "2001:db8::/32", "2001:db8:0:1::/64", "2001:db8:0:1::1:0/112", "2001:db8:0:1:ffff:ffff:ffff:ffff/128"};
        String[] lasts = {"255.255.255.255", "10.255.255.255", "10.255.255.255", "10.255.255.255", "11.255.255.255",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::1:ffff", "2001:db8:0:1:ffff:ffff:ffff:ffff"};
        String apart = "1,4 2,4 3,4 8,9";
        for (int i = 0; i < networks.length; i++) {
            Network one = Network.parseAny(networks[i]);
            assertEquals(lasts[i], one.last().toString());
            for (int j = 0; j < networks.length; j++) {
                boolean overlap = i < 5 == j < 5 && !apart.contains(Math.min(i, j) + "," + Math.max(i, j));
                assertEquals(overlap, one.overlaps(Network.parseAny(networks[j])), networks[i] + " " + networks[j]);
            }
        }
    }

    /** What people write is what comes out, and what belongs to a network does so at its ends. */
    @Test
    void networks() throws Failure {
        for (String text : new String[] {"10.0.0.0/8", "172.16.0.0/12", "192.168.1.4/30"}) {
            assertEquals(text, Network.parse(text).toString());
        }
        Network network = Network.parse("192.168.1.0/24");
        assertEquals(0xffff_ff00, network.netmask());
        assertTrue(network.contains(Address.parse("192.168.1.0")) && network.contains(Address.parse("192.168.1.255")));
        assertFalse(network.contains(Address.parse("192.168.0.255")) || network.contains(Address.parse("192.168.2.0")));
        assertTrue(Network.ofIpv4(0, 0).contains(Address.parse("255.255.255.255")));
        for (String text : "10.0.0.0 10.0.0.0/7 10.0.0.1/16 127.0.0.0/8 x/16 10.0.0.0/33".split(" ")) {
            assertEquals(Failure.USAGE, assertThrows(Failure.class, () -> Network.parse(text)).status, text);
        }
    }

    /** Connections come from networks of any length, and from single addresses. */
    @Test
    void sources() throws Failure {
        for (String text : new String[] {"0.0.0.0/0", "128.0.0.0/1", "192.168.1.0/24", "127.0.0.1/32"}) {
            assertEquals(text, Network.parseSource(text).toString());
        }
        assertEquals("192.168.1.7/32", Network.parseSource("192.168.1.7").toString());
        assertTrue(Network.parseSource("0.0.0.0/0").contains(Address.parse("255.1.2.3")));
        assertFalse(Network.parseSource("192.168.1.7").contains(Address.parse("192.168.1.6")));
        for (String text : "10.0.0.0/ 10.0.0.0/33 10.0.0.1/16 x 10.0.0/8 10.0.0.0/-1".split(" ")) {
            assertEquals(Failure.USAGE, assertThrows(Failure.class, () -> Network.parseSource(text)).status, text);
        }
        assertEquals("has bits set behind its length; the network is 10.0.0.0/16",
                assertThrows(Failure.class, () -> Network.parseSource("10.0.0.1/16")).getMessage());
    }

    /** Networks of either version, at each length that masks are made of differently, and at their ends. */
    @Test
    void eitherVersion() throws Failure {
        for (String text : new String[] {"0.0.0.0/0", "192.168.1.7/32", "::/0", "8000::/1", "2001:db8::/63",
            "2001:db8::/64", "2001:db8:0:0:8000::/65", "2001:db8::7/128"}) {
            assertEquals(text, Network.parseAny(text).toString());
            assertEquals(text.indexOf(':') >= 0, Network.parseAny(text).isIpv6());
        }
        assertEquals("2001:db8::7/128", Network.parseAny("2001:db8::7").toString());
        assertEquals("10.0.0.7/32", Network.parseAny("10.0.0.7").toString());
        String[][] ends = {
            {"2001:db8::/63", "2001:db8::", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::"},
            {"2001:db8::/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"},
            {"2001:db8::/65", "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff", "2001:db8:0:0:8000::"},
            {"2001:db8::4/126", "2001:db8::4", "2001:db8::7", "2001:db8::8"}};
        for (String[] line : ends) {
            Network network = Network.parseAny(line[0]);
            for (int i = 1; i <= 3; i++) {
                assertEquals(i < 3, network.contains(Address.parse(line[i])), line[0] + " " + line[i]);
                assertEquals(i < 3, Network.containing(Address.parse(line[i]), network.length()).equals(network));
            }
        }
        for (String text : "10.0.0.0/33 ::/129 ::/ ::/x ::/-1 ::/0001 /64 fe80::%1/64 x 1.2.3/8".split(" ")) {
            assertEquals("must be a network or an address, such as 192.168.1.0/24 or 2001:db8::/64",
                    assertThrows(Failure.class, () -> Network.parseAny(text), text).getMessage(), text);
        }
        assertEquals("has bits set behind its length; the network is 2001:db8::/64",
                assertThrows(Failure.class, () -> Network.parseAny("2001:db8::1/64")).getMessage());
    }

    /** Two addresses are equal when they are the same, whatever made them. */
    @Test
    void addresses() {
        Address address = Address.parse("10.0.0.7");
        assertEquals(Address.ofIpv4(0x0a000007), address);
        assertEquals(Address.ofIpv4(0x0a000007).hashCode(), address.hashCode());
        assertNotEquals(Address.ofIpv4(0x0a000008), address);
        assertFalse(address.equals(null));
        assertEquals(0x0a000007, address.ipv4());
        assertEquals("255.255.255.255", Address.ofIpv4(-1).toString());
        assertTrue(address.isHost());
        assertFalse(Address.parse("127.0.0.1").isHost());
        assertNull(Address.parse("10.0.0"));
    }
}
