package simplevpn.linux;

import java.nio.ByteOrder;
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
    /** The kernel's list of routes (proc_pid_net(5)), and how much of it is looked at. */
    private static final String ROUTES = "/proc/self/net/route";
    private static final int MOST_ROUTES = 64 * 1024;
    /** Fields of a line of it, from 0. */
    private static final int ROUTE_DESTINATION = 1;
    private static final int ROUTE_MASK = 7;

    private final String name;
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
    public final boolean hasAddress(Address address, int length) {
        return get(Abi.SIOCGIFADDR, address.ipv4()) == address.ipv4()
                && get(Abi.SIOCGIFNETMASK, address.ipv4()) == Ipv4.netmask(length);
    }

    @Override
    public final void setAddress(Address address, int length) throws Failure {
        String command = "ip address flush dev " + name + "; ip address add " + address + "/" + length + " dev " + name
                + "; " + upCommand();
        putAddress(request, Abi.IFR_UNION, address.ipv4());
        control("SIOCSIFADDR", Abi.SIOCSIFADDR, command);
        putAddress(request, Abi.IFR_UNION, Ipv4.netmask(length));
        control("SIOCSIFNETMASK", Abi.SIOCSIFNETMASK, command);
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

    /** SIOCADDRT (linux/route.h). */
    @Override
    public final void addRoute(Network network) throws Failure {
        Buffer route = Buffer.temporary(Abi.RT_SIZE);
        Buffer device = Buffer.temporary(Abi.IFR_SIZE);
        putName(device, name);
        putAddress(route, Abi.RT_DST, network.address().ipv4());
        putAddress(route, Abi.RT_GENMASK, network.netmask());
        route.nativeOrder.putShort(Abi.RT_FLAGS, (short) Abi.RTF_UP);
        route.word(Abi.RT_DEV, device.address);
        int result = Libc.ioctl(socket, Abi.SIOCADDRT, route);
        route.free();
        device.free();
        if (result < 0 && result != -Errno.EEXIST && !(result == -Errno.EPERM && hasRoute(network))) {
            String what = network + " dev " + name;
            throw failure("SIOCADDRT " + what, result, "ip route add " + what);
        }
    }

    private boolean hasRoute(Network network) throws Failure {
        String table = TextFile.read(ROUTES, MOST_ROUTES);
        if (table == null) {
            return false;
        }
        String destination = hex(network.address().ipv4());
        String mask = hex(network.netmask());
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

    /** Closes the socket; the settings stay as they are. */
    @Override
    public void close() {
        Libc.close(socket);
    }
}
