package simplevpn;

import java.util.Arrays;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Timer;

/**
 * Tells clients that are there what has changed of what their answers said (PROTOCOL.md, part 6): some of them in each
 * turn of the loop, so that no packet waits for all of them.
 */
final class Announcement extends Timer {
    /** How many are told in one turn. */
    private static final int AT_ONCE = 32;
    /** How long until those are told who had no room for it, nanoseconds. */
    private static final long LATER = 1_000_000_000L;

    private final Loop loop;
    private Peer[] whom = {};
    private int next;
    /** How many had no room for it so far; they stand in front. */
    private int left;

    Announcement(Loop loop) {
        this.loop = loop;
    }

    /** Begins, with all who are there: also when an earlier announcement has not come to its end. */
    void begin(Peer... clients) {
        whom = clients;
        next = 0;
        left = 0;
        loop.timers.set(this, loop.now());
    }

    @Override
    protected void expired(long now) {
        int end = Math.min(whom.length, next + AT_ONCE);
        while (next < end) {
            Peer peer = whom[next++];
            if (!peer.tellAgain()) {
                whom[left++] = peer;
            }
        }
        if (next < whom.length) {
            loop.timers.set(this, now);
            return;
        }
        whom = Arrays.copyOf(whom, left);
        next = 0;
        left = 0;
        if (whom.length > 0) {
            loop.timers.set(this, now + LATER);
        }
    }
}
