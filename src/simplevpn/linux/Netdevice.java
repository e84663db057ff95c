package simplevpn.linux;

import java.nio.ByteOrder;
import simplevpn.base.Failure;
import simplevpn.base.Ipv4;
import simplevpn.base.Log;

/**
 * A network interface as everybody on this host sees it (netdevice(7)): its address, MTU, queue and state, and the
 * routes through it.
 *
 * <p>What the interface has already is not set again: root can make and set up one for a user who then needs no
 * capability. Setting anything else takes CAP_NET_ADMIN; who does not have it is told the command for root.
 */
public final class Netdevice {
    /** The kernel's list of routes (proc_pid_net(5)), and how much of it is looked at. */
    private static final String ROUTES = "/proc/self/net/route";
    private static final int MOST_ROUTES = 64 * 1024;
    /** Fields of a line of it, from 0. */
    private static final int ROUTE_DESTINATION = 1;
    private static final int ROUTE_MASK = 7;

    /** The interface's name. */
    final String name;
    private final Buffer request = Buffer.permanent(Abi.IFR_SIZE);
    /** An ordinary socket: the ioctls are asked of one. */
    private final int socket;
    private boolean permitted = true;

    /** What was asked for last: asking again changes nothing, whatever somebody else did to the interface since. */
    private int address;
    private int prefix;
    private int wantedMtu;
    private int mtu;
    private boolean isUp;

    private Netdevice(String name, int socket) {
        this.name = name;
        this.socket = socket;
    }

    /**
     * @param name an interface that exists
     * @param queue packets that wait there for being read before the kernel drops more, at least 1; where it may not be
     *         set, it stays as it is
     */
    static Netdevice open(String name, int queue) throws Failure {
        int socket = Libc.socket(Abi.AF_INET, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC, 0);
        if (socket < 0) {
            throw Failure.of("socket for setting up " + name, socket, "");
        }
        Netdevice device = new Netdevice(name, socket);
        device.request.host.putInt(Abi.IFR_UNION, queue);
        int result = device.ask(Abi.SIOCSIFTXQLEN);
        device.permitted = result != -Errno.EPERM;
        if (result < 0 && device.permitted) {
            Libc.close(socket);
            throw Failure.of("SIOCSIFTXQLEN " + name, result, "");
        }
        return device;
    }

    /**
     * Writes an interface's name into a {@code struct ifreq}.
     *
     * @param name at most {@link Abi#IFNAMSIZ} − 1 characters of ASCII
     */
    static void name(Buffer request, String name) {
        for (int i = 0; i < Abi.IFNAMSIZ; i++) {
            request.bytes.put(Abi.IFR_NAME + i, (byte) (i < name.length() ? name.charAt(i) : 0));
        }
    }

    /** One ioctl with the request that was prepared; returns 0 or −errno. */
    private int ask(int number) {
        name(request, name);
        return Libc.ioctl(socket, number, request);
    }

    private void control(String call, int number, String command) throws Failure {
        int result = ask(number);
        if (result < 0) {
            throw refused(call + " " + name, result, command);
        }
    }

    private static Failure refused(String call, int result, String command) {
        return Failure.of(call, result, result != -Errno.EPERM ? ""
                : "run with the capability CAP_NET_ADMIN, or say once as root: " + command);
    }

    /** A {@code struct sockaddr_in} of an address alone, zeroes behind it. */
    private static void socketAddress(Buffer to, int at, int address) {
        to.bytes.putLong(at, 0);
        to.bytes.putLong(at + 8, 0);
        to.host.putShort(at + Abi.SIN_FAMILY, (short) Abi.AF_INET);
        to.bytes.putInt(at + Abi.SIN_ADDR, address);
    }

    /**
     * The address that the interface has and this process cannot change, host order; 0 when it has none, or any other
     * can be set.
     */
    public int fixedAddress() {
        return permitted ? 0 : get(Abi.SIOCGIFADDR, 0);
    }

    /**
     * SIOCGIFADDR or SIOCGIFNETMASK: of the given address where the interface has several and that is one of them;
     * returns 0 when it has none.
     */
    private int get(int number, int address) {
        socketAddress(request, Abi.IFR_UNION, address);
        return ask(number) < 0 ? 0 : request.bytes.getInt(Abi.IFR_UNION + Abi.SIN_ADDR);
    }

    /**
     * Gives the interface its MTU. Where that cannot be done it is told, and the tunnel works with what there is.
     *
     * @param wanted bytes, 68 to 65535
     * @return the smaller one of the wanted MTU and the interface's own
     */
    public int mtu(int wanted) throws Failure {
        if (wanted == wantedMtu) {
            return Math.min(mtu, wanted);
        }
        control("SIOCGIFMTU", Abi.SIOCGIFMTU, "");
        mtu = request.host.getInt(Abi.IFR_UNION);
        if (mtu != wanted) {
            request.host.putInt(Abi.IFR_UNION, wanted);
            int result = ask(Abi.SIOCSIFMTU);
            if (result == -Errno.EPERM) {
                Log.event(name + " keeps its MTU of " + mtu + " bytes instead of " + wanted
                        + "; as root: ip link set dev " + name + " mtu " + wanted);
            } else if (result < 0) {
                throw Failure.of("SIOCSIFMTU " + name, result, "");
            } else {
                mtu = wanted;
            }
        }
        wantedMtu = wanted;
        return Math.min(mtu, wanted);
    }

    /**
     * Gives the interface its address and brings it up. The kernel adds the route to the network by itself.
     *
     * @param newAddress IPv4 address, host order
     * @param newPrefix length of the netmask, 1 to 32
     */
    public void address(int newAddress, int newPrefix) throws Failure {
        if (newAddress == address && newPrefix == prefix && isUp) {
            return;
        }
        String text = Ipv4.text(newAddress) + "/" + newPrefix;
        String up = "ip link set dev " + name + " up";
        int netmask = Ipv4.netmask(newPrefix);
        boolean before = get(Abi.SIOCGIFADDR, newAddress) == newAddress
                && get(Abi.SIOCGIFNETMASK, newAddress) == netmask;
        if (!before) {
            String command = "ip address flush dev " + name + "; ip address add " + text + " dev " + name + "; " + up;
            socketAddress(request, Abi.IFR_UNION, newAddress);
            control("SIOCSIFADDR", Abi.SIOCSIFADDR, command);
            socketAddress(request, Abi.IFR_UNION, netmask);
            control("SIOCSIFNETMASK", Abi.SIOCSIFNETMASK, command);
        }
        control("SIOCGIFFLAGS", Abi.SIOCGIFFLAGS, "");
        int flags = request.host.getShort(Abi.IFR_UNION);
        if ((flags & Abi.IFF_UP) == 0) {
            request.host.putShort(Abi.IFR_UNION, (short) (flags | Abi.IFF_UP));
            control("SIOCSIFFLAGS", Abi.SIOCSIFFLAGS, up);
        }
        if (before) {
            Log.event(name + " has the address " + text + " already: it is left as it is");
        }
        address = newAddress;
        prefix = newPrefix;
        isUp = true;
    }

    /**
     * Adds routes through this interface. What is wrong with one of them is told, and the tunnel works without it.
     *
     * @param routes network, host order, prefix length, network, …
     * @param outer the other end of the tunnel, to which none of them may lead, host order; 0 when it is not IPv4
     */
    public void routes(int[] routes, int outer) {
        for (int i = 0; i < routes.length; i += 2) {
            int network = routes[i];
            int length = routes[i + 1];
            if (outer != 0 && (outer & Ipv4.netmask(length)) == network) {
                Log.event("route " + Ipv4.text(network) + "/" + length + " left out: it would lead the tunnel to "
                        + Ipv4.text(outer) + " into itself");
                continue;
            }
            try {
                route(network, length);
            } catch (Failure e) {
                Log.event(e.getMessage());
            }
        }
    }

    /**
     * Adds a route through this interface (linux/route.h); one that is there already is left as it is.
     *
     * @param network IPv4 network, host order
     * @param length of its prefix, 0 to 32
     */
    private void route(int network, int length) throws Failure {
        Buffer route = Buffer.temporary(Abi.RT_SIZE);
        Buffer device = Buffer.temporary(Abi.IFR_SIZE);
        name(device, name);
        socketAddress(route, Abi.RT_DST, network);
        socketAddress(route, Abi.RT_GENMASK, Ipv4.netmask(length));
        route.host.putShort(Abi.RT_FLAGS, (short) Abi.RTF_UP);
        route.word(Abi.RT_DEV, device.address);
        int result = Libc.ioctl(socket, Abi.SIOCADDRT, route);
        route.free();
        device.free();
        if (result < 0 && result != -Errno.EEXIST && !(result == -Errno.EPERM && hasRoute(network, length))) {
            String what = Ipv4.text(network) + "/" + length + " dev " + name;
            throw refused("SIOCADDRT " + what, result, "ip route add " + what);
        }
    }

    private boolean hasRoute(int network, int length) throws Failure {
        String table = TextFile.read(ROUTES, MOST_ROUTES);
        if (table == null) {
            return false;
        }
        String destination = hex(network);
        String mask = hex(Ipv4.netmask(length));
        for (int at = 0, end; (end = table.indexOf('\n', at)) >= 0; at = end + 1) {
            if (table.startsWith(name + '\t', at) && table.startsWith(destination, field(table, at, ROUTE_DESTINATION))
                    && table.startsWith(mask, field(table, at, ROUTE_MASK))) {
                return true;
            }
        }
        return false;
    }

    /** Where a field of the line at {@code at} begins. */
    private static int field(String table, int at, int number) {
        int begin = at;
        for (int i = 0; i < number; i++) {
            begin = table.indexOf('\t', begin) + 1;
        }
        return begin;
    }

    /** An address as that list has it: 8 digits of the number that its bytes are to this processor, and a tab. */
    private static String hex(int address) {
        int number = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? address : Integer.reverseBytes(address);
        StringBuilder text = new StringBuilder(9);
        for (int shift = 28; shift >= 0; shift -= 4) {
            text.append("0123456789ABCDEF".charAt(number >>> shift & 15));
        }
        return text.append('\t').toString();
    }

    /** Closes the socket; the interface stays as it is. */
    void close() {
        Libc.close(socket);
    }
}
