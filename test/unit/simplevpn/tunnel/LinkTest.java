package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.LoopbackPair;
import simplevpn.linux.Poller;
import simplevpn.linux.Tcp;
import simplevpn.protocol.ReferencePackets;
import simplevpn.protocol.Wire;

class LinkTest {
    private static final long MILLISECOND = 1_000_000;

    private final Random random = new Random(791);
    private final Pool pool = new Pool(1 << 20);
    private final Buffer source = Buffer.permanent(1 << 17);
    private final Buffer received = Buffer.permanent(1 << 17);
    private LoopbackPair pair;
    private Poller poller;
    private Link link;
    private long now;
    private boolean readerClosed;

    /** What the reader saw: bytes of an incomplete frame, frames, and the number of the last one. */
    private int pending;
    private int frames;
    private int last = -1;

    @BeforeEach
    void connect() throws Failure {
        pair = new LoopbackPair();
        poller = new Poller();
        poller.add(pair.left.fd, Abi.EPOLLIN);
        link = new Link(pair.left, poller, pool);
    }

    @AfterEach
    void close() {
        link.close();
        if (!readerClosed) {
            pair.right.close();
        }
    }

    /** Puts a numbered packet with right checksums and a prefix to byte {@code at}; returns where the next one goes. */
    private int put(int at, int number, int payload) {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, 4 * random.nextInt(11), 0, 4 + payload);
        ReferencePackets.set32(p, p.length - 4, number);
        p = ReferencePackets.finished(p);
        source.bytes.putInt(at, 0);
        source.bytes.put(at + link.prefix, p);
        return at + link.prefix + p.length;
    }

    /** Reads at most {@code most} bytes, and checks that whole, undamaged frames come in the order of their numbers. */
    private int read(int most) {
        int result = pair.right.read(received, pending, Math.min(most, received.size - pending));
        assertTrue(result >= 0, "read " + result);
        int end = pending + result;
        int at = 0;
        for (;;) {
            int packet = at + link.prefix;
            int verdict = Wire.frame(received.bytes, packet, end, true);
            assertNotEquals(Wire.DAMAGED, Wire.kind(verdict), "the stream is damaged behind frame " + last);
            int length = Wire.length(verdict);
            if (Wire.kind(verdict) == Wire.INCOMPLETE || packet + length > end) {
                break;
            }
            byte[] p = ReferencePackets.bytes(received.bytes, packet, length);
            assertArrayEquals(ReferencePackets.finished(p), p, "a checksum is wrong");
            int number = (int) ReferencePackets.get32(p, p.length - 4);
            assertTrue(number > last, "frame " + number + " came behind frame " + last);
            last = number;
            frames++;
            at = packet + length;
        }
        pending = end - at;
        received.copy(0, received, at, pending);
        return result;
    }

    /** Reads and flushes until every one of {@code number} frames has come or was dropped. */
    private void drain(int number) {
        long end = System.nanoTime() + 10_000_000_000L;
        while (frames + link.outbox.dropped() < number || !link.outbox.isEmpty()) {
            link.flush(now);
            assertEquals(0, link.error);
            read(received.size);
            assertTrue(System.nanoTime() < end, () -> number + " frames were sent, " + frames + " have come, "
                    + link.outbox.dropped() + " were dropped, " + link.outbox.size() + " bytes wait");
        }
        assertEquals(0, pending, "more bytes than frames have come");
    }

    private void randomly(boolean frameBySend, int prefix, long step) {
        pair.narrow();
        link.frameBySend = frameBySend;
        link.prefix = prefix;
        int number = 0;
        int begun = 0;
        for (int turn = 0; turn < 1500; turn++) {
            now += step;
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
            begun += link.outbox.rest() > 0 ? 1 : 0;
            assertEquals(!link.outbox.isEmpty(), link.waiting());
            // Long pauses of the reader in between, so that the box fills up and frames are dropped.
            if (turn / 100 % 3 > 0) {
                read(random.nextInt(12_000) + 1);
                link.flush(now);
            }
        }
        drain(number);
        assertEquals(number, frames + link.outbox.dropped(), "frames that came twice");
        assertTrue(link.outbox.dropped() > 0, "no frame was dropped");
        assertTrue(begun > 0, "no frame was written in parts");
        assertFalse(link.waiting());
        for (int i = 0; i < 4; i++) {
            pool.shrink();
        }
        assertFalse(pool.hasSpare());
    }

    /**
     * Towards a classic reader that is slow or pauses, frames arrive whole and in order, what is missing was counted,
     * and a frame once begun is completed.
     */
    @Test
    void slowReaderOfFrames() {
        randomly(true, 0, 0);
    }

    /** The same where several frames go in one write. */
    @Test
    void slowReaderOfStreams() {
        randomly(false, 0, 0);
    }

    /** The same in offload framing. */
    @Test
    void slowReaderOfPrefixedFrames() {
        randomly(false, Wire.PREFIX, 0);
    }

    /** The same where frames grow too old while they wait. */
    @Test
    void agingFrames() {
        randomly(false, Wire.PREFIX, 2 * MILLISECOND);
    }

    /** The same for a classic peer. */
    @Test
    void agingFramesOneByOne() {
        randomly(true, 0, 2 * MILLISECOND);
    }

    /** The write system calls that this thread has made so far (proc_pid_io(5)). */
    private static long writes() throws Exception {
        Path file = Path.of("/proc/thread-self/io");
        assertTrue(Files.exists(file), "this kernel does not count system calls (CONFIG_TASK_IO_ACCOUNTING)");
        String line = Files.readAllLines(file).stream().filter(text -> text.startsWith("syscw: "))
                .findFirst().orElseThrow();
        return Long.parseLong(line.substring(7));
    }

    private long writesFor(boolean frameBySend, boolean queue) throws Exception {
        link.frameBySend = frameBySend;
        int end = 0;
        for (int i = 0; i < 5; i++) {
            end = put(end, last + 1 + i, 100);
        }
        long before = writes();
        if (queue) {
            link.queue(source, 0, end, now);
            link.flush(now);
        } else {
            link.send(source, 0, end, now);
        }
        long count = writes() - before;
        drain(last + 1 + 5);
        return count;
    }

    /**
     * A classic peer takes one read for one packet: each frame is a write of its own, straight or from the outbox;
     * others get one.
     */
    @Test
    void framesPerWrite() throws Exception {
        assertEquals(5, writesFor(true, false));
        assertEquals(5, writesFor(true, true));
        assertEquals(1, writesFor(false, false));
        assertEquals(1, writesFor(false, true));
    }

    /** A peer that is gone makes the loop look, the poller says that it failed, and nothing more is written. */
    @Test
    void peerIsGone() throws Exception {
        pair.right.close();
        readerClosed = true;
        int end = put(0, 0, 100);
        for (int i = 0; i < 1000 && !link.waiting(); i++) {
            link.send(source, 0, end, now);
            Thread.sleep(1);
        }
        assertTrue(link.waiting());
        assertEquals(1, poller.await(5_000_000_000L));
        assertEquals(pair.left.fd, poller.fd(0));
        assertTrue(poller.failed(0));
        link.flush(now);
        assertEquals(Tcp.END, pair.left.read(source, 0, 100));
    }

    /** Without memory for the rest of a begun frame the connection is given up instead of damaged. */
    @Test
    void noMemoryForTheRest() {
        pair.narrow();
        link = new Link(pair.left, poller, new Pool(0));
        link.frameBySend = false;
        int end = 0;
        for (int i = 0; i < 60; i++) {
            end = put(end, i, 1400);
        }
        for (int i = 0; i < 100 && link.error == 0; i++) {
            link.send(source, 0, end, now);
        }
        assertEquals(-Errno.ENOBUFS, link.error);
    }

    /** An incomplete frame for which there is no memory ends the connection, and only this one. */
    @Test
    void noMemoryToPutAside() {
        Link poor = new Link(pair.left, poller, new Pool(0));
        poor.putAside(source, 0, 100);
        assertEquals(-Errno.ENOBUFS, poor.error);
        assertEquals(0, poor.takeBack(received, 0));
    }
}
