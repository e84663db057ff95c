package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** When a connection's packets may be cut: what that brings is tested with a router. */
class BlackHoleTest {
    private static final Endpoint ANY = MemoryKernel.endpoint(0xc0000201, 2002);

    private final MemoryStream stream = MemoryStream.pair(new MemoryKernel(), ANY, ANY, 1)[0];

    /** One that is only slow repeats now and then; one of which nothing arrives repeats again and again. */
    @Test
    void learn() {
        BlackHole hole = new BlackHole(stream);
        stream.line.repetitions = 2;
        assertFalse(hole.learn(stream.line));
        assertFalse(stream.fragments);
        stream.line.acknowledged = 100;
        stream.line.repetitions = 3;
        assertFalse(hole.learn(stream.line));
        assertTrue(stream.fragments);
        stream.line.acknowledged = 3000;
        stream.line.repetitions = 0;
        assertTrue(hole.learn(stream.line), "it came through when it might be cut");
        stream.line.acknowledged = 5000;
        assertFalse(hole.learn(stream.line), "once");
    }

    /** On a line that a NAT forgot nothing comes through, cut or not: nothing is said of large packets. */
    @Test
    void forgottenLine() {
        BlackHole hole = new BlackHole(stream);
        stream.line.acknowledged = 100;
        for (int i = 0; i < 12; i++) {
            stream.line.repetitions = i;
            assertFalse(hole.learn(stream.line));
        }
        assertTrue(stream.fragments, "which costs little");
    }
}
