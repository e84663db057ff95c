package simplevpn.linux;

import java.util.Arrays;
import simplevpn.base.Failure;

/**
 * The kernel's poller: an epoll instance (epoll(7)), level-triggered, and an eventfd to wake it by.
 *
 * <p>An event carries its descriptor and the generation that the descriptor had when it was added. One that was fetched
 * before its descriptor was closed and opened anew, in the same batch, is of an older generation and reaches nobody.
 */
public final class Epoll implements Poller, Handler {
    /** How many events one {@link #await} fetches; the rest waits in the kernel. */
    private static final int BATCH = 256;

    private final int epoll;
    private final Event waker;
    private final Buffer events = Buffer.permanent(BATCH * Abi.EPOLL_SIZE);
    private final Buffer change = Buffer.permanent(Abi.EPOLL_SIZE);
    private int ready;

    /** By descriptor: whom its events are for, and since when. */
    private Handler[] handlers = new Handler[64];
    private int[] generations = new int[64];
    private int generation;

    /** @throws Failure if the kernel has no descriptor left, or no epoll */
    public Epoll() throws Failure {
        epoll = Libc.epoll_create1();
        if (epoll < 0) {
            throw Errno.failure("epoll_create1", epoll, "");
        }
        waker = new Event("the loop");
        add(waker.fd(), READ, this);
    }

    @Override
    public void add(int fd, int interest, Handler handler) throws Failure {
        if (fd >= handlers.length) {
            int size = Math.max(fd + 1, 2 * handlers.length);
            handlers = Arrays.copyOf(handlers, size);
            generations = Arrays.copyOf(generations, size);
        }
        generations[fd] = ++generation;
        prepare(fd, interest);
        int result = Libc.epoll_ctl(epoll, Abi.EPOLL_CTL_ADD, fd, change);
        if (result < 0) {
            throw Errno.failure("epoll_ctl", result, "");
        }
        handlers[fd] = handler;
    }

    @Override
    public boolean change(int fd, int interest) {
        prepare(fd, interest);
        return Libc.tryEpollCtl(epoll, Abi.EPOLL_CTL_MOD, fd, change) >= 0;
    }

    private void prepare(int fd, int interest) {
        change.nativeOrder.putInt(Abi.EPOLL_EVENTS, interest);
        change.nativeOrder.putInt(Abi.EPOLL_DATA, fd);
        change.nativeOrder.putInt(Abi.EPOLL_DATA + Integer.BYTES, generations[fd]);
    }

    /** Not all are closed next, which the kernel would notice: one that failed would wake for ever. */
    @Override
    public void remove(int fd) {
        handlers[fd] = null;
        Libc.tryEpollCtl(epoll, Abi.EPOLL_CTL_DEL, fd, change);
    }

    @Override
    public void await(long nanos) {
        long millis = nanos <= 0 ? 0 : (nanos - 1) / 1_000_000 + 1;
        int wait = nanos == Long.MAX_VALUE ? -1 : (int) Math.min(millis, 3_600_000);
        ready = Libc.epoll_wait(epoll, events, wait);
    }

    @Override
    public void handle() throws Failure {
        for (int i = 0; i < ready; i++) {
            int at = i * Abi.EPOLL_SIZE;
            int fd = events.nativeOrder.getInt(at + Abi.EPOLL_DATA);
            Handler handler = handlers[fd];
            if (handler != null && events.nativeOrder.getInt(at + Abi.EPOLL_DATA + Integer.BYTES) == generations[fd]) {
                int what = events.nativeOrder.getInt(at + Abi.EPOLL_EVENTS);
                handler.ready((what & Abi.EPOLLOUT) != 0, (what & (Abi.EPOLLERR | Abi.EPOLLHUP)) != 0);
            }
        }
    }

    @Override
    public void wake() {
        waker.tell();
    }

    /** Somebody woke the loop, which is all that had to happen. */
    @Override
    public void ready(boolean writable, boolean failed) {
        waker.take();
    }
}
