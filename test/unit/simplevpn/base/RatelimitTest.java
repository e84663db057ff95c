package simplevpn.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RatelimitTest {
    private static final long SECOND = 1_000_000_000L;

    private static int passes(Ratelimit limit, int tries, long now) {
        int passed = 0;
        for (int i = 0; i < tries; i++) {
            passed += limit.pass(now) ? 1 : 0;
        }
        return passed;
    }

    /** So many at once, then one for each interval that has passed whole, also where the clock overflows. */
    @ParameterizedTest
    @ValueSource(longs = {0, -3, Long.MAX_VALUE, Long.MAX_VALUE - SECOND / 20, Long.MIN_VALUE})
    void burstAndRate(long start) {
        Ratelimit limit = new Ratelimit(20, 5, start);
        assertEquals(5, passes(limit, 9, start));
        assertFalse(limit.pass(start + SECOND / 20 - 1));
        assertTrue(limit.pass(start + SECOND / 20));
        assertFalse(limit.pass(start + SECOND / 20));
        assertEquals(3, passes(limit, 9, start + 4 * SECOND / 20));
    }

    /** A long silence earns no more than the burst. */
    @Test
    void noMoreThanTheBurst() {
        Ratelimit limit = new Ratelimit(20, 5, 0);
        assertEquals(5, passes(limit, 100, 3_000_000 * SECOND));
        Ratelimit other = new Ratelimit(1_000_000, 5, 0);
        passes(other, 5, 0);
        assertEquals(5, passes(other, 100, Long.MAX_VALUE));
    }

    /** Asking often does not lose the parts of an interval: in the long run the rate is the one promised. */
    @Test
    void rateInTheLongRun() {
        Ratelimit limit = new Ratelimit(20, 5, 0);
        int passed = 0;
        for (long now = 0; now < 100 * SECOND; now += 7_777_777) {
            passed += limit.pass(now) ? 1 : 0;
        }
        assertEquals(5 + 100 * 20 - 1, passed, 1);
    }

    /** What did not pass is counted until somebody asks. */
    @Test
    void refusedAreCounted() {
        Ratelimit limit = new Ratelimit(1, 2, 0);
        assertEquals(0, limit.takeSuppressed());
        passes(limit, 7, 0);
        assertEquals(5, limit.takeSuppressed());
        assertEquals(0, limit.takeSuppressed());
        passes(limit, 3, SECOND);
        assertEquals(2, limit.takeSuppressed());
    }
}
