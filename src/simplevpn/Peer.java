package simplevpn;

import simplevpn.base.Ipv4;
import simplevpn.base.Ratelimit;
import simplevpn.protocol.Keepalive;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Link;

/** What the server knows of one connection. */
public final class Peer {
    /** Answers and details per second, in the long run and at once, that one client can make us write. */
    private static final int ANSWERS_PER_SECOND = 20;
    private static final int ANSWERS_AT_ONCE = 50;

    /** Its frames. */
    final Link link;
    /** When it was last heard of. */
    final Keepalive keepalive;
    /** When it connected, {@link System#nanoTime}. */
    final long since;
    /** Its address on the VPN, host order; 0 until it has one. */
    public int address;
    /** Whether it is an extended client. */
    public boolean extended;
    /** Feature bits accepted: {@link Wire#OFFLOAD}, {@link Wire#OFFLOAD_UDP}. */
    public int features;
    /** Its session token, 0 for none. */
    public long token;
    /** Frames that it may not send, and that went nowhere: data before an address, other source addresses, IPv6. */
    long refused;
    private Ratelimit answers;

    /** @param timeout nanoseconds of silence after which it is dropped */
    Peer(Link link, long timeout, long now) {
        this.link = link;
        keepalive = new Keepalive(timeout / 4, timeout, now);
        since = now;
    }

    /** Whether one more answer or detail about its packets may be written now. */
    boolean mayAnswer(long now) {
        if (answers == null) {
            answers = new Ratelimit(ANSWERS_PER_SECOND, ANSWERS_AT_ONCE, now);
        }
        return answers.pass(now);
    }

    /** Its outer address, and its VPN address if it has one. */
    @Override
    public String toString() {
        return address == 0 ? link.tcp.peer.toString() : link.tcp.peer + " (" + Ipv4.text(address) + ")";
    }

    /** What it sent and got, for the end of its connection. */
    String counts() {
        return link.counts() + ", refused " + refused;
    }
}
