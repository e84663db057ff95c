package simplevpn.base;

/**
 * An address of a host, inside of the tunnel or outside, as options, answers, leases, routes and log lines carry it.
 * Immutable.
 *
 * <p>All of them are IPv4 today. IPv6 (PROTOCOL.md, part 5) gets its bytes here and nowhere else: the packets' way
 * looks addresses up where they lie in a packet ({@code Hub}) and never makes one of these.
 */
public final class Address {
    private final int ipv4;

    private Address(int ipv4) {
        this.ipv4 = ipv4;
    }

    /** An IPv4 address, given in host order: 10.0.0.1 is 0x0a000001. */
    public static Address ofIpv4(int address) {
        return new Address(address);
    }

    /** Reads an address as people write it; returns {@code null} when the text is none. */
    public static Address parse(String text) {
        long address = Ipv4.parse(text);
        return address < 0 ? null : new Address((int) address);
    }

    /** The IPv4 address in host order. */
    public int ipv4() {
        return ipv4;
    }

    /** Whether a host can have it: not 0/8, 127/8, multicast, reserved or broadcast. */
    public boolean isHost() {
        return Ipv4.isHost(ipv4);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Address address && address.ipv4 == ipv4;
    }

    @Override
    public int hashCode() {
        return ipv4;
    }

    /** As people write it: {@code 10.0.0.1}. */
    @Override
    public String toString() {
        return Ipv4.text(ipv4);
    }
}
