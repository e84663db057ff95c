package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * A loop's one place to wait: descriptors, each with its {@link Handler}, and a call that other threads wake it by.
 * {@link Epoll} is the kernel's; tests bring one of their own.
 */
public interface Poller {
    /** Interest: something can be read, or the other end is closed. */
    int READ = Abi.EPOLLIN;
    /** Interest: something can be written. */
    int WRITE = Abi.EPOLLOUT;

    /**
     * Watches a descriptor, until {@link #remove}.
     *
     * @param interest {@link #READ}, {@link #WRITE}, both or, for failures alone, 0
     * @throws Failure if the kernel has no memory for it
     */
    void add(int fd, int interest, Handler handler) throws Failure;

    /** Watches it for something else from now on; returns whether that worked, which fails only on a closed one. */
    boolean change(int fd, int interest);

    /**
     * Forgets a descriptor that is about to be closed, or to be added for another handler: what it was ready for
     * reaches nobody any more.
     */
    void remove(int fd);

    /**
     * Waits until something is ready, {@link #wake} was called, or the time is over.
     *
     * @param nanos how long at most, in nanoseconds; {@link Long#MAX_VALUE} for ever; rounded up to milliseconds
     */
    void await(long nanos);

    /** Calls the handlers of what the last {@link #await} found ready. */
    void handle() throws Failure;

    /** Ends an {@link #await} of the loop, now or the next time; for any thread. */
    void wake();
}
