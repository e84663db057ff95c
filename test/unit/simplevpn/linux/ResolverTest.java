package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

/** Names and addresses, looked up by this machine's libc. */
class ResolverTest {
    /** Waits until a lookup in a thread of its own has ended, as a program's loop does. */
    private static void await(Lookup lookup) throws Failure {
        boolean[] told = new boolean[1];
        Epoll epoll = new Epoll();
        epoll.add(lookup.fd(), Poller.READ, (writable, failed) -> told[0] = true);
        for (int i = 0; i < 60 && !told[0]; i++) {
            epoll.await(1_000_000_000L);
            epoll.handle();
        }
        assertTrue(told[0], "no answer within a minute");
        epoll.remove(lookup.fd());
    }

    /** An address is its own answer at once: no thread, no descriptor, no name server. */
    @Test
    void address() throws Failure {
        Lookup lookup = Resolver.begin("192.0.2.7", 2002);
        assertEquals(-1, lookup.fd());
        assertEquals("192.0.2.7:2002", lookup.result()[0].toString());
    }

    /** A name is looked up in a thread; the poller tells when there is an answer. */
    @Test
    void name() throws Failure {
        Lookup lookup = Resolver.begin("localhost", 2002);
        assertTrue(lookup.fd() >= 0);
        await(lookup);
        String first = lookup.result()[0].toString();
        assertTrue(first.equals("127.0.0.1:2002") || first.equals("[::1]:2002"), first);
    }

    /** So is what is no name at all: the answer is a failure that says which name it was. */
    @Test
    void noSuchName() throws Failure {
        Lookup lookup = Resolver.begin("no such name", 2002);
        await(lookup);
        Failure failure = assertThrows(Failure.class, lookup::result);
        assertTrue(failure.getMessage().startsWith("no such name: "), failure.getMessage());
        assertEquals(Failure.UNREACHABLE, failure.status);
    }
}
