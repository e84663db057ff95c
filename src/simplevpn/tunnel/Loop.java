package simplevpn.tunnel;

import java.util.Arrays;
import simplevpn.base.Failure;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Handler;
import simplevpn.linux.Libc;
import simplevpn.linux.Poller;
import simplevpn.protocol.Answer;

/**
 * One program's loop: one thread that waits in one place, and what all of its parts share. A {@link Handler} is called
 * when its descriptor is ready, a {@link Timer} when its time has come, and the {@link Router} for each packet that
 * this host sends.
 */
public class Loop implements Handler {
    private static final long SECOND = 1_000_000_000L;
    /** How often memory that nobody needs any more is given back, nanoseconds. */
    private static final long HOUSEKEEPING = 10 * SECOND;
    /** By how much a timer is late only when this program stood still: stopped, or on a machine that slept. */
    private static final long STANDSTILL = SECOND;
    /** After which time without packets of this host's own one comes alone, rather than first of many, nanoseconds. */
    private static final long LULL = 500_000;
    /** After which time a connection is tried again that takes nothing, though the kernel says that it would. */
    private static final long STALL = SECOND / 50;

    /** What waits for descriptors. */
    public final Poller poller;
    /** What waits for a time. */
    public final Timers timers = new Timers();
    /** What may be used up. */
    public final Budget budget;
    /** The TUN interface. */
    public final Device device;
    /** What the connections bring. */
    public final Inbox inbox;
    /** What goes out on the connections. */
    public final Sender sender = new Sender();
    /** Where this program's own messages are put together, behind {@link Inbox#HEADROOM}. */
    public final Buffer message = Buffer.permanent(Inbox.HEADROOM + Answer.MAX_LENGTH);

    private final Buffer clock = Buffer.permanent(Abi.TIMESPEC_SIZE);
    private Router router;
    private boolean readsDevice;
    /** When the device was read last; when something came, the end of that turn. */
    private long deviceRead;
    /** Whether something came from it in this turn. */
    private boolean deviceGave;
    private long now;
    private long resumed;
    private long turns;
    private volatile boolean ending;

    private Link[] links = new Link[16];
    private int linkCount;
    /** Links that are called without an event of their descriptors, in the next turn or still in this one. */
    private Link[] callAgain = new Link[4];
    private int callAgainCount;

    private final Timer housekeeping = new Timer() {
        @Override
        protected void expired(long time) {
            for (int i = 0; i < linkCount; i++) {
                links[i].tidy(time);
            }
            budget.memory.shrink();
            budget.restoreReserve();
        }
    };

    private final Timer stalled = new Timer() {
        @Override
        protected void expired(long time) {
            for (int i = 0; i < linkCount; i++) {
                links[i].tryAgain();
            }
        }
    };

    /**
     * @param fromServer whether what connections bring is sent by a server
     * @param maxConnections how many there may be at once
     */
    public Loop(Poller poller, Device device, boolean fromServer, int maxConnections) throws Failure {
        this.poller = poller;
        this.device = device;
        inbox = new Inbox(fromServer);
        now = clock();
        resumed = now;
        budget = new Budget(maxConnections, now);
        device.setup.belongTo(this);
        poller.add(device.fd(), 0, this);
    }

    /** The loop's clock: nanoseconds since the machine started, the time that it slept included. */
    protected long clock() {
        Libc.clock_gettime(Abi.CLOCK_BOOTTIME, clock);
        return clock.word(Abi.TV_SEC) * SECOND + clock.word(Abi.TV_NSEC);
    }

    /** The time of the current turn. */
    public final long now() {
        return now;
    }

    /** When this program last came back after it had stood still; in the beginning, when it began. */
    public final long resumed() {
        return resumed;
    }

    /** How many turns there were. */
    final long turns() {
        return turns;
    }

    /** Something took its time: the current turn's time is looked up anew. */
    public final long lookAtClock() {
        now = clock();
        return now;
    }

    /** Names the one to whom the device's packets go, from {@link #readDevice} on. */
    public final void setRouter(Router to) {
        router = to;
    }

    /**
     * Whether packets are read from the device: what nobody reads waits in the kernel, which drops what is too much.
     * What waited when this begins is too old to be carried.
     */
    public final void readDevice(boolean wanted) {
        if (wanted != readsDevice) {
            readsDevice = wanted;
            if (wanted) {
                device.discard();
            }
            poller.change(device.fd(), wanted ? Poller.READ : 0);
        }
    }

    /** The device is of no use any more, and what it says of that to nobody. */
    public final void forgetDevice() {
        poller.remove(device.fd());
    }

    /** Turns until {@link #end} is called. */
    public final void run() throws Failure {
        while (!ending) {
            step();
        }
    }

    /** Waits until there is something to do, and does it: for who has to go on for a moment when {@link #run} ended. */
    public final void step() throws Failure {
        poller.await(untilTurn(now));
        turn();
    }

    /** Nanoseconds until there is something to do that no descriptor tells; 0 or less when there is. */
    protected final long untilTurn(long time) {
        return callAgainCount > 0 ? 0 : timers.untilNext(time);
    }

    /** Ends {@link #run} after the current turn; for any thread. */
    public final void end() {
        ending = true;
        poller.wake();
    }

    /**
     * One turn of the loop: calls the handlers of what is ready; carries on what needs no waiting for; writes what was
     * queued for several links; lets timers expire.
     *
     * <p>A method of its own, since the VM compiles what is called often much earlier than what loops for ever.
     */
    public final void turn() throws Failure {
        turns++;
        sender.turn(lookAtClock());
        if (timers.untilNext(now) < -STANDSTILL) {
            resumed = now;
            device.discard();
        }
        poller.handle();
        handleAgain();
        if (device.answering) {
            // The kernel answers a ping or a segment at once: looking costs less than waiting to be told.
            fromDevice();
        }
        sender.flush();
        if (deviceGave) {
            // What a turn takes, with TLS on a slow board milliseconds, is no time in which nothing came.
            deviceGave = false;
            deviceRead = clock();
        }
        timers.run(now);
        if (budget.memory.isUsed() && !housekeeping.isSet()) {
            timers.set(housekeeping, now + HOUSEKEEPING);
        }
    }

    /** The device is ready. */
    @Override
    public final void ready(boolean writable, boolean failed) throws Failure {
        if (failed) {
            device.check();
        }
        fromDevice();
    }

    private void fromDevice() {
        if (!readsDevice) {
            device.answering = false;
            return;
        }
        Buffer buffer = device.buffer;
        // A packet that comes alone goes on its way before anybody looks for another.
        boolean alone = now - deviceRead > LULL;
        deviceRead = now;
        long writesBefore = budget.writes;
        int packets = 0;
        int bytes = 0;
        while (packets < Budget.DEVICE_PACKETS && bytes < Budget.DEVICE_BYTES
                && budget.writes - writesBefore < Budget.WRITES) {
            // Right behind the packets that wait to be written, as if this one went the same way, which it often does.
            int at = sender.besideBatch(buffer, Inbox.HEADROOM);
            if (!device.hasRoom(at)) {
                sender.endBatch(false);
                at = Inbox.HEADROOM;
            }
            int length = device.read(at);
            if (length == 0) {
                break;
            }
            packets++;
            if (length != Device.DROP) {
                bytes += length;
                router.route(buffer, at, length, device.tag);
                if (alone) {
                    break;
                }
            }
        }
        deviceGave |= packets > 0;
        device.answering = false;
        sender.endBatch(true);
    }

    /** A connection takes nothing, though the kernel says that it would: tries again, but not at once. */
    void stall() {
        if (!stalled.isSet()) {
            timers.set(stalled, now + STALL);
        }
    }

    /** Calls a link again without waiting for its descriptor: it holds input that this does not show, or has failed. */
    void callAgain(Link link) {
        if (link.calledAgain) {
            return;
        }
        link.calledAgain = true;
        if (callAgainCount == callAgain.length) {
            callAgain = Arrays.copyOf(callAgain, 2 * callAgainCount);
        }
        callAgain[callAgainCount++] = link;
    }

    private void handleAgain() throws Failure {
        int count = callAgainCount;
        for (int i = 0; i < count; i++) {
            Link link = callAgain[i];
            link.calledAgain = false;
            if (!link.isClosed()) {
                link.ready(false, false);
            }
        }
        callAgainCount -= count;
        System.arraycopy(callAgain, count, callAgain, 0, callAgainCount);
        Arrays.fill(callAgain, callAgainCount, callAgainCount + count, null);
    }

    void add(Link link) {
        if (linkCount == links.length) {
            links = Arrays.copyOf(links, 2 * linkCount);
        }
        link.index = linkCount;
        links[linkCount++] = link;
    }

    void remove(Link link) {
        inbox.release(link);
        sender.release(link);
        Link last = links[--linkCount];
        links[linkCount] = null;
        links[link.index] = last;
        last.index = link.index;
    }

    /** How many connections there are. */
    public final int links() {
        return linkCount;
    }

    /**
     * Whom one of them is for.
     *
     * @param index below {@link #links}; when one is closed, the last takes its place
     */
    public final Receiver receiver(int index) {
        return links[index].receiver;
    }

    /** The program ends: gives the interface back, and closes all connections. */
    public final void close() {
        device.close();
        closeLinks();
    }

    /** Closes all connections alone. */
    public final void closeLinks() {
        for (Link link : Arrays.copyOf(links, linkCount)) {
            link.end();
        }
    }
}
