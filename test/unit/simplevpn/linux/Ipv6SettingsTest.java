package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;

/** The kernel's list of IPv6 addresses (net/ipv6/addrconf.c, if6_seq_show), as it was taken from a machine. */
class Ipv6SettingsTest {
    private static final String LIST = """
            00000000000000000000000000000001 01 80 10 80       lo
            fd1234567891000100000000a0000002 03 40 00 80     tun0
            fd123456789a0001000000000a000002 03 40 00 80     tun0
            fd123456789a0001000000000a000003 04 80 00 80    tun01
            fd123456789a0001000000000a000003 0f 80 00 80 fifteen-bytes-x
            fe800000000000006a1d0afffe5f0001 03 40 20 80     tun0
            """;

    private static boolean has(String device, String address, int length) {
        return Ipv6Settings.has(LIST, device, Address.parse(address), length);
    }

    /** An interface has an address when a line says all of it: that name, that address, that prefix. */
    @Test
    void has() {
        assertTrue(has("tun0", "fd12:3456:789a:1::a00:2", 64));
        assertTrue(has("fifteen-bytes-x", "fd12:3456:789a:1::a00:3", 128));
        assertFalse(has("tun0", "fd12:3456:789a:1::a00:2", 128));
        assertFalse(has("tun0", "fd12:3456:789a:1::a00:3", 128));
        assertFalse(has("tun1", "fd12:3456:789a:1::a00:2", 64));
        assertFalse(has("tun0", "fe80::6a1d:aff:fe5f:1", 64), "a link's own is not ours to look at");
        assertFalse(Ipv6Settings.has("", "tun0", Address.parse("::1"), 128));
    }

    /** What is taken away is the interface's, of the network, and another address: no other's, and no user's own. */
    @Test
    void others() throws Failure {
        Network network = Network.parseAny("fd12:3456:789a:1::/64");
        Address wanted = Address.parse("fd12:3456:789a:1::a00:7");
        StringBuilder found = new StringBuilder();
        for (int at = 0; at < LIST.length(); at = LIST.indexOf('\n', at) + 1) {
            Address other = Ipv6Settings.other(LIST, at, "tun0", network, wanted);
            found.append(other == null ? "" : other + " ");
        }
        assertEquals("fd12:3456:789a:1::a00:2 ", found.toString());
        int at = LIST.indexOf("fd123456789a");
        assertNull(Ipv6Settings.other(LIST, at, "tun0", network, Address.parse("fd12:3456:789a:1::a00:2")));
    }

    /** An interface that is not there has no setting that says no, and the kernel of this machine is not asked more. */
    @Test
    void noSuchInterface() {
        int socket = Libc.socket(Abi.AF_INET6, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC, 0);
        assertEquals(socket >= 0, Ipv6Settings.areThere("no-such-device"));
        Libc.close(socket);
    }
}
