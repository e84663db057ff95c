package simplevpn.protocol;

import simplevpn.base.Address;

/**
 * The address that a client asks servers for, and has: one that it must have, or whichever a server gives it, which it
 * then wants to keep. Does no I/O.
 */
public final class Lease {
    /**
     * How many closed connections in a row mean that the address is lost: with the pauses between them they take longer
     * than a lease outlives its holder.
     */
    static final int PATIENCE = 9;

    private final Address fixed;
    /** What a server gave; {@code null} until one did, and after it is lost. */
    private Address granted;
    /** How many times in a row a server closed the connection instead of answering the request. */
    private int hungUp;

    /** @param fixed the one address that will do; {@code null} if any will */
    public Lease(Address fixed) {
        this.fixed = fixed;
    }

    /** What to ask for; {@code null} for any. */
    public Address wanted() {
        return granted != null ? granted : fixed;
    }

    /** A server gave this address. */
    public void granted(Address address) {
        granted = address;
        hungUp = 0;
    }

    /**
     * A server refused what was {@link #wanted}: a dynamic address is somebody else's now, and any other will do.
     *
     * @param reason the server's words
     * @return whether to try again: not when no server ever gave the one address that will do, and this one says that
     *         nobody can have it
     */
    public boolean refused(String reason) {
        if (fixed == null) {
            granted = null;
        }
        return fixed == null || granted != null || !Admission.isFinal(reason);
    }

    /**
     * A server closed the connection instead of answering: a classic one refuses in this way; a dying one, or a proxy
     * without a server behind it, does it too, so that a dynamic address is given up only after a while.
     */
    public void hungUp() {
        if (++hungUp >= PATIENCE && fixed == null) {
            granted = null;
        }
    }
}
