package simplevpn.tunnel;

import java.util.Arrays;
import java.util.HashSet;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Ipv6;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.linux.Errno;
import simplevpn.linux.PacketDevice;
import simplevpn.linux.Route;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Framing;

/**
 * What the tunnel's network interface has to have: MTU, address, routes. What it has already is not set again, so that
 * root can make and set up one for a user who then needs no capability; what cannot be set but is no obstacle is
 * logged.
 */
public final class InterfaceSetup {
    /** MTU towards a classic server, so that its reads find whole packets in the outer segments. */
    private static final int CLASSIC_MTU = 1400;

    private final PacketDevice device;
    private final Detours detours;
    private Loop loop;
    /** Whether everything shall go through the tunnel: then this sees to it; otherwise {@code null}. */
    private DefaultRoute all;
    /** Whether the interface is in this program's network namespace. */
    private boolean here = true;
    /** The networks that the tunnel leads to: the VPN's own, first that of IPv4, and those that it has routes to. */
    private Network[] inside = {};
    private Network[] routes = {};
    /** The server's own IPv6 address on the VPN, or {@code null}. */
    private Address server6;
    /** Whether it got its address from here before. */
    private boolean addressed;
    /** The IPv4 address that it got from here last, and the length of its prefix; {@code null} for none. */
    private Address ipv4;
    private int ipv4Length;
    /** The IPv6 address that it got from here, and the length of its prefix; {@code null} for none. */
    private Address ipv6;
    private int ipv6Length;
    /** Whether it has one, from wherever. */
    private boolean carriesIpv6;
    /** What was told last, and of the routes that were left out last: the same again is no news. */
    private String told = "";
    private String leftOut = "";
    /** Hears of it when a server's interface was down; {@code null} where nobody needs to. */
    private Uplink uplink;
    /** Routes to single clients; {@code null} where nobody wants them. */
    private HostRoutes hosts;

    InterfaceSetup(PacketDevice device) {
        this.device = device;
        detours = new Detours(device, this);
    }

    /** Whether the interface can have IPv6 addresses with that MTU, 0 for any, as far as can be told without trying. */
    public boolean hasIpv6(int mtu) {
        return (mtu == 0 || mtu >= Ipv6.MIN_MTU) && device.hasIpv6();
    }

    /** The address that the interface has and that this process may not change, or {@code null}. */
    public Address fixedAddress() {
        return device.fixedAddress();
    }

    /**
     * The program begins: what another one left that was killed is taken away.
     *
     * @param everything whether everything shall go through the tunnel, once it stands
     */
    public void begin(boolean everything) {
        DefaultRoute.sweep(device);
        if (detours.sweep()) {
            DefaultRoute.releaseLeft(device);
        }
        if (everything) {
            all = new DefaultRoute(device, this);
        }
    }

    /** Whether everything leads into the tunnel, also while that carries nothing. */
    boolean leadsEverywhere() {
        return all != null && all.leads();
    }

    /** Whether name servers can be asked now: not when they are behind a tunnel that carries nothing. */
    boolean asksForNames() {
        return all == null || all.asksOutside;
    }

    /** No address that is known is of use: from now on name servers are asked around the tunnel, until it stands. */
    void askForNames() {
        if (all != null) {
            all.asksOutside = true;
        }
    }

    /** Names the loop, whose budget limits what is logged here: a server's answer has much to do with it. */
    void belongTo(Loop owner) {
        loop = owner;
    }

    /**
     * The tunnel will lead to what a server's answer says: packets for the server and for name servers shall not go
     * there.
     *
     * @param server where the other end of the tunnel is; {@code null} when no route of the tunnel could lead there
     * @param nameServers where those are
     * @throws Failure when the route to the server that this takes cannot be added
     */
    public void leadInside(Answer answer, Address server, Address... nameServers) throws Failure {
        Network[] before = routes;
        Network[] insideBefore = inside;
        here = device.isHere();
        inside = new Network[0];
        routes = new Network[0];
        if (!here) {
            tell(device.name() + " is in another network namespace: its settings are left to whoever moved it there");
            return;
        }
        routes = fitting(answer.routes, server);
        if (all != null) {
            routes = DefaultRoute.with(routes);
        }
        int own = answer.address6 == null ? 1 : 2;
        inside = new Network[own + routes.length];
        inside[0] = answer.network();
        if (own > 1) {
            inside[1] = Network.containing(answer.address6, answer.length6);
        }
        System.arraycopy(routes, 0, inside, own, routes.length);
        server6 = answer.server6;
        try {
            around(server);
        } catch (Failure e) {
            routes = before;
            inside = insideBefore;
            throw e;
        }
        removeRoutes(before, routes);
        if (all == null) {
            aroundNameServers(nameServers);
        } else {
            detours.clear(server);
        }
        for (int i = 0; i < own; i++) {
            detours.tellOverlap(inside[i]);
        }
    }

    /**
     * The tunnel leads to these networks from now on, and to none of those of before, beside the VPN's own: what a
     * server has to say of its interface, which is up.
     */
    public void lead(Network... networks) {
        Network[] before = routes;
        here = device.isHere();
        routes = here ? fitting(networks, null) : new Network[0];
        if (here) {
            removeRoutes(before, routes);
            addRoutes();
        }
        if (routes.length > 0) {
            watch();
        }
    }

    /** Hears of it from now on when the interface was down. */
    private void watch() {
        if (uplink != null) {
            return;
        }
        uplink = new Uplink(loop, null);
        try {
            uplink.listen(device.monitor());
        } catch (Failure e) {
            tell(e.getMessage() + ": routes that are lost while " + device.name() + " is down do not come back");
        }
    }

    /** There will be a route to each client that is there, of a server whose interface is up. */
    public void leadToHosts() {
        hosts = new HostRoutes(loop, device);
        watch();
    }

    /**
     * A client is there, and there are routes to such.
     *
     * @param other its other address, or {@code null}
     */
    public void leadToHost(Address host, Address other) {
        hosts.add(host);
        if (other != null) {
            hosts.add(other);
        }
    }

    /** The same client is gone. */
    public void leaveHost(Address host, Address other) {
        hosts.remove(host);
        if (other != null) {
            hosts.remove(other);
        }
    }

    /** Whether this host forwards packets of one version of IP that come from the interface, as far as can be told. */
    public boolean forwards(boolean ofIpv6) {
        return device.forwards(ofIpv6);
    }

    /**
     * The routes that lead neither to the server, nor where no route leads, nor where this host is already; the others
     * are told.
     */
    private Network[] fitting(Network[] wanted, Address server) {
        if (wanted.length == 0) {
            return wanted;
        }
        Route[] present4 = device.otherRoutes(false);
        Route[] present6 = device.otherRoutes(true);
        Network[] found = new Network[wanted.length];
        int count = 0;
        StringBuilder others = new StringBuilder();
        for (Network route : wanted) {
            Route present = Detours.overlap(route, route.isIpv6() ? present6 : present4);
            if (server != null && route.contains(server)) {
                others.append("route ").append(route).append(" left out: it would lead the tunnel to ").append(server)
                        .append(" into itself\n");
            } else if (!route.isReachable()) {
                others.append("route ").append(route).append(" left out: it has addresses that no host is reached by"
                        + " from elsewhere\n");
            } else if (present != null) {
                others.append("route ").append(route).append(" left out: this host has addresses of it already, by ")
                        .append(present).append('\n');
            } else {
                found[count++] = route;
            }
        }
        String lines = others.toString();
        if (!lines.equals(leftOut)) {
            leftOut = lines;
            for (int at = 0; at < lines.length(); at = lines.indexOf('\n', at) + 1) {
                tell(lines.substring(at, lines.indexOf('\n', at)));
            }
        }
        return Arrays.copyOf(found, count);
    }

    /**
     * Gives the interface what a server's answer says, whatever others did to it since.
     *
     * @param wantedMtu bytes, or 0 for what the server says
     * @return the MTU in force
     */
    public int apply(Answer answer, int wantedMtu) throws Failure {
        int pushedMtu = !answer.extended ? CLASSIC_MTU : answer.mtu != 0 ? answer.mtu : Sender.MTU;
        int mtu = wantedMtu == 0 ? pushedMtu : answer.extended ? wantedMtu : Math.min(wantedMtu, Framing.CLASSIC_MTU);
        if (!here) {
            return mtu;
        }
        int inForce = mtu(mtu);
        if (all != null) {
            all.begin(answer);
        }
        address(answer.address, answer.length);
        if (answer.address6 == null || !addressIpv6(answer.address6, answer.length6, inForce)) {
            carriesIpv6 = false;
            removeIpv6();
            answer.address6 = null;
        }
        addRoutes();
        if (all != null) {
            all.led(carriesIpv6);
        }
        return inForce;
    }

    /**
     * Sees to it that packets for the server do not go into the tunnel, for one connection.
     *
     * @param server {@code null} when no route of the tunnel could lead there
     * @return whether routes were changed
     */
    public boolean around(Address server) throws Failure {
        return server != null && detours.around(server, inside, all != null);
    }

    /** The same for a connection that stands, and has become silent; what cannot be done is told. */
    public void aroundStill(Address server) {
        try {
            around(server);
        } catch (Failure e) {
            tell(e.getMessage());
        }
    }

    /** The same for name servers, as far as it can be done; except for one that is the server's own on the VPN. */
    public void aroundNameServers(Address... servers) {
        if (!asksForNames()) {
            return;
        }
        for (Address server : servers) {
            try {
                boolean isHub = inside.length > 0 && (server.isIpv6() ? server.equals(server6)
                        : server.ipv4() == inside[0].address().ipv4() + 1);
                if (!isHub && server.isHost()) {
                    detours.around(server, inside, false);
                }
            } catch (Failure e) {
                tell(e.getMessage());
            }
        }
    }

    /** There is no connection any more. Where everything leads into the tunnel, the next one needs them too. */
    public void endDetours() {
        if (!leadsEverywhere()) {
            detours.clear(null);
        }
    }

    /** The program ends: the routes that were made are removed, which an interface that stays would keep. */
    public void endRoutes() {
        detours.clear(null);
        if (hosts != null) {
            hosts.clear();
        }
        if (here) {
            removeRoutes(routes, new Network[0]);
        }
        if (all != null) {
            DefaultRoute.release(device);
        }
    }

    /** Removes the routes of a former answer that the present one does not have. */
    private void removeRoutes(Network[] former, Network[] present) {
        HashSet<Network> kept = new HashSet<>(Arrays.asList(present));
        for (Network route : former) {
            if (!kept.contains(route)) {
                device.removeRoute(route);
            }
        }
    }

    /**
     * The interface was down, perhaps, or emptied: the kernel dropped its routes then, and its addresses. Those of the
     * answer, and routes to clients, are made again.
     */
    void mend() {
        here = device.isHere();
        if (!here) {
            return;
        }
        if (all != null) {
            all.mend();
        }
        if (ipv4 != null && !device.hasAddress(ipv4, ipv4Length)) {
            try {
                device.setAddress(ipv4, ipv4Length);
            } catch (Failure e) {
                tell(e.getMessage());
            }
        }
        if (ipv6 != null) {
            carriesIpv6 = giveIpv6(ipv6, ipv6Length);
        }
        addRoutes();
        if (hosts != null) {
            hosts.mend();
        }
    }

    /** Adds the routes that are missing, and removes those that lead nowhere now. */
    private void addRoutes() {
        HashSet<Network> there = new HashSet<>();
        if (routes.length > 0) {
            there.addAll(Arrays.asList(device.ownRoutes(false)));
            there.addAll(Arrays.asList(device.ownRoutes(true)));
        }
        for (Network route : routes) {
            if (route.isIpv6() && !carriesIpv6) {
                device.removeRoute(route);
            } else if (!there.contains(route)) {
                route(route);
            }
        }
    }

    void tell(String line) {
        if (!line.equals(told)) {
            told = line;
            loop.budget.logPeer(line, loop.now());
        }
    }

    /**
     * Gives the interface its MTU. Where that is not allowed, the tunnel works with what there is.
     *
     * @param wanted bytes, 68 to 65535
     * @return the smaller one of the wanted MTU and the interface's own
     */
    public int mtu(int wanted) throws Failure {
        int mtu = device.mtu();
        if (mtu == wanted) {
            return mtu;
        }
        int result = device.setMtu(wanted);
        if (result == -Errno.EPERM) {
            tell(device.name() + " keeps its MTU of " + mtu + " bytes instead of " + wanted
                    + "; as root: ip link set dev " + device.name() + " mtu " + wanted);
            return Math.min(mtu, wanted);
        }
        if (result < 0) {
            throw Errno.failure("SIOCSIFMTU " + device.name(), result, "");
        }
        return wanted;
    }

    /**
     * Gives the interface its address, and brings it up.
     *
     * @param prefixLength of the network that the kernel adds a route to
     */
    public void address(Address wanted, int prefixLength) throws Failure {
        boolean before = device.hasAddress(wanted, prefixLength);
        if (!before) {
            device.setAddress(wanted, prefixLength);
            ipv4 = wanted;
            ipv4Length = prefixLength;
        } else if (!wanted.equals(ipv4)) {
            ipv4 = null;
        }
        device.bringUp();
        if (before && !addressed) {
            Log.event(device.name() + " has the address " + wanted + "/" + prefixLength
                    + " already: it is left as it is");
        }
        addressed = true;
    }

    /**
     * Gives the interface, which is up, its IPv6 address. Why that cannot be done is told, and the tunnel works without
     * it.
     *
     * @param mtu that the interface has, bytes
     * @return whether it has the address
     */
    public boolean addressIpv6(Address wanted, int prefixLength, int mtu) {
        if (mtu < Ipv6.MIN_MTU) {
            tell("no IPv6 in the tunnel: the MTU of " + mtu + " bytes is less than IPv6's least, " + Ipv6.MIN_MTU);
            return false;
        }
        if (!wanted.equals(ipv6)) {
            removeIpv6();
        }
        carriesIpv6 = giveIpv6(wanted, prefixLength);
        return carriesIpv6;
    }

    private boolean giveIpv6(Address wanted, int prefixLength) {
        try {
            if (!device.hasAddress(wanted, prefixLength)) {
                device.setAddress(wanted, prefixLength);
                ipv6 = wanted;
                ipv6Length = prefixLength;
            }
            return true;
        } catch (Failure e) {
            tell("no IPv6 in the tunnel: " + e.getMessage());
            return false;
        }
    }

    private void removeIpv6() {
        if (ipv6 != null) {
            device.removeAddress(ipv6, ipv6Length);
            ipv6 = null;
        }
    }

    /** Tells when this host reaches addresses of the VPN's network otherwise. */
    public void tellOverlap(Network network) {
        detours.tellOverlap(network);
    }

    /** Adds a route through the interface. What is wrong with it is logged, and the tunnel works without it. */
    private void route(Network network) {
        try {
            device.addRoute(network);
        } catch (Failure e) {
            tell(e.getMessage());
        }
    }
}
