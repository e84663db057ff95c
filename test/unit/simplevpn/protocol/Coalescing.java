package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What the tests of {@link Coalescer} share. */
abstract class Coalescing {
    static final int BASE = 14;

    final Random random = new Random(7323);
    final ByteBuffer joined = ByteBuffer.allocateDirect(BASE + 65535);
    final Coalescer coalescer = new Coalescer(joined, BASE, true);

    /** What came out: a packet and its tag. */
    record Out(byte[] packet, int tag) {
    }

    /** Something done to a packet. */
    interface Change {
        void on(byte[] packet);
    }

    /** Segments of 100 bytes; the change is made to one, whose checksums follow. */
    List<Out> changed(byte[] packet, int which, Change change) {
        List<byte[]> segments = ReferencePackets.segments(packet, 100);
        change.on(segments.get(which));
        segments.set(which, ReferencePackets.finished(segments.get(which)));
        return run(segments);
    }

    /** Three segments are joined, but not when the one in the middle is changed. */
    void assertSeparate(byte[] packet, String why, Change change) {
        assertEquals(1, changed(packet, 1, p -> { }).size(), "joined without the change");
        List<Out> out = changed(packet, 1, change);
        assertEquals(3, out.size(), why);
        for (Out o : out) {
            assertEquals(0, o.tag(), why);
        }
    }

    /** Runs packets through as a loop does, all adjacent in one buffer, as in classic framing. */
    List<Out> run(List<byte[]> packets) {
        return run(packets, false);
    }

    /** The same with checksums that are unfinished ({@code open}). */
    List<Out> run(List<byte[]> packets, boolean open) {
        int total = 0;
        for (byte[] p : packets) {
            total += p.length;
        }
        ByteBuffer b = ByteBuffer.allocateDirect(total);
        List<Out> out = new ArrayList<>();
        int at = 0;
        for (byte[] p : packets) {
            b.put(at, p);
            if (!coalescer.add(b, at, p.length, open)) {
                flush(out);
                if (!coalescer.add(b, at, p.length, open)) {
                    out.add(new Out(ReferencePackets.bytes(b, at, p.length), open ? Offload.UNFINISHED : 0));
                }
            }
            at += p.length;
        }
        flush(out);
        return out;
    }

    private void flush(List<Out> out) {
        int length = coalescer.flush();
        if (length == 0) {
            return;
        }
        Out o = new Out(ReferencePackets.bytes(coalescer.buffer(), coalescer.at(), length), coalescer.tag());
        assertTrue(Offload.check(coalescer.buffer(), coalescer.at(), length, o.tag(), true));
        out.add(o);
    }
}
