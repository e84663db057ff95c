package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;

class EndpointTest {
    private static Endpoint resolve(String address, int port) throws Failure {
        Endpoint[] found = Resolver.listening(address, port);
        assertEquals(1, found.length);
        return found[0];
    }

    /**
     * Addresses are told as people write them, with the port behind; an IPv4 address stays one when a socket of both
     * kinds maps it.
     */
    @Test
    void text() throws Failure {
        assertEquals("192.0.2.1:2002", resolve("192.0.2.1", 2002).toString());
        assertEquals("255.255.255.254:65535", resolve("255.255.255.254", 65535).toString());
        assertEquals("0.0.0.0:0", resolve("0.0.0.0", 0).toString());
        assertEquals("[2001:db8::1]:2002", resolve("2001:DB8:0:0::1", 2002).toString());
        assertEquals("[::]:80", resolve("::", 80).toString());
        assertEquals("192.0.2.1:2002", resolve("::ffff:192.0.2.1", 2002).toString());
    }

    /** The IPv4 address by which a route into the tunnel itself is recognized. */
    @Test
    void ipv4() throws Failure {
        assertEquals("192.0.2.1", resolve("192.0.2.1", 1).ipv4().toString());
        assertEquals("192.0.2.1", resolve("::ffff:192.0.2.1", 1).ipv4().toString());
        assertNull(resolve("2001:db8::192.0.2.1", 1).ipv4());
        assertNull(resolve("::192.0.2.1", 1).ipv4());
    }

    /** What was put together of address and port is what the kernel has of them. */
    @Test
    void ofAddress() throws Failure {
        String[] texts = {"192.0.2.1", "255.255.255.254", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1"};
        for (String text : texts) {
            Endpoint made = Endpoint.of(Address.parse(text), 0xfedc);
            Endpoint kernels = resolve(text, 0xfedc);
            assertEquals(kernels.toString(), made.toString());
            assertEquals(kernels.family, made.family);
            assertArrayEquals(kernels.address, made.address);
        }
    }

    /** To listen, names are not looked up: what is no address is a wrong word of the command line. */
    @Test
    void notAnAddress() {
        for (String text : new String[] {"localhost", "192.0.2.256", "::zz", "192.0.2.1/24"}) {
            Failure failure = assertThrows(Failure.class, () -> Resolver.listening(text, 1));
            assertEquals("--listen " + text + ": not an IPv4 or IPv6 address", failure.getMessage());
            assertEquals(Failure.USAGE, failure.status);
        }
    }

    /** What this host has is told from what it has not, whichever process has it. */
    @Test
    void ownAddress() {
        assertTrue(Endpoint.isOwn(Address.ofIpv4(0x7f000001)));
        assertFalse(Endpoint.isOwn(Address.ofIpv4(0xc0000209)));
    }
}
