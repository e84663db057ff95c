package simplevpn.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import simplevpn.base.Failure;
import simplevpn.linux.Handler;
import simplevpn.linux.Poller;

/** A poller of {@link MemoryKernel}'s descriptors, level-triggered like epoll. It never waits. */
public final class MemoryPoller implements Poller {
    private final MemoryKernel kernel;
    private final Map<Integer, Watch> watched = new TreeMap<>();
    private List<Event> events = List.of();
    /** How many descriptors may be added before the kernel has no memory for more. */
    public int room = Integer.MAX_VALUE;
    /** For how long it was to wait each time, and how often somebody woke it. */
    public final List<Long> waits = new ArrayList<>();
    public int wakes;
    /** What happens meanwhile: time that passes, say. */
    public LongConsumer whileWaiting = nanos -> { };
    public Runnable whileWaking = () -> { };

    private static final class Watch {
        private final Handler handler;
        private int interest;

        Watch(Handler handler, int interest) {
            this.handler = handler;
            this.interest = interest;
        }
    }

    private record Event(int fd, Watch watch, boolean writable, boolean failed) {
    }

    /** A poller that watches nothing yet. */
    public MemoryPoller(MemoryKernel kernel) {
        this.kernel = kernel;
    }

    @Override
    public void add(int fd, int interest, Handler handler) throws Failure {
        if (watched.size() >= room) {
            throw new Failure(Failure.SYSTEM, "epoll_ctl: ENOSPC");
        }
        watched.put(fd, new Watch(handler, interest));
    }

    @Override
    public boolean change(int fd, int interest) {
        Watch watch = watched.get(fd);
        if (watch != null) {
            watch.interest = interest;
        }
        return watch != null;
    }

    @Override
    public void remove(int fd) {
        watched.remove(fd);
    }

    @Override
    public void await(long nanos) {
        waits.add(nanos);
        whileWaiting.accept(nanos);
        events = ready();
    }

    private List<Event> ready() {
        List<Event> found = new ArrayList<>();
        watched.forEach((fd, watch) -> {
            MemoryKernel.Descriptor descriptor = kernel.descriptor(fd);
            boolean readable = descriptor.isReadable() && (watch.interest & READ) != 0;
            boolean writable = descriptor.isWritable() && (watch.interest & WRITE) != 0;
            if (readable || writable || descriptor.hasFailed()) {
                found.add(new Event(fd, watch, writable, descriptor.hasFailed()));
            }
        });
        return found;
    }

    /** Whether {@link #await} would find something. */
    public boolean isReady() {
        return !ready().isEmpty();
    }

    /** What a descriptor is watched for; −1 if it is not. */
    public int interest(int fd) {
        Watch watch = watched.get(fd);
        return watch == null ? -1 : watch.interest;
    }

    @Override
    public void handle() throws Failure {
        for (Event event : events) {
            if (watched.get(event.fd) == event.watch) {
                event.watch.handler.ready(event.writable, event.failed);
            }
        }
        events = List.of();
    }

    @Override
    public void wake() {
        wakes++;
        whileWaking.run();
    }
}
