package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;

/**
 * A text that takes the place of a file in one step: whoever reads finds the old one or the new one whole, also after a
 * loss of power (rename(2)). It keeps the file's mode and owner; where there is none, it belongs to whoever has the
 * folder, and nobody else may read it.
 */
public final class Replacement {
    /** What a file is called while it is written. */
    public static final String SUFFIX = ".new";
    /** Symbolic links that are followed at most (path_resolution(7)). */
    private static final int MOST_LINKS = 40;
    private static final int ALL_MODES = 07777;

    private static final int EVERYBODY_READS = 0644;

    private final String path;
    private final boolean passing;

    /**
     * Writes the text beside the file, and waits until the disk has it. The file itself is as it was.
     *
     * @param file its path; a symbolic link is followed, by root only where its folder is root's
     * @throws Failure for example when the disk is full, or the folder somebody else's
     */
    public Replacement(String file, String text) throws Failure {
        this(file, text, false);
    }

    /**
     * The same of a file that may be for everybody, and of which a new one is written after each start: everybody may
     * read it, and nobody waits for the disk.
     */
    public Replacement(String file, String text, boolean passing) throws Failure {
        this.passing = passing;
        path = behindLinks(file);
        int kind = RegularFile.mode(path) & Abi.S_IFMT;
        if (kind != 0 && kind != Abi.S_IFREG) {
            throw RegularFile.failure(path);
        }
        Libc.unlink(path + SUFFIX);
        int fd = Libc.open(path + SUFFIX, Abi.O_WRONLY | Abi.O_CREAT | Abi.O_EXCL | Abi.O_CLOEXEC);
        if (fd < 0) {
            throw failure(fd);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Buffer content = Buffer.temporary(Math.max(1, bytes.length));
        content.bytes.put(0, bytes);
        int result = bytes.length == 0 ? 0 : Libc.write(fd, content, 0, bytes.length);
        content.free();
        if (result >= 0 && result < bytes.length) {
            result = -Errno.ENOSPC;
        }
        if (result >= 0 && passing) {
            Libc.fchmod(fd, EVERYBODY_READS);
        } else if (result >= 0) {
            inherit(fd);
            result = Libc.fsync(fd);
        }
        Libc.close(fd);
        if (result < 0) {
            undo();
            throw failure(result);
        }
    }

    private Failure failure(int result) {
        return Errno.failure("write " + path + SUFFIX, result, result == -Errno.EACCES
                ? "the folder " + folder(path) + " has to belong to the user that this program runs as" : "");
    }

    /** Mode and owner of the file that there is, or the owner of its folder; without privileges it stays our own. */
    private void inherit(int fd) {
        Buffer status = Buffer.temporary(Abi.STATX_SIZE);
        if (Libc.statx(Abi.AT_FDCWD, path, status) >= 0) {
            Libc.fchown(fd, status.nativeOrder.getInt(Abi.STX_UID), status.nativeOrder.getInt(Abi.STX_GID));
            Libc.fchmod(fd, status.nativeOrder.getShort(Abi.STX_MODE) & ALL_MODES);
        } else {
            RegularFile.giveAway(fd, path);
        }
        status.free();
    }

    /** The text is the file from now on. */
    public void commit() throws Failure {
        int result = Libc.rename(path + SUFFIX, path);
        if (result < 0) {
            undo();
            throw Errno.failure("rename " + path + SUFFIX + " to " + path, result, "");
        }
        if (!passing) {
            RegularFile.syncFolder(path);
        }
    }

    /** The file stays as it was. */
    public void undo() {
        Libc.unlink(path + SUFFIX);
    }

    /** Checks that a user whom root will become can replace a file then: its folder has to be that user's. */
    public static void check(String file, User user) throws Failure {
        String folder = folder(behindLinks(file));
        if (user.uid != 0 && !RegularFile.belongsTo(user.uid, folder)) {
            throw new Failure(Failure.USAGE, "the folder " + folder + " has to belong to " + user.name
                    + ", as whom the server writes there: chown " + user.name + " " + folder + " (see --user)");
        }
    }

    /** Makes the folder of a file, if there is none, for a user, and so that everybody may look into it. */
    public static void makeFolder(String file, User user) {
        String folder = folder(file);
        if (Libc.mkdir(folder) < 0) {
            return;
        }
        int fd = Libc.open(folder, Abi.O_CLOEXEC);
        if (fd >= 0) {
            Libc.fchmod(fd, EVERYBODY_READS | 0111);
            Libc.close(fd);
        }
        if (user != null) {
            user.own(folder);
        }
    }

    /** The folder that a file is in. */
    static String folder(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "." : slash == 0 ? "/" : path.substring(0, slash);
    }

    private static String behindLinks(String file) throws Failure {
        String path = file;
        for (int i = 0; i < MOST_LINKS; i++) {
            String target = Libc.readlink(path);
            if (target == null) {
                break;
            }
            // Another user's link may lead anywhere, and root may write anywhere.
            if (Privileges.uid() == 0 && !RegularFile.belongsTo(0, folder(path))) {
                throw new Failure(Failure.USAGE, path + " is a symbolic link in a folder that is not root's: name the"
                        + " file that it leads to");
            }
            path = target.startsWith("/") ? target : folder(path) + "/" + target;
        }
        return path;
    }
}
