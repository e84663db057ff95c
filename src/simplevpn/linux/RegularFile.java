package simplevpn.linux;

import simplevpn.base.Failure;

/** Files that are on a disk, and neither a pipe, on which a reader might wait for ever, nor a device. */
final class RegularFile {
    private RegularFile() {
    }

    /** Opens one for reading; returns the descriptor. */
    static int open(String path) throws Failure {
        // Opening a pipe would wait for somebody who writes.
        int fd = Libc.open(path, Abi.O_NONBLOCK | Abi.O_CLOEXEC);
        if (fd < 0) {
            throw Errno.failure("open " + path, fd, "");
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
}
