package simplevpn.tunnel;

import simplevpn.linux.Stream;

/**
 * Finds out that a router on the way drops packets that are too large for its next line without saying so: small ones
 * pass, large ones never do (RFC 2923, 2.1). Seen from here nothing is acknowledged, however often the kernel repeats
 * it. Then routers are allowed to cut this connection's packets, which costs little where something else was wrong.
 */
final class BlackHole {
    /** How often to look, nanoseconds. */
    private static final long INTERVAL = 500_000_000L;
    /** So many repetitions in a row, at growing intervals, that nothing came back to. */
    private static final int REPETITIONS = 3;

    /** One loop, one look at a time. */
    private static final Stream.Line LINE = new Stream.Line();

    private final Stream stream;
    private long nextLook;
    private boolean found;

    /**
     * @param stream a connection that stands
     * @param now the time, nanoseconds of the loop's clock
     */
    BlackHole(Stream stream, long now) {
        this.stream = stream;
        nextLook = now;
    }

    /**
     * Looks at a connection to which something is sent, from time to time.
     *
     * @return whether packets may be cut from now on
     */
    boolean look(long now) {
        if (found || now - nextLook < 0) {
            return false;
        }
        nextLook = now + INTERVAL;
        found = stream.look(LINE) && LINE.repetitions >= REPETITIONS;
        return found && stream.allowFragments();
    }
}
