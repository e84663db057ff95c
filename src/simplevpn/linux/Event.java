package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * What another thread tells a loop by: a descriptor that is readable from {@link #tell} to {@link #take} (eventfd(2)).
 */
public final class Event {
    private static final Buffer ONE = Buffer.permanent(Long.BYTES);
    private static final Buffer COUNT = Buffer.permanent(Long.BYTES);

    static {
        ONE.nativeOrder.putLong(0, 1);
    }

    private final int fd;

    /** @param purpose for the message should the kernel have no descriptor left */
    public Event(String purpose) throws Failure {
        fd = Libc.eventfd();
        if (fd < 0) {
            throw Errno.failure("eventfd for " + purpose, fd, "");
        }
    }

    /** The descriptor, for the {@link Poller}. */
    public int fd() {
        return fd;
    }

    /** Something has happened; for any thread. */
    public void tell() {
        Libc.tryWrite(fd, ONE, 0, Long.BYTES);
    }

    /** The loop knows. */
    public void take() {
        Libc.tryRead(fd, COUNT, 0, Long.BYTES);
    }

    /** Gives the descriptor back. */
    void close() {
        Libc.close(fd);
    }
}
