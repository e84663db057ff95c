package simplevpn.protocol;

import java.nio.ByteBuffer;

/**
 * Pings that this program sends by itself, and what comes back (RFC 792): the echo of one, or an error about it. Where
 * one is to be answered on its way it has few hops: the last of these tells that it forwards.
 */
public final class Echo {
    /** Bytes of the shortest: both headers. */
    public static final int LEAST = Packet.HEADER + 8;
    /** Hops that are enough to get anywhere. */
    public static final int ANYWHERE = 64;

    /** What came is no answer to one of ours. */
    public static final int NONE = 0;
    /** The echo. */
    public static final int REPLY = 1;
    /** Somebody who forwards took its last hop. */
    public static final int EXCEEDED = 2;
    /** Somebody says that it does not get there; {@link #code} says why. */
    public static final int UNREACHABLE = 3;

    private static final int TYPE_REPLY = 0;
    private static final int TYPE_UNREACHABLE = 3;
    private static final int TYPE_REQUEST = 8;
    private static final int TYPE_EXCEEDED = 11;
    private static final int CHECKSUM = 2;
    private static final int ID = 4;
    private static final int SEQUENCE = 6;
    private static final int HEADER = 8;
    private static final int KIND_SHIFT = 16;
    private static final int CODE_SHIFT = 20;

    private Echo() {
    }

    /**
     * Writes a request.
     *
     * @param length of the packet, at least {@link #LEAST}
     * @param hops how many routers may forward it, less one
     * @param id by which it is known again, with {@code sequence}: 16 bits each
     * @param from addresses, host order
     */
    public static void request(ByteBuffer b, int at, int length, int hops, int id, int sequence, int from, int to) {
        b.putInt(at + Packet.VERSION_IHL, 0x4500_0000 | length);
        b.putShort(at + Packet.IDENTIFICATION, (short) sequence);
        b.putShort(at + Packet.FRAGMENT, (short) Packet.DONT_FRAGMENT);
        b.putShort(at + Packet.TTL, (short) (hops << 8 | Packet.ICMP));
        b.putInt(at + Packet.SOURCE, from);
        b.putInt(at + Packet.DESTINATION, to);
        Packet.setHeaderChecksum(b, at);
        int icmp = at + Packet.HEADER;
        b.putInt(icmp, TYPE_REQUEST << 24);
        b.putShort(icmp + ID, (short) id);
        b.putShort(icmp + SEQUENCE, (short) sequence);
        for (int i = HEADER; i < length - Packet.HEADER; i++) {
            b.put(icmp + i, (byte) i);
        }
        b.putShort(icmp + CHECKSUM, (short) ~Packet.sum(b, icmp, length - Packet.HEADER, 0));
    }

    /**
     * Looks at a packet with a sound header.
     *
     * @param id of our own requests
     * @return a verdict for {@link #kind}, {@link #code} and {@link #sequence}; {@link #NONE} for anything else
     */
    public static int verdict(ByteBuffer b, int at, int length, int id) {
        if (Packet.isIpv6(b, at) || Packet.protocol(b, at) != Packet.ICMP
                || (b.getShort(at + Packet.FRAGMENT) & Packet.IS_FRAGMENT) != 0) {
            return NONE;
        }
        int icmp = at + Packet.headerLength(b, at);
        int left = at + length - icmp;
        if (left < HEADER) {
            return NONE;
        }
        int type = b.get(icmp);
        if (type == TYPE_REPLY) {
            return verdict(REPLY, 0, b, icmp, id);
        }
        int quoted = icmp + HEADER;
        if ((type != TYPE_UNREACHABLE && type != TYPE_EXCEEDED) || left < HEADER + LEAST
                || Packet.headerLength(b, quoted) != Packet.HEADER || Packet.protocol(b, quoted) != Packet.ICMP
                || b.get(quoted + Packet.HEADER) != TYPE_REQUEST) {
            return NONE;
        }
        return verdict(type == TYPE_EXCEEDED ? EXCEEDED : UNREACHABLE, b.get(icmp + 1) & 15, b,
                quoted + Packet.HEADER, id);
    }

    private static int verdict(int kind, int code, ByteBuffer b, int icmp, int id) {
        boolean ours = (b.getShort(icmp + ID) & 0xffff) == id;
        return ours ? code << CODE_SHIFT | kind << KIND_SHIFT | (b.getShort(icmp + SEQUENCE) & 0xffff) : NONE;
    }

    /** What a verdict says: {@link #NONE} to {@link #UNREACHABLE}. */
    public static int kind(int verdict) {
        return verdict >> KIND_SHIFT & 15;
    }

    /** Of an error, its code (RFC 792, RFC 1812, 5.2.7.1). */
    public static int code(int verdict) {
        return verdict >> CODE_SHIFT;
    }

    /** Whether a code says that somebody does not want it to be forwarded. */
    public static boolean isProhibition(int code) {
        return code == 9 || code == 10 || code == Icmp.PROHIBITED;
    }

    /** The number of the request that it is about. */
    public static int sequence(int verdict) {
        return verdict & 0xffff;
    }
}
