package simplevpn.tunnel;

import simplevpn.linux.Stream;

/** Looks now and then at the line of a connection to which something is sent, and tells what was done about it. */
final class LineWatch {
    /** How often to look, nanoseconds. */
    private static final long INTERVAL = 100_000_000L;

    /** One loop, one look at a time. */
    private static final Stream.Line LINE = new Stream.Line();

    private final Loop loop;
    private final Stream stream;
    private final Outbox outbox;
    private final Congestion congestion;
    private final BlackHole blackHole;
    private long next;
    private boolean blind;

    /**
     * @param stream a connection that stands
     * @param outbox what waits for it
     * @param adapts whether it may get another congestion control
     */
    LineWatch(Loop loop, Stream stream, Outbox outbox, boolean adapts) {
        this.loop = loop;
        this.stream = stream;
        this.outbox = outbox;
        congestion = new Congestion(stream, adapts);
        blackHole = new BlackHole(stream);
        next = loop.now();
        outbox.onLossyLine(congestion.isForLossyLine());
    }

    /** Something is sent. */
    void look(long now) {
        if (now - next < 0 || blind) {
            return;
        }
        next = now + INTERVAL;
        if (!stream.look(LINE)) {
            // A kernel that tells nothing is not asked again.
            blind = true;
            return;
        }
        if (blackHole.learn(LINE)) {
            loop.budget.logPeer(stream.peer() + " gets packets again since they may be cut: perhaps a router on the way"
                    + " drops large packets (see --mss)", now);
        }
        boolean changed = congestion.learn(LINE, now);
        outbox.onLossyLine(congestion.isForLossyLine());
        if (changed) {
            loop.budget.logPeer(stream.peer() + " loses segments without a queue: congestion control "
                    + stream.congestion(), now);
        }
    }
}
