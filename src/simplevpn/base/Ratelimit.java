package simplevpn.base;

/**
 * A token bucket, for answers and log lines that somebody else could make us write without end.
 */
public final class Ratelimit {
    private final int burst;
    private final long interval;
    private long last;
    private int tokens;
    private long suppressed;

    /**
     * @param perSecond how many a second in the long run, 1 to 1,000,000
     * @param burst how many at once
     * @param now the time, nanoseconds of the loop's clock
     */
    public Ratelimit(int perSecond, int burst, long now) {
        this.burst = burst;
        interval = 1_000_000_000L / perSecond;
        last = now;
        tokens = burst;
    }

    /** Whether one more may pass at the time {@code now}. */
    public boolean pass(long now) {
        long earned = (now - last) / interval;
        if (earned > 0) {
            tokens = (int) Math.min(burst, tokens + earned);
            last += earned * interval;
        }
        if (tokens == 0) {
            suppressed++;
            return false;
        }
        tokens--;
        return true;
    }

    /** How many did not pass since this was last asked. */
    public long takeSuppressed() {
        long count = suppressed;
        suppressed = 0;
        return count;
    }
}
