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
     * @return whether to try again: not when the address that it must be was refused before any server ever gave it
     */
    public boolean refused() {
        if (fixed == null) {
            granted = null;
        }
        return worthTrying();
    }

    /**
     * A server closed the connection instead of answering: a classic one refuses in this way, and a dying one does it
     * too, so that a dynamic address is given up only after a while.
     *
     * @return whether to try again, as with {@link #refused}
     */
    public boolean hungUp() {
        return ++hungUp < PATIENCE ? worthTrying() : refused();
    }

    private boolean worthTrying() {
        return fixed == null || granted != null;
    }
}
