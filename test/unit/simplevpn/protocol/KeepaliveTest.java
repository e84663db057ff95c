package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each test runs at several times of the clock: {@link System#nanoTime} begins anywhere, and overflows. */
class KeepaliveTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long IDLE = 15 * SECOND;
    private static final long TIMEOUT = 60 * SECOND;
    private static final int LONG = 240;
    private static final long LONG_IDLE = LONG * SECOND;

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

    /** Silence in which this program stood still does not count; a server forgets, though. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - TIMEOUT, Long.MIN_VALUE})
    void standstill(long start) {
        Keepalive keepalive = at(start);
        long back = start + 3 * TIMEOUT;
        keepalive.resumed(start - 1);
        keepalive.asked(start + 5);
        keepalive.resumed(start + 4);
        assertTrue(keepalive.unanswered(start + 5 + TIMEOUT));
        assertTrue(keepalive.isForgotten(start + 5 + TIMEOUT));
        assertFalse(keepalive.isForgotten(start + 4 + TIMEOUT));
        keepalive.resumed(back);
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

    private static Keepalive longOne(long start) {
        Keepalive keepalive = at(start);
        keepalive.granted(LONG, LONG + 60);
        assertEquals(LONG, keepalive.idle());
        return keepalive;
    }

    /** With a long idle time nothing is asked before that, and the server has not forgotten by then. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - LONG_IDLE + 1, Long.MIN_VALUE})
    void longSilence(long start) {
        Keepalive keepalive = longOne(start);
        assertFalse(keepalive.due(start + LONG_IDLE - 1));
        assertEquals(LONG_IDLE, keepalive.untilClientActs(start));
        assertTrue(keepalive.due(start + LONG_IDLE));
        assertFalse(keepalive.isForgotten(start + LONG_IDLE + TIMEOUT - 1));
        assertTrue(keepalive.isForgotten(start + LONG_IDLE + TIMEOUT));
    }

    /** Who does not answer after a long silence is asked again soon, and given up in seconds. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - LONG_IDLE + 1, Long.MAX_VALUE - LONG_IDLE - 5 * SECOND})
    void deadAfterLongSilence(long start) {
        Keepalive keepalive = longOne(start);
        long asked = start + LONG_IDLE;
        keepalive.asked(asked);
        assertTrue(keepalive.isWaking());
        for (int i = 1; i <= 3; i++) {
            assertFalse(keepalive.due(asked + 3L * i * SECOND - 1));
            assertTrue(keepalive.due(asked + 3L * i * SECOND));
            assertFalse(keepalive.unanswered(asked + 3L * i * SECOND));
            keepalive.asked(asked + 3L * i * SECOND);
        }
        assertEquals(SECOND, keepalive.untilClientActs(asked + 9 * SECOND));
        assertTrue(keepalive.unanswered(asked + 10 * SECOND));
        keepalive.received(asked + 10 * SECOND);
        assertFalse(keepalive.isWaking());
        assertFalse(keepalive.unanswered(asked + 20 * SECOND));
    }

    /** A dead line on which something is sent is noticed as with short times, however long the idle time is. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - LONG_IDLE + 1, Long.MIN_VALUE})
    void sendingOnDeadLine(long start) {
        Keepalive keepalive = longOne(start);
        long first = start + 100 * SECOND;
        assertTrue(keepalive.sent(first), "there is less time than before");
        assertFalse(keepalive.sent(first + 10 * SECOND));
        assertEquals(5 * SECOND, keepalive.untilClientActs(first + 10 * SECOND));
        assertFalse(keepalive.due(first + IDLE - 1), "an answer takes its time");
        assertTrue(keepalive.due(first + IDLE));
        keepalive.asked(first + IDLE);
        assertFalse(keepalive.isWaking(), "it was not silent");
        assertFalse(keepalive.due(first + 2 * IDLE - 1));
        assertTrue(keepalive.due(first + 2 * IDLE));
        assertFalse(keepalive.unanswered(first + IDLE + TIMEOUT - 1), "a queue may be long");
        assertTrue(keepalive.unanswered(first + IDLE + TIMEOUT));
        keepalive.received(first + 2 * IDLE);
        assertFalse(keepalive.due(first + 2 * IDLE + IDLE), "what was answered is no matter any more");
    }

    /** A silence is one of the idle time when nothing came either, and this host did not sleep over it. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - LONG_IDLE + 1, Long.MIN_VALUE})
    void silenceOnBothSides(long start) {
        Keepalive keepalive = longOne(start);
        keepalive.received(start + LONG_IDLE / 2);
        keepalive.asked(start + LONG_IDLE);
        assertFalse(keepalive.isWaking(), "something came meanwhile");
        keepalive = longOne(start);
        keepalive.asked(start + LONG_IDLE + LONG_IDLE / 4);
        assertFalse(keepalive.isWaking(), "longer than that");
        keepalive = longOne(start);
        keepalive.received(start + SECOND);
        keepalive.asked(start + LONG_IDLE);
        assertTrue(keepalive.isWaking(), "the answer to the one before");
    }

    /** What is not answered came after a silence, which counts when it was one of the line, from the last frame on. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - LONG_IDLE + 1, Long.MIN_VALUE})
    void silenceBeforeWhatIsSent(long start) {
        Keepalive keepalive = longOne(start);
        assertEquals(0, keepalive.unansweredSilence());
        keepalive.received(start + 10 * SECOND);
        keepalive.sent(start + 110 * SECOND);
        keepalive.sent(start + 115 * SECOND);
        keepalive.asked(start + 125 * SECOND);
        assertEquals(100, keepalive.unansweredSilence());
        keepalive.received(start + 126 * SECOND);
        assertEquals(0, keepalive.unansweredSilence());
        keepalive.asked(start + 126 * SECOND + LONG_IDLE);
        keepalive.sent(start + 128 * SECOND + LONG_IDLE);
        assertEquals(LONG, keepalive.unansweredSilence(), "the keepalive was first");
        keepalive = longOne(start);
        keepalive.sent(start + 2 * LONG_IDLE);
        assertEquals(0, keepalive.unansweredSilence(), "this host was asleep");
        keepalive = longOne(start);
        keepalive.sent(start + LONG_IDLE + SECOND);
        assertEquals(LONG, keepalive.unansweredSilence());
    }
}
