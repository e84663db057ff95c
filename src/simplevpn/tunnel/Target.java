package simplevpn.tunnel;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Handler;
import simplevpn.linux.Lookup;
import simplevpn.linux.Poller;
import simplevpn.linux.Way;
import simplevpn.proxy.Negotiation;
import simplevpn.proxy.Proxy;

/**
 * One of a client's servers: its name, how it is connected to, and its addresses as they were found last; or, where a
 * proxy connects to it, the proxy's.
 */
public final class Target implements Handler {
    /** Addresses of a name that are tried. */
    private static final int MOST = 16;

    final Connector connector;
    /** Which of the servers it leads to, from 0. */
    final int server;
    private final String host;
    private final int port;
    /** Who connects to the server, or {@code null}; and the server's own name and port then. */
    private final Proxy proxy;
    private final String behind;
    private final int portBehind;
    private Loop loop;
    private Race.Owner owner;
    private Lookup lookup;
    /** In the order in which to try them: IPv6 and IPv4 in turn, as far as there are both (RFC 8305, 4). */
    Candidate[] found = {};
    /** Why its proxy was left out, as it was told last. */
    String leftOut = "";
    /** Why the last lookup brought nothing, or {@code null}. */
    private String why;

    /**
     * @param server its number among the servers, from 0
     * @param host its name or address
     * @param port its TCP port, 1 to 65535
     * @param proxy who connects to it, or {@code null} for this host itself
     */
    public Target(Connector connector, int server, String host, int port, Proxy proxy) {
        this.connector = connector;
        this.server = server;
        this.proxy = proxy;
        this.host = proxy == null ? host : proxy.host;
        this.port = proxy == null ? port : proxy.port;
        behind = host;
        portBehind = port;
    }

    /** Which of the servers it leads to, from 0. */
    public int server() {
        return server;
    }

    /** Begins to ask its proxy for a connection; {@code null} without one. */
    Negotiation negotiation() {
        return proxy == null ? null : proxy.ask(behind, portBehind);
    }

    /** Whether a proxy connects to it. */
    boolean hasProxy() {
        return proxy != null;
    }

    /** Names the loop that its lookups belong to. */
    void belongTo(Loop of) {
        loop = of;
    }

    /**
     * Begins to look its name up, unless that goes on already.
     *
     * @param asker who is told when there is an answer, if it takes its time
     * @return whether there is an answer now
     */
    boolean lookUp(Race.Owner asker) throws Failure {
        owner = asker;
        loop.device.setup.aroundNameServers(nameServers());
        if (lookup != null) {
            return false;
        }
        try {
            lookup = connector.lookUp(host, port);
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

    /** Why no address of it can be tried. */
    String why() {
        String reason = why == null ? host + ": the name server does not answer" : why;
        return proxy == null ? reason : "proxy " + reason;
    }

    /** Whether a lookup goes on. */
    boolean isLookingUp() {
        return lookup != null;
    }

    /** There is an answer. */
    @Override
    public void ready(boolean writable, boolean failed) throws Failure {
        loop.poller.remove(lookup.fd());
        take();
        owner.lookedUp(this);
    }

    private void take() {
        try {
            found = inTurn(lookup.result());
            why = null;
        } catch (Failure e) {
            why = e.getMessage();
        }
        lookup = null;
    }

    /** The first address, then one of the other family, and so on. */
    private static Candidate[] inTurn(Endpoint[] addresses) {
        Candidate[] candidates = new Candidate[Math.min(MOST, addresses.length)];
        boolean[] taken = new boolean[addresses.length];
        boolean ipv6 = addresses[0].isIpv6();
        for (int i = 0; i < candidates.length; i++) {
            int next = first(addresses, taken, ipv6);
            next = next < 0 ? first(addresses, taken, !ipv6) : next;
            taken[next] = true;
            ipv6 = !addresses[next].isIpv6();
            candidates[i] = new Candidate(addresses[next]);
        }
        return candidates;
    }

    private static int first(Endpoint[] addresses, boolean[] taken, boolean ipv6) {
        for (int i = 0; i < addresses.length; i++) {
            if (!taken[i] && addresses[i].isIpv6() == ipv6) {
                return i;
            }
        }
        return -1;
    }

    /** Whom looking it up asks. */
    Address[] nameServers() {
        return connector.nameServers(host);
    }

    /**
     * Sees to it that a connection to one of its addresses does not go into the tunnel.
     *
     * @return the way that it takes; {@code null} when there is none, or nobody can tell
     * @throws Failure when it would go there all the same
     */
    Way wayAround(Candidate candidate) throws Failure {
        Way way = presentWay(candidate);
        boolean isExposed = way == null || way.isOfMainTable;
        return isExposed && loop.device.setup.around(candidate.address.address()) ? presentWay(candidate) : way;
    }

    /** The way to one of its addresses; {@code null} when there is none but through the tunnel, or nobody can tell. */
    Way way(Candidate candidate) {
        if (!loop.device.setup.leadsEverywhere()) {
            return presentWay(candidate);
        }
        // Without a route around the tunnel there is none but through it.
        try {
            return wayAround(candidate);
        } catch (Failure e) {
            loop.device.setup.tell(e.getMessage());
            return null;
        }
    }

    private Way presentWay(Candidate candidate) {
        Way way = connector.way(candidate.address);
        return way != null && way.isThrough(loop.device.index()) ? null : way;
    }

    /** Whether there is a way to one of its addresses that there was not when it was tried last. */
    boolean hasOtherWay() {
        for (Candidate candidate : found) {
            Way way = way(candidate);
            if (way != null && (candidate.way == null || way.isNew(candidate.way))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return proxy == null ? host : behind + " by the proxy " + proxy;
    }
}
