package simplevpn.base;

/**
 * A network: what {@code 10.0.0.0/16} says. It is a pool of addresses, or where a route leads.
 *
 * @param address its first address; the bits behind the prefix are zero
 * @param length bits of its prefix, 0 to 32
 */
public record Network(Address address, int length) {
    /**
     * Reads a network that a server can give addresses of, such as {@code 10.0.0.0/16}.
     *
     * @throws Failure with {@link Failure#USAGE}, and what a network has to be as its message
     */
    public static Network parse(String text) throws Failure {
        int slash = text.indexOf('/');
        Address address = Address.parse(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw wrong("must be an IPv4 network and its length, such as 10.0.0.0/16");
        }
        int length = slash < 0 ? -1 : length(text, slash + 1);
        if (length < 8 || length > 30) {
            throw wrong("must end in a length from /8 to /30, such as 10.0.0.0/16");
        }
        Network network = ofIpv4(address.ipv4() & Ipv4.netmask(length), length);
        if (!network.address.equals(address)) {
            throw wrong("has bits set behind its length; the network is " + network);
        }
        if (!address.isHost() || !Address.ofIpv4(address.ipv4() | ~network.netmask()).isHost()) {
            throw wrong("no host can have addresses of this network");
        }
        return network;
    }

    /**
     * Reads a network that connections come from: of any length, or one address.
     *
     * @throws Failure with {@link Failure#USAGE}, and what it has to be as its message
     */
    public static Network parseSource(String text) throws Failure {
        int slash = text.indexOf('/');
        Address address = Address.parse(slash < 0 ? text : text.substring(0, slash));
        int length = slash < 0 ? 32 : length(text, slash + 1);
        if (address == null || length < 0 || length > 32 || slash == text.length() - 1) {
            throw wrong("must be an IPv4 network or address, such as 192.168.1.0/24 or 192.168.1.7");
        }
        Network network = ofIpv4(address.ipv4() & Ipv4.netmask(length), length);
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

    private static Failure wrong(String must) {
        return new Failure(Failure.USAGE, must);
    }

    private static int length(String text, int at) {
        int length = 0;
        for (int i = at; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || length > 32) {
                return -1;
            }
            length = length * 10 + c - '0';
        }
        return length;
    }

    /** The IPv4 netmask, host order. */
    public int netmask() {
        return Ipv4.netmask(length);
    }

    /** Whether an address belongs to it. */
    public boolean contains(Address other) {
        return (other.ipv4() & netmask()) == address.ipv4();
    }

    /** As people write it: {@code 10.0.0.0/16}. */
    @Override
    public String toString() {
        return address + "/" + length;
    }
}
