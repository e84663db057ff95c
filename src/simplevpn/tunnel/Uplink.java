package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Handler;
import simplevpn.linux.Monitor;
import simplevpn.linux.Poller;

/**
 * Hears that ways out of this host may have changed. News comes in bursts, and there may be much of it that has nothing
 * to do with the server: the first of it wakes the loop, and the rest is left to the kernel until all has settled.
 */
final class Uplink extends Timer implements Handler {
    /** How long to wait for the rest, nanoseconds. */
    private static final long SETTLE = 100_000_000L;
    /** News of one turn: more of it than the kernel keeps as a rule. */
    private static final int MOST = 1000;

    private final Loop loop;
    private final Dialer owner;
    private Monitor monitor;
    /** Whether the tunnel's own interface has changed. */
    private boolean deviceChanged;

    Uplink(Loop loop, Dialer owner) {
        this.loop = loop;
        this.owner = owner;
    }

    /** Begins to listen; where that is not allowed, it is told, and a connection is lost only after its timeout. */
    void listen(Connector connector) {
        try {
            monitor = connector.monitor();
            loop.poller.add(monitor.fd(), Poller.READ, this);
        } catch (Failure e) {
            loop.budget.logPeer(e.getMessage() + ": when the way to the server changes, that is noticed by the timeout"
                    + " alone", loop.now());
        }
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
        if (deviceChanged) {
            deviceChanged = false;
            loop.device.setup.mend();
        }
        owner.waysChanged();
    }
}
