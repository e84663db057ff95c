package simplevpn.tunnel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import simplevpn.linux.Abi;
import simplevpn.protocol.Ipv6Packet;
import simplevpn.protocol.Offload;
import simplevpn.protocol.Packet;

/**
 * Translates between the kernel's header in front of each packet of a TUN device (struct virtio_net_hdr,
 * linux/virtio_net.h) and the tag of offload framing. The kernel's header lies in the {@link Abi#VNET_SIZE} bytes
 * before the packet, and never travels.
 */
final class VnetHeader {
    /** Instead of a tag: the packet cannot be sent. */
    static final int DROP = -1;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private VnetHeader() {
    }

    /**
     * The tag of a packet that the kernel delivered. A checksum that a tag cannot describe is finished here. The
     * segment size is the kernel's: ask {@link Offload#whole} before sending the packet uncut.
     *
     * @return the tag, or {@link #DROP} for what is no IP packet that is carried, is not as long as it says, or has an
     *         offload that was not asked for
     */
    static int tag(ByteBuffer b, int at, int length) {
        if (!Packet.isCarried(b, at, length)) {
            return DROP;
        }
        int front = at - Abi.VNET_SIZE;
        boolean unfinished = (b.get(front + Abi.VNET_FLAGS) & Abi.VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
        int type = b.get(front + Abi.VNET_GSO_TYPE);
        if (type == Abi.VIRTIO_NET_HDR_GSO_NONE && !unfinished) {
            return 0;
        }
        int header = Packet.headerLength(b, at);
        int start = swap(b.getShort(front + Abi.VNET_CSUM_START)) & 0xffff;
        int offset = swap(b.getShort(front + Abi.VNET_CSUM_OFFSET)) & 0xffff;
        // The kernel's hdr_len can be the whole packet when it was forwarded: the packet's own headers tell.
        int payload = Offload.payload(b, at, length);
        boolean plain = payload >= 0 && (!unfinished || (start == header && offset == Offload.checksumOffset(b, at)));
        if (type == Abi.VIRTIO_NET_HDR_GSO_NONE) {
            return plain ? Offload.UNFINISHED : finish(b, at, length, start, offset);
        }
        int size = swap(b.getShort(front + Abi.VNET_GSO_SIZE)) & 0xffff;
        if (payload < 0 && unfinished && Packet.isIpv6(b, at)) {
            return extended(b, at, length, type, size, start);
        }
        if (!plain || type != gsoType(b, at, Packet.protocol(b, at)) || size == 0) {
            return DROP;
        }
        if (!unfinished) {
            // As the kernel's tcp_gso_segment does: the segments get checksums of their own.
            b.putShort(at + header + Offload.checksumOffset(b, at), (short) Packet.pseudoSum(b, at, length - header));
        }
        return size < payload ? Offload.UNFINISHED | size : Offload.UNFINISHED;
    }

    /** The tag of a super-packet with extension headers, which is only for being cut. */
    private static int extended(ByteBuffer b, int at, int length, int type, int size, int start) {
        int upper = Ipv6Packet.upper(b, at, length);
        int payload = Ipv6Packet.payload(b, at, length, upper);
        boolean sound = start == Ipv6Packet.offset(upper) && type == gsoType(b, at, Ipv6Packet.protocol(upper))
                && size > 0 && size < payload;
        return sound ? Offload.UNFINISHED | size : DROP;
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
     * Writes the kernel's header in front of a packet that goes to the TUN device.
     *
     * @param tag one that {@link Offload#check} accepts
     */
    static void write(ByteBuffer b, int at, int length, int tag) {
        int front = at - Abi.VNET_SIZE;
        b.putLong(front, 0);
        b.putShort(front + Abi.VNET_CSUM_OFFSET, (short) 0);
        if (tag == 0) {
            return;
        }
        b.put(front + Abi.VNET_FLAGS, (byte) Abi.VIRTIO_NET_HDR_F_NEEDS_CSUM);
        b.putShort(front + Abi.VNET_CSUM_START, swap((short) Packet.headerLength(b, at)));
        b.putShort(front + Abi.VNET_CSUM_OFFSET, swap((short) Offload.checksumOffset(b, at)));
        if ((tag & Offload.SEGMENT) != 0) {
            b.put(front + Abi.VNET_GSO_TYPE, (byte) gsoType(b, at, Packet.protocol(b, at)));
            b.putShort(front + Abi.VNET_HDR_LEN, swap((short) (length - Offload.payload(b, at, length))));
            b.putShort(front + Abi.VNET_GSO_SIZE, swap((short) tag));
        }
    }

    private static int gsoType(ByteBuffer b, int at, int protocol) {
        return protocol != Packet.TCP ? Abi.VIRTIO_NET_HDR_GSO_UDP_L4
                : Packet.isIpv6(b, at) ? Abi.VIRTIO_NET_HDR_GSO_TCPV6 : Abi.VIRTIO_NET_HDR_GSO_TCPV4;
    }

    /** Between big-endian, as buffers are read, and the processor's byte order. */
    private static short swap(short value) {
        return LITTLE_ENDIAN ? Short.reverseBytes(value) : value;
    }
}
