package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;
import simplevpn.linux.Poller;
import simplevpn.linux.Tcp;

class ListenerTest {
    private static final long SECOND = 1_000_000_000L;

    private static long descriptorLimit(long soft) {
        Buffer limit = Buffer.permanent(Abi.RLIM_SIZE);
        assertEquals(0, Libc.getrlimit(Abi.RLIMIT_NOFILE, limit));
        long before = limit.word(Abi.RLIM_CUR);
        limit.word(Abi.RLIM_CUR, soft);
        assertEquals(0, Libc.setrlimit(Abi.RLIMIT_NOFILE, limit));
        return before;
    }

    /** A kernel without a descriptor for a connection that waits is not asked again at once, but later. */
    @Test
    void pausesWithoutDescriptors() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        Poller poller = new Poller();
        Listener listener = new Listener(Tcp.listen("127.0.0.1", port), poller);
        Tcp waiting = Tcp.connect(Endpoint.resolve("127.0.0.1", port, false)[0]);
        assertEquals(1, poller.await(10 * SECOND));
        assertEquals(Long.MAX_VALUE, listener.untilResumed(0));
        Log.start("test", Log.QUIET);
        // Loading a class would take a descriptor as well.
        assertNotNull(Errno.text(Errno.EMFILE));
        long before = descriptorLimit(3);
        Tcp accepted;
        try {
            accepted = listener.accept(0);
        } finally {
            descriptorLimit(before);
            Log.start("test", Log.EVENTS);
        }
        assertNull(accepted);
        assertEquals(SECOND, listener.untilResumed(0));
        assertEquals(0, poller.await(0), "the connection that waits would make the loop spin");
        listener.resume(SECOND - 1);
        assertEquals(0, poller.await(0));
        listener.resume(SECOND);
        assertEquals(1, poller.await(0));
        accepted = listener.accept(SECOND);
        assertNotNull(accepted);
        assertNull(listener.accept(SECOND));
        assertEquals(Long.MAX_VALUE, listener.untilResumed(SECOND), "nobody else waits: no reason for a pause");
        accepted.close();
        waiting.close();
        listener.tcp.close();
    }
}
