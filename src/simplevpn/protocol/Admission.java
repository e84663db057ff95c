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
    private final Network network;
    private final Allocator<M> pool;
    private final int mtu;
    private final int timeout;
    private final int maxClients;
    private final int features;

    /**
     * @param pool the addresses of the network
     * @param mtu pushed to extended clients, bytes
     * @param timeout seconds of silence after which a client is dropped
     * @param maxClients how many may have an address at once
     * @param features feature bits that this server accepts
     */
    Admission(Network network, Allocator<M> pool, int mtu, int timeout, int maxClients, int features) {
        this.network = network;
        this.pool = pool;
        this.mtu = mtu;
        this.timeout = timeout;
        this.maxClients = Math.min(maxClients, pool.capacity());
        this.features = features;
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
    Outcome<M> decide(M member, ByteBuffer request, int at) {
        boolean extended = Wire.isExtendedRequest(request, at);
        int wanted = Wire.wanted(request, at);
        long token = extended ? Wire.token(request, at) : 0;
        M holder = pool.holder(wanted);
        boolean takeover = holder != null && token != 0 && holder.token == token;
        String refusal = takeover ? null : refusal(wanted, holder);
        if (refusal != null) {
            return new Outcome<>(Answer.refusing(refusal), Framing.CLASSIC, null);
        }
        if (takeover) {
            pool.release(wanted);
        }
        member.token = token;
        if (wanted == 0) {
            member.ipv4 = pool.dynamic(member);
        } else {
            pool.fixed(wanted, member);
            member.ipv4 = wanted;
        }
        Framing framing = extended ? Framing.extended(Wire.features(request, at) & features) : Framing.CLASSIC;
        return new Outcome<>(answer(member, framing), framing, takeover ? holder : null);
    }

    private String refusal(int wanted, M holder) {
        if (pool.leased() >= maxClients) {
            return "the server is full, " + maxClients + " clients are its limit";
        }
        if (wanted == 0) {
            return null;
        }
        if (!pool.contains(wanted)) {
            return Ipv4.text(wanted) + " is not in the network " + network;
        }
        if (pool.reserved(wanted)) {
            return Ipv4.text(wanted) + " is reserved";
        }
        return holder != null ? Ipv4.text(wanted) + " is taken by another client" : null;
    }

    /** What is in force for a client that has an address. */
    Answer answer(M member, Framing framing) {
        Answer answer = Answer.assigning(member.address(), framing.features);
        answer.length = network.length();
        answer.server = Address.ofIpv4(pool.own());
        answer.mtu = mtu;
        answer.idle = Math.max(1, timeout / 4);
        answer.timeout = timeout;
        return answer;
    }
}
