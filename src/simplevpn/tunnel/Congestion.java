package simplevpn.tunnel;

import simplevpn.linux.Stream;

/**
 * Which congestion control one connection has.
 *
 * <p>Unless the user chose one, a connection begins with CUBIC, which together with the {@link Outbox} keeps queues
 * short. When it loses segments although there is no queue, its round-trip time being near the least, the line itself
 * loses them, and slowing down would not help: then it gets BBR, which takes such loss for what it is. What the kernel
 * does not have stays the system's choice.
 */
final class Congestion {
    private static final String CUBIC = "cubic";
    private static final String BBR = "bbr";
    /** How often to look, nanoseconds. */
    private static final long INTERVAL = 500_000_000L;
    /** How many looks have to find loss without a queue: those after the first overshoot of a clean line are fewer. */
    private static final int STRIKES = 4;

    /** One loop, one look at a time. */
    private static final Stream.Line LINE = new Stream.Line();

    private final Stream stream;
    private long nextLook;
    private int lost;
    private int strikes;
    private boolean decided;

    /**
     * @param stream a connection that stands
     * @param chosen what the user chose, or {@code null}
     */
    Congestion(Stream stream, String chosen) {
        this.stream = stream;
        boolean set = stream.setCongestion(chosen != null ? chosen : CUBIC);
        decided = chosen != null || !set;
    }

    /**
     * Looks at a connection that sends, from time to time.
     *
     * @return whether it changed to BBR just now
     */
    boolean look(long now) {
        if (decided || now - nextLook < 0) {
            return false;
        }
        nextLook = now + INTERVAL;
        if (!stream.look(LINE)) {
            decided = true;
            return false;
        }
        int before = lost;
        lost = LINE.retransmitted;
        if (lost == before) {
            return false;
        }
        strikes = 4L * LINE.roundTrip < 5L * LINE.leastRoundTrip ? strikes + 1 : 0;
        decided = strikes == STRIKES;
        return decided && stream.setCongestion(BBR);
    }

    /** Whether BBR is in force: the line is known or said to be a bad one. */
    boolean isForLossyLine() {
        return stream.congestion().equals(BBR);
    }
}
