package simplevpn.protocol;

import java.nio.ByteBuffer;

/**
 * Joins consecutive TCP segments of one flow, from a peer without offload framing, into one super-packet, by the rules
 * of the kernel's tcp4_gro_receive. The first segment stays where it is and is only noted; it is copied when the second
 * one joins it, so that a packet without followers costs no copy and no checksum. The packets added stay untouched in
 * their buffer until {@link #flush}.
 */
public final class Coalescer {
    private static final int MAX_TOTAL_LENGTH = 0xffff;
    private static final int VERSION_4_NO_OPTIONS = 0x45;
    private static final int NO_OPTIONS_DATA = Packet.HEADER + Packet.TCP_HEADER;

    private final ByteBuffer joined;
    private final int base;
    /** What is held: the first segment in the caller's buffer, or from the second one on {@link #joined}. */
    private ByteBuffer held;
    private int heldAt;
    private int length;
    private int count;
    private int headers;
    private int segment;
    private int nextSequence;
    private int nextIdentification;
    /** Nothing can follow: the last segment was pushed or shorter than the first. */
    private boolean complete;
    private int tag;

    /** Super-packets are made at index {@code base} of {@code joined}, which has 65535 bytes from there on. */
    public Coalescer(ByteBuffer joined, int base) {
        this.joined = joined;
        this.base = base;
        held = joined;
    }

    /**
     * Takes an IPv4 packet with a correct header checksum.
     *
     * @return false when it does not belong behind what is held: {@link #flush}, then add it again; what is refused
     *         then, with nothing held, goes its own way
     */
    public boolean add(ByteBuffer b, int at, int size) {
        int payload = joinable(b, at, size);
        if (payload < 0) {
            return false;
        }
        boolean pushed = (b.get(at + Packet.HEADER + Packet.TCP_FLAGS) & Packet.PSH) != 0;
        if (count == 0) {
            if (pushed) {
                return false;
            }
            hold(b, at, size, payload);
        } else {
            if (complete || !follows(b, at, payload) || !checksumOk(b, at, size)
                    || (count == 1 && !checksumOk(held, heldAt, length))) {
                return false;
            }
            join(b, at, payload, pushed);
        }
        count++;
        nextSequence += payload;
        nextIdentification = Packet.identification(b, at) + 1 & 0xffff;
        return true;
    }

    /**
     * Ends the packet held, which is then at {@link #at} in {@link #buffer}, with {@link #tag} as its tag, until
     * the next call of {@link #add}. A packet that nothing joined is as it was.
     *
     * @return its length, or 0 when nothing is held
     */
    public int flush() {
        if (count == 0) {
            return 0;
        }
        tag = 0;
        if (count > 1) {
            tag = Offload.UNFINISHED | segment;
            joined.putShort(base + Packet.TOTAL_LENGTH, (short) length);
            Packet.setHeaderChecksum(joined, base);
            int sum = Packet.pseudoSum(joined, base, length - Packet.HEADER);
            joined.putShort(base + Packet.HEADER + Packet.TCP_CHECKSUM, (short) sum);
        }
        count = 0;
        return length;
    }

    /** Where the packet is that {@link #flush} ended. */
    public ByteBuffer buffer() {
        return held;
    }

    /** Where it begins there. */
    public int at() {
        return heldAt;
    }

    /** Its tag. */
    public int tag() {
        return tag;
    }

    /** The payload of a segment that may be joined to others, or -1. */
    private static int joinable(ByteBuffer b, int at, int size) {
        if (size < NO_OPTIONS_DATA + Offload.MIN_SEGMENT || b.get(at) != VERSION_4_NO_OPTIONS
                || Packet.protocol(b, at) != Packet.TCP || Packet.totalLength(b, at) != size
                || (b.get(at + Packet.HEADER + Packet.TCP_FLAGS) & ~Packet.PSH) != Packet.ACK) {
            return -1;
        }
        int payload = Offload.payload(b, at, size);
        return payload >= Offload.MIN_SEGMENT ? payload : -1;
    }

    private void hold(ByteBuffer b, int at, int size, int payload) {
        held = b;
        heldAt = at;
        length = size;
        headers = size - payload;
        segment = payload;
        nextSequence = b.getInt(at + Packet.HEADER + Packet.TCP_SEQUENCE);
        complete = false;
    }

    private boolean follows(ByteBuffer b, int at, int payload) {
        int tcp = at + Packet.HEADER;
        int heldTcp = heldAt + Packet.HEADER;
        return b.getInt(tcp + Packet.TCP_SEQUENCE) == nextSequence
                && b.getInt(tcp) == held.getInt(heldTcp) // both ports
                && Packet.source(b, at) == Packet.source(held, heldAt)
                && Packet.destination(b, at) == Packet.destination(held, heldAt)
                && payload <= segment && length + payload <= MAX_TOTAL_LENGTH
                && b.get(tcp + Packet.TCP_DATA_OFFSET) == held.get(heldTcp + Packet.TCP_DATA_OFFSET)
                && b.get(at + Packet.TOS) == held.get(heldAt + Packet.TOS)
                && b.get(at + Packet.TTL) == held.get(heldAt + Packet.TTL)
                && b.getShort(at + Packet.FRAGMENT) == held.getShort(heldAt + Packet.FRAGMENT)
                // Identification means nothing in a packet that must not be fragmented (RFC 6864).
                && (b.getShort(at + Packet.FRAGMENT) == Packet.DONT_FRAGMENT
                        || Packet.identification(b, at) == nextIdentification)
                && b.getInt(tcp + Packet.TCP_ACK) == held.getInt(heldTcp + Packet.TCP_ACK)
                && b.getShort(tcp + Packet.TCP_WINDOW) == held.getShort(heldTcp + Packet.TCP_WINDOW)
                && sameOptions(b, at);
    }

    private boolean sameOptions(ByteBuffer b, int at) {
        for (int i = NO_OPTIONS_DATA; i < headers; i += 4) {
            if (b.getInt(at + i) != held.getInt(heldAt + i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean checksumOk(ByteBuffer b, int at, int size) {
        int bytes = size - Packet.HEADER;
        return Packet.sum(b, at + Packet.HEADER, bytes, Packet.pseudoSum(b, at, bytes)) == 0xffff;
    }

    private void join(ByteBuffer b, int at, int payload, boolean pushed) {
        if (count == 1) {
            joined.put(base, held, heldAt, length);
            held = joined;
            heldAt = base;
        }
        joined.put(base + length, b, at + headers, payload);
        length += payload;
        complete = pushed || payload < segment;
        if (pushed) {
            joined.put(base + Packet.HEADER + Packet.TCP_FLAGS, (byte) (Packet.ACK | Packet.PSH));
        }
    }
}
