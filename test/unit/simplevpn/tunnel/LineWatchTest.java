package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.memory.MemoryStream;

/** How often a line is looked at, and who learns from it. */
class LineWatchTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);
    private static final long LOOK = 100_000_000L;

    private final MemoryKernel kernel = new MemoryKernel();
    private final MemoryStream stream = MemoryStream.pair(kernel, ANY, ANY, 1)[0];
    private MemoryLoop loop;

    @BeforeEach
    void loop() throws Failure {
        loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), false);
    }

    private LineWatch watch() {
        return new LineWatch(loop, stream, new Outbox(new Pool(1 << 20)),
                Congestion.begin(stream, null));
    }

    /** Looking takes a call: between two looks passes a tenth of a second, however much is sent. */
    @Test
    void looksNowAndThen() {
        stream.line.leastRoundTrip = 40_000;
        LineWatch watch = watch();
        long begin = loop.now();
        for (long at = 0; at <= LOOK; at += LOOK / 50) {
            watch.look(begin + at);
        }
        assertEquals(2, stream.looks);
    }

    /** Both learn from the same look: the connection that gets nothing, and the one that loses. */
    @Test
    void bothLearn() {
        stream.line.leastRoundTrip = 40_000;
        stream.line.roundTrip = 40_000;
        stream.line.repetitions = 3;
        LineWatch watch = watch();
        for (int i = 0; i < 3; i++) {
            stream.line.retransmitted++;
            watch.look(loop.now() + i * LOOK);
        }
        assertEquals(3, stream.looks);
        assertTrue(stream.fragments);
        assertEquals("bbr", stream.congestion);
    }

    /** A kernel that tells nothing about connections changes nothing, and is not asked again. */
    @Test
    void blind() {
        stream.line.repetitions = 9;
        LineWatch watch = watch();
        for (int i = 0; i < 10; i++) {
            stream.line.retransmitted++;
            watch.look(loop.now() + i * LOOK);
        }
        assertEquals(1, stream.looks);
        assertEquals("cubic", stream.congestion);
    }
}
