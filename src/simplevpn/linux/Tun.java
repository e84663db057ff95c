package simplevpn.linux;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.protocol.Offload;

/**
 * One TUN network interface (Documentation/networking/tuntap.rst): made or attached to by {@link #open}, set up as a
 * {@link Netdevice}, and then a descriptor from which each read takes one IPv4 packet and each write hands one to the
 * kernel.
 *
 * <p>The interface goes away with its descriptor, also when the process is killed, unless somebody made it persistent.
 */
public final class Tun {
    /** What {@link #open} takes for a name of the kernel's choice. */
    public static final String ANY_NAME = "tun%d";

    private static final String DEVICE = "/dev/net/tun";
    /** Packets that wait in the interface until the loop reads them. */
    private static final int QUEUE = 500;

    /** The descriptor, for the {@link Poller}. */
    public final int fd;
    /** The interface's name, as the kernel gave it. */
    public final String name;
    /** Bytes of the kernel's header in front of each packet read and written: a virtio_net_hdr, or 0. */
    public final int header;
    /** The interface's address, MTU, state and routes. */
    public final Netdevice netdevice;

    private final Buffer request;

    private Tun(int fd, int header, Netdevice netdevice, Buffer request) {
        this.fd = fd;
        this.name = netdevice.name;
        this.header = header;
        this.netdevice = netdevice;
        this.request = request;
    }

    /**
     * Opens a TUN interface.
     *
     * @param wanted the name, at most 15 bytes, or {@link #ANY_NAME}
     * @throws Failure naming the call that failed, with nothing left open
     */
    public static Tun open(String wanted) throws Failure {
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
        String object = wanted.equals(ANY_NAME) ? "a new interface" : wanted;
        if (result == -Errno.EINVAL) {
            header = 0;
            result = attach(fd, request, wanted, plain);
            if (result >= 0) {
                Log.event("TUNSETIFF " + object + ": this kernel offers no IFF_VNET_HDR: going on without offloads");
            }
        }
        if (result < 0) {
            Libc.close(fd);
            throw Failure.of("TUNSETIFF " + object, result, switch (-result) {
                case Errno.EPERM -> "run as root, or with the capability CAP_NET_ADMIN, or name with --interface one"
                        + " that root made for this user: ip tuntap add dev NAME mode tun user USER";
                case Errno.EBUSY -> "another program uses this interface; name another one with --interface";
                case Errno.EINVAL -> "there is an interface of this name that is no TUN interface, or one made with"
                        + " multi_queue; name another one with --interface";
                default -> "";
            });
        }
        String name = name(request);
        if (header != 0) {
            // A persistent interface has the size that its user before us wanted.
            request.host.putInt(0, header);
            Libc.ioctl(fd, Abi.TUNSETVNETHDRSZ, request);
        }
        try {
            return new Tun(fd, header, Netdevice.open(name, QUEUE), request);
        } catch (Failure e) {
            Libc.close(fd);
            throw e;
        }
    }

    private static int attach(int fd, Buffer request, String name, int flags) {
        Netdevice.name(request, name);
        request.host.putShort(Abi.IFR_UNION, (short) flags);
        return Libc.ioctl(fd, Abi.TUNSETIFF, request);
    }

    /** TUNSETOFFLOAD (linux/if_tun.h) with the given TUN_F bits; returns 0 or −errno. */
    public int setOffload(int features) {
        return Libc.ioctl(fd, Abi.TUNSETOFFLOAD, features);
    }

    private static String name(Buffer request) {
        StringBuilder name = new StringBuilder(Abi.IFNAMSIZ);
        for (int i = Abi.IFR_NAME; request.bytes.get(i) != 0; i++) {
            name.append((char) request.bytes.get(i));
        }
        return name.toString();
    }

    /**
     * Takes one packet from the kernel.
     *
     * @param buffer receives it at byte {@code at}
     * @param limit room for it and its {@link #header}
     * @return its length with the header; 0 when none is waiting, or when it is time to {@link #check}
     */
    public int read(Buffer buffer, int at, int limit) {
        return Math.max(0, Libc.tryRead(fd, buffer, at, limit));
    }

    /**
     * Hands one packet to the kernel, its {@link #header} in front of it.
     *
     * @return whether the kernel took it; it refuses one that is damaged, and any while the interface is down
     */
    public boolean write(Buffer buffer, int at, int length) {
        return Libc.tryWrite(fd, buffer, at, length) >= 0;
    }

    /** The poller reports an error: finds out which. */
    public void check() throws Failure {
        int result = Libc.read(fd, request, 0, request.size);
        if (result < 0 && result != -Errno.EAGAIN) {
            throw Failure.of("read " + name, result,
                    result == -Errno.EBADFD ? "somebody removed the interface; start again to have it back" : "");
        }
    }

    /**
     * Closes the descriptors, and with them the interface goes; a persistent one stays, and delivers to whoever
     * attaches to it next no super-packets that we asked for.
     */
    public void close() {
        if (header != 0) {
            setOffload(0);
        }
        Libc.close(fd);
        netdevice.close();
    }
}
