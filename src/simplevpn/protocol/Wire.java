package simplevpn.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import simplevpn.base.Names;

/**
 * The protocol's frames: where one ends, what it is, and the 20 bytes that each kind of message begins with
 * (PROTOCOL.md, parts 1 and 2).
 *
 * <p>Bytes in, a verdict out: no I/O, nothing kept between calls, nothing allocated per frame. Every frame begins like
 * an IPv4 header; numbers are big-endian.
 */
public final class Wire {
    /** Bytes that a frame has at least, and that tell what it is. */
    public static final int HEADER = 20;
    /** Bytes of the tag in front of every frame once offload framing is in force. */
    public static final int TAG = 4;

    /** Too few bytes yet to say what it is. */
    public static final int INCOMPLETE = 0;
    /** A keepalive: source and destination 255.255.255.255. */
    public static final int KEEPALIVE = 1;
    /** An address request, its answer, or a refusal. */
    public static final int ADDRESS = 2;
    /** An IPv4 packet. */
    public static final int DATA = 3;
    /** An IPv6 packet: data where both sides agreed on {@link #IPV6_INSIDE}, else not carried. */
    public static final int IPV6 = 4;
    /** Not this protocol, or a damaged stream. */
    public static final int DAMAGED = 5;

    /** Feature bit: offload framing. */
    public static final int OFFLOAD = 0x01;
    /** Feature bit: with it, UDP super-packets too. */
    public static final int OFFLOAD_UDP = 0x02;
    /** Feature bit: IPv6 packets are data. */
    public static final int IPV6_INSIDE = 0x04;

    /** Bytes of the secret of an enrolment. */
    public static final int SECRET = 16;

    private static final int VERSION_IHL = 0x45;
    private static final int FEATURES = 1;
    private static final int TOTAL_LENGTH = 2;
    private static final int MAGIC = 4;
    private static final int TOKEN = 6;
    private static final int SOURCE = 12;
    private static final int DESTINATION = 16;
    private static final int EXTENDED_REQUEST = 0x5632;
    private static final int EXTENDED_ANSWER = 0x5633;
    /** Type of the option that such a secret is in. */
    private static final int ENROLMENT = 35;
    /** Type of the option with a client's own name. */
    private static final int OWN_NAME = 32;
    /** Type of the option with the times that a client wishes. */
    private static final int TIMES = 33;
    private static final int ALL_ONES = -1;
    private static final int KIND_SHIFT = 24;

    private Wire() {
    }

    /**
     * Says what the frame is that begins at {@code at}, a tag already skipped.
     *
     * @param b the bytes, of which those from {@code at} to {@code end} − 1 have arrived
     * @param fromServer whether a server sent it: an extended answer is known by its source 0.0.0.0 and its magic,
     *         since its destination is the address it assigns
     * @return a verdict for {@link #kind} and {@link #length}; the frame may be longer than what has arrived
     */
    public static int frame(ByteBuffer b, int at, int end, boolean fromServer) {
        if (end - at < HEADER) {
            return INCOMPLETE;
        }
        int destination = b.getInt(at + DESTINATION);
        int source = b.getInt(at + SOURCE);
        if ((source & destination) == ALL_ONES) {
            return KEEPALIVE << KIND_SHIFT | HEADER;
        }
        int version = b.get(at) >>> 4 & 15;
        if (version == 4) {
            int total = b.getShort(at + TOTAL_LENGTH) & 0xffff;
            if (total == 0) {
                return ADDRESS << KIND_SHIFT | HEADER;
            }
            if (total >= HEADER && (destination == 0
                    || (fromServer && source == 0 && magic(b, at) == EXTENDED_ANSWER))) {
                return ADDRESS << KIND_SHIFT | total;
            }
            int header = Packet.headerLength(b, at);
            if (header < HEADER || total < header) {
                return DAMAGED << KIND_SHIFT;
            }
            if (end - at < header) {
                return INCOMPLETE;
            }
            return Packet.headerChecksumOk(b, at) ? DATA << KIND_SHIFT | total : DAMAGED << KIND_SHIFT;
        }
        if (version == 6) {
            return IPV6 << KIND_SHIFT | Ipv6Packet.length(b, at);
        }
        return DAMAGED << KIND_SHIFT;
    }

    /** What a verdict says the frame is: {@link #INCOMPLETE} to {@link #DAMAGED}. */
    public static int kind(int verdict) {
        return verdict >>> KIND_SHIFT;
    }

    /** The frame's length in bytes, without a tag; 0 when unknown. */
    public static int length(int verdict) {
        return verdict & (1 << KIND_SHIFT) - 1;
    }

    /**
     * Whether these bytes are a packet that the other side, whichever it is, takes for just that, and not for a damaged
     * stream or a message: it has this length, its header is sound, and its addresses mean nothing else. An IPv6 packet
     * is one only for a side that agreed on it.
     */
    public static boolean isData(ByteBuffer b, int at, int length) {
        if (!Packet.isCarried(b, at, length)) {
            return false;
        }
        int kind = kind(frame(b, at, at + length, true));
        return kind == DATA || kind == IPV6;
    }

    /** The length of a frame that this program wrote or checked before, without a tag. */
    public static int knownLength(ByteBuffer b, int at) {
        if ((b.getInt(at + SOURCE) & b.getInt(at + DESTINATION)) == ALL_ONES) {
            return HEADER;
        }
        int first = b.getInt(at);
        if (first >>> 28 == 6) {
            return Ipv6Packet.length(b, at);
        }
        int total = first & 0xffff;
        return total == 0 ? HEADER : total;
    }

    /** Writes a keepalive; returns its length. */
    public static int keepalive(ByteBuffer b, int at) {
        request(b, at, 0, 0, ALL_ONES);
        b.putShort(at + MAGIC, (short) 0);
        b.putInt(at + DESTINATION, ALL_ONES);
        return HEADER;
    }

    /**
     * Writes an extended address request.
     *
     * @param features feature bits offered
     * @param token the session token, 48 bits
     * @param wanted the IPv4 address wanted, host order, or 0 for any
     * @return its length
     */
    public static int request(ByteBuffer b, int at, int features, long token, int wanted) {
        b.put(at, (byte) VERSION_IHL);
        b.put(at + FEATURES, (byte) features);
        b.putShort(at + TOTAL_LENGTH, (short) 0);
        b.putShort(at + MAGIC, (short) EXTENDED_REQUEST);
        b.putShort(at + TOKEN, (short) (token >>> 32));
        b.putInt(at + TOKEN + 2, (int) token);
        b.putInt(at + SOURCE, wanted);
        b.putInt(at + DESTINATION, 0);
        return HEADER;
    }

    /**
     * Makes an enrolment of a request: one with a secret behind it (PROTOCOL.md, part 4).
     *
     * @param secret {@link #SECRET} bytes
     * @return its length
     */
    public static int enrolment(ByteBuffer b, int at, byte[] secret) {
        int length = HEADER + 2 + SECRET;
        b.putShort(at + TOTAL_LENGTH, (short) length);
        b.put(at + HEADER, (byte) ENROLMENT);
        b.put(at + HEADER + 1, (byte) SECRET);
        b.put(at + HEADER + 2, secret);
        return length;
    }

    /**
     * Puts the client's own name behind a request and the options that it has (PROTOCOL.md, part 6).
     *
     * @param name at most {@link Names#MAX_NAME} letters of ASCII
     * @return its length
     */
    public static int wish(ByteBuffer b, int at, String name) {
        byte[] letters = name.getBytes(StandardCharsets.US_ASCII);
        int end = append(b, at, OWN_NAME, letters.length);
        b.put(end - letters.length, letters);
        return end - at;
    }

    /**
     * The same with the times that the client would like to have for keepalives.
     *
     * @param idle seconds, 1 to 65535
     * @param timeout seconds, {@code idle} to 65535
     * @return its length
     */
    public static int wish(ByteBuffer b, int at, int idle, int timeout) {
        int end = append(b, at, TIMES, Integer.BYTES);
        b.putInt(end - Integer.BYTES, idle << 16 | timeout);
        return end - at;
    }

    /** Appends an option to a request, all but its value; returns where that has to end. */
    private static int append(ByteBuffer b, int at, int type, int size) {
        int length = Math.max(HEADER, b.getShort(at + TOTAL_LENGTH) & 0xffff);
        b.put(at + length, (byte) type);
        b.put(at + length + 1, (byte) size);
        b.putShort(at + TOTAL_LENGTH, (short) (length + 2 + size));
        return at + length + 2 + size;
    }

    /** The secret that an extended request brings, or {@code null} for one without. */
    public static byte[] secret(ByteBuffer b, int at) {
        return option(b, at, ENROLMENT, SECRET, SECRET);
    }

    /** The name that an extended client has by its own words, or {@code null} for one that says none. */
    public static String ownName(ByteBuffer b, int at) {
        byte[] letters = option(b, at, OWN_NAME, 1, Names.MAX_NAME);
        String name = letters == null ? "" : new String(letters, StandardCharsets.US_ASCII);
        return Names.isName(name, Names.MAX_NAME) ? name : null;
    }

    /**
     * The times that an extended client wishes for keepalives, seconds: idle in the upper 16 bits, at least 1, timeout,
     * which is not less, in the lower ones; 0 for one that wishes nothing that is possible.
     */
    public static int times(ByteBuffer b, int at) {
        byte[] value = option(b, at, TIMES, Integer.BYTES, Integer.BYTES);
        int times = value == null ? 0 : ByteBuffer.wrap(value).getInt();
        return times >>> 16 != 0 && (times & 0xffff) >= times >>> 16 ? times : 0;
    }

    /** The value of an option of an extended request, the first with a length that is allowed, or {@code null}. */
    private static byte[] option(ByteBuffer b, int at, int type, int least, int most) {
        int end = at + (b.getShort(at + TOTAL_LENGTH) & 0xffff);
        int option = isExtendedRequest(b, at) ? at + HEADER : end;
        while (end - option >= 2) {
            int size = b.get(option + 1) & 0xff;
            if (size > end - option - 2) {
                return null;
            }
            if (b.get(option) == type && size >= least && size <= most) {
                byte[] value = new byte[size];
                b.get(option + 2, value);
                return value;
            }
            option += 2 + size;
        }
        return null;
    }

    /** Whether an address message that a client sent is a request; others it is better to ignore. */
    public static boolean isRequest(ByteBuffer b, int at) {
        return b.getInt(at + DESTINATION) == 0;
    }

    /** Whether a request comes from an extended client. */
    public static boolean isExtendedRequest(ByteBuffer b, int at) {
        return magic(b, at) == EXTENDED_REQUEST;
    }

    /** Whether an address message is an extended server's answer or refusal. */
    public static boolean isExtendedAnswer(ByteBuffer b, int at) {
        return magic(b, at) == EXTENDED_ANSWER;
    }

    private static int magic(ByteBuffer b, int at) {
        return b.getShort(at + MAGIC) & 0xffff;
    }

    /** A request's feature bits offered, or an extended answer's accepted. */
    public static int features(ByteBuffer b, int at) {
        return b.get(at + FEATURES) & 0xff;
    }

    /** An extended request's session token, 48 bits; 0 for none. */
    public static long token(ByteBuffer b, int at) {
        return (b.getShort(at + TOKEN) & 0xffffL) << 32 | (b.getInt(at + TOKEN + 2) & 0xffff_ffffL);
    }

    /** The IPv4 address that a request wants, host order, 0 for any. */
    public static int wanted(ByteBuffer b, int at) {
        return b.getInt(at + SOURCE);
    }

    /** The IPv4 address that an answer assigns, host order, 0 in a refusal. */
    public static int assigned(ByteBuffer b, int at) {
        return b.getInt(at + DESTINATION);
    }

    /**
     * Writes the answer to a classic request: the request's own 20 bytes with the two addresses replaced. Total length
     * 0 also when the request came with options, so that a classic client finds a frame that it knows.
     *
     * @param address the IPv4 address assigned, host order
     * @return its length
     */
    public static int classicAnswer(ByteBuffer b, int at, ByteBuffer request, int requestAt, int address) {
        b.put(at, request, requestAt, HEADER);
        b.putShort(at + TOTAL_LENGTH, (short) 0);
        b.putInt(at + SOURCE, 0);
        b.putInt(at + DESTINATION, address);
        return HEADER;
    }

    /**
     * Writes the first 20 bytes of an extended answer, whose options lie behind them already.
     *
     * @param length of the whole answer, bytes
     * @param features feature bits accepted
     * @param address the IPv4 address assigned, host order, 0 in a refusal
     */
    static void extendedAnswer(ByteBuffer b, int at, ByteBuffer request, int requestAt, int length, int features,
            int address) {
        classicAnswer(b, at, request, requestAt, address);
        b.put(at, (byte) VERSION_IHL);
        b.put(at + FEATURES, (byte) features);
        b.putShort(at + TOTAL_LENGTH, (short) length);
        b.putShort(at + MAGIC, (short) EXTENDED_ANSWER);
    }
}
