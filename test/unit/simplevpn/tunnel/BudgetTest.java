package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.memory.MemoryStream;
import simplevpn.memory.Recorder;
import simplevpn.protocol.Framing;
import simplevpn.protocol.ReferencePackets;

/** Nobody can take a whole turn of the loop: what is more than the budget waits for the next turn, and is not lost. */
class BudgetTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final int ROOM = 1 << 22;
    /** What the kernel puts in front of an unfinished TCP super-packet of segments of 1,000 bytes. */
    private static final byte[] SUPER_PACKET = {1, 1, 40, 0, (byte) 0xe8, 3, 20, 0, 16, 0};
    private static final int SEGMENTS = 40;

    private final Random random = new Random(22);
    private final MemoryKernel kernel = new MemoryKernel();
    private final MemoryDevice host = new MemoryDevice(kernel);
    private MemoryLoop loop;

    /** The two ends of a connection, of which the near one has a link. */
    private final class Connection {
        private final MemoryStream near;
        private final MemoryStream far;
        private final Link link;

        Connection(Recorder receiver, Framing framing) throws Failure {
            MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, ROOM);
            near = ends[0];
            far = ends[1];
            link = Link.open(loop, near, receiver);
            link.setFraming(framing);
            link.trust();
        }
    }

    @BeforeEach
    void start() throws Failure {
        host.up = true;
        loop = MemoryLoop.of(kernel, host, false);
    }

    private byte[] udp() {
        return ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 72);
    }

    /** The host's packets go to one link. */
    private void deviceTo(Link link) {
        loop.setRouter((packet, at, length, tag) -> loop.sender.packet(link, packet, at, length, tag));
        loop.readDevice(true);
    }

    /** Packets of the host. */
    @Test
    void devicePackets() throws Failure {
        Connection to = new Connection(new Recorder(loop), Framing.STREAM);
        deviceTo(to.link);
        int sent = 3 * Budget.DEVICE_PACKETS;
        for (int i = 0; i < sent; i++) {
            host.send(udp());
        }
        for (int turn = 1; turn <= 3; turn++) {
            loop.turnOnce();
            assertEquals(sent - turn * Budget.DEVICE_PACKETS, host.waiting());
            assertEquals(turn * Budget.DEVICE_PACKETS * 100, to.far.peek().length);
        }
    }

    /** Bytes of the host's packets: super-packets are few and long. */
    @Test
    void deviceBytes() throws Failure {
        Connection to = new Connection(new Recorder(loop), Framing.OFFLOAD);
        deviceTo(to.link);
        byte[] packet = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 60_000);
        for (int i = 0; i < 40; i++) {
            host.send(SUPER_PACKET, ReferencePackets.unfinished(packet));
        }
        int perTurn = Budget.DEVICE_BYTES / packet.length + 1;
        loop.turnOnce();
        assertEquals(40 - perTurn, host.waiting());
        while (loop.isBusy()) {
            loop.turnOnce();
        }
        assertEquals(40 * (4 + packet.length), to.far.peek().length);
    }

    /** Writes that the host's packets cause: a super-packet for a classic peer makes one for each segment. */
    @Test
    void writesForTheDevice() throws Failure {
        Connection to = new Connection(new Recorder(loop), Framing.CLASSIC);
        deviceTo(to.link);
        byte[] packet = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 0, 1000 * SEGMENTS);
        for (int i = 0; i < 10; i++) {
            host.send(SUPER_PACKET, ReferencePackets.unfinished(packet));
        }
        int perTurn = Budget.WRITES / SEGMENTS + 1;
        loop.turnOnce();
        assertEquals(10 - perTurn, host.waiting());
        assertEquals(perTurn * SEGMENTS, to.near.writes);
        while (loop.isBusy()) {
            loop.turnOnce();
        }
        assertEquals(10 * SEGMENTS * 1040, to.far.peek().length);
    }

    /** Writes that one connection's frames cause, to classic peers say. */
    @Test
    void writesForAConnection() throws Failure {
        Connection to = new Connection(new Recorder(loop), Framing.CLASSIC);
        Connection from = new Connection(new Recorder(loop) {
            @Override
            public void data() {
                Inbox in = loop.inbox;
                loop.sender.packet(to.link, in.buffer, in.packet, in.packetLength, in.tag);
            }
        }, Framing.STREAM);
        for (int i = 0; i < 3 * Budget.WRITES; i++) {
            from.far.put(udp());
        }
        for (int turn = 1; turn <= 3; turn++) {
            loop.turnOnce();
            assertEquals(turn * Budget.WRITES, to.near.writes);
        }
        assertEquals(3 * Budget.WRITES * 100, to.far.peek().length);
    }

    /** Writes from an outbox count too: those that a peer's slowness puts off are the same work. */
    @Test
    void writesFromAnOutbox() throws Failure {
        Connection slow = new Connection(new Recorder(loop), Framing.CLASSIC);
        byte[] packet = udp();
        loop.message.bytes.put(Inbox.HEADROOM, packet);
        slow.link.queue(loop.message, Inbox.HEADROOM, packet.length, 0);
        slow.link.queue(loop.message, Inbox.HEADROOM, packet.length, 0);
        slow.link.flush(0);
        assertEquals(2, loop.budget.writes);
        slow.link.send(loop.message, Inbox.HEADROOM, packet.length, 0);
        assertEquals(3, loop.budget.writes);
    }

    /** Reads of one connection, whatever they bring. */
    @Test
    void reads() throws Failure {
        Recorder recorder = new Recorder(loop);
        Connection from = new Connection(recorder, Framing.STREAM);
        from.near.holdsWhatCame = true;
        from.near.mostPerRead = 100;
        byte[] packet = udp();
        for (int i = 0; i < 3 * Budget.READS; i++) {
            from.far.put(packet);
        }
        for (int turn = 1; turn <= 3; turn++) {
            assertTrue(loop.isBusy());
            loop.turnOnce();
            assertEquals(turn * Budget.READS, from.link.reads());
        }
        assertEquals(3 * Budget.READS, recorder.frames.size());
        assertArrayEquals(packet, recorder.frames.getLast().bytes());
    }

    /** A connection that is ready, and also noted to be called again, is served once a turn. */
    @Test
    void servedOnceATurn() throws Failure {
        Connection from = new Connection(new Recorder(loop), Framing.STREAM);
        from.near.holdsWhatCame = true;
        from.near.mostPerRead = 100;
        for (int i = 0; i < 10 * Budget.READS; i++) {
            from.far.put(udp());
        }
        loop.turnOnce();
        // New bytes make the descriptor ready, beside those that it does not show.
        from.far.put(udp());
        loop.turnOnce();
        assertEquals(2 * Budget.READS, from.link.reads());
    }
}
