package simplevpn.protocol;

import java.nio.ByteBuffer;
import simplevpn.base.Ipv4;

/**
 * The ICMP errors that this program answers a packet with (RFC 792), where RFC 1122 (3.2.2) allows an answer; the
 * caller, who knows the network, checks for its directed broadcast.
 */
public final class Icmp {
    private static final int CHECKSUM = 2;
    private static final int NEXT_HOP_MTU = 6;
    private static final int HEADER = 8;
    private static final int UNREACHABLE = 3;
    private static final int HOST_UNREACHABLE = 1;
    private static final int FRAGMENTATION_NEEDED = 4;
    /** RFC 1812, 5.2.7.1. */
    static final int PROHIBITED = 13;
    /** RFC 792 asks for the header and 8 bytes; this also holds IP options and a whole TCP header. */
    private static final int QUOTE = 128;
    private static final int TTL = 64;
    /** Internetwork control, the precedence that RFC 1812 (4.3.2.5) asks for in errors. */
    private static final int TOS = 0xc0;

    private Icmp() {
    }

    /**
     * Writes the answer "host unreachable" to a packet, as sent by {@code from}.
     *
     * @return its length, or 0 where no answer is allowed
     */
    public static int hostUnreachable(ByteBuffer b, int at, int length, int from, ByteBuffer to, int toAt) {
        return answer(HOST_UNREACHABLE, 0, b, at, length, from, to, toAt);
    }

    /**
     * Writes the answer "communication administratively prohibited" to a packet, as sent by {@code from}.
     *
     * @return its length, or 0 where no answer is allowed
     */
    static int prohibited(ByteBuffer b, int at, int length, int from, ByteBuffer to, int toAt) {
        return answer(PROHIBITED, 0, b, at, length, from, to, toAt);
    }

    /**
     * Writes the answer "fragmentation needed" (RFC 1191) to a packet, as sent by {@code from}. Also to one that may be
     * fragmented: nobody here does that.
     *
     * @param mtu what a packet may have, bytes
     * @return its length, or 0 where no answer is allowed
     */
    public static int fragmentationNeeded(int mtu, ByteBuffer b, int at, int length, int from, ByteBuffer to,
            int toAt) {
        return answer(FRAGMENTATION_NEEDED, mtu, b, at, length, from, to, toAt);
    }

    private static int answer(int code, int mtu, ByteBuffer b, int at, int length, int from, ByteBuffer to, int toAt) {
        if (length < Packet.HEADER || !Ipv4.isHost(Packet.source(b, at)) || !Ipv4.isHost(Packet.destination(b, at))
                || (b.getShort(at + Packet.FRAGMENT) & Packet.FRAGMENT_OFFSET) != 0 || isError(b, at, length)) {
            return 0;
        }
        int quote = Math.min(length, QUOTE);
        int total = Packet.HEADER + HEADER + quote;
        to.putShort(toAt + Packet.VERSION_IHL, (short) (0x4500 | TOS));
        to.putShort(toAt + Packet.TOTAL_LENGTH, (short) total);
        // No identification: RFC 6864 wants none of a packet that is not to be fragmented.
        to.putInt(toAt + Packet.IDENTIFICATION, Packet.DONT_FRAGMENT);
        to.putShort(toAt + Packet.TTL, (short) (TTL << 8 | Packet.ICMP));
        to.putInt(toAt + Packet.SOURCE, from);
        to.putInt(toAt + Packet.DESTINATION, Packet.source(b, at));
        Packet.setHeaderChecksum(to, toAt);
        int icmp = toAt + Packet.HEADER;
        to.putLong(icmp, (long) (UNREACHABLE << 8 | code) << 48);
        to.putShort(icmp + NEXT_HOP_MTU, (short) mtu);
        to.put(icmp + HEADER, b, at, quote);
        to.putShort(icmp + CHECKSUM, (short) ~Packet.sum(to, icmp, HEADER + quote, 0));
        return total;
    }

    /** Also true for an ICMP message too short to tell. */
    private static boolean isError(ByteBuffer b, int at, int length) {
        if (Packet.protocol(b, at) != Packet.ICMP) {
            return false;
        }
        int header = Packet.headerLength(b, at);
        if (length <= header) {
            return true;
        }
        return switch (b.get(at + header)) {
            // Unreachable, source quench, redirect, time exceeded, parameter problem.
            case 3, 4, 5, 11, 12 -> true;
            default -> false;
        };
    }
}
