package simplevpn.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Offload framing (PROTOCOL.md, part 3): translates between the virtio_net_hdr in front of what a TUN device with
 * IFF_VNET_HDR reads and writes, and the 4 bytes in front of a frame, here an int: {@link #UNFINISHED} and the segment
 * size. The kernel's header lies in the {@link #VNET_HEADER} bytes before index {@code at}. What came from the network
 * is checked before it reaches a device or another peer.
 */
public final class Offload {
    /** linux/virtio_net.h: struct virtio_net_hdr, its integers in the machine's byte order. */
    public static final int VNET_HEADER = 10;
    private static final int VNET_FLAGS = -10;
    private static final int VNET_GSO_TYPE = -9;
    private static final int VNET_HDR_LEN = -8;
    private static final int VNET_GSO_SIZE = -6;
    private static final int VNET_CSUM_START = -4;
    private static final int VNET_CSUM_OFFSET = -2;
    private static final int VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
    private static final int VIRTIO_NET_HDR_GSO_NONE = 0;
    private static final int VIRTIO_NET_HDR_GSO_TCPV4 = 1;
    private static final int VIRTIO_NET_HDR_GSO_UDP_L4 = 5;

    /** The flag of a prefix: the TCP or UDP checksum field holds only the pseudo-header's sum. */
    static final int UNFINISHED = 0x01 << 24;
    /** The bits of a prefix that hold the payload bytes per segment. */
    static final int SEGMENT = 0xffff;
    static final int MIN_SEGMENT = 48;

    /** Instead of a prefix: the packet cannot be sent. */
    public static final int DROP = -1;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private Offload() {
    }

    /**
     * The prefix of a packet that the TUN device delivered. A checksum that a prefix cannot describe is finished here.
     * The segment size is the kernel's: ask {@link #whole} before sending the packet uncut.
     *
     * @return the prefix, or {@link #DROP} for what is not IPv4, is not as long as it says, or has an offload that was
     *         not asked for
     */
    public static int prefix(ByteBuffer b, int at, int length) {
        if (!Packet.isIpv4(b, at, length)) {
            return DROP;
        }
        boolean unfinished = (b.get(at + VNET_FLAGS) & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
        int type = b.get(at + VNET_GSO_TYPE);
        if (type == VIRTIO_NET_HDR_GSO_NONE && !unfinished) {
            return 0;
        }
        int header = Packet.headerLength(b, at);
        int start = host(b.getShort(at + VNET_CSUM_START)) & 0xffff;
        int offset = host(b.getShort(at + VNET_CSUM_OFFSET)) & 0xffff;
        // The kernel's hdr_len can be the whole packet when it was forwarded: the packet's own headers tell.
        int payload = payload(b, at, length);
        boolean plain = payload >= 0 && (!unfinished || start == header && offset == checksumOffset(b, at));
        if (type == VIRTIO_NET_HDR_GSO_NONE) {
            return plain ? UNFINISHED : finish(b, at, length, start, offset);
        }
        int size = host(b.getShort(at + VNET_GSO_SIZE)) & 0xffff;
        if (!plain || type != gsoType(b, at) || size == 0) {
            return DROP;
        }
        if (!unfinished) {
            // As the kernel's tcp4_gso_segment does: the segments get checksums of their own.
            b.putShort(at + header + checksumOffset(b, at), (short) Packet.pseudoSum(b, at, length - header));
        }
        return size < payload ? UNFINISHED | size : UNFINISHED;
    }

    /** Finishes a checksum that covers everything from {@code start}. */
    private static int finish(ByteBuffer b, int at, int length, int start, int offset) {
        if (start + offset + 2 > length) {
            return DROP;
        }
        int checksum = ~Packet.sum(b, at + start, length - start, 0) & 0xffff;
        // Both are zero in one's complement, but in UDP 0 means that there is none.
        b.putShort(at + start + offset, (short) (checksum == 0 ? 0xffff : checksum));
        return 0;
    }

    /**
     * Whether a packet with this valid prefix can go to a peer with offload framing as it is: otherwise it is cut.
     *
     * @param udpSegments whether that peer accepted UDP super-packets
     */
    public static boolean whole(ByteBuffer b, int at, int prefix, boolean udpSegments) {
        int segment = prefix & SEGMENT;
        return segment == 0 || segment >= MIN_SEGMENT && (udpSegments || Packet.protocol(b, at) == Packet.TCP);
    }

    /** The receiver's rules of part 3: whether a data frame with this prefix may be used at all. */
    public static boolean check(ByteBuffer b, int at, int length, int prefix, boolean udpSegments) {
        if ((prefix & ~(UNFINISHED | SEGMENT)) != 0 || !Packet.isIpv4(b, at, length)) {
            return false;
        }
        if (prefix == 0) {
            return true;
        }
        int payload = payload(b, at, length);
        return (prefix & UNFINISHED) != 0 && payload >= 0 && whole(b, at, prefix, udpSegments)
                && ((prefix & SEGMENT) == 0 || (prefix & SEGMENT) < payload);
    }

    /**
     * Writes the virtio_net_hdr in front of a packet that goes to the TUN device.
     *
     * @return false, and nothing is written, when {@link #check} refuses the prefix
     */
    public static boolean header(ByteBuffer b, int at, int length, int prefix, boolean udpSegments) {
        if (!check(b, at, length, prefix, udpSegments)) {
            return false;
        }
        b.putLong(at + VNET_FLAGS, 0);
        b.putShort(at + VNET_CSUM_OFFSET, (short) 0);
        if (prefix == 0) {
            return true;
        }
        int start = Packet.headerLength(b, at);
        b.put(at + VNET_FLAGS, (byte) VIRTIO_NET_HDR_F_NEEDS_CSUM);
        b.putShort(at + VNET_CSUM_START, host((short) start));
        b.putShort(at + VNET_CSUM_OFFSET, host((short) checksumOffset(b, at)));
        if ((prefix & SEGMENT) != 0) {
            b.put(at + VNET_GSO_TYPE, (byte) gsoType(b, at));
            b.putShort(at + VNET_HDR_LEN, host((short) (length - payload(b, at, length))));
            b.putShort(at + VNET_GSO_SIZE, host((short) prefix));
        }
        return true;
    }

    /** Finishes the checksum of a packet whose prefix says that it is unfinished, and that {@link #check} accepts. */
    static void complete(ByteBuffer b, int at, int length) {
        int header = Packet.headerLength(b, at);
        // The field is summed with the rest: it holds the pseudo-header's sum.
        int checksum = ~Packet.sum(b, at + header, length - header, 0) & 0xffff;
        if (checksum == 0 && Packet.protocol(b, at) == Packet.UDP) {
            checksum = 0xffff;
        }
        b.putShort(at + header + checksumOffset(b, at), (short) checksum);
    }

    /**
     * The bytes behind the TCP or UDP header, or less than 0: a fragment, another protocol, or headers that do not
     * fit. The packet is one that {@link Packet#isIpv4} accepts.
     */
    static int payload(ByteBuffer b, int at, int length) {
        if ((b.getShort(at + Packet.FRAGMENT) & Packet.IS_FRAGMENT) != 0) {
            return -1;
        }
        int transport = at + Packet.headerLength(b, at);
        int bytes = at + length - transport;
        switch (Packet.protocol(b, at)) {
            case Packet.TCP -> {
                if (bytes < Packet.TCP_HEADER) {
                    return -1;
                }
                int header = Packet.tcpHeaderLength(b, transport);
                return header >= Packet.TCP_HEADER ? bytes - header : -1;
            }
            case Packet.UDP -> {
                boolean fits = bytes >= Packet.UDP_HEADER
                        && (b.getShort(transport + Packet.UDP_LENGTH) & 0xffff) == bytes;
                return fits ? bytes - Packet.UDP_HEADER : -1;
            }
            default -> {
                return -1;
            }
        }
    }

    /** Where the checksum is in the TCP or UDP header. */
    static int checksumOffset(ByteBuffer b, int at) {
        return Packet.protocol(b, at) == Packet.TCP ? Packet.TCP_CHECKSUM : Packet.UDP_CHECKSUM;
    }

    private static int gsoType(ByteBuffer b, int at) {
        return Packet.protocol(b, at) == Packet.TCP ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_UDP_L4;
    }

    private static short host(short value) {
        return LITTLE_ENDIAN ? Short.reverseBytes(value) : value;
    }
}
