package simplevpn.linux;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Network;

/**
 * Requests to the kernel about routes, and about the IPv6 addresses and the forwarding of interfaces (rtnetlink(7)).
 * Each has a socket of its own, so that no answer to another one is ever in its way, and none of them waits: the kernel
 * answers before send(2) returns.
 */
final class Netlink {
    /** Bytes of a request, and of what the kernel sends at once at most (netlink_dump, linux/net/netlink). */
    private static final int ROOM = 1 << 15;
    /** Routes, or addresses, that are looked at: whoever has more of them knows about his routes. */
    private static final int MOST = 1 << 13;
    /** Where a message's attributes begin: behind a {@code struct rtmsg}, or a {@code struct ifaddrmsg}. */
    private static final int ATTRIBUTES = Abi.NLH_SIZE + Abi.RTM_SIZE;
    private static final int ADDRESS_ATTRIBUTES = Abi.NLH_SIZE + Abi.IFA_SIZE;
    private static final int SETTING_ATTRIBUTES = Abi.NLH_SIZE + Abi.NCM_SIZE;
    private static final int ALIGNMENT = 4;

    private final int fd;
    private final Buffer message = Buffer.temporary(ROOM);
    /** Where the request ends so far, or what was received. */
    private int end;
    /** The interface that was asked for last, and its name. */
    private int known;
    private String name;

    /** @param attributes where they begin */
    private Netlink(int type, int flags, int family, int attributes) {
        fd = Libc.socket(Abi.AF_NETLINK, Abi.SOCK_RAW | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, Abi.NETLINK_ROUTE);
        message.nativeOrder.putShort(Abi.NLH_TYPE, (short) type);
        message.nativeOrder.putShort(Abi.NLH_FLAGS, (short) (Abi.NLM_F_REQUEST | flags));
        // Whichever structure it is, the family comes first.
        field(Abi.RTM_FAMILY, family);
        end = attributes;
    }

    private void close() {
        if (fd >= 0) {
            Libc.close(fd);
        }
        message.free();
    }

    /* ---- requests ---- */

    /** Sets a byte of the request's {@code struct rtmsg}, or {@code struct ifaddrmsg}. */
    private void field(int at, int value) {
        message.bytes.put(Abi.NLH_SIZE + at, (byte) value);
    }

    /** Puts an attribute of 4 bytes to the request. */
    private void number(int type, int value) {
        begin(type, Integer.BYTES);
        message.nativeOrder.putInt(end - Integer.BYTES, value);
    }

    /** Puts an attribute that is an address to the request: part of an array. */
    private void address(int type, byte[] from, int at, int length) {
        begin(type, length);
        message.bytes.put(end - length, from, at, length);
    }

    private void address(int type, Address address) {
        begin(type, size(address.isIpv6()));
        if (address.isIpv6()) {
            message.bytes.putLong(end - 2 * Long.BYTES, address.high());
            message.bytes.putLong(end - Long.BYTES, address.low());
        } else {
            message.bytes.putInt(end - Integer.BYTES, address.ipv4());
        }
    }

    /** Bytes of an address. */
    private static int size(boolean ipv6) {
        return ipv6 ? 2 * Long.BYTES : Integer.BYTES;
    }

    private static int family(boolean ipv6) {
        return ipv6 ? Abi.AF_INET6 : Abi.AF_INET;
    }

    private void begin(int type, int length) {
        message.nativeOrder.putShort(end + Abi.RTA_LEN, (short) (Abi.RTA_SIZE + length));
        message.nativeOrder.putShort(end + Abi.RTA_TYPE, (short) type);
        end += Abi.RTA_SIZE + length;
    }

    /** Sends the request; returns 0 or −errno. */
    private int send() {
        message.nativeOrder.putInt(Abi.NLH_LEN, end);
        return fd < 0 ? fd : Math.min(0, Libc.send(fd, message, 0, end, 0));
    }

    /** Receives messages, which begin at byte 0 and end at {@link #end}; returns whether there were any. */
    private boolean receive() {
        end = Libc.read(fd, message, 0, ROOM);
        return end > 0;
    }

    /** Sends the request, and receives the first messages; returns 0 or −errno, also that of an answer. */
    private int ask() {
        int result = send();
        if (result == 0 && !receive()) {
            result = end;
        }
        boolean refused = result == 0 && type(0) == Abi.NLMSG_ERROR;
        return refused ? message.nativeOrder.getInt(Abi.NLH_SIZE) : result;
    }

    /* ---- answers ---- */

    private int type(int at) {
        return message.nativeOrder.getShort(at + Abi.NLH_TYPE);
    }

    /** Where the next message begins behind the one at {@code at}, or where they end. */
    private int next(int at) {
        int length = message.nativeOrder.getInt(at + Abi.NLH_LEN);
        return length < Abi.NLH_SIZE || length > end - at ? end : Math.min(end, aligned(at + length));
    }

    private static int aligned(int at) {
        return (at + ALIGNMENT - 1) & -ALIGNMENT;
    }

    private int byteOf(int at, int field) {
        return message.bytes.get(at + Abi.NLH_SIZE + field) & 0xff;
    }

    /**
     * Finds an attribute between two bytes.
     *
     * @return where its value begins; 0 when there is none of that type, or it has fewer bytes than {@code least}
     */
    private int find(int type, int from, int to, int least) {
        int at = from;
        while (at + Abi.RTA_SIZE <= to) {
            int length = message.nativeOrder.getShort(at + Abi.RTA_LEN) & 0xffff;
            if (length < Abi.RTA_SIZE || length > to - at) {
                return 0;
            }
            if ((message.nativeOrder.getShort(at + Abi.RTA_TYPE) & 0xffff) == type) {
                return length - Abi.RTA_SIZE < least ? 0 : at + Abi.RTA_SIZE;
            }
            at += aligned(length);
        }
        return 0;
    }

    private int numberAt(int at) {
        return at == 0 ? 0 : message.nativeOrder.getInt(at);
    }

    /**
     * The route that the message at {@code at} tells, or {@code null} for one that is not looked at. A kernel without a
     * family tells those of the others.
     */
    private Route route(int at, int to, boolean ipv6) {
        int from = at + ATTRIBUTES;
        int size = size(ipv6);
        int table = find(Abi.RTA_TABLE, from, to, Integer.BYTES);
        boolean leads = type(at) == Abi.RTM_NEWROUTE && byteOf(at, Abi.RTM_FAMILY) == family(ipv6)
                && byteOf(at, Abi.RTM_TYPE) == Abi.RTN_UNICAST
                && (table == 0 ? byteOf(at, Abi.RTM_TABLE) : numberAt(table)) == Abi.RT_TABLE_MAIN
                && (numberAt(at + Abi.NLH_SIZE + Abi.RTM_FLAGS) & (Abi.RTNH_F_DEAD | Abi.RTM_F_CLONED)) == 0;
        int length = leads ? byteOf(at, Abi.RTM_DST_LEN) : 0;
        if (!leads || length > Byte.SIZE * size) {
            return null;
        }
        int hopFrom = from;
        int hopTo = to;
        int flags = numberAt(at + Abi.NLH_SIZE + Abi.RTM_FLAGS);
        int device = numberAt(find(Abi.RTA_OIF, from, to, Integer.BYTES));
        int several = find(Abi.RTA_MULTIPATH, from, to, Abi.RTNH_SIZE);
        if (device == 0 && several != 0) {
            // Of several ways at once the first will do.
            device = numberAt(several + Abi.RTNH_IFINDEX);
            hopFrom = several + Abi.RTNH_SIZE;
            flags = message.bytes.get(several + Abi.RTNH_FLAGS);
            hopTo = Math.min(to, several + (message.nativeOrder.getShort(several) & 0xffff));
        }
        // A router of the other family could not be copied.
        if (device == 0 || find(Abi.RTA_VIA, hopFrom, hopTo, 0) != 0) {
            return null;
        }
        Address first = addressAt(find(Abi.RTA_DST, from, to, size), ipv6);
        first = first != null ? first : ipv6 ? Address.ofIpv6(0, 0) : Address.ofIpv4(0);
        return new Route(device, name(device), new Network(first, length),
                addressAt(find(Abi.RTA_GATEWAY, hopFrom, hopTo, size), ipv6),
                numberAt(find(Abi.RTA_PRIORITY, from, to, Integer.BYTES)), byteOf(at, Abi.RTM_PROTOCOL),
                addressAt(find(Abi.RTA_PREFSRC, from, to, size), ipv6), (flags & Abi.RTNH_F_ONLINK) != 0);
    }

    private Address addressAt(int at, boolean ipv6) {
        if (at == 0) {
            return null;
        }
        return ipv6 ? Address.ofIpv6(message.bytes.getLong(at), message.bytes.getLong(at + Long.BYTES))
                : Address.ofIpv4(message.bytes.getInt(at));
    }

    /** The name of an interface, for people (SIOCGIFNAME, netdevice(7)). */
    private String name(int index) {
        if (index != known) {
            Buffer request = Buffer.temporary(Abi.IFR_SIZE);
            request.nativeOrder.putInt(Abi.IFR_UNION, index);
            name = Libc.ioctl(fd, Abi.SIOCGIFNAME, request) < 0 ? "if" + index : Netdevice.name(request);
            request.free();
            known = index;
        }
        return name;
    }

    /** The same of one interface alone. */
    static String deviceName(int index) {
        Netlink netlink = new Netlink(Abi.RTM_GETROUTE, 0, Abi.AF_INET, ATTRIBUTES);
        String name = netlink.name(index);
        netlink.close();
        return name;
    }

    /** The number of an interface (SIOCGIFINDEX, netdevice(7)); −1 when there is none of that name. */
    private int index(String device) {
        Buffer request = Buffer.temporary(Abi.IFR_SIZE);
        Netdevice.putName(request, device);
        int index = Libc.ioctl(fd, Abi.SIOCGIFINDEX, request) < 0 ? -1 : request.nativeOrder.getInt(Abi.IFR_UNION);
        request.free();
        return index;
    }

    /* ---- what others ask for ---- */

    /**
     * Adds or removes a route. One is only added where there is none to the same network with the same metric, and only
     * removed when all is the same, also who made it.
     *
     * @param type {@link Abi#RTM_NEWROUTE} or {@link Abi#RTM_DELROUTE}
     * @return 0 or −errno
     */
    static int change(int type, Route route) {
        boolean adds = type == Abi.RTM_NEWROUTE;
        Netlink netlink = new Netlink(type, Abi.NLM_F_ACK | (adds ? Abi.NLM_F_CREATE | Abi.NLM_F_EXCL : 0),
                family(route.network.isIpv6()), ATTRIBUTES);
        netlink.field(Abi.RTM_DST_LEN, route.network.length());
        netlink.field(Abi.RTM_TABLE, Abi.RT_TABLE_MAIN);
        netlink.field(Abi.RTM_PROTOCOL, route.protocol);
        netlink.field(Abi.RTM_SCOPE, !adds ? Abi.RT_SCOPE_NOWHERE
                : route.gateway == null && !route.isUnreachable() ? Abi.RT_SCOPE_LINK : Abi.RT_SCOPE_UNIVERSE);
        netlink.field(Abi.RTM_TYPE, route.isUnreachable() ? Abi.RTN_UNREACHABLE : Abi.RTN_UNICAST);
        netlink.message.nativeOrder.putInt(Abi.NLH_SIZE + Abi.RTM_FLAGS, route.isOnLink ? Abi.RTNH_F_ONLINK : 0);
        netlink.address(Abi.RTA_DST, route.network.address());
        if (!route.isUnreachable()) {
            netlink.number(Abi.RTA_OIF, route.index);
        }
        if (route.gateway != null) {
            netlink.address(Abi.RTA_GATEWAY, route.gateway);
        }
        if (route.source != null) {
            netlink.address(Abi.RTA_PREFSRC, route.source);
        }
        if (route.metric != 0) {
            netlink.number(Abi.RTA_PRIORITY, route.metric);
        }
        int result = netlink.ask();
        netlink.close();
        return result;
    }

    /**
     * The routes of the main table that lead somewhere, of one version of IP; none when they cannot be told, or are too
     * many.
     *
     * @param device the interface that they lead through
     * @param through whether those are meant, or all others
     */
    static Route[] routes(boolean ipv6, int device, boolean through) {
        Netlink netlink = new Netlink(Abi.RTM_GETROUTE, Abi.NLM_F_DUMP, family(ipv6), ATTRIBUTES);
        Route[] routes = new Route[16];
        int count = 0;
        boolean more = netlink.ask() == 0;
        while (more) {
            int next;
            for (int at = 0; more && at + ATTRIBUTES <= netlink.end; at = next) {
                next = netlink.next(at);
                Route route = netlink.route(at, next, ipv6);
                if (route == null || (route.index == device) != through) {
                    continue;
                }
                if (count == MOST) {
                    count = 0;
                    more = false;
                } else {
                    routes = count < routes.length ? routes : Arrays.copyOf(routes, 2 * count);
                    routes[count++] = route;
                }
            }
            more = more && netlink.receive();
        }
        netlink.close();
        return Arrays.copyOf(routes, count);
    }

    /**
     * Gives an interface an IPv6 address, or takes it away.
     *
     * @param type {@link Abi#RTM_NEWADDR} or {@link Abi#RTM_DELADDR}
     * @param length of its prefix; the kernel has the route to that network too
     * @return 0 or −errno
     */
    static int change(int type, int index, Address address, int length) {
        Netlink netlink = new Netlink(type, Abi.NLM_F_ACK | (type == Abi.RTM_NEWADDR ? Abi.NLM_F_CREATE | Abi.NLM_F_EXCL
                : 0), Abi.AF_INET6, ADDRESS_ATTRIBUTES);
        netlink.field(Abi.IFA_PREFIXLEN, length);
        netlink.message.nativeOrder.putInt(Abi.NLH_SIZE + Abi.IFA_INDEX, index);
        netlink.address(Abi.IFA_LOCAL, address);
        int result = netlink.ask();
        netlink.close();
        return result;
    }

    /** The IPv6 addresses of an interface whose prefix has that length; none when they cannot be told. */
    static Address[] addresses(int index, int length) {
        Netlink netlink = new Netlink(Abi.RTM_GETADDR, Abi.NLM_F_DUMP, Abi.AF_INET6, ADDRESS_ATTRIBUTES);
        Address[] addresses = new Address[4];
        int count = 0;
        boolean more = netlink.ask() == 0;
        while (more) {
            int next;
            for (int at = 0; at + ADDRESS_ATTRIBUTES <= netlink.end && count < MOST; at = next) {
                next = netlink.next(at);
                Address address = netlink.type(at) == Abi.RTM_NEWADDR
                        && netlink.byteOf(at, Abi.RTM_FAMILY) == Abi.AF_INET6
                        && netlink.byteOf(at, Abi.IFA_PREFIXLEN) == length
                        && netlink.numberAt(at + Abi.NLH_SIZE + Abi.IFA_INDEX) == index ? netlink.own(at, next) : null;
                if (address != null) {
                    addresses = count < addresses.length ? addresses : Arrays.copyOf(addresses, 2 * count);
                    addresses[count++] = address;
                }
            }
            more = netlink.receive();
        }
        netlink.close();
        return Arrays.copyOf(addresses, count);
    }

    /**
     * Whether packets that come in by an interface are forwarded, as far as can be told: the same that files below
     * /proc/sys/net say, which not everybody sees.
     *
     * @param index its number, or {@link Abi#NETCONFA_IFINDEX_ALL}
     */
    static boolean forwards(int index, boolean ipv6) {
        Netlink netlink = new Netlink(Abi.RTM_GETNETCONF, 0, family(ipv6), SETTING_ATTRIBUTES);
        netlink.number(Abi.NETCONFA_IFINDEX, index);
        int at = netlink.ask() < 0 || netlink.type(0) != Abi.RTM_NEWNETCONF ? 0
                : netlink.find(Abi.NETCONFA_FORWARDING, SETTING_ATTRIBUTES, netlink.next(0), Integer.BYTES);
        boolean forwards = at == 0 || netlink.numberAt(at) != 0;
        netlink.close();
        return forwards;
    }

    /** The address that the message at {@code at} tells; where there is one for the other end too, the own one. */
    private Address own(int at, int to) {
        int local = find(Abi.IFA_LOCAL, at + ADDRESS_ATTRIBUTES, to, size(true));
        return addressAt(local != 0 ? local : find(Abi.IFA_ADDRESS, at + ADDRESS_ATTRIBUTES, to, size(true)), true);
    }

    /**
     * The way that a packet to an address would take.
     *
     * @param device the one interface that it may leave by, or {@code null} (SO_BINDTODEVICE)
     * @param mark what routing rules may look at, or 0 (SO_MARK)
     * @return {@code null} when there is none, or it cannot be told
     */
    static Way way(Endpoint to, String device, int mark) {
        boolean ipv4 = to.family == Abi.AF_INET;
        Netlink netlink = new Netlink(Abi.RTM_GETROUTE, 0, to.family, ATTRIBUTES);
        int at = ipv4 ? Abi.SIN_ADDR : Abi.SIN6_ADDR;
        int length = size(!ipv4);
        netlink.field(Abi.RTM_DST_LEN, 8 * length);
        netlink.message.nativeOrder.putInt(Abi.NLH_SIZE + Abi.RTM_FLAGS, Abi.RTM_F_LOOKUP_TABLE);
        netlink.address(Abi.RTA_DST, to.address, at, length);
        if (mark != 0) {
            netlink.number(Abi.RTA_MARK, mark);
        }
        int index = device == null ? 0 : netlink.index(device);
        if (index != 0) {
            netlink.number(Abi.RTA_OIF, index);
        }
        Way way = index < 0 || netlink.ask() < 0 ? null : netlink.way(length, device != null);
        netlink.close();
        return way;
    }

    private Way way(int length, boolean bound) {
        int to = next(0);
        int device = numberAt(find(Abi.RTA_OIF, ATTRIBUTES, to, Integer.BYTES));
        int source = find(Abi.RTA_PREFSRC, ATTRIBUTES, to, length);
        if (type(0) != Abi.RTM_NEWROUTE || device == 0 || source == 0) {
            return null;
        }
        int gateway = find(Abi.RTA_GATEWAY, ATTRIBUTES, to, length);
        int table = find(Abi.RTA_TABLE, ATTRIBUTES, to, Integer.BYTES);
        return new Way(device, bytes(source, length), gateway == 0 ? null : bytes(gateway, length), !bound
                && (table == 0 ? byteOf(0, Abi.RTM_TABLE) : numberAt(table)) == Abi.RT_TABLE_MAIN);
    }

    private byte[] bytes(int at, int length) {
        byte[] copy = new byte[length];
        message.bytes.get(at, copy);
        return copy;
    }
}
