package simplevpn.tunnel;

import simplevpn.base.Failure;

/**
 * What one end of a connection makes of what its {@link Link} brings. The frame that a call is about is the loop's
 * {@link Inbox}'s current one. Each call may close the link, after which no more come.
 */
public interface Receiver {
    /** Bytes have come, perhaps only a part of a frame. */
    void heard();

    /** A data frame: an IP packet with a sound header, and its tag, which is sound too. */
    void data();

    /** A keepalive. */
    void keepalive();

    /** An address message: for a server a request, for a client an answer. */
    void addressMessage() throws Failure;

    /** A frame that is not carried: an IPv6 packet where that is not agreed on, or one whose tag is not sound. */
    void skipped();

    /** What comes next is no frame. */
    void damaged() throws Failure;

    /**
     * The connection is of no use any more.
     *
     * @param error why, −errno; 0 when the other end closed it
     */
    void lost(int error) throws Failure;

    /** The program ends, and the link is closed right after this. */
    default void ended() {
    }
}
