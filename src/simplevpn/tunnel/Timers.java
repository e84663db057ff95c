package simplevpn.tunnel;

import java.util.Arrays;
import simplevpn.base.Failure;

/**
 * The deadlines of one loop: a queue (a binary heap) in which the earliest stands first. Times are compared by
 * difference only, so that an overflow of the clock does not matter.
 */
public final class Timers {
    private Timer[] queue = new Timer[16];
    private int count;
    private int round;

    /** Sets a timer, or moves one that is set to another time. */
    public void set(Timer timer, long when) {
        timer.when = when;
        timer.round = round;
        if (timer.slot < 0) {
            if (count == queue.length) {
                queue = Arrays.copyOf(queue, 2 * count);
            }
            timer.slot = count++;
        }
        sort(timer);
    }

    /** Forgets a timer, if it is set. */
    public void cancel(Timer timer) {
        if (timer.slot < 0) {
            return;
        }
        Timer last = queue[--count];
        queue[count] = null;
        if (last != timer) {
            last.slot = timer.slot;
            sort(last);
        }
        timer.slot = -1;
    }

    /** Nanoseconds until the first is due; 0 or less when it is, {@link Long#MAX_VALUE} when none is set. */
    public long untilNext(long now) {
        return count == 0 ? Long.MAX_VALUE : queue[0].when - now;
    }

    /** Lets those expire that are due. One that is set meanwhile, even for at once, waits for the next run. */
    public void run(long now) throws Failure {
        round++;
        while (count > 0 && now - queue[0].when >= 0 && queue[0].round != round) {
            Timer due = queue[0];
            cancel(due);
            due.expired(now);
        }
    }

    /** Moves a timer, which may stand anywhere, to where it belongs. */
    private void sort(Timer timer) {
        int slot = timer.slot;
        while (slot > 0 && timer.when - queue[(slot - 1) / 2].when < 0) {
            put(slot, queue[(slot - 1) / 2]);
            slot = (slot - 1) / 2;
        }
        for (;;) {
            int child = 2 * slot + 1;
            if (child + 1 < count && queue[child + 1].when - queue[child].when < 0) {
                child++;
            }
            if (child >= count || queue[child].when - timer.when >= 0) {
                break;
            }
            put(slot, queue[child]);
            slot = child;
        }
        put(slot, timer);
    }

    private void put(int slot, Timer timer) {
        queue[slot] = timer;
        timer.slot = slot;
    }
}
