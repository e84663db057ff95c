package simplevpn.linux;

import java.util.Arrays;
import simplevpn.base.Failure;

/** Small files that nobody but their owner may read. */
public final class SecretFile {
    /** Bits of a file's mode that let others at it. */
    private static final int OTHERS = 0077;

    private SecretFile() {
    }

    /**
     * Reads a file whole.
     *
     * @param most bytes that it has less than
     * @return its bytes, to be wiped, or {@code null} when it is longer
     * @throws Failure also when others may read or write it
     */
    public static byte[] read(String path, int most) throws Failure {
        int fd = RegularFile.open(path);
        Buffer content = Buffer.temporary(most);
        try {
            int mode = RegularFile.mode(fd);
            if ((mode & OTHERS) != 0) {
                throw new Failure(Failure.USAGE, path + ": others may read or write it (mode "
                        + Integer.toOctalString(mode & 0777) + "); chmod 600 " + path + " makes it its owner's alone");
            }
            int length = 0;
            int result;
            while ((result = Libc.read(fd, content, length, most - length)) > 0) {
                length += result;
            }
            if (result < 0) {
                throw Errno.failure("read " + path, result, "");
            }
            if (length == most) {
                return null;
            }
            byte[] bytes = new byte[length];
            content.bytes.get(0, bytes);
            return bytes;
        } finally {
            wipe(content);
            Libc.close(fd);
        }
    }

    /**
     * Makes a file, for its owner alone from the first byte on; never one that is there already, unless it is empty:
     * the power failed when it was made. One that root makes belongs to whoever has the folder.
     *
     * @param bytes what is written into it; zeros afterwards
     */
    public static void create(String path, byte[] bytes) throws Failure {
        if (RegularFile.isEmpty(path)) {
            Libc.unlink(path);
        }
        int fd = Libc.open(path, Abi.O_RDWR | Abi.O_CREAT | Abi.O_EXCL | Abi.O_CLOEXEC);
        if (fd < 0) {
            throw Errno.failure("create " + path, fd,
                    fd == -Errno.EEXIST ? "a file that is there is never overwritten" : "");
        }
        Buffer content = Buffer.temporary(Math.max(1, bytes.length));
        content.bytes.put(0, bytes);
        int result = Libc.pwrite(fd, content, bytes.length);
        boolean whole = result == bytes.length;
        if (whole) {
            // A board may lose its power in the next second.
            result = Libc.fsync(fd);
        }
        RegularFile.giveAway(fd, path);
        RegularFile.syncFolder(path);
        Arrays.fill(bytes, (byte) 0);
        wipe(content);
        Libc.close(fd);
        if (result < 0 || !whole) {
            Libc.unlink(path);
            throw Errno.failure("write " + path, result < 0 ? result : -Errno.ENOSPC, "");
        }
    }

    private static void wipe(Buffer content) {
        for (int i = 0; i < content.size; i++) {
            content.bytes.put(i, (byte) 0);
        }
        content.free();
    }
}
