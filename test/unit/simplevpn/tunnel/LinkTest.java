package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Errno;
import simplevpn.linux.Poller;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.memory.MemoryStream;
import simplevpn.memory.Recorder;
import simplevpn.protocol.Framing;
import simplevpn.protocol.ReferencePackets;
import simplevpn.protocol.Wire;

class LinkTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final long MILLISECOND = 1_000_000;
    private static final byte[] KEEPALIVE = {0x45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1};

    private final Random random = new Random(791);
    private final MemoryKernel kernel = new MemoryKernel();
    private final Buffer source = Buffer.permanent(1 << 17);
    private final Buffer received = Buffer.permanent(1 << 17);
    private MemoryLoop loop;
    private MemoryStream near;
    private MemoryStream far;
    private Recorder recorder;
    private Link link;
    private long now;

    /** What the reader saw: bytes of an incomplete frame, frames, and the number of each flow's last one. */
    private int pending;
    private int frames;
    private int[] last;

    @BeforeEach
    void connect() throws Failure {
        loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), false);
        MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, 8192);
        near = ends[0];
        far = ends[1];
        recorder = new Recorder(loop);
        link = Link.open(loop, near, recorder);
        link.setFraming(Framing.STREAM);
        link.trust();
        pending = 0;
        frames = 0;
        last = new int[] {-1, -1};
    }

    /**
     * Puts a numbered packet of one of two flows with right checksums and a tag to byte {@code at}; returns where the
     * next one goes.
     */
    private int put(int at, int number, int payload) {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, 4 * random.nextInt(11), 0, 4 + payload);
        ReferencePackets.set32(p, p.length - 4, number);
        ReferencePackets.set32(p, 12, 0x0a00_0001);
        ReferencePackets.set32(p, 16, number % 2);
        ReferencePackets.set32(p, (p[0] & 15) * 4, 0);
        p = ReferencePackets.finished(p);
        source.bytes.putInt(at, 0);
        source.bytes.put(at + link.framing().tag, p);
        return at + link.framing().tag + p.length;
    }

    /** Reads at most {@code most} bytes, and checks that whole, undamaged frames come, those of each flow in order. */
    private void read(int most) {
        int end = pending + Math.max(0, far.read(received, pending, Math.min(most, received.size - pending)));
        int at = 0;
        for (;;) {
            int packet = at + link.framing().tag;
            int verdict = Wire.frame(received.bytes, packet, end, true);
            assertNotEquals(Wire.DAMAGED, Wire.kind(verdict), "the stream is damaged behind frame " + frames);
            int length = Wire.length(verdict);
            if (Wire.kind(verdict) == Wire.INCOMPLETE || packet + length > end) {
                break;
            }
            byte[] p = ReferencePackets.bytes(received.bytes, packet, length);
            assertArrayEquals(ReferencePackets.finished(p), p, "a checksum is wrong");
            int number = (int) ReferencePackets.get32(p, p.length - 4);
            int before = last[number % 2];
            assertTrue(number > before, "frame " + number + " came behind frame " + before + " of its flow");
            last[number % 2] = number;
            frames++;
            at = packet + length;
        }
        pending = end - at;
        received.copy(0, received, at, pending);
    }

    private boolean watchesForRoom() {
        return (loop.memoryPoller.interest(near.fd()) & Poller.WRITE) != 0;
    }

    private void randomly(Framing framing, long step) {
        link.setFraming(framing);
        int number = 0;
        int begun = 0;
        for (int turn = 0; turn < 1500; turn++) {
            now += step;
            near.mostPerWrite = random.nextInt(3) == 0 ? 1 + random.nextInt(3000) : Integer.MAX_VALUE;
            int end = 0;
            for (int i = random.nextInt(8); i > 0; i--) {
                end = put(end, number++, random.nextInt(i == 1 && random.nextInt(4) == 0 ? 65_000 : 1400));
            }
            if (random.nextInt(4) == 0) {
                link.queue(source, 0, end, now);
                link.flush(now);
            } else {
                link.send(source, 0, end, now);
            }
            begun += pending > 0 ? 1 : 0;
            assertEquals(!link.hasWrittenAll(), watchesForRoom());
            // Long pauses of the reader in between, so that the box fills up and frames are dropped.
            if (turn / 100 % 3 > 0) {
                read(random.nextInt(12_000) + 1);
                link.flush(now);
            }
        }
        near.mostPerWrite = Integer.MAX_VALUE;
        while (!link.hasWrittenAll()) {
            read(received.size);
            link.flush(now);
        }
        read(received.size);
        assertEquals(0, pending, "more bytes than frames have come");
        assertEquals(number, frames + link.outbox.droppedPackets(), "frames that came twice");
        assertTrue(link.outbox.droppedPackets() > 0, "no frame was dropped");
        assertTrue(begun > 0, "no frame was written in parts");
        assertFalse(watchesForRoom());
        loop.budget.memory.shrink();
        loop.budget.memory.shrink();
        assertFalse(loop.budget.memory.isUsed());
    }

    /**
     * Towards a reader that is slow or pauses, frames arrive whole and in order, what is missing was counted, and a
     * frame once begun is completed: in every framing.
     */
    @Test
    void slowReaders() throws Failure {
        for (Framing framing : Framing.values()) {
            connect();
            randomly(framing, 0);
        }
    }

    /** The same where frames grow too old while they wait. */
    @Test
    void agingFrames() throws Failure {
        for (Framing framing : Framing.values()) {
            connect();
            randomly(framing, 2 * MILLISECOND);
        }
    }

    private int writesFor(Framing framing, boolean queue) {
        link.setFraming(framing);
        int end = 0;
        for (int i = 0; i < 5; i++) {
            end = put(end, frames + i, 100);
        }
        int before = near.writes;
        if (queue) {
            link.queue(source, 0, end, now);
            link.flush(now);
        } else {
            link.send(source, 0, end, now);
        }
        read(received.size);
        return near.writes - before;
    }

    /**
     * A classic peer takes one read for one packet: each frame is a write of its own, straight or from the outbox;
     * others get one.
     */
    @Test
    void framesPerWrite() {
        assertEquals(5, writesFor(Framing.CLASSIC, false));
        assertEquals(5, writesFor(Framing.CLASSIC, true));
        assertEquals(1, writesFor(Framing.STREAM, false));
        assertEquals(1, writesFor(Framing.OFFLOAD, true));
    }

    /** A control frame overtakes the data that waits, goes out whole, and comes back from a slow reader unharmed. */
    @Test
    void controlOvertakesData() throws Failure {
        far.room(0);
        int end = 0;
        for (int i = 0; i < 20; i++) {
            end = put(end, i, 1400);
        }
        near.other().room(8192);
        link.send(source, 0, end, now);
        assertFalse(link.hasWrittenAll());
        source.bytes.put(0, KEEPALIVE);
        link.sendControl(source, 0, KEEPALIVE.length, now);
        MemoryLoop reading = MemoryLoop.of(kernel, new MemoryDevice(kernel), false);
        Recorder reader = new Recorder(reading);
        Link reverse = Link.open(reading, far, reader);
        reverse.setFraming(Framing.STREAM);
        reverse.trust();
        for (int i = 0; i < 100 && !link.hasWrittenAll(); i++) {
            reading.turnOnce();
            loop.turnOnce();
        }
        reading.turnOnce();
        assertEquals(21, reader.frames.size());
        int keepalive = reader.frames.stream().map(Recorder.Frame::kind).toList().indexOf(Wire.KEEPALIVE);
        assertTrue(keepalive > 0 && keepalive < 8, "the keepalive came as frame " + keepalive);
        assertEquals(List.of(), reader.events);
    }

    /** A peer that is gone makes the loop look, and the receiver learns why; nothing more is written. */
    @Test
    void peerIsGone() throws Failure {
        far.close();
        int end = put(0, 0, 100);
        link.send(source, 0, end, now);
        assertTrue(watchesForRoom());
        loop.turnOnce();
        assertEquals(List.of("lost " + -Errno.ECONNRESET), recorder.events);
        int writes = near.writes;
        link.send(source, 0, end, now);
        assertEquals(writes, near.writes);
    }

    /** All memory but what everybody may have is in use, and nobody gives any. */
    private void useAllMemory() {
        for (int size = Pool.LARGEST; size > 0; size /= 2) {
            while (loop.budget.memory.hasRoom(size) && size > Pool.GUARANTEED) {
                assertNotNull(loop.budget.memory.take(size, () -> { }), "room that there is not");
            }
        }
    }

    /** Without memory for the rest of a begun frame the connection is given up instead of damaged. */
    @Test
    void noMemoryForTheRest() throws Failure {
        useAllMemory();
        link.send(source, 0, put(0, 0, 60_000), now);
        loop.turnOnce();
        assertEquals(List.of("lost " + -Errno.ENOBUFS), recorder.events);
    }

    /** The rest of a packet of the usual size always finds room, and small packets go to a stream that takes them. */
    @Test
    void everybodyMaySendPackets() throws Failure {
        useAllMemory();
        far.room(8192);
        int end = 0;
        for (int i = 0; i < 60; i++) {
            end = put(end, i, 1400);
        }
        link.queue(source, 0, end, now);
        link.flush(now);
        while (!link.hasWrittenAll()) {
            read(received.size);
            loop.turnOnce();
        }
        read(received.size);
        assertEquals(60, frames + link.outbox.droppedPackets());
        assertTrue(frames >= 5, () -> frames + " frames went at once");
        assertEquals(List.of(), recorder.events);
    }

    /** Another connection, which uses the inbox in between. */
    private void othersRead() throws Failure {
        MemoryStream[] others = MemoryStream.pair(kernel, ANY, ANY, 8192);
        Recorder other = new Recorder(loop);
        Link.open(loop, others[0], other);
        others[1].put(KEEPALIVE);
        loop.turnOnce();
        assertEquals(1, other.frames.size());
        assertEquals(List.of(), other.events);
    }

    /**
     * A long incomplete frame for which there is no memory, or not any more, is dropped and counted, and nothing else:
     * what comes behind it is read.
     */
    @Test
    void noMemoryForALongFrame() throws Failure {
        for (boolean late : new boolean[] {false, true}) {
            connect();
            far.room(1 << 17);
            near.room(1 << 17);
            put(0, 0, 50_000);
            byte[] frame = ReferencePackets.bytes(source.bytes, 0, 50_028 + 4);
            far.put(Arrays.copyOf(KEEPALIVE, 20));
            byte[] head = ReferencePackets.bytes(source.bytes, 0, 40_000);
            far.put(head);
            loop.turnOnce();
            if (!late) {
                useAllMemory();
            }
            othersRead();
            if (late) {
                link.remainder.release();
            }
            int whole = ReferencePackets.get16(frame, 2);
            far.put(ReferencePackets.bytes(source.bytes, 40_000, whole - 40_000));
            far.put(KEEPALIVE);
            loop.turnOnce();
            assertEquals(List.of(Wire.KEEPALIVE, Wire.IPV6, Wire.KEEPALIVE),
                    recorder.frames.stream().map(Recorder.Frame::kind).toList());
            assertEquals(List.of(), recorder.events);
        }
    }

    /**
     * The beginning of a frame that does not tell yet what it is finds room always, also when longer things are
     * dropped.
     */
    @Test
    void beginningsAreKept() throws Failure {
        for (int bytes = 1; bytes < 60; bytes++) {
            connect();
            byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, 40, 0, 20);
            far.put(Arrays.copyOf(p, bytes));
            loop.turnOnce();
            useAllMemory();
            othersRead();
            far.put(Arrays.copyOfRange(p, bytes, p.length));
            loop.turnOnce();
            assertEquals(1, recorder.frames.size());
            assertArrayEquals(p, recorder.frames.getFirst().bytes(), "after " + bytes + " bytes");
        }
    }

    /** What nobody wants is not kept: of an IPv6 packet, or of a stranger's frame, only that it is thrown away. */
    @Test
    void unwantedFramesAreNotKept() throws Failure {
        byte[] ipv6 = new byte[40 + 30_000];
        ipv6[0] = 0x60;
        ReferencePackets.set16(ipv6, 4, 30_000);
        near.room(1 << 17);
        far.put(Arrays.copyOf(ipv6, 20_000));
        loop.turnOnce();
        othersRead();
        assertFalse(loop.budget.memory.isUsed());
        far.put(Arrays.copyOfRange(ipv6, 20_000, ipv6.length));
        far.put(KEEPALIVE);
        loop.turnOnce();
        assertEquals(List.of(Wire.IPV6, Wire.KEEPALIVE),
                recorder.frames.stream().map(Recorder.Frame::kind).toList());

        MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, 1 << 17);
        Recorder stranger = new Recorder(loop);
        Link.open(loop, ends[0], stranger);
        byte[] data = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 30_000);
        ends[1].put(Arrays.copyOf(data, 20_000));
        loop.turnOnce();
        othersRead();
        assertFalse(loop.budget.memory.isUsed());
        ends[1].put(Arrays.copyOfRange(data, 20_000, data.length));
        byte[] request = new byte[60_000];
        request[0] = 0x45;
        ReferencePackets.set16(request, 2, 65_000);
        ends[1].put(request);
        loop.turnOnce();
        assertEquals(List.of(Wire.IPV6), stranger.frames.stream().map(Recorder.Frame::kind).toList());
        assertEquals(1, stranger.events.size(), "a request without end is none");
    }

    /**
     * One connection's frames and writes of one turn are bounded, and the rest of what was read waits for its turn:
     * nothing is lost, and the loop does not wait for more to come.
     */
    @Test
    void budgetOfATurn() throws Failure {
        near.room(1 << 18);
        byte[] many = new byte[5000 * 20];
        for (int i = 0; i < 5000; i++) {
            System.arraycopy(KEEPALIVE, 0, many, 20 * i, 20);
        }
        far.put(many);
        for (int turn = 1; turn < 5; turn += 2) {
            loop.turnOnce();
            assertEquals(turn * Budget.FRAMES, recorder.frames.size());
            assertTrue(loop.isBusy());
            othersRead();
            assertEquals((turn + 1) * Budget.FRAMES, recorder.frames.size());
        }
        while (loop.isBusy()) {
            loop.turnOnce();
        }
        assertEquals(5000, recorder.frames.size());
    }

    /** "Sent" is what was written: not what was dropped, nor what still waits. */
    @Test
    void counts() throws Failure {
        link.setFraming(Framing.OFFLOAD);
        far.room(0);
        far.take();
        near.other().room(4000);
        for (int i = 0; i < 10; i++) {
            source.bytes.put(100, ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 1172));
            loop.sender.packet(link, source, 100, 1200, 0);
            loop.sender.endBatch(true);
        }
        assertTrue(link.counts().endsWith("; sent 4 packets, 4800 bytes; dropped 6"), link.counts());
        link.outbox.release();
        assertTrue(link.counts().endsWith("; sent 4 packets, 4800 bytes; dropped 6"), link.counts());
    }

    /** A stream that takes nothing although there is room, for lack of memory say, is tried again, but not at once. */
    @Test
    void takesNothingThoughThereIsRoom() throws Failure {
        near.mostPerWrite = 0;
        link.send(source, 0, put(0, 1, 100), now);
        for (int i = 0; i < 8; i++) {
            assertTrue(watchesForRoom(), "given up after " + i);
            loop.turnOnce();
        }
        assertFalse(watchesForRoom(), "asking again and again would only spin");
        assertFalse(loop.isBusy());
        link.send(source, 0, put(0, 2, 100), now);
        assertFalse(watchesForRoom());
        long pause = loop.untilTurn();
        assertTrue(pause > 1_000_000 && pause < 100_000_000, "tries again after " + pause + " ns");
        near.mostPerWrite = Integer.MAX_VALUE;
        loop.time += pause;
        loop.turnOnce();
        loop.turnOnce();
        read(received.size);
        assertEquals(2, frames);
        assertFalse(watchesForRoom());
    }

    /** A stream with output of its own is watched for room, and flushed when there is some. */
    @Test
    void streamHoldsOutput() throws Failure {
        far.room(0);
        far = near.other();
        near.holdsWhatGoes = true;
        int end = put(0, 0, 3000);
        int room = end - 100;
        far.take();
        far.room(room);
        near.mostPerWrite = room;
        for (int i = 0; i < 4; i++) {
            link.send(source, 0, end, now);
        }
        assertTrue(link.hasWrittenAll(), "the stream took everything");
        assertTrue(watchesForRoom());
        int bytes = 0;
        while (watchesForRoom() || far.isReadable()) {
            bytes += far.take().length;
            loop.turnOnce();
        }
        assertEquals(4 * end, bytes);
    }

    /** What others sent is told with the end, and a link that is closed is watched no more. */
    @Test
    void endOfTheLoop() {
        loop.close();
        assertEquals(List.of("ended"), recorder.events);
        assertTrue(link.isClosed() && near.isClosed());
        assertEquals(-1, loop.memoryPoller.interest(near.fd()));
        assertTrue(link.counts().startsWith("received 0 packets, 0 bytes; sent 0 packets, 0 bytes; dropped 0"));
    }
}
