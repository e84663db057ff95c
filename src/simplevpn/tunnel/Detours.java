package simplevpn.tunnel;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.PacketDevice;
import simplevpn.linux.Route;

/**
 * Routes around the tunnel, to hosts outside whose address is one of the VPN's network too: the server, or a name
 * server. Without them the tunnel would swallow its own connection. They are there for one connection, and made anew
 * for the next, since the way may be another then.
 */
final class Detours {
    /** The metric of all of them. */
    private static final int METRIC = 2002;

    private final PacketDevice device;
    private final InterfaceSetup setup;
    private Route[] made = new Route[4];
    private int count;
    /** The overlaps that were told last, of IPv4 and IPv6: the same again is no news. */
    private String told = "";
    private String told6 = "";

    /** @param setup which tells about these */
    Detours(PacketDevice device, InterfaceSetup setup) {
        this.device = device;
        this.setup = setup;
    }

    /**
     * Sees to it that packets for a host do not go into the tunnel, also when the kernel has dropped the route that
     * did, as it does when an interface goes down for a second, and when another way is the best one now. Where this
     * host has no other way to it in its main table, something else decides, which comes before that table.
     *
     * @param inside the networks that the tunnel leads to, or will
     * @throws Failure when the route cannot be added
     */
    void around(Address host, Network[] inside) throws Failure {
        int longest = -1;
        for (Network network : inside) {
            longest = network.contains(host) ? Math.max(longest, network.length()) : longest;
        }
        if (longest < 0) {
            return;
        }
        Route[] routes = device.otherRoutes(host.isIpv6());
        Route best = null;
        for (Route route : routes) {
            if (!isDetour(route) && route.network.contains(host) && (best == null
                    || route.network.length() > best.network.length()
                    || (route.network.length() == best.network.length() && route.metric < best.metric))) {
                best = route;
            }
        }
        Route wanted = best == null || best.network.length() > longest ? null
                : best.to(Network.ofHost(host), METRIC);
        boolean stands = false;
        for (Route route : routes) {
            if (isDetour(route) && route.network.contains(host)) {
                if (wanted != null && route.protocol == Route.OURS && route.isLike(wanted)) {
                    stands = true;
                } else {
                    device.removeRoute(route);
                }
            }
        }
        int before = indexOf(host);
        if (before >= 0) {
            made[before] = made[--count];
        }
        if (wanted == null) {
            return;
        }
        if (!stands) {
            if (!device.addRoute(wanted)) {
                return;
            }
            setup.tell("route " + wanted + " added: otherwise " + device.name() + " would swallow what is sent there");
        }
        if (count == made.length) {
            made = Arrays.copyOf(made, 2 * count);
        }
        made[count++] = wanted;
    }

    /** Whether a program made it, perhaps one that was killed: this one, or an older one by an ioctl. */
    private static boolean isDetour(Route route) {
        return route.metric == METRIC && route.network.isHost()
                && (route.protocol == Route.OURS || route.protocol == Route.BY_IOCTL);
    }

    private int indexOf(Address host) {
        for (int i = 0; i < count; i++) {
            if (made[i].network.address().equals(host)) {
                return i;
            }
        }
        return -1;
    }

    /** Removes those that were made here. */
    void clear() {
        while (count > 0) {
            device.removeRoute(made[--count]);
        }
    }

    /** Tells when a network that this host reaches without the tunnel has addresses of the VPN's. */
    void tellOverlap(Network vpn) {
        Route route = overlap(vpn, device.otherRoutes(vpn.isIpv6()));
        if (route == null) {
            return;
        }
        boolean ipv6 = vpn.isIpv6();
        String overlap = "the VPN's network " + vpn + " and the route " + route + " have addresses in common: some hosts"
                + " cannot be reached; the server may take another network (srv --network" + (ipv6 ? "6)" : ")");
        if (!overlap.equals(ipv6 ? told6 : told)) {
            told = ipv6 ? told : overlap;
            told6 = ipv6 ? overlap : told6;
            setup.tell(overlap);
        }
    }

    /**
     * Of routes that do not lead into the tunnel one to addresses of a network, or {@code null}; those to everything,
     * and to single hosts, do not count.
     */
    static Route overlap(Network network, Route[] routes) {
        for (Route route : routes) {
            if (route.network.length() > 0 && !route.network.isHost() && route.network.overlaps(network)) {
                return route;
            }
        }
        return null;
    }
}
