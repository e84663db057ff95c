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
        assertTrue(lease.refused("the server is full, 3 clients are its limit"));
        lease.granted(ONE);
        assertEquals(ONE, lease.wanted());
        assertTrue(lease.refused("10.0.0.1 is reserved"));
        assertNull(lease.wanted());
        lease.granted(TWO);
        assertEquals(TWO, lease.wanted());
    }

    /** A static address that nobody can have is not asked for again, unless a server gave it once. */
    @Test
    void fixed() {
        for (String reason : new String[] {"10.0.0.1 is not in the network 10.1.0.0/16", "10.0.0.1 is reserved"}) {
            assertFalse(new Lease(ONE).refused(reason));
            Lease lease = new Lease(ONE);
            lease.granted(ONE);
            assertTrue(lease.refused(reason));
            assertEquals(ONE, lease.wanted());
        }
    }

    /** Whatever else a server does about a static address, it is asked for again, and no other. */
    @Test
    void fixedForNow() {
        Lease lease = new Lease(ONE);
        for (int i = 0; i < 2 * Lease.PATIENCE; i++) {
            assertTrue(lease.refused("10.0.0.1 is taken by another client"));
            assertTrue(lease.refused("10.0.0.1 is kept for the client that had it, for up to 60 s"));
            assertTrue(lease.refused("the server is full, 3 clients are its limit"));
            assertTrue(lease.refused(""));
            lease.hungUp();
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
                lease.hungUp();
                assertEquals(ONE, lease.wanted(), "given up after " + i);
            }
            lease.granted(ONE);
        }
        for (int i = 0; i < 9; i++) {
            lease.hungUp();
        }
        assertNull(lease.wanted());
        lease.granted(TWO);
        lease.hungUp();
        assertEquals(TWO, lease.wanted(), "the count begins anew with each address");
    }
}
