package simplevpn;

import java.util.ArrayDeque;
import java.util.Iterator;
import simplevpn.base.Failure;
import simplevpn.tls.Handshakes;
import simplevpn.tls.TlsStream;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Timer;

/**
 * Where strangers wait until a server begins to compute their handshakes: one at a time, when nothing else is to be
 * computed, and not more of them than a certain number a second, so that those who are in keep their rate. The sources
 * take turns as far as two of them do: a flood from one makes nobody else wait, and one that has ended takes no turn.
 */
final class Reception implements Handshakes {
    /** How often in the time of a turn it is looked whether what was computed is done. */
    private static final int LOOKS = 10;

    private final Loop loop;
    private final Handshakes handshakes;
    private final ArrayDeque<TlsStream> waiting = new ArrayDeque<>();
    private long lastSource;

    private final Timer next = new Timer() {
        @Override
        protected void expired(long now) throws Failure {
            if (!handshakes.isIdle()) {
                // Not a whole turn later: of two turns that a handshake takes a little longer than, one would be lost.
                loop.timers.set(this, now + Budget.HANDSHAKE_INTERVAL / LOOKS);
                return;
            }
            TlsStream stream = take();
            for (int left = 1; stream != null && stream.hasLeft(); left++) {
                if (left == Budget.LEFT) {
                    loop.timers.set(this, now);
                    return;
                }
                stream = take();
            }
            if (stream == null) {
                return;
            }
            lastSource = stream.peer().source();
            if (!handshakes.add(stream)) {
                stream.refused();
            }
            loop.timers.set(this, now + Budget.HANDSHAKE_INTERVAL);
        }
    };

    /** @param handshakes who computes them */
    Reception(Loop loop, Handshakes handshakes) {
        this.loop = loop;
        this.handshakes = handshakes;
    }

    /** Handshakes that have begun go on at once. */
    @Override
    public boolean add(TlsStream stream) {
        if (stream.hasBegun()) {
            return handshakes.add(stream);
        }
        waiting.add(stream);
        if (!next.isSet()) {
            loop.timers.set(next, loop.now());
        }
        return true;
    }

    @Override
    public boolean isIdle() {
        return waiting.isEmpty() && handshakes.isIdle();
    }

    /** The one who has waited longest, of another source than the last one if there is any; {@code null} for none. */
    private TlsStream take() {
        TlsStream chosen = null;
        for (Iterator<TlsStream> all = waiting.iterator(); all.hasNext();) {
            TlsStream stream = all.next();
            if (stream.isClosed()) {
                all.remove();
            } else if (chosen == null || (isNext(stream) && !isNext(chosen))) {
                chosen = stream;
            }
        }
        waiting.remove(chosen);
        return chosen;
    }

    private boolean isNext(TlsStream stream) {
        return stream.peer().source() != lastSource;
    }
}
