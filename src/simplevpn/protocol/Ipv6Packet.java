package simplevpn.protocol;

import java.nio.ByteBuffer;
import simplevpn.base.Address;
import simplevpn.base.Ipv6;

/** What IPv6 packets (RFC 8200) have of their own. A packet is bytes at index {@code at} of a big-endian buffer. */
public final class Ipv6Packet {
    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int AUTHENTICATION = 51;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int FRAGMENT_HEADER = 8;
    /** Of a fragment header's third and fourth byte. */
    private static final int FRAGMENT_OFFSET = 0xfff8;
    private static final int HALF = Long.BYTES;

    private Ipv6Packet() {
    }

    /** The length of the whole packet, from its payload length, bytes. */
    static int length(ByteBuffer b, int at) {
        return Packet.IPV6_HEADER + (b.getShort(at + Packet.IPV6_PAYLOAD_LENGTH) & 0xffff);
    }

    /** The first 64 bits of the source address, host order. */
    static long sourceHigh(ByteBuffer b, int at) {
        return b.getLong(at + Packet.IPV6_SOURCE);
    }

    /** The last 64 bits of the source address, host order. */
    static long sourceLow(ByteBuffer b, int at) {
        return b.getLong(at + Packet.IPV6_SOURCE + HALF);
    }

    /** The first 64 bits of the destination address, host order. */
    static long destinationHigh(ByteBuffer b, int at) {
        return b.getLong(at + Packet.IPV6_DESTINATION);
    }

    /** The last 64 bits of the destination address, host order. */
    static long destinationLow(ByteBuffer b, int at) {
        return b.getLong(at + Packet.IPV6_DESTINATION + HALF);
    }

    /** The source address, for people. Allocates. */
    static Address source(ByteBuffer b, int at) {
        return Address.ofIpv6(sourceHigh(b, at), sourceLow(b, at));
    }

    /** A number of both addresses, for {@link Packet#flow}. */
    static int addresses(ByteBuffer b, int at) {
        long high = sourceHigh(b, at) * 31 + destinationHigh(b, at);
        return Long.hashCode((high * 31 + sourceLow(b, at)) * 31 + destinationLow(b, at));
    }

    /**
     * Whether a packet of at least a header has just this length, which is no BIG TCP's, and goes from one host to
     * another: what is for one link alone or for a group, router advertisements above all, ends where it is.
     */
    static boolean isCarried(ByteBuffer b, int at, int length) {
        return length(b, at) == length && length <= Packet.MAX_LENGTH
                && Ipv6.isHost(sourceHigh(b, at), sourceLow(b, at))
                && Ipv6.isHost(destinationHigh(b, at), destinationLow(b, at));
    }

    /** Whether two packets have the same addresses, traffic class, flow label and hop limit. */
    static boolean sameFlow(ByteBuffer b, int at, ByteBuffer other, int otherAt) {
        return b.getInt(at) == other.getInt(otherAt)
                && b.get(at + Packet.IPV6_HOP_LIMIT) == other.get(otherAt + Packet.IPV6_HOP_LIMIT)
                && sourceHigh(b, at) == sourceHigh(other, otherAt) && sourceLow(b, at) == sourceLow(other, otherAt)
                && destinationHigh(b, at) == destinationHigh(other, otherAt)
                && destinationLow(b, at) == destinationLow(other, otherAt);
    }

    /**
     * Looks behind the extension headers.
     *
     * @return what comes behind them, for {@link #protocol} and {@link #offset}; −1 when that cannot be told: in a
     *         later fragment, behind a routing header, or behind the packet's end
     */
    public static int upper(ByteBuffer b, int at, int length) {
        int kind = Packet.protocol(b, at);
        int offset = Packet.IPV6_HEADER;
        while (kind == HOP_BY_HOP || kind == DESTINATION_OPTIONS || kind == FRAGMENT || kind == AUTHENTICATION) {
            if (length - offset < FRAGMENT_HEADER
                    || (kind == FRAGMENT && (b.getShort(at + offset + 2) & FRAGMENT_OFFSET) != 0)) {
                return -1;
            }
            int size = b.get(at + offset + 1) & 0xff;
            int header = switch (kind) {
                case FRAGMENT -> FRAGMENT_HEADER;
                case AUTHENTICATION -> (size + 2) * 4;
                default -> (size + 1) * 8;
            };
            kind = b.get(at + offset) & 0xff;
            offset += header;
        }
        return offset > length || kind == ROUTING ? -1 : kind << 16 | offset;
    }

    /** Which protocol is behind the extension headers; none for −1. */
    public static int protocol(int upper) {
        return upper >> 16;
    }

    /** Where its header is, from the packet's beginning on. */
    public static int offset(int upper) {
        return upper & 0xffff;
    }

    /** The payload of a TCP or UDP packet behind the extension headers, or less than 0 where there is none. */
    public static int payload(ByteBuffer b, int at, int length, int upper) {
        return Offload.payload(b, at, length, protocol(upper), offset(upper));
    }
}
