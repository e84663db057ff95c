package simplevpn.linux;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;

/**
 * The IPv6 addresses and routes of a network interface (netdevice(7), ipv6(7)): ioctls on a socket of that family,
 * which is opened for each, and the kernel's lists under /proc. Used by {@link Netdevice} alone.
 */
final class Ipv6Settings {
    /** Of /proc/self/net/if_inet6: about 60 bytes for each address of this host. */
    private static final String ADDRESSES = "/proc/self/net/if_inet6";
    private static final int MOST_ADDRESSES = 1 << 16;
    /** Where the fields are in a line of it: address, index of the interface, prefix length and scope, hexadecimal. */
    private static final int ADDRESS_DIGITS = 32;
    private static final int LENGTH_FIELD = 2;
    private static final int SCOPE_FIELD = 3;
    private static final int NAME_FIELD = 5;
    private static final int GLOBAL = 0;

    private Ipv6Settings() {
    }

    /** Whether this kernel has IPv6, and does not say that an interface does without (disable_ipv6). */
    static boolean areThere(String device) {
        int socket = socket();
        if (socket < 0) {
            return false;
        }
        Libc.close(socket);
        try {
            return !"1\n".equals(TextFile.read("/proc/sys/net/ipv6/conf/" + device + "/disable_ipv6", 16));
        } catch (Failure e) {
            // Not to be seen from here, or too old to have it: trying will tell.
            return true;
        }
    }

    private static int socket() {
        return Libc.socket(Abi.AF_INET6, Abi.SOCK_DGRAM | Abi.SOCK_CLOEXEC, 0);
    }

    /** One ioctl; returns 0 or −errno. */
    private static int ask(int number, Buffer argument) {
        int socket = socket();
        if (socket < 0) {
            argument.free();
            return socket;
        }
        int result = Libc.ioctl(socket, number, argument);
        Libc.close(socket);
        argument.free();
        return result;
    }

    /** SIOCSIFADDR or SIOCDIFADDR (linux/sockios.h); returns 0 or −errno. */
    static int change(int number, int index, Address address, int length) {
        Buffer request = Buffer.temporary(Abi.IFR6_SIZE);
        putAddress(request, Abi.IFR6_ADDR, address);
        request.nativeOrder.putInt(Abi.IFR6_PREFIXLEN, length);
        request.nativeOrder.putInt(Abi.IFR6_IFINDEX, index);
        return ask(number, request);
    }

    /** Adds a route through an interface; returns 0 or −errno. */
    static int addRoute(int index, Network network) {
        Buffer entry = Buffer.temporary(Abi.RTMSG_SIZE);
        putAddress(entry, Abi.RTMSG_DST, network.address());
        entry.nativeOrder.putShort(Abi.RTMSG_DST_LEN, (short) network.length());
        entry.nativeOrder.putInt(Abi.RTMSG_METRIC, 0);
        entry.nativeOrder.putInt(Abi.RTMSG_FLAGS, Abi.RTF_UP);
        entry.nativeOrder.putInt(Abi.RTMSG_IFINDEX, index);
        return ask(Abi.SIOCADDRT, entry);
    }

    private static void putAddress(Buffer to, int at, Address address) {
        to.bytes.putLong(at, address.high());
        to.bytes.putLong(at + Long.BYTES, address.low());
    }

    /** Whether an interface has an address with a prefix of that length, perhaps among others. */
    static boolean has(String device, Address address, int length) {
        return has(list(), device, address, length);
    }

    static boolean has(String list, String device, Address address, int length) {
        for (int at = 0; at < list.length(); at = next(list, at)) {
            if (isOf(list, at, device) && number(list, at, LENGTH_FIELD) == length
                    && address(list, at).equals(address)) {
                return true;
            }
        }
        return false;
    }

    /** Takes all other addresses of a network away from an interface: packets from them would be another's. */
    static void removeOthers(String device, int index, Network network, Address address) {
        String list = list();
        for (int at = 0; at < list.length(); at = next(list, at)) {
            Address other = other(list, at, device, network, address);
            if (other != null) {
                change(Abi.SIOCDIFADDR, index, other, number(list, at, LENGTH_FIELD));
            }
        }
    }

    /** The address of a line, if it is of that network and the interface's, but another one; {@code null} if not. */
    static Address other(String list, int at, String device, Network network, Address address) {
        Address found = isOf(list, at, device) ? address(list, at) : address;
        return !found.equals(address) && network.contains(found) ? found : null;
    }

    private static String list() {
        try {
            String list = TextFile.read(ADDRESSES, MOST_ADDRESSES);
            return list == null ? "" : list;
        } catch (Failure e) {
            return "";
        }
    }

    private static int next(String list, int at) {
        int end = list.indexOf('\n', at);
        return end < 0 ? list.length() : end + 1;
    }

    /** Whether a line is about an interface's address that means something beyond its link. */
    private static boolean isOf(String list, int at, String device) {
        int end = next(list, at);
        return list.substring(field(list, at, NAME_FIELD), end).trim().equals(device)
                && number(list, at, SCOPE_FIELD) == GLOBAL;
    }

    private static Address address(String list, int at) {
        return Address.ofIpv6(Long.parseUnsignedLong(list, at, at + ADDRESS_DIGITS / 2, 16),
                Long.parseUnsignedLong(list, at + ADDRESS_DIGITS / 2, at + ADDRESS_DIGITS, 16));
    }

    private static int number(String list, int at, int field) {
        int begin = field(list, at, field);
        return Integer.parseInt(list, begin, list.indexOf(' ', begin), 16);
    }

    /** Where a field of the line at {@code at} begins; blanks are between them, before the last one several. */
    private static int field(String list, int at, int field) {
        int begin = at;
        for (int i = 0; i < field; i++) {
            begin = list.indexOf(' ', begin) + 1;
        }
        return begin;
    }
}
