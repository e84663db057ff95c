package simplevpn.base;

/**
 * A network: what {@code 10.0.0.0/16} or {@code 2001:db8::/64} says. It is a pool of addresses, or where a route leads.
 *
 * @param address its first address; the bits behind the prefix are zero
 * @param length bits of its prefix, 0 to 32 or, of an IPv6 network, to 128
 */
public record Network(Address address, int length) {
    /** Bits of an address, which is the longest prefix. */
    private static final int IPV4 = 32;
    private static final int IPV6 = 128;
    /** Links' own networks: the only ones that no host is reached in and that are in the midst of larger ones. */
    private static final Network LINK = ofIpv4(0xa9fe0000, 16);
    private static final Network LINK6 = new Network(Address.ofIpv6(0xfe80L << 48, 0), 10);

    /**
     * Reads an IPv4 network that a server can give addresses of, such as {@code 10.0.0.0/16}.
     *
     * @throws Failure with {@link Failure#USAGE}, and what a network has to be as its message
     */
    public static Network parse(String text) throws Failure {
        int slash = text.indexOf('/');
        Address address = Address.parseIpv4(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw wrong("must be an IPv4 network and its length, such as 10.0.0.0/16");
        }
        int length = slash < 0 ? -1 : length(text, slash + 1);
        if (length < 8 || length > 30) {
            throw wrong("must end in a length from /8 to /30, such as 10.0.0.0/16");
        }
        Network network = exactly(address, length);
        if (!address.isHost() || !Address.ofIpv4(address.ipv4() | ~network.netmask()).isHost()) {
            throw wrong("no host can have addresses of this network");
        }
        return network;
    }

    /**
     * Reads an IPv4 network that connections come from: of any length, or one address.
     *
     * @throws Failure with {@link Failure#USAGE}, and what it has to be as its message
     */
    public static Network parseSource(String text) throws Failure {
        Network network = text.indexOf(':') >= 0 ? null : read(text);
        if (network == null) {
            throw wrong("must be an IPv4 network or address, such as 192.168.1.0/24 or 192.168.1.7");
        }
        return network;
    }

    /**
     * Reads a network of either version of IP: of any length, or one address.
     *
     * @throws Failure with {@link Failure#USAGE}, and what it has to be as its message
     */
    public static Network parseAny(String text) throws Failure {
        Network network = read(text);
        if (network == null) {
            throw wrong("must be a network or an address, such as 192.168.1.0/24 or 2001:db8::/64");
        }
        return network;
    }

    /** Returns {@code null} for what is no network and no address. */
    private static Network read(String text) throws Failure {
        int slash = text.indexOf('/');
        Address address = Address.parse(slash < 0 ? text : text.substring(0, slash));
        if (address == null || slash == text.length() - 1) {
            return null;
        }
        int most = address.isIpv6() ? IPV6 : IPV4;
        int length = slash < 0 ? most : length(text, slash + 1);
        return length < 0 || length > most ? null : exactly(address, length);
    }

    private static Network exactly(Address address, int length) throws Failure {
        Network network = containing(address, length);
        if (!network.address.equals(address)) {
            throw wrong("has bits set behind its length; the network is " + network);
        }
        return network;
    }

    /**
     * An IPv4 network.
     *
     * @param address host order, its bits behind the prefix zero
     * @param length bits of its prefix, 0 to 32
     */
    public static Network ofIpv4(int address, int length) {
        return new Network(Address.ofIpv4(address), length);
    }

    /** The network of that length that an address is in. */
    public static Network containing(Address any, int length) {
        return new Network(any.isIpv6()
                ? Address.ofIpv6(any.high() & Ipv6.highMask(length), any.low() & Ipv6.lowMask(length))
                : Address.ofIpv4(any.ipv4() & Ipv4.netmask(length)), length);
    }

    /** The network of one address alone. */
    public static Network ofHost(Address host) {
        return new Network(host, host.isIpv6() ? IPV6 : IPV4);
    }

    private static Failure wrong(String must) {
        return new Failure(Failure.USAGE, must);
    }

    /** A decimal number up to 999, or −1. */
    private static int length(String text, int at) {
        int length = text.length() - at > 3 ? -1 : 0;
        for (int i = at; i < text.length() && length >= 0; i++) {
            char c = text.charAt(i);
            length = c < '0' || c > '9' ? -1 : length * 10 + c - '0';
        }
        return length;
    }

    /** Whether it is a network of IPv6 addresses. */
    public boolean isIpv6() {
        return address.isIpv6();
    }

    /** Whether a route can lead to all of it: no address is one that hosts are not reached by from elsewhere. */
    public boolean isReachable() {
        return address.isHost() && last().isHost() && !overlaps(LINK) && !overlaps(LINK6);
    }

    /** Whether it is one address alone. */
    public boolean isHost() {
        return length == (isIpv6() ? IPV6 : IPV4);
    }

    /** The IPv4 netmask, host order. */
    public int netmask() {
        return Ipv4.netmask(length);
    }

    /** Whether an address belongs to it. */
    public boolean contains(Address other) {
        return other.isIpv6() == isIpv6() && containing(other, length).address.equals(address);
    }

    /** Its last address. */
    public Address last() {
        return isIpv6() ? Address.ofIpv6(address.high() | ~Ipv6.highMask(length), address.low() | ~Ipv6.lowMask(length))
                : Address.ofIpv4(address.ipv4() | ~netmask());
    }

    /** Whether both have addresses in common: one of them is in the other then. */
    public boolean overlaps(Network other) {
        return contains(other.address) || other.contains(address);
    }

    /** What a record has of its own makes code when it is used first, out of 250 classes. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Network network && network.length == length && network.address.equals(address);
    }

    @Override
    public int hashCode() {
        return 31 * address.hashCode() + length;
    }

    /** As people write it: {@code 10.0.0.0/16}. */
    @Override
    public String toString() {
        return address + "/" + length;
    }
}
