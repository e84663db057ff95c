package simplevpn.base;

/**
 * An address of a host, IPv4 or IPv6, inside of the tunnel or outside, as options, answers, leases, routes and log
 * lines carry it. Immutable.
 *
 * <p>The packets' way looks addresses up where they lie in a packet ({@code Hub}) and never makes one of these.
 */
public final class Address {
    private final boolean ipv6;
    private final long high;
    private final long low;

    private Address(boolean ipv6, long high, long low) {
        this.ipv6 = ipv6;
        this.high = high;
        this.low = low;
    }

    /** An IPv4 address, given in host order: 10.0.0.1 is 0x0a000001. */
    public static Address ofIpv4(int address) {
        return new Address(false, 0, address & 0xffff_ffffL);
    }

    /** An IPv6 address, given in host order: 2001:db8::7 is 0x20010db8_00000000 and 7. */
    public static Address ofIpv6(long high, long low) {
        return new Address(true, high, low);
    }

    /** Reads an address as people write it, IPv4 or IPv6; returns {@code null} when the text is none. */
    public static Address parse(String text) {
        return text.indexOf(':') >= 0 ? Ipv6.parse(text) : parseIpv4(text);
    }

    /** Reads an IPv4 address as people write it; returns {@code null} when the text is none. */
    public static Address parseIpv4(String text) {
        long address = Ipv4.parse(text);
        return address < 0 ? null : ofIpv4((int) address);
    }

    /** Whether it is an IPv6 address. */
    public boolean isIpv6() {
        return ipv6;
    }

    /** The IPv4 address in host order; of an IPv6 address, its last 32 bits. */
    public int ipv4() {
        return (int) low;
    }

    /** The first 64 bits of an IPv6 address, host order; 0 for an IPv4 address. */
    public long high() {
        return high;
    }

    /** The last 64 bits of an IPv6 address, host order; an IPv4 address as an unsigned number. */
    public long low() {
        return low;
    }

    /**
     * Whether a host can have it, and be reached by it from other links: IPv4 but 0/8, 127/8, multicast, reserved and
     * broadcast; IPv6 but ::/96, mapped IPv4, multicast and link-local.
     */
    public boolean isHost() {
        return ipv6 ? Ipv6.isHost(high, low) : Ipv4.isHost(ipv4());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Address address && address.ipv6 == ipv6 && address.high == high && address.low == low;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(31 * high + low);
    }

    /** As people write it: {@code 10.0.0.1}, or {@code 2001:db8::7} as in RFC 5952. */
    @Override
    public String toString() {
        return ipv6 ? Ipv6.text(high, low) : Ipv4.text(ipv4());
    }
}
