package simplevpn.protocol;

import simplevpn.base.Address;
import simplevpn.base.Network;

/** A network behind a client: what is sent there goes to that client, and it may send from there. Immutable. */
public final class Site implements Comparable<Site> {
    /** What stands in front of an IPv4 address that is told as one of IPv6. */
    static final long MAPPED = 0xffffL << 32;

    /** Which one. */
    public final Network network;
    /** Where the server's owner said so, for messages. */
    public final String where;
    /** Whose it is: the number of a client's name, or an IPv4 address on the VPN as an unsigned number. */
    final long owner;

    private Site(Network network, long owner, String where) {
        this.network = network;
        this.owner = owner;
        this.where = where;
    }

    /** A network behind the client by a name, of which {@code identity} is the number. */
    public static Site of(Network network, long identity, String where) {
        return new Site(network, identity, where);
    }

    /** A network behind whichever client has an IPv4 address on the VPN. */
    public static Site of(Network network, Address client, String where) {
        return new Site(network, client.low(), where);
    }

    /** Whether it is behind that client. */
    public boolean isBehind(Member member) {
        return owner == (member.identity() != 0 ? member.identity() : member.ipv4 & 0xffff_ffffL);
    }

    /** Whether both are behind one client. */
    public boolean hasOwnerOf(Site other) {
        return owner == other.owner;
    }

    /** The second half of an address, where IPv4 is ::ffff:0:0/96, in which no host of IPv6 is. */
    static long low(Address address) {
        return address.isIpv6() ? address.low() : MAPPED | address.low();
    }

    /** By first address, then the larger network: so each comes behind those that it is in. */
    @Override
    public int compareTo(Site other) {
        Address one = network.address();
        Address two = other.network.address();
        int order = Long.compareUnsigned(one.high(), two.high());
        order = order != 0 ? order : Long.compareUnsigned(low(one), low(two));
        return order != 0 ? order : Integer.compare(network.length(), other.network.length());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Site site && network.equals(site.network) && owner == site.owner;
    }

    @Override
    public int hashCode() {
        return network.hashCode();
    }
}
