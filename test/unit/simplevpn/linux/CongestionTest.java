package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

/** Which congestion control a connection gets; that a lossy line gets another one is measured by make bench. */
class CongestionTest {
    /** A name that no kernel has is refused, and connections go on to get what is best without a choice. */
    @Test
    void unknownNames() throws Failure {
        for (String name : new String[] {"", "nonesuch", "a-name-of-more-than-15-bytes"}) {
            assertFalse(Congestion.choose(name), name);
        }
        try (LoopbackPair pair = new LoopbackPair()) {
            assertEquals("cubic", new Congestion(pair.left.fd).toString());
        }
    }

    /** A connection without loss keeps what it began with, however often it is looked at. */
    @Test
    void withoutLossNothingChanges() throws Failure {
        try (LoopbackPair pair = new LoopbackPair()) {
            Congestion congestion = new Congestion(pair.left.fd);
            for (int second = 1; second < 100; second++) {
                assertFalse(congestion.look(second * 1_000_000_000L));
            }
            assertEquals("cubic", congestion.toString());
        }
    }
}
