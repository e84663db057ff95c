package simplevpn.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class Ipv4Test {
    /** Addresses above 127.255.255.255 are negative ints, and neither their text nor their reading may show it. */
    @Test
    void textAndParse() {
        for (String text : new String[] {"0.0.0.0", "10.0.0.1", "127.255.255.255", "128.0.0.0", "255.255.255.255",
            "192.168.1.254"}) {
            assertEquals(text, Ipv4.text((int) Ipv4.parse(text)));
        }
        assertEquals(0xffff_ffffL, Ipv4.parse("255.255.255.255"));
        assertEquals(0x0a00_0102L, Ipv4.parse("010.0.001.2"));
    }

    /** Whatever is not four numbers with dots is no address. */
    @Test
    void notAnAddress() {
        for (String text : new String[] {"", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5",
            "256.0.0.1", "1.2.3.256", "1.2.3.999", "0001.2.3.4", "1.2.3.-4", "1.2.3.4 ", " 1.2.3.4", "a.b.c.d",
            "1.2.3.4/8", "::1", "1.2.3.\u0664", "99999999999.1.1.1"}) {
            assertEquals(-1, Ipv4.parse(text), text);
        }
    }

    /** A netmask and its prefix length are one and the same, and a mask with holes has none. */
    @Test
    void netmasks() {
        for (int length = 0; length <= 32; length++) {
            int mask = (int) (0xffff_ffff_0000_0000L >>> length);
            assertEquals(mask, Ipv4.netmask(length));
            assertEquals(length, Ipv4.prefixLength(mask));
        }
        assertEquals(-1, Ipv4.prefixLength(0xff00_ff00));
        assertEquals(-1, Ipv4.prefixLength(1));
        assertEquals(-1, Ipv4.prefixLength(0x7fff_ffff));
    }

    /** The first and last addresses of the ranges that no host has, and their neighbours. */
    @Test
    void hosts() {
        for (String text : new String[] {"0.0.0.0", "0.255.255.255", "127.0.0.0", "127.255.255.255", "224.0.0.0",
            "239.1.2.3", "240.0.0.0", "255.255.255.255"}) {
            assertFalse(Ipv4.isHost((int) Ipv4.parse(text)), text);
        }
        for (String text : new String[] {"1.0.0.0", "126.255.255.255", "128.0.0.0", "223.255.255.255", "10.0.0.1"}) {
            assertTrue(Ipv4.isHost((int) Ipv4.parse(text)), text);
        }
    }
}
