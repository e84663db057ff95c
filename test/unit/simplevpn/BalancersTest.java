package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** Connections that balancers pass on are those of whom they say; what others say of themselves is worth nothing. */
class BalancersTest extends KeyedWorldTest {
    private static final String SIGNATURE = "0d0a0d0a 000d0a51 5549540a";
    private static final String LOCAL = SIGNATURE + "20 00 0000";
    private static final String NO_HEADER = " turned away: does not begin with a PROXY protocol header; all from "
            + "--proxy-protocol have to begin with one \\(HAProxy: send-proxy-v2\\)";
    private static final Endpoint BALANCER = MemoryKernel.endpoint(0xc0000250, 50_000);

    @BeforeEach
    void manyConnectionsNeedLittle() {
        world.acceptor.room = 4096;
    }

    /** A header for a client at 198.51.100.N, port 1000. */
    private static String of(int number) {
        return SIGNATURE + "21 11 000c c63364" + String.format("%02x", number) + "c0000250 03e8 07d2";
    }

    private MemoryStream balanced(String hex) {
        MemoryStream stream = world.acceptor.connect(BALANCER);
        stream.put(hex(hex));
        world.run();
        return stream;
    }

    private World.Hub hub(int connections, String... more) throws Failure {
        List<String> words = new ArrayList<>(List.of("--proxy-protocol", "192.0.2.80,2001:db8::/64,fd00::50"));
        words.addAll(List.of(more));
        return world.new Hub(connections, words.toArray(String[]::new));
    }

    /** Header and request in one piece, and byte by byte: the answer comes, and the log has the client's address. */
    @Test
    void saysWhoseItIs() throws Failure {
        hub(100);
        MemoryStream one = balanced(of(7) + DYNAMIC);
        assertEquals(20, one.take().length);
        assertSaid("198.51.100.7:1000 connected");
        assertSaid("198.51.100.7:1000 assigned 10.0.0.2 .*");
        MemoryStream two = world.acceptor.connect(BALANCER);
        for (byte each : hex(of(8) + DYNAMIC)) {
            world.run();
            assertEquals(0, two.peek().length);
            two.put(each);
        }
        world.run();
        assertEquals(20, two.take().length);
        assertSaid("198.51.100.8:1000 assigned 10.0.0.3 .*");
        assertFalse(world.log().contains("192.0.2.80"), world.log());
    }

    /** IPv6 balancers and clients; and a balancer that speaks for no address, or its own checks. */
    @Test
    void ipv6AndOwn() throws Failure {
        hub(100);
        MemoryStream stream = world.acceptor.connect(MemoryKernel.endpoint6(0x50, 50_000));
        stream.put(hex(SIGNATURE + "21 21 0024 20010db8 00000000 00000000 00000007 fd000000 00000000 00000000 00000001"
                + "03e8 07d2" + DYNAMIC));
        world.run();
        assertEquals(20, stream.take().length);
        assertSaid("\\[2001:db8::7\\]:1000 assigned 10.0.0.2 .*");
        assertEquals(20, balanced(SIGNATURE + "21 00 0000" + DYNAMIC).take().length);
        assertSaid("192.0.2.80:50000 assigned 10.0.0.3 .*");
    }

    /** A connection of another source is as ever, and a header there is only rubbish. */
    @Test
    void othersAreAsEver() throws Failure {
        hub(100);
        MemoryStream direct = world.acceptor.connect();
        direct.put(hex(DYNAMIC));
        world.run();
        assertEquals(20, direct.take().length);
        MemoryStream liar = world.acceptor.connect();
        liar.put(hex(of(7) + DYNAMIC));
        world.run();
        assertTrue(liar.other().isClosed());
        assertSaid("192.0.2.99:40001 broke the protocol: .*");
        assertFalse(world.log().contains("198.51.100.7"), world.log());
    }

    /** Who is no balancer though he should be one is turned away in plain words, and costs nothing. */
    @Test
    void withoutHeader() throws Failure {
        World.Hub hub = hub(100);
        int open = world.kernel.count();
        assertTrue(balanced(DYNAMIC).other().isClosed());
        assertSaid("192.0.2.80:50000" + NO_HEADER);
        MemoryStream old = world.acceptor.connect(BALANCER);
        old.put("PROXY TCP4 198.51.100.7 192.0.2.80 1000 2002\r\n".getBytes(StandardCharsets.US_ASCII));
        world.run();
        assertSaid("192.0.2.80:50000 turned away: sends a PROXY protocol header of version 1, and only version 2 is "
                + "taken; all .*");
        MemoryStream cut = balanced(SIGNATURE);
        cut.close();
        world.run();
        assertSaid("192.0.2.80:50000 turned away: closed within its PROXY protocol header");
        MemoryStream slow = balanced(SIGNATURE);
        world.pass(9 * SECOND);
        slow.put((byte) 0x21);
        world.run();
        assertFalse(slow.other().isClosed());
        world.pass(SECOND);
        assertTrue(slow.other().isClosed());
        assertSaid("192.0.2.80:50000 turned away: did not send its PROXY protocol header in 10 s");
        old.close();
        slow.close();
        assertEquals(0, hub.server.hub.clients());
        assertTrue(world.kernel.count() <= open + 1, "only the one that a test did not close is left");
    }

    /** Checks of health are closed without a word, with and without a header, also when they are broken off. */
    @Test
    void checks() throws Failure {
        World.Hub hub = hub(100, "-q");
        world.news();
        for (int i = 0; i < 1000; i++) {
            MemoryStream check = balanced(i % 2 == 0 ? LOCAL : "");
            if (i % 4 == 1) {
                check.close();
            } else if (i % 4 == 3) {
                check.reset();
            }
            world.run();
            assertTrue(check.other().isClosed());
            world.pass(SECOND);
        }
        // With details, which this world always has, a few are told: they are rate-limited with all of strangers.
        assertTrue(world.news().stream().allMatch(line -> line.matches("192.0.2.80:50000 has seen that this server is "
                + "there, as balancers have \\d+ times so far")));
        assertEquals(0, hub.server.hub.clients());
        assertEquals(20, balanced(of(7) + DYNAMIC).take().length);
    }

    /** Those that never send a header take nobody else's place: there are only so many, and the oldest goes. */
    @Test
    void silentOnesAreBounded() throws Failure {
        hub(320);
        List<MemoryStream> silent = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            silent.add(balanced(i % 2 == 0 ? "" : SIGNATURE));
        }
        assertEquals(320 / 4 / 4, silent.stream().filter(stream -> !stream.other().isClosed()).count());
        assertFalse(silent.getLast().other().isClosed());
        assertSaid("192.0.2.80:50000 turned away: gave way to another: 20 connections without their PROXY protocol "
                + "header are the limit");
        assertEquals(20, balanced(of(7) + DYNAMIC).take().length);
    }

    /** A header that has come is read before its connection has to give way, or its time is over. */
    @Test
    void whatHasArrivedIsReadFirst() throws Failure {
        hub(320);
        MemoryStream good = balanced(SIGNATURE);
        for (int i = 0; i < 19; i++) {
            balanced("");
        }
        good.put(hex((of(7) + DYNAMIC).substring(SIGNATURE.length())));
        balanced("");
        assertEquals(20, good.take().length);
        MemoryStream late = balanced(SIGNATURE);
        late.put(hex((of(8) + DYNAMIC).substring(SIGNATURE.length())));
        world.standStill(11 * SECOND);
        world.run();
        assertEquals(20, late.take().length);
    }

    /** Limits count the clients that the balancer speaks for, and not itself: of strangers, and of those with one. */
    @Test
    void limitsCountTheRealAddress() throws Failure {
        hub(320, "--max-per-source", "2");
        List<MemoryStream> flood = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            flood.add(balanced(of(66)));
        }
        assertEquals((80 - 20) / 2, flood.stream().filter(stream -> !stream.other().isClosed()).count());
        assertSaid("198.51.100.66:1000 gave way to another: 30 connections of one host without an address are the "
                + "limit");
        world.pass(100 * SECOND);
        for (int i = 0; i < 40; i++) {
            assertEquals(20, balanced(of(1 + i / 2) + DYNAMIC).take().length, "client " + i);
        }
        MemoryStream third = balanced(of(1) + DYNAMIC);
        assertTrue(third.other().isClosed());
        assertSaid("198.51.100.1:1000 refused: as many addresses as one host may have, 2, .*");
    }

    /** Clients with keys behind a balancer: handshake and tunnel are as without one, but for whose address it is. */
    @Test
    void handshakeBehindHeader() throws Exception {
        known("one");
        known("two");
        world.acceptor.room = 1 << 20;
        server("--proxy-protocol", "192.0.2.2");
        world.acceptor.inFront = hex(of(7));
        World.Board one = pinned("one");
        world.acceptor.inFront = hex(of(8));
        World.Board two = pinned("two");
        assertReaches(one, two);
        assertReaches(two, one);
        assertSaid("198.51.100.7:1000 assigned 10.0.0.2 to one .*");
        assertSaid("198.51.100.8:1000 assigned 10.0.0.3 to two .*");
        assertFalse(world.log().lines().anyMatch(line -> line.startsWith("test: 192.0.2.2:")), world.log());
    }

    /** Who may come without TLS is a matter of the real address. */
    @Test
    void plainOnes() throws Exception {
        server("--proxy-protocol", "192.0.2.80", "--allow-plain", "198.51.100.7");
        assertEquals(20, balanced(of(7) + DYNAMIC).take().length);
        assertTrue(balanced(of(8) + DYNAMIC).other().isClosed());
        assertSaid("198.51.100.8:1000 refused: this server takes clients with a key alone .*");
    }

    /** The networks may be of both versions, and anything else is a wrong option. */
    @Test
    void settings() {
        for (String wrong : new String[] {"192.0.2.1/24", "2001:db8::1/64", "proxy", "", "::ffff:192.0.2.80"}) {
            assertEquals(Failure.USAGE, assertThrows(Failure.class,
                    () -> world.hub("--proxy-protocol", wrong)).status);
        }
    }
}
