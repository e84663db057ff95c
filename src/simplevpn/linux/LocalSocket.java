package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import simplevpn.base.Failure;

/**
 * A stream socket of this machine alone, at a path (unix(7)): a program listens there for short questions of its owner
 * and root, and nobody else. The other end is {@link #ask}.
 */
public final class LocalSocket implements Acceptor {
    /** Who asks, while another one is answered, waits in the kernel: so many. */
    private static final int BACKLOG = 8;
    /** What is taken from the mode of what is made meanwhile (umask(2)): it is for its owner alone. */
    private static final int OTHERS = 0177;
    private static final int FIRST_PIECE = 64 * 1024;
    /** How often the folder's lock is tried, and the milliseconds between: who needs it has it for one. */
    private static final int LOCK_TRIES = 10;
    private static final int LOCK_PAUSE = 20;

    private final String path;
    private final int fd;
    private int error;

    private LocalSocket(String path, int fd) {
        this.path = path;
        this.fd = fd;
    }

    /**
     * The {@code struct sockaddr_un} of a socket, all of its bytes in use.
     *
     * @param path from the root on, or an abstract name with {@code @} for its zero byte
     * @return {@code null} when it can be none
     */
    public static Buffer name(String path) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length < 2 || bytes.length >= Abi.SUN_SIZE - Abi.SUN_PATH || (bytes[0] != '/' && bytes[0] != '@')) {
            return null;
        }
        Buffer name = Buffer.permanent(Abi.SUN_PATH + bytes.length);
        name.nativeOrder.putShort(Abi.SUN_FAMILY, (short) Abi.AF_UNIX);
        name.bytes.put(Abi.SUN_PATH, bytes);
        if (bytes[0] == '@') {
            name.bytes.put(Abi.SUN_PATH, (byte) 0);
        }
        return name;
    }

    /**
     * Listens at a path. What a program that was killed left there is replaced.
     *
     * @return {@code null} when another program answers there
     * @throws Failure when nothing can be made there, which as a rule is since the folder is somebody else's
     */
    public static LocalSocket listen(String path) throws Failure {
        Buffer name = name(path);
        if (name == null) {
            throw new Failure(Failure.SYSTEM, path + ": no path that a socket can have");
        }
        FolderLock lock = lock(path);
        try {
            int result = clear(path, name);
            return result >= 0 || result == -Errno.EAGAIN ? null : new LocalSocket(path, bound(path, name));
        } finally {
            lock.close();
        }
    }

    /** The folder's lock, which whoever may read the folder can take, and keep: it is not waited for long. */
    private static FolderLock lock(String path) throws Failure {
        for (int tries = 1;; tries++) {
            try {
                return new FolderLock(path, false);
            } catch (Failure e) {
                if (tries == LOCK_TRIES) {
                    throw e;
                }
                await(-1, LOCK_PAUSE);
            }
        }
    }

    /**
     * Removes what a program that was killed left at a path: as root, also where that was another user's, who alone may
     * connect to it.
     */
    public static void clear(String path) {
        Buffer name = name(path);
        if (name != null) {
            clear(path, name);
        }
    }

    /** The same; returns 0 when somebody listens there, or −errno. */
    private static int clear(String path, Buffer name) {
        int result = connect(name);
        if (result >= 0) {
            Libc.close(result);
            return 0;
        }
        if (result == -Errno.ECONNREFUSED) {
            Libc.unlink(path);
        }
        return result;
    }

    private static int bound(String path, Buffer name) throws Failure {
        int fd = Libc.socket(Abi.AF_UNIX, Abi.SOCK_STREAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw Errno.failure("socket for " + path, fd, "");
        }
        int before = Libc.once("umask", OTHERS, 0, 0, 0);
        int result = Libc.bind(fd, name, name.size);
        Libc.once("umask", before, 0, 0, 0);
        if (result >= 0) {
            result = Libc.listen(fd, BACKLOG);
        }
        if (result < 0) {
            Libc.close(fd);
            throw Errno.failure("bind " + path, result, "");
        }
        return fd;
    }

    /** A descriptor that does not block, or −errno: ECONNREFUSED when whoever listened does not any more. */
    private static int connect(Buffer name) {
        int fd = Libc.socket(Abi.AF_UNIX, Abi.SOCK_STREAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
        int result = fd < 0 ? fd : Libc.connect(fd, name, name.size);
        if (result < 0 && fd >= 0) {
            Libc.close(fd);
        }
        return result < 0 ? result : fd;
    }

    /**
     * Asks the program that listens at a path, and waits for all that it says.
     *
     * @param question with its line break
     * @param millis how long it may say nothing
     * @return {@code null} when nobody listens there
     * @throws Failure also when it does not answer
     */
    public static byte[] ask(String path, String question, int millis) throws Failure {
        Buffer name = name(path);
        int fd = name == null ? -Errno.ENOENT : connect(name);
        if (fd == -Errno.ECONNREFUSED || fd == -Errno.ENOENT) {
            return null;
        }
        if (fd < 0) {
            throw Errno.failure("connect " + path, fd, switch (-fd) {
                case Errno.EACCES -> "only root, and the user whom that program runs as, may ask it";
                case Errno.EAGAIN -> "others ask it at this moment; try again";
                default -> "";
            });
        }
        byte[] text = question.getBytes(StandardCharsets.UTF_8);
        Buffer piece = Buffer.temporary(FIRST_PIECE);
        piece.bytes.put(0, text);
        int result = Libc.write(fd, piece, 0, text.length);
        byte[] answer = new byte[FIRST_PIECE];
        int length = 0;
        while (result > 0) {
            result = await(fd, millis) ? Libc.read(fd, piece, 0, piece.size) : -Errno.ETIMEDOUT;
            if (result > answer.length - length) {
                answer = Arrays.copyOf(answer, 2 * answer.length);
            }
            piece.bytes.get(0, answer, length, Math.max(0, result));
            length += Math.max(0, result);
        }
        Libc.close(fd);
        piece.free();
        if (result < 0) {
            throw Errno.failure("read " + path, result, "the program there does not answer");
        }
        return Arrays.copyOf(answer, length);
    }

    /** Waits until there is something to read, of a descriptor of −1 until the time is over (poll(2)). */
    private static boolean await(int fd, int millis) {
        Buffer poll = Buffer.temporary(Abi.POLL_SIZE);
        poll.nativeOrder.putInt(Abi.POLL_FD, fd);
        poll.nativeOrder.putShort(Abi.POLL_EVENTS, (short) Abi.POLLIN);
        int ready = Libc.poll(poll, millis);
        poll.free();
        return ready > 0;
    }

    @Override
    public int fd() {
        return fd;
    }

    /** Nowhere in a network. */
    @Override
    public Endpoint address() {
        return null;
    }

    @Override
    public Stream accept() {
        Buffer none = Buffer.temporary(Abi.SUN_SIZE);
        Buffer length = Buffer.temporary(Integer.BYTES);
        int connection = Libc.accept4(fd, none, length);
        none.free();
        length.free();
        if (connection < 0) {
            error = connection;
            return null;
        }
        return Tcp.local(connection);
    }

    @Override
    public int error() {
        return error;
    }

    /** Nobody listens any more, and there is nothing at the path. */
    public void close() {
        Libc.close(fd);
        Libc.unlink(path);
    }
}
