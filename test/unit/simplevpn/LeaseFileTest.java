package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;

/** The addresses of clients with keys outlive the server, whatever happens to the file that they are in. */
class LeaseFileTest extends KeyedWorldTest {
    private static final String OTHERS = "; clients may have other addresses after the next start";

    private Path file;

    @BeforeEach
    void name() {
        file = file("peers.leases");
    }

    private LeaseFile open() {
        return new LeaseFile(file("peers").toString(), file("run").toString());
    }

    private static Address address(String text) {
        return Address.parse(text);
    }

    /** Clients come back in another order after the server started anew: each has the address that it had. */
    @Test
    void serverStartsAnew() throws Exception {
        known("one");
        known("two");
        known("three", "10.0.0.2");
        World.Hub hub = server();
        assertEquals("10.0.0.3", address(pinned("one")));
        assertEquals("10.0.0.4", address(pinned("two")));
        hub.kill();
        assertEquals("one 10.0.0.3\ntwo 10.0.0.4\n", Files.readString(file));
        world.close();
        world = new World();
        server();
        assertEquals("10.0.0.4", address(pinned("two")));
        assertNull(address(pinned("three", "--address", "10.0.0.3")), "kept for one, who is not back yet");
        assertEquals("10.0.0.3", address(pinned("one")));
        assertEquals("10.0.0.2", address(pinned("three")));
    }

    /** The last line of a name counts; what is not needed is gone after the next start. */
    @Test
    void lines() throws Exception {
        LeaseFile leases = open();
        leases.note("one", address("10.0.0.2"));
        leases.note("two", address("10.0.0.3"));
        leases.note("one", address("10.0.0.4"));
        leases.note("one", address("10.0.0.4"));
        assertEquals("one 10.0.0.2\ntwo 10.0.0.3\none 10.0.0.4\n", Files.readString(file));
        LeaseFile again = open();
        assertEquals(address("10.0.0.4"), again.of("one"));
        assertEquals(address("10.0.0.3"), again.of("two"));
        assertNull(again.of("three"));
        known("one");
        again.tidy(Peers.read(file("peers").toString()));
        assertEquals("one 10.0.0.4\n", Files.readString(file));
        assertNull(again.of("two"), "not among the peers any more");
        again.note("one", address("10.0.0.5"));
        assertEquals("one 10.0.0.4\none 10.0.0.5\n", Files.readString(file));
    }

    /** A file that was cut, filled with zeros, or changed anywhere costs the lines that this hit, and no more. */
    @Test
    void damaged() throws Exception {
        known("one");
        known("two");
        Peers peers = Peers.read(file("peers").toString());
        byte[] whole = "one 10.0.0.12\ntwo 10.0.0.13\n".getBytes(StandardCharsets.US_ASCII);
        Random random = new Random(3);
        for (int i = 0; i < 1000 * Fuzz.TIMES; i++) {
            byte[] bytes = Arrays.copyOf(whole, i % 3 == 0 ? random.nextInt(whole.length) : whole.length + i % 5 * 7);
            if (i % 3 == 1) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            Files.write(file, bytes);
            LeaseFile leases = open();
            leases.tidy(peers);
            for (String name : new String[] {"one", "two"}) {
                Address found = leases.of(name);
                assertTrue(i % 3 == 1 || found == null || found.equals(address(name.equals("one") ? "10.0.0.12"
                        : "10.0.0.13")), "cut, or with zeros: never another address");
            }
            leases.note("two", address("10.0.0.99"));
            assertEquals(address("10.0.0.99"), open().of("two"));
        }
    }

    /** Where the folder cannot be written to, it is the other one; where neither can, all are served. */
    @Test
    void elsewhere() throws Exception {
        Files.createDirectory(file);
        LeaseFile leases = open();
        assertSaid("open " + quoted(file.toString()) + ": EISDIR .*: until this machine starts anew, clients' addresses"
                + " are kept in " + quoted(file("run").resolve("peers.leases").toString()));
        leases.note("one", address("10.0.0.2"));
        assertEquals("one 10.0.0.2\n", Files.readString(file("run").resolve("peers.leases")));
        assertEquals(address("10.0.0.2"), open().of("one"));
        LeaseFile nowhere = new LeaseFile(file("peers").toString(), "/proc/nowhere");
        nowhere.note("one", address("10.0.0.2"));
        assertEquals(address("10.0.0.2"), nowhere.of("one"));
        assertSaid("open " + quoted(file.toString()) + ": EISDIR .*" + OTHERS);
    }

    /** What cannot be written anew, since no other file can be made there, still gets new leases, and once a line. */
    @Test
    void folderOfOthers() throws Exception {
        Files.writeString(file, "one 10.0.0.2\ntw");
        Files.createDirectory(file(file.getFileName() + ".new"));
        LeaseFile leases = open();
        leases.note("one", address("10.0.0.5"));
        assertSaid("write " + quoted(file.toString()) + "\\.new: .*" + OTHERS);
        world.news();
        leases.note("two", address("10.0.0.6"));
        assertEquals(List.of(), world.news());
        LeaseFile again = open();
        assertEquals(address("10.0.0.5"), again.of("one"));
        assertEquals(address("10.0.0.6"), again.of("two"));
    }

    /** A client that changes its address again and again does not fill the disk. */
    @Test
    void bounded() throws Exception {
        LeaseFile leases = new LeaseFile(file("peers").toString(), file("run").toString(), 200);
        leases.note("two", address("10.0.0.2"));
        for (int i = 0; i < 100; i++) {
            leases.note("one", address("10.0.1." + i % 10));
            assertTrue(Files.size(file) < 200);
        }
        assertEquals(address("10.0.1.9"), open().of("one"));
        for (int i = 0; i < 100; i++) {
            leases.note("name" + i, address("10.0.1." + i));
            assertTrue(Files.size(file) < 200);
        }
        assertFalse(world.log().contains("internal"), world.log());
    }
}
