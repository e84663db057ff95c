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
            long user = Privileges.uid();
            throw Errno.failure("open " + path, fd, fd != -Errno.EACCES ? "" : "user " + user
                    + ", as whom this program runs, has to be able to read it: chown " + user + " " + path
                    + ", and chmod a+x the folders above");
        }
        if ((mode(fd) & Abi.S_IFMT) != Abi.S_IFREG) {
            Libc.close(fd);
            throw new Failure(Failure.USAGE, path + ": no file, but a folder, a pipe or a device");
        }
        return fd;
    }

    /** What it is, and who may do what with it (inode(7)); 0 when that cannot be told. */
    static int mode(int fd) {
        Buffer status = Buffer.temporary(Abi.STATX_SIZE);
        int result = Libc.statx(fd, "", status);
        int mode = status.nativeOrder.getShort(Abi.STX_MODE) & 0xffff;
        status.free();
        return result < 0 ? 0 : mode;
    }
}
