package simplevpn.memory;

import simplevpn.base.Failure;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Loop;

/** A loop that a test turns, and whose clock it sets. */
public final class MemoryLoop extends Loop {
    /** What everything is a part of. */
    public final MemoryPoller memoryPoller;
    /** The time, nanoseconds. */
    public long time;

    /** A loop around a device. */
    public MemoryLoop(MemoryPoller poller, Device device, boolean fromServer, int maxConnections) throws Failure {
        super(poller, device, fromServer, maxConnections);
        memoryPoller = poller;
    }

    /** A loop with a device of its own. */
    public static MemoryLoop of(MemoryKernel kernel, MemoryDevice device, boolean fromServer) throws Failure {
        return new MemoryLoop(new MemoryPoller(kernel), new Device(device, true), fromServer, 1000);
    }

    @Override
    protected long clock() {
        return time;
    }

    /** One turn, with whatever is ready now. */
    public void turnOnce() throws Failure {
        poller.await(0);
        turn();
    }

    /** Whether a turn would do something. */
    public boolean isBusy() {
        return memoryPoller.isReady() || untilTurn() <= 0;
    }

    /** Nanoseconds until there is something to do without an event. */
    public long untilTurn() {
        return untilTurn(time);
    }
}
