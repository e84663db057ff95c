package simplevpn;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;
import simplevpn.linux.LocalSocket;
import simplevpn.tunnel.Timer;
import simplevpn.tunnel.Timers;

/**
 * A service manager that is told how this program is (sd_notify(3)): that it is ready, what it does, that its loop
 * still turns, that it ends. Datagrams to the unix socket that NOTIFY_SOCKET names; without that variable this class is
 * not even loaded.
 *
 * <p>All but the last words are sent by timers of the loop, so that a loop that hangs shows no sign of life. A service
 * manager that does not read, or is gone, costs one attempt a second and nothing else.
 */
final class Notify extends Supervisor {
    /** At least so long between two descriptions, and between two attempts: nanoseconds. */
    private static final long INTERVAL = 1_000_000_000L;
    private static final int MAX_MESSAGE = 512;

    private final Timers timers;
    private final int fd;
    private final Buffer name;
    private final Buffer text = Buffer.permanent(MAX_MESSAGE);
    /** Nanoseconds between two signs of life, 0 for none. */
    private final long lifeInterval;

    private boolean ready;
    private boolean readySent;
    private String status = "";
    private long nextAttempt;

    private final Timer news = new Timer() {
        @Override
        protected void expired(long now) {
            sendNews(now);
        }
    };
    private final Timer life = new Timer() {
        @Override
        protected void expired(long now) {
            send("WATCHDOG=1");
            timers.set(life, now + lifeInterval);
        }
    };

    private Notify(Timers timers, int fd, Buffer name, long lifeInterval, long now) {
        this.timers = timers;
        this.fd = fd;
        this.name = name;
        this.lifeInterval = lifeInterval;
        nextAttempt = now;
        if (lifeInterval != 0) {
            timers.set(life, now);
        }
    }

    /**
     * Finds the service manager.
     *
     * @param socket NOTIFY_SOCKET: a path, or an abstract name (unix(7)) with {@code @} for its zero byte
     * @param microseconds WATCHDOG_USEC: a program that shows no sign of life for so long is killed; or {@code null}
     * @param process WATCHDOG_PID: whose signs of life are meant; {@code null} for whoever reads it
     * @return nobody when this socket cannot be had, which is logged
     */
    static Supervisor to(String socket, String microseconds, String process, Timers timers, long now) {
        Buffer name = LocalSocket.name(socket);
        int fd = name != null ? Libc.socket(Abi.AF_UNIX, Abi.SOCK_DGRAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0)
                : -Errno.EAFNOSUPPORT;
        if (fd < 0) {
            Log.event("NOTIFY_SOCKET " + socket + ": " + Errno.text(-fd) + ": the service manager is told nothing");
            return new Supervisor();
        }
        boolean mine = process == null || process.isEmpty() || process.equals(Integer.toString(Libc.getpid()));
        // Half of what is allowed, so that a turn of the loop may come late.
        long lifeInterval = mine ? 500 * number(microseconds) : 0;
        Notify notify = new Notify(timers, fd, name, lifeInterval, now);
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

    @Override
    void ready(long now) {
        if (!ready) {
            ready = true;
            nextAttempt = now;
            timers.set(news, now);
        }
    }

    /** Control characters become spaces, whoever said the words: a line break would begin another message. */
    @Override
    void status(String words) {
        String line = Log.oneLine(new StringBuilder(words)).toString();
        if (!line.equals(status)) {
            status = line;
            timers.set(news, nextAttempt);
        }
    }

    private void sendNews(long now) {
        nextAttempt = now + INTERVAL;
        if (send((ready && !readySent ? "READY=1\nSTATUS=" : "STATUS=") + status)) {
            readySent = ready;
        } else {
            timers.set(news, nextAttempt);
        }
    }

    @Override
    void stopping() {
        send("STOPPING=1\nSTATUS=ending");
    }

    private boolean send(String message) {
        byte[] encoded = message.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(encoded.length, MAX_MESSAGE);
        text.bytes.put(0, encoded, 0, length);
        // A service manager that was started anew has another socket of the same name.
        return Libc.tryWrite(fd, text, 0, length) >= 0 || (connect() && Libc.tryWrite(fd, text, 0, length) >= 0);
    }

    private boolean connect() {
        return Libc.connect(fd, name, name.size) >= 0;
    }
}
