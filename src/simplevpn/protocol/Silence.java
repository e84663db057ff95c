package simplevpn.protocol;

/**
 * How long a server waits for a client that is silent, which is as the client wishes, within limits (PROTOCOL.md, part
 * 6). Times are nanoseconds of the loop's clock, passed in, and compared by difference only, so that an overflow does
 * not matter.
 */
public final class Silence {
    /** The longest idle time that is granted, seconds: longer than any NAT of a metered line remembers. */
    public static final int LONGEST_IDLE = 1800;
    /** What a granted timeout is longer than the idle time at least, seconds: an answer takes its time. */
    public static final int ANSWER_TIME = 10;
    private static final long SECOND = 1_000_000_000L;

    private long received;
    /** Seconds: both fit 16 bits, as on the wire. */
    private char idle;
    private char timeout;

    /**
     * As if something had just been received.
     *
     * @param timeout seconds of silence after which a client is dead, 2 to 65535
     * @param now the time
     */
    public Silence(int timeout, long now) {
        this.timeout = (char) timeout;
        idle = (char) Math.max(1, timeout / 4);
        received = now;
    }

    /** Seconds after which the client is to send a keepalive. */
    public int idle() {
        return idle;
    }

    /** Seconds of silence after which it is dead. */
    public int timeout() {
        return timeout;
    }

    /**
     * The client wishes other times, of which it has what is within limits: an idle time of {@link #LONGEST_IDLE} at
     * most, and a timeout between that and a bit more, so that the address of a dead client is free again some time.
     *
     * @param times idle and timeout, seconds, in the upper and lower 16 bits, as {@link Wire#times} has them
     * @param usual the timeout of clients that wish nothing, seconds
     */
    public void grant(int times, int usual) {
        int wished = Math.min(times >>> 16, LONGEST_IDLE);
        int most = Math.min(0xffff, 2 * wished + usual);
        idle = (char) wished;
        timeout = (char) Math.min(most, Math.max(times & 0xffff, wished + ANSWER_TIME));
    }

    /** Any frame, or a part of one, came in. */
    public void received(long now) {
        received = now;
    }

    /**
     * This program stood still until the time {@code now}: what the client sent before may be on its way yet, so that
     * its silence counts from then on.
     */
    public void resumed(long now) {
        if (now - received > 0) {
            received = now;
        }
    }

    /** Nanoseconds since anything came in. */
    public long silence(long now) {
        return now - received;
    }

    /** Nanoseconds until nothing was received for the timeout; 0 or less when that is so. */
    public long untilSilent(long now) {
        return timeout * SECOND - (now - received);
    }
}
