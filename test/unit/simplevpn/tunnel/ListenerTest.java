package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Errno;
import simplevpn.linux.Stream;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;

class ListenerTest {
    private static final long SECOND = 1_000_000_000L;

    private final MemoryKernel kernel = new MemoryKernel();
    private final MemoryAcceptor acceptor = new MemoryAcceptor(kernel, MemoryKernel.endpoint(0xc0000201, 2002));
    private final List<Stream> accepted = new ArrayList<>();
    private MemoryLoop loop;

    @BeforeEach
    void listen() throws Failure {
        loop = MemoryLoop.of(kernel, new MemoryDevice(kernel), false);
        new Listener(loop, acceptor, accepted::add);
        Log.start("test", Log.QUIET, false);
    }

    @AfterEach
    void speakAgain() {
        Log.start("test", Log.EVENTS, false);
    }

    /** Whoever waits is taken, but not all of a crowd in one turn. */
    @Test
    void takesWhoeverWaits() throws Failure {
        for (int i = 0; i < Budget.ACCEPTS + 10; i++) {
            acceptor.connect();
        }
        loop.turnOnce();
        assertEquals(Budget.ACCEPTS, accepted.size());
        loop.turnOnce();
        assertEquals(Budget.ACCEPTS + 10, accepted.size());
        assertFalse(loop.isBusy());
    }

    /** A kernel without a descriptor for a connection that waits is not asked again at once, but a second later. */
    @Test
    void pausesWithoutDescriptors() throws Failure {
        acceptor.connect();
        acceptor.refuses = -Errno.EMFILE;
        loop.turnOnce();
        assertFalse(loop.isBusy(), "the connection that waits would make the loop spin");
        assertEquals(SECOND, loop.untilTurn());
        acceptor.refuses = 0;
        loop.time = SECOND - 1;
        assertFalse(loop.isBusy());
        loop.time = SECOND;
        loop.turnOnce();
        loop.turnOnce();
        assertEquals(1, accepted.size());
    }

    /** A connection that was given up while it waited is no reason for a pause. */
    @Test
    void abortedConnections() throws Failure {
        acceptor.connect();
        acceptor.refuses = -Errno.ECONNABORTED;
        loop.turnOnce();
        assertTrue(loop.isBusy());
        assertEquals(Long.MAX_VALUE, loop.untilTurn());
    }
}
