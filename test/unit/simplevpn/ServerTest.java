package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** What the server makes of clients of all kinds, and of strangers: raw connections that do what they like. */
class ServerTest extends WorldTest {
    /** A classic client gets 20 bytes, its keepalives as they are, and packets one per write and none too long. */
    @Test
    void classicClient() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        MemoryStream classic = world.acceptor.connect();
        classic.put(hex("45aa0000 bbccddee 4006f00d 00000000 00000000"));
        world.run();
        assertArrayEquals(hex("45aa0000 bbccddee 4006f00d 00000000 0a000003"), classic.take());
        classic.put(hex(KEEPALIVE));
        world.run();
        assertArrayEquals(hex(KEEPALIVE), classic.take());
        byte[] fits = udp("10.0.0.2", "10.0.0.3", 1472);
        assertEquals(1500, fits.length);
        int writes = classic.other().writes;
        one.device.send(fits);
        one.device.send(udp("10.0.0.2", "10.0.0.3", 1473));
        one.device.send(udp("10.0.0.2", "10.0.0.3", 50));
        world.run();
        assertEquals(1500 + 78, classic.take().length);
        assertEquals(2, classic.other().writes - writes);
        byte[] answer = one.device.receive();
        assertEquals("10.0.0.1 to 10.0.0.2: ICMP 3/4, MTU 1500", icmp(answer));
        hub.device.send(udp(HUB, "10.0.0.3", 8000));
        hub.device.send(SUPER_PACKET, ReferencePackets.unfinished(tcp(HUB, "10.0.0.3", 8000)));
        world.run();
        assertEquals("10.0.0.3 to 10.0.0.1: ICMP 3/4, MTU 1500", icmp(hub.device.receive()));
        assertNull(hub.device.receive(), "a super-packet is cut");
        assertEquals(8 * 1040, classic.take().length);
        byte[] up = udp("10.0.0.3", "10.0.0.2", 33);
        classic.put(up);
        world.run();
        assertArrayEquals(up, one.device.receive());
        hub.device.send(SUPER_PACKET, ReferencePackets.unfinished(tcp(HUB, "10.0.0.3", 3000)));
        writes = classic.other().writes;
        world.run();
        assertEquals(3 * 1040, classic.take().length);
        assertEquals(3, classic.other().writes - writes);
    }

    /** TCP between a classic client and others is told to use segments that fit the connection's own. */
    @Test
    void segmentSizesOfClassicClients() throws Failure {
        world.hub();
        World.Board one = world.board(1);
        MemoryStream classic = joined(DYNAMIC, 20);
        byte[] syn = ReferencePackets.packet(random, ReferencePackets.TCP, 0, 4, 0);
        syn[33] = 2;
        ReferencePackets.set32(syn, 40, 0x0204_05b4);
        byte[] lowered = syn.clone();
        ReferencePackets.set32(lowered, 40, 0x0204_0000 | 1360);
        classic.put(addressed(syn, "10.0.0.3", "10.0.0.2"));
        world.run();
        assertArrayEquals(addressed(lowered, "10.0.0.3", "10.0.0.2"), one.device.receive());
        one.device.send(addressed(syn, "10.0.0.2", "10.0.0.3"));
        world.run();
        assertArrayEquals(addressed(lowered, "10.0.0.2", "10.0.0.3"), classic.take());
    }

    /** Whoever asks again on the same connection keeps the address, whichever it asks for then, in its own words. */
    @Test
    void asksAgain() throws Failure {
        world.hub();
        MemoryStream classic = joined(DYNAMIC, 20);
        classic.put(hex("45000000 00000000 00000000 0a006363 00000000"));
        world.run();
        assertArrayEquals(hex("45000000 00000000 00000000 00000000 0a000002"), classic.take());
        MemoryStream extended = joined("45010000 56320000 00000007 00000000 00000000", 42);
        extended.put(hex("00000000 45010000 56320000 00000007 0a006363 00000000"));
        world.run();
        byte[] again = extended.take();
        assertEquals(46, again.length);
        assertArrayEquals(hex("00000000 4501002a 56330000 00000007 00000000 0a000003"), Arrays.copyOf(again, 24));
        assertEquals(1, world.log().lines().filter(line -> line.contains("assigned 10.0.0.3")).count());
    }

    /** A frame that a client may not send goes nowhere and is counted, and the connection goes on. */
    @Test
    void rejectedFrames() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        MemoryStream raw = world.acceptor.connect();
        raw.put(udp("10.0.0.9", "10.0.0.2", 10));
        raw.put(udp("0.0.0.0", "10.0.0.2", 10));
        world.run();
        raw.put(hex("45010000 56320000 00000007 00000000 00000000"));
        world.run();
        raw.take();
        List<byte[]> bad = List.of(
                tagged(0, udp("10.0.0.9", "10.0.0.2", 10)),
                tagged(0x0200_0000, udp("10.0.0.3", "10.0.0.2", 10)),
                tagged(0x0100_0030, udp("10.0.0.3", "10.0.0.2", 1000)),
                tagged(0, hex("60000000 00003a40" + "00".repeat(32))),
                tagged(1, hex(KEEPALIVE)),
                tagged(1, hex(DYNAMIC)),
                tagged(0, hex("45000000 00000000 00000000 00000000 0a000002")));
        for (byte[] frame : bad) {
            raw.put(frame);
        }
        raw.put(tagged(0, udp("10.0.0.3", HUB, 77)));
        world.run();
        assertEquals(105, hub.device.receive().length, "the sound one came through");
        assertNull(hub.device.receive());
        assertNull(one.device.receive());
        assertSaid("192.0.2.99:40000 \\(10.0.0.3\\) rejected: a packet from 10.0.0.9: source not its own .*");
        raw.close();
        world.run();
        assertSaid("192.0.2.99:40000 \\(10.0.0.3\\) gone; received 1 packets, 105 bytes; .*, rejected 8");
    }

    /** What is no frame ends the connection, and only this one. */
    @Test
    void rubbish() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        for (String bytes : List.of("00".repeat(20), "47000014" + "01".repeat(16), "ff".repeat(19) + "fe")) {
            MemoryStream raw = world.acceptor.connect();
            raw.put(hex(bytes));
            world.run();
            assertTrue(raw.other().isClosed(), bytes);
        }
        assertEquals(1, hub.server.hub.clients());
        assertCarries(one.device, hub.device, udp("10.0.0.2", HUB, 10));
    }

    /** A stranger that asks without reading what it gets cannot be answered in two framings at once. */
    @Test
    void asksWithoutReading() throws Failure {
        world.hub();
        MemoryStream raw = world.acceptor.connect();
        raw.room(30);
        raw.put(hex(KEEPALIVE + KEEPALIVE));
        raw.put(hex("45010000 56320000 00000007 00000000 00000000"));
        world.run();
        assertTrue(raw.other().isClosed());
        assertSaid(".* broke the protocol: asks for an address but does not read \\(PROTOCOL.md 2, table 2.2\\); .*");
    }

    /** Why an address is refused is what the user reads, and the end of a client that must have it. */
    @Test
    void refusals() throws Failure {
        world.hub("-n", "10.1.0.0/29", "-c", "2");
        world.board(1, "-a", "10.1.0.4");
        for (String[] row : new String[][] {{"10.1.0.1", "10.1.0.1 is reserved"},
            {"10.2.0.1", "10.2.0.1 is not in the network 10.1.0.0/29"},
            {"10.1.0.4", "10.1.0.4 is taken by another client"}}) {
            World.Board board = world.board(9, "-a", row[0], "--once");
            assertEquals("192.0.2.1:2002 refused: " + row[1], board.failure.getMessage());
            assertEquals(Failure.REFUSED, board.failure.status);
        }
        world.board(2);
        World.Board late = world.board(3);
        assertNull(late.failure, "one that takes any address tries again");
        assertSaid("192.0.2.1:2002 refused: the server is full, 2 clients are its limit; trying again until it works");
        assertEquals(Failure.REFUSED, world.board(4, "--once").failure.status);
    }

    /** A stranger has 10 seconds to ask; one that only sends keepalives has no more. */
    @Test
    void strangersHaveTenSeconds() throws Failure {
        world.hub();
        MemoryStream silent = world.acceptor.connect();
        MemoryStream busy = world.acceptor.connect();
        world.pass(9 * SECOND);
        busy.put(hex(KEEPALIVE));
        world.pass(SECOND - 1);
        assertFalse(silent.other().isClosed() || busy.other().isClosed());
        world.pass(1);
        assertTrue(silent.other().isClosed() && busy.other().isClosed());
        assertSaid("192.0.2.99:40000 timed out: no request within 10 s \\(PROTOCOL.md 1, .*");
    }

    /** After the server stood still nobody is dropped who has said something meanwhile, or says it soon. */
    @Test
    void standstill() throws Failure {
        World.Hub hub = world.hub("-t", "4");
        MemoryStream[] clients = new MemoryStream[50];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = joined(DYNAMIC, 20);
        }
        for (long pause : new long[] {6, 600}) {
            world.standStill(pause * SECOND);
            for (int i = 0; i < clients.length; i += 2) {
                clients[i].put(hex(KEEPALIVE));
            }
            world.run();
            assertEquals(50, hub.server.hub.clients(), "after " + pause + " s");
            world.pass(4 * SECOND - 1);
            for (MemoryStream client : clients) {
                client.put(hex(KEEPALIVE));
            }
            world.run();
            assertEquals(50, hub.server.hub.clients(), "after " + pause + " s");
        }
        world.standStill(6 * SECOND);
        world.pass(4 * SECOND);
        assertEquals(0, hub.server.hub.clients(), "nobody said anything at all");
    }

    /** A client that is silent for the timeout from its joining on is dropped; each sign of life puts that off. */
    @Test
    void silentClientsAreDropped() throws Failure {
        world.hub("-t", "4");
        for (int wait : new int[] {0, 9}) {
            MemoryStream silent = world.acceptor.connect();
            world.pass(wait * SECOND);
            silent.put(hex(DYNAMIC));
            world.pass(4 * SECOND - 1);
            assertFalse(silent.other().isClosed());
            world.pass(1);
            assertTrue(silent.other().isClosed());
        }
        MemoryStream classic = joined(DYNAMIC, 20);
        for (int i = 0; i < 3; i++) {
            world.pass(3 * SECOND);
            classic.put(hex(KEEPALIVE));
        }
        world.pass(4 * SECOND - 1);
        assertFalse(classic.other().isClosed());
        world.pass(1);
        assertTrue(classic.other().isClosed());
        assertSaid("192.0.2.99:40002 \\(10.0.0.4\\) timed out: silent for 4 s; .*");
    }

    /** A connection that cannot be watched is turned away; those that are in do not notice. */
    @Test
    void turnedAway() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        hub.loop.memoryPoller.room = 0;
        MemoryStream second = world.acceptor.connect();
        world.run();
        assertTrue(second.other().isClosed());
        assertSaid("192.0.2.99:40000 turned away: epoll_ctl: ENOSPC");
        hub.loop.memoryPoller.room = 100;
        MemoryStream third = world.acceptor.connect();
        world.run();
        assertFalse(third.other().isClosed());
        assertCarries(one.device, hub.device, udp("10.0.0.2", HUB, 10));
    }

    /** Lines about strangers are limited, those about clients are not. */
    @Test
    void strangersInTheLog() throws Failure {
        world.hub();
        world.news();
        for (int i = 0; i < 1000; i++) {
            world.acceptor.connect().close();
        }
        world.run();
        assertEquals(100, world.news().size());
        world.pass(SECOND);
        world.acceptor.connect().close();
        world.run();
        assertTrue(world.news().getFirst().endsWith("(1900 such lines before it left out)"));
    }

    /** A client that asks again and again is answered 50 times at once, and 20 times a second after that. */
    @Test
    void answersToOneClientAreLimited() throws Failure {
        world.hub();
        MemoryStream busy = joined(DYNAMIC, 20);
        MemoryStream calm = joined(DYNAMIC, 20);
        for (int expected : new int[] {50, 20, 20}) {
            for (int i = 0; i < 1000; i++) {
                busy.put(hex(DYNAMIC));
            }
            world.run();
            assertEquals(expected * 20, busy.take().length);
            world.pass(SECOND);
        }
        calm.put(hex(DYNAMIC));
        world.run();
        assertEquals(20, calm.take().length, "another client has a limit of its own");
    }

    /** With -v a client's wrong packets are told, but not each of them. */
    @Test
    void detailsAboutOneClientAreLimited() throws Failure {
        world.hub();
        MemoryStream raw = joined(DYNAMIC, 20);
        world.news();
        for (int i = 0; i < 1000; i++) {
            raw.put(udp("10.0.0.9", HUB, 10));
        }
        world.run();
        assertEquals(50, world.news().size());
        raw.close();
        world.run();
        assertSaid(".*rejected 1000");
    }

    /**
     * Connections that come and go leave no descriptor and no memory behind, neither of a frame of which only the
     * beginning came nor of one that was not taken, and however they end.
     */
    @Test
    void nothingIsLeftBehind() throws Failure {
        World.Hub hub = world.hub();
        int before = world.kernel.count();
        MemoryStream other = joined(DYNAMIC, 20);
        for (int i = 0; i < 300; i++) {
            MemoryStream raw = world.acceptor.connect();
            raw.put(hex(DYNAMIC));
            world.run();
            raw.room(0);
            raw.put(hex(KEEPALIVE));
            raw.put(Arrays.copyOf(udp("10.0.0.3", HUB, 100), 1 + random.nextInt(127)));
            world.run();
            // The beginning of a frame has to make room in the inbox, and is kept elsewhere.
            other.put(hex(KEEPALIVE));
            world.run();
            if (i % 2 == 0) {
                raw.close();
            } else {
                raw.reset();
            }
            world.run();
        }
        other.close();
        world.run();
        assertEquals(before, world.kernel.count());
        world.pass(60 * SECOND);
        assertEquals(0, hub.server.hub.clients());
        assertEquals(Long.MAX_VALUE, hub.loop.untilTurn(), "no timer, and no memory that has to be given back");
    }
}
