package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * The kernel's news of interfaces, addresses and routes: the multicast groups of rtnetlink(7). Of a message only the
 * beginning is read, since it is no more than a reason to look anew. Where too much waits the kernel drops the rest,
 * and says so once (ENOBUFS).
 */
public final class RouteMonitor implements Monitor {
    private static final int GROUPS = Abi.RTMGRP_LINK | Abi.RTMGRP_IPV4_IFADDR | Abi.RTMGRP_IPV4_ROUTE
            | Abi.RTMGRP_IPV6_IFADDR | Abi.RTMGRP_IPV6_ROUTE;
    /** Where the interface is, in what is told of one and of its addresses: {@link Abi#IFI_INDEX}, IFA_INDEX. */
    private static final int INTERFACE = Abi.NLH_SIZE + Abi.IFI_INDEX;
    private static final int ROOM = INTERFACE + Integer.BYTES;

    private final int fd;
    private final Buffer message = Buffer.permanent(ROOM);

    /** @throws Failure when the kernel does not allow it */
    RouteMonitor() throws Failure {
        fd = Libc.socket(Abi.AF_NETLINK, Abi.SOCK_RAW | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, Abi.NETLINK_ROUTE);
        Buffer name = Buffer.temporary(Abi.NL_SIZE);
        name.nativeOrder.putShort(Abi.NL_FAMILY, (short) Abi.AF_NETLINK);
        name.nativeOrder.putInt(Abi.NL_GROUPS, GROUPS);
        int result = fd < 0 ? fd : Libc.bind(fd, name, Abi.NL_SIZE);
        name.free();
        if (result < 0) {
            if (fd >= 0) {
                Libc.close(fd);
            }
            throw Errno.failure("a socket of AF_NETLINK", result, "");
        }
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public boolean take(int index, int most) {
        boolean changed = false;
        for (int i = 0; i < most; i++) {
            int length = Libc.read(fd, message, 0, ROOM);
            if (length <= 0 && length != -Errno.ENOBUFS) {
                break;
            }
            changed |= length < 0 || (length == ROOM && message.nativeOrder.getInt(INTERFACE) == index
                    && isOfInterface(message.nativeOrder.getShort(Abi.NLH_TYPE)));
        }
        return changed;
    }

    private static boolean isOfInterface(int type) {
        return type == Abi.RTM_NEWLINK || type == Abi.RTM_DELADDR;
    }
}
