package simplevpn.protocol;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What the tests hold the product's packet code against: IPv4, IPv6, TCP and UDP written a second time from RFC 791,
 * 8200, 9293, 768 and 1071, byte by byte on arrays, slow and without a line in common with it.
 */
public final class ReferencePackets {
    public static final int TCP = 6;
    public static final int UDP = 17;
    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;
    static final int URG = 32;
    static final int ECE = 64;
    static final int CWR = 128;

    private ReferencePackets() {
    }

    /** A packet with random addresses, ports, options of the given lengths and payload, its checksums right. */
    public static byte[] packet(Random random, int protocol, int ipOptions, int tcpOptions, int payload) {
        int ip = 20 + ipOptions;
        int transport = protocol == TCP ? 20 + tcpOptions : 8;
        byte[] p = new byte[ip + transport + payload];
        random.nextBytes(p);
        p[0] = (byte) (0x40 | ip / 4);
        set16(p, 2, p.length);
        p[6] = (byte) (random.nextBoolean() ? 0x40 : 0);
        p[7] = 0;
        p[9] = (byte) protocol;
        p[12] = 10;
        p[16] = 10;
        if (protocol == TCP) {
            p[ip + 12] = (byte) ((transport / 4) << 4);
            p[ip + 13] = (byte) (ACK | (random.nextInt(256) & ~(SYN | RST)));
        } else if (protocol == UDP) {
            set16(p, ip + 4, p.length - ip);
        }
        return finished(p);
    }

    /** The same over IPv6, from one host to another, with extension headers of the given kinds, 16 bytes each. */
    public static byte[] packet6(Random random, int protocol, int tcpOptions, int payload, int... extensions) {
        int ip = 40 + 16 * extensions.length;
        int transport = protocol == TCP ? 20 + tcpOptions : protocol == UDP ? 8 : 0;
        byte[] p = new byte[ip + transport + payload];
        random.nextBytes(p);
        p[0] = (byte) (0x60 | random.nextInt(16));
        set16(p, 4, p.length - 40);
        p[8] = 0x20;
        p[24] = 0x20;
        int next = 6;
        for (int i = 0; i < extensions.length; i++) {
            p[next] = (byte) extensions[i];
            next = 40 + 16 * i;
            p[next + 1] = 1;
        }
        p[next] = (byte) protocol;
        if (protocol == TCP) {
            p[ip + 12] = (byte) ((transport / 4) << 4);
            p[ip + 13] = (byte) (ACK | (random.nextInt(256) & ~(SYN | RST)));
        } else if (protocol == UDP) {
            set16(p, ip + 4, p.length - ip);
        }
        return finished(p);
    }

    /** A packet of either version of IP, with options and payload of the given lengths. */
    public static byte[] packet(boolean ipv6, Random random, int protocol, int tcpOptions, int payload) {
        return ipv6 ? packet6(random, protocol, tcpOptions, payload) : packet(random, protocol, 0, tcpOptions, payload);
    }

    static boolean isIpv6(byte[] p) {
        return (p[0] & 0xf0) == 0x60;
    }

    /** The length of the IP header with all that comes before TCP or UDP. */
    static int ipHeader(byte[] p) {
        if (!isIpv6(p)) {
            return (p[0] & 15) * 4;
        }
        int length = 40;
        for (int kind = p[6]; kind == 0 || kind == 60; kind = p[length - 16]) {
            length += 16;
        }
        return length;
    }

    /** What is inside. */
    static int protocol(byte[] p) {
        int ip = ipHeader(p);
        return isIpv6(p) ? p[ip == 40 ? 6 : ip - 16] : p[9];
    }

    /** All headers together. */
    static int headers(byte[] p) {
        int ip = ipHeader(p);
        return protocol(p) == TCP ? ip + (p[ip + 12] >> 4 & 15) * 4 : ip + 8;
    }

    /** Two bytes as a number, big-endian. */
    public static int get16(byte[] p, int at) {
        return (p[at] & 255) * 256 + (p[at + 1] & 255);
    }

    /** Writes a big-endian number of two bytes. */
    public static void set16(byte[] p, int at, int value) {
        p[at] = (byte) (value / 256);
        p[at + 1] = (byte) value;
    }

    /** The big-endian number of four bytes. */
    public static long get32(byte[] p, int at) {
        return get16(p, at) * 65536L + get16(p, at + 2);
    }

    /** Writes a big-endian number of four bytes. */
    public static void set32(byte[] p, int at, long value) {
        set16(p, at, (int) (value / 65536 % 65536));
        set16(p, at + 2, (int) (value % 65536));
    }

    /** RFC 1071's sum, one byte and one carry at a time. */
    static int sum(byte[] p, int from, int to, int start) {
        int sum = start;
        for (int i = from; i < to; i++) {
            sum += (p[i] & 255) * ((i - from) % 2 == 0 ? 256 : 1);
            if (sum > 65535) {
                sum -= 65535;
            }
        }
        return sum;
    }

    static int checksumField(byte[] p) {
        return ipHeader(p) + (protocol(p) == TCP ? 16 : 6);
    }

    static int pseudoSum(byte[] p) {
        int length = p.length - ipHeader(p);
        if (isIpv6(p)) {
            byte[] behind = {0, 0, (byte) (length / 256), (byte) length, 0, 0, 0, (byte) protocol(p)};
            return sum(behind, 0, 8, sum(p, 8, 40, 0));
        }
        byte[] pseudo = {p[12], p[13], p[14], p[15], p[16], p[17], p[18], p[19], 0, p[9],
            (byte) (length / 256), (byte) length};
        return sum(pseudo, 0, pseudo.length, 0);
    }

    /** The same packet with right checksums. */
    public static byte[] finished(byte[] packet) {
        byte[] p = packet.clone();
        int ip = ipHeader(p);
        if (!isIpv6(p)) {
            set16(p, 10, 0);
            set16(p, 10, 65535 - sum(p, 0, ip, 0));
        }
        if (protocol(p) == TCP || protocol(p) == UDP) {
            int field = checksumField(p);
            set16(p, field, 0);
            int checksum = 65535 - sum(p, ip, p.length, pseudoSum(p));
            set16(p, field, checksum == 0 && protocol(p) == UDP ? 65535 : checksum);
        }
        return p;
    }

    /** The same packet with only the pseudo-header's sum in its checksum field. */
    public static byte[] unfinished(byte[] packet) {
        byte[] p = packet.clone();
        set16(p, checksumField(p), pseudoSum(p));
        return p;
    }

    /** The same packet, finished, with a payload for which the transport checksum comes out as zero. */
    public static byte[] withZeroChecksum(byte[] packet) {
        byte[] p = packet.clone();
        int at = p.length - (p.length - ipHeader(p)) % 2 - 2;
        set16(p, at, 0);
        set16(p, checksumField(p), 0);
        set16(p, at, 65535 - sum(p, ipHeader(p), p.length, pseudoSum(p)));
        return finished(p);
    }

    /** What a super-packet stands for: the packets that a sender without offloads would have sent. */
    public static List<byte[]> segments(byte[] p, int segment) {
        int headers = headers(p);
        int ip = ipHeader(p);
        List<byte[]> segments = new ArrayList<>();
        for (int from = headers; from < p.length; from += segment) {
            int to = Math.min(p.length, from + segment);
            byte[] s = Arrays.copyOf(p, headers + to - from);
            System.arraycopy(p, from, s, headers, to - from);
            if (isIpv6(p)) {
                set16(s, 4, s.length - 40);
            } else {
                set16(s, 2, s.length);
                set16(s, 4, (get16(p, 4) + segments.size()) % 65536);
            }
            if (protocol(p) == UDP) {
                set16(s, ip + 4, s.length - ip);
            } else {
                set32(s, ip + 4, (get32(p, ip + 4) + from - headers) % 4294967296L);
                int flags = p[ip + 13] & 255;
                if (from > headers) {
                    flags &= 255 - CWR;
                }
                if (to < p.length) {
                    flags &= 255 - FIN - PSH;
                }
                s[ip + 13] = (byte) flags;
            }
            segments.add(finished(s));
        }
        return segments;
    }

    /** A buffer that ends where the packet ends, so that a read behind it is an exception. */
    public static ByteBuffer buffer(byte[] packet, int at) {
        ByteBuffer b = ByteBuffer.allocateDirect(at + packet.length);
        b.put(at, packet);
        return b;
    }

    /** A copy of a part of the buffer. */
    public static byte[] bytes(ByteBuffer b, int at, int length) {
        byte[] p = new byte[length];
        b.get(at, p);
        return p;
    }
}
