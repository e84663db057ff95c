package simplevpn.linux;

import simplevpn.base.Failure;

/** A host name that is being looked up. */
public interface Lookup {
    /** A descriptor that is readable once there is an answer, for the {@link Poller}; −1 when there is one already. */
    int fd();

    /**
     * The answer, once there is one; then nothing is left of the lookup, its descriptor included.
     *
     * @return all addresses, in the order in which to try them; at least one
     * @throws Failure when there is none: which name, and why
     */
    Endpoint[] result() throws Failure;
}
