package simplevpn.protocol;

/**
 * How frames lie on one connection, in both directions: what the two ends agreed on with the address request and its
 * answer (PROTOCOL.md, parts 1 to 3).
 *
 * <pre>
 *                  the answer is an extended one                    ... and IPv6 packets
 *     CLASSIC ──┬─────────────────────────────────→ STREAM        │ STREAM_IPV6
 *     (before   │  ... and accepts offload framing                │
 *      that)    ├─────────────────────────────────→ OFFLOAD       │ OFFLOAD_IPV6
 *               │  ... and UDP super-packets                      │
 *               └─────────────────────────────────→ OFFLOAD_UDP   │ OFFLOAD_UDP_IPV6
 * </pre>
 *
 * Each connection begins as CLASSIC, since the other end may be one, and changes once.
 */
public enum Framing {
    /** A classic peer, which takes one read for one packet: each frame is sent by itself, and is not too long. */
    CLASSIC(0, 0),
    /** An extended peer without offloads: frames one behind the other. */
    STREAM(0, 0),
    /** Offload framing: every frame has a tag, TCP super-packets travel whole. */
    OFFLOAD(Wire.TAG, Wire.OFFLOAD),
    /** The same, and UDP super-packets travel whole too. */
    OFFLOAD_UDP(Wire.TAG, Wire.OFFLOAD | Wire.OFFLOAD_UDP),
    /** STREAM, and IPv6 packets are data. */
    STREAM_IPV6(0, Wire.IPV6_INSIDE),
    /** OFFLOAD, and IPv6 packets are data. */
    OFFLOAD_IPV6(Wire.TAG, Wire.OFFLOAD | Wire.IPV6_INSIDE),
    /** OFFLOAD_UDP, and IPv6 packets are data. */
    OFFLOAD_UDP_IPV6(Wire.TAG, Wire.OFFLOAD | Wire.OFFLOAD_UDP | Wire.IPV6_INSIDE);

    /** The longest data frame that a classic peer takes, bytes. */
    public static final int CLASSIC_MTU = 1500;

    /** Bytes of the tag in front of every frame: {@link Wire#TAG} or 0. */
    public final int tag;
    /** The feature bits that are in force. */
    public final int features;

    Framing(int tag, int features) {
        this.tag = tag;
        this.features = features;
    }

    /**
     * What an extended peer gets.
     *
     * @param features the bits that both sides have; without offload framing, that for UDP means nothing
     */
    public static Framing extended(int features) {
        boolean ipv6 = (features & Wire.IPV6_INSIDE) != 0;
        if ((features & Wire.OFFLOAD) == 0) {
            return ipv6 ? STREAM_IPV6 : STREAM;
        }
        if ((features & Wire.OFFLOAD_UDP) == 0) {
            return ipv6 ? OFFLOAD_IPV6 : OFFLOAD;
        }
        return ipv6 ? OFFLOAD_UDP_IPV6 : OFFLOAD_UDP;
    }

    /** Whether the peer is a classic one. */
    public boolean isClassic() {
        return this == CLASSIC;
    }

    /** Whether UDP super-packets may go to this peer and come from it as they are. */
    public boolean carriesUdpSegments() {
        return (features & Wire.OFFLOAD_UDP) != 0;
    }

    /** Whether IPv6 packets may go to this peer and come from it. */
    public boolean carriesIpv6() {
        return (features & Wire.IPV6_INSIDE) != 0;
    }
}
