package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

/** The kernel's poller on real sockets. */
class EpollTest {
    /** For what comes: long enough for any machine. */
    private static final long LONG = 60_000_000_000L;

    private final Buffer buffer = Buffer.permanent(64);
    private final List<String> events = new ArrayList<>();
    private final List<LoopbackPair> pairs = new ArrayList<>();
    private Epoll poller;

    @BeforeEach
    void open() throws Failure {
        poller = new Epoll();
    }

    @AfterEach
    void close() {
        pairs.forEach(LoopbackPair::close);
    }

    private LoopbackPair pair() throws Failure {
        LoopbackPair pair = new LoopbackPair();
        pairs.add(pair);
        return pair;
    }

    private Handler noting(String name) {
        return (writable, failed) -> events.add(name + (writable ? " writable" : "") + (failed ? " failed" : ""));
    }

    private List<String> poll(long nanos) throws Failure {
        events.clear();
        poller.await(nanos);
        poller.handle();
        return List.copyOf(events);
    }

    /** What was written on the loopback interface may take its time on a machine that has much to do. */
    private static void awaitInput(Tcp tcp) throws Failure {
        Epoll other = new Epoll();
        other.add(tcp.fd(), Poller.READ, (writable, failed) -> { });
        other.await(LONG);
        other.handle();
        other.remove(tcp.fd());
    }

    /** Each descriptor's events reach its own handler, as often as it is ready for what it is watched for. */
    @Test
    void interests() throws Failure {
        LoopbackPair pair = pair();
        poller.add(pair.left.fd(), Poller.READ, noting("left"));
        poller.add(pair.right.fd(), Poller.READ | Poller.WRITE, noting("right"));
        assertEquals(List.of("right writable"), poll(0));
        pair.right.write(buffer, 0, 10);
        assertTrue(poller.change(pair.right.fd(), Poller.READ));
        assertEquals(List.of("left"), poll(LONG));
        assertEquals(List.of("left"), poll(0), "level-triggered");
        assertTrue(poller.change(pair.left.fd(), 0));
        assertEquals(List.of(), poll(0));
        poller.change(pair.left.fd(), Poller.READ);
        pair.left.read(buffer, 0, 64);
        assertEquals(List.of(), poll(0));
    }

    /** A descriptor that one handler gives up without closing it is the next one's, with other interests. */
    @Test
    void handedOn() throws Failure {
        LoopbackPair pair = pair();
        poller.add(pair.left.fd(), Poller.WRITE, noting("first"));
        poller.remove(pair.left.fd());
        assertEquals(List.of(), poll(0));
        poller.add(pair.left.fd(), Poller.READ, noting("second"));
        assertEquals(List.of(), poll(0));
        pair.right.write(buffer, 0, 1);
        assertEquals(List.of("second"), poll(LONG));
    }

    /** A peer that broke off is a failure. */
    @Test
    void failures() throws Failure {
        LoopbackPair pair = pair();
        poller.add(pair.left.fd(), 0, noting("left"));
        pair.left.write(buffer, 0, 10);
        awaitInput(pair.right);
        pairs.clear();
        pair.right.close(); // with unread bytes: a reset
        assertEquals(List.of("left failed"), poll(LONG));
        assertEquals(-Errno.ECONNRESET, pair.left.error());
        pair.left.close();
        assertFalse(poller.change(pair.left.fd(), Poller.READ), "a closed descriptor");
    }

    /**
     * An event that was fetched before its descriptor was closed, and opened anew for somebody else by a handler of the
     * same batch, reaches nobody.
     */
    @Test
    void staleEvents() throws Failure {
        LoopbackPair first = pair();
        LoopbackPair old = pair();
        first.right.write(buffer, 0, 1);
        old.right.write(buffer, 0, 1);
        int fd = old.left.fd();
        LoopbackPair[] fresh = new LoopbackPair[1];
        poller.add(first.left.fd(), Poller.READ, (writable, failed) -> {
            if (fresh[0] != null) {
                return;
            }
            poller.remove(fd);
            pairs.remove(old);
            old.close();
            fresh[0] = pair();
            for (Tcp end : List.of(fresh[0].left, fresh[0].right)) {
                if (end.fd() == fd) {
                    poller.add(fd, Poller.READ, noting("new"));
                    events.add("reused");
                }
            }
        });
        poller.add(fd, Poller.READ, noting("old"));
        assertEquals(List.of("reused"), poll(LONG));
    }

    /** A descriptor that was removed reports nothing any more, whatever comes for it and as long as it stays open. */
    @Test
    void removed() throws Failure {
        LoopbackPair pair = pair();
        poller.add(pair.left.fd(), Poller.READ, noting("left"));
        poller.add(pair.right.fd(), Poller.WRITE, noting("right"));
        pair.right.write(buffer, 0, 10);
        awaitInput(pair.left);
        assertEquals(List.of("left", "right writable"), poll(LONG).stream().sorted().toList());
        poller.remove(pair.left.fd());
        assertEquals(List.of("right writable"), poll(0));
        poller.remove(pair.right.fd());
        assertEquals(List.of(), poll(0));
    }

    /** Descriptors of any number find room. */
    @Test
    void manyDescriptors() throws Failure {
        for (int i = 0; i < 60; i++) {
            LoopbackPair pair = pair();
            poller.add(pair.left.fd(), Poller.WRITE, noting("one"));
            poller.add(pair.right.fd(), Poller.WRITE, noting("one"));
        }
        assertEquals(120, poll(LONG).size());
    }

    /** Another thread ends a wait that would be for ever; one time over ends it by itself. */
    @Test
    void wake() throws Exception {
        Thread waker = Thread.ofPlatform().start(poller::wake);
        poller.await(Long.MAX_VALUE);
        poller.handle();
        waker.join();
        assertEquals(List.of(), poll(1));
    }
}
