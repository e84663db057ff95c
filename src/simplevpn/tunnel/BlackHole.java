package simplevpn.tunnel;

import simplevpn.linux.Stream;

/**
 * Finds out that a router on the way drops packets that are too large for its next line without saying so: small ones
 * pass, large ones never do (RFC 2923, 2.1). Seen from here nothing is acknowledged, however often the kernel repeats
 * it. Then routers are allowed to cut this connection's packets, which costs little where something else was wrong.
 * That it was this shows when packets come through then: nothing does on a line that is dead, or that a NAT forgot.
 */
final class BlackHole {
    /** So many repetitions in a row, at growing intervals, that nothing came back to. */
    private static final int REPETITIONS = 3;

    private final Stream stream;
    private boolean tried;
    /** What had been acknowledged before packets might be cut, bytes; −1 when there is nothing to be seen any more. */
    private long before = -1;

    /** @param stream a connection that stands */
    BlackHole(Stream stream) {
        this.stream = stream;
    }

    /**
     * Learns from a look at a connection to which something is sent.
     *
     * @return whether what was repeated has come through, once, since packets may be cut
     */
    boolean learn(Stream.Line line) {
        if (!tried && line.repetitions >= REPETITIONS) {
            tried = true;
            before = stream.allowFragments() ? line.acknowledged : -1;
            return false;
        }
        boolean helped = before >= 0 && line.acknowledged > before;
        if (helped) {
            before = -1;
        }
        return helped;
    }
}
