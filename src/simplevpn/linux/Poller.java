package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * The loop's one place to wait: an epoll instance, level-triggered, and an eventfd that other threads and signals wake
 * it by.
 *
 * <p>An event is known by its descriptor. A descriptor that was closed and opened anew while its old event still waits
 * in the current batch gets an event that was not its own; so an event is only ever a hint to read or write, never a
 * verdict.
 */
public final class Poller {
    /** How many events one {@link #await} returns; the rest waits in the kernel. */
    private static final int BATCH = 256;

    private final int epoll;
    private final int waker;
    private final Buffer events = Buffer.permanent(BATCH * Abi.EPOLL_SIZE);
    private final Buffer change = Buffer.permanent(Abi.EPOLL_SIZE);
    private final Buffer one = Buffer.permanent(Long.BYTES);
    private volatile boolean woken;

    /** @throws Failure if the kernel has no descriptor left, or no epoll */
    public Poller() throws Failure {
        epoll = Libc.epoll_create1();
        if (epoll < 0) {
            throw Failure.of("epoll_create1", epoll, "");
        }
        waker = Libc.eventfd();
        if (waker < 0) {
            throw Failure.of("eventfd", waker, "");
        }
        one.host.putLong(0, 1);
        add(waker, Abi.EPOLLIN);
    }

    /** Watches a descriptor for the given EPOLLIN and EPOLLOUT bits, until it is closed. */
    public void add(int fd, int interest) throws Failure {
        prepare(fd, interest);
        int result = Libc.epoll_ctl(epoll, Abi.EPOLL_CTL_ADD, fd, change);
        if (result < 0) {
            throw Failure.of("epoll_ctl", result, "");
        }
    }

    /** Watches it for other bits from now on; returns whether that worked. */
    public boolean change(int fd, int interest) {
        prepare(fd, interest);
        return Libc.tryEpollCtl(epoll, Abi.EPOLL_CTL_MOD, fd, change) >= 0;
    }

    private void prepare(int fd, int interest) {
        change.host.putInt(Abi.EPOLL_EVENTS, interest);
        change.host.putInt(Abi.EPOLL_DATA, fd);
    }

    /**
     * Waits until something is ready, {@link #wake} was called, or the time is over.
     *
     * @param nanos how long at most, in nanoseconds; {@link Long#MAX_VALUE} for ever; rounded up to milliseconds
     * @return how many events there are to look at with {@link #fd} and {@link #ready}
     */
    public int await(long nanos) {
        long millis = nanos <= 0 ? 0 : (nanos - 1) / 1_000_000 + 1;
        int wait = nanos == Long.MAX_VALUE ? -1 : (int) Math.min(millis, 3_600_000);
        return Math.max(0, Libc.epoll_wait(epoll, events, wait));
    }

    /** The descriptor of event {@code i}. */
    public int fd(int i) {
        return events.host.getInt(i * Abi.EPOLL_SIZE + Abi.EPOLL_DATA);
    }

    /** Whether event {@code i} says that its descriptor can be written to. */
    public boolean writable(int i) {
        return (ready(i) & Abi.EPOLLOUT) != 0;
    }

    /** Whether event {@code i} says that its descriptor has failed, or is closed at both ends. */
    public boolean failed(int i) {
        return (ready(i) & (Abi.EPOLLERR | Abi.EPOLLHUP)) != 0;
    }

    private int ready(int i) {
        return events.host.getInt(i * Abi.EPOLL_SIZE + Abi.EPOLL_EVENTS);
    }

    /** Ends an {@link #await} of the loop, now or the next time; for any thread, once. */
    public void wake() {
        woken = true;
        Libc.tryWrite(waker, one, 0, Long.BYTES);
    }

    /** Whether {@link #wake} was called. */
    public boolean woken() {
        return woken;
    }
}
