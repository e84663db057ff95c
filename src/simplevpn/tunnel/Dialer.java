package simplevpn.tunnel;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Ratelimit;
import simplevpn.linux.Stream;
import simplevpn.linux.Way;

/**
 * How a client gets its connection: it takes its servers in order, looks each one's name up anew for every attempt, and
 * connects to one of its addresses. As long as looking up fails, the addresses of before are good enough; where
 * everything goes through the tunnel they are tried first, since name servers may be behind it.
 *
 * <p>And when to leave a connection that stands: since the way to its server is another one now, or a better server is
 * there again.
 */
public final class Dialer extends Timer implements Race.Owner {
    private static final long SECOND = 1_000_000_000L;
    /** How long name servers may take before the addresses of before are tried, or the next server. */
    private static final long LOOKUP_TIME = 2 * SECOND;
    /** Attempts for a way that has changed: a line that comes and goes does not hammer the server. */
    private static final int CHANGES_PER_SECOND = 1;
    private static final int CHANGES_AT_ONCE = 5;
    /** Letters of the reasons of an attempt after which no more of them are added. */
    private static final int MOST_REASONS = 600;

    /** What is being done about a connection. */
    private enum State {
        /** Nothing: the owner has one, or pauses. */
        IDLE,
        /** A server's name is looked up. */
        LOOKING_UP,
        /** Addresses of a server are tried. */
        CONNECTING
    }

    /** How long to pause between attempts. */
    public final Pauses pauses;

    private final Loop loop;
    private final Owner owner;
    private Target[] targets;
    private final Race race;
    private final Uplink uplink;
    private final Ratelimit changes;
    /** {@code null} where every server is as good as another. */
    private Preference preference;

    private State state = State.IDLE;
    /** Which of the servers is tried, or connected to. */
    private int server;
    /** With which of them {@link #again} begins. */
    private int better;
    /** Where the owner's connection leads to; {@code null} while there is none. */
    private Candidate connected;
    private String why;
    /** The same of this attempt's servers and addresses before, each with what goes between. */
    private String reasons = "";

    /** Who wants the connection. */
    public interface Owner {
        /** There is one; whatever was before is closed. */
        void connected(Stream stream) throws Failure;

        /** None of the servers can be reached, for this reason. */
        void unreachable(String why) throws Failure;

        /** The connection had better be closed, for this reason, and another one begun by {@link #again}. */
        void outdated(String why) throws Failure;

        /** It is worth while to make the next attempt at once, instead of pausing. */
        void hopeful();
    }

    /**
     * @param targets the servers, in the order in which they are tried
     * @param prefersFirst whether to go back to the first of them when it is there again
     * @param seed of the pauses' jitter
     */
    public Dialer(Loop loop, Owner owner, Target[] targets, boolean prefersFirst, long seed) {
        this.loop = loop;
        this.owner = owner;
        pauses = new Pauses(loop, seed);
        race = new Race(loop, this);
        changes = new Ratelimit(CHANGES_PER_SECOND, CHANGES_AT_ONCE, loop.now());
        name(targets, prefersFirst);
        uplink = new Uplink(loop, this);
        try {
            uplink.listen(targets[0].connector.monitor());
        } catch (Failure e) {
            loop.budget.logPeer(e.getMessage() + ": when the way to the server changes, that is noticed by the timeout"
                    + " alone", loop.now());
        }
    }

    private void name(Target[] servers, boolean prefersFirst) {
        targets = servers;
        for (Target target : servers) {
            target.belongTo(loop);
        }
        preference = prefersFirst && servers.length > 1 ? new Preference(loop, servers[0], pauses, this) : null;
    }

    /**
     * These are the servers from now on. A connection stays if it leads to one of them; an attempt begins anew.
     *
     * @param prefersFirst as in the beginning
     * @param place the number of the server that is connected to; −1 when it is none of these
     */
    public void use(Target[] servers, boolean prefersFirst, int place) throws Failure {
        if (preference != null) {
            preference.end();
        }
        boolean proxied = targets[server].hasProxy();
        name(servers, prefersFirst);
        better = 0;
        server = 0;
        for (int i = servers.length - 1; i >= 0; i--) {
            // By its proxy, and without it: two ways to one server.
            if (servers[i].server == place && (servers[i].hasProxy() == proxied || servers[server].server != place)) {
                server = i;
            }
        }
        if (connected != null) {
            if (place < 0) {
                owner.outdated("is not one of the servers any more");
            }
        } else if (state == State.IDLE) {
            owner.hopeful();
        } else {
            race.cancel();
            loop.timers.cancel(this);
            attempt();
        }
    }

    /* ---- an attempt ---- */

    /** Makes an attempt, from the first server on. */
    public void attempt() throws Failure {
        server = 0;
        reasons = "";
        lookUp();
    }

    /** The same at once with a server's addresses of before, since names may take their time. */
    public void again() throws Failure {
        server = better;
        reasons = "";
        if (targets[server].found.length == 0) {
            lookUp();
        } else {
            begin();
        }
    }

    /** The connection was of no use, for this reason: goes on with the next address, or the next server. */
    public void next(String reason) throws Failure {
        closed();
        why = reason;
        state = State.CONNECTING;
        if (race.goOn()) {
            addReason();
        } else {
            nextServer();
        }
    }

    private void lookUp() throws Failure {
        state = State.LOOKING_UP;
        if (targets[server].found.length == 0) {
            loop.device.setup.askForNames();
        }
        if (!loop.device.setup.asksForNames() || targets[server].lookUp(this)) {
            begin();
        } else if (targets[server].found.length > 0 || server + 1 < targets.length) {
            loop.timers.set(this, loop.now() + LOOKUP_TIME);
        }
    }

    @Override
    public void lookedUp(Target target) throws Failure {
        if (state == State.LOOKING_UP && target == targets[server]) {
            begin();
        }
    }

    /** Name servers take too long. */
    @Override
    protected void expired(long now) throws Failure {
        begin();
    }

    private void begin() throws Failure {
        loop.timers.cancel(this);
        state = State.CONNECTING;
        if (!race.begin(targets[server])) {
            lost(race.why());
        }
    }

    @Override
    public void won(Stream stream, Candidate candidate) throws Failure {
        state = State.IDLE;
        connected = candidate;
        owner.connected(stream);
    }

    @Override
    public void lost(String reason) throws Failure {
        why = reason;
        nextServer();
    }

    private void nextServer() throws Failure {
        if (server + 1 < targets.length) {
            Target target = targets[server];
            if (targets[server + 1].server == target.server && !why.equals(target.leftOut)) {
                target.leftOut = why;
                loop.budget.logPeer(why + "; trying without it", loop.now());
            }
            addReason();
            server++;
            lookUp();
        } else {
            state = State.IDLE;
            loop.device.setup.askForNames();
            owner.unreachable(reasons + why);
        }
    }

    /** Of several servers and addresses the last one's reason is not the one that matters. */
    private void addReason() {
        if (reasons.length() < MOST_REASONS && !reasons.endsWith(why + "; ")) {
            reasons += why + "; ";
        }
    }

    /** Whether a lookup goes on, which may need its routes around the tunnel. */
    public boolean isLookingUp() {
        for (Target target : targets) {
            if (target.isLookingUp()) {
                return true;
            }
        }
        return false;
    }

    /** Whom looking the server up asks. */
    public Address[] nameServers() {
        return targets[server].nameServers();
    }

    /** The number of the server that is tried, or connected to. */
    public int server() {
        return targets[server].server;
    }

    /** What there is to be said of the other end of the connection, behind its address: that it is a proxy's. */
    public String role() {
        return targets[server].hasProxy() ? " (proxy for " + targets[server].negotiation().server() + ")" : "";
    }

    /* ---- a connection ---- */

    /** The server has let this client in. */
    public void joined() {
        if (preference != null && server() > 0) {
            preference.begin();
        }
    }

    /** The connection had lasted. */
    public void succeeded() {
        pauses.succeeded();
        if (preference != null && server() == 0) {
            preference.worked();
        }
    }

    /** The connection is closed. */
    public void closed() {
        connected = null;
        if (preference != null) {
            preference.end();
        }
    }

    /**
     * The address of the connection's other end, if routes of the main table lead there: those of the tunnel might
     * then come before them. Otherwise {@code null}.
     */
    public Address exposed() {
        return connected.way == null || connected.way.isOfMainTable ? connected.address.address() : null;
    }

    /** The network that the connection leads through first, as a word; {@code null} when nobody can tell. */
    public String network() {
        return connected.way == null ? null : connected.way.network();
    }

    /** The first server is there again. */
    void firstAnswers() throws Failure {
        better = 0;
        owner.outdated("is left for " + targets[0] + ", which answers again");
    }

    /* ---- ways ---- */

    /** Ways out of this host may have changed. */
    void waysChanged() throws Failure {
        Way way = null;
        boolean changed;
        if (connected != null) {
            loop.device.setup.aroundStill(exposed());
            way = targets[server].way(connected);
            changed = way != null && connected.way != null && way.isOther(connected.way);
        } else {
            changed = state == State.CONNECTING ? race.hasOtherWay() : state == State.IDLE && hasOtherWay();
        }
        if (!changed) {
            return;
        }
        if (!changes.pass(loop.now())) {
            uplink.lookIn(SECOND);
        } else if (connected != null) {
            better = server;
            owner.outdated("is reached from " + way + " now, no more from " + connected.way);
        } else if (state == State.CONNECTING) {
            race.cancel();
            begin();
        } else {
            owner.hopeful();
        }
    }

    /** Whether there is a way that was not there before; or no address is known, so that any change may help. */
    private boolean hasOtherWay() {
        boolean known = false;
        for (Target target : targets) {
            known |= target.found.length > 0;
            if (target.hasOtherWay()) {
                return true;
            }
        }
        return !known;
    }
}
