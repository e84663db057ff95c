package simplevpn.linux;

import simplevpn.base.Address;
import simplevpn.base.Network;

/** One route of this host's main table (ip-route(8)). Immutable. */
public final class Route {
    /**
     * Who made a route is told by a number (rtm_protocol, linux/rtnetlink.h): these programs' own, which neither the
     * kernel's headers nor iproute2's rt_protos give to anybody else.
     */
    public static final int OURS = 202;
    /** What the ioctls say by which older versions of these programs made theirs. */
    public static final int BY_IOCTL = Abi.RTPROT_BOOT;
    /** Those of the kernel's own: to the networks of its interfaces. */
    public static final int BY_KERNEL = Abi.RTPROT_KERNEL;

    /** The interface that it leads through: its number, 0 for one that leads nowhere; and its name for people. */
    final int index;
    public final String device;
    /** Which addresses it is for. */
    public final Network network;
    /** The next router; {@code null} where hosts of the network are reached without one. */
    public final Address gateway;
    /** Of routes to the same network the one with the least is taken. */
    public final int metric;
    /** Who made it, 0 to 255: {@link #OURS}, say. */
    public final int protocol;

    /** This host's own address for what goes there; {@code null} for the interface's. */
    final Address source;
    /** Whether the router is to be reached though no network of the interface has its address (ip-route(8), onlink). */
    final boolean isOnLink;

    /** A route, wherever it comes from; the parameters are the fields. */
    public Route(int index, String device, Network network, Address gateway, int metric, int protocol) {
        this(index, device, network, gateway, metric, protocol, null, false);
    }

    Route(int index, String device, Network network, Address gateway, int metric, int protocol, Address source,
            boolean isOnLink) {
        this.index = index;
        this.device = device;
        this.network = network;
        this.gateway = gateway;
        this.metric = metric;
        this.protocol = protocol;
        this.source = source;
        this.isOnLink = isOnLink;
    }

    /** One of ours that leads nowhere: who sends there is told that nobody can be reached. */
    public static Route unreachable(Network network, int metric) {
        return new Route(0, null, network, null, metric, OURS);
    }

    /** Whether it leads nowhere. */
    boolean isUnreachable() {
        return index == 0;
    }

    /** Whether it leads through the same interface as another one. */
    public boolean isBeside(Route other) {
        return index == other.index;
    }

    /** One of ours to another network, along the same way. */
    public Route to(Network other, int otherMetric) {
        return new Route(index, device, other, gateway, otherMetric, OURS, source, isOnLink);
    }

    /** Whether it is as good as another one: to the same network along the same way. */
    public boolean isLike(Route other) {
        return index == other.index && network.equals(other.network) && isSame(gateway, other.gateway)
                && isSame(source, other.source) && isOnLink == other.isOnLink;
    }

    private static boolean isSame(Address one, Address other) {
        return one == null ? other == null : one.equals(other);
    }

    /** As ip-route(8) has it: {@code 192.0.2.0/24 via 198.51.100.1 dev eth0}, or {@code unreachable ::/1}. */
    @Override
    public String toString() {
        return isUnreachable() ? "unreachable " + network
                : network + (gateway == null ? "" : " via " + gateway) + " dev " + device;
    }
}
