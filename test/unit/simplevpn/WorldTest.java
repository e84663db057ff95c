package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import simplevpn.base.Ipv4;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** What the tests of whole programs in memory share: packets, requests, and what was carried and said. */
abstract class WorldTest {
    static final String DYNAMIC = "45000000 00000000 00000000 00000000 00000000";
    static final String KEEPALIVE = "45123456 789abcde f0123456 ffffffff ffffffff";
    static final String HUB = "10.0.0.1";
    /** What the kernel puts in front of an unfinished TCP super-packet of segments of 1,000 bytes. */
    static final byte[] SUPER_PACKET = {1, 1, 40, 0, (byte) 0xe8, 3, 20, 0, 16, 0};

    final Random random = new Random(10);
    World world = new World();

    @AfterEach
    void close() {
        world.close();
    }

    static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    static int ipv4(String address) {
        return (int) Ipv4.parse(address);
    }

    static byte[] addressed(byte[] packet, String from, String to) {
        ReferencePackets.set32(packet, 12, ipv4(from) & 0xffff_ffffL);
        ReferencePackets.set32(packet, 16, ipv4(to) & 0xffff_ffffL);
        return ReferencePackets.finished(packet);
    }

    byte[] udp(String from, String to, int payload) {
        return addressed(ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, payload), from, to);
    }

    byte[] tcp(String from, String to, int payload) {
        byte[] packet = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, payload);
        packet[33] = 0x10; // ACK
        return addressed(packet, from, to);
    }

    /** An ICMP error in words. */
    static String icmp(byte[] packet) {
        assertEquals(1, packet[9]);
        return Ipv4.text((int) ReferencePackets.get32(packet, 12)) + " to "
                + Ipv4.text((int) ReferencePackets.get32(packet, 16)) + ": ICMP " + packet[20] + "/" + packet[21]
                + ", MTU " + ReferencePackets.get16(packet, 26);
    }

    /** A frame of offload framing. */
    static byte[] tagged(int tag, byte[] frame) {
        byte[] tagged = new byte[4 + frame.length];
        ReferencePackets.set32(tagged, 0, tag & 0xffff_ffffL);
        System.arraycopy(frame, 0, tagged, 4, frame.length);
        return tagged;
    }

    /** A packet put in at one device comes out at another, as it was. */
    void assertCarries(MemoryDevice from, MemoryDevice to, byte[] packet) {
        from.send(packet);
        world.run();
        assertArrayEquals(packet, to.receive());
        assertNull(to.receive());
    }

    void assertReaches(World.Machine from, World.Machine to) {
        assertCarries(from.device, to.device, udp(from.device.address.toString(), to.device.address.toString(), 100));
    }

    void assertSaid(String regex) {
        assertTrue(world.log().lines().anyMatch(line -> line.matches("test: " + regex)),
                () -> "no line " + regex + " in\n" + world.log());
    }

    /** A raw client that has joined; what it was answered is taken. */
    MemoryStream joined(String request, int answer) {
        MemoryStream raw = world.acceptor.connect();
        raw.put(hex(request));
        world.run();
        assertEquals(answer, raw.take().length);
        return raw;
    }
}
