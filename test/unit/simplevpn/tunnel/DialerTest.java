package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.memory.MemoryConnector;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;

/** How long is paused between attempts, and what is said about them. */
class DialerTest {
    private static final long SECOND = 1_000_000_000L;

    private final List<String> lines = new ArrayList<>();
    private final MemoryKernel kernel = new MemoryKernel();
    private final MemoryConnector connector = new MemoryConnector(kernel);
    private final Dialer dialer;

    DialerTest() throws Failure {
        MemoryLoop loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), true);
        dialer = new Dialer(loop, connector, () -> { }, "hub", 2002, 7);
    }

    @BeforeEach
    void listen() {
        Log.to(lines::add);
        Log.start("test", Log.EVENTS, false);
    }

    @AfterEach
    void speakAgain() {
        Log.to(line -> {
            System.err.println(line);
            return true;
        });
    }

    private void assertPauses(long upTo) {
        long pause = dialer.pause();
        assertTrue(pause >= upTo * SECOND / 2 && pause < upTo * SECOND, () -> pause + " ns instead of " + upTo + " s");
    }

    /** Pauses double up to half a minute, shortened by chance; the reason is told when it is another one. */
    @Test
    void pauses() throws Failure {
        connector.unknown = "hub: no such host name";
        for (int upTo : new int[] {1, 2, 4, 8, 16, 30, 30}) {
            assertTrue(dialer.lookUp());
            dialer.begin();
            assertNull(dialer.connect());
            assertPauses(upTo);
        }
        assertEquals(List.of("test: hub: no such host name; trying again until it works"), lines);
        dialer.failed("192.0.2.1:2002 did not answer");
        assertPauses(30);
        assertEquals(2, lines.size());
    }

    /** After a connection that lasted the pauses are short again. */
    @Test
    void success() {
        dialer.failed("nobody there");
        for (int upTo : new int[] {1, 2, 4}) {
            assertPauses(upTo);
        }
        dialer.succeeded();
        assertPauses(1);
        assertPauses(2);
        assertEquals(1, lines.size());
    }

    /** What was lost is in the log already when the pause begins. */
    @Test
    void lost() {
        dialer.succeeded();
        dialer.lost("192.0.2.1:2002 closed the connection");
        assertPauses(1);
        assertEquals(List.of(), lines);
        assertEquals("192.0.2.1:2002 closed the connection", dialer.why());
    }
}
