package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.protocol.Offload;
import simplevpn.protocol.ReferencePackets;
import simplevpn.protocol.Wire;

/** Packets in and out of an interface, on kernels that know all offloads, some, or none. */
class DeviceTest {
    private static final int CSUM_TSO4 = Abi.TUN_F_CSUM | Abi.TUN_F_TSO4 | Abi.TUN_F_TSO6;
    private static final int USO = Abi.TUN_F_USO4 | Abi.TUN_F_USO6;

    private final Random random = new Random(6);
    private final MemoryDevice kernel = new MemoryDevice(new MemoryKernel());
    private final Buffer source = Buffer.permanent(1 << 17);

    @BeforeEach
    void quiet() {
        Log.start("test", Log.QUIET, false);
        kernel.up = true;
    }

    @AfterEach
    void speakAgain() {
        Log.start("test", Log.EVENTS, false);
    }

    private byte[] packet(int payload) {
        return ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, payload);
    }

    private int put(int at, byte[] packet) {
        source.bytes.put(at, packet);
        return at + packet.length;
    }

    /** What a peer is offered is what the kernel can do, and nothing where the user wants it so. */
    @Test
    void features() {
        assertEquals(Wire.OFFLOAD | Wire.OFFLOAD_UDP, new Device(kernel, true).features());
        assertEquals(CSUM_TSO4 | USO, kernel.offloads);
        assertEquals(0, new Device(kernel, false).features());
        assertEquals(0, kernel.offloads, "the kernel delivers none");
        kernel.offloadsKnown = CSUM_TSO4;
        assertEquals(Wire.OFFLOAD, new Device(kernel, true).features());
        assertEquals(CSUM_TSO4, kernel.offloads);
        kernel.offloadsKnown = 0;
        assertEquals(0, new Device(kernel, true).features());
        kernel.header = 0;
        assertEquals(0, new Device(kernel, true).features());
    }

    /** Towards a peer without offload framing the kernel cuts, and no longer when another peer comes. */
    @Test
    void deliverOffloads() {
        Device device = new Device(kernel, true);
        device.deliverOffloads(false);
        assertEquals(0, kernel.offloads);
        device.deliverOffloads(true);
        assertEquals(CSUM_TSO4 | USO, kernel.offloads);
        kernel.offloadsKnown = CSUM_TSO4;
        device = new Device(kernel, true);
        device.deliverOffloads(false);
        device.deliverOffloads(true);
        assertEquals(CSUM_TSO4, kernel.offloads);
    }

    /** Packets are read one behind the other, what stands in front of each left as it is; rubbish is passed over. */
    @Test
    void read() {
        for (int header : new int[] {Abi.VNET_SIZE, 0}) {
            kernel.header = header;
            Device device = new Device(kernel, true);
            byte[] first = packet(40);
            byte[] second = packet(0);
            kernel.send(first);
            kernel.send(new byte[] {0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
            kernel.send(second);
            int at = Inbox.HEADROOM;
            assertEquals(first.length, device.read(at));
            assertEquals(0, device.tag);
            at += first.length;
            assertEquals(Device.DROP, device.read(at));
            assertEquals(second.length, device.read(at));
            assertEquals(0, device.read(at + second.length));
            assertArrayEquals(first, ReferencePackets.bytes(device.buffer.bytes, Inbox.HEADROOM, first.length));
            assertArrayEquals(second, ReferencePackets.bytes(device.buffer.bytes, at, second.length));
        }
    }

    /** What the other end would take for a damaged stream or a message stays here: it would end the connection. */
    @Test
    void readsNothingThatTheOtherEndRefuses() {
        for (int header : new int[] {Abi.VNET_SIZE, 0}) {
            kernel.header = header;
            Device device = new Device(kernel, true);
            byte[] sound = packet(40);
            byte[] checksum = sound.clone();
            checksum[10] ^= 1;
            byte[] keepalive = sound.clone();
            ReferencePackets.set32(keepalive, 12, 0xffff_ffffL);
            ReferencePackets.set32(keepalive, 16, 0xffff_ffffL);
            byte[] request = sound.clone();
            ReferencePackets.set32(request, 16, 0);
            byte[] answer = sound.clone();
            ReferencePackets.set32(answer, 12, 0);
            ReferencePackets.set16(answer, 4, 0x5633);
            kernel.send(checksum);
            for (byte[] packet : List.of(keepalive, request, answer)) {
                kernel.send(ReferencePackets.finished(packet));
            }
            kernel.send(sound);
            for (int i = 0; i < 4; i++) {
                assertEquals(Device.DROP, device.read(Inbox.HEADROOM), "packet " + i);
            }
            assertEquals(sound.length, device.read(Inbox.HEADROOM));
            assertTrue(device.counts().contains("of those that it sent, 4 could not be carried"), device.counts());
        }
    }

    /** What waited while nobody read is thrown away, and counted. */
    @Test
    void discard() {
        Device device = new Device(kernel, true);
        for (int i = 0; i < 500; i++) {
            kernel.send(packet(40));
        }
        device.discard();
        assertEquals(0, kernel.waiting());
        assertTrue(device.counts().endsWith(", 500 were out of date"), device.counts());
    }

    /** A packet goes to the kernel with its header in front, if the kernel takes it. */
    @Test
    void write() {
        Device device = new Device(kernel, true);
        byte[] packet = packet(1000);
        put(Inbox.HEADROOM, packet);
        assertTrue(device.write(source, Inbox.HEADROOM, packet.length, 0));
        assertArrayEquals(packet, kernel.receive());
        kernel.up = false;
        assertFalse(device.write(source, Inbox.HEADROOM, packet.length, 0));
        assertTrue(device.counts().startsWith("tun0 refused 1 packets; "), device.counts());
        kernel.up = true;
        kernel.header = 0;
        device = new Device(kernel, true);
        assertTrue(device.write(source, Inbox.HEADROOM, packet.length, 0));
        assertArrayEquals(packet, kernel.receive());
    }

    /** A super-packet does not overtake what is held back, and nothing joins it. */
    @Test
    void superPacket() {
        byte[] whole = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 3000);
        List<byte[]> datagrams = ReferencePackets.segments(whole, 100);
        Device device = new Device(kernel, true);
        int at = put(Inbox.HEADROOM, datagrams.get(0));
        assertTrue(device.deliver(source, Inbox.HEADROOM, datagrams.get(0).length, 0));
        assertNull(kernel.receive(), "it is held");
        byte[] unfinished = ReferencePackets.unfinished(whole);
        put(at + Inbox.HEADROOM, unfinished);
        assertTrue(device.deliver(source, at + Inbox.HEADROOM, unfinished.length, Offload.UNFINISHED | 100));
        assertArrayEquals(datagrams.get(0), kernel.receive());
        assertArrayEquals(unfinished, kernel.receive());
        assertTrue(device.flush());
        assertNull(kernel.receive(), "nothing is left");
    }

    /** Segments in a row reach a kernel that can take them as one packet, and any other one by one, in order. */
    @Test
    void join() {
        byte[] whole = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 3000);
        whole[33] = 0x10; // ACK
        List<byte[]> segments = ReferencePackets.segments(ReferencePackets.finished(whole), 1000);
        byte[] other = packet(10);
        for (boolean able : new boolean[] {true, false}) {
            kernel.offloadsKnown = able ? -1 : 0;
            Device device = new Device(kernel, true);
            int at = Inbox.HEADROOM;
            for (byte[] segment : segments) {
                put(at, segment);
                assertTrue(device.deliver(source, at, segment.length, 0));
                at += segment.length;
            }
            put(at, other);
            assertTrue(device.deliver(source, at, other.length, 0));
            assertTrue(device.flush());
            if (able) {
                assertEquals(whole.length, kernel.receive().length);
            } else {
                for (byte[] segment : segments) {
                    assertArrayEquals(segment, kernel.receive());
                }
            }
            assertArrayEquals(other, kernel.receive());
            assertNull(kernel.receive());
        }
    }

    /** A kernel that refuses a packet, an interface that is down say, is no reason for more than counting it. */
    @Test
    void refusedByTheKernel() {
        Device device = new Device(kernel, true);
        kernel.up = false;
        byte[] whole = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 3000);
        whole[33] = 0x10; // ACK
        byte[] segment = ReferencePackets.segments(ReferencePackets.finished(whole), 1000).getFirst();
        put(Inbox.HEADROOM, segment);
        assertTrue(device.deliver(source, Inbox.HEADROOM, segment.length, 0), "it is only held");
        byte[] other = packet(10);
        int at = Inbox.HEADROOM + segment.length;
        put(at, other);
        assertFalse(device.deliver(source, at, other.length, 0));
        assertTrue(device.flush(), "nothing is held any more");
        device.close();
        assertTrue(kernel.closed);
    }
}
