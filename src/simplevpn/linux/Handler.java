package simplevpn.linux;

import simplevpn.base.Failure;

/** What happens when a descriptor that a {@link Poller} watches is ready. */
public interface Handler {
    /**
     * The descriptor is ready, or was a moment ago: the first read or write tells.
     *
     * @param writable whether it can be written to
     * @param failed whether it has failed, or is closed at both ends
     * @throws Failure what ends the program
     */
    void ready(boolean writable, boolean failed) throws Failure;
}
