package simplevpn.tunnel;

import simplevpn.linux.Stream;

/**
 * Finds out that a router on the way drops packets that are too large for its next line without saying so: small ones
 * pass, large ones never do (RFC 2923, 2.1). Seen from here nothing is acknowledged, however often the kernel repeats
 * it. Then routers are allowed to cut this connection's packets, which costs little where something else was wrong.
 */
final class BlackHole {
    /** So many repetitions in a row, at growing intervals, that nothing came back to. */
    private static final int REPETITIONS = 3;

    private final Stream stream;
    private boolean found;

    /** @param stream a connection that stands */
    BlackHole(Stream stream) {
        this.stream = stream;
    }

    /**
     * Learns from a look at a connection to which something is sent.
     *
     * @return whether packets may be cut just from now on
     */
    boolean learn(Stream.Line line) {
        if (found || line.repetitions < REPETITIONS) {
            return false;
        }
        found = true;
        return stream.allowFragments();
    }
}
