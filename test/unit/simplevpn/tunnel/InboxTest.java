package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.linux.Buffer;
import simplevpn.linux.LoopbackPair;
import simplevpn.linux.Poller;
import simplevpn.linux.Tcp;
import simplevpn.protocol.ReferencePackets;
import simplevpn.protocol.Wire;

class InboxTest {
    /** A frame as sent: what it is, its 4 bytes in front where there are any, and its bytes. */
    private record Frame(int kind, int prefix, byte[] bytes) { }

    private final Random random = new Random(1460);
    private final Buffer out = Buffer.permanent(1 << 20);
    private final Pool pool = new Pool(1 << 20);

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    private Frame frame(int kind, byte[] bytes) {
        return new Frame(kind, kind == Wire.DATA ? random.nextInt() : 0, bytes);
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

    private static byte[] stream(List<Frame> frames, int prefix) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (Frame frame : frames) {
            byte[] front = new byte[4];
            ReferencePackets.set32(front, 0, frame.prefix & 0xffff_ffffL);
            stream.write(front, 0, prefix);
            stream.writeBytes(frame.bytes);
        }
        return stream.toByteArray();
    }

    private void write(Tcp tcp, byte[] bytes, int at, int length) {
        out.bytes.put(0, bytes, at, length);
        assertEquals(length, tcp.write(out, 0, length));
    }

    /**
     * Reads until {@code length} bytes have come, and checks each frame that they complete; returns how many frames.
     */
    private static int read(Inbox inbox, Link link, int length, List<Frame> frames, int from) {
        int next = from;
        int left = length;
        for (long end = System.nanoTime() + 5_000_000_000L; left > 0;) {
            int result = inbox.fill(link);
            assertTrue(result >= 0 && System.nanoTime() < end, "read " + result + ", " + left + " bytes did not come");
            left -= result;
            for (int kind = inbox.next(); kind != Wire.INCOMPLETE; kind = inbox.next()) {
                Frame expected = frames.get(next++);
                assertEquals(expected.kind, kind);
                assertEquals(link.prefix == 0 ? 0 : expected.prefix, inbox.prefix);
                assertEquals(inbox.packet, inbox.frame + link.prefix);
                assertEquals(inbox.frameLength, inbox.packetLength + link.prefix);
                assertTrue(inbox.frame >= Inbox.HEADROOM);
                assertArrayEquals(expected.bytes,
                        ReferencePackets.bytes(inbox.buffer.bytes, inbox.packet, inbox.packetLength));
            }
        }
        return next;
    }

    /** A stream of all kinds of frames gives the same frames at whichever byte it is split, in both framings. */
    @Test
    void everySplitPoint() throws Exception {
        List<Frame> frames = mixed();
        Poller poller = new Poller();
        Buffer junk = Buffer.permanent(8 * 1024);
        for (int prefix : new int[] {0, Wire.PREFIX}) {
            byte[] stream = stream(frames, prefix);
            for (boolean fromServer : new boolean[] {false, true}) {
                Inbox inbox = new Inbox(fromServer);
                try (LoopbackPair pair = new LoopbackPair()) {
                    Link link = new Link(pair.right, poller, pool);
                    link.prefix = prefix;
                    for (int split = 1; split < stream.length; split++) {
                        write(pair.left, stream, 0, split);
                        int seen = read(inbox, link, split, frames, 0);
                        write(pair.left, stream, split, stream.length - split);
                        seen = read(inbox, link, stream.length - split, frames, seen);
                        assertEquals(frames.size(), seen);
                        // So that a frame read too early does not find its end there from the last time.
                        inbox.buffer.copy(0, junk, 0, junk.size);
                    }
                }
            }
        }
    }

    /**
     * Three connections of both framings that read in turns, each stopping within its frames, the longest ones too:
     * none sees bytes of another, and what they put aside is given back.
     */
    @Test
    void connectionsInTurns() throws Exception {
        List<Frame> frames = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            frames.add(i % 7 == 0 ? ipv6(65535)
                    : data(4 * random.nextInt(11), random.nextInt(i % 5 == 0 ? 65000 : 2000)));
            frames.addAll(mixed().subList(0, 6));
        }
        Poller poller = new Poller();
        Inbox inbox = new Inbox(false);
        LoopbackPair[] pairs = {new LoopbackPair(), new LoopbackPair(), new LoopbackPair()};
        try {
            Link[] links = new Link[3];
            byte[][] streams = new byte[3][];
            int[] at = new int[3];
            int[] seen = new int[3];
            for (int i = 0; i < 3; i++) {
                links[i] = new Link(pairs[i].right, poller, pool);
                links[i].prefix = i == 1 ? Wire.PREFIX : 0;
                streams[i] = stream(frames, links[i].prefix);
            }
            while (at[0] < streams[0].length || at[1] < streams[1].length || at[2] < streams[2].length) {
                int i = random.nextInt(3);
                int length = Math.min(streams[i].length - at[i], random.nextInt(random.nextBoolean() ? 60 : 30_000));
                if (length > 0) {
                    int taken = 0;
                    while (taken < length) {
                        out.bytes.put(0, streams[i], at[i] + taken, length - taken);
                        int result = pairs[i].left.write(out, 0, length - taken);
                        seen[i] = read(inbox, links[i], result, frames, seen[i]);
                        taken += result;
                    }
                    at[i] += length;
                }
            }
            assertArrayEquals(new int[] {frames.size(), frames.size(), frames.size()}, seen);
            assertTrue(pool.hasSpare(), "nothing was ever put aside");
            pool.shrink();
            pool.shrink();
            assertFalse(pool.hasSpare());
            for (int i = 0; i < 4; i++) {
                assertTrue(pool.take(1 << 18) != null, "memory was not given back");
            }
        } finally {
            for (LoopbackPair pair : pairs) {
                pair.close();
            }
        }
    }

    /** A damaged stream says so, and can be thrown away to go on with what comes next. */
    @Test
    void damagedStreams() throws Exception {
        try (LoopbackPair pair = new LoopbackPair()) {
            Inbox inbox = new Inbox(true);
            Link link = new Link(pair.right, new Poller(), pool);
            List<Frame> one = List.of(data(0, 100));
            byte[] good = stream(one, 0);
            write(pair.left, new byte[33], 0, 33);
            while (inbox.fill(link) == 0) {
                Thread.onSpinWait();
            }
            assertEquals(Wire.DAMAGED, inbox.next());
            assertEquals(Wire.DAMAGED, inbox.next());
            assertEquals(33, inbox.discard());
            assertEquals(0, inbox.discard());
            assertEquals(Wire.INCOMPLETE, inbox.next());
            write(pair.left, good, 0, good.length);
            assertEquals(1, read(inbox, link, good.length, one, 0));
        }
    }

    /** A closed connection leaves nothing behind for the next one that reads. */
    @Test
    void released() throws Exception {
        Poller poller = new Poller();
        Inbox inbox = new Inbox(false);
        List<Frame> one = List.of(data(0, 100));
        byte[] stream = stream(one, 0);
        try (LoopbackPair first = new LoopbackPair(); LoopbackPair second = new LoopbackPair()) {
            Link closed = new Link(first.right, poller, pool);
            write(first.left, stream, 0, 50);
            assertEquals(0, read(inbox, closed, 50, one, 0));
            inbox.release(closed);
            Link link = new Link(second.right, poller, pool);
            write(second.left, stream, 0, stream.length);
            assertEquals(1, read(inbox, link, stream.length, one, 0));
            assertFalse(pool.hasSpare(), "the closed connection's bytes were put aside");
        }
    }

    /** The end of a stream, and nothing there now, are two different things. */
    @Test
    void endOfStream() throws Exception {
        try (LoopbackPair pair = new LoopbackPair()) {
            Inbox inbox = new Inbox(false);
            Link link = new Link(pair.right, new Poller(), pool);
            assertEquals(0, inbox.fill(link));
            new Link(pair.left, new Poller(), pool).close();
            int result = inbox.fill(link);
            for (long end = System.nanoTime() + 5_000_000_000L; result == 0 && System.nanoTime() < end;) {
                result = inbox.fill(link);
            }
            assertEquals(Tcp.END, result);
        }
    }
}
