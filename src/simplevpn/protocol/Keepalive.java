package simplevpn.protocol;

/**
 * The deadlines of one connection: when its client has to send a keepalive, and when its peer counts as dead.
 *
 * <p>Times are nanoseconds of the loop's clock, passed in, and compared by difference only, so that an overflow does
 * not matter.
 */
public final class Keepalive {
    private static final long SECOND = 1_000_000_000L;

    private final long idle;
    private final long timeout;
    private long sent;
    private long received;
    /** When the first of those keepalives was sent that no answer came to yet, and when the last. */
    private long asked;
    private long repeated;
    private boolean waiting;

    /**
     * @param idle nanoseconds of silence after which the client sends a keepalive
     * @param timeout nanoseconds without an answer, or for a server without anything, after which the peer is dead
     * @param now the time: as if something had just been sent and received
     */
    public Keepalive(long idle, long timeout, long now) {
        this.idle = idle;
        this.timeout = timeout;
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

    /** Any frame was sent. */
    public void sent(long now) {
        sent = now;
    }

    /** Any frame, or a part of one, came in: an answer to whatever was asked. */
    public void received(long now) {
        received = now;
        waiting = false;
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
        }
    }

    /**
     * Whether a client has to send a keepalive now: it has sent nothing for the idle time, or heard nothing for it
     * although it did send. One that is not answered is repeated after the idle time.
     */
    public boolean due(long now) {
        return untilDue(now) <= 0;
    }

    private long untilDue(long now) {
        long quiet = idle - (now - sent);
        return Math.min(quiet, idle - (now - (waiting ? repeated : received)));
    }

    /** Whether a client's keepalive went unanswered for the timeout. */
    public boolean unanswered(long now) {
        return waiting && now - asked >= timeout;
    }

    /** Nanoseconds until {@link #due} or {@link #unanswered} can be true; 0 or less when one is. */
    public long untilClientActs(long now) {
        return waiting ? Math.min(untilDue(now), timeout - (now - asked)) : untilDue(now);
    }

    /** Nanoseconds until a server has received nothing for the timeout; 0 or less when it has. */
    public long untilSilent(long now) {
        return timeout - (now - received);
    }
}
