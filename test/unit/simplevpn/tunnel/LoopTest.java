package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
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

/** In which order a loop does things, how it ends, and what it gives back. */
class LoopTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final long SECOND = 1_000_000_000L;
    private static final byte[] KEEPALIVE = {0x45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1};

    private final Random random = new Random(21);
    private final MemoryKernel kernel = new MemoryKernel();
    private final MemoryDevice host = new MemoryDevice(kernel);
    private final List<String> happened = new ArrayList<>();
    private MemoryLoop loop;
    private MemoryStream near;
    private MemoryStream far;
    private Recorder recorder;
    private Link link;

    /** A receiver that also writes down when something happens. */
    private final class Noting extends Recorder {
        private final String name;

        Noting(String name) {
            super(loop);
            this.name = name;
        }

        @Override
        public void heard() {
            super.heard();
            happened.add(name + " heard");
        }

        @Override
        public void ended() {
            happened.add(name + " ended, the device is " + (host.closed ? "closed" : "open"));
        }
    }

    @BeforeEach
    void connect() throws Failure {
        host.up = true;
        loop = MemoryLoop.of(kernel, host, false);
        MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, 1 << 18);
        near = ends[0];
        far = ends[1];
        recorder = new Noting("link");
        link = Link.open(loop, near, recorder);
        link.setFraming(Framing.STREAM);
        link.trust();
    }

    private Timer timer(String name, long when) {
        Timer timer = new Timer() {
            @Override
            protected void expired(long now) {
                happened.add(name);
            }
        };
        loop.timers.set(timer, when);
        return timer;
    }

    private byte[] packet() {
        return ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 100);
    }

    /**
     * The loop waits for the first of its timers, or for ever without one, and ends after the turn in which somebody
     * said so; a thread that waits is woken for that.
     */
    @Test
    void run() throws Failure {
        timer("first", 3 * SECOND);
        Timer last = new Timer() {
            @Override
            protected void expired(long now) {
                happened.add("last");
                loop.end();
            }
        };
        loop.memoryPoller.whileWaiting = nanos -> {
            assertTrue(loop.memoryPoller.waits.size() < 10, "it does not wait for its timers");
            loop.time += Math.min(nanos, 10 * SECOND);
            if (nanos == Long.MAX_VALUE) {
                loop.timers.set(last, loop.time + SECOND);
                timer("never", loop.time + 2 * SECOND);
            }
        };
        loop.run();
        assertEquals(List.of("first", "last"), happened);
        assertEquals(List.of(3 * SECOND, Long.MAX_VALUE, SECOND), loop.memoryPoller.waits);
        assertEquals(1, loop.memoryPoller.wakes);
        loop.run();
        assertEquals(3, loop.memoryPoller.waits.size(), "what has ended does not wait any more");
    }

    /** Whoever is woken by the call of the end finds that it has come: it is not said after the waking. */
    @Test
    void endIsSaidBeforeWaking() throws Failure {
        boolean[] ended = new boolean[1];
        loop.memoryPoller.whileWaking = () -> {
            assertFalse(ended[0], "woken once");
            // As a loop in another thread would, which is quick.
            loop.memoryPoller.whileWaiting = nanos -> {
                throw new AssertionError("waits again");
            };
            try {
                loop.run();
            } catch (Failure e) {
                throw new AssertionError(e);
            }
            ended[0] = true;
        };
        loop.end();
        assertTrue(ended[0]);
    }

    /** With input that no descriptor shows the loop does not wait, however far away its timers are. */
    @Test
    void doesNotWaitForWhatIsThere() throws Failure {
        timer("far away", 100 * SECOND);
        near.holdsWhatCame = true;
        near.mostPerRead = 20;
        for (int i = 0; i < 2 * Budget.READS; i++) {
            far.put(KEEPALIVE);
        }
        loop.turnOnce();
        assertEquals(0, loop.untilTurn());
        loop.turnOnce();
        assertEquals(2 * Budget.READS, recorder.frames.size());
        assertEquals(100 * SECOND, loop.untilTurn());
    }

    /** A turn: what is ready comes first, then what was left over, then what goes out, and last what was waited for. */
    @Test
    void orderOfATurn() throws Failure {
        byte[] many = new byte[20 * (Budget.FRAMES + 10)];
        for (int at = 0; at < many.length; at += 20) {
            System.arraycopy(KEEPALIVE, 0, many, at, 20);
        }
        far.put(many);
        loop.turnOnce();
        happened.clear();
        MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, 8192);
        Link.open(loop, ends[0], new Noting("other"));
        ends[1].put(KEEPALIVE);
        loop.message.bytes.put(Inbox.HEADROOM, packet());
        loop.sender.packet(link, loop.message, Inbox.HEADROOM, 128, 0);
        loop.sender.endBatch(false);
        assertEquals(0, far.peek().length, "queued");
        loop.timers.set(new Timer() {
            @Override
            protected void expired(long now) {
                happened.add("timer, written " + far.peek().length);
            }
        }, 0);
        loop.turnOnce();
        assertEquals(List.of("other heard", "link heard", "timer, written 128"), happened);
    }

    /** A connection that is closed after it was noted to be called again is not touched. */
    @Test
    void closedBeforeItIsCalledAgain() throws Failure {
        near.holdsWhatCame = true;
        near.mostPerRead = 20;
        for (int i = 0; i < 2 * Budget.READS; i++) {
            far.put(KEEPALIVE);
        }
        loop.turnOnce();
        assertTrue(loop.isBusy());
        link.close();
        loop.turnOnce();
        assertEquals(Budget.READS, recorder.frames.size());
        assertFalse(loop.isBusy());
    }

    /** The end: the interface is given back first, and then every connection is told, and closed. */
    @Test
    void close() throws Failure {
        List<MemoryStream> streams = new ArrayList<>(List.of(near));
        for (int i = 0; i < 40; i++) {
            streams.add(MemoryStream.pair(kernel, ANY, ANY, 8)[0]);
            Link.open(loop, streams.getLast(), new Noting("link"));
        }
        loop.close();
        assertEquals(41, happened.size());
        assertEquals(List.of("link ended, the device is closed"), happened.stream().distinct().toList());
        assertTrue(host.closed);
        assertTrue(streams.stream().allMatch(MemoryStream::isClosed));
    }

    /** The kernel's answer to a packet is read in the same turn; a turn without packets does not look. */
    @Test
    void answersOfTheHost() throws Failure {
        List<Integer> routed = new ArrayList<>();
        loop.setRouter((packet, at, length, tag) -> routed.add(length));
        loop.readDevice(true);
        Recorder pinging = new Recorder(loop) {
            @Override
            public void data() {
                loop.device.write(loop.inbox.buffer, loop.inbox.packet, loop.inbox.packetLength, 0);
                host.send(packet());
            }
        };
        MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, 8192);
        Link ping = Link.open(loop, ends[0], pinging);
        ping.setFraming(Framing.STREAM);
        ping.trust();
        ends[1].put(packet());
        loop.turnOnce();
        assertEquals(List.of(128), routed);
        int reads = host.reads;
        far.put(KEEPALIVE);
        loop.turnOnce();
        assertEquals(reads, host.reads);

        loop.readDevice(false);
        loop.message.bytes.put(Inbox.HEADROOM, packet());
        loop.device.write(loop.message, Inbox.HEADROOM, 128, 0);
        loop.turnOnce();
        loop.readDevice(true);
        reads = host.reads;
        loop.turnOnce();
        assertEquals(reads, host.reads, "an answer that nobody wanted is no reason to look later");
    }

    /**
     * The first of four packets is routed, which takes each a time in nanoseconds.
     *
     * @return how often the device was read before
     */
    private int fourPacketsComeAfterALull(List<Integer> routed, long time) throws Failure {
        loop.setRouter((buffer, at, length, tag) -> {
            routed.add(host.reads);
            loop.time += time;
        });
        loop.readDevice(true);
        int reads = host.reads;
        for (int i = 0; i < 4; i++) {
            host.send(packet());
        }
        loop.time += SECOND;
        loop.turnOnce();
        assertEquals(List.of(reads + 1), routed);
        return reads;
    }

    /** A packet that comes alone goes on its way before anybody looks for another; those behind it come together. */
    @Test
    void aloneOrInARow() throws Failure {
        List<Integer> routed = new ArrayList<>();
        int reads = fourPacketsComeAfterALull(routed, 0);
        assertEquals(reads + 1, host.reads, "no look for more");
        loop.time += 50_000;
        loop.turnOnce();
        assertEquals(List.of(reads + 1, reads + 2, reads + 3, reads + 4), routed);
        assertEquals(reads + 5, host.reads, "until there is none");
    }

    /**
     * What a packet takes is no time in which none came: on a slow board, or with TLS, each of a row would go alone for
     * ever, in a turn and a record of its own.
     */
    @Test
    void inARowHoweverLongEachTakes() throws Failure {
        List<Integer> routed = new ArrayList<>();
        int reads = fourPacketsComeAfterALull(routed, 2_000_000);
        loop.turnOnce();
        assertEquals(List.of(reads + 1, reads + 2, reads + 3, reads + 4), routed);
        host.send(packet());
        host.send(packet());
        loop.turnOnce();
        assertEquals(reads + 8, host.reads, "both, and a look for more");
    }

    /**
     * Now and then frames that wait at a stream that takes nothing are dropped for their age, and what is left does
     * not keep a large buffer from others.
     */
    @Test
    void housekeeping() throws Failure {
        near.other().room(0);
        for (int i = 0; i < 20_000; i++) {
            link.send(loop.message, Inbox.HEADROOM, packetInMessage(), loop.now());
        }
        assertTrue(link.outbox.size() > Pool.LARGEST / 4, "as much waits as needs the largest buffer");
        Pool pool = loop.budget.memory;
        for (int size = Pool.LARGEST; size >= Pool.LARGEST / 2; size /= 2) {
            while (pool.hasRoom(size)) {
                assertNotNull(pool.take(size, () -> { }), "room that there is not");
            }
        }
        loop.turnOnce();
        assertFalse(loop.budget.memory.hasRoom(Pool.LARGEST / 2));
        assertEquals(10 * SECOND, loop.untilTurn());
        loop.time = 10 * SECOND;
        loop.turnOnce();
        assertTrue(link.outbox.size() < 20_000, () -> link.outbox.size() + " bytes wait");
        assertTrue(loop.budget.memory.hasRoom(Pool.LARGEST / 2));
    }

    private int packetInMessage() {
        byte[] packet = packet();
        loop.message.bytes.put(Inbox.HEADROOM, packet);
        return packet.length;
    }
}
