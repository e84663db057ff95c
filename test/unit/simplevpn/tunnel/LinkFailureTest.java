package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Errno;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.memory.MemoryStream;
import simplevpn.memory.Recorder;
import simplevpn.protocol.Framing;
import simplevpn.protocol.ReferencePackets;

/** A link whose connection has failed, or runs over a line that loses segments. */
class LinkFailureTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final long MILLISECOND = 1_000_000;
    private static final int ROOM = 8192;

    private final Random random = new Random(24);
    private final MemoryKernel kernel = new MemoryKernel();
    private final Buffer source = Buffer.permanent(1 << 17);
    private MemoryLoop loop;
    private MemoryStream near;
    private MemoryStream far;
    private Recorder recorder;
    private Link link;

    @BeforeEach
    void connect() throws Failure {
        Log.start("test", Log.QUIET, false);
        loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), false);
        MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, ROOM);
        near = ends[0];
        far = ends[1];
        recorder = new Recorder(loop);
        link = Link.open(loop, near, recorder);
        link.setFraming(Framing.STREAM);
        link.trust();
    }

    @AfterEach
    void speakAgain() {
        Log.start("test", Log.EVENTS, false);
    }

    /** Puts a packet to the source's beginning; returns its length. */
    private int packet(int payload) {
        byte[] packet = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, payload);
        source.bytes.put(0, packet);
        return packet.length;
    }

    /**
     * When the rest of a begun frame could not be kept, nothing is written behind it, whoever sends in whatever way:
     * the peer would take it for the rest.
     */
    @Test
    void nothingIsWrittenBehindATornFrame() throws Failure {
        for (int size = Pool.LARGEST; size > Pool.GUARANTEED; size /= 2) {
            while (loop.budget.memory.hasRoom(size)) {
                assertNotNull(loop.budget.memory.take(size, () -> { }), "room that there is not");
            }
        }
        link.send(source, 0, packet(60_000), 0);
        assertEquals(ROOM, far.take().length);
        assertTrue(link.hasWrittenAll(), "nothing waits that would keep others from being written");
        link.send(source, 0, packet(100), 0);
        link.flush(0);
        link.outbox.clear();
        link.sendControl(source, 0, packet(0), 0);
        link.flush(0);
        link.outbox.clear();
        // What has no memory to wait in would go at once.
        link.queue(source, 0, packet(3000), 0);
        link.queue(source, 0, packet(100), 0);
        link.flush(0);
        assertEquals(0, far.take().length);
        loop.turnOnce();
        assertEquals("lost " + -Errno.ENOBUFS, recorder.events.getFirst());
    }

    /** A connection that failed is told with its reason, once, and what came on it before is not read any more. */
    @Test
    void failed() throws Failure {
        near.fail(-Errno.ETIMEDOUT);
        loop.turnOnce();
        assertEquals(List.of("lost " + -Errno.ETIMEDOUT), recorder.events);
    }

    /**
     * A failure whose reason was told already, to a write, is the end all the same: what has come is handed on first,
     * and the loop does not go on being told of it for ever.
     */
    @Test
    void failedWithoutAReason() throws Failure {
        byte[] packet = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 100);
        far.put(packet);
        near.fail(0);
        loop.turnOnce();
        while (recorder.events.isEmpty() && loop.isBusy()) {
            loop.turnOnce();
        }
        assertEquals(List.of("lost 0"), recorder.events);
        assertArrayEquals(packet, recorder.frames.getFirst().bytes());
    }

    /** The reason that a write met is no other end: the kernel tells it once, and hangs up. */
    @Test
    void reasonMetByAWrite() throws Failure {
        near.fail(-Errno.ECONNRESET);
        link.send(source, 0, packet(100), 0);
        assertEquals(0, near.error(), "told");
        loop.turnOnce();
        assertEquals(List.of("lost 0"), recorder.events);
    }

    /** How much is left after more has waited for a while than need not wait at all. */
    private int leftAfter(long time) {
        while (link.hasWrittenAll()) {
            link.send(source, 0, packet(1400), loop.now());
        }
        for (int i = 0; i < 30; i++) {
            link.send(source, 0, packet(1400), loop.now());
        }
        int before = link.outbox.size();
        assertTrue(before > 30_000);
        link.flush(loop.now() + time);
        return before - link.outbox.size();
    }

    /** What waits grows old soon, but later on a line that loses segments by itself, if the user says that it does. */
    @Test
    void chosenForALossyLine() {
        assertEquals("cubic", link.chooseCongestion(null));
        assertTrue(leftAfter(60 * MILLISECOND) > 0);
        far.take();
        link.flush(loop.now());
        link.outbox.clear();
        assertEquals("bbr", link.chooseCongestion("bbr"));
        far.take();
        link.flush(loop.now());
        assertEquals(0, leftAfter(60 * MILLISECOND));
        assertTrue(link.outbox.size() > 0);
    }

    /** The same when sending finds out that it does. */
    @Test
    void foundToBeALossyLine() {
        link.chooseCongestion(null);
        near.line.roundTrip = 40_000;
        near.line.leastRoundTrip = 40_000;
        long now = 0;
        for (int i = 0; i < 10 && near.congestion().equals("cubic"); i++) {
            now += 500 * MILLISECOND;
            near.line.retransmitted++;
            link.send(source, 0, packet(100), now);
            far.take();
        }
        assertEquals("bbr", near.congestion());
        assertEquals(0, leftAfter(60 * MILLISECOND));
    }

    /** A frame of which a part has come counts as a sign of life only when it is a packet's worth. */
    @Test
    void partsOfFramesAreSignsOfLife() throws Failure {
        byte[] packet = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 5000);
        int done = 0;
        for (int[] step : new int[][] {{1400, 0}, {99, 0}, {1, 1}, {1499, 1}, {1, 2}}) {
            far.put(Arrays.copyOfRange(packet, done, done + step[0]));
            done += step[0];
            loop.turnOnce();
            assertEquals(step[1], recorder.heard, done + " bytes");
        }
    }
}
