package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Log;

/**
 * The standard error output, written without ever waiting for whoever reads it: a pipe that is full, a terminal that
 * was stopped with Ctrl-S, a supervisor that hangs. Others may share it, so it is not made non-blocking for them: a
 * pipe or terminal is opened anew, as an open file of our own.
 */
public final class Stderr implements Log.Output {
    private static final int STDIN = 0;
    private static final int STDERR = 2;
    private static final String LINK = "/proc/self/fd/2";
    /** A line has at most so many bytes: as many as a pipe takes whole, if it takes any (PIPE_BUF, pipe(7)). */
    private static final int MAX_LINE = 4096;

    private final int fd;
    private final boolean isSocket;
    /** Whether the descriptor is shared and may block, so that it has to be asked before each line. */
    private final boolean mayBlock;
    private final Buffer line = Buffer.permanent(MAX_LINE);
    private final Buffer poll = Buffer.permanent(Abi.POLL_SIZE);
    /** The part of the last line that a terminal did not take. */
    private int restAt;
    private int restEnd;

    private Stderr(int fd, boolean isSocket, boolean mayBlock) {
        this.fd = fd;
        this.isSocket = isSocket;
        this.mayBlock = mayBlock;
    }

    /**
     * Opens it. Standard descriptors that are closed lead to /dev/null from then on: a connection that got one of their
     * numbers would be written the log.
     */
    public static Stderr open() {
        int opened;
        do {
            opened = Libc.open("/dev/null", Abi.O_RDWR);
        } while (opened >= 0 && opened <= STDERR);
        if (opened >= 0) {
            Libc.close(opened);
        }
        String target = Libc.readlink(LINK);
        if (target != null && target.startsWith("socket:")) {
            return new Stderr(STDERR, true, false);
        }
        if (isTerminal() || (target != null && target.startsWith("pipe:"))) {
            int own = Libc.open(LINK, Abi.O_WRONLY | Abi.O_NONBLOCK | Abi.O_NOCTTY | Abi.O_CLOEXEC);
            if (own >= 0) {
                return new Stderr(own, false, false);
            }
        }
        return new Stderr(STDERR, false, true);
    }

    /** Whether it is a terminal. */
    public static boolean isTerminal() {
        return Libc.isatty(STDERR) == 1;
    }

    /**
     * Whether it, or standard input, is a terminal that this program runs in the foreground of (tcgetpgrp(3)): a log
     * that goes into a file does not change whose program it is.
     */
    public static boolean isForeground() {
        return isForeground(STDERR) || isForeground(STDIN);
    }

    private static boolean isForeground(int fd) {
        return Libc.isatty(fd) == 1 && Libc.once("tcgetpgrp", fd, 0, 0, 0) == Libc.once("getpgrp", 0, 0, 0, 0);
    }

    /** Lets SIGQUIT be nothing: the VM would print what all its threads do, to a user who pressed a key. */
    public static void ignoreQuit() {
        Libc.signal(Abi.SIGQUIT, Abi.SIG_IGN);
    }

    @Override
    public boolean write(String text) {
        if (!flush()) {
            return false;
        }
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(encoded.length, MAX_LINE - 1);
        line.bytes.put(0, encoded, 0, length);
        line.bytes.put(length, (byte) '\n');
        restAt = 0;
        restEnd = length + 1;
        flush();
        if (restAt == 0) {
            restEnd = 0;
            return false;
        }
        return true;
    }

    /** Writes what is left of the last line; returns whether all of it is written. */
    private boolean flush() {
        while (restAt < restEnd) {
            int result = isWritable() ? write() : -Errno.EAGAIN;
            if (result == -Errno.EAGAIN || result == 0) {
                return false;
            }
            // Whatever else fails, a reader that is gone or a full disk, is nothing that could be told anybody.
            restAt = result < 0 ? restEnd : restAt + result;
        }
        return true;
    }

    private boolean isWritable() {
        poll.nativeOrder.putInt(Abi.POLL_FD, fd);
        poll.nativeOrder.putShort(Abi.POLL_EVENTS, (short) Abi.POLLOUT);
        return !mayBlock || Libc.poll(poll, 0) > 0;
    }

    private int write() {
        int length = restEnd - restAt;
        return isSocket ? Libc.send(fd, line, restAt, length, Abi.MSG_DONTWAIT | Abi.MSG_NOSIGNAL)
                : Libc.write(fd, line, restAt, length);
    }
}
