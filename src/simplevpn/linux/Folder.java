package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import simplevpn.base.Failure;

/** What is in a folder (getdents64(2)). */
public final class Folder {
    private static final int ROOM = 32 * 1024;
    /** {@code struct dirent64}: behind two numbers of 8 bytes its length; then a byte, and the name up to a zero. */
    private static final int LENGTH = 16;
    private static final int NAME = 19;

    private Folder() {
    }

    /**
     * The names of a folder's entries with a certain end, which is left out; none when there is no folder.
     *
     * @throws Failure when it cannot be read
     */
    public static List<String> names(String path, String suffix) throws Failure {
        List<String> names = new ArrayList<>();
        int fd = Libc.open(path, Abi.O_CLOEXEC);
        if (fd == -Errno.ENOENT) {
            return names;
        }
        int result = fd;
        if (fd >= 0) {
            Buffer entries = Buffer.temporary(ROOM);
            while ((result = Libc.once("getdents64", fd, entries.address, entries.size, 0)) > 0) {
                for (int at = 0; at < result; at += entries.nativeOrder.getShort(at + LENGTH)) {
                    String name = name(entries, at + NAME);
                    if (name.length() > suffix.length() && name.endsWith(suffix)) {
                        names.add(name.substring(0, name.length() - suffix.length()));
                    }
                }
            }
            entries.free();
            Libc.close(fd);
        }
        if (result < 0) {
            throw Errno.failure("open " + path, result,
                    result == -Errno.EACCES ? "only root, and the user whom the programs run as, may ask them" : "");
        }
        return names;
    }

    private static String name(Buffer entries, int at) {
        int end = at;
        while (entries.bytes.get(end) != 0) {
            end++;
        }
        byte[] bytes = new byte[end - at];
        entries.bytes.get(at, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
