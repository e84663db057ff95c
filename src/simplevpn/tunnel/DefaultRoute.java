package simplevpn.tunnel;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.PacketDevice;
import simplevpn.linux.Route;
import simplevpn.protocol.Answer;

/**
 * Everything through the tunnel: two routes, each to one half of all addresses, come before any default route, which
 * stays as it is. They go away with the interface, however this program ends.
 *
 * <p>What they do not hold is held back by routes behind them, which say that all is unreachable: of IPv6 as long as
 * the program runs, since not every server carries it; of IPv4 while the interface gets another address, since the
 * kernel drops its routes then. A killed program leaves those, and the next one takes them away.
 */
final class DefaultRoute {
    private static final Network[] IPV4 = {Network.ofIpv4(0, 1), Network.ofIpv4(1 << 31, 1)};
    private static final Network[] IPV6 = {new Network(Address.ofIpv6(0, 0), 1),
            new Network(Address.ofIpv6(Long.MIN_VALUE, 0), 1)};

    private final PacketDevice device;
    private final InterfaceSetup setup;
    /** Whether the interface has led everywhere before. */
    private boolean leads;
    /** Whether IPv4 is held back. */
    private boolean shut;
    /** Whether name servers are asked around the tunnel: before it stands, and while no address known is of use. */
    boolean asksOutside = true;

    /** @param setup which tells about it */
    DefaultRoute(PacketDevice device, InterfaceSetup setup) {
        this.device = device;
        this.setup = setup;
    }

    /** Whether everything leads into the tunnel, if that carries packets or not. */
    boolean leads() {
        return leads;
    }

    /** Those routes, and the two that lead everywhere of each version of IP. */
    static Network[] with(Network[] routes) {
        int count = routes.length;
        Network[] all = Arrays.copyOf(routes, count + IPV4.length + IPV6.length);
        System.arraycopy(IPV4, 0, all, count, IPV4.length);
        System.arraycopy(IPV6, 0, all, count + IPV4.length, IPV6.length);
        return all;
    }

    /** The interface is about to get what an answer says. */
    void begin(Answer answer) {
        hold(IPV6);
        if (leads && !device.hasAddress(answer.address, answer.length)) {
            shut = true;
            hold(IPV4);
        }
    }

    /** Something happened to this host's routes: what is held back still is. */
    void mend() {
        if (leads) {
            hold(IPV6);
        }
    }

    /** It has got that, and its routes. */
    void led(boolean carriesIpv6) {
        leads = true;
        asksOutside = false;
        if (!carriesIpv6) {
            setup.tell("the tunnel carries no IPv6: beyond this host's own networks nothing is reached over IPv6 while"
                    + " this program runs (--default-route)");
        }
        if (shut) {
            release(device, IPV4);
            shut = false;
        }
    }

    /**
     * The program begins: an interface that stays has kept the routes of a program that was killed, and they would lead
     * this one's first connection into it.
     */
    static void sweep(PacketDevice device) {
        for (Network half : with(new Network[0])) {
            device.removeRoute(half);
        }
    }

    private void hold(Network[] halves) {
        for (Network half : halves) {
            try {
                device.addRoute(Route.unreachable(half, Detours.METRIC));
            } catch (Failure e) {
                setup.tell(e.getMessage());
            }
        }
    }

    /** A program that was killed left what it held back: IPv6 at least, since that is held first and longest. */
    static void releaseLeft(PacketDevice device) {
        if (device.removeRoute(Route.unreachable(IPV6[0], Detours.METRIC))) {
            release(device);
        }
    }

    /** Nothing is held back any more. */
    static void release(PacketDevice device) {
        release(device, IPV4);
        release(device, IPV6);
    }

    private static void release(PacketDevice device, Network[] halves) {
        for (Network half : halves) {
            device.removeRoute(Route.unreachable(half, Detours.METRIC));
        }
    }
}
