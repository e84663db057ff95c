package simplevpn.linux;

import simplevpn.base.Failure;

/** A folder that only one program at a time changes, of those that ask for this lock (flock(2)). */
public final class FolderLock implements AutoCloseable {
    private final int fd;

    /**
     * Takes the lock of the folder that a file is in.
     *
     * @param mayWait whether to wait until whoever has it gives it back
     */
    public FolderLock(String path, boolean mayWait) throws Failure {
        String folder = Replacement.folder(path);
        fd = Libc.open(folder, Abi.O_CLOEXEC);
        if (fd < 0) {
            throw Errno.failure("open " + folder, fd, "");
        }
        int result = Libc.flock(fd, mayWait ? Abi.LOCK_EX : Abi.LOCK_EX | Abi.LOCK_NB);
        if (result < 0) {
            Libc.close(fd);
            throw Errno.failure("flock " + folder, result, "another program changes what is in it at this moment");
        }
    }

    /** Gives it back. */
    @Override
    public void close() {
        Libc.close(fd);
    }
}
