package simplevpn;

import java.util.Arrays;
import java.util.List;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Hub;
import simplevpn.protocol.Prefixes;
import simplevpn.protocol.Site;
import simplevpn.tunnel.InterfaceSetup;

/**
 * The networks behind clients, and those behind the server that clients are told of. Each is said once, in a line of
 * the peers file or by an option; what follows from it is done here: where the hub sends packets and takes them from,
 * the routes of this host, and those of clients.
 */
final class Sites {
    private final Hub<Peer> hub;
    private final InterfaceSetup setup;
    /** Networks behind this server. */
    private Network[] pushed = {};
    private final boolean ipv6;
    private final boolean apart;
    private Site[] sites = {};
    /** How many of {@link #pushed} and {@link #sites} together clients are told of. */
    private int told;

    /**
     * @param ipv6 whether there is IPv6 in the tunnel
     * @param apart whether clients do not reach one another, and are told of no networks behind others
     */
    Sites(Hub<Peer> hub, InterfaceSetup setup, boolean ipv6, boolean apart) {
        this.hub = hub;
        this.setup = setup;
        this.ipv6 = ipv6;
        this.apart = apart;
    }

    /**
     * Reads a network that may be behind a client or this server.
     *
     * @param own networks of the VPN itself, or {@code null}
     * @throws Failure says why it may not
     */
    static Network network(String text, Network... own) throws Failure {
        Network network;
        try {
            network = Network.parseAny(text);
        } catch (Failure e) {
            throw new Failure(Failure.USAGE, text + ": " + e.getMessage());
        }
        if (!network.isReachable()) {
            throw new Failure(Failure.USAGE, network + ": has addresses that no host is reached by from elsewhere");
        }
        for (Network vpn : own) {
            if (vpn != null && network.overlaps(vpn)) {
                throw new Failure(Failure.USAGE, network + ": has addresses of the VPN's own network, " + vpn);
            }
        }
        return network;
    }

    /**
     * Sorts networks, and leaves out what is said twice of one client.
     *
     * @throws Failure when one of them is behind two clients
     */
    static Site[] sorted(List<Site> all) throws Failure {
        Site[] sites = all.toArray(new Site[0]);
        Arrays.sort(sites);
        int count = 0;
        for (Site site : sites) {
            Site before = count == 0 ? null : sites[count - 1];
            if (before == null || !before.network.equals(site.network)) {
                sites[count++] = site;
            } else if (!before.hasOwnerOf(site)) {
                throw new Failure(Failure.USAGE, site.where + ": " + site.network + ": is behind another client in "
                        + before.where + " too");
            }
        }
        return Arrays.copyOf(sites, count);
    }

    /**
     * From now on these networks are behind this server, and those behind clients.
     *
     * @param behindServer what clients are told of beside networks behind others
     * @param all networks behind clients, sorted
     * @return whether clients are told otherwise than before
     */
    boolean renew(Network[] behindServer, Site... all) {
        boolean news = !Arrays.equals(behindServer, pushed) || (!apart && !Arrays.equals(all, sites));
        pushed = behindServer;
        sites = all;
        Prefixes prefixes = new Prefixes(all);
        hub.lead(prefixes);
        Network[] networks = new Network[all.length];
        for (int i = 0; i < all.length; i++) {
            networks[i] = all[i].network;
            int around = prefixes.around(i);
            if (around >= 0 && !all[around].hasOwnerOf(all[i])) {
                Log.event(all[i].where + ": " + networks[i] + " is a part of " + all[around].network + " in "
                        + all[around].where + ", and not behind that client");
            }
            if (networks[i].isIpv6() && !ipv6) {
                Log.event(all[i].where + ": " + networks[i] + " is of no use: there is no IPv6 in the tunnel");
            }
        }
        setup.lead(networks);
        count();
        return news;
    }

    /** An answer has only so much room. */
    private void count() {
        int most = pushed.length + (apart ? 0 : sites.length);
        int bytes = 0;
        for (told = 0; told < most; told++) {
            bytes += Answer.size(toTell(told));
            if (bytes > Answer.MAX_ROUTES) {
                Log.event("clients are told of " + told + " networks, " + (most - told) + " more have no room in an"
                        + " answer, from " + toTell(told) + " on: larger ones in their stead may (see --push-route)");
                return;
            }
        }
    }

    private Network toTell(int number) {
        return number < pushed.length ? pushed[number] : sites[number - pushed.length].network;
    }

    /** Puts to an answer what lies behind this server, and behind other clients. */
    void push(Answer answer, Peer peer) {
        Network[] routes = new Network[told];
        int count = 0;
        for (int i = 0; i < told; i++) {
            if (i < pushed.length || !sites[i - pushed.length].isBehind(peer)) {
                routes[count++] = toTell(i);
            }
        }
        answer.routes = Arrays.copyOf(routes, count);
        answer.limitTo(answer.features);
    }
}
