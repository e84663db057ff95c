package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.base.Ratelimit;
import simplevpn.linux.Handler;
import simplevpn.linux.Monitor;
import simplevpn.linux.Poller;

/**
 * Hears that ways out of this host may have changed, and that the tunnel's interface was down. News comes in bursts,
 * and there may be much of it that has nothing to do with either: the first of it wakes the loop, the rest is left to
 * the kernel until all has settled.
 */
final class Uplink extends Timer implements Handler {
    /** How long to wait for the rest, nanoseconds. */
    private static final long SETTLE = 100_000_000L;
    /** News of one turn: more of it than the kernel keeps as a rule. */
    private static final int MOST = 1000;
    /** What somebody takes away again and again comes back once a second, and a few times at once. */
    private static final long FIGHT = 1_000_000_000L;
    private static final int FIGHTS = 5;

    private final Loop loop;
    private final Dialer owner;
    private final Ratelimit mends;
    private Monitor monitor;
    /** Whether the tunnel's own interface has changed. */
    private boolean deviceChanged;

    /** @param owner whom ways concern, or {@code null} */
    Uplink(Loop loop, Dialer owner) {
        this.loop = loop;
        this.owner = owner;
        mends = new Ratelimit(1, FIGHTS, loop.now());
    }

    /** Begins to listen. */
    void listen(Monitor to) throws Failure {
        monitor = to;
        loop.poller.add(monitor.fd(), Poller.READ, this);
    }

    /** There is news, the first of a burst. */
    @Override
    public void ready(boolean writable, boolean failed) {
        deviceChanged |= monitor.take(loop.device.index(), 1);
        loop.poller.change(monitor.fd(), 0);
        if (!isSet()) {
            lookIn(SETTLE);
        }
    }

    /** Looks anew in some time, nanoseconds. */
    void lookIn(long time) {
        loop.timers.set(this, loop.now() + time);
    }

    @Override
    protected void expired(long now) throws Failure {
        deviceChanged |= monitor.take(loop.device.index(), MOST);
        loop.poller.change(monitor.fd(), Poller.READ);
        // Where everything shall go through the tunnel, what is missing of that is a leak, whatever took it away.
        deviceChanged |= loop.device.setup.leadsEverywhere();
        if (deviceChanged && mends.pass(now)) {
            deviceChanged = false;
            loop.device.setup.mend();
        } else if (deviceChanged) {
            lookIn(FIGHT);
        }
        if (owner != null) {
            owner.waysChanged();
        }
    }
}
