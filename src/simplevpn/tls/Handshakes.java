package simplevpn.tls;

/** Who computes handshakes: {@link HandshakeThread}, beside the loop; tests bring one of their own. */
public interface Handshakes {
    /**
     * Lets {@link TlsStream#compute} be called once, and {@link TlsStream#computed} by the loop after it.
     *
     * @return false when too many wait already
     */
    boolean add(TlsStream stream);

    /** Whether there is nothing to compute. */
    boolean isIdle();
}
