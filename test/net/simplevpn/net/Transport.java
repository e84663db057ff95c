package simplevpn.net;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * TCP and UDP behind a {@link Frames#packet}'s header, for clients without a kernel: written and read byte by byte from
 * RFC 9293, 768 and 1071, and what PROTOCOL.md, part 3 calls an unfinished checksum.
 */
final class Transport {
    static final int FIN = 0x01;
    static final int SYN = 0x02;
    static final int PSH = 0x08;
    static final int ACK = 0x10;
    static final int UDP = 17;
    /** The flag of a prefix. */
    static final int UNFINISHED = 0x01 << 24;

    private Transport() { }

    /** A TCP packet with a finished checksum; a SYN carries the MSS option 1460. */
    static byte[] tcp(String source, String destination, int sourcePort, int port, int sequence, int ack,
            int flags, byte[] payload) {
        boolean syn = (flags & SYN) != 0;
        ByteBuffer segment = ByteBuffer.allocate(20 + (syn ? 4 : 0) + payload.length).putShort((short) sourcePort)
                .putShort((short) port).putInt(sequence).putInt(ack).put((byte) (syn ? 0x60 : 0x50)).put((byte) flags)
                .putShort((short) -1).putInt(0);
        if (syn) {
            segment.putInt(0x02040000 | 1460);
        }
        return finished(Frames.packet(source, destination, Frames.TCP, segment.put(payload).array()));
    }

    static byte[] udp(String source, String destination, int port, byte[] payload) {
        return finished(Frames.packet(source, destination, UDP, ByteBuffer.allocate(8 + payload.length)
                .putShort((short) port).putShort((short) port).putShort((short) (8 + payload.length))
                .putShort((short) 0).put(payload).array()));
    }

    /** The packet with just the pseudo-header's sum in its checksum field. */
    static byte[] unfinished(byte[] packet) {
        byte[] copy = packet.clone();
        putChecksum(copy, pseudoSum(copy));
        return copy;
    }

    static byte[] finished(byte[] packet) {
        byte[] copy = unfinished(packet);
        int checksum = ~sum(copy, Frames.HEADER, copy.length, 0) & 0xffff;
        putChecksum(copy, checksum == 0 && copy[9] == UDP ? 0xffff : checksum);
        return copy;
    }

    static boolean isUnfinished(byte[] packet) {
        return Arrays.equals(packet, unfinished(packet));
    }

    static boolean isFinished(byte[] packet) {
        return sum(packet, Frames.HEADER, packet.length, pseudoSum(packet)) == 0xffff;
    }

    /** What a TCP segment carries. */
    static byte[] payload(byte[] packet) {
        return Arrays.copyOfRange(packet, Frames.HEADER + (packet[Frames.HEADER + 12] >> 4 & 15) * 4, packet.length);
    }

    static int sequence(byte[] packet) {
        return Frames.u32(packet, Frames.HEADER + 4);
    }

    static int flags(byte[] packet) {
        return packet[Frames.HEADER + 13] & 255;
    }

    private static int pseudoSum(byte[] packet) {
        return sum(packet, 12, Frames.HEADER, packet[9] + packet.length - Frames.HEADER);
    }

    private static int sum(byte[] b, int from, int to, int start) {
        int sum = start;
        for (int i = from; i < to; i++) {
            sum += (b[i] & 255) << ((i - from) % 2 == 0 ? 8 : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    private static void putChecksum(byte[] packet, int checksum) {
        ByteBuffer.wrap(packet).putShort(Frames.HEADER + (packet[9] == UDP ? 6 : 16), (short) checksum);
    }
}
