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
    private static final long LOOK = 500_000_000L;

    private final MemoryStream stream = MemoryStream.pair(new MemoryKernel(), ANY, ANY, 1)[0];

    /** One that is only slow repeats now and then; one of which nothing arrives repeats again and again, once told. */
    @Test
    void look() {
        stream.line.leastRoundTrip = 1;
        BlackHole hole = new BlackHole(stream, 7);
        stream.line.repetitions = 2;
        assertFalse(hole.look(7));
        stream.line.repetitions = 3;
        assertFalse(hole.look(7 + LOOK - 1), "looking takes a call: not for each packet");
        assertFalse(stream.fragments);
        assertTrue(hole.look(7 + LOOK));
        assertTrue(stream.fragments);
        assertFalse(hole.look(7 + 10 * LOOK));
    }

    /** Where the kernel tells nothing about connections, nothing changes. */
    @Test
    void blind() {
        stream.line.repetitions = 9;
        assertFalse(new BlackHole(stream, 7).look(7));
        assertFalse(stream.fragments);
    }
}
