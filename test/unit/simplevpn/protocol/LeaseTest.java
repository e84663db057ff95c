package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.base.Address;

class LeaseTest {
    private static final Address ONE = Address.ofIpv4(0x0a000001);
    private static final Address TWO = Address.ofIpv4(0x0a000002);

    /** A dynamic client asks for any address, and then for the one that it has; when that is refused, for any again. */
    @Test
    void dynamic() {
        Lease lease = new Lease(null);
        assertNull(lease.wanted());
        assertTrue(lease.refused());
        lease.granted(ONE);
        assertEquals(ONE, lease.wanted());
        assertTrue(lease.refused());
        assertNull(lease.wanted());
        lease.granted(TWO);
        assertEquals(TWO, lease.wanted());
    }

    /** Refused before it was ever given, a static address is not asked for again; later it is, and no other. */
    @Test
    void fixed() {
        assertFalse(new Lease(ONE).refused());
        assertFalse(new Lease(ONE).hungUp());
        Lease lease = new Lease(ONE);
        assertEquals(ONE, lease.wanted());
        lease.granted(ONE);
        for (int i = 0; i < 2 * Lease.PATIENCE; i++) {
            assertTrue(lease.refused());
            assertTrue(lease.hungUp());
            assertEquals(ONE, lease.wanted());
        }
    }

    /**
     * A classic server whose answer to a request is to hang up, nine times in a row, has given the address to somebody
     * else: then any other will do. Fewer times may be a server that is being restarted.
     */
    @Test
    void hungUpOn() {
        Lease lease = new Lease(null);
        lease.granted(ONE);
        for (int round = 0; round < 2; round++) {
            for (int i = 1; i < Lease.PATIENCE; i++) {
                assertTrue(lease.hungUp());
                assertEquals(ONE, lease.wanted(), "given up after " + i);
            }
            lease.granted(ONE);
        }
        for (int i = 0; i < 9; i++) {
            assertTrue(lease.hungUp());
        }
        assertNull(lease.wanted());
        lease.granted(TWO);
        assertTrue(lease.hungUp());
        assertEquals(TWO, lease.wanted(), "the count begins anew with each address");
    }
}
