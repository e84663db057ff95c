package simplevpn.protocol;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import simplevpn.base.Ipv4;

/**
 * IP packets (RFC 791, RFC 8200) and the TCP, UDP and ICMP headers inside them: where the fields are, the Internet
 * checksum (RFC 1071), and the one thing that is done to packets on their way, which is to lower the MSS of a TCP SYN.
 * A packet is the {@code length} bytes at index {@code at} of a big-endian buffer. What only IPv6 has is in {@link
 * Ipv6Packet}.
 */
public final class Packet {
    static final int VERSION_IHL = 0;
    static final int TOS = 1;
    static final int TOTAL_LENGTH = 2;
    static final int IDENTIFICATION = 4;
    static final int FRAGMENT = 6;
    static final int TTL = 8;
    static final int PROTOCOL = 9;
    static final int CHECKSUM = 10;
    static final int SOURCE = 12;
    static final int DESTINATION = 16;
    static final int HEADER = 20;
    /** Offsets and length of the IPv6 header, which is always the same. */
    static final int IPV6_PAYLOAD_LENGTH = 4;
    static final int IPV6_NEXT_HEADER = 6;
    static final int IPV6_HOP_LIMIT = 7;
    static final int IPV6_SOURCE = 8;
    static final int IPV6_DESTINATION = 24;
    static final int IPV6_HEADER = 40;
    /** The longest packet of either version, all of its bytes. */
    public static final int MAX_LENGTH = 65535;
    /** The longest IPv4 header, bytes. */
    public static final int MAX_HEADER = 60;

    /** The fragment field's parts. */
    static final int DONT_FRAGMENT = 0x4000;
    static final int FRAGMENT_OFFSET = 0x1fff;
    /** More fragments, or an offset: the packet is not a whole datagram. */
    static final int IS_FRAGMENT = 0x3fff;

    static final int ICMP = 1;
    public static final int TCP = 6;
    static final int UDP = 17;

    /** Offsets from the start of the TCP header (RFC 9293). */
    static final int TCP_SEQUENCE = 4;
    static final int TCP_ACK = 8;
    static final int TCP_DATA_OFFSET = 12;
    static final int TCP_FLAGS = 13;
    static final int TCP_WINDOW = 14;
    static final int TCP_CHECKSUM = 16;
    static final int TCP_HEADER = 20;
    static final int FIN = 0x01;
    static final int SYN = 0x02;
    static final int PSH = 0x08;
    static final int ACK = 0x10;
    static final int CWR = 0x80;

    /** Offsets from the start of the UDP header (RFC 768). */
    static final int UDP_LENGTH = 4;
    static final int UDP_CHECKSUM = 6;
    static final int UDP_HEADER = 8;

    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_MSS = 2;
    private static final int OPTION_MSS_LENGTH = 4;

    /** Words in the machine's own order: under C1 three times as fast as getLong of a big-endian buffer. */
    private static final VarHandle WORD = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private Packet() {
    }

    /** Whether the version is 6. */
    public static boolean isIpv6(ByteBuffer b, int at) {
        return (b.get(at) & 0xf0) == 0x60;
    }

    /**
     * The length of the IPv4 header, from its IHL field, which the caller checks to be at least {@link #HEADER}; or
     * that of the IPv6 header without extensions.
     */
    public static int headerLength(ByteBuffer b, int at) {
        int first = b.get(at);
        return (first & 0xf0) == 0x60 ? IPV6_HEADER : (first & 0x0f) << 2;
    }

    static int totalLength(ByteBuffer b, int at) {
        return b.getShort(at + TOTAL_LENGTH) & 0xffff;
    }

    static int identification(ByteBuffer b, int at) {
        return b.getShort(at + IDENTIFICATION) & 0xffff;
    }

    /** The protocol field, of IPv6 the next header: what is inside. */
    public static int protocol(ByteBuffer b, int at) {
        return b.get(at + (isIpv6(b, at) ? IPV6_NEXT_HEADER : PROTOCOL)) & 0xff;
    }

    /** The IPv4 source address, host order. */
    public static int source(ByteBuffer b, int at) {
        return b.getInt(at + SOURCE);
    }

    /** The source address as people write it. */
    public static String sourceText(ByteBuffer b, int at) {
        return isIpv6(b, at) ? Ipv6Packet.source(b, at).toString() : Ipv4.text(source(b, at));
    }

    /** The IPv4 destination address, host order. */
    public static int destination(ByteBuffer b, int at) {
        return b.getInt(at + DESTINATION);
    }

    /**
     * A hash of what tells a packet's flow from others, the same for all packets of one: addresses, protocol, ports.
     * Its upper bits are the better ones.
     */
    public static int flow(ByteBuffer b, int at) {
        boolean ipv6 = isIpv6(b, at);
        int protocol = protocol(b, at);
        int header = headerLength(b, at);
        int end = ipv6 ? Ipv6Packet.length(b, at) : totalLength(b, at);
        boolean hasPorts = (protocol == TCP || protocol == UDP) && end >= header + Integer.BYTES
                && (ipv6 || (b.getShort(at + FRAGMENT) & IS_FRAGMENT) == 0);
        int addresses = ipv6 ? Ipv6Packet.addresses(b, at) : source(b, at) * 31 + destination(b, at);
        int ports = hasPorts ? b.getInt(at + header) : 0;
        return ((addresses * 31 + ports) * 31 + protocol) * 0x9e37_79b1;
    }

    /**
     * Whether these bytes are an IPv4 packet with a header that fits and just this total length. Refuses BIG TCP too,
     * whose total length is 0, and with it whatever 16 bits cannot count.
     */
    public static boolean isIpv4(ByteBuffer b, int at, int length) {
        if (length < HEADER || (b.get(at) & 0xf0) != 0x40 || totalLength(b, at) != length) {
            return false;
        }
        int header = headerLength(b, at);
        return header >= HEADER && header <= length;
    }

    /** Whether these bytes are a packet that is carried: {@link #isIpv4}, or {@link Ipv6Packet#isCarried}. */
    public static boolean isCarried(ByteBuffer b, int at, int length) {
        return isIpv4(b, at, length)
                || (length >= IPV6_HEADER && isIpv6(b, at) && Ipv6Packet.isCarried(b, at, length));
    }

    /** Sets the length of the whole packet, and with it the IPv4 header's checksum. */
    static void setLength(ByteBuffer b, int at, int length) {
        if (isIpv6(b, at)) {
            b.putShort(at + IPV6_PAYLOAD_LENGTH, (short) (length - IPV6_HEADER));
        } else {
            b.putShort(at + TOTAL_LENGTH, (short) length);
            setHeaderChecksum(b, at);
        }
    }

    /** The one's complement sum of the bytes, as if a zero followed an odd last one, added to {@code start}. */
    public static int sum(ByteBuffer b, int at, int length, int start) {
        int end = at + length;
        int i = at;
        // Two halves of 32 bits each, so that carries pile up in the long's upper half instead of being lost.
        long sum = 0;
        for (; i <= end - 16; i += 16) {
            long first = (long) WORD.get(b, i);
            long second = (long) WORD.get(b, i + 8);
            sum += (first >>> 32) + (first & 0xffff_ffffL) + (second >>> 32) + (second & 0xffff_ffffL);
        }
        if (LITTLE_ENDIAN) {
            // A sum of swapped words is the swapped sum (RFC 1071, 2 B).
            sum = Short.reverseBytes((short) fold(sum)) & 0xffff;
        }
        sum += start & 0xffff_ffffL;
        for (; i <= end - 2; i += 2) {
            sum += b.getShort(i) & 0xffff;
        }
        if (i < end) {
            sum += (b.get(i) & 0xff) << 8;
        }
        return fold(sum);
    }

    /** Adds the carries of a sum back in until 16 bits hold it: zero only when every addend was zero. */
    static int fold(long sum) {
        long s = (sum >>> 32) + (sum & 0xffff_ffffL);
        s = (s >>> 16) + (s & 0xffff);
        s = (s >>> 16) + (s & 0xffff);
        s = (s >>> 16) + (s & 0xffff);
        return (int) s;
    }

    /**
     * The sum of the pseudo-header that TCP and UDP checksums cover (RFC 9293, 3.1, and RFC 8200, 8.1), for that many
     * bytes from their header on.
     */
    public static int pseudoSum(ByteBuffer b, int at, int transportLength) {
        return pseudoSum(b, at, protocol(b, at), transportLength);
    }

    /** The same for a protocol that comes behind extension headers. */
    static int pseudoSum(ByteBuffer b, int at, int protocol, int transportLength) {
        if (isIpv6(b, at)) {
            return sum(b, at + IPV6_SOURCE, IPV6_HEADER - IPV6_SOURCE, protocol + transportLength);
        }
        return fold((b.getInt(at + SOURCE) & 0xffff_ffffL) + (b.getInt(at + DESTINATION) & 0xffff_ffffL)
                + protocol + transportLength);
    }

    /** Whether the IPv4 header's own checksum is right; the header, options included, lies within the buffer. */
    static boolean headerChecksumOk(ByteBuffer b, int at) {
        return headerSum(b, at) == 0xffff;
    }

    /** Sets the IPv4 header's checksum. */
    static void setHeaderChecksum(ByteBuffer b, int at) {
        b.putShort(at + CHECKSUM, (short) 0);
        b.putShort(at + CHECKSUM, (short) ~headerSum(b, at));
    }

    private static int headerSum(ByteBuffer b, int at) {
        long sum = 0;
        for (int i = at, end = at + headerLength(b, at); i < end; i += 4) {
            sum += b.getInt(i) & 0xffff_ffffL;
        }
        return fold(sum);
    }

    /**
     * Lowers the MSS option of a TCP SYN to at most {@code mss}; any other packet, and one whose options are damaged
     * from there on, stays as it is. An unfinished checksum ({@code partial}) does not cover the options yet.
     */
    public static void clampMss(ByteBuffer b, int at, int length, int mss, boolean partial) {
        if (length < HEADER || protocol(b, at) != TCP || (b.getShort(at + FRAGMENT) & FRAGMENT_OFFSET) != 0) {
            return;
        }
        int tcp = at + headerLength(b, at);
        if (at + length - tcp < TCP_HEADER || (b.get(tcp + TCP_FLAGS) & SYN) == 0) {
            return;
        }
        int end = tcp + tcpHeaderLength(b, tcp);
        if (end > at + length) {
            return;
        }
        for (int i = tcp + TCP_HEADER; i < end; ) {
            int kind = b.get(i);
            if (kind == OPTION_NOP) {
                i++;
                continue;
            }
            if (kind == OPTION_END || i + 1 >= end) {
                return;
            }
            int size = b.get(i + 1) & 0xff;
            if (size < 2 || i + size > end) {
                return;
            }
            if (kind == OPTION_MSS && size == OPTION_MSS_LENGTH) {
                lowerMss(b, tcp, i + 2, mss, partial);
            }
            i += size;
        }
    }

    private static void lowerMss(ByteBuffer b, int tcp, int at, int mss, boolean partial) {
        short old = b.getShort(at);
        if ((old & 0xffff) <= mss) {
            return;
        }
        b.putShort(at, (short) mss);
        if (partial) {
            return;
        }
        // RFC 1624: HC' = ~(~HC + ~m + m'). Behind an odd number of bytes the checksum sees the two bytes swapped.
        boolean odd = (at - tcp & 1) != 0;
        short from = odd ? Short.reverseBytes(old) : old;
        short to = odd ? Short.reverseBytes((short) mss) : (short) mss;
        int sum = (~b.getShort(tcp + TCP_CHECKSUM) & 0xffff) + (~from & 0xffff) + (to & 0xffff);
        b.putShort(tcp + TCP_CHECKSUM, (short) ~fold(sum));
    }

    /** The length of the TCP header, options included, from its data offset field. */
    static int tcpHeaderLength(ByteBuffer b, int tcp) {
        return b.get(tcp + TCP_DATA_OFFSET) >> 2 & 0x3c;
    }
}
