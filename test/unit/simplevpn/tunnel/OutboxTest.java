package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.Framing;
import simplevpn.protocol.ReferencePackets;

/** What waits, in which order it goes, and what is dropped: seen by whoever reads at the other end. */
class OutboxTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);

    private final Pool pool = new Pool(16 << 20);
    private final Outbox outbox = new Outbox(pool);
    private final Buffer source = Buffer.permanent(1 << 17);
    private final MemoryStream near = MemoryStream.pair(new MemoryKernel(), ANY, ANY, 8 << 20)[0];

    @BeforeEach
    void framing() {
        outbox.framing = Framing.STREAM;
    }

    /** Puts a frame to the source's beginning: as much of an IPv4 packet as the box looks at, with a number. */
    private int frame(int length, int number) {
        byte[] frame = new byte[outbox.framing.tag + length];
        Arrays.fill(frame, (byte) number);
        ReferencePackets.set32(frame, outbox.framing.tag, 0x4500L << 16 | length);
        ReferencePackets.set32(frame, outbox.framing.tag + 4, number);
        ReferencePackets.set32(frame, outbox.framing.tag + 12, 0x0a00_0001);
        source.bytes.put(0, frame);
        return frame.length;
    }

    private void add(int length, int number, long now) {
        int frame = frame(length, number);
        if (!outbox.add(source, 0, frame, now)) {
            outbox.drop(frame);
        }
    }

    private void addControl(int number) {
        outbox.addControl(source, 0, frame(20, number));
    }

    /** Writes until nothing waits or the stream is full; returns how many writes that took. */
    private int write() {
        int before = near.writes;
        while (!outbox.isEmpty() && outbox.writeTo(near)) {
            // On.
        }
        return near.writes - before;
    }

    /** The numbers of the whole frames that arrived, of which the first may lack its first bytes. */
    private List<Integer> arrived(int rest) {
        byte[] bytes = near.other().take();
        List<Integer> numbers = new ArrayList<>();
        int at = rest;
        while (at < bytes.length) {
            int packet = at + outbox.framing.tag;
            numbers.add((int) ReferencePackets.get32(bytes, packet + 4));
            at = packet + ReferencePackets.get16(bytes, packet + 2);
        }
        assertEquals(bytes.length, at, "the last frame is not whole");
        return numbers;
    }

    private static List<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    /** What does not fit is dropped whole and counted, what waits stays as it is, and a smaller frame may still fit. */
    @Test
    void bound() {
        int number = 0;
        while (outbox.droppedPackets() == 0 && number < Budget.OUTBOX / 500) {
            add(1000, number++, 0);
        }
        assertEquals(1, outbox.droppedPackets());
        assertEquals(1000 * (number - 1), outbox.size());
        assertTrue(outbox.size() <= Budget.OUTBOX && outbox.size() > Budget.OUTBOX - 1000);
        int size = outbox.size();
        add(20, number - 1, 0);
        assertEquals(size + 20, outbox.size());
        outbox.drop(100);
        assertEquals(2, outbox.droppedPackets());
        write();
        assertEquals(numbers(0, number), arrived(0));
    }

    /** A begun frame's rest comes first, then control frames, then data, each whole, in both framings. */
    @Test
    void controlFramesComeFirst() {
        for (Framing each : Framing.values()) {
            outbox.framing = each;
            int length = frame(1000, 0);
            assertTrue(outbox.addRest(source, 300, length - 300, 0));
            add(1000, 3, 0);
            add(1000, 4, 0);
            addControl(1);
            addControl(2);
            write();
            assertEquals(List.of(1, 2, 3, 4), arrived(length - 300), () -> "in " + each);
        }
    }

    /** Wherever the stream stops to take more, no frame is torn apart by one that came later. */
    @Test
    void everyStop() {
        for (Framing each : Framing.values()) {
            outbox.framing = each;
            for (int stop = 0; stop < 400; stop++) {
                near.other().room(stop);
                for (int number = 0; number < 4; number++) {
                    add(60, number, 0);
                }
                addControl(100);
                write();
                byte[] before = near.other().peek();
                addControl(101);
                add(60, 4, 0);
                near.other().room(1 << 20);
                write();
                assertTrue(outbox.isEmpty());
                assertEquals(before.length, Math.min(stop, 4 * (60 + outbox.framing.tag) + 20 + outbox.framing.tag));
                List<Integer> numbers = arrived(0);
                assertEquals(numbers(0, 5), numbers.stream().filter(number -> number < 100).toList());
                assertEquals(List.of(100, 101), numbers.stream().filter(number -> number >= 100).toList());
                int tag = outbox.framing.tag;
                int begun = (Math.max(0, before.length - 20 - tag) + 59 + tag) / (60 + tag);
                assertEquals(1 + begun, numbers.indexOf(101), "at byte " + stop + ", right behind what was begun");
            }
        }
    }

    /**
     * A classic peer takes one read for one packet: each frame is a write of its own; others get as much as possible.
     */
    @Test
    void framesPerWrite() {
        for (Framing each : Framing.values()) {
            outbox.framing = each;
            for (int number = 0; number < 5; number++) {
                add(100, number, 0);
            }
            assertEquals(each.isClassic() ? 5 : 1, write());
            assertEquals(numbers(0, 5), arrived(0));
        }
    }

    /** Puts a frame of one of some flows to the source's beginning, with a number; returns its length. */
    private int frame(int flow, int length, int number) {
        int frame = frame(length, number);
        source.bytes.put(outbox.framing.tag + 9, (byte) 1);
        source.bytes.putInt(outbox.framing.tag + 16, 0x0a00_0100 + flow);
        return frame;
    }

    /**
     * A packet of a flow that has nothing waiting goes before those of one that has, behind what was begun and control
     * frames; as long as its flow has, none goes past it.
     */
    @Test
    void sparseFlowsComeFirst() {
        for (Framing each : Framing.values()) {
            outbox.framing = each;
            assertFalse(outbox.addSparse(source, 0, frame(2, 100, 0), 0), "there is nothing to go past");
            int begun = frame(1, 1000, 0);
            assertTrue(outbox.addRest(source, 300, begun - 300, 0));
            for (int number = 3; number < 6; number++) {
                assertTrue(outbox.add(source, 0, frame(1, 1000, number), 0));
            }
            assertFalse(outbox.addSparse(source, 0, frame(1, 100, 9), 0), "behind its own");
            assertTrue(outbox.addSparse(source, 0, frame(2, 100, 2), 0));
            addControl(1);
            assertEquals(4, outbox.waitingPackets());
            assertEquals(3100, outbox.waitingBytes());
            write();
            assertEquals(List.of(1, 2, 3, 4, 5), arrived(begun - 300), () -> "in " + each);
            assertTrue(outbox.isEmpty());
        }
    }

    /** Those who go past do not do so for ever: what waits gets as much of the line. */
    @Test
    void sparseFlowsAreBounded() {
        near.other().room(0);
        assertTrue(outbox.add(source, 0, frame(1, 30_000, 0), 0));
        int past = 0;
        while (past < 100 && outbox.addSparse(source, 0, frame(2, 1000, 1), 0)) {
            past++;
        }
        assertEquals(8, past);
        near.other().room(8 * 1000 + 2000);
        write();
        near.other().take();
        assertTrue(outbox.addSparse(source, 0, frame(2, 2000, 1), 0), "as many bytes of the others went");
        assertFalse(outbox.addSparse(source, 0, frame(2, 500, 1), 0));
    }

    /** They do not grow old either; but one that was begun is sent to its end, and what comes behind it is young. */
    @Test
    void sparseFlowsAge() {
        near.other().room(0);
        assertTrue(outbox.add(source, 0, frame(1, 1000, 0), 10 * SECOND));
        assertTrue(outbox.addSparse(source, 0, frame(2, 1000, 1), 0));
        assertTrue(outbox.addSparse(source, 0, frame(3, 1000, 2), 0));
        near.other().room(100);
        write();
        outbox.expire(SECOND + 2_000_000);
        assertEquals(1, outbox.droppedPackets(), "one of the two was begun");
        assertTrue(outbox.addSparse(source, 0, frame(4, 1000, 3), SECOND + 3_000_000));
        outbox.expire(SECOND + 4_000_000);
        assertEquals(1, outbox.droppedPackets());
    }

    /** Whatever comes and goes, the packets of each flow stay in order, each is whole, and none is lost uncounted. */
    @Test
    void flowsStayInOrder() {
        Random random = new Random(13);
        List<Framing> framings = List.of(Framing.values());
        for (int round = 0; round < 200; round++) {
            outbox.framing = framings.get(round % framings.size());
            int[] next = new int[6];
            int[] seen = new int[6];
            byte[] all = {};
            for (int step = 0; step < 200; step++) {
                int flow = random.nextInt(next.length);
                int frame = frame(flow, 60 + random.nextInt(900), next[flow]++);
                if (random.nextBoolean() || !outbox.addSparse(source, 0, frame, 0)) {
                    assertTrue(outbox.add(source, 0, frame, 0));
                }
                near.mostPerWrite = 1 + random.nextInt(3000);
                if (random.nextInt(3) == 0 || step == 199) {
                    do {
                        outbox.writeTo(near);
                    } while (!outbox.isEmpty() && step == 199);
                    byte[] more = near.other().take();
                    all = Arrays.copyOf(all, all.length + more.length);
                    System.arraycopy(more, 0, all, all.length - more.length, more.length);
                }
            }
            int at = 0;
            while (at < all.length) {
                int packet = at + outbox.framing.tag;
                int flow = (int) ReferencePackets.get32(all, packet + 16) - 0x0a00_0100;
                assertEquals(seen[flow]++, ReferencePackets.get32(all, packet + 4), "flow " + flow);
                at = packet + ReferencePackets.get16(all, packet + 2);
            }
            assertArrayEquals(next, seen);
        }
    }

    /** Control frames need no room among the data; only very many of them, which a peer lets wait, are dropped. */
    @Test
    void controlFramesHaveTheirRoom() {
        near.other().room(0);
        for (int number = 0; outbox.droppedPackets() == 0; number++) {
            add(1000, number, 0);
        }
        for (int number = 0; number < Budget.CONTROL_FRAMES / 20; number++) {
            addControl(number);
        }
        assertEquals(0, outbox.droppedControl());
        addControl(0);
        assertEquals(1, outbox.droppedControl());
        assertEquals(1, outbox.droppedPackets());
        outbox.expire(1000 * SECOND);
        near.other().room(8 << 20);
        write();
        assertEquals(numbers(0, Budget.CONTROL_FRAMES / 20), arrived(0).subList(0, Budget.CONTROL_FRAMES / 20));
    }

    /** Memory is held only while something waits. */
    @Test
    void memoryIsGivenBack() {
        assertTrue(outbox.isEmpty());
        add(2000, 0, 0);
        addControl(0);
        assertTrue(pool.isUsed());
        write();
        assertTrue(outbox.isEmpty());
        add(1000, 1, 0);
        addControl(1);
        outbox.clear();
        assertTrue(outbox.isEmpty());
        pool.shrink();
        pool.shrink();
        assertFalse(pool.isUsed());
    }

    /** What little is left of a long queue moves to a small buffer, a begun frame's rest and all the others whole. */
    @Test
    void littleNeedsLittleMemory() {
        Pool narrow = new Pool(800 * 1024);
        Outbox box = new Outbox(narrow);
        box.framing = Framing.STREAM;
        int length = frame(1000, -1);
        assertTrue(box.addRest(source, 300, length - 300, 0));
        for (int number = 0; number < 400; number++) {
            assertTrue(box.add(source, 0, frame(1000, number), 0));
        }
        assertFalse(narrow.hasRoom(512 * 1024));
        box.expire(10 * SECOND);
        int size = box.size();
        assertTrue(size < 20_000);
        box.tidy();
        assertEquals(size, box.size());
        assertTrue(narrow.hasRoom(512 * 1024), "the large buffer was given back");
        while (!box.isEmpty()) {
            box.writeTo(near);
        }
        assertEquals(numbers(400 - (size - 700) / 1000, 400), arrived(700));
    }

    /** Clients that do not read leave memory to others: only a rest grows until the pool is empty, a queue does not. */
    @Test
    void queuesLeaveMemoryToRests() {
        Pool shared = new Pool(1 << 20);
        Outbox greedy = new Outbox(shared);
        boolean refused = false;
        for (int number = 0; number < 2000; number++) {
            refused |= !greedy.add(source, 0, frame(1000, number), 0);
        }
        assertTrue(refused);
        for (int i = 0; i < 100; i++) {
            assertTrue(new Outbox(shared).addRest(source, 0, 2000, 0), "client " + i);
        }
    }

    /**
     * When others need the memory more, all that can be dropped is: a begun frame is completed, and control frames go.
     */
    @Test
    void release() {
        int length = frame(1000, -1);
        assertTrue(outbox.addRest(source, 300, length - 300, 0));
        for (int number = 0; number < 50; number++) {
            add(1000, number, 0);
        }
        addControl(100);
        outbox.release();
        assertEquals(50, outbox.droppedPackets());
        assertTrue(pool.hasRoom(Pool.LARGEST));
        add(1000, 51, 0);
        write();
        assertEquals(List.of(100, 51), arrived(700));
    }

    /**
     * What waited too long is dropped from the head and counted; what came later stays, and so does a begun frame's
     * rest.
     */
    @Test
    void oldFramesAreDropped() {
        int length = frame(1000, -1);
        byte[] rest = ReferencePackets.bytes(source.bytes, 300, 700);
        assertTrue(outbox.addRest(source, 300, length - 300, 0));
        for (int i = 0; i < 100; i++) {
            add(1000, i, 1);
        }
        outbox.expire(2);
        assertEquals(700 + 100 * 1000, outbox.size(), "nothing is old yet");
        for (int i = 100; i < 120; i++) {
            add(1000, i, 10 * SECOND);
        }
        outbox.expire(10 * SECOND);
        int kept = (outbox.size() - 700) / 1000;
        assertTrue(kept >= 20 && kept < 60, kept + " frames are left");
        assertEquals(120, kept + outbox.droppedPackets());
        write();
        assertArrayEquals(rest, Arrays.copyOf(near.other().peek(), 700));
        assertEquals(numbers(120 - kept, 120), arrived(700));
    }

    /** On a line that loses segments frames wait longer, since a loss takes its time to be repaired. */
    @Test
    void lossyLine() {
        for (int i = 0; i < 40; i++) {
            add(1000, i, 0);
        }
        outbox.onLossyLine(true);
        outbox.expire(98_000_000);
        assertEquals(0, outbox.droppedPackets());
        outbox.onLossyLine(false);
        outbox.expire(98_000_000);
        assertTrue(outbox.droppedPackets() > 0, "it was not the line");
    }

    /** A few packets may wait as long as a slow line takes for them, up to a second; then ages begin anew. */
    @Test
    void fewFramesMayWait() {
        for (int i = 0; i < 4; i++) {
            add(1500, i, 0);
        }
        outbox.expire(SECOND - 2_000_000);
        write();
        assertEquals(numbers(0, 4), arrived(0));
        for (int i = 0; i < 100; i++) {
            add(1500, i, 1000 * SECOND);
        }
        outbox.expire(1000 * SECOND);
        write();
        assertEquals(numbers(0, 100), arrived(0));
    }

    /** Nothing is sent that is older than a second: whoever wanted it has sent it again, or given up. */
    @Test
    void nothingGrowsOld() {
        for (int i = 0; i < 4; i++) {
            add(1500, i, i < 2 ? 0 : SECOND / 2);
        }
        outbox.expire(SECOND + 2_000_000);
        assertEquals(2, outbox.droppedPackets());
        assertEquals(3000, outbox.droppedBytes());
        write();
        assertEquals(numbers(2, 4), arrived(0));
    }

    /**
     * Ages are told apart as finely as 32 times allow: whatever comes when, the newest is never dropped for the oldest.
     */
    @Test
    void manyTimesOfArrival() {
        for (int i = 0; i < 200; i++) {
            add(1000, i, 2_000_000L * i);
            outbox.expire(2_000_000L * i);
        }
        assertTrue(outbox.droppedPackets() > 100, () -> outbox.droppedPackets() + " were dropped");
        int kept = 200 - (int) outbox.droppedPackets();
        assertTrue(kept >= 15, kept + " are left");
        write();
        assertEquals(numbers(200 - kept, 200), arrived(0));
    }
}
