package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** How a connection meets its line, and when that changes; what it brings is measured by make bench. */
class CongestionTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final long LOOK = 100_000_000L;
    private static final int MEGABYTE = 1_000_000;

    private final MemoryStream stream = MemoryStream.pair(new MemoryKernel(), ANY, ANY, 1)[0];
    private int leastRoundTrip = 40_000;
    private long now = 7;

    private boolean look(Congestion congestion, int lost, int roundTrip) {
        now += LOOK;
        stream.line.retransmitted += lost;
        stream.line.roundTrip = roundTrip;
        stream.line.leastRoundTrip = leastRoundTrip;
        return congestion.learn(stream.line, now);
    }

    /** One look, after so many bytes a second since the last, with so many unsent. */
    private void look(Congestion congestion, int rate, int unsent, int roundTrip) {
        stream.line.acknowledged += rate / 10;
        stream.line.unsent = unsent;
        look(congestion, 0, roundTrip);
    }

    /** A connection without loss keeps what it began with, however often it is looked at. */
    @Test
    void withoutLossNothingChanges() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 100; i++) {
            assertFalse(look(congestion, 0, 41_000));
        }
        assertEquals("cubic", stream.congestion);
        assertFalse(congestion.isForLossyLine());
    }

    /** Loss at two looks, with hardly a queue: the line itself loses, and BBR takes over, once. */
    @Test
    void lossWithoutAQueue() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        assertFalse(look(congestion, 1, 49_999));
        assertTrue(congestion.isForLossyLine(), "it may be, and frames may wait longer already");
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
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 21; i++) {
            assertFalse(look(congestion, i % 3, i % 3 == 2 ? 50_000 : 41_000));
        }
        assertEquals("cubic", stream.congestion);
        assertFalse(congestion.isForLossyLine());
    }

    /** Once in a while each line loses something. */
    @Test
    void rareLoss() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 5; i++) {
            assertFalse(look(congestion, 1, 41_000));
            now += 10_000_000_000L;
            assertFalse(look(congestion, 0, 41_000));
            assertFalse(congestion.isForLossyLine());
        }
        assertEquals("cubic", stream.congestion);
    }

    /** What CUBIC brought through is known when BBR begins, which starts with more than the line can do. */
    @Test
    void rateBeforeBbr() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 100; i++) {
            look(congestion, 2 * MEGABYTE, 1, 41_000);
        }
        look(congestion, 1, 41_000);
        assertTrue(look(congestion, 1, 41_000));
        look(congestion, 2 * MEGABYTE, 1, 60_000);
        assertEquals(1_920_000, stream.mostRate, 50);
    }

    /** What a queue was too short for is still sent again when it has emptied: that says nothing of the line. */
    @Test
    void overshoot() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        assertFalse(look(congestion, 20, 80_000));
        for (int i = 0; i < 5; i++) {
            assertFalse(look(congestion, 20, 41_000));
        }
        assertFalse(congestion.isForLossyLine());
        assertFalse(look(congestion, 0, 41_000));
        assertFalse(look(congestion, 1, 41_000));
        assertTrue(look(congestion, 1, 41_000), "what is lost after that does");
    }

    /** What the user chose stays; what the kernel does not have changes nothing. */
    @Test
    void choices() {
        Congestion vegas = new Congestion(stream, Congestion.begin(stream, "vegas"));
        for (int i = 0; i < 10; i++) {
            assertFalse(look(vegas, 1, 40_000));
        }
        assertEquals("vegas", stream.congestion);
        assertTrue(new Congestion(stream, Congestion.begin(stream, "bbr")).isForLossyLine());
        stream.hasCongestions = false;
        stream.congestion = "reno";
        Congestion none = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 10; i++) {
            assertFalse(look(none, 1, 40_000));
        }
        assertEquals("reno", stream.congestion);
        stream.hasCongestions = true;
        stream.congestion = "reno";
        Congestion without = new Congestion(stream, Congestion.begin(stream, null));
        stream.hasCongestions = false;
        int before = stream.congestionsTried;
        for (int i = 0; i < 10; i++) {
            assertFalse(look(without, 1, 40_000));
        }
        assertEquals(before + 1, stream.congestionsTried, "BBR is asked for once");
    }

    /** Where more waits unsent than the line sends in four milliseconds, writes become as long as three of them. */
    @Test
    void slowLine() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        look(congestion, 0, 60_000, 40_000);
        assertEquals(0, stream.mostUnsent, "the first look knows no rate");
        look(congestion, 5 * MEGABYTE, 19_999, 40_000);
        assertEquals(0, stream.mostUnsent);
        look(congestion, 5 * MEGABYTE, 20_000, 40_000);
        assertEquals(15_000, stream.mostUnsent);
        look(congestion, 5 * MEGABYTE + 100_000, 0, 40_000);
        assertEquals(15_000, stream.mostUnsent, "nearly the same");
        look(congestion, 0, 0, 40_000);
        assertEquals(3_000, stream.mostUnsent, "two segments may always go");
        look(congestion, 10 * MEGABYTE, 0, 40_000);
        assertEquals(30_000, stream.mostUnsent);
        look(congestion, 22 * MEGABYTE, 0, 40_000);
        assertEquals(0, stream.mostUnsent, "what is fast enough has no limit");
    }

    /** A fast line whose queue is as long as one write is no slow one. */
    @Test
    void fastLine() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 10; i++) {
            look(congestion, 1000 * MEGABYTE, 65_536, 40_000);
            look(congestion, 100_000, 2_999, 40_000);
        }
        assertEquals(0, stream.mostUnsent);
    }

    /** With BBR, a queue bounds the rate to a little less than what comes through, until there is none for a while. */
    @Test
    void queueWithBbr() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, "bbr"));
        look(congestion, 0, 0, 90_000);
        for (int i = 0; i < 100; i++) {
            look(congestion, 2 * MEGABYTE, 0, 49_999);
        }
        assertEquals(0, stream.mostRate, "no queue, no bound");
        look(congestion, 2 * MEGABYTE, 1, 50_000);
        assertEquals(1_920_000, stream.mostRate, 50, "less than came through");
        look(congestion, 1000, 1, 50_000);
        assertEquals(1_920_000, stream.mostRate, 50, "one look may see a loss being repaired");
        look(congestion, 1000, 0, 49_999);
        assertEquals(2_160_000, stream.mostRate, 50, "more is tried");
        for (int i = 0; i < 100 && stream.mostRate > 0; i++) {
            look(congestion, 1000, 0, 40_000);
        }
        assertEquals(0, stream.mostRate);
    }

    /** A queue that stays for a second is others', among whom we keep our share; and a line may become slow. */
    @Test
    void queueThatStays() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, "bbr"));
        look(congestion, 0, 0, 40_000);
        for (int i = 0; i < 100; i++) {
            look(congestion, 2 * MEGABYTE, 0, 40_000);
        }
        for (int i = 0; i < 10; i++) {
            look(congestion, 2 * MEGABYTE, 1, 80_000);
        }
        assertEquals(1_920_000, stream.mostRate, 50);
        look(congestion, 2 * MEGABYTE, 1, 80_000);
        assertEquals(2_200_000, stream.mostRate, 50);
        for (int i = 0; i < 200; i++) {
            look(congestion, 1000, 1, 80_000);
        }
        assertEquals(50_000, stream.mostRate, "the line has become slow, but a stall is no rate");
        look(congestion, 1000, 0, 40_000);
        assertEquals(56_250, stream.mostRate);
    }

    /** Where little is on the way, more was not wanted, and the queue is others'. */
    @Test
    void littleOnTheWay() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, "bbr"));
        for (int i = 0; i < 100; i++) {
            look(congestion, 100_000, 0, 90_000);
        }
        assertEquals(0, stream.mostRate);
    }

    /** CUBIC is bounded by a queue on a line that has shown to be slow, as long as it is: on no other. */
    @Test
    void queueWithCubic() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 100; i++) {
            look(congestion, 2 * MEGABYTE, 7_999, 90_000);
        }
        assertEquals(0, stream.mostRate, "it shares the line's queue with others");
        look(congestion, 2 * MEGABYTE, 8_000, 49_999);
        assertEquals(0, stream.mostRate, "slow, but no queue");
        look(congestion, 2 * MEGABYTE, 0, 50_000);
        assertEquals(1_960_000, stream.mostRate, 50);
        look(congestion, 22 * MEGABYTE, 0, 90_000);
        assertEquals(0, stream.mostRate, "the line has become a fast one");
    }

    /** In the first two seconds nobody knows what a line can do, and a limit by that would keep it from showing. */
    @Test
    void queueAtFirst() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 20; i++) {
            look(congestion, 2 * MEGABYTE, 20_000, 90_000);
        }
        assertEquals(6_000, stream.mostUnsent);
        assertEquals(0, stream.mostRate);
        look(congestion, 2 * MEGABYTE, 0, 90_000);
        assertEquals(1_824_000, stream.mostRate, 1000);
        look(congestion, 0, 20_000, 90_000);
        assertEquals(2_052_000, stream.mostRate, 1000, "the line stands still: the next burst finds a limit that goes");
        look(congestion, 2 * MEGABYTE, 20_000, 90_000);
        assertEquals(2_308_000, stream.mostRate, 1000);
    }

    /** A queue that stays for a second is others', and CUBIC has its share of a line by what it always does. */
    @Test
    void queueThatStaysWithCubic() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 100; i++) {
            look(congestion, 2 * MEGABYTE, 20_000, 40_000);
        }
        for (int i = 0; i < 10; i++) {
            look(congestion, 2 * MEGABYTE, 0, 80_000);
            assertEquals(1_960_000, stream.mostRate, 50);
        }
        look(congestion, 2 * MEGABYTE, 0, 80_000);
        assertEquals(2_205_000, stream.mostRate, 50);
        for (int i = 0; i < 70; i++) {
            look(congestion, 2 * MEGABYTE, 0, 80_000);
        }
        assertEquals(0, stream.mostRate);
    }

    /** While nothing comes through, as where a radio cell is out of reach, nobody forgets what the line can do. */
    @Test
    void outage() {
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, "bbr"));
        for (int i = 0; i < 100; i++) {
            look(congestion, 2 * MEGABYTE, 20_000, 40_000);
        }
        for (int i = 0; i < 200; i++) {
            look(congestion, 0, 20_000, 80_000);
        }
        look(congestion, 2 * MEGABYTE, 20_000, 80_000);
        assertEquals(2_200_000, stream.mostRate, 50);
    }

    /** On a short line a few packets make a round trip several times as long: that is no queue yet. */
    @Test
    void shortLine() {
        leastRoundTrip = 2_000;
        Congestion congestion = new Congestion(stream, Congestion.begin(stream, null));
        for (int i = 0; i < 100; i++) {
            look(congestion, 2 * MEGABYTE, 20_000, 11_999);
        }
        assertEquals(0, stream.mostRate);
        look(congestion, 2 * MEGABYTE, 0, 12_000);
        assertEquals(1_960_000, stream.mostRate, 50);
    }
}
