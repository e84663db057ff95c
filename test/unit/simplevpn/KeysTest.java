package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryStream;

/** Who is let in by a server with a key, and what both sides' people are told otherwise. */
class KeysTest extends KeyedWorldTest {
    /** Two who are known reach each other, and each keeps its address: a fixed one, and the first that was free. */
    @Test
    void knownKeys() throws Exception {
        known("one");
        known("two", "10.0.0.9");
        server();
        assertSaid(".*this server's key is " + quoted(serverPin) + ", 2 clients are in .*");
        World.Board one = pinned("one");
        assertSaid(".* assigned 10.0.0.2 to one \\(dynamic, cubic\\)");
        World.Board two = pinned("two");
        assertSaid(".* assigned 10.0.0.9 to two \\(dynamic, cubic\\)");
        assertEquals("10.0.0.2", address(one));
        assertEquals("10.0.0.9", address(two));
        assertReaches(one, two);
        assertReaches(two, one);
    }

    /** A key that is not known is told so, with the line that would let it in, and gets nothing. */
    @Test
    void unknownKey() throws Exception {
        String pin = key("stranger");
        server();
        World.Board stranger = pinned("stranger");
        assertNull(stranger.device.address);
        assertSaid(".* refused: this server does not know key " + quoted(pin) + "; with this line in .*peers it would: "
                + quoted(pin) + " NAME");
        assertSaid(".*2002 refused: this server does not know key " + quoted(pin) + "; trying again until it works");
    }

    /** Without a pin, a client ends and says what it was shown; with another one, it tries on and says so. */
    @Test
    void whichServer() throws Exception {
        known("one");
        server();
        World.Board careless = board("one");
        assertEquals(Failure.UNPINNED, careless.failure.status);
        assertTrue(careless.failure.getMessage().endsWith("shows key " + serverPin
                + "; if srv --pin FILE says the same there, add --server-pin " + serverPin),
                careless.failure.getMessage());
        World.Board wrong = board("one", "--server-pin", key("other"));
        assertNull(wrong.failure);
        assertNull(wrong.device.address);
        assertSaid(".* shows key " + quoted(serverPin) + ", which is not pinned; .*");
        assertSaid(".* gone: TLS: \\(certificate_unknown\\) Received fatal alert: certificate_unknown");
        // The other of two pins is enough.
        assertEquals("10.0.0.2", address(board("one", "--server-pin", key("next"), "--server-pin", serverPin)));
    }

    /** An address in the peers file that no client can have is told at the start, and each time that it is read. */
    @Test
    void impossibleAddresses() throws Exception {
        known("one", "10.1.0.7");
        known("two", "10.0.0.1");
        server();
        assertSaid("10.1.0.7 of one in .*peers is none that a client of 10.0.0.0/16 can have: it will be refused");
        assertSaid("10.0.0.1 of two in .*peers is none that a client of 10.0.0.0/16 can have: it will be refused");
        assertNull(address(pinned("one")));
        assertSaid(".* refused: 10.1.0.7 is not in the network 10.0.0.0/16.*");
    }

    /** Who comes without TLS is refused in words, or let in from where that is allowed. */
    @Test
    void withoutTls() throws Exception {
        World.Hub hub = server();
        World.Board plain = world.board(5);
        assertNull(plain.device.address);
        assertSaid(".* refused: this server takes clients with a key alone \\(see cli --key\\).*");
        hub.kill();
        plain.ended = true;
        server("--allow-plain", "10.9.0.0/16,192.0.2.0/24");
        assertEquals("10.0.0.2", address(world.board(6)));
    }

    /** A client with a key says what is missing at a server without one; and so does that server. */
    @Test
    void serverWithoutKey() throws Exception {
        known("one");
        world.hub();
        assertSaid(".*without --key, whoever reaches this port joins, and whoever is on the way reads");
        World.Board one = pinned("one");
        assertNull(one.device.address);
        assertSaid(".* speaks TLS, and this server has no key \\(see srv --key\\)");
        assertSaid(".* closed the connection in the handshake: does it have a key \\(srv --key\\)\\?; .*");
    }

    /** The same key once more takes the first one's place at once, with its address. */
    @Test
    void sameKeyTwice() throws Exception {
        known("one");
        server();
        pinned("one");
        World.Board again = pinned("one");
        assertEquals("10.0.0.2", address(again));
        assertSaid(".*gone: the same client connected again from .*");
        assertSaid(".* assigned 10.0.0.2 to one \\(taken over, cubic\\)");
    }

    /** What a key was given once stays its own, whoever comes and asks for it. */
    @Test
    void addressesStay() throws Exception {
        known("one");
        known("two");
        server("--allow-plain", "192.0.2.0/24");
        World.Board one = pinned("one");
        one.kill();
        world.pass(600 * World.SECOND);
        assertEquals("10.0.0.3", address(pinned("two")));
        assertNull(world.board(7, "--address", "10.0.0.2").device.address);
        assertSaid(".*refused: 10.0.0.2 belongs to another client's key");
        assertEquals("10.0.0.2", address(pinned("one")));
    }

    /** A client that comes back is known by its key, whether TLS goes on with the session of before or not. */
    @Test
    void comesBack() throws Exception {
        known("one");
        World.Hub hub = server();
        World.Board one = pinned("one");
        for (int i = 0; i < 3; i++) {
            one.connector.last().fail(-104);
            world.pass(20 * World.SECOND);
            assertEquals(1, hub.server.hub.clients());
            assertEquals("10.0.0.2", address(one));
        }
        assertEquals(4, world.log().lines().filter(line -> line.contains("assigned 10.0.0.2 to one")).count());
        Files.writeString(file("peers"), "");
        hub.gate.reread();
        world.pass(40 * World.SECOND);
        assertEquals(0, hub.server.hub.clients(), "a session is no right to come in");
        assertSaid(".*2002 refused: this server does not know key .*");
    }

    /** A stranger has ten seconds for its handshake too, however often it says a bit more. */
    @Test
    void handshakesHaveTenSeconds() throws Exception {
        known("one");
        server();
        MemoryStream slow = world.acceptor.connect();
        slow.put(new byte[] {22, 3, 1, 2, 0, 1});
        for (int i = 0; i < 9; i++) {
            world.pass(World.SECOND);
            slow.put(new byte[1]);
        }
        world.pass(World.SECOND - 1);
        assertFalse(slow.other().isClosed());
        world.pass(1);
        assertTrue(slow.other().isClosed());
        assertSaid("192.0.2.99:40000 timed out: .*");
    }

    /** Two pins of one name are one client: a key is changed for another without a gap. */
    @Test
    void newKey() throws Exception {
        known("board");
        Files.writeString(file("peers"), Files.readString(file("peers")) + key("next") + " board\n");
        server();
        assertEquals("10.0.0.2", address(pinned("board")));
        assertEquals("10.0.0.2", address(pinned("next")));
        assertSaid(".*taken over.*");
    }

    /** An address that is fixed for one client while another has it changes hands. */
    @Test
    void addressOfAnother() throws Exception {
        known("one");
        String two = known("two");
        World.Hub hub = server();
        World.Board one = pinned("one");
        assertEquals("10.0.0.2", address(one));
        Files.writeString(file("peers"), Files.readString(file("peers")).replace(two + " two", two + " two 10.0.0.2"));
        hub.gate.reread();
        assertSaid(".*\\(10.0.0.2, one\\) gone: its address is that of two now; .*");
        assertEquals("10.0.0.2", address(pinned("two")));
        world.pass(60 * World.SECOND);
        assertEquals("10.0.0.3", address(one));
    }

    /** Who is given another address, or another name, has to join anew, and gets it. */
    @Test
    void anotherAddress() throws Exception {
        String pin = known("one");
        World.Hub hub = server();
        World.Board one = pinned("one");
        Files.writeString(file("peers"), pin + " one 10.0.0.9\n");
        hub.gate.reread();
        assertSaid(".*\\(10.0.0.2, one\\) gone: its address is 10.0.0.9 now; .*");
        world.pass(60 * World.SECOND);
        assertEquals("10.0.0.9", address(one));
        Files.writeString(file("peers"), pin + " other\n");
        hub.gate.reread();
        assertSaid(".*\\(10.0.0.9, one\\) gone: its name is other now; .*");
        world.pass(60 * World.SECOND);
        assertSaid(".* assigned 10.0.0.* to other .*");
    }

    /** Who was removed from the peers is disconnected, others stay; a file that cannot be read changes nothing. */
    @Test
    void peersChange() throws Exception {
        known("one");
        String two = known("two");
        World.Hub hub = server();
        World.Board one = pinned("one");
        World.Board other = pinned("two");
        Files.writeString(file("peers"), "# nothing but nonsense\nsha256:zzz one\n");
        hub.gate.reread();
        world.run();
        assertSaid(".*peers line 2: sha256:zzz: no pin, .*; what was read before stays in force");
        assertReaches(one, other);
        Files.writeString(file("peers"), two + " two\n");
        hub.gate.reread();
        world.run();
        assertSaid(".*\\(10.0.0.2, one\\) gone: its key is not in .*peers any more; .*");
        assertEquals(1, hub.server.hub.clients());
    }

    /** A file that is being written is read when it rests; one that is gone is told once, and changes nothing. */
    @Test
    void noticedByItself() throws Exception {
        String pin = known("one");
        World.Hub hub = server();
        World.Board one = pinned("one");
        known("two");
        world.pass(5 * World.SECOND);
        Files.writeString(file("peers"), pin + " one\n# and more comes\n");
        world.pass(World.SECOND / 5);
        assertFalse(world.log().contains("anew"), world.log());
        world.pass(World.SECOND / 5);
        assertSaid(".*peers was read anew: 1 clients");
        Files.delete(file("peers"));
        world.pass(60 * World.SECOND);
        assertEquals(1, world.log().lines().filter(line -> line.contains("ENOENT")).count(), world.log());
        assertSaid("open .*peers: ENOENT \\(No such file or directory\\); what was read before stays in force");
        assertEquals(1, hub.server.hub.clients());
        assertEquals("10.0.0.2", address(one));
        Files.writeString(file("peers"), "");
        world.pass(6 * World.SECOND);
        assertSaid(".*\\(10.0.0.2, one\\) gone: its key is not in .*peers any more; .*");
    }
}
