package simplevpn.linux;

import simplevpn.base.Failure;

/** Files that are on a disk, and neither a pipe, on which a reader might wait for ever, nor a device. */
final class RegularFile {
    private RegularFile() {
    }

    /** Opens one for reading; returns the descriptor. */
    static int open(String path) throws Failure {
        return open(path, true);
    }

    /** @param own whether it may belong to the user as whom this program runs, or had better not */
    static int open(String path, boolean own) throws Failure {
        // Opening a pipe would wait for somebody who writes.
        int fd = Libc.open(path, Abi.O_NONBLOCK | Abi.O_CLOEXEC);
        if (fd < 0) {
            long user = Privileges.uid();
            throw Errno.failure("open " + path, fd, fd != -Errno.EACCES ? "" : "user " + user
                    + ", as whom this program runs, has to be able to read it: " + (own ? "chown " + user : "chmod a+r")
                    + " " + path + ", and chmod a+x the folders above");
        }
        if ((mode(fd) & Abi.S_IFMT) != Abi.S_IFREG) {
            Libc.close(fd);
            throw failure(path);
        }
        return fd;
    }

    /** What to say of something else. */
    static Failure failure(String path) {
        return new Failure(Failure.USAGE, path + ": no file, but a folder, a pipe or a device");
    }

    /** What an open file is, and who may do what with it (inode(7)); 0 when that cannot be told. */
    static int mode(int fd) {
        return mode(fd, "");
    }

    /** The same of what is at a path; 0 for nothing. */
    static int mode(String path) {
        return mode(Abi.AT_FDCWD, path);
    }

    private static int mode(int fd, String path) {
        Buffer status = Buffer.temporary(Abi.STATX_SIZE);
        int result = Libc.statx(fd, path, status);
        int mode = status.nativeOrder.getShort(Abi.STX_MODE) & 0xffff;
        status.free();
        return result < 0 ? 0 : mode;
    }

    /** Whether there is one at a path that has no bytes. */
    static boolean isEmpty(String path) {
        Buffer status = Buffer.temporary(Abi.STATX_SIZE);
        boolean empty = Libc.statx(Abi.AT_FDCWD, path, status) >= 0
                && (status.nativeOrder.getShort(Abi.STX_MODE) & Abi.S_IFMT) == Abi.S_IFREG
                && status.nativeOrder.getLong(Abi.STX_SIZE) == 0;
        status.free();
        return empty;
    }

    /**
     * A file that root has made belongs to whoever has its folder, which is who will need it: it would be easy for that
     * one to put another there.
     */
    static void giveAway(int fd, String path) {
        Buffer status = Buffer.temporary(Abi.STATX_SIZE);
        if (Libc.statx(Abi.AT_FDCWD, Replacement.folder(path), status) >= 0) {
            Libc.fchown(fd, status.nativeOrder.getInt(Abi.STX_UID), status.nativeOrder.getInt(Abi.STX_GID));
        }
        status.free();
    }

    /** Waits until the disk has the names in a file's folder: a new one is lost with the power otherwise (fsync(2)). */
    static void syncFolder(String path) {
        int fd = Libc.open(Replacement.folder(path), Abi.O_CLOEXEC);
        if (fd >= 0) {
            Libc.fsync(fd);
            Libc.close(fd);
        }
    }

    /** Whether what is at a path belongs to the user with that number. */
    static boolean belongsTo(long uid, String path) {
        Buffer status = Buffer.temporary(Abi.STATX_SIZE);
        boolean its = Libc.statx(Abi.AT_FDCWD, path, status) >= 0
                && (status.nativeOrder.getInt(Abi.STX_UID) & 0xffff_ffffL) == uid;
        status.free();
        return its;
    }
}
