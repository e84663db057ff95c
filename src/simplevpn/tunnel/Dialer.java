package simplevpn.tunnel;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Handler;
import simplevpn.linux.Lookup;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;

/**
 * How a client finds its server: looks the name up anew for every attempt, tries all its addresses in turn, and pauses
 * between attempts, longer each time. As long as looking up fails, the addresses of before are good enough.
 */
public final class Dialer implements Handler {
    private static final long FIRST_PAUSE = 1_000_000_000L;
    private static final long LONGEST_PAUSE = 30_000_000_000L;

    private final Loop loop;
    private final Connector connector;
    private final Owner owner;
    private final String server;
    private final int port;
    /** The name that is being looked up, and what that brought the last time. */
    private Lookup lookup;
    private Endpoint[] found = {};
    /** The addresses of the present attempt, and which of them is next. */
    private Endpoint[] addresses = {};
    private int next;
    /** Why the last address was of no use, or the name. */
    private String why;
    private long pause = FIRST_PAUSE;
    /** Why the last attempt failed, as logged: the same again is no news. */
    private String logged = "";
    private long random;

    /** Who wants the server. */
    public interface Owner {
        /** A lookup that took its time has ended. */
        void lookedUp() throws Failure;
    }

    /**
     * @param server its name or address
     * @param seed of the pauses' jitter
     */
    public Dialer(Loop loop, Connector connector, Owner owner, String server, int port, long seed) {
        this.loop = loop;
        this.connector = connector;
        this.owner = owner;
        this.server = server;
        this.port = port;
        random = seed;
    }

    /**
     * Begins to look the server up, unless that goes on already; the owner is told of the answer if it takes its time.
     *
     * @return whether there is an answer now
     */
    public boolean lookUp() throws Failure {
        loop.device.setup.aroundNameServers(nameServers());
        if (lookup != null) {
            return false;
        }
        try {
            lookup = connector.lookUp(server, port);
        } catch (Failure e) {
            why = e.getMessage();
            return true;
        }
        if (lookup.fd() >= 0) {
            loop.poller.add(lookup.fd(), Poller.READ, this);
            return false;
        }
        take();
        return true;
    }

    /** Whether a lookup goes on. */
    public boolean isLookingUp() {
        return lookup != null;
    }

    /** There is an answer. */
    @Override
    public void ready(boolean writable, boolean failed) throws Failure {
        loop.poller.remove(lookup.fd());
        take();
        owner.lookedUp();
    }

    private void take() {
        try {
            found = lookup.result();
        } catch (Failure e) {
            why = e.getMessage();
        }
        lookup = null;
    }

    /** Whom looking the server up asks. */
    public Address[] nameServers() {
        return connector.nameServers(server);
    }

    /** Whether there are addresses to try, if only those of before. */
    public boolean hasAddresses() {
        return found.length > 0;
    }

    /** An attempt begins: with the first of the addresses that were found last. */
    public void begin() {
        addresses = found;
        next = 0;
    }

    /**
     * Begins to connect to the next of the addresses that does not fail at once.
     *
     * @return the connection begun, or {@code null} when no address is left, for the reason {@link #why}
     */
    public Stream connect() {
        while (next < addresses.length) {
            Endpoint address = addresses[next++];
            try {
                loop.device.setup.around(address.address());
                return connector.connect(address);
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
            loop.budget.logPeer(why + "; trying again until it works", loop.now());
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

    /** The connection lasted: the next pause is a short one. */
    public void succeeded() {
        pause = FIRST_PAUSE;
    }
}
