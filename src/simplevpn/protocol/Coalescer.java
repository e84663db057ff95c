package simplevpn.protocol;

import java.nio.ByteBuffer;

/**
 * Joins packets that one flow sends one behind the other into a super-packet: TCP segments by the rules of the kernel's
 * tcp4_gro_receive and tcp6_gro_receive, UDP datagrams by those of its udp_gro_receive_segment. The first packet stays
 * where it is and is only noted; it is copied when the second one joins it, so that a packet without followers costs no
 * copy and no checksum. The packets added stay untouched in their buffer until {@link #flush}.
 */
public final class Coalescer {
    private static final int VERSION_4_NO_OPTIONS = 0x45;
    private static final int SMALLEST = Packet.HEADER + Packet.UDP_HEADER + Offload.MIN_SEGMENT;
    /** Of how many datagrams the kernel takes a super-packet (UDP_MAX_SEGMENTS of linux/udp.h, before Linux 6.9). */
    private static final int MAX_DATAGRAMS = 64;

    private final ByteBuffer joined;
    private final int base;
    private final boolean udp;
    /** What is held: the first segment in the caller's buffer, or from the second one on {@link #joined}. */
    private ByteBuffer held;
    private int heldAt;
    private int length;
    private int count;
    private int protocol;
    /** The length of its IP header, by which its version is known. */
    private int ip;
    /** Whether the checksum of the packet held is still to be finished, as its tag said. */
    private boolean unfinished;
    private int headers;
    private int segment;
    private int nextSequence;
    private int nextIdentification;
    /** Nothing can follow: the last segment was pushed or shorter than the first. */
    private boolean complete;
    private int tag;

    /**
     * Super-packets are made at index {@code base} of {@code joined}, which has 65535 bytes from there on.
     *
     * @param udp whether datagrams are joined too
     */
    public Coalescer(ByteBuffer joined, int base, boolean udp) {
        this.joined = joined;
        this.base = base;
        this.udp = udp;
        held = joined;
    }

    /**
     * Takes an IP packet with a correct header that is no super-packet.
     *
     * @param open whether its TCP or UDP checksum is to be finished yet ({@link Offload#UNFINISHED})
     * @return false when it does not belong behind what is held: {@link #flush}, then add it again; what is refused
     *         then, with nothing held, goes its own way
     */
    public boolean add(ByteBuffer b, int at, int size, boolean open) {
        int payload = joinable(b, at, size, open);
        if (payload < 0) {
            return false;
        }
        boolean tcp = Packet.protocol(b, at) == Packet.TCP;
        boolean pushed = tcp && (b.get(at + Packet.headerLength(b, at) + Packet.TCP_FLAGS) & Packet.PSH) != 0;
        if (count == 0) {
            if (pushed) {
                return false;
            }
            hold(b, at, size, payload, open);
        } else {
            // A checksum that nobody made yet cannot be wrong.
            if (complete || !follows(b, at, payload) || !(open || checksumOk(b, at, size))
                    || (count == 1 && !(unfinished || checksumOk(held, heldAt, length)))) {
                return false;
            }
            join(b, at, payload, pushed);
        }
        count++;
        complete |= !tcp && count == MAX_DATAGRAMS;
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
        tag = unfinished ? Offload.UNFINISHED : 0;
        if (count > 1) {
            tag = Offload.UNFINISHED | segment;
            int transport = base + ip;
            Packet.setLength(joined, base, length);
            if (protocol == Packet.UDP) {
                joined.putShort(transport + Packet.UDP_LENGTH, (short) (length - ip));
            }
            int sum = Packet.pseudoSum(joined, base, length - ip);
            joined.putShort(transport + Offload.checksumOffset(joined, base), (short) sum);
        }
        count = 0;
        return length;
    }

    /** Whether there is something to {@link #flush}. */
    public boolean isHolding() {
        return count > 0;
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

    /** The payload of a packet that may be joined to others, or -1. */
    private int joinable(ByteBuffer b, int at, int size, boolean open) {
        if (size < SMALLEST || !(b.get(at) == VERSION_4_NO_OPTIONS ? Packet.totalLength(b, at) == size
                : Packet.isIpv6(b, at) && Ipv6Packet.length(b, at) == size)) {
            return -1;
        }
        int header = Packet.headerLength(b, at);
        int transport = at + header;
        boolean plain = switch (Packet.protocol(b, at)) {
            case Packet.TCP -> size >= header + Packet.TCP_HEADER + Offload.MIN_SEGMENT
                    && (b.get(transport + Packet.TCP_FLAGS) & ~Packet.PSH) == Packet.ACK;
            // A datagram may do without a checksum, and would get one.
            case Packet.UDP -> udp && (open || b.getShort(transport + Packet.UDP_CHECKSUM) != 0);
            default -> false;
        };
        int payload = plain ? Offload.payload(b, at, size) : -1;
        return payload >= Offload.MIN_SEGMENT ? payload : -1;
    }

    private void hold(ByteBuffer b, int at, int size, int payload, boolean open) {
        held = b;
        heldAt = at;
        length = size;
        protocol = Packet.protocol(b, at);
        ip = Packet.headerLength(b, at);
        unfinished = open;
        headers = size - payload;
        segment = payload;
        nextSequence = b.getInt(at + ip + Packet.TCP_SEQUENCE);
        complete = false;
    }

    private boolean follows(ByteBuffer b, int at, int payload) {
        return Packet.protocol(b, at) == protocol && Packet.headerLength(b, at) == ip
                && b.getInt(at + ip) == held.getInt(heldAt + ip) // both ports
                && payload <= segment && length + payload <= Packet.MAX_LENGTH
                && (ip == Packet.IPV6_HEADER ? Ipv6Packet.sameFlow(b, at, held, heldAt) : sameIpv4(b, at))
                && (protocol == Packet.UDP || continues(b, at));
    }

    private boolean sameIpv4(ByteBuffer b, int at) {
        return Packet.source(b, at) == Packet.source(held, heldAt)
                && Packet.destination(b, at) == Packet.destination(held, heldAt)
                && b.get(at + Packet.TOS) == held.get(heldAt + Packet.TOS)
                && b.get(at + Packet.TTL) == held.get(heldAt + Packet.TTL)
                && b.getShort(at + Packet.FRAGMENT) == held.getShort(heldAt + Packet.FRAGMENT)
                // Identification means nothing in a packet that must not be fragmented (RFC 6864).
                && (b.getShort(at + Packet.FRAGMENT) == Packet.DONT_FRAGMENT
                        || Packet.identification(b, at) == nextIdentification);
    }

    /** Whether a TCP segment goes on where the one held ends. */
    private boolean continues(ByteBuffer b, int at) {
        int tcp = at + ip;
        int heldTcp = heldAt + ip;
        if (b.getInt(tcp + Packet.TCP_SEQUENCE) != nextSequence
                || b.get(tcp + Packet.TCP_DATA_OFFSET) != held.get(heldTcp + Packet.TCP_DATA_OFFSET)
                || b.getInt(tcp + Packet.TCP_ACK) != held.getInt(heldTcp + Packet.TCP_ACK)
                || b.getShort(tcp + Packet.TCP_WINDOW) != held.getShort(heldTcp + Packet.TCP_WINDOW)) {
            return false;
        }
        for (int i = ip + Packet.TCP_HEADER; i < headers; i += 4) {
            if (b.getInt(at + i) != held.getInt(heldAt + i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean checksumOk(ByteBuffer b, int at, int size) {
        int header = Packet.headerLength(b, at);
        int bytes = size - header;
        return Packet.sum(b, at + header, bytes, Packet.pseudoSum(b, at, bytes)) == 0xffff;
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
            joined.put(base + ip + Packet.TCP_FLAGS, (byte) (Packet.ACK | Packet.PSH));
        }
    }
}
