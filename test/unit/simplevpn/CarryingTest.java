package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** What the server makes of packets that share its buffers, and of what their next peer cannot take as it is. */
class CarryingTest extends WorldTest {
    /** Requests of extended clients: with all features, and with none. */
    private static final String OFFLOAD = "45030000 56320000 00000007 00000000 00000000";
    private static final String STREAM = "45000000 56320000 00000008 00000000 00000000";
    /** The length of an extended answer. */
    private static final int ANSWER = 42;
    /** What the kernel puts in front of a packet that is no super-packet, and whose TCP checksum is unfinished. */
    private static final byte[] UNFINISHED = {1, 0, 0, 0, 0, 0, 20, 0, 16, 0};

    private static byte[] concatenated(List<byte[]> parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        parts.forEach(all::writeBytes);
        return all.toByteArray();
    }

    private static void assertGot(MemoryDevice device, byte[] packet) {
        assertArrayEquals(packet, device.receive());
        assertNull(device.receive());
    }

    /**
     * One read brings a packet for another client, which is not written yet, and right behind it one for the host: the
     * header that the kernel wants before the second one does not end up in the first.
     */
    @Test
    void theHostsHeaderSparesTheFrameBefore() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        MemoryStream raw = joined(OFFLOAD, ANSWER);
        byte[] first = udp("10.0.0.3", "10.0.0.2", 100);
        byte[] second = udp("10.0.0.3", HUB, 100);
        raw.put(tagged(0, first));
        raw.put(tagged(0, second));
        world.run();
        assertGot(one.device, first);
        assertGot(hub.device, second);
    }

    /**
     * One read brings a segment for the host, which is kept back for others that may follow, and right behind it a
     * packet for a client with offload framing: the tag of the second one does not end up in the first.
     */
    @Test
    void aTagSparesTheSegmentBefore() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        MemoryStream raw = joined(STREAM, ANSWER);
        byte[] first = tcp("10.0.0.3", HUB, 1000);
        byte[] second = udp("10.0.0.3", "10.0.0.2", 100);
        raw.put(first);
        raw.put(second);
        world.run();
        assertGot(hub.device, first);
        assertGot(one.device, second);
    }

    /** More super-packets than the device's buffer has room for, all for one client, come through in one go. */
    @Test
    void moreThanTheDevicesBuffer() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            packets.add(ReferencePackets.unfinished(tcp(HUB, "10.0.0.2", 60_000)));
            hub.device.send(SUPER_PACKET, packets.get(i));
        }
        world.run();
        for (byte[] packet : packets) {
            assertArrayEquals(SUPER_PACKET, one.device.nextHeader());
            assertArrayEquals(packet, one.device.receive());
        }
    }

    /** More segments than the scratch buffer has room for, all for one client, come through in one go. */
    @Test
    void moreThanTheScratchBuffer() throws Failure {
        World.Hub hub = world.hub();
        MemoryStream raw = joined(STREAM, ANSWER);
        List<byte[]> segments = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            byte[] packet = tcp(HUB, "10.0.0.2", 50_000);
            segments.addAll(ReferencePackets.segments(packet, 1000));
            hub.device.send(SUPER_PACKET, ReferencePackets.unfinished(packet));
        }
        world.run();
        assertArrayEquals(concatenated(segments), raw.take());
    }

    /** Segments that are too long for the network's MTU are cut shorter; a classic client's are never over 1,500. */
    @Test
    void segmentsFitTheMtu() throws Failure {
        for (int[] row : new int[][] {{1300, 1260, 1260}, {1500, 1460, 1460}, {4000, 3960, 1460}}) {
            world.close();
            world = new World();
            World.Hub hub = world.hub("-m", Integer.toString(row[0]));
            MemoryStream stream = joined(STREAM, ANSWER);
            MemoryStream classic = joined(DYNAMIC, 20);
            byte[] header = SUPER_PACKET.clone();
            header[4] = (byte) 5000;
            header[5] = 5000 >> 8;
            for (String to : List.of("10.0.0.2", "10.0.0.3")) {
                byte[] packet = tcp(HUB, to, 20_000);
                hub.device.send(header, ReferencePackets.unfinished(packet));
                world.run();
                boolean first = to.equals("10.0.0.2");
                assertArrayEquals(concatenated(ReferencePackets.segments(packet, first ? row[1] : row[2])),
                        (first ? stream : classic).take(), "MTU " + row[0] + " to " + to);
            }
        }
    }

    /**
     * Whether a packet for the host has a tag is decided by how its sender's frames lie: a super-packet reaches the
     * kernel as one, and segments of a client without offloads are joined to one.
     */
    @Test
    void theSendersFramingDecides() throws Failure {
        World.Hub hub = world.hub();
        MemoryStream offload = joined(OFFLOAD, ANSWER);
        byte[] packet = tcp("10.0.0.2", HUB, 3000);
        offload.put(tagged(0x0100_03e8, ReferencePackets.unfinished(packet)));
        world.run();
        assertArrayEquals(SUPER_PACKET, hub.device.nextHeader());
        assertGot(hub.device, ReferencePackets.unfinished(packet));
        MemoryStream stream = joined(STREAM, ANSWER);
        packet = tcp("10.0.0.3", HUB, 3000);
        stream.put(concatenated(ReferencePackets.segments(packet, 1000)));
        world.run();
        assertArrayEquals(SUPER_PACKET, hub.device.nextHeader());
        assertGot(hub.device, ReferencePackets.unfinished(packet));
    }

    private byte[] syn(String from, String to, int mss) {
        byte[] syn = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 4, 0);
        syn[33] = 2;
        ReferencePackets.set32(syn, 40, 0x0204_0000L | mss);
        // Only the size of the segments is compared.
        ReferencePackets.set16(syn, 4, 1);
        ReferencePackets.set32(syn, 20, 0x1234_5678);
        ReferencePackets.set32(syn, 24, 0);
        ReferencePackets.set32(syn, 28, 0);
        ReferencePackets.set16(syn, 34, 0);
        ReferencePackets.set16(syn, 38, 0);
        syn[1] = 0;
        syn[6] = 0;
        syn[8] = 64;
        return addressed(syn, from, to);
    }

    /** Segments are made small for TCP from and to classic clients, whoever is at the other end, and for no other. */
    @Test
    void segmentSizes() throws Failure {
        World.Hub hub = world.hub();
        MemoryStream classic = joined(DYNAMIC, 20);
        MemoryStream otherClassic = joined(DYNAMIC, 20);
        World.Board one = world.board(1);
        World.Board two = world.board(2);

        classic.put(syn("10.0.0.2", HUB, 1460));
        world.run();
        assertGot(hub.device, syn("10.0.0.2", HUB, 1360));
        classic.put(syn("10.0.0.2", "10.0.0.3", 1460));
        world.run();
        assertArrayEquals(syn("10.0.0.2", "10.0.0.3", 1360), otherClassic.take());
        hub.device.send(syn(HUB, "10.0.0.2", 1460));
        world.run();
        assertArrayEquals(syn(HUB, "10.0.0.2", 1360), classic.take());
        hub.device.send(UNFINISHED, ReferencePackets.unfinished(syn(HUB, "10.0.0.2", 1460)));
        world.run();
        assertArrayEquals(syn(HUB, "10.0.0.2", 1360), classic.take());
        one.device.send(UNFINISHED, ReferencePackets.unfinished(syn("10.0.0.4", "10.0.0.2", 1460)));
        world.run();
        assertArrayEquals(syn("10.0.0.4", "10.0.0.2", 1360), classic.take());

        assertCarries(one.device, two.device, syn("10.0.0.4", "10.0.0.5", 1460));
        assertCarries(one.device, hub.device, syn("10.0.0.4", HUB, 1460));
        assertCarries(hub.device, one.device, syn(HUB, "10.0.0.4", 1460));
        assertEquals(0, classic.take().length);
    }
}
