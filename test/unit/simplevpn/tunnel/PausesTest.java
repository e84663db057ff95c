package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;

/** How long is paused between attempts, and what is said about them. */
class PausesTest extends Logged {
    private static final long SECOND = 1_000_000_000L;

    private final MemoryKernel kernel = new MemoryKernel();
    private final Pauses pauses;

    PausesTest() throws Failure {
        MemoryLoop loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), true);
        pauses = new Pauses(loop, 7);
    }

    private void assertPauses(long upTo, String why) {
        long pause = pauses.next(why);
        assertTrue(pause >= upTo * SECOND / 2 && pause < upTo * SECOND, () -> pause + " ns instead of " + upTo + " s");
    }

    /** Pauses double up to half a minute, shortened by chance; the reason is told when it is another one. */
    @Test
    void pauses() {
        for (int upTo : new int[] {1, 2, 4, 8, 16, 30, 30}) {
            assertPauses(upTo, "hub: no such host name");
        }
        assertEquals(List.of("hub: no such host name; trying again until it works"), log);
        assertPauses(30, "192.0.2.1:2002 did not answer");
        assertEquals(2, log.size());
    }

    /** After a connection that lasted the pauses are short again. */
    @Test
    void success() {
        for (int upTo : new int[] {1, 2, 4}) {
            assertPauses(upTo, "nobody there");
        }
        pauses.succeeded();
        assertPauses(1, "nobody there");
        assertPauses(2, "nobody there");
        assertEquals(1, log.size());
    }

    /** What was lost is in the log already when the pause begins. */
    @Test
    void lost() {
        pauses.succeeded();
        pauses.lost("192.0.2.1:2002 closed the connection");
        assertPauses(1, "192.0.2.1:2002 closed the connection");
        assertEquals(List.of(), log);
    }
}
