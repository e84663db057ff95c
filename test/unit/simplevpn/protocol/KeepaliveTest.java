package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each test runs at several times of the clock: {@link System#nanoTime} begins anywhere, and overflows. */
class KeepaliveTest {
    private static final long IDLE = 15_000_000_000L;
    private static final long TIMEOUT = 60_000_000_000L;

    private static Keepalive at(long start) {
        return new Keepalive(IDLE, TIMEOUT, start);
    }

    /** A client that has sent nothing for the idle time asks, not a nanosecond earlier. */
    @ParameterizedTest
    @ValueSource(longs = {0, 123_456_789, -7, Long.MAX_VALUE, Long.MAX_VALUE - IDLE + 1, Long.MAX_VALUE - 3 * IDLE,
        Long.MIN_VALUE})
    void dueAfterIdleTime(long start) {
        Keepalive keepalive = at(start);
        assertFalse(keepalive.due(start));
        assertFalse(keepalive.due(start + IDLE - 1));
        assertTrue(keepalive.due(start + IDLE));
        assertTrue(keepalive.due(start + 100 * IDLE));
        assertEquals(IDLE, keepalive.untilClientActs(start));
        assertEquals(1, keepalive.untilClientActs(start + IDLE - 1));
        assertEquals(0, keepalive.untilClientActs(start + IDLE));
        assertEquals(-5, keepalive.untilClientActs(start + IDLE + 5));
    }

    /** A client that sends has no need to ask as long as it hears something, too. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - IDLE + 1, Long.MIN_VALUE})
    void sendingPutsItOff(long start) {
        Keepalive keepalive = at(start);
        keepalive.received(start + 9);
        keepalive.sent(start + 5);
        assertFalse(keepalive.due(start + IDLE + 4));
        assertTrue(keepalive.due(start + IDLE + 5));
        assertEquals(5, keepalive.untilClientActs(start + IDLE));
    }

    /** A client that only sends and hears nothing asks: otherwise it would never learn that its server is gone. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - IDLE + 1, Long.MIN_VALUE})
    void hearingNothingMakesItAsk(long start) {
        Keepalive keepalive = at(start);
        keepalive.sent(start + IDLE - 2);
        assertFalse(keepalive.due(start + IDLE - 1));
        assertTrue(keepalive.due(start + IDLE));
        assertEquals(1, keepalive.untilClientActs(start + IDLE - 1));
        keepalive.asked(start + IDLE);
        keepalive.sent(start + IDLE + 1);
        assertFalse(keepalive.due(start + 2 * IDLE - 1));
        assertEquals(1, keepalive.untilClientActs(start + 2 * IDLE - 1));
        assertTrue(keepalive.due(start + 2 * IDLE), "not answered: repeated");
        keepalive.received(start + 2 * IDLE);
        keepalive.sent(start + 2 * IDLE + 1);
        assertFalse(keepalive.due(start + 3 * IDLE - 1));
        assertTrue(keepalive.due(start + 3 * IDLE));
    }

    /** Silence in which this program stood still does not count, on neither side; a server forgets, though. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - TIMEOUT, Long.MIN_VALUE})
    void standstill(long start) {
        Keepalive keepalive = at(start);
        long back = start + 3 * TIMEOUT;
        keepalive.resumed(start - 1);
        assertEquals(TIMEOUT - 5, keepalive.untilSilent(start + 5), "an earlier one changes nothing");
        keepalive.asked(start + 5);
        keepalive.resumed(start + 4);
        assertTrue(keepalive.unanswered(start + 5 + TIMEOUT));
        assertTrue(keepalive.isForgotten(start + 5 + TIMEOUT));
        assertFalse(keepalive.isForgotten(start + 4 + TIMEOUT));
        keepalive.resumed(back);
        assertEquals(TIMEOUT, keepalive.untilSilent(back));
        assertFalse(keepalive.unanswered(back + TIMEOUT - 1));
        assertTrue(keepalive.unanswered(back + TIMEOUT));
        assertTrue(keepalive.isForgotten(back));
    }

    /** The server is gone when a keepalive stays unanswered for the timeout, counted from the first one asked. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - IDLE - TIMEOUT + 1, Long.MAX_VALUE - IDLE, Long.MIN_VALUE})
    void unanswered(long start) {
        Keepalive keepalive = at(start);
        assertFalse(keepalive.unanswered(start + 10 * TIMEOUT));
        long asked = start + IDLE;
        for (int i = 0; i < 4; i++) {
            keepalive.asked(asked + i * IDLE);
            assertFalse(keepalive.unanswered(asked + i * IDLE));
            assertFalse(keepalive.due(asked + i * IDLE));
        }
        assertFalse(keepalive.unanswered(asked + TIMEOUT - 1));
        assertTrue(keepalive.unanswered(asked + TIMEOUT));
        assertEquals(1, keepalive.untilClientActs(asked + TIMEOUT - 1));
        assertEquals(0, keepalive.untilClientActs(asked + TIMEOUT));
    }

    /** Any frame answers, and a later question starts its own timeout. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - IDLE - TIMEOUT + 1, Long.MIN_VALUE})
    void answered(long start) {
        Keepalive keepalive = at(start);
        keepalive.asked(start + IDLE);
        keepalive.received(start + IDLE + TIMEOUT - 1);
        assertFalse(keepalive.unanswered(start + IDLE + 10 * TIMEOUT));
        long again = start + IDLE + TIMEOUT + 7;
        keepalive.asked(again);
        assertFalse(keepalive.unanswered(again + TIMEOUT - 1));
        assertTrue(keepalive.unanswered(again + TIMEOUT));
    }

    /** A server drops a client that it has heard nothing of for the timeout, whatever it sent there itself. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - TIMEOUT + 1, Long.MAX_VALUE - TIMEOUT, Long.MIN_VALUE})
    void silent(long start) {
        Keepalive keepalive = at(start);
        keepalive.sent(start + TIMEOUT - 1);
        assertEquals(TIMEOUT, keepalive.untilSilent(start));
        assertEquals(0, keepalive.untilSilent(start + TIMEOUT));
        keepalive.received(start + 11);
        assertEquals(1, keepalive.untilSilent(start + TIMEOUT + 10));
        assertEquals(-4, keepalive.untilSilent(start + TIMEOUT + 15));
    }
}
