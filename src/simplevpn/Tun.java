package simplevpn;

/**
 * One TUN network interface (Documentation/networking/tuntap.rst): made or attached to by {@link #open}, set up through
 * ioctls, and then a descriptor from which each read takes one IPv4 packet and each write hands one to the kernel.
 *
 * <p>The interface goes away with its descriptor, also when the process is killed, unless somebody made it persistent.
 */
final class Tun {
    private static final String DEVICE = "/dev/net/tun";

    /** The descriptor, for the {@link Poller}. */
    final int fd;
    /** The interface's name, as the kernel gave it. */
    final String name;
    /** Bytes of the kernel's header in front of each packet read and written: a virtio_net_hdr, or 0. */
    final int header;

    private final Buffer request = Buffer.permanent(Abi.IFR_SIZE);
    /** An ordinary socket: the ioctls that set an interface up are asked of one. */
    private final int control;

    private Tun(int fd, String name, int header, int control) {
        this.fd = fd;
        this.name = name;
        this.header = header;
        this.control = control;
    }

    /**
     * Opens a TUN interface.
     *
     * @param wanted the name, at most 15 bytes, perhaps with a {@code %d} that the kernel replaces by a number
     * @throws Failure naming the call that failed, with nothing left open
     */
    static Tun open(String wanted) throws Failure {
        int fd = Libc.open(DEVICE, Abi.O_RDWR | Abi.O_NONBLOCK | Abi.O_CLOEXEC);
        if (fd < 0) {
            throw Failure.of("open " + DEVICE, fd, switch (-fd) {
                case Errno.ENOENT -> "there is no such device node; load the tun module (modprobe tun), or make"
                        + " the node: mkdir -p /dev/net; mknod /dev/net/tun c 10 200";
                case Errno.ENODEV, Errno.ENXIO -> "this kernel has no TUN driver; load the tun module (modprobe tun)";
                case Errno.EACCES, Errno.EPERM -> "run as root, or as a user who may read and write it";
                default -> "";
            });
        }
        Buffer request = Buffer.permanent(Abi.IFR_SIZE);
        int plain = Abi.IFF_TUN | Abi.IFF_NO_PI;
        int header = Offload.VNET_HEADER;
        int result = attach(fd, request, wanted, plain | Abi.IFF_VNET_HDR);
        if (result == -Errno.EINVAL) {
            header = 0;
            result = attach(fd, request, wanted, plain);
            if (result >= 0) {
                Log.event("TUNSETIFF " + wanted + ": this kernel offers no IFF_VNET_HDR: going on without offloads");
            }
        }
        if (result < 0) {
            Libc.close(fd);
            throw Failure.of("TUNSETIFF " + wanted, result, switch (-result) {
                case Errno.EPERM -> "run as root, or with the capability CAP_NET_ADMIN";
                case Errno.EBUSY -> "another program uses this interface; name another one with --interface";
                case Errno.EINVAL -> "there is an interface of this name that is no TUN interface; name another"
                        + " one with --interface";
                default -> "";
            });
        }
        int control = Libc.socket(Abi.AF_INET, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC, 0);
        if (control < 0) {
            Libc.close(fd);
            throw Failure.of("socket for setting up " + wanted, control, "");
        }
        return new Tun(fd, name(request), header, control);
    }

    private static int attach(int fd, Buffer request, String name, int flags) {
        name(request, name);
        request.host.putShort(Abi.IFR_UNION, (short) flags);
        return Libc.ioctl(fd, Abi.TUNSETIFF, request);
    }

    /** TUNSETOFFLOAD (linux/if_tun.h) with the given TUN_F bits; returns 0 or −errno. */
    int setOffload(int features) {
        return Libc.ioctl(fd, Abi.TUNSETOFFLOAD, features);
    }

    private static void name(Buffer request, String name) {
        for (int i = 0; i < Abi.IFNAMSIZ; i++) {
            request.bytes.put(Abi.IFR_NAME + i, (byte) (i < name.length() ? name.charAt(i) : 0));
        }
    }

    private static String name(Buffer request) {
        StringBuilder name = new StringBuilder(Abi.IFNAMSIZ);
        for (int i = Abi.IFR_NAME; request.bytes.get(i) != 0; i++) {
            name.append((char) request.bytes.get(i));
        }
        return name.toString();
    }

    /**
     * Gives the interface its address and brings it up. The kernel adds the route to the network by itself.
     *
     * @param address IPv4 address, host order
     * @param prefix length of the netmask, 0 to 32
     * @param mtu bytes, 68 to 65535
     * @param queue packets that wait for being read before the kernel drops more, at least 1
     */
    void configure(int address, int prefix, int mtu, int queue) throws Failure {
        set("SIOCSIFADDR", Abi.SIOCSIFADDR, address);
        set("SIOCSIFNETMASK", Abi.SIOCSIFNETMASK, Ipv4.netmask(prefix));
        name(request, name);
        request.host.putInt(Abi.IFR_UNION, mtu);
        control("SIOCSIFMTU", Abi.SIOCSIFMTU);
        request.host.putInt(Abi.IFR_UNION, queue);
        control("SIOCSIFTXQLEN", Abi.SIOCSIFTXQLEN);
        control("SIOCGIFFLAGS", Abi.SIOCGIFFLAGS);
        request.host.putShort(Abi.IFR_UNION, (short) (request.host.getShort(Abi.IFR_UNION) | Abi.IFF_UP));
        control("SIOCSIFFLAGS", Abi.SIOCSIFFLAGS);
    }

    private void set(String call, int number, int address) throws Failure {
        name(request, name);
        socketAddress(request, Abi.IFR_UNION, address);
        control(call, number);
    }

    private void control(String call, int number) throws Failure {
        int result = Libc.ioctl(control, number, request);
        if (result < 0) {
            throw Failure.of(call + " " + name, result,
                    result == -Errno.EPERM ? "run as root, or with the capability CAP_NET_ADMIN" : "");
        }
    }

    /** A {@code struct sockaddr_in} of an address alone, zeroes behind it. */
    private static void socketAddress(Buffer to, int at, int address) {
        to.bytes.putLong(at, 0);
        to.bytes.putLong(at + 8, 0);
        to.host.putShort(at + Abi.SIN_FAMILY, (short) Abi.AF_INET);
        to.bytes.putInt(at + Abi.SIN_ADDR, address);
    }

    /**
     * Adds a route through this interface (linux/route.h); one that is there already is left as it is.
     *
     * @param network IPv4 network, host order
     * @param prefix its length, 0 to 32
     */
    void route(int network, int prefix) throws Failure {
        Buffer route = Buffer.temporary(Abi.RT_SIZE);
        Buffer device = Buffer.temporary(Abi.IFNAMSIZ);
        for (int i = 0; i < name.length(); i++) {
            device.bytes.put(i, (byte) name.charAt(i));
        }
        socketAddress(route, Abi.RT_DST, network);
        socketAddress(route, Abi.RT_GENMASK, Ipv4.netmask(prefix));
        route.host.putShort(Abi.RT_FLAGS, (short) Abi.RTF_UP);
        route.word(Abi.RT_DEV, device.address);
        int result = Libc.ioctl(control, Abi.SIOCADDRT, route);
        route.free();
        device.free();
        if (result < 0 && result != -Errno.EEXIST) {
            throw Failure.of("SIOCADDRT " + Ipv4.text(network) + "/" + prefix + " dev " + name, result, "");
        }
    }

    /**
     * Takes one packet from the kernel.
     *
     * @param buffer receives it at byte {@code at}
     * @param limit room for it and its {@link #header}
     * @return its length with the header; 0 when none is waiting, or when it is time to {@link #check}
     */
    int read(Buffer buffer, int at, int limit) {
        return Math.max(0, Libc.tryRead(fd, buffer, at, limit));
    }

    /**
     * Hands one packet to the kernel, its {@link #header} in front of it.
     *
     * @return whether the kernel took it; it refuses one that is damaged, and any while the interface is down
     */
    boolean write(Buffer buffer, int at, int length) {
        return Libc.tryWrite(fd, buffer, at, length) >= 0;
    }

    /** The poller reports an error: finds out which. */
    void check() throws Failure {
        int result = Libc.read(fd, request, 0, request.size);
        if (result < 0 && result != -Errno.EAGAIN) {
            throw Failure.of("read " + name, result,
                    result == -Errno.EBADFD ? "somebody removed the interface; start again to have it back" : "");
        }
    }

    /** Closes the descriptors, and with them the interface goes. */
    void close() {
        Libc.close(fd);
        Libc.close(control);
    }
}
