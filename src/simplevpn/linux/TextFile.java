package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;

/** Small text files, read whole: a config file, or the lists that the kernel keeps under /proc (proc(5)). */
public final class TextFile {
    private TextFile() {
    }

    /**
     * Reads a file as UTF-8.
     *
     * @param most bytes that it has less than
     * @return the text, or {@code null} when it is longer
     * @throws Failure also when there are zeros in it, as after a loss of power
     */
    public static String read(String path, int most) throws Failure {
        return text(path, bytes(path, most), most);
    }

    /** The same of a file that is on a disk: no pipe, which may be silent, and no device. */
    public static String readRegular(String path, int most) throws Failure {
        return text(path, bytes(path, RegularFile.open(path), most), most);
    }

    /** The same of one that says what this program does, and so should be nobody's who only runs it. */
    public static String readConfig(String path, int most) throws Failure {
        return text(path, bytes(path, RegularFile.open(path, false), most), most);
    }

    /** Whether there is anything at a path. */
    public static boolean exists(String path) {
        return RegularFile.mode(path) != 0;
    }

    /** Whether there is a file without a byte at a path. */
    public static boolean isEmpty(String path) {
        return RegularFile.isEmpty(path);
    }

    private static String text(String path, byte[] bytes, int most) throws Failure {
        if (bytes.length == most) {
            return null;
        }
        for (byte b : bytes) {
            if (b == 0) {
                throw new Failure(Failure.USAGE,
                        path + ": has bytes of 0, and is no text: was it written when the power failed?");
            }
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /**
     * Reads the beginning of a file on a disk, or under /proc, as UTF-8.
     *
     * @param most bytes that are read
     */
    public static String beginning(String path, int most) throws Failure {
        return new String(bytes(path, RegularFile.open(path), most), StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String path, int most) throws Failure {
        int fd = Libc.open(path, Abi.O_CLOEXEC);
        if (fd < 0) {
            throw Errno.failure("open " + path, fd, "");
        }
        return bytes(path, fd, most);
    }

    private static byte[] bytes(String path, int fd, int most) throws Failure {
        Buffer content = Buffer.temporary(most);
        int length = 0;
        int result;
        while ((result = Libc.read(fd, content, length, most - length)) > 0) {
            length += result;
        }
        Libc.close(fd);
        byte[] bytes = new byte[length];
        content.bytes.get(0, bytes);
        content.free();
        if (result < 0) {
            throw Errno.failure("read " + path, result, "");
        }
        return bytes;
    }
}
