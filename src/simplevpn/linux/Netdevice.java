package simplevpn.linux;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;

/**
 * The settings of a network interface, as everybody on this host sees them: address, MTU, queue, state and routes
 * (netdevice(7)). Changing one takes the capability CAP_NET_ADMIN; a failure for the lack of it names the command for
 * root that does the same.
 */
abstract class Netdevice implements PacketDevice {
    private String name;
    /** By it the kernel knows the interface, whatever its name. */
    private final int index;
    private final Buffer request = Buffer.permanent(Abi.IFR_SIZE);
    /** An ordinary socket: the ioctls are asked of one. */
    private final int socket;
    /** Whether this process may change the interface. */
    private final boolean permitted;

    /**
     * @param name an interface that exists
     * @param queue packets that wait there for being read before the kernel drops more, at least 1; where it may not be
     *         set, it stays as it is
     */
    Netdevice(String name, int queue) throws Failure {
        this.name = name;
        socket = Libc.socket(Abi.AF_INET, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC, 0);
        if (socket < 0) {
            throw Errno.failure("socket for setting up " + name, socket, "");
        }
        request.nativeOrder.putInt(Abi.IFR_UNION, queue);
        int result = ask(Abi.SIOCSIFTXQLEN);
        permitted = result != -Errno.EPERM;
        if (result < 0 && permitted) {
            Libc.close(socket);
            throw Errno.failure("SIOCSIFTXQLEN " + name, result, "");
        }
        index = presentIndex();
    }

    private int presentIndex() {
        return ask(Abi.SIOCGIFINDEX) < 0 ? 0 : request.nativeOrder.getInt(Abi.IFR_UNION);
    }

    /**
     * The interface may have another name now; whoever finds that out says so.
     *
     * @return whether there is an interface of that name in this network namespace, and it is this one
     */
    final boolean rename(String present) {
        name = present;
        return presentIndex() == index;
    }

    /**
     * Writes an interface's name into a {@code struct ifreq}.
     *
     * @param name at most {@link Abi#IFNAMSIZ} − 1 characters of ASCII
     */
    static void putName(Buffer request, String name) {
        for (int i = 0; i < Abi.IFNAMSIZ; i++) {
            request.bytes.put(Abi.IFR_NAME + i, (byte) (i < name.length() ? name.charAt(i) : 0));
        }
    }

    /** The name that the kernel wrote into a {@code struct ifreq}. */
    static String name(Buffer request) {
        StringBuilder text = new StringBuilder(Abi.IFNAMSIZ);
        for (int i = Abi.IFR_NAME; i < Abi.IFR_NAME + Abi.IFNAMSIZ && request.bytes.get(i) != 0; i++) {
            text.append((char) request.bytes.get(i));
        }
        return text.toString();
    }

    @Override
    public final String name() {
        return name;
    }

    /** One ioctl with the request that was prepared; returns 0 or −errno. */
    private int ask(int number) {
        putName(request, name);
        return Libc.ioctl(socket, number, request);
    }

    private void control(String call, int number, String command) throws Failure {
        int result = ask(number);
        if (result < 0) {
            throw failure(call + " " + name, result, command);
        }
    }

    private static Failure failure(String call, int result, String command) {
        return Errno.failure(call, result, result != -Errno.EPERM ? ""
                : "run with the capability CAP_NET_ADMIN, or say once as root: " + command);
    }

    /** A {@code struct sockaddr_in} of an address alone, zeroes behind it. */
    private static void putAddress(Buffer to, int at, int address) {
        to.bytes.putLong(at, 0);
        to.bytes.putLong(at + 8, 0);
        to.nativeOrder.putShort(at + Abi.SIN_FAMILY, (short) Abi.AF_INET);
        to.bytes.putInt(at + Abi.SIN_ADDR, address);
    }

    /**
     * SIOCGIFADDR or SIOCGIFNETMASK: of the given address where the interface has several and that is one of them;
     * returns 0 when it has none.
     */
    private int get(int number, int address) {
        putAddress(request, Abi.IFR_UNION, address);
        return ask(number) < 0 ? 0 : request.bytes.getInt(Abi.IFR_UNION + Abi.SIN_ADDR);
    }

    @Override
    public final int mtu() throws Failure {
        control("SIOCGIFMTU", Abi.SIOCGIFMTU, "");
        return request.nativeOrder.getInt(Abi.IFR_UNION);
    }

    @Override
    public final int setMtu(int mtu) {
        request.nativeOrder.putInt(Abi.IFR_UNION, mtu);
        return ask(Abi.SIOCSIFMTU);
    }

    @Override
    public final Address fixedAddress() {
        int address = permitted ? 0 : get(Abi.SIOCGIFADDR, 0);
        return address == 0 ? null : Address.ofIpv4(address);
    }

    @Override
    public final boolean hasIpv6() {
        int probe = Libc.socket(Abi.AF_INET6, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC, 0);
        if (probe < 0) {
            return false;
        }
        Libc.close(probe);
        try {
            return !"1\n".equals(TextFile.read("/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6", 16));
        } catch (Failure e) {
            // Not to be seen from here, or too old to have it: trying will tell.
            return true;
        }
    }

    @Override
    public final boolean hasAddress(Address address, int length) {
        if (address.isIpv6()) {
            return Arrays.asList(Netlink.addresses(index, length)).contains(address);
        }
        return get(Abi.SIOCGIFADDR, address.ipv4()) == address.ipv4()
                && get(Abi.SIOCGIFNETMASK, address.ipv4()) == Ipv4.netmask(length);
    }

    @Override
    public final void setAddress(Address address, int length) throws Failure {
        if (address.isIpv6()) {
            setIpv6Address(address, length);
            return;
        }
        String command = "ip address flush dev " + name + "; ip address add " + address + "/" + length + " dev " + name
                + "; " + upCommand();
        putAddress(request, Abi.IFR_UNION, address.ipv4());
        control("SIOCSIFADDR", Abi.SIOCSIFADDR, command);
        putAddress(request, Abi.IFR_UNION, Ipv4.netmask(length));
        control("SIOCSIFNETMASK", Abi.SIOCSIFNETMASK, command);
    }

    private void setIpv6Address(Address address, int length) throws Failure {
        for (Address other : Netlink.addresses(index, length)) {
            // Packets from it would be another client's.
            if (!other.equals(address) && Network.containing(address, length).contains(other)) {
                removeAddress(other, length);
            }
        }
        int result = Netlink.change(Abi.RTM_NEWADDR, index, address, length);
        if (result < 0 && result != -Errno.EEXIST) {
            throw failure("RTM_NEWADDR " + address + "/" + length + " dev " + name, result,
                    "ip address add " + address + "/" + length + " dev " + name);
        }
    }

    @Override
    public final void removeAddress(Address address, int length) {
        Netlink.change(Abi.RTM_DELADDR, index, address, length);
    }

    @Override
    public final void bringUp() throws Failure {
        control("SIOCGIFFLAGS", Abi.SIOCGIFFLAGS, "");
        int flags = request.nativeOrder.getShort(Abi.IFR_UNION);
        if ((flags & Abi.IFF_UP) == 0) {
            request.nativeOrder.putShort(Abi.IFR_UNION, (short) (flags | Abi.IFF_UP));
            control("SIOCSIFFLAGS", Abi.SIOCSIFFLAGS, upCommand());
        }
    }

    private String upCommand() {
        return "ip link set dev " + name + " up";
    }

    @Override
    public final int index() {
        return index;
    }

    private Route own(Network network) {
        return new Route(index, name, network, null, 0, Route.OURS);
    }

    /**
     * RTM_NEWROUTE (rtnetlink(7)). An interface that is down has no routes: they are made again when it is up. Whose a
     * route to a single host is that is there already is not asked, since there may be thousands.
     */
    @Override
    public final void addRoute(Network network) throws Failure {
        Route route = own(network);
        int result = Netlink.change(Abi.RTM_NEWROUTE, route);
        if (result < 0 && result != -Errno.ENETDOWN && !(result == -Errno.EEXIST && network.isHost())) {
            throw failure("RTM_NEWROUTE " + route, result, "ip route add " + route);
        }
    }

    @Override
    public final void removeRoute(Network network) {
        Netlink.change(Abi.RTM_DELROUTE, own(network));
    }

    @Override
    public final void removeHostRoutes() {
        for (int version = 0; version < 2; version++) {
            for (Route route : Netlink.routes(version > 0, index, true)) {
                if (route.protocol == Route.OURS && route.network.isHost()) {
                    Netlink.change(Abi.RTM_DELROUTE, route);
                }
            }
        }
    }

    /** Of IPv6, what all interfaces have counts (ip6_forward, linux/net/ipv6). */
    @Override
    public final boolean forwards(boolean ipv6) {
        return Netlink.forwards(ipv6 ? Abi.NETCONFA_IFINDEX_ALL : index, ipv6);
    }

    @Override
    public final boolean addRoute(Route route) throws Failure {
        int result = Netlink.change(Abi.RTM_NEWROUTE, route);
        // A kernel without IPv6 has no routes of it, and leads nothing past them.
        if (result < 0 && result != -Errno.EEXIST && result != -Errno.EOPNOTSUPP) {
            throw failure("RTM_NEWROUTE " + route, result, "ip route add " + route);
        }
        return result >= 0;
    }

    /** One that is gone already, with its interface say, is none to be removed. */
    @Override
    public final boolean removeRoute(Route route) {
        return Netlink.change(Abi.RTM_DELROUTE, route) >= 0;
    }

    @Override
    public final Network[] ownRoutes(boolean ipv6) {
        Route[] routes = Netlink.routes(ipv6, index, true);
        Network[] networks = new Network[routes.length];
        for (int i = 0; i < networks.length; i++) {
            networks[i] = routes[i].network;
        }
        return networks;
    }

    @Override
    public final Route[] otherRoutes(boolean ipv6) {
        return Netlink.routes(ipv6, index, false);
    }

    @Override
    public final Monitor monitor() throws Failure {
        return new RouteMonitor();
    }

    /** Closes the socket; the settings stay as they are. */
    @Override
    public void close() {
        Libc.close(socket);
    }
}
