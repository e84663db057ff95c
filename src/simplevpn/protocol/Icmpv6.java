package simplevpn.protocol;

import java.nio.ByteBuffer;

/** The ICMPv6 errors that this program answers a packet with (RFC 4443), where its part 2.4 allows an answer. */
public final class Icmpv6 {
    /** The longest answer, bytes: what every link of IPv6 carries. */
    public static final int MAX_LENGTH = 1280;

    /** Codes of "destination unreachable". */
    static final int NO_ROUTE = 0;
    static final int PROHIBITED = 1;
    static final int ADDRESS_UNREACHABLE = 3;

    private static final int PROTOCOL = 58;
    private static final int UNREACHABLE = 1;
    private static final int REDIRECT = 137;
    /** Types below it are errors. */
    private static final int INFORMATIONAL = 128;
    private static final int CHECKSUM = 2;
    private static final int HEADER = 8;
    private static final int HOP_LIMIT = 64;
    private static final int HALF = Long.BYTES;

    private Icmpv6() {
    }

    /**
     * Writes the answer "destination unreachable" to a packet that {@link Ipv6Packet#isCarried} accepts.
     *
     * @param code why
     * @param fromHigh the first half of who answers, host order
     * @param fromLow its second half
     * @return its length, or 0 where no answer is allowed
     */
    static int unreachable(int code, ByteBuffer b, int at, int length, long fromHigh, long fromLow, ByteBuffer to,
            int toAt) {
        if (mayBeError(b, at, length)) {
            return 0;
        }
        int quote = Math.min(length, MAX_LENGTH - Packet.IPV6_HEADER - HEADER);
        int total = Packet.IPV6_HEADER + HEADER + quote;
        to.putInt(toAt, 0x6000_0000);
        to.put(toAt + Packet.IPV6_NEXT_HEADER, (byte) PROTOCOL);
        to.put(toAt + Packet.IPV6_HOP_LIMIT, (byte) HOP_LIMIT);
        to.putLong(toAt + Packet.IPV6_SOURCE, fromHigh);
        to.putLong(toAt + Packet.IPV6_SOURCE + HALF, fromLow);
        to.putLong(toAt + Packet.IPV6_DESTINATION, Ipv6Packet.sourceHigh(b, at));
        to.putLong(toAt + Packet.IPV6_DESTINATION + HALF, Ipv6Packet.sourceLow(b, at));
        Packet.setLength(to, toAt, total);
        int icmp = toAt + Packet.IPV6_HEADER;
        to.putLong(icmp, (long) (UNREACHABLE << 8 | code) << 48);
        to.put(icmp + HEADER, b, at, quote);
        int sum = Packet.pseudoSum(to, toAt, HEADER + quote);
        to.putShort(icmp + CHECKSUM, (short) ~Packet.sum(to, icmp, HEADER + quote, sum));
        return total;
    }

    /** Also true for what cannot be told, a later fragment say. */
    private static boolean mayBeError(ByteBuffer b, int at, int length) {
        int upper = Ipv6Packet.upper(b, at, length);
        int icmp = Ipv6Packet.offset(upper);
        if (upper < 0 || Ipv6Packet.protocol(upper) != PROTOCOL) {
            return upper < 0;
        }
        int type = icmp < length ? b.get(at + icmp) & 0xff : 0;
        return type < INFORMATIONAL || type == REDIRECT;
    }
}
