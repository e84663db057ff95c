package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * One TUN interface (Documentation/networking/tuntap.rst): made or attached to by {@link #open}, and then a descriptor
 * from which each read takes one IP packet and each write hands one to the kernel.
 *
 * <p>The interface goes away with its descriptor, also when the process is killed, unless somebody made it persistent.
 */
public final class Tun extends Netdevice {
    /** What {@link #open} takes for a name of the kernel's choice. */
    public static final String ANY_NAME = "tun%d";

    private static final String DEVICE = "/dev/net/tun";
    /** Packets that wait in the interface until the loop reads them. */
    private static final int QUEUE = 500;

    private final int fd;
    private final int header;
    private final Buffer request;

    private Tun(int fd, int header, Buffer request) throws Failure {
        super(name(request), QUEUE);
        this.fd = fd;
        this.header = header;
        this.request = request;
    }

    /**
     * Opens a TUN interface, with the kernel's packet headers where it offers them.
     *
     * @param wanted the name, at most 15 bytes, or {@link #ANY_NAME}
     * @throws Failure naming the call that failed, with nothing left open
     */
    public static Tun open(String wanted) throws Failure {
        int fd = Libc.open(DEVICE, Abi.O_RDWR | Abi.O_NONBLOCK | Abi.O_CLOEXEC);
        if (fd < 0) {
            throw Errno.failure("open " + DEVICE, fd, switch (-fd) {
                case Errno.ENOENT -> "there is no such device node; load the tun module (modprobe tun), or make"
                        + " the node: mkdir -p /dev/net; mknod /dev/net/tun c 10 200";
                case Errno.ENODEV, Errno.ENXIO -> "this kernel has no TUN driver; load the tun module (modprobe tun)";
                case Errno.EACCES, Errno.EPERM -> "run as root, or as a user who may read and write it";
                default -> "";
            });
        }
        Buffer request = Buffer.permanent(Abi.IFR_SIZE);
        int plain = Abi.IFF_TUN | Abi.IFF_NO_PI;
        int header = Abi.VNET_SIZE;
        int result = attach(fd, request, wanted, plain | Abi.IFF_VNET_HDR);
        if (result == -Errno.EINVAL) {
            header = 0;
            result = attach(fd, request, wanted, plain);
        }
        if (result < 0) {
            Libc.close(fd);
            throw attachFailure(wanted, result);
        }
        if (header != 0) {
            // A persistent interface has the size that its user before us wanted. An int does not disturb the name.
            Buffer size = Buffer.temporary(Integer.BYTES);
            size.nativeOrder.putInt(0, header);
            Libc.ioctl(fd, Abi.TUNSETVNETHDRSZ, size);
            size.free();
        }
        try {
            return new Tun(fd, header, request);
        } catch (Failure e) {
            Libc.close(fd);
            throw e;
        }
    }

    private static int attach(int fd, Buffer request, String name, int flags) {
        putName(request, name);
        request.nativeOrder.putShort(Abi.IFR_UNION, (short) flags);
        return Libc.ioctl(fd, Abi.TUNSETIFF, request);
    }

    private static Failure attachFailure(String wanted, int result) {
        String object = wanted.equals(ANY_NAME) ? "a new interface" : wanted;
        return Errno.failure("TUNSETIFF " + object, result, switch (-result) {
            case Errno.EPERM -> "run as root, or with the capability CAP_NET_ADMIN, or name with --interface one"
                    + " that root made for this user: ip tuntap add dev NAME mode tun user USER";
            case Errno.EBUSY -> "another program uses this interface; name another one with --interface";
            case Errno.EINVAL -> "there is an interface of this name that is no TUN interface, or one made with"
                    + " multi_queue; name another one with --interface";
            default -> "";
        });
    }

    /** TUNGETIFF (linux/if_tun.h). */
    @Override
    public boolean isHere() {
        return Libc.ioctl(fd, Abi.TUNGETIFF, request) < 0 || rename(name(request));
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public int header() {
        return header;
    }

    /** TUNSETOFFLOAD (linux/if_tun.h). */
    @Override
    public int setOffload(int features) {
        return Libc.ioctl(fd, Abi.TUNSETOFFLOAD, features);
    }

    @Override
    public int read(Buffer buffer, int at, int limit) {
        return Math.max(0, Libc.tryRead(fd, buffer, at, limit));
    }

    @Override
    public boolean write(Buffer buffer, int at, int length) {
        return Libc.tryWrite(fd, buffer, at, length) >= 0;
    }

    @Override
    public void check() throws Failure {
        int result = Libc.read(fd, request, 0, request.size);
        if (result < 0 && result != -Errno.EAGAIN) {
            throw Errno.failure("read " + name(), result,
                    result == -Errno.EBADFD ? "somebody removed the interface; start again to have it back" : "");
        }
    }

    /** A persistent interface stays, and delivers to whoever attaches to it next no super-packets that we asked for. */
    @Override
    public void close() {
        if (header != 0) {
            setOffload(0);
        }
        Libc.close(fd);
        super.close();
    }
}
