package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** Which congestion control a connection gets, and when it changes; what that brings is measured by make bench. */
class CongestionTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final long LOOK = 500_000_000L;

    private final MemoryStream stream = MemoryStream.pair(new MemoryKernel(), ANY, ANY, 1)[0];
    private long now = 7;

    private boolean look(Congestion congestion, int lost, int roundTrip) {
        now += LOOK;
        stream.line.retransmitted += lost;
        stream.line.roundTrip = roundTrip;
        stream.line.leastRoundTrip = 40_000;
        return congestion.look(now);
    }

    /** A connection without loss keeps what it began with, however often it is looked at. */
    @Test
    void withoutLossNothingChanges() {
        Congestion congestion = new Congestion(stream, null);
        for (int i = 0; i < 100; i++) {
            assertFalse(look(congestion, 0, 41_000));
        }
        assertEquals("cubic", stream.congestion);
        assertFalse(congestion.isForLossyLine());
    }

    /** Loss at four looks in a row, with hardly a queue: the line itself loses, and BBR takes over, once. */
    @Test
    void lossWithoutAQueue() {
        Congestion congestion = new Congestion(stream, null);
        for (int i = 0; i < 3; i++) {
            assertFalse(look(congestion, 1, 49_999));
        }
        assertFalse(look(congestion, 0, 49_999), "a look without loss decides nothing");
        assertTrue(look(congestion, 1, 49_999));
        assertEquals("bbr", stream.congestion);
        assertTrue(congestion.isForLossyLine());
        stream.congestion = "cubic";
        assertFalse(look(congestion, 1, 49_999), "decided is decided");
    }

    /** Loss with a queue is what CUBIC is for. */
    @Test
    void lossWithAQueue() {
        Congestion congestion = new Congestion(stream, null);
        for (int i = 0; i < 20; i++) {
            assertFalse(look(congestion, 5, i % 3 == 2 ? 50_000 : 41_000));
        }
        assertEquals("cubic", stream.congestion);
    }

    /** Between two looks passes half a second, however much is sent. */
    @Test
    void looksNowAndThen() {
        Congestion congestion = new Congestion(stream, null);
        look(congestion, 0, 41_000);
        for (int i = 0; i < 100; i++) {
            stream.line.retransmitted++;
            now += 4_000_000;
            assertFalse(congestion.look(now));
        }
    }

    /** What the user chose stays; what the kernel does not have, or cannot tell, changes nothing. */
    @Test
    void choices() {
        assertFalse(look(new Congestion(stream, "vegas"), 1, 40_000));
        assertEquals("vegas", stream.congestion);
        assertTrue(new Congestion(stream, "bbr").isForLossyLine());
        stream.hasCongestions = false;
        stream.congestion = "reno";
        Congestion none = new Congestion(stream, null);
        for (int i = 0; i < 10; i++) {
            assertFalse(look(none, 1, 40_000));
        }
        assertEquals("reno", stream.congestion);
        stream.hasCongestions = true;
        Congestion blind = new Congestion(stream, null);
        stream.line.leastRoundTrip = 0;
        assertFalse(blind.look(now + LOOK));
        for (int i = 0; i < 10; i++) {
            assertFalse(look(blind, 1, 40_000), "a kernel that tells nothing is not asked again");
        }
    }
}
