package simplevpn.tunnel;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.PacketDevice;
import simplevpn.linux.Route;

/**
 * Routes around the tunnel, to hosts outside that are in a network which the tunnel leads to: the server, or a name
 * server. Without them the tunnel would swallow its own connection. They are there for one connection, and made anew
 * for the next, since the way may be another then; where everything goes through the tunnel, also while there is none.
 */
final class Detours {
    /** The metric of all of them. */
    static final int METRIC = 2002;

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
     * @param needed whether nothing but a route of the main table leads around the tunnel
     * @return whether routes were changed
     * @throws Failure when the route cannot be added, or there is none of those that are needed
     */
    boolean around(Address host, Network[] inside, boolean needed) throws Failure {
        int longest = -1;
        for (Network network : inside) {
            longest = network.contains(host) ? Math.max(longest, network.length()) : longest;
        }
        if (longest < 0) {
            return false;
        }
        Route[] routes = device.otherRoutes(host.isIpv6());
        Route best = best(host, routes);
        Route wanted = best == null || best.network.length() > longest ? null
                : best.to(Network.ofHost(host), METRIC);
        boolean stands = false;
        boolean changed = false;
        for (Route route : routes) {
            if (isDetour(route) && route.network.contains(host)) {
                if (wanted != null && route.protocol == Route.OURS && route.isLike(wanted)) {
                    stands = true;
                } else {
                    device.removeRoute(route);
                    changed = true;
                }
            }
        }
        int before = indexOf(host);
        if (before >= 0) {
            made[before] = made[--count];
        }
        if (best == null && needed) {
            throw new Failure(Failure.UNREACHABLE, "the main table has no route to " + host + " around the tunnel");
        }
        if (wanted == null) {
            return changed;
        }
        if (!stands) {
            if (!device.addRoute(wanted)) {
                return changed;
            }
            setup.tell("route " + wanted + " added: otherwise " + device.name() + " would swallow what is sent there");
        }
        if (count == made.length) {
            made = Arrays.copyOf(made, 2 * count);
        }
        made[count++] = wanted;
        return changed || !stands;
    }

    /** The route to a host that comes before the others, but for those around a tunnel; or {@code null}. */
    private static Route best(Address host, Route[] routes) {
        Route best = null;
        for (Route route : routes) {
            if (!isDetour(route) && route.network.contains(host) && (best == null
                    || route.network.length() > best.network.length()
                    || (route.network.length() == best.network.length() && route.metric < best.metric))) {
                best = route;
            }
        }
        return best;
    }

    /**
     * Removes what a program that was killed has left: a route around a tunnel that is not there any more. Where the
     * host would be reached through another tunnel of these programs, or through a network of the kernel's own, as
     * another tunnel's is, it is of use still.
     *
     * @return whether there is no other tunnel that everything goes through
     */
    boolean sweep() {
        boolean alone = true;
        for (int version = 4; version <= 6; version += 2) {
            Route[] routes = device.otherRoutes(version == 6);
            for (Route route : routes) {
                alone &= route.protocol != Route.OURS || route.network.length() != 1;
                if (isDetour(route) && route.protocol == Route.OURS) {
                    Route best = best(route.network.address(), routes);
                    boolean used = best != null && !best.isBeside(route)
                            && (best.protocol == Route.OURS || best.protocol == Route.BY_KERNEL);
                    if (!used) {
                        device.removeRoute(route);
                    }
                }
            }
        }
        return alone;
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

    /** Removes those that were made here, but for the one to a host; {@code null} is none. */
    void clear(Address but) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (made[i].network.address().equals(but)) {
                made[kept++] = made[i];
            } else {
                device.removeRoute(made[i]);
            }
        }
        count = kept;
    }

    /** Tells when a network that this host reaches without the tunnel has addresses of the VPN's. */
    void tellOverlap(Network vpn) {
        Route route = overlap(vpn, device.otherRoutes(vpn.isIpv6()));
        if (route == null) {
            return;
        }
        boolean ipv6 = vpn.isIpv6();
        String overlap = "the VPN's network " + vpn + " and the route " + route + " have addresses in common: some"
                + " hosts cannot be reached; the server may take another network (srv --network" + (ipv6 ? "6)" : ")");
        if (!overlap.equals(ipv6 ? told6 : told)) {
            told = ipv6 ? told : overlap;
            told6 = ipv6 ? overlap : told6;
            setup.tell(overlap);
        }
    }

    /**
     * Of routes that do not lead into the tunnel one to addresses of a network, or {@code null}; those to everything,
     * which tunnels often have in two halves, and to single hosts, do not count.
     */
    static Route overlap(Network network, Route[] routes) {
        for (Route route : routes) {
            if (route.network.length() > 1 && !route.network.isHost() && route.network.overlaps(network)) {
                return route;
            }
        }
        return null;
    }
}
