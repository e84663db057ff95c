package simplevpn.protocol;

/**
 * The deadlines of a client's connection: when it has to send a keepalive, and when its server counts as dead.
 *
 * <p>Times are nanoseconds of the loop's clock, passed in, and compared by difference only, so that an overflow does
 * not matter.
 */
public final class Keepalive {
    private static final long SECOND = 1_000_000_000L;
    /**
     * How a keepalive after a long silence is repeated, and when it has gone unanswered: the line is empty then, so
     * that an answer takes a round trip, and TCP has sent it five times.
     */
    private static final long REPEAT = 3 * SECOND;
    private static final long GIVE_UP = 10 * SECOND;

    /** The longest time in which something was sent and nothing heard, and that an answer may take to come. */
    private final long usual;
    private final long patience;
    private long idle;
    /** How long the server waits for a silent client. */
    private long timeout;
    private long sent;
    private long received;
    /** When the first frame was sent since something was heard; it counts while {@link #owed}. */
    private long first;
    private boolean owed;
    /** How long the line had been silent on both sides before that first frame; 0 for what is no trial of it. */
    private long gap;
    /** When the first of those keepalives was sent that no answer came to yet, and when the last. */
    private long asked;
    private long repeated;
    private boolean waiting;
    /** Whether that first one came after a silence longer than usual; and after one of the idle time, on both sides. */
    private boolean isQuick;
    private boolean slept;

    /**
     * @param idle nanoseconds of silence after which the client sends a keepalive
     * @param timeout nanoseconds without an answer after which the server is dead, and after which it gives up
     * @param now the time: as if something had just been sent and received
     */
    public Keepalive(long idle, long timeout, long now) {
        this.idle = idle;
        this.timeout = timeout;
        usual = idle;
        patience = timeout;
        sent = now;
        received = now;
    }

    /**
     * The times that a client goes by.
     *
     * @param timeout seconds without an answer after which the server is dead
     * @param answer of the server, which may want to hear something earlier than after a quarter of that
     */
    public static Keepalive ofClient(int timeout, Answer answer, long now) {
        int idle = Math.max(1, timeout / 4);
        if (answer.idle != 0) {
            idle = Math.min(idle, answer.idle);
        }
        return new Keepalive(idle * SECOND, timeout * SECOND, now);
    }

    /** The server has granted other times, seconds; how long an answer may take while there is traffic stays. */
    public void granted(int idleTime, int silence) {
        idle = idleTime * SECOND;
        timeout = silence * SECOND;
    }

    /** Seconds of silence after which the client sends a keepalive. */
    public int idle() {
        return (int) (idle / SECOND);
    }

    /** Seconds that an answer may take while there is traffic. */
    public int patience() {
        return (int) (patience / SECOND);
    }

    /**
     * Any frame was sent.
     *
     * @return whether {@link #untilClientActs} is less than it was, since an answer is waited for and idle is long
     */
    public boolean sent(long now) {
        long before = now - sent;
        sent = now;
        if (owed) {
            return false;
        }
        long silence = Math.min(before, now - received);
        gap = silence <= longest() ? Math.min(silence, idle) : 0;
        owed = true;
        first = now;
        return idle > usual;
    }

    /** Any frame, or a part of one, came in: an answer to whatever was asked. */
    public void received(long now) {
        received = now;
        waiting = false;
        owed = false;
    }

    /** Nanoseconds after which the peer counts as dead. */
    public long timeout() {
        return timeout;
    }

    /** Nanoseconds since anything came in; never negative. */
    public long silence(long now) {
        return Math.max(0, now - received);
    }

    /** Whether the server has heard nothing for the timeout, as after this host was asleep, so that it has given up. */
    public boolean isForgotten(long now) {
        return now - sent >= timeout;
    }

    /**
     * This program stood still until the time {@code now}: what the peer sent before may be on its way yet, so that its
     * silence counts from then on.
     */
    public void resumed(long now) {
        if (now - received > 0) {
            received = now;
        }
        if (now - asked > 0) {
            asked = now;
        }
    }

    /** A keepalive was sent, to which any frame is an answer. */
    public void asked(long now) {
        sent = now;
        repeated = now;
        if (!waiting) {
            waiting = true;
            asked = now;
            isQuick = idle > usual && !owed;
            long silence = now - received;
            slept = !owed && silence >= idle - idle / 8 && silence <= longest();
        }
    }

    /** As much as the line's NAT would have to remember, nanoseconds: not an hour in which this host was asleep. */
    private long longest() {
        return idle + idle / 8 + SECOND;
    }

    /** Whether an answer is waited for to a keepalive that came after the idle time of silence on both sides. */
    public boolean isWaking() {
        return waiting && slept;
    }

    /**
     * Seconds of silence on both sides of the line before what is not answered yet, a keepalive or anything else that
     * was sent; 0 where nothing is, or where that was no silence of this line. Never more than the idle time.
     */
    public int unansweredSilence() {
        return isWaking() ? idle() : owed ? (int) (gap / SECOND) : 0;
    }

    /**
     * Whether a client has to send a keepalive now: it has sent nothing for the idle time, or heard nothing for it
     * although it did send; where the idle time is a long one, for the usual time since it sent. One that is not
     * answered is repeated after the same, and sooner after a long silence.
     */
    public boolean due(long now) {
        return untilDue(now) <= 0;
    }

    private long untilDue(long now) {
        long left = idle - (now - sent);
        if (waiting) {
            return Math.min(left, (isQuick ? REPEAT : Math.min(usual, idle)) - (now - repeated));
        }
        left = Math.min(left, idle - (now - received));
        return owed ? Math.min(left, usual - (now - first)) : left;
    }

    /** Whether a client's keepalive went unanswered for as long as an answer may take. */
    public boolean unanswered(long now) {
        return waiting && untilUnanswered(now) <= 0;
    }

    private long untilUnanswered(long now) {
        return (isQuick ? Math.min(GIVE_UP, patience) : patience) - (now - asked);
    }

    /** Nanoseconds until {@link #due} or {@link #unanswered} can be true; 0 or less when one is. */
    public long untilClientActs(long now) {
        return waiting ? Math.min(untilDue(now), untilUnanswered(now)) : untilDue(now);
    }
}
