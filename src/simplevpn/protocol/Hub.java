package simplevpn.protocol;

import java.nio.ByteBuffer;
import java.util.List;
import simplevpn.base.Address;
import simplevpn.base.Network;
import simplevpn.base.Ratelimit;

/**
 * Who is where on the VPN: which client a packet goes to, from which sources a client may send, who may have which
 * address, and what is answered to a packet for an address that nobody has. Does no I/O; times are passed in.
 *
 * <p>Packets are looked up where they lie in a buffer, so that whoever asks need not know which version of IP they are,
 * and nothing is allocated. Each client has one IPv4 address, and all of them are of one network. Where there is IPv6,
 * its IPv6 address follows: the last 64 bits are the IPv4 address, the first 64 the same for all. What is no address of
 * the VPN's may be in a network behind a client.
 *
 * @param <M> a client
 */
public final class Hub<M extends Member> {
    /** Answers per second, in the long run and at once, to packets of this host's own. */
    private static final int ANSWERS_PER_SECOND = 20;
    private static final int ANSWERS_AT_ONCE = 50;
    private static final long LOW = 0xffff_ffffL;

    private final Allocator<M> pool;
    private final Admission<M> admission;
    private final Ratelimit answers;
    /** The first half of all IPv6 addresses, host order. */
    private long prefix;
    /** Networks behind clients, or {@code null}; none of them has addresses of the VPN's own. */
    private Prefixes sites;

    /**
     * @param network of which clients get addresses; the first is this host's own
     * @param mtu pushed to extended clients, bytes
     * @param timeout seconds of silence after which a client is dropped
     * @param maxClients how many may have an address at once
     * @param maxPerSource how many of one source; 0 for all but a sixteenth
     * @param features feature bits that this server accepts
     * @param now the time, nanoseconds of the loop's clock
     */
    public Hub(Network network, int mtu, int timeout, int maxClients, int maxPerSource, int features, long now) {
        pool = new Allocator<>(network);
        admission = new Admission<>(network, pool, mtu, timeout, maxClients, maxPerSource, features);
        answers = new Ratelimit(ANSWERS_PER_SECOND, ANSWERS_AT_ONCE, now);
    }

    /**
     * There is IPv6 too from now on.
     *
     * @param network of which clients get addresses, with a length of 64
     */
    public void carryIpv6(Network network) {
        prefix = network.address().high();
        admission.carryIpv6(prefix);
    }

    /** These networks are behind clients from now on: none of them has addresses of the VPN's own. */
    public void lead(Prefixes to) {
        sites = to;
    }

    /** Who asks for any address has one of this part of the network from now on. */
    public void giveFrom(Network part) {
        pool.giveFrom(part);
    }

    /** Makes it impossible to foresee where clients and sources lie in tables: a number that nobody can guess. */
    public static void scatter(long secret) {
        Table.scatter(secret);
    }

    /** Whether an address is one that a client of a network can have. */
    public static boolean canHave(Network network, Address address) {
        return network.contains(address) && !new Allocator<Member>(network).reserved(address.ipv4());
    }

    /** This host's own address on the VPN. */
    public Address own() {
        return Address.ofIpv4(pool.own());
    }

    /** The IPv6 address on the VPN that this host has of a network with a length of 64. */
    public Address own(Network network) {
        return Admission.following(network.address().high(), pool.own());
    }

    /** How many clients can have an address at once. */
    public int maxClients() {
        return admission.maxClients();
    }

    /** How many clients have an address. */
    public int clients() {
        return pool.leased();
    }

    /** All clients that have an address, in any order. */
    public List<M> members() {
        return pool.all();
    }

    /**
     * Other limits from now on; those who are there stay.
     *
     * @param timeout seconds of silence after which a client is dropped that comes now
     * @param maxClients how many may have an address at once
     * @param maxPerSource how many of one source; 0 for all but a sixteenth
     */
    public void limit(int timeout, int maxClients, int maxPerSource) {
        admission.limit(timeout, maxClients, maxPerSource);
    }

    /* ---- addresses ---- */

    /**
     * The first address request of a client. Unless it is refused, it has its address then.
     *
     * @param request where the request is, all of its bytes
     */
    public Admission.Outcome<M> admit(M member, ByteBuffer request, int at, long now) {
        return admission.decide(member, request, at, now);
    }

    /** What is in force for a client that has an address and asks again. */
    public Answer answer(M member, Framing framing) {
        return admission.answer(member, framing);
    }

    /**
     * A client is gone. Its address is kept for it for one timeout, unless another connection took it over already.
     *
     * @return whether there is one client less
     */
    public boolean leave(M member, long now) {
        if (pool.holder(member.ipv4) != member) {
            return false;
        }
        admission.leave(member, now);
        return true;
    }

    /** Fixes an address for a client that is known by name; returns whether it is one that a client can have. */
    public boolean fix(Address address, long identity) {
        boolean possible = !pool.reserved(address.ipv4());
        if (possible) {
            pool.fix(address.ipv4(), identity);
        }
        return possible;
    }

    /**
     * A client that is known by name was given an address before: it has it again, if it is one that a client can have.
     */
    public void give(Address address, long identity) {
        if (!pool.reserved(address.ipv4())) {
            pool.reservations.give(address.ipv4(), identity);
        }
    }

    /** No address is fixed any more: what was given once stays. */
    public void unfix() {
        pool.reservations.unfix();
    }

    /** A client by that name does not exist any more: what it had is anybody's. */
    public void forget(long identity) {
        pool.reservations.remove(identity);
    }

    /** The client that has an address, or {@code null}. */
    public M holder(Address address) {
        return pool.holder(address.ipv4());
    }

    /** The client that has an address by a name, or {@code null}. */
    public M identified(long identity) {
        return admission.identified(identity);
    }

    /* ---- packets ---- */

    /** Whether a client may send a packet: its source has to be the client's, or in a network behind it. */
    public boolean maySend(M from, ByteBuffer packet, int at) {
        if (from.ipv4 == 0) {
            return false;
        }
        if (Packet.isIpv6(packet, at)) {
            long high = Ipv6Packet.sourceHigh(packet, at);
            long low = Ipv6Packet.sourceLow(packet, at);
            return (high == prefix && low == (from.ipv4 & LOW)) || client(owner(high, low)) == from;
        }
        int source = Packet.source(packet, at);
        return source == from.ipv4 || client(owner(source)) == from;
    }

    /**
     * The client that has the address, or is in front of the network, which a packet of this host's comes from, or
     * {@code null}: it has sent it through the kernel then.
     */
    public M source(ByteBuffer packet, int at) {
        if (!Packet.isIpv6(packet, at)) {
            int source = Packet.source(packet, at);
            M holder = pool.holder(source);
            return holder != null ? holder : client(owner(source));
        }
        long high = Ipv6Packet.sourceHigh(packet, at);
        long low = Ipv6Packet.sourceLow(packet, at);
        M holder = high == prefix && low >>> 32 == 0 ? pool.holder((int) low) : null;
        return holder != null ? holder : client(owner(high, low));
    }

    /** The client that a packet is for, by its address or by a network behind it; or {@code null}. */
    public M destination(ByteBuffer packet, int at) {
        M holder = pool.holder(Packet.isIpv6(packet, at) ? followed(packet, at) : Packet.destination(packet, at));
        return holder != null ? holder : client(owner(packet, at));
    }

    /** Whether a packet is for a client's own address, and not for a network behind it. */
    public boolean isFor(M client, ByteBuffer packet, int at) {
        return client.ipv4 == (Packet.isIpv6(packet, at) ? followed(packet, at) : Packet.destination(packet, at));
    }

    /** Whose network a packet is for, or 0. */
    private long owner(ByteBuffer packet, int at) {
        return Packet.isIpv6(packet, at)
                ? owner(Ipv6Packet.destinationHigh(packet, at), Ipv6Packet.destinationLow(packet, at))
                : owner(Packet.destination(packet, at));
    }

    private long owner(int ipv4) {
        return sites == null ? 0 : sites.owner(ipv4);
    }

    private long owner(long high, long low) {
        return sites == null ? 0 : sites.owner(high, low);
    }

    /** The client that networks are behind, by {@link Site}'s number of whose they are; {@code null} while away. */
    private M client(long owner) {
        return owner == 0 ? null : owner > LOW ? admission.identified(owner) : pool.holder((int) owner);
    }

    /** The IPv4 address that an IPv6 packet's destination follows; 0, which nobody has, for one that follows none. */
    private int followed(ByteBuffer packet, int at) {
        long low = Ipv6Packet.destinationLow(packet, at);
        return isInside(packet, at) && low >>> 32 == 0 ? (int) low : 0;
    }

    private boolean isInside(ByteBuffer packet, int at) {
        return Ipv6Packet.destinationHigh(packet, at) == prefix;
    }

    /** Whether a packet is for an address that is no client's, there or away: it is this host's, or beyond it. */
    public boolean isBeyond(ByteBuffer packet, int at) {
        if (Packet.isIpv6(packet, at)) {
            return isInside(packet, at) ? followed(packet, at) == pool.own() : owner(packet, at) == 0;
        }
        return pool.reserved(Packet.destination(packet, at)) && owner(packet, at) == 0;
    }

    /**
     * Answers a packet for an address that nobody has with ICMP host unreachable, unless too many such came; an IPv6
     * packet with ICMPv6 address unreachable, or no route where its client does without IPv6.
     *
     * @param from the client that sent it, or {@code null} for this host
     * @param to where the answer is written, at {@code toAt}
     * @return the answer's length; 0 for none
     */
    public int unreachable(M from, ByteBuffer packet, int at, int length, ByteBuffer to, int toAt, long now) {
        if (Packet.isIpv6(packet, at)) {
            return unreachableIpv6(from, packet, at, length, to, toAt, now);
        }
        return allowed(from, packet, at,
                Icmp.hostUnreachable(packet, at, length, answerer(from, packet, at), to, toAt), now);
    }

    /**
     * Answers a client's packet for another one, which it may not reach, with ICMP or ICMPv6 administratively
     * prohibited, unless too many such came; the parameters are those of {@link #unreachable}.
     *
     * @return the answer's length; 0 for none
     */
    public int prohibited(M from, ByteBuffer packet, int at, int length, ByteBuffer to, int toAt, long now) {
        return limited(from, Packet.isIpv6(packet, at)
                ? Icmpv6.unreachable(Icmpv6.PROHIBITED, packet, at, length, prefix, pool.own() & LOW, to, toAt)
                : Icmp.prohibited(packet, at, length, pool.own(), to, toAt), now);
    }

    private int unreachableIpv6(M from, ByteBuffer packet, int at, int length, ByteBuffer to, int toAt, long now) {
        int code = destination(packet, at) == null ? Icmpv6.ADDRESS_UNREACHABLE : Icmpv6.NO_ROUTE;
        long high = from != null ? prefix : Ipv6Packet.destinationHigh(packet, at);
        long low = from != null ? pool.own() & LOW : Ipv6Packet.destinationLow(packet, at);
        return limited(from, Icmpv6.unreachable(code, packet, at, length, high, low, to, toAt), now);
    }

    /**
     * Answers a packet that is longer than what a classic client can take with ICMP fragmentation needed, unless too
     * many such came; the parameters are those of {@link #unreachable}.
     *
     * @return the answer's length; 0 for none
     */
    public int tooLong(M from, ByteBuffer packet, int at, int length, ByteBuffer to, int toAt, long now) {
        return allowed(from, packet, at, Icmp.fragmentationNeeded(Framing.CLASSIC_MTU, packet, at, length,
                answerer(from, packet, at), to, toAt), now);
    }

    /** Who answers: to this host not itself, since the kernel takes no packet from its own address. */
    private int answerer(M from, ByteBuffer packet, int at) {
        return from != null ? pool.own() : Packet.destination(packet, at);
    }

    /** The length of an answer that may be sent: what needs no answer does not use up what others need. */
    private int allowed(M from, ByteBuffer packet, int at, int length, long now) {
        int destination = Packet.destination(packet, at);
        boolean ownOrBroadcast = from == null && pool.contains(destination) && pool.reserved(destination);
        return ownOrBroadcast ? 0 : limited(from, length, now);
    }

    private int limited(M from, int length, long now) {
        if (length == 0) {
            return 0;
        }
        return (from != null ? from.mayAnswer(now) : answers.pass(now)) ? length : 0;
    }
}
