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

    /** One that is only slow repeats now and then; one of which nothing arrives repeats again and again, once told. */
    @Test
    void learn() {
        BlackHole hole = new BlackHole(stream);
        stream.line.repetitions = 2;
        assertFalse(hole.learn(stream.line));
        assertFalse(stream.fragments);
        stream.line.repetitions = 3;
        assertTrue(hole.learn(stream.line));
        assertTrue(stream.fragments);
        assertFalse(hole.learn(stream.line));
    }
}
