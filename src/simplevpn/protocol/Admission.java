package simplevpn.protocol;

import java.nio.ByteBuffer;
import simplevpn.Peer;
import simplevpn.Server;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;

/**
 * How a server answers address requests: who gets which address, who is refused and why, and the answer's bytes.
 *
 * <p>Does no I/O; {@link Server} sends the answer, and closes whom it has to.
 */
public final class Admission {
    private final Network network;
    private final int mtu;
    private final int timeout;
    private final int maxClients;
    private final int features;

    /** Who has which address. */
    public final Allocator<Peer> pool;
    /** The last request's outcome: why it is refused, or {@code null}. */
    public String refusal;
    /** The last request's outcome: the dead connection of the same client, to be closed, or {@code null}. */
    public Peer displaced;

    /**
     * @param mtu pushed to extended clients, bytes
     * @param timeout seconds of silence after which a client is dropped
     * @param maxClients how many may have an address at once
     * @param features feature bits that this server accepts
     */
    public Admission(Network network, int mtu, int timeout, int maxClients, int features) {
        this.network = network;
        this.mtu = mtu;
        this.timeout = timeout;
        this.features = features;
        pool = new Allocator<>(network.name(), network.prefix());
        this.maxClients = Math.min(maxClients, pool.capacity());
    }

    /** How many clients can have an address at once. */
    public int maxClients() {
        return maxClients;
    }

    /**
     * Decides on the first request of a connection: {@link Peer} gets its address, or {@link #refusal} the reason.
     *
     * @param b where the request is, all of its bytes
     */
    public void decide(Peer peer, ByteBuffer b, int at) {
        boolean extended = Wire.isExtendedRequest(b, at);
        int wanted = Wire.wanted(b, at);
        long token = extended ? Wire.token(b, at) : 0;
        Peer holder = pool.holder(wanted);
        boolean takeover = holder != null && token != 0 && holder.token == token;
        displaced = takeover ? holder : null;
        refusal = takeover ? null : refusal(wanted, holder);
        if (refusal != null) {
            return;
        }
        if (takeover) {
            pool.release(wanted);
        }
        peer.extended = extended;
        peer.token = token;
        peer.features = extended ? Wire.features(b, at) & features : 0;
        if (wanted == 0) {
            peer.address = pool.dynamic(peer);
        } else {
            pool.fixed(wanted, peer);
            peer.address = wanted;
        }
    }

    private String refusal(int wanted, Peer holder) {
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

    /**
     * Writes the answer to a client that has an address.
     *
     * @param request where the request is, all of its bytes
     * @return the answer's length
     */
    public int answer(Peer peer, ByteBuffer request, int requestAt, ByteBuffer b, int at) {
        if (!Wire.isExtendedRequest(request, requestAt)) {
            return Wire.classicAnswer(b, at, request, requestAt, peer.address);
        }
        int next = Wire.beginAnswer(b, at, request, requestAt, peer.features, peer.address);
        next = Wire.option4(b, next, Wire.NETMASK, Ipv4.netmask(network.prefix()));
        next = Wire.option4(b, next, Wire.SERVER, pool.own());
        next = Wire.option2(b, next, Wire.MTU, mtu);
        next = Wire.option4(b, next, Wire.KEEPALIVE_TIMES, Math.max(1, timeout / 4) << 16 | timeout);
        return Wire.endAnswer(b, at, next);
    }

    /**
     * Writes the refusal, with the reason that {@link #decide} gave.
     *
     * @return its length; 0 for a classic client, which is refused by closing the connection
     */
    public int refuse(ByteBuffer request, int requestAt, ByteBuffer b, int at) {
        if (!Wire.isExtendedRequest(request, requestAt)) {
            return 0;
        }
        int next = Wire.beginAnswer(b, at, request, requestAt, 0, 0);
        return Wire.endAnswer(b, at, Wire.reason(b, next, refusal));
    }
}
