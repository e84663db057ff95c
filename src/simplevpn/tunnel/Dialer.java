package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Tcp;

/**
 * How a client finds its server: looks the name up anew for every attempt, tries all its addresses in turn, and pauses
 * between attempts, longer each time.
 */
public final class Dialer {
    private static final long FIRST_PAUSE = 1_000_000_000L;
    private static final long LONGEST_PAUSE = 30_000_000_000L;

    private final String host;
    private final int port;
    private Endpoint[] addresses = {};
    private int next;
    private long pause = FIRST_PAUSE;
    private long nextAttempt;
    /** Why the last attempt failed, as told: the same again is no news. */
    private String told = "";
    private long random;

    /**
     * @param host name or address of the server
     * @param seed of the pauses' jitter
     * @param now the time of the first attempt, {@link System#nanoTime}
     */
    public Dialer(String host, int port, long seed, long now) {
        this.host = host;
        this.port = port;
        random = seed;
        nextAttempt = now;
    }

    /** Looks the server up; blocks while a name server is asked. */
    public void lookUp() throws Failure {
        addresses = new Endpoint[0];
        next = 0;
        addresses = Endpoint.resolve(host, port, false);
    }

    /**
     * Begins to connect to the next of the addresses that does not fail at once.
     *
     * @return the connection begun, or {@code null} when no address is left
     * @throws Failure why the last address is of no use
     */
    public Tcp connect() throws Failure {
        while (next < addresses.length) {
            try {
                return Tcp.connect(addresses[next++]);
            } catch (Failure e) {
                if (next == addresses.length) {
                    throw e;
                }
            }
        }
        return null;
    }

    /** The attempt failed, for this reason: tells it if it is news, and pauses. */
    public void pause(String why, long now) {
        if (!why.equals(told)) {
            told = why;
            Log.event(why + "; trying again until it works");
        }
        // Between half the pause and the whole of it, so that not all clients of a server come back in the same moment.
        random = random * 6364136223846793005L + 1442695040888963407L;
        nextAttempt = now + pause / 2 + (random >>> 1) % (pause / 2);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
    }

    /** The reason of the next pause is told already. */
    public void told(String why) {
        told = why;
    }

    /** The server gave an address: the next pause is a short one, and its reason is news. */
    public void succeeded() {
        pause = FIRST_PAUSE;
        told = "";
    }

    /** Nanoseconds until the next attempt; 0 or less when it is time. */
    public long untilAttempt(long now) {
        return nextAttempt - now;
    }
}
