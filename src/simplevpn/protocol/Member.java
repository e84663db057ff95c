package simplevpn.protocol;

import simplevpn.base.Address;
import simplevpn.base.Ratelimit;

/** What the {@link Hub} knows of one client. The server adds the connection. */
public class Member {
    /** Answers and details per second, in the long run and at once, that one client can make us write. */
    private static final int ANSWERS_PER_SECOND = 20;
    private static final int ANSWERS_AT_ONCE = 50;

    /** Where it connects from, as the server counts them. */
    private final long source;
    /** Its IPv4 address on the VPN, host order; 0 until it has one. */
    int ipv4;
    /** Its session token, 0 for none; of a client with a name, that. */
    long token;
    /** The number of the name that its key has; 0 for a client without a key. */
    private long identity;
    /** The one address that the server's owner gave it, host order; 0 for any. */
    private int fixed;
    /** Frames that it may not send, and that went nowhere: data before an address, other sources, wrong tags, IPv6. */
    private long rejected;
    /** Packets for addresses of clients, there or not, and networks behind them, that it may not reach. */
    private long prohibited;
    private Ratelimit answers;

    /**
     * For the server's own kind of member.
     *
     * @param source where it connects from: all clients with the same number are of one owner, as far as can be told
     */
    protected Member(long source) {
        this.source = source;
    }

    /** Where it connects from, as the server counts them. */
    public final long source() {
        return source;
    }

    /**
     * It has proven to be one that the server's owner knows.
     *
     * @param number of its name: more than 48 bits, positive
     * @param address the one that it has to have, or {@code null} for any
     */
    protected final void identify(long number, Address address) {
        identity = number;
        fixed = address == null ? 0 : address.ipv4();
    }

    /** The number of its name; 0 for a client without a key. */
    final long identity() {
        return identity;
    }

    /** The one address that the server's owner gave it, host order; 0 for any. */
    final int fixed() {
        return fixed;
    }

    /** By what it is known again: its token, or, for a classic client that has none, its source. */
    final long owner() {
        // Tokens have 48 bits: the two never meet.
        return token != 0 ? token : ~source;
    }

    /** Its address on the VPN, or {@code null} until it has one. */
    public final Address address() {
        return ipv4 == 0 ? null : Address.ofIpv4(ipv4);
    }

    /** Counts a frame that it may not send. */
    public final void reject() {
        rejected++;
    }

    /** How many frames it sent that it may not send. */
    public final long rejected() {
        return rejected;
    }

    /** Counts a packet for clients that it may not reach. */
    public final void prohibit() {
        prohibited++;
    }

    /** How many packets it sent to clients that it may not reach. */
    public final long prohibited() {
        return prohibited;
    }

    /** Whether one more answer to it, or detail about its packets, may be written now. */
    public final boolean mayAnswer(long now) {
        if (answers == null) {
            answers = new Ratelimit(ANSWERS_PER_SECOND, ANSWERS_AT_ONCE, now);
        }
        return answers.pass(now);
    }
}
