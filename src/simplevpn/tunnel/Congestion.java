package simplevpn.tunnel;

import simplevpn.linux.Stream;

/**
 * How one connection meets its line: which congestion control it has, how much the kernel may hold for it, and how
 * fast that goes out.
 *
 * <p>Unless the user chose one, a connection begins with CUBIC. When it loses segments although there is no queue, its
 * round-trip time being near the least, the line itself loses them, and slowing down would not help: then it gets BBR,
 * which takes such loss for what it is. What the kernel does not have stays the system's choice.
 *
 * <p>BBR finds a line's rate by sending faster than that, and goes on so while it believes that nobody wants to send
 * more, which a tunnel looks like whose packets wait for answers. CUBIC sends more and more until a slow line's queue
 * is full. So once there is a queue, the kernel is told the rate that comes through: what is too much then waits in the
 * {@link Outbox}, where it does not delay what is not.
 */
final class Congestion {
    private static final String CUBIC = "cubic";
    private static final String BBR = "bbr";
    /** How many looks have to find loss without a queue, with none in between that finds it with one. */
    private static final int STRIKES = 2;
    /** Nanoseconds after which such a look counts no more: once in a while each line loses something. */
    private static final long FORGOTTEN = 10_000_000_000L;

    /** Milliseconds that what the kernel holds may take, and after which it is too much. */
    private static final int UNSENT = 3;
    private static final int TOO_MUCH_UNSENT = 4;
    /** Two segments may always go in one write; what the kernel takes in one piece anyway needs no limit. */
    private static final int LEAST_WRITE = 3000;
    private static final int GREATEST_WRITE = 64 * 1024;
    /** Bytes per second to which no line is limited. */
    private static final int LEAST_RATE = 50_000;
    /** The smoothed rate follows the last look's by the eighth part: one alone may have seen a loss being repaired. */
    private static final int SMOOTHING = 8;
    /** Looks of which the best one says what the line can do. */
    private static final int MEMORY = 30;
    /** Bytes on the way, or unsent, with which a connection is one that sends as fast as it can. */
    private static final int BUSY = 16 * 1024;
    /** By which part less than the best is sent, so that a queue empties: as measured, with CUBIC and with BBR. */
    private static final long BELOW = 50;
    private static final long BELOW_LOSSY = 25;
    /** Looks in a row at a busy connection after which its smoothed rate is near what CUBIC gets out of the line. */
    private static final int LEARNED = 20;
    /** Microseconds by which a queue makes a round trip longer: on a short line a few packets are its fourth part. */
    private static final int LEAST_QUEUE = 10_000;
    /** Looks in which a queue of our own is gone when we send a little less than the line can do. */
    private static final int DRAINED = 10;

    private final Stream stream;
    /** Whether nothing else is tried any more. */
    private boolean decided;
    private boolean lossy;
    private int lost;
    private int strikes;
    private long struck;
    /** Whether what is lost at the moment was at first too much for the queue. */
    private boolean overshot;
    /** Bytes acknowledged at the last look, and when that was; −1 before the first. */
    private long acknowledged = -1;
    private long looked;
    /** The limits in force; 0 for none. */
    private int mostUnsent;
    private int mostRate;
    private int smoothRate;
    /** Whether as much is sent as can be. */
    private boolean busy;
    /** For how many looks in a row. */
    private int busyLooks;
    /** The best smoothed rate of the last looks, and of as many before them. */
    private int best;
    private int bestBefore;
    private int looks;
    /** How many looks in a row have found a queue. */
    private int queued;

    /**
     * @param stream a connection that stands
     * @param adapts what {@link #begin} returned for it
     */
    Congestion(Stream stream, boolean adapts) {
        this.stream = stream;
        decided = !adapts;
        lossy = stream.congestion().equals(BBR);
    }

    /**
     * Gives a connection the congestion control that it begins with.
     *
     * @param chosen what the user chose, or {@code null}
     * @return whether it may get another one
     */
    static boolean begin(Stream stream, String chosen) {
        boolean set = stream.setCongestion(chosen != null ? chosen : CUBIC);
        return chosen == null && set;
    }

    /**
     * Learns from a look at a connection that sends.
     *
     * @return whether it changed to BBR just now
     */
    boolean learn(Stream.Line line, long now) {
        boolean losing = line.retransmitted != lost;
        lost = line.retransmitted;
        if (acknowledged >= 0) {
            int rate = (int) Math.min(Integer.MAX_VALUE / 2,
                    (line.acknowledged - acknowledged) * 1_000_000 / Math.max(1, (now - looked) / 1000));
            limitUnsent(line, rate);
            remember(line, rate);
            if (lossy || mostUnsent != 0) {
                limitRate(line);
            } else if (mostRate != 0) {
                setRate(0);
            }
        }
        acknowledged = line.acknowledged;
        looked = now;
        if (decided || lossy) {
            return false;
        }
        if (strikes > 0 && now - struck > FORGOTTEN) {
            strikes = 0;
        }
        if (!losing) {
            overshot = false;
        } else if (isQueue(line)) {
            overshot = true;
            strikes = 0;
        } else if (!overshot) {
            strikes++;
            struck = now;
        }
        if (strikes == STRIKES) {
            // Once: a kernel without it looks for a module each time that it is asked.
            decided = true;
            lossy = stream.setCongestion(BBR);
        }
        return lossy;
    }

    /** A line that is slow, as has shown, gets little at a time. */
    private void limitUnsent(Stream.Line line, int rate) {
        if (mostUnsent == 0 && (line.unsent < LEAST_WRITE || line.unsent < rate / 1000 * TOO_MUCH_UNSENT)) {
            return;
        }
        int wanted = Math.max(LEAST_WRITE, rate / 1000 * UNSENT);
        wanted = wanted >= GREATEST_WRITE ? 0 : wanted;
        // A call for each small change would be one for each look.
        if (wanted == 0 || Math.abs(wanted - mostUnsent) > mostUnsent / 4) {
            mostUnsent = wanted;
            stream.limitUnsent(wanted);
        }
    }

    /** Where hardly anything is on the way, what comes through is what was wanted, and says nothing of the line. */
    private void remember(Stream.Line line, int rate) {
        smoothRate += (rate - smoothRate) / SMOOTHING;
        busy = line.unsent > 0 || (long) smoothRate * line.roundTrip / 1_000_000 >= BUSY;
        // Nothing at all says nothing of what the line can do: it is out of reach for a while.
        boolean seen = busy && rate > 0;
        busyLooks = seen ? busyLooks + 1 : 0;
        if (seen) {
            best = Math.max(best, smoothRate);
            if (++looks == MEMORY) {
                bestBefore = best;
                best = 0;
                looks = 0;
            }
        }
    }

    /**
     * A slow line, or one with BBR: while there is a queue, the limit is a little less than what came through at best,
     * so that it empties. Without one the limit grows out of the way. A queue that stays is others', among whom BBR
     * keeps its share by sending a little more, and CUBIC as it always does.
     */
    private void limitRate(Stream.Line line) {
        boolean queue = (lossy || busyLooks >= LEARNED) && isQueue(line)
                && line.roundTrip - line.leastRoundTrip >= LEAST_QUEUE;
        queued = queue ? queued + 1 : 0;
        boolean others = queued > DRAINED;
        long wanted = mostRate + mostRate / 8L;
        if (queue && (lossy || !others)) {
            if (!busy) {
                return;
            }
            int known = Math.max(best, bestBefore);
            wanted = others ? known + known / 10L : known - known / (lossy ? BELOW_LOSSY : BELOW);
            wanted = Math.max(LEAST_RATE, wanted);
        }
        int most = wanted > Integer.MAX_VALUE ? 0 : (int) wanted;
        if (most != mostRate) {
            setRate(most);
        }
    }

    private void setRate(int most) {
        mostRate = most;
        stream.limitRate(most);
    }

    private static boolean isQueue(Stream.Line line) {
        return 4L * line.roundTrip >= 5L * line.leastRoundTrip;
    }

    /** Whether the line loses segments by itself, as far as is known. */
    boolean isForLossyLine() {
        return lossy || strikes > 0;
    }
}
