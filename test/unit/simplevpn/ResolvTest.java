package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hook script for resolvers; those that are told by a command are scripts here that note what they hear. */
class ResolvTest {
    private static final String BEFORE = "# by DHCP\nsearch home.example\noptions edns0\nnameserver 192.168.1.1\n";

    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void before() throws IOException {
        file = Files.createDirectories(folder.resolve("etc")).resolve("resolv.conf");
        Files.writeString(file, BEFORE);
        Files.createDirectories(folder.resolve("bin"));
    }

    /** Runs the script as the client does; returns what the fakes heard, and what it said. */
    private List<String> run(String hook, String domain, String servers) throws Exception {
        Path heard = Files.writeString(folder.resolve("heard"), "");
        List<String> words = new ArrayList<>(List.of("/usr/bin/env", "-i", "PATH=" + folder.resolve("bin")
                + ":/usr/bin:/bin", "RESOLV_CONF=" + file, "HOOK=" + hook, "INTERFACE=tun3", "HEARD=" + heard));
        if (domain != null) {
            words.add("DOMAIN=" + domain);
        }
        if (servers != null) {
            words.add("DNS=" + servers);
        }
        words.addAll(List.of("/bin/sh", Path.of(System.getProperty("simplevpn.top"),
                "buildroot-package/package/simplevpn/resolv").toString()));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), said);
        assertEquals("", said);
        return Files.readAllLines(heard);
    }

    private void fake(String name, String script) throws IOException {
        Path path = Files.writeString(folder.resolve("bin").resolve(name), "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Map<String, String> files() throws IOException {
        try (var all = Files.list(file.getParent())) {
            Map<String, String> found = new TreeMap<>();
            for (Path each : all.toList()) {
                found.put(each.getFileName().toString(), Files.readString(each));
            }
            return found;
        }
    }

    /** systemd-resolved: its own domain alone goes to the tunnel, or all names without one; undone in one word. */
    @Test
    void resolved() throws Exception {
        fake("resolvectl", "echo \"$*\" >>\"$HEARD\"");
        fake("resolvconf", "echo wrong >>\"$HEARD\"");
        Path stub = Files.createDirectories(folder.resolve("run/systemd/resolve")).resolve("stub-resolv.conf");
        Files.writeString(stub, "nameserver 127.0.0.53\n");
        Files.delete(file);
        Files.createSymbolicLink(file, stub);
        assertEquals(List.of("dns tun3 10.0.0.1 10.0.0.9", "domain tun3 vpn.test", "default-route tun3 no"),
                run("up", "vpn.test", "10.0.0.1 10.0.0.9"));
        assertEquals(List.of("revert tun3"), run("down", "vpn.test", "10.0.0.1 10.0.0.9"));
        assertEquals(List.of("dns tun3 10.0.0.1", "domain tun3 ~."), run("up", null, "10.0.0.1"));
        assertEquals("nameserver 127.0.0.53\n", Files.readString(stub));
        assertTrue(Files.isSymbolicLink(file));
    }

    /** resolvconf and openresolv: lines for the interface, and none any more. */
    @Test
    void resolvconf() throws Exception {
        fake("resolvconf", "echo \"$*\" >>\"$HEARD\"; [ \"$1\" = -d ] || cat >>\"$HEARD\"");
        assertEquals(List.of("-a tun3.simplevpn", "search vpn.test", "nameserver 10.0.0.1"),
                run("up", "vpn.test", "10.0.0.1"));
        assertEquals(List.of("-d tun3.simplevpn"), run("down", "vpn.test", "10.0.0.1"));
        assertEquals(Map.of("resolv.conf", BEFORE), files());
    }

    /** A plain file: the tunnel's name servers in front, and at the end the file of before, also behind a link. */
    @Test
    void plainFile() throws Exception {
        Path real = Files.move(file, folder.resolve("real"));
        Files.createSymbolicLink(file, real);
        Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-r--r--"));
        run("up", "vpn.test", "10.0.0.1 10.0.0.9");
        assertEquals("""
                # simplevpn: while the tunnel is up
                search vpn.test
                nameserver 10.0.0.1
                nameserver 10.0.0.9
                options edns0
                nameserver 192.168.1.1
                """, Files.readString(real));
        assertEquals("rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(real)));
        run("down", "vpn.test", "10.0.0.1 10.0.0.9");
        assertEquals(BEFORE, Files.readString(real));
        assertFalse(Files.exists(folder.resolve("real.before-simplevpn")));
        run("up", null, "10.0.0.1");
        assertEquals("""
                # simplevpn: while the tunnel is up
                nameserver 10.0.0.1
                search home.example
                options edns0
                nameserver 192.168.1.1
                """, Files.readString(real));
        run("down", null, "10.0.0.1");
        assertEquals(BEFORE, Files.readString(real));
        assertTrue(Files.isSymbolicLink(file));
    }

    /** After a client that was killed, what was before is still known; what others wrote since stays. */
    @Test
    void killedAndOvertaken() throws Exception {
        run("up", "vpn.test", "10.0.0.1");
        run("up", "vpn.test", "10.0.0.7");
        assertTrue(Files.readString(file).contains("10.0.0.7") && !Files.readString(file).contains("10.0.0.1\n"));
        run("down", "vpn.test", "10.0.0.7");
        assertEquals(Map.of("resolv.conf", BEFORE), files());
        run("up", "vpn.test", "10.0.0.1");
        run("up", "vpn.test", null);
        assertEquals(Map.of("resolv.conf", BEFORE), files(), "the server has none any more");
        run("up", "vpn.test", "10.0.0.1");
        Files.writeString(file, "nameserver 192.168.9.1\n");
        run("down", "vpn.test", "10.0.0.1");
        assertEquals(Map.of("resolv.conf", "nameserver 192.168.9.1\n"), files());
    }

    /** Where there was no file there is none again; and without name servers nothing happens at all. */
    @Test
    void nothingBefore() throws Exception {
        run("up", "vpn.test", null);
        assertEquals(Map.of("resolv.conf", BEFORE), files());
        Files.delete(file);
        run("up", null, "10.0.0.1");
        assertEquals(Map.of("resolv.conf", "# simplevpn: while the tunnel is up\nnameserver 10.0.0.1\n"), files());
        run("down", null, "10.0.0.1");
        assertEquals(Map.of(), files());
    }
}
