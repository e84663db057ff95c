package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a server drops a silent client, and what it grants one that wishes to be silent for longer. */
class SilenceTest {
    private static final int USUAL = 60;
    private static final long TIMEOUT = 60_000_000_000L;

    /** A server drops a client that it has heard nothing of for the timeout. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - TIMEOUT + 1, Long.MAX_VALUE - TIMEOUT, Long.MIN_VALUE})
    void silent(long start) {
        Silence silence = new Silence(USUAL, start);
        assertEquals(TIMEOUT, silence.untilSilent(start));
        assertEquals(0, silence.untilSilent(start + TIMEOUT));
        silence.received(start + 11);
        assertEquals(1, silence.untilSilent(start + TIMEOUT + 10));
        assertEquals(-4, silence.untilSilent(start + TIMEOUT + 15));
    }

    /** Silence in which this program stood still does not count. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - TIMEOUT, Long.MIN_VALUE})
    void standstill(long start) {
        Silence silence = new Silence(USUAL, start);
        silence.resumed(start - 1);
        assertEquals(TIMEOUT - 5, silence.untilSilent(start + 5), "an earlier one changes nothing");
        silence.resumed(start + 3 * TIMEOUT);
        assertEquals(TIMEOUT, silence.untilSilent(start + 3 * TIMEOUT));
    }

    private static void assertGranted(int idle, int timeout, int wishedIdle, int wishedTimeout) {
        Silence silence = new Silence(USUAL, 0);
        silence.grant(wishedIdle << 16 | wishedTimeout, USUAL);
        String wish = wishedIdle + " and " + wishedTimeout;
        assertEquals(idle, silence.idle(), wish);
        assertEquals(timeout, silence.timeout(), wish);
        assertEquals(timeout * 1_000_000_000L, silence.untilSilent(0), wish);
    }

    /** What is within the limits is granted as it is wished; nobody's address is held for ever. */
    @Test
    void limits() {
        assertGranted(240, 300, 240, 300);
        assertGranted(240, 250, 240, 240);
        assertGranted(240, 540, 240, 65535);
        assertGranted(1800, 1860, 1800, 1860);
        assertGranted(1800, 3660, 65535, 65535);
        assertGranted(1800, 3660, 40000, 40000);
        assertGranted(1, 11, 1, 1);
        assertGranted(5, 65, 5, 65);
    }

    /** Who wishes nothing has a quarter of the timeout, and a second at least. */
    @Test
    void usual() {
        assertEquals(15, new Silence(60, 0).idle());
        assertEquals(1, new Silence(2, 0).idle());
        assertEquals(65535, new Silence(65535, 0).timeout());
        assertEquals(16383, new Silence(65535, 0).idle());
    }
}
