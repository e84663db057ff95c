package simplevpn;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;

/**
 * Tells a service manager how this program is (sd_notify(3)): that it is ready, what it does, that its loop still
 * turns, that it ends. Datagrams to the unix socket that NOTIFY_SOCKET names; without that variable {@link Daemon} does
 * not even load this class.
 *
 * <p>Nothing is sent but by the loop, which folds {@link #untilDue} into its next deadline: a loop that hangs sends no
 * sign of life. A service manager that does not read, or is gone, costs a try a second and nothing else.
 */
final class Notify {
    /** At least so long between two descriptions, and between two tries: nanoseconds. */
    private static final long INTERVAL = 1_000_000_000L;
    private static final int MOST = 512;

    private final int fd;
    private final Buffer name;
    private final int nameLength;
    private final Buffer text = Buffer.permanent(MOST);
    /** Nanoseconds between two signs of life, 0 for none. */
    private final long lifeInterval;

    private boolean ready;
    private boolean readyTold;
    private String status = "";
    /** Whether the service manager does not know yet that this program is ready, or its status. */
    private boolean untold;
    private long nextTry;
    private long nextLife;

    private Notify(int fd, Buffer name, int nameLength, long lifeInterval, long now) {
        this.fd = fd;
        this.name = name;
        this.nameLength = nameLength;
        this.lifeInterval = lifeInterval;
        nextTry = now;
        nextLife = now;
    }

    /**
     * Finds the service manager.
     *
     * @param socket NOTIFY_SOCKET: a path, or an abstract name (unix(7)) with {@code @} for its zero byte
     * @param microseconds WATCHDOG_USEC: a program that shows no sign of life for so long is killed; or {@code null}
     * @param process WATCHDOG_PID: whose signs of life are meant; {@code null} for whoever reads it
     * @return {@code null} when this socket cannot be had, which is told as an event
     */
    static Notify to(String socket, String microseconds, String process, long now) {
        byte[] path = socket.getBytes(StandardCharsets.UTF_8);
        boolean known = path.length > 1 && path.length < Abi.SUN_SIZE - Abi.SUN_PATH
                && (path[0] == '/' || path[0] == '@');
        int fd = known ? Libc.socket(Abi.AF_UNIX, Abi.SOCK_DGRAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0)
                : -Errno.EAFNOSUPPORT;
        if (fd < 0) {
            Log.event("NOTIFY_SOCKET " + socket + ": " + Errno.text(-fd) + ": the service manager is told nothing");
            return null;
        }
        Buffer name = Buffer.permanent(Abi.SUN_SIZE);
        name.host.putShort(Abi.SUN_FAMILY, (short) Abi.AF_UNIX);
        name.bytes.put(Abi.SUN_PATH, path);
        if (path[0] == '@') {
            name.bytes.put(Abi.SUN_PATH, (byte) 0);
        }
        boolean mine = process == null || process.isEmpty() || process.equals(Integer.toString(Libc.getpid()));
        // Half of what is allowed, so that a turn of the loop may come late.
        long lifeInterval = mine ? 500 * number(microseconds) : 0;
        Notify notify = new Notify(fd, name, Abi.SUN_PATH + path.length, lifeInterval, now);
        notify.connect();
        return notify;
    }

    /** A positive decimal number of at most 15 digits; 0 for anything else. */
    private static long number(String digits) {
        long number = 0;
        for (int i = 0; digits != null && i < digits.length(); i++) {
            int digit = digits.charAt(i) - '0';
            if (digit < 0 || digit > 9 || i == 15) {
                return 0;
            }
            number = 10 * number + digit;
        }
        return number;
    }

    /** Says, the first time, that the program does its work now: nobody shall wait for that. */
    void ready(long now) {
        if (!ready) {
            ready = true;
            untold = true;
            nextTry = now;
        }
    }

    /**
     * Says what the program does. Whoever said the words in it, they are one line: the next would be another message.
     */
    void status(String words) {
        String line = Log.oneLine(new StringBuilder(words)).toString();
        if (!line.equals(status)) {
            status = line;
            untold = true;
        }
    }

    /** Says that the program ends. */
    void stopping() {
        send("STOPPING=1\nSTATUS=ending");
    }

    /** Nanoseconds until {@link #act} has something to do; 0 or less when it has, {@link Long#MAX_VALUE} for never. */
    long untilDue(long now) {
        long until = untold ? nextTry - now : Long.MAX_VALUE;
        return lifeInterval == 0 ? until : Math.min(until, nextLife - now);
    }

    /** Sends what is due. */
    void act(long now) {
        if (untold && now - nextTry >= 0) {
            untold = !send((ready && !readyTold ? "READY=1\nSTATUS=" : "STATUS=") + status);
            readyTold |= ready && !untold;
            nextTry = now + INTERVAL;
        }
        if (lifeInterval != 0 && now - nextLife >= 0) {
            alive(now);
        }
    }

    /** Sends a sign of life now, before the loop does what may take long. */
    void alive(long now) {
        if (lifeInterval != 0) {
            send("WATCHDOG=1");
            nextLife = now + lifeInterval;
        }
    }

    private boolean send(String message) {
        byte[] encoded = message.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(encoded.length, MOST);
        text.bytes.put(0, encoded, 0, length);
        // A service manager that was started anew has another socket of the same name.
        return Libc.tryWrite(fd, text, 0, length) >= 0 || connect() && Libc.tryWrite(fd, text, 0, length) >= 0;
    }

    private boolean connect() {
        return Libc.connect(fd, name, nameLength) >= 0;
    }
}
