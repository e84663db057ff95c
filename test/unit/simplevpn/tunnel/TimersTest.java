package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.base.Failure;

class TimersTest {
    private final Timers timers = new Timers();
    private final List<Integer> expired = new ArrayList<>();

    private final class Numbered extends Timer {
        private final int number;

        Numbered(int number) {
            this.number = number;
        }

        @Override
        protected void expired(long now) {
            expired.add(number);
        }
    }

    /** Random settings, moves and cancellations against a list: each expires once, in order, at its time. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 5000, Long.MIN_VALUE})
    void againstAList(long start) throws Failure {
        Random random = new Random(3);
        Numbered[] all = new Numbered[200];
        long[] due = new long[all.length];
        for (int i = 0; i < all.length; i++) {
            all[i] = new Numbered(i);
        }
        for (int elapsed = 0; elapsed < 20_000; elapsed += random.nextInt(20)) {
            long now = start + elapsed;
            for (int i = random.nextInt(10); i > 0; i--) {
                int which = random.nextInt(all.length);
                if (random.nextInt(4) == 0) {
                    timers.cancel(all[which]);
                } else {
                    due[which] = now + random.nextInt(3000) - 20;
                    timers.set(all[which], due[which]);
                }
            }
            long first = Long.MAX_VALUE;
            List<Integer> expected = new ArrayList<>();
            for (int i = 0; i < all.length; i++) {
                if (all[i].isSet()) {
                    first = Math.min(first, due[i] - now);
                    if (due[i] - now <= 0) {
                        expected.add(i);
                    }
                }
            }
            assertEquals(first, timers.untilNext(now));
            timers.run(now);
            for (int i = 1; i < expired.size(); i++) {
                assertTrue(due[expired.get(i - 1)] - due[expired.get(i)] <= 0, "out of order");
            }
            for (int i : expired) {
                assertFalse(all[i].isSet());
            }
            expired.sort(null);
            assertEquals(expected, expired);
            expired.clear();
        }
    }

    /** Nothing set: nothing ever happens. */
    @Test
    void none() throws Failure {
        assertEquals(Long.MAX_VALUE, timers.untilNext(5));
        timers.run(5);
        timers.cancel(new Numbered(1));
        assertEquals(Long.MAX_VALUE, timers.untilNext(5));
    }

    /** A timer that sets itself anew for at once waits for the next turn; one that cancels another is obeyed. */
    @Test
    void setAndCancelledWhileRunning() throws Failure {
        Numbered other = new Numbered(2);
        Timer eager = new Timer() {
            @Override
            protected void expired(long now) {
                expired.add(1);
                timers.set(this, now);
                timers.cancel(other);
            }
        };
        timers.set(eager, 10);
        timers.set(other, 11);
        timers.run(20);
        assertEquals(List.of(1), expired);
        assertEquals(0, timers.untilNext(20));
        timers.run(20);
        assertEquals(List.of(1, 1), expired);
    }
}
