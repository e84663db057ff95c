package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;

/**
 * Notices that a file was written, or that another one took its place (inotify(7)). Its folder is watched, since
 * editors and tools that are careful write a new file and move it there.
 */
public final class FileWatch {
    private static final int ROOM = 4096;

    private final int fd;
    private final byte[] name;
    private final Buffer events = Buffer.permanent(ROOM);

    /** @param path of the file, whose folder has to be there */
    public FileWatch(String path) throws Failure {
        int slash = path.lastIndexOf('/');
        String folder = slash < 0 ? "." : slash == 0 ? "/" : path.substring(0, slash);
        name = path.substring(slash + 1).getBytes(StandardCharsets.UTF_8);
        fd = Libc.inotify_init1();
        int result = fd < 0 ? fd : Libc.inotify_add_watch(fd, folder, Abi.IN_CLOSE_WRITE | Abi.IN_MOVED_TO);
        if (result < 0) {
            throw Errno.failure("inotify for " + folder, result, "");
        }
    }

    /** The descriptor, for the {@link Poller}: readable when something in the folder has changed. */
    public int fd() {
        return fd;
    }

    /** Whether the file has changed since this was last asked. */
    public boolean hasChanged() {
        boolean changed = false;
        int length;
        while ((length = Libc.read(fd, events, 0, ROOM)) > 0) {
            for (int at = 0; at < length; at += Abi.INOTIFY_NAME + events.nativeOrder.getInt(at + Abi.INOTIFY_LEN)) {
                changed |= isName(at + Abi.INOTIFY_NAME, events.nativeOrder.getInt(at + Abi.INOTIFY_LEN));
            }
        }
        return changed;
    }

    private boolean isName(int at, int length) {
        boolean same = length > name.length && events.bytes.get(at + name.length) == 0;
        for (int i = 0; same && i < name.length; i++) {
            same = events.bytes.get(at + i) == name[i];
        }
        return same;
    }
}
