package simplevpn.protocol;

import java.nio.ByteBuffer;
import simplevpn.base.Address;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;

/**
 * How a server answers address requests: who gets which address, who is refused and why, and who has to go for it
 * (PROTOCOL.md, parts 1 and 2).
 *
 * @param <M> who asks
 */
public final class Admission<M extends Member> {
    private static final long SECOND = 1_000_000_000L;
    /** Of the network of IPv6 addresses. */
    private static final int PREFIX_LENGTH = 64;
    /** What refusals say that are for good: a client knows them by these words. */
    private static final String NOT_IN_NETWORK = " is not in the network ";
    private static final String RESERVED = " is reserved";
    /** Of how many places one is for others than the first who come. */
    private static final int NEWCOMERS = 16;

    private final Network network;
    private final Allocator<M> pool;
    /** By the number of its name: who has an address. */
    private final Table<M> identified = new Table<>();
    private final int mtu;
    private int timeout;
    private int maxClients;
    private int maxPerSource;
    private int features;
    /** The first half of all IPv6 addresses, if {@link #features} has IPv6. */
    private long prefix;

    /**
     * @param pool the addresses of the network
     * @param mtu pushed to extended clients, bytes
     * @param timeout seconds of silence after which a client is dropped
     * @param maxClients how many may have an address at once
     * @param maxPerSource how many of one source; 0 for all but a sixteenth
     * @param features feature bits that this server accepts
     */
    Admission(Network network, Allocator<M> pool, int mtu, int timeout, int maxClients, int maxPerSource,
            int features) {
        this.network = network;
        this.pool = pool;
        this.mtu = mtu;
        this.features = features;
        limit(timeout, maxClients, maxPerSource);
    }

    /** Other limits from now on, as the constructor has them. */
    void limit(int seconds, int clients, int perSource) {
        timeout = seconds;
        maxClients = Math.min(clients, pool.capacity());
        maxPerSource = perSource != 0 ? perSource : maxClients - maxClients / NEWCOMERS;
    }

    /**
     * What became of a request.
     *
     * @param answer what to send: an address, or a refusal
     * @param framing in force from the first frame after the answer
     * @param displaced the old connection of the same client, which died unnoticed and is to be closed, or {@code null}
     * @param <M> who asks
     */
    public record Outcome<M>(Answer answer, Framing framing, M displaced) {
    }

    /** How many clients can have an address at once. */
    int maxClients() {
        return maxClients;
    }

    /**
     * Decides on the first request of a connection; unless it is refused, the client has its address then.
     *
     * @param request where the request is, all of its bytes
     */
    Outcome<M> decide(M member, ByteBuffer request, int at, long now) {
        boolean extended = Wire.isExtendedRequest(request, at);
        boolean named = member.identity() != 0;
        member.token = named ? member.identity() : extended ? Wire.token(request, at) : 0;
        int wanted = wanted(member, Wire.wanted(request, at), now);
        M holder = pool.holder(wanted);
        boolean same = holder != null && member.token != 0 && holder.token == member.token;
        M before = same ? holder : identified.get(member.identity());
        String refusal = same && mayHave(member, wanted) ? null : refusal(member, wanted, holder, before, now);
        if (refusal != null) {
            return new Outcome<>(Answer.refusing(refusal), Framing.CLASSIC, null);
        }
        if (before != null) {
            pool.release(before.ipv4, before.source());
        }
        member.ipv4 = wanted;
        if (wanted == 0) {
            member.ipv4 = pool.dynamic(member, member.source(), now);
        } else {
            pool.fixed(wanted, member, member.source());
        }
        if (named) {
            identified.put(member.identity(), member);
            pool.reservations.give(member.ipv4, member.identity());
        }
        Framing framing = extended ? Framing.extended(Wire.features(request, at) & features) : Framing.CLASSIC;
        return new Outcome<>(answer(member, framing), framing, before);
    }

    /** What a request is one for: a client that was started again does not know what it had. */
    private int wanted(M member, int asked, long now) {
        if (asked != 0) {
            return asked;
        }
        if (member.identity() != 0) {
            return member.fixed() != 0 ? member.fixed() : pool.reservations.address(member.identity());
        }
        return member.token == 0 ? 0 : pool.keptFor(member.owner(), now);
    }

    /** Whether an address is not another one than the server's owner gave the client. */
    private static boolean mayHave(Member member, int address) {
        return member.fixed() == 0 || member.fixed() == address;
    }

    /** Whether a refusal is for good, in these words: asking again later cannot help. */
    static boolean isFinal(String refusal) {
        return refusal.endsWith(RESERVED) || refusal.contains(NOT_IN_NETWORK);
    }

    private String refusal(M member, int wanted, M holder, M before, long now) {
        if (pool.leased() - (before == null ? 0 : 1) >= maxClients) {
            return "the server is full, " + maxClients + " clients are its limit";
        }
        boolean keptForIt = pool.isKeptFor(wanted, member.owner(), now);
        int itsOwn = before != null && before.source() == member.source() ? 1 : 0;
        if (!keptForIt && pool.held(member.source()) - itsOwn >= maxPerSource) {
            return "as many addresses as one host may have, " + maxPerSource
                    + ", are given to this one (see --max-per-source)";
        }
        if (wanted == 0) {
            return pool.hasFree(now) ? null : "all addresses of the network " + network + " belong to somebody";
        }
        if (!pool.contains(wanted)) {
            return Ipv4.text(wanted) + NOT_IN_NETWORK + network;
        }
        if (pool.reserved(wanted)) {
            return Ipv4.text(wanted) + RESERVED;
        }
        if (!mayHave(member, wanted)) {
            return Ipv4.text(wanted) + " is not the address of this client's key, " + Ipv4.text(member.fixed()) + " is";
        }
        long owner = pool.reservations.owner(wanted);
        if (owner != 0 && owner != member.identity()) {
            return Ipv4.text(wanted) + " belongs to another client's key";
        }
        if (holder != null) {
            return Ipv4.text(wanted) + " is taken by another client";
        }
        return pool.isKept(wanted, now) && !keptForIt
                ? Ipv4.text(wanted) + " is kept for the client that had it, for up to " + timeout + " s" : null;
    }

    /** A client is gone: its address is kept for it for a while. */
    void leave(M member, long now) {
        if (member.identity() != 0) {
            pool.release(member.ipv4, member.source());
            identified.remove(member.identity());
            return;
        }
        pool.keep(member.ipv4, member.owner(), member.source(), now + timeout * SECOND, maxClients);
    }

    /** Who has an address by a name; {@code null} for nobody. */
    M identified(long identity) {
        return identified.get(identity);
    }

    /** What is in force for a client that has an address. */
    Answer answer(M member, Framing framing) {
        Answer answer = Answer.assigning(member.address(), framing.features);
        answer.length = network.length();
        answer.server = Address.ofIpv4(pool.own());
        answer.mtu = mtu;
        answer.idle = Math.max(1, timeout / 4);
        answer.timeout = timeout;
        if (framing.carriesIpv6()) {
            answer.address6 = following(prefix, member.ipv4);
            answer.length6 = PREFIX_LENGTH;
            answer.server6 = following(prefix, pool.own());
        }
        return answer;
    }

    /** Clients get IPv6 addresses too from now on, of the network with that first half. */
    void carryIpv6(long of) {
        prefix = of;
        features |= Wire.IPV6_INSIDE;
    }

    /** The IPv6 address that follows an IPv4 address in the network with that first half. */
    static Address following(long prefix, int ipv4) {
        return Address.ofIpv6(prefix, ipv4 & 0xffff_ffffL);
    }
}
