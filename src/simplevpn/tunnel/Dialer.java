package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Connector;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Stream;

/**
 * How a client finds its server: looks the name up anew for every attempt, tries all its addresses in turn, and pauses
 * between attempts, longer each time.
 */
public final class Dialer {
    private static final long FIRST_PAUSE = 1_000_000_000L;
    private static final long LONGEST_PAUSE = 30_000_000_000L;

    private final Connector connector;
    private final String server;
    private final int port;
    private Endpoint[] addresses = {};
    private int next;
    /** Why the last address was of no use, or the name. */
    private String why;
    private long pause = FIRST_PAUSE;
    /** Why the last attempt failed, as logged: the same again is no news. */
    private String logged = "";
    private long random;

    /**
     * @param server its name or address
     * @param seed of the pauses' jitter
     */
    public Dialer(Connector connector, String server, int port, long seed) {
        this.connector = connector;
        this.server = server;
        this.port = port;
        random = seed;
    }

    /** Looks the server up; blocks while a name server is asked. */
    public void lookUp() {
        next = 0;
        try {
            addresses = connector.lookUp(server, port);
        } catch (Failure e) {
            addresses = new Endpoint[0];
            why = e.getMessage();
        }
    }

    /**
     * Begins to connect to the next of the addresses that does not fail at once.
     *
     * @return the connection begun, or {@code null} when no address is left, for the reason {@link #why}
     */
    public Stream connect() {
        while (next < addresses.length) {
            try {
                return connector.connect(addresses[next++]);
            } catch (Failure e) {
                why = e.getMessage();
            }
        }
        return null;
    }

    /** The connection begun last came to nothing, for this reason. */
    public void failed(String reason) {
        why = reason;
    }

    /** Why the attempt came to nothing. */
    public String why() {
        return why;
    }

    /** The attempt came to nothing: logs why, if it is news, and returns how long to pause, nanoseconds. */
    public long pause() {
        if (!why.equals(logged)) {
            logged = why;
            Log.event(why + "; trying again until it works");
        }
        // Between half the pause and the whole of it, so that not all clients of a server come back in the same moment.
        random = random * 6364136223846793005L + 1442695040888963407L;
        long length = pause / 2 + (random >>> 1) % (pause / 2);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
        return length;
    }

    /** A connection that worked was lost, for this reason, which is in the log already. */
    public void lost(String reason) {
        why = reason;
        logged = reason;
    }

    /** The server gave an address: the next pause is a short one, and its reason is news. */
    public void succeeded() {
        pause = FIRST_PAUSE;
        logged = "";
    }
}
