package simplevpn.protocol;

/**
 * Finds out for how long a line's NATs and firewalls remember a connection that is silent: the idle time is doubled
 * each time a keepalive that came after one is answered; when twice what was sent after one is not, and the connection
 * is dead, the one before it stays. Does no I/O and reads no clock.
 */
public final class AutoKeepalive {
    /** Seconds of a month of 30 days. */
    private static final long MONTH = 30L * 24 * 3600;
    /** Bytes of an IPv4 and an IPv6 header, and of a TCP header with time stamps (RFC 7323). */
    private static final int IPV4 = 20;
    private static final int IPV6 = 40;
    private static final int TCP = 32;
    /** Bytes that a TLS 1.3 record takes more than what is in it: header, type and tag (RFC 8446, 5.2). */
    private static final int RECORD = 22;

    /** What the server wants of those who wish nothing, seconds. */
    private final int usual;
    /** The longest silence that was outlived, and the shortest that was not, seconds; 0 while there is none. */
    private int survived;
    private int failed;
    /** What the server grants at most, seconds. */
    private int most = Silence.LONGEST_IDLE;
    /** A silence that was not outlived, seconds, while there was one: that may have had another reason; otherwise 0. */
    private int struck;

    /**
     * @param usual the idle time to begin with, seconds
     * @param survived of an earlier run on the same network, or 0; what is of no use is not taken
     * @param failed the same
     */
    public AutoKeepalive(int usual, int survived, int failed) {
        this.usual = usual;
        if (survived > usual && survived <= Silence.LONGEST_IDLE && (failed == 0 || failed > survived)) {
            this.survived = survived;
            this.failed = failed;
        }
    }

    /** The idle time that is to be tried, or to be kept, seconds. */
    public int wanted() {
        if (survived == 0) {
            return usual;
        }
        int next = Math.min(2 * survived, most);
        return Math.max(usual, failed != 0 && next >= failed ? Math.min(survived, most) : next);
    }

    /** Whether there is nothing more to be found out. */
    public boolean isSettled() {
        return survived != 0 && wanted() <= Math.max(usual, survived);
    }

    /** The longest silence that was outlived, seconds; 0 while there is none. */
    public int survived() {
        return survived;
    }

    /** The shortest silence that was not outlived, seconds; 0 while there is none. */
    public int failed() {
        return failed;
    }

    /** The server grants that idle time, seconds, where more was wanted. */
    public void limited(int granted) {
        most = Math.max(usual, granted);
    }

    /** A keepalive was answered that came after a silence of so many seconds. */
    public void answered(int silence) {
        struck = silence >= struck ? 0 : struck;
        survived = Math.max(survived, silence);
        if (silence >= failed) {
            failed = 0;
        }
    }

    /**
     * The connection is of no use any more, and nothing came back to what was sent after a silence of so many seconds.
     * Much less than what was outlived had another reason.
     */
    public void died(int silence) {
        if (silence <= survived / 2) {
            return;
        }
        if (struck == 0) {
            struck = silence;
            return;
        }
        int within = Math.max(struck, silence);
        struck = 0;
        if (within > survived) {
            failed = failed == 0 ? within : Math.min(failed, within);
        } else {
            failed = within;
            survived /= 2;
        }
    }

    /**
     * What goes over the line in 30 days when nothing but keepalives does, bytes: in each idle time one, its answer, to
     * which the server's acknowledgement is added, and the client's own acknowledgement.
     *
     * <pre>
     * (3 × (IP header + TCP header) + 2 × (frame + TLS record)) × 2,592,000 / idle
     * </pre>
     *
     * @param idle seconds
     * @param frame bytes of a keepalive, its tag included
     */
    public static long monthly(int idle, int frame, boolean ipv6, boolean tls) {
        long once = 3L * ((ipv6 ? IPV6 : IPV4) + TCP) + 2L * (frame + (tls ? RECORD : 0));
        return once * MONTH / idle;
    }
}
