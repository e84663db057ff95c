package simplevpn.protocol;

import java.nio.ByteBuffer;

/**
 * Finishes a packet from offload framing for a peer without it: cuts a super-packet into packets of their own as the
 * kernel's tcp_gso_segment and udp_gso_segment do, and completes the checksum of any other. One object serves every
 * packet, one after the other: {@link #begin}, then {@link #next} until it returns 0.
 */
public final class Segmenter {
    private ByteBuffer from;
    private int at;
    private int length;
    private boolean unfinished;
    private boolean tcp;
    /** Where the TCP or UDP header is, from the packet's beginning on. */
    private int transport;
    /** All headers together; where the payload of {@link #from} starts. */
    private int headers;
    private int segment;
    private int payload;
    /** How much of the packet, or of a super-packet's payload, is done. */
    private int done;
    private int count;

    /**
     * Takes a packet with a tag that {@link Offload#check} accepts, or that a device delivered.
     *
     * @param mtu a TCP segment that would not fit it becomes several; a UDP datagram stays one, and so does what is no
     *         super-packet
     * @return the length of the longest packet to come
     */
    public int begin(ByteBuffer from, int at, int length, int tag, int mtu) {
        this.from = from;
        this.at = at;
        this.length = length;
        unfinished = (tag & Offload.UNFINISHED) != 0;
        segment = tag & Offload.SEGMENT;
        done = 0;
        count = 0;
        if (segment == 0) {
            return length;
        }
        int protocol = Packet.protocol(from, at);
        transport = Packet.headerLength(from, at);
        if (protocol != Packet.TCP && protocol != Packet.UDP) {
            int upper = Ipv6Packet.upper(from, at, length);
            protocol = Ipv6Packet.protocol(upper);
            transport = Ipv6Packet.offset(upper);
        }
        tcp = protocol == Packet.TCP;
        payload = Offload.payload(from, at, length, protocol, transport);
        headers = length - payload;
        if (tcp) {
            // Headers of up to 120 bytes can leave less than nothing of IPv4's smallest MTU, 68.
            segment = Math.min(segment, Math.max(mtu - headers, Offload.MIN_SEGMENT));
        }
        return headers + segment;
    }

    /**
     * Writes the next packet, finished.
     *
     * @param to has room for what {@link #begin} said, and does not overlap the packet
     * @return its length, or 0 when there is none left
     */
    public int next(ByteBuffer to, int toAt) {
        return segment == 0 ? only(to, toAt) : cut(to, toAt);
    }

    private int only(ByteBuffer to, int toAt) {
        if (done == length) {
            return 0;
        }
        to.put(toAt, from, at, length);
        if (unfinished) {
            Offload.complete(to, toAt, length);
        }
        done = length;
        return length;
    }

    private int cut(ByteBuffer to, int toAt) {
        if (done == payload) {
            return 0;
        }
        int size = Math.min(segment, payload - done);
        int total = headers + size;
        to.put(toAt, from, at, headers);
        to.put(toAt + headers, from, at + headers + done, size);

        if (!Packet.isIpv6(from, at)) {
            to.putShort(toAt + Packet.IDENTIFICATION, (short) (from.getShort(at + Packet.IDENTIFICATION) + count));
        }
        Packet.setLength(to, toAt, total);

        int header = toAt + transport;
        if (tcp) {
            int flags = to.get(header + Packet.TCP_FLAGS);
            if (done != 0) {
                flags &= ~Packet.CWR;
            }
            if (done + size != payload) {
                flags &= ~(Packet.FIN | Packet.PSH);
            }
            to.put(header + Packet.TCP_FLAGS, (byte) flags);
            int sequence = to.getInt(header + Packet.TCP_SEQUENCE);
            to.putInt(header + Packet.TCP_SEQUENCE, sequence + done);
        } else {
            to.putShort(header + Packet.UDP_LENGTH, (short) (total - transport));
        }
        int sum = Packet.pseudoSum(to, toAt, tcp ? Packet.TCP : Packet.UDP, total - transport);
        to.putShort(header + (tcp ? Packet.TCP_CHECKSUM : Packet.UDP_CHECKSUM), (short) sum);
        Offload.complete(to, header, total - transport, tcp);

        done += size;
        count++;
        return total;
    }
}
