package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.FileWatch;
import simplevpn.protocol.Site;

/** The files that a server's and a client's owner handle: peers and keys. */
class PeersTest {
    private static final String ONE = "sha256:dXx2gsdCBlCjlleIxnmNbAGw6gWGdegkfLobXaE4QIo=";
    private static final String TWO = "sha256:fxQbcG1rNw4GzZg84RRMXZLscO/fJ/qvCv6oB09VszQ=";
    private static final String THREE = "sha256:8YzIgWV5Y+TahEcpB0XpTiSX9v1kKGCGbNHWbnI8tSo=";

    @TempDir
    private Path folder;

    private static void assertRefused(String text, String why) {
        Failure failure = assertThrows(Failure.class, () -> Peers.parse("p", text));
        assertEquals(why, failure.getMessage());
        assertEquals(Failure.USAGE, failure.status);
    }

    /** Comments, empty lines, any spaces; a name with two pins is one client. */
    @Test
    void lines() throws Failure {
        Peers peers = Peers.parse("p", "# all\n\n " + ONE + "\tone 10.0.0.7 # shed\r\n" + TWO + "  one   10.0.0.7\n"
                + THREE + " two.example-3");
        assertEquals(2, peers.size());
        assertEquals("one", peers.find(ONE).name);
        assertEquals("10.0.0.7", peers.find(TWO).address.toString());
        assertEquals(peers.find(ONE).identity, peers.find(TWO).identity);
        assertNotEquals(peers.find(ONE).identity, peers.find(THREE).identity);
        assertNull(peers.find(THREE).address);
        assertNull(peers.find(ONE.replace('d', 'e')));
        assertTrue(peers.find(ONE).identity > 1L << 48, "no token is as large");
        assertEquals(0, Peers.parse("p", "").size());
    }

    /** Each line that cannot be read is told with its number, and what it should be. */
    @Test
    void wrongLines() {
        assertRefused("\n\nsha256:abc one\n",
                "p line 3: sha256:abc: no pin, which is sha256: and 44 letters (see cli --pin)");
        assertRefused(ONE, "p line 1: a line is PIN NAME [ADDRESS] [net=NETWORK]...");
        assertRefused(ONE + " one 10.0.0.7 more", "p line 1: a line is PIN NAME [ADDRESS] [net=NETWORK]...");
        assertRefused(ONE + " one 10.0.0", "p line 1: 10.0.0: no address that a host can have");
        assertRefused(ONE + " one 224.0.0.1", "p line 1: 224.0.0.1: no address that a host can have");
        assertRefused(ONE + " a_b", "p line 1: a_b: a name has letters, digits, dashes and dots, 63 at most");
        assertRefused(ONE + " " + "a".repeat(64), "p line 1: " + "a".repeat(64)
                + ": a name has letters, digits, dashes and dots, 63 at most");
        assertRefused(ONE + " one\n" + ONE + " two", "p line 2: " + ONE + ": this pin is in an earlier line too");
        assertRefused(ONE + " one 10.0.0.7\n" + TWO + " two 10.0.0.7", "p line 2: 10.0.0.7: is the address of one too");
        assertRefused(ONE + " one 10.0.0.7\n" + TWO + " one", "p line 2: one: has another address in an earlier line");
    }

    /** Networks behind clients: several in a line, of both versions of IP; a name with two pins may say them twice. */
    @Test
    void networks() throws Failure {
        assertNull(Peers.parse("p", ONE + " one").sites);
        Peers peers = Peers.parse("p", ONE + " one net=192.168.7.0/24 net=2001:db8:7::/48\n" + TWO
                + " two 10.0.0.9\tnet=192.168.0.0/16 net=192.168.9.9 # LAN\n" + THREE + " one net=192.168.7.0/24\n");
        StringBuilder all = new StringBuilder();
        for (Site site : peers.sites) {
            all.append(site.network).append(", ").append(site.where).append("; ");
        }
        assertEquals("192.168.0.0/16, p line 2; 192.168.7.0/24, p line 1; 192.168.9.9/32, p line 2; 2001:db8:7::/48, "
                + "p line 1; ", all.toString());
        assertEquals("10.0.0.9", peers.find(TWO).address.toString());
        assertTrue(peers.sites[0].hasOwnerOf(peers.sites[2]) && !peers.sites[0].hasOwnerOf(peers.sites[1]));
    }

    /** Networks that are none, that no host can be in, the VPN's own ones, and those of two clients. */
    @Test
    void wrongNetworks() throws Failure {
        assertRefused(ONE + " one net=192.168.7.0/24 10.0.0.7",
                "p line 1: a line is PIN NAME [ADDRESS] [net=NETWORK]...");
        assertRefused("\n" + ONE + " one NET=192.168.7.0/24",
                "p line 2: NET=192.168.7.0/24: no address that a host can have");
        assertRefused(ONE + " one net=", "p line 1: : must be a network or an address, such as 192.168.1.0/24 or"
                + " 2001:db8::/64");
        assertRefused(ONE + " one net=192.168.7.1/24",
                "p line 1: 192.168.7.1/24: has bits set behind its length; the network is 192.168.7.0/24");
        for (String none : new String[] {"0.0.0.0/0", "0.0.0.0/8", "127.0.0.0/8", "127.0.0.1/32", "126.0.0.0/7",
            "169.254.0.0/16", "169.254.7.0/24", "168.0.0.0/6", "224.0.0.0/4", "239.0.0.1/32", "255.255.255.255/32",
            "128.0.0.0/1", "::/0", "::1/128", "::/64", "fe80::/10", "fe80::/64", "fe00::/8", "ff02::/16",
            "fc00::/6"}) {
            assertRefused(ONE + " one net=" + none,
                    "p line 1: " + none + ": has addresses that no host is reached by from elsewhere");
        }
        Network vpn = Network.parse("10.0.0.0/16");
        Network vpn6 = Network.parseAny("fd00:1::/64");
        for (String own : new String[] {"10.0.3.0/24", "10.0.0.0/16", "10.0.0.0/8", "fd00:1::a00:0/112",
            "fd00::/16"}) {
            Failure failure = assertThrows(Failure.class, () -> Peers.parse("p", ONE + " one net=" + own, vpn, vpn6));
            assertEquals("p line 1: " + own + ": has addresses of the VPN's own network, "
                    + (own.startsWith("f") ? vpn6 : vpn), failure.getMessage());
        }
        assertEquals(1, Peers.parse("p", ONE + " one net=10.1.0.0/16", vpn, null).sites.length);
        Failure failure = assertThrows(Failure.class, () -> Peers.parse("p", ONE + " one net=192.168.7.0/24\n" + TWO
                + " two net=192.168.8.0/24 net=192.168.7.0/24\n"));
        assertEquals("p line 2: 192.168.7.0/24: is behind another client in p line 1 too", failure.getMessage());
    }

    /** Whatever is in the file, it is read, or refused in one line. */
    @Test
    void nonsense() {
        Random random = new Random(5);
        String pieces = ONE + " one 10.0.0.7 net=10.9.0.0/16\n#\t\u00e4\u202e,=" + TWO;
        for (int i = 0; i < 20_000 * Fuzz.TIMES; i++) {
            StringBuilder text = new StringBuilder();
            for (int j = random.nextInt(6); j > 0; j--) {
                int from = random.nextInt(pieces.length());
                text.append(pieces, from, Math.min(pieces.length(), from + random.nextInt(60)));
            }
            try {
                Peers.parse("p", text.toString());
            } catch (Failure e) {
                assertTrue(e.getMessage().startsWith("p line "), e.getMessage());
            }
        }
    }

    /** A key file is its owner's alone, and is never overwritten; others' access is a reason not to read it. */
    @Test
    void keyFiles() throws Exception {
        Path file = folder.resolve("key");
        String pin = KeyFiles.generate(file.toString()).pin().toString();
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(pin, KeyFiles.read(file.toString()).pin().toString());
        byte[] before = Files.readAllBytes(file);
        assertEquals("create " + file + ": EEXIST (File exists): a file that is there is never overwritten",
                assertThrows(Failure.class, () -> KeyFiles.generate(file.toString())).getMessage());
        assertEquals(before.length, Files.size(file));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        assertEquals(file + ": others may read or write it (mode 640); chmod 600 " + file
                + " makes it its owner's alone",
                assertThrows(Failure.class, () -> KeyFiles.read(file.toString())).getMessage());
        assertEquals("open " + file + "x: ENOENT (No such file or directory)",
                assertThrows(Failure.class, () -> KeyFiles.read(file + "x")).getMessage());
        Path large = Files.write(folder.resolve("large"), new byte[20_000]);
        Files.setPosixFilePermissions(large, PosixFilePermissions.fromString("rw-------"));
        assertEquals(large + ": a key file has less than 16384 bytes",
                assertThrows(Failure.class, () -> KeyFiles.read(large.toString())).getMessage());
    }

    /**
     * A file that is written, replaced or removed is another one; others of its folder, and reading, change nothing.
     */
    @Test
    void watch() throws Exception {
        Path file = folder.resolve("peers");
        FileWatch watch = new FileWatch(file.toString());
        assertEquals(0, watch.state());
        Files.writeString(file, "");
        long empty = watch.state();
        Files.writeString(folder.resolve("peers2"), "x");
        Files.readString(file);
        assertEquals(empty, watch.state());
        Files.writeString(file, "x");
        long written = watch.state();
        assertNotEquals(empty, written);
        Files.move(folder.resolve("peers2"), file, StandardCopyOption.REPLACE_EXISTING);
        assertNotEquals(written, watch.state(), "the same bytes in another file");
        assertNotEquals(0, watch.state());
        Files.delete(file);
        assertEquals(0, watch.state());
    }

    /** What stands where a file should be does not stop the server: a pipe would be read for ever. */
    @Test
    void noFiles() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", "-m", "600", pipe.toString()).start().waitFor());
        for (String path : new String[]{pipe.toString(), "/dev/null", folder.toString()}) {
            String why = path + ": no file, but a folder, a pipe or a device";
            assertEquals(why, assertThrows(Failure.class, () -> Peers.read(path)).getMessage());
            assertEquals(why, assertThrows(Failure.class, () -> KeyFiles.read(path)).getMessage());
        }
    }
}
