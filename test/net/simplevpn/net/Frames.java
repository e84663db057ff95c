package simplevpn.net;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/**
 * The frames of PROTOCOL.md, part 1 and 2, built and read byte by byte from its text and the RFCs. Deliberately
 * independent of the product's own code: a mistake made there is not repeated here.
 */
final class Frames {
    static final int HEADER = 20;
    static final int ICMP = 1;
    static final int TCP = 6;
    private static final int UDP = 17;

    private Frames() { }

    static int address(String dotted) {
        int address = 0;
        for (String part : dotted.split("\\.")) {
            address = address << 8 | Integer.parseInt(part);
        }
        return address;
    }

    static String dotted(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "." + (address & 255);
    }

    static int u16(byte[] b, int at) {
        return ((b[at] & 255) << 8) | (b[at + 1] & 255);
    }

    static int u32(byte[] b, int at) {
        return u16(b, at) << 16 | u16(b, at + 2);
    }

    static int source(byte[] frame) {
        return u32(frame, 12);
    }

    static int destination(byte[] frame) {
        return u32(frame, 16);
    }

    /** A keepalive: garbage in every field but the two addresses. */
    static byte[] keepalive(Random garbage) {
        byte[] frame = new byte[HEADER];
        garbage.nextBytes(frame);
        Arrays.fill(frame, 12, 20, (byte) 0xff);
        return frame;
    }

    static boolean isKeepalive(byte[] frame) {
        return source(frame) == -1 && destination(frame) == -1;
    }

    /** The request of a classic client: garbage in every field that the server ignores. */
    static byte[] request(Random garbage, String wanted) {
        byte[] frame = new byte[HEADER];
        garbage.nextBytes(frame);
        ByteBuffer.wrap(frame).put(0, (byte) 0x45).putShort(2, (short) 0).putInt(12, address(wanted)).putInt(16, 0);
        if (u16(frame, 4) == 0x5632) {
            frame[4] = 0;
        }
        return frame;
    }

    /** An extended client's request. */
    static byte[] extendedRequest(int features, long token, String wanted) {
        return ByteBuffer.allocate(HEADER).put((byte) 0x45).put((byte) features).putShort((short) 0)
                .putShort((short) 0x5632).putShort((short) (token >>> 32)).putInt((int) token)
                .putInt(address(wanted)).putInt(0).array();
    }

    static byte[] packet(String source, String destination, int protocol, byte[] payload) {
        byte[] packet = ByteBuffer.allocate(HEADER + payload.length).put((byte) 0x45).put((byte) 0)
                .putShort((short) (HEADER + payload.length)).putInt(0x12344000).put((byte) 64).put((byte) protocol)
                .putShort((short) 0).putInt(address(source)).putInt(address(destination)).put(payload).array();
        putChecksum(packet, 10, sum(packet, 0, HEADER));
        return packet;
    }

    /** An ICMP echo request; its content is recognizable by number and length. */
    static byte[] echo(String source, String destination, int number, int length) {
        byte[] message = new byte[8 + length];
        Arrays.fill(message, 8, message.length, (byte) number);
        ByteBuffer.wrap(message).put(0, (byte) 8).putShort(4, (short) 0x5678).putShort(6, (short) number);
        putChecksum(message, 2, sum(message, 0, message.length));
        return packet(source, destination, ICMP, message);
    }

    static boolean isEcho(byte[] packet) {
        return packet[9] == ICMP && packet[HEADER] == 8;
    }

    static boolean isEchoReply(byte[] packet, int number) {
        return packet[9] == ICMP && packet[HEADER] == 0 && u16(packet, HEADER + 6) == number;
    }

    /** What a host answers to an echo request. */
    static byte[] reply(byte[] echo) {
        byte[] message = Arrays.copyOfRange(echo, HEADER, echo.length);
        ByteBuffer.wrap(message).put(0, (byte) 0).putShort(2, (short) 0);
        putChecksum(message, 2, sum(message, 0, message.length));
        return packet(dotted(destination(echo)), dotted(source(echo)), ICMP, message);
    }

    /** A UDP packet without checksum: cheap to make, and dropped by whoever has no such port. */
    static byte[] datagram(String source, String destination, int number, int length) {
        byte[] datagram = new byte[8 + length];
        Arrays.fill(datagram, 8, datagram.length, (byte) number);
        ByteBuffer.wrap(datagram).putShort(0, (short) 9).putShort(2, (short) 9).putShort(4, (short) datagram.length);
        return packet(source, destination, UDP, datagram);
    }

    /** A TCP SYN with the options NOP and MSS: the MSS value lies across two of the checksum's words. */
    static byte[] syn(String source, String destination, int port, int mss) {
        byte[] segment = ByteBuffer.allocate(28).putShort((short) 40_000).putShort((short) port).putInt(0x01020304)
                .putInt(0).put((byte) 0x70).put((byte) 0x02).putShort((short) 0x7210).putInt(0)
                .put((byte) 1).put((byte) 2).put((byte) 4).putShort((short) mss).put((byte) 1).put((byte) 1)
                .put((byte) 0).array();
        byte[] packet = packet(source, destination, TCP, segment);
        putChecksum(packet, HEADER + 16, tcpSum(packet));
        return packet;
    }

    /** A TCP segment with data and the flag ACK, of no connection: a host answers it with RST. */
    static byte[] segment(String source, String destination, int port, int length) {
        byte[] segment = new byte[20 + length];
        ByteBuffer.wrap(segment).putShort((short) 40_000).putShort((short) port).putInt(0x01020304).putInt(0x05060708)
                .put((byte) 0x50).put((byte) 0x10).putShort((short) 0x7210);
        byte[] packet = packet(source, destination, TCP, segment);
        putChecksum(packet, HEADER + 16, tcpSum(packet));
        return packet;
    }

    /** The MSS option of a TCP segment, or 0 without one. */
    static int mss(byte[] packet) {
        int end = HEADER + (packet[HEADER + 12] >> 4 & 15) * 4;
        for (int at = HEADER + 20; at < end && packet[at] != 0; at += packet[at] == 1 ? 1 : packet[at + 1]) {
            if (packet[at] == 2) {
                return u16(packet, at + 2);
            }
        }
        return 0;
    }

    static boolean tcpChecksumOk(byte[] packet) {
        return tcpSum(packet) == 0xffff;
    }

    static boolean headerChecksumOk(byte[] packet) {
        return sum(packet, 0, (packet[0] & 15) * 4) == 0xffff;
    }

    /** An IPv6 packet with the given number of bytes after its header. */
    static byte[] ipv6(int payload) {
        byte[] packet = new byte[40 + payload];
        Arrays.fill(packet, 8, packet.length, (byte) 0xfe);
        ByteBuffer.wrap(packet).putInt(0, 0x60000000).putShort(4, (short) payload).putShort(6, (short) 0x3bff);
        return packet;
    }

    static byte[] join(byte[]... frames) {
        ByteBuffer all = ByteBuffer.allocate(Arrays.stream(frames).mapToInt(frame -> frame.length).sum());
        Arrays.stream(frames).forEach(all::put);
        return all.array();
    }

    private static int tcpSum(byte[] packet) {
        int length = packet.length - HEADER;
        int total = sum(packet, 12, 8) + TCP + length + sum(packet, HEADER, length);
        return (total & 0xffff) + (total >>> 16);
    }

    private static int sum(byte[] b, int at, int length) {
        int total = 0;
        for (int i = 0; i < length; i++) {
            total += (b[at + i] & 255) << (i % 2 == 0 ? 8 : 0);
        }
        while (total > 0xffff) {
            total = (total & 0xffff) + (total >>> 16);
        }
        return total;
    }

    private static void putChecksum(byte[] b, int at, int sum) {
        b[at] = (byte) (~sum >>> 8);
        b[at + 1] = (byte) ~sum;
    }
}
