package simplevpn.protocol;

import simplevpn.Options;
import simplevpn.base.Failure;
import simplevpn.base.Ipv4;

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

    private final int fixed;
    private int address;
    /** How many times in a row a server closed the connection instead of answering the request. */
    private int hungUp;

    /** @param fixed the one address that will do, host order; 0 if any will */
    public Lease(int fixed) {
        this.fixed = fixed;
    }

    /** The address that an option names, host order, or 0 when the option was not given. */
    public static int fixedAddress(Options options, String option) throws Failure {
        if (!options.given(option)) {
            return 0;
        }
        long address = Ipv4.parse(options.text(option));
        if (address < 0 || !Ipv4.host((int) address)) {
            throw options.bad(option, "must be an IPv4 address that a host can have, such as 10.0.0.7");
        }
        return (int) address;
    }

    /** What to ask for, host order; 0 for any. */
    public int wanted() {
        return address != 0 ? address : fixed;
    }

    /** The address of this host on the VPN, host order; 0 until a server gave one, and after it is lost. */
    int address() {
        return address;
    }

    /** A server gave this address. */
    public void granted(int granted) {
        address = granted;
        hungUp = 0;
    }

    /**
     * A server refused what was {@link #wanted}: a dynamic address is somebody else's now, and any other will do.
     *
     * @return whether to try again: not when the address that it must be was refused before any server ever gave it
     */
    public boolean refused() {
        if (fixed == 0) {
            address = 0;
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
        return fixed == 0 || address != 0;
    }
}
