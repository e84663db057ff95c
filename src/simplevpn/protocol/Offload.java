package simplevpn.protocol;

import java.nio.ByteBuffer;

/**
 * Offload framing (PROTOCOL.md, part 3): the tag in front of every frame, here an {@code int} of {@link #UNFINISHED}
 * and the segment size, and the rules by which what came from the network is checked before it reaches a device or
 * another peer.
 */
public final class Offload {
    /** The flag of a tag: the TCP or UDP checksum field holds only the pseudo-header's sum. */
    public static final int UNFINISHED = 0x01 << 24;
    /** The bits of a tag that hold the payload bytes per segment. */
    public static final int SEGMENT = 0xffff;
    /** The smallest segment size. */
    static final int MIN_SEGMENT = 48;

    private Offload() {
    }

    /**
     * Whether a packet with this valid tag can go to a peer with offload framing as it is: otherwise it is cut, as a
     * super-packet with extension headers always is.
     *
     * @param udpSegments whether that peer accepted UDP super-packets
     */
    public static boolean whole(ByteBuffer b, int at, int tag, boolean udpSegments) {
        int segment = tag & SEGMENT;
        if (segment == 0) {
            return true;
        }
        int protocol = Packet.protocol(b, at);
        return segment >= MIN_SEGMENT && (protocol == Packet.TCP || (udpSegments && protocol == Packet.UDP));
    }

    /** The receiver's rules of part 3: whether a data frame with this tag may be used at all. */
    public static boolean check(ByteBuffer b, int at, int length, int tag, boolean udpSegments) {
        if ((tag & ~(UNFINISHED | SEGMENT)) != 0 || !Packet.isCarried(b, at, length)) {
            return false;
        }
        if (tag == 0) {
            return true;
        }
        int payload = payload(b, at, length);
        return (tag & UNFINISHED) != 0 && payload >= 0 && whole(b, at, tag, udpSegments)
                && ((tag & SEGMENT) == 0 || (tag & SEGMENT) < payload);
    }

    /** Finishes the checksum of a packet whose tag says that it is unfinished, and that {@link #check} accepts. */
    static void complete(ByteBuffer b, int at, int length) {
        int header = Packet.headerLength(b, at);
        complete(b, at + header, length - header, Packet.protocol(b, at) == Packet.TCP);
    }

    /** The same, told where the TCP or UDP header is, and how many bytes come from there on. */
    static void complete(ByteBuffer b, int transport, int length, boolean tcp) {
        // The field is summed with the rest: it holds the pseudo-header's sum.
        int checksum = ~Packet.sum(b, transport, length, 0) & 0xffff;
        if (checksum == 0 && !tcp) {
            checksum = 0xffff;
        }
        b.putShort(transport + (tcp ? Packet.TCP_CHECKSUM : Packet.UDP_CHECKSUM), (short) checksum);
    }

    /**
     * The bytes behind the TCP or UDP header, or less than 0: a fragment, another protocol, an IPv6 extension header,
     * or headers that do not fit. The packet is one that {@link Packet#isCarried} accepts.
     */
    public static int payload(ByteBuffer b, int at, int length) {
        if (Packet.isIpv6(b, at)) {
            return payload(b, at, length, b.get(at + Packet.IPV6_NEXT_HEADER) & 0xff, Packet.IPV6_HEADER);
        }
        return (b.getShort(at + Packet.FRAGMENT) & Packet.IS_FRAGMENT) != 0 ? -1
                : payload(b, at, length, b.get(at + Packet.PROTOCOL) & 0xff, Packet.headerLength(b, at));
    }

    /** The same for one with extension headers, of which {@link Ipv6Packet#upper} told what is behind them. */
    static int payload(ByteBuffer b, int at, int length, int protocol, int offset) {
        int transport = at + offset;
        int bytes = length - offset;
        return switch (protocol) {
            case Packet.TCP -> {
                if (bytes < Packet.TCP_HEADER) {
                    yield -1;
                }
                int header = Packet.tcpHeaderLength(b, transport);
                yield header >= Packet.TCP_HEADER ? bytes - header : -1;
            }
            case Packet.UDP -> {
                boolean fits = bytes >= Packet.UDP_HEADER
                        && (b.getShort(transport + Packet.UDP_LENGTH) & 0xffff) == bytes;
                yield fits ? bytes - Packet.UDP_HEADER : -1;
            }
            default -> -1;
        };
    }

    /** Where the checksum is in the TCP or UDP header. */
    public static int checksumOffset(ByteBuffer b, int at) {
        return Packet.protocol(b, at) == Packet.TCP ? Packet.TCP_CHECKSUM : Packet.UDP_CHECKSUM;
    }
}
