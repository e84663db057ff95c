package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Stream;
import simplevpn.linux.Way;

/**
 * Gets to a server step by step, as a {@link Dialer} does at once: looks its name up, and then connects to one of its
 * addresses. How long each step may take is its owner's matter.
 */
public final class Probe implements Race.Owner {
    /** Nanoseconds that a proxy may take for its connection, until that counts as failed. */
    public static final long PROXY_TIME = Race.PROXY_TIME;

    private final Owner owner;
    private final Target target;
    private final Race race;
    /** Whether its owner has given it up: what comes later is nobody's. */
    private boolean over;

    /** Who wants to know. */
    public interface Owner {
        /** The server has these addresses; {@link #connect} goes on. */
        void named(Endpoint[] addresses) throws Failure;

        /**
         * A proxy is connected to, and is asked for the server now; perhaps twice, on a connection each. Each time it
         * has {@link #PROXY_TIME}.
         *
         * @param way the way that it takes; {@code null} when nobody can tell
         */
        void asking(Stream proxy, Way way);

        /**
         * There is a connection to one of them.
         *
         * @param way the way that it takes; {@code null} when nobody can tell
         */
        void connected(Stream stream, Way way) throws Failure;

        /** The present step cannot be done, for this reason. */
        void failed(String why) throws Failure;
    }

    /** @param target a server that nobody else looks for */
    public Probe(Loop loop, Owner owner, Target target) {
        this.owner = owner;
        this.target = target;
        target.belongTo(loop);
        race = new Race(loop, this);
    }

    /** Begins to look the server's name up. */
    public void lookUp() throws Failure {
        if (target.lookUp(this)) {
            lookedUp(target);
        }
    }

    @Override
    public void lookedUp(Target server) throws Failure {
        if (over) {
            return;
        }
        if (target.found.length == 0) {
            owner.failed(target.why());
            return;
        }
        Endpoint[] addresses = new Endpoint[target.found.length];
        for (int i = 0; i < addresses.length; i++) {
            addresses[i] = target.found[i].address;
        }
        owner.named(addresses);
    }

    /**
     * Begins to connect to one of the addresses.
     *
     * @return whether this host sends something to at least one of them; if not, {@link #why} says why
     */
    public boolean connect() throws Failure {
        return race.begin(target);
    }

    /** Why there is no connection. */
    public String why() {
        return race.why();
    }

    /** The way to the first address that something is sent to; {@code null} when nobody can tell. */
    public Way way() {
        for (Candidate candidate : target.found) {
            if (candidate.tried && candidate.way != null) {
                return candidate.way;
            }
        }
        return null;
    }

    @Override
    public void won(Stream stream, Candidate candidate) throws Failure {
        owner.connected(stream, candidate.way);
    }

    @Override
    public void asking(Stream proxy) {
        owner.asking(proxy, way());
    }

    @Override
    public void lost(String why) throws Failure {
        owner.failed(why);
    }

    /** It takes too long, or is of no more use: its owner is told nothing from now on, not even a name found late. */
    public void giveUp() {
        over = true;
        race.cancel();
    }

    /** The server's name. */
    @Override
    public String toString() {
        return target.toString();
    }
}
