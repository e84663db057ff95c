package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.HostName;
import simplevpn.memory.MemoryStream;

/** Clients' names: what the server's owner says, what they say themselves, and the file in which others find them. */
class HostsFileTest extends KeyedWorldTest {
    private String hosts() {
        return file("hosts").toString();
    }

    /** The lines about clients. */
    private List<String> lines() throws IOException {
        List<String> all = Files.readAllLines(file("hosts"));
        assertTrue(all.get(0).startsWith("# "));
        return all.stream().filter(line -> !line.matches("(#|10\\.0\\.0\\.1 |\\S*:a00:1 ).*")).toList();
    }

    /** Everybody may read the file; the server itself is in it, then who connects, and who is gone is not. */
    @Test
    void comingAndGoing() throws Exception {
        World.Hub hub = world.hub("--hosts", hosts(), "--domain", "vpn.test");
        String own = HostsFile.firstPart(HostName.own());
        assertTrue(own == null
                || Files.readAllLines(file("hosts")).get(1).equals("10.0.0.1 " + own + ".vpn.test " + own));
        assertEquals("rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(file("hosts"))));
        World.Board board = world.board(1, "--name", "Pi-4.home.example");
        world.board(2);
        world.pass(SECOND);
        assertEquals(List.of("10.0.0.2 pi-4.vpn.test pi-4"), lines());
        board.kill();
        world.pass(SECOND);
        assertEquals(List.of(), lines());
        world.board(3, "--name", "other");
        world.pass(SECOND);
        hub.kill();
        assertEquals(List.of(), lines());
    }

    /** Whoever has IPv6 inside is found by that too, and who does without is not. */
    @Test
    void ipv6() throws Exception {
        world.hub("--hosts", hosts(), "--network6", "fd00:1::/64");
        String own = HostsFile.firstPart(HostName.own());
        assertTrue(own == null || Files.readString(file("hosts")).endsWith("\nfd00:1::a00:1 " + own + "\n"));
        world.board(1, "--name", "shed");
        named("shack");
        world.pass(SECOND);
        assertEquals(List.of("10.0.0.2 shed", "fd00:1::a00:2 shed", "10.0.0.3 shack"), lines());
    }

    /** The names of the server's owner are told to clients, and nobody else has them, whatever he says. */
    @Test
    void knownNames() throws Exception {
        known("shed", "10.0.0.7");
        known("Cellar");
        known("attic.vpn.test");
        server("--hosts", hosts(), "--allow-plain", "192.0.2.0/24", "--network6", "none");
        World.Board shed = pinned("shed", "--name", "palace", "--up", "/up");
        assertEquals("shed", shed.hooks.started.get(0).variable("NAME"));
        for (String name : List.of("shed", "SHED", "cellar", "Cellar.x", "attic")) {
            named(name);
        }
        world.pass(SECOND);
        assertEquals(List.of("10.0.0.7 shed"), lines());
        pinned("Cellar");
        named("shack");
        world.pass(SECOND);
        assertEquals(List.of("10.0.0.7 shed", "Cellar", "shack"),
                lines().stream().map(line -> line.startsWith("10.0.0.7") ? line : line.split(" ")[1]).toList());
    }

    /** A client without TLS that says a name in a second request; its first answer came, and so does this one. */
    private MemoryStream named(String name) {
        MemoryStream client = joined("45000000 56320000 00000000 00000000 00000000", 42);
        StringBuilder request = new StringBuilder(String.format("4500%04x 56320000 00000000 00000000 00000000 20%02x",
                22 + name.length(), name.length()));
        name.chars().forEach(letter -> request.append(String.format("%02x", letter)));
        client.put(hex(request.toString()));
        world.run();
        assertEquals(42, client.take().length);
        return client;
    }

    /** Of those who say the same name the first has it, until he goes. */
    @Test
    void sameNames() throws Exception {
        world.hub("--hosts", hosts());
        MemoryStream first = named("raspberrypi");
        named("RaspberryPi");
        world.pass(SECOND);
        assertEquals(List.of("10.0.0.2 raspberrypi"), lines());
        first.close();
        world.pass(SECOND);
        assertEquals(List.of("10.0.0.3 raspberrypi"), lines());
    }

    /** What is no name, or one that means something elsewhere, is nobody's; of others only the first part counts. */
    @Test
    void namesThatAreNone() {
        for (String none : List.of("localhost", "WPAD", "wpad.corp", "isatap", "", ".", "-x", "x-", "10.0.0.9", "7",
                "0x0a000001", "localhost6", "ip6-loopback", "a b", "a\nb", "\u00e4", ".x")) {
            assertNull(HostsFile.firstPart(none), none);
        }
        assertEquals("www", HostsFile.firstPart("WWW.example.org"));
        assertEquals("a-1", HostsFile.firstPart("a-1"));
    }

    /** Thousands that come and go: the file is written once a second, and always as a whole. */
    @Test
    void rate() throws Exception {
        World.Hub hub = world.hub();
        HostsFile all = new HostsFile(hub.loop, hosts(), "vpn.test", Address.parse("10.0.0.1"), null, hub.gate);
        Files.delete(file("hosts"));
        int written = 0;
        for (int i = 0; i < 5000; i++) {
            all.came(Address.ofIpv4(0x0a000102 + i), null, "c" + i);
            all.went(Address.ofIpv4(0x0a000102 + i - 50));
            world.pass(SECOND / 500);
            written += Files.deleteIfExists(file("hosts")) ? 1 : 0;
        }
        assertTrue(written >= 9 && written <= 10, "written " + written + " times in 10 s");
        all.went(Address.ofIpv4(0x0a000102 + 4999));
        world.pass(SECOND);
        assertEquals(49, lines().size());
    }

    /** What cannot be written is told once, and written as soon as that can be. */
    @Test
    void cannotBeWritten() throws Exception {
        world.hub("--hosts", hosts());
        Files.createDirectory(file("hosts.new"));
        Files.writeString(file("hosts.new").resolve("x"), "");
        named("one");
        world.pass(SECOND);
        named("two");
        world.pass(SECOND);
        assertEquals(1, world.log().lines().filter(line -> line.contains("see the names of before")).count());
        assertEquals(List.of(), lines());
        Files.delete(file("hosts.new").resolve("x"));
        Files.delete(file("hosts.new"));
        named("three");
        world.pass(SECOND);
        assertEquals(3, lines().size());
    }

    /** A server whose folder is not there, or is no folder, does not start. */
    @Test
    void wrongPath() {
        Failure failure = assertThrows(Failure.class,
                () -> world.hub("--hosts", file("none/hosts").toString()));
        assertTrue(failure.getMessage().contains("ENOENT"), failure.getMessage());
    }
}
