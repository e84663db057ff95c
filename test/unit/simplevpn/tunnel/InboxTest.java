package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.memory.MemoryStream;
import simplevpn.memory.Recorder;
import simplevpn.memory.Recorder.Frame;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Offload;
import simplevpn.protocol.ReferencePackets;
import simplevpn.protocol.Wire;

/** How what connections bring is cut into frames, wherever it is split and whoever reads in between. */
class InboxTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final int ROOM = 1 << 20;

    private final Random random = new Random(1460);
    private final MemoryKernel kernel = new MemoryKernel();
    private MemoryLoop loop;

    /** One connection: the far end, and what the near one makes of it. */
    private final class Connection {
        private final MemoryStream far;
        private final Recorder recorder;
        private final Link link;

        Connection(Framing framing) throws Failure {
            MemoryStream[] ends = MemoryStream.pair(kernel, ANY, ANY, ROOM);
            far = ends[0];
            recorder = new Recorder(loop);
            link = Link.open(loop, ends[1], recorder);
            link.setFraming(framing);
            link.trust();
        }

        void send(byte[] stream, int from, int to) throws Failure {
            far.put(Arrays.copyOfRange(stream, from, to));
            loop.turnOnce();
        }
    }

    @BeforeEach
    void makeLoop() throws Failure {
        makeLoop(false);
    }

    private void makeLoop(boolean fromServer) throws Failure {
        loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), fromServer);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    private Frame frame(int kind, byte[] bytes) {
        return new Frame(kind, kind == Wire.DATA && random.nextBoolean() ? Offload.UNFINISHED : 0, bytes);
    }

    private Frame data(int ipOptions, int payload) {
        return frame(Wire.DATA, ReferencePackets.packet(random, ReferencePackets.UDP, ipOptions, 0, payload));
    }

    private Frame ipv6(int payload) {
        byte[] p = new byte[40 + payload];
        random.nextBytes(p);
        p[0] = 0x60;
        p[8] = 0x20;
        ReferencePackets.set16(p, 4, payload);
        return frame(Wire.IPV6, p);
    }

    /** Every kind of frame, short ones and with every header length, one behind the other. */
    private List<Frame> mixed() {
        List<Frame> frames = new ArrayList<>();
        frames.add(frame(Wire.ADDRESS, hex("45030000 56320123 456789ab 00000000 00000000")));
        frames.add(frame(Wire.KEEPALIVE, hex("0000ffff 12345678 9abcdef0 ffffffff ffffffff")));
        frames.add(frame(Wire.ADDRESS, hex("45aa0000 bbccddee ff00f00d 0a000007 00000000")));
        frames.add(frame(Wire.ADDRESS, hex("4500001e 56330123 456789ab 00000000 00000000 06086973 2074616b 656e")));
        for (int options = 0; options <= 40; options += 4) {
            frames.add(data(options, random.nextInt(60)));
            frames.add(frame(Wire.KEEPALIVE, hex("ffffffff ffffffff ffffffff ffffffff ffffffff")));
        }
        frames.add(ipv6(0));
        frames.add(data(0, 0));
        frames.add(ipv6(77));
        frames.add(data(0, 300));
        frames.add(frame(Wire.KEEPALIVE, hex("45000000 00000000 00000000 ffffffff ffffffff")));
        return frames;
    }

    private static byte[] stream(List<Frame> frames, int tag) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (Frame frame : frames) {
            byte[] front = new byte[4];
            ReferencePackets.set32(front, 0, frame.tag() & 0xffff_ffffL);
            stream.write(front, 0, tag);
            stream.writeBytes(frame.bytes());
        }
        return stream.toByteArray();
    }

    private static void assertFrames(List<Frame> expected, Connection connection) {
        List<Frame> frames = connection.recorder.frames;
        assertEquals(expected.size(), frames.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i).kind(), frames.get(i).kind(), "frame " + i);
            assertEquals(connection.link.framing().tag == 0 ? 0 : expected.get(i).tag(), frames.get(i).tag());
            if (expected.get(i).kind() != Wire.IPV6) {
                assertArrayEquals(expected.get(i).bytes(), frames.get(i).bytes(), "frame " + i);
            }
        }
        assertEquals(List.of(), connection.recorder.events);
    }

    /** A stream of all kinds of frames gives the same frames at whichever byte it is split, in both framings. */
    @Test
    void everySplitPoint() throws Exception {
        List<Frame> frames = mixed();
        Buffer junk = Buffer.permanent(8 * 1024);
        for (Framing framing : new Framing[] {Framing.STREAM, Framing.OFFLOAD}) {
            byte[] stream = stream(frames, framing.tag);
            for (boolean fromServer : new boolean[] {false, true}) {
                makeLoop(fromServer);
                Connection connection = new Connection(framing);
                for (int split = 1; split < stream.length; split++) {
                    connection.send(stream, 0, split);
                    assertTrue(connection.recorder.frames.size() < frames.size());
                    connection.send(stream, split, stream.length);
                    assertFrames(frames, connection);
                    connection.recorder.frames.clear();
                    // So that a frame read too early does not find its end there from the last time.
                    loop.inbox.buffer.copy(0, junk, 0, junk.size);
                }
            }
        }
    }

    /** The same when every byte comes by itself, to a stream that gives no more than it has to and holds the rest. */
    @Test
    void byteByByte() throws Exception {
        List<Frame> frames = mixed();
        Connection connection = new Connection(Framing.OFFLOAD);
        MemoryStream near = connection.far.other();
        near.mostPerRead = 1;
        near.holdsWhatCame = true;
        byte[] stream = stream(frames, Wire.TAG);
        connection.send(stream, 0, stream.length);
        assertFalse(loop.memoryPoller.isReady(), "the descriptor shows nothing any more");
        while (loop.isBusy()) {
            loop.turnOnce();
        }
        assertFrames(frames, connection);
        assertEquals(frames.size(), connection.recorder.heard, "each whole frame is a sign of life, and no byte is");
    }

    /**
     * Three connections of both framings that read in turns, each stopping within its frames, the longest ones too:
     * none sees bytes of another, and the memory that they kept them in is given back.
     */
    @Test
    void connectionsInTurns() throws Exception {
        List<Frame> frames = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            frames.add(i % 7 == 0 ? ipv6(65535)
                    : data(4 * random.nextInt(11), random.nextInt(i % 5 == 0 ? 65000 : 2000)));
            frames.addAll(mixed().subList(0, 6));
        }
        Connection[] connections = {new Connection(Framing.STREAM), new Connection(Framing.OFFLOAD),
            new Connection(Framing.CLASSIC)};
        byte[][] streams = new byte[3][];
        int[] at = new int[3];
        for (int i = 0; i < 3; i++) {
            streams[i] = stream(frames, connections[i].link.framing().tag);
        }
        boolean kept = false;
        while (at[0] < streams[0].length || at[1] < streams[1].length || at[2] < streams[2].length) {
            int i = random.nextInt(3);
            int length = Math.min(streams[i].length - at[i], random.nextInt(random.nextBoolean() ? 60 : 30_000));
            connections[i].send(streams[i], at[i], at[i] + length);
            at[i] += length;
            kept |= loop.budget.memory.isUsed();
        }
        assertTrue(kept, "nothing was ever kept");
        for (Connection connection : connections) {
            assertFrames(frames, connection);
        }
        loop.budget.memory.shrink();
        loop.budget.memory.shrink();
        assertFalse(loop.budget.memory.isUsed());
    }

    /** A packet whose tag the rules refuse is passed over as a frame that is not carried, and what follows is read. */
    @Test
    void unsoundTags() throws Exception {
        Connection connection = new Connection(Framing.OFFLOAD);
        List<Frame> frames = List.of(new Frame(Wire.DATA, 1, data(0, 100).bytes()), data(0, 100));
        byte[] stream = stream(frames, Wire.TAG);
        connection.send(stream, 0, stream.length);
        assertEquals(List.of(Wire.IPV6, Wire.DATA), connection.recorder.frames.stream().map(Frame::kind).toList());
    }

    /** A damaged stream says so, once; thrown away, it goes on with what comes next. */
    @Test
    void damagedStreams() throws Exception {
        makeLoop(true);
        Connection connection = new Connection(Framing.CLASSIC);
        List<Frame> one = List.of(data(0, 100));
        connection.send(new byte[33], 0, 33);
        assertEquals(List.of("damaged, 33 bytes"), connection.recorder.events);
        connection.recorder.events.clear();
        byte[] good = stream(one, 0);
        connection.send(good, 0, good.length);
        assertFrames(one, connection);
    }

    /** A closed connection leaves nothing behind for the next one that reads. */
    @Test
    void closed() throws Exception {
        List<Frame> one = List.of(data(0, 100));
        byte[] stream = stream(one, 0);
        Connection first = new Connection(Framing.STREAM);
        first.send(stream, 0, 50);
        first.link.close();
        Connection second = new Connection(Framing.STREAM);
        second.send(stream, 0, stream.length);
        assertFrames(one, second);
        assertFalse(loop.budget.memory.isUsed(), "the closed connection's bytes were kept");
    }

    /** The end of a stream is told once all that came before it was taken, also when it is at the end of a frame. */
    @Test
    void endOfStream() throws Exception {
        Connection connection = new Connection(Framing.STREAM);
        List<Frame> one = List.of(data(0, 100));
        byte[] stream = stream(one, 0);
        connection.far.put(stream);
        connection.far.close();
        loop.turnOnce();
        assertEquals(1, connection.recorder.frames.size());
        loop.turnOnce();
        assertEquals(List.of("lost 0"), connection.recorder.events);
    }
}
