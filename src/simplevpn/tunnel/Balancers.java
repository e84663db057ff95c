package simplevpn.tunnel;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Handler;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;
import simplevpn.protocol.ProxyHeader;

/**
 * The load balancers in front of a server: a connection from one of them has to begin with a header that says whose it
 * is ({@link ProxyHeader}), and is that one's from then on, for limits, log and hooks. No other connection may.
 *
 * <p>Until the header has come the connection is nobody's, and waits here. There are only so many; for one more the
 * oldest has to go: a balancer sends its header at once, so that it is one of which a piece was lost, or no balancer's.
 */
public final class Balancers implements Listener.Owner {
    private static final long SECOND = 1_000_000_000L;
    /** How many seconds a header may take. */
    private static final int TIME = 10;

    private final Loop loop;
    private final Network[] networks;
    private final Listener.Owner owner;
    private Waiting oldest;
    private Waiting newest;
    private int count;
    /** Connections that balancers made for themselves. */
    private long checks;

    /**
     * @param networks where balancers connect from
     * @param owner who wants the connections, those from elsewhere too
     */
    public Balancers(Loop loop, Network[] networks, Listener.Owner owner) {
        this.loop = loop;
        this.networks = networks;
        this.owner = owner;
    }

    @Override
    public void accepted(Stream stream) {
        if (!isBalancer(stream.peer().address())) {
            owner.accepted(stream);
            return;
        }
        Waiting one = new Waiting(stream);
        // As a rule the header is there already.
        if (one.read(false)) {
            one.decide();
            return;
        }
        int most = loop.budget.headers();
        if (count >= most) {
            oldest.end("gave way to another: " + most
                    + " connections without their PROXY protocol header are the limit");
        }
        try {
            loop.poller.add(stream.fd(), Poller.READ, one);
            add(one);
        } catch (Failure e) {
            one.turnAway(e.getMessage());
        }
    }

    private boolean isBalancer(Address address) {
        for (Network network : networks) {
            if (network.contains(address)) {
                return true;
            }
        }
        return false;
    }

    private void add(Waiting one) {
        loop.timers.set(one, loop.now() + TIME * SECOND);
        count++;
        one.older = newest;
        if (newest == null) {
            oldest = one;
        } else {
            newest.newer = one;
        }
        newest = one;
    }

    private void leave(Waiting one) {
        loop.timers.cancel(one);
        loop.poller.remove(one.stream.fd());
        count--;
        if (one.older == null) {
            oldest = one.newer;
        } else {
            one.older.newer = one.newer;
        }
        if (one.newer == null) {
            newest = one.older;
        } else {
            one.newer.older = one.older;
        }
    }

    /** A connection, until its header has come; what expires is the time for that. */
    private final class Waiting extends Timer implements Handler {
        private final Stream stream;
        private final ProxyHeader header = new ProxyHeader();
        private Waiting older;
        private Waiting newer;

        Waiting(Stream stream) {
            this.stream = stream;
        }

        @Override
        public void ready(boolean writable, boolean failed) {
            if (read(failed)) {
                end(null);
            }
        }

        @Override
        protected void expired(long now) {
            end("did not send its PROXY protocol header in " + TIME + " s");
        }

        /**
         * It waits no longer. Should the heap be full against all reckoning, the program goes on; what has become of
         * this connection by then ends like all that are silent.
         *
         * @param why it has to go unless its header has come meanwhile, or {@code null} when it has
         */
        private void end(String why) {
            leave(this);
            try {
                if (why == null || read(false)) {
                    decide();
                } else {
                    turnAway(why);
                }
            } catch (OutOfMemoryError e) {
                loop.budget.useReserve();
                loop.budget.logStranger(stream.peer() + " turned away: no memory", loop.now());
            }
        }

        /** Reads of the header what has come, and nothing behind it; returns whether no more of it will come. */
        private boolean read(boolean failed) {
            while (header.wants() > 0) {
                int result = stream.read(loop.message, 0, header.wants());
                if (result <= 0) {
                    return failed || result == Stream.END;
                }
                header.take(loop.message.bytes, 0, result);
            }
            return true;
        }

        private void decide() {
            if (header.wrong() != null) {
                turnAway(header.wrong() + "; all from --proxy-protocol have to begin with one (HAProxy: "
                        + "send-proxy-v2)");
            } else if (header.wants() > 0 && header.hasBegun()) {
                turnAway("closed within its PROXY protocol header");
            } else if (header.wants() > 0 || header.isLocal()) {
                checked();
            } else {
                if (header.source() != null) {
                    stream.standsFor(Endpoint.of(header.source(), header.port()));
                }
                owner.accepted(stream);
            }
        }

        /** The balancer itself has seen that somebody is there, which it does every few seconds. */
        private void checked() {
            checks++;
            if (Log.details()) {
                loop.budget.logStranger(stream.peer() + " has seen that this server is there, as balancers have "
                        + checks + " times so far", loop.now());
            }
            stream.close();
        }

        private void turnAway(String why) {
            loop.budget.logStranger(stream.peer() + " turned away: " + why, loop.now());
            stream.reset();
        }
    }
}
