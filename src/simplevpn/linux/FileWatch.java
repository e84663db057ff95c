package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * Whether a file is still the one that it was: a number that is another one as soon as it has been written, replaced or
 * removed, and a descriptor that gives a hint when it is worth looking at that (inotify(7)). A hint comes for anything
 * in the file's folder, and none does for what a symbolic link leads to elsewhere.
 */
public final class FileWatch {
    private static final int EVENTS = Abi.IN_CLOSE_WRITE | Abi.IN_MOVED_TO | Abi.IN_MOVED_FROM | Abi.IN_CREATE
            | Abi.IN_DELETE;
    private static final int ROOM = 4096;

    private final String path;
    private final Buffer status = Buffer.permanent(Abi.STATX_SIZE);
    private Buffer events;
    private int fd;

    /** Watches nothing yet. */
    public FileWatch(String path) {
        this.path = path;
    }

    /** What the file is now: 0 when there is none. */
    public long state() {
        if (Libc.statx(Abi.AT_FDCWD, path, status) < 0) {
            return 0;
        }
        long state = status.nativeOrder.getShort(Abi.STX_MODE);
        state = 31 * state + status.nativeOrder.getLong(Abi.STX_INO);
        state = 31 * state + status.nativeOrder.getLong(Abi.STX_SIZE);
        state = 31 * state + status.nativeOrder.getLong(Abi.STX_CTIME);
        return 31 * state + status.nativeOrder.getInt(Abi.STX_CTIME + Long.BYTES) | 1;
    }

    /** A descriptor that is readable when something in the file's folder has happened, for the {@link Poller}. */
    public int hints() throws Failure {
        String folder = Replacement.folder(path);
        fd = Libc.inotify_init1();
        int result = fd < 0 ? fd : Libc.inotify_add_watch(fd, folder, EVENTS);
        if (result < 0) {
            if (fd >= 0) {
                Libc.close(fd);
            }
            throw Errno.failure("inotify for " + folder, result, "");
        }
        events = Buffer.permanent(ROOM);
        return fd;
    }

    /** The hints are understood. */
    public void take() {
        while (Libc.tryRead(fd, events, 0, ROOM) > 0) { }
    }
}
