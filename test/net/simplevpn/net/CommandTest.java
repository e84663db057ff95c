package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Image;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** The two commands as a user or a supervisor meets them: one line that says what is wrong, and the exit status. */
final class CommandTest extends Vpn {

    /** Each wrong command line ends with status 2 and one line that names what is wrong. */
    @Test
    void usageErrors() {
        List<List<String>> wrong = List.of(
                List.of("srv", "--nonsense"), List.of("srv", "extra"), List.of("srv", "-p"),
                List.of("srv", "-p", "70000"), List.of("srv", "-p", "2o"), List.of("srv", "-n", "10.0.0.0/31"),
                List.of("srv", "-n", "10.0.0"), List.of("srv", "-t", "soon"), List.of("srv", "-c", "0"),
                List.of("cli"), List.of("cli", "-s"), List.of("cli", "-s", "192.0.2.1", "-a", "10.0.0"),
                List.of("cli", "-s", "192.0.2.1", "--nonsense"), List.of("cli", "-s", "192.0.2.1", "extra"));
        List<Program> programs = new ArrayList<>();
        for (List<String> command : wrong) {
            List<String> arguments = command.subList(1, command.size());
            programs.add(lan.start(east, command.get(0), arguments.toArray(String[]::new)));
        }
        for (int i = 0; i < programs.size(); i++) {
            Program program = programs.get(i);
            assertEquals(2, program.awaitExit(30), () -> program + ":\n" + program.log());
            List<String> command = wrong.get(i);
            assertOneLine(program, command.equals(List.of("cli")) ? "-s" : command.get(command.size() - 1));
        }
    }

    /** A port that is in use: status 1 and one line that names the port; the device is not left behind. */
    @Test
    void portInUse() {
        server();
        Program second = lan.start(hub, "srv", "-n", "10.8.0.0/16", "-i", "second");
        assertEquals(1, second.awaitExit(30));
        assertOneLine(second, "2002");
        assertTrue(hub.run("ip", "link", "show", "second").status() != 0, "no device of the second server");
    }

    /** Without /dev/net/tun: status 1 and one line that says what to do. */
    @Test
    void noTunDevice() {
        // "ip netns exec" runs each command with mounts of its own, so this hides the device from the server alone.
        Program server = lan.start(hub, List.of("sh", "-c",
                "mount -t tmpfs none /dev/net && exec '" + Lab.TOP.resolve("srv") + "'"));
        assertEquals(1, server.awaitExit(30));
        assertOneLine(server, "/dev/net/tun.*tun");
    }

    /** Without the privilege to make a device: status 1 and one line that names it. */
    @Test
    void noPrivilege() {
        Program server = lan.start(hub, List.of("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin",
                Lab.TOP.resolve("srv").toString()));
        assertEquals(1, server.awaitExit(30));
        assertOneLine(server, "CAP_NET_ADMIN");
    }

    /** A static address that nobody can have: status 3 and the server's reason. */
    @Test
    void refusedAddress() {
        server();
        Program client = clientStarting(east, "-a", "10.1.3.3");
        assertEquals(3, client.awaitExit(30), client::log);
        assertTrue(client.said("refused.*\\w{4}"), client::log);
        assertTrue(east.tunnel().isEmpty(), "no device is left");
    }

    /** --once: status 4 when the server cannot be reached or its name is not known, and the client stays otherwise. */
    @Test
    void once() {
        Program unreachable = clientStarting(east, "--once");
        Program unknown = lan.start(east, "cli", "--once", "-s", "no-such-host.invalid");
        assertEquals(4, unreachable.awaitExit(20), unreachable::log);
        assertOneLine(unreachable, "192\\.0\\.2\\.1");
        assertEquals(4, unknown.awaitExit(30), unknown::log);
        assertOneLine(unknown, "no-such-host\\.invalid");
        server();
        client(east, "--once");
        east.awaitPing(SERVER, 60);
    }

    /** --help and --version print to the point and end with status 0; -u is answered with one clear line. */
    @Test
    void questionsAreAnswered() {
        for (String program : List.of("srv", "cli")) {
            for (String option : List.of("--help", "-h")) {
                Program help = lan.start(east, program, option);
                assertEquals(0, help.awaitExit(30), help::log);
                assertTrue(help.said("--port") && help.said("--version"), help::log);
            }
            Program version = lan.start(east, program, "--version");
            assertEquals(0, version.awaitExit(30), version::log);
            assertTrue(version.said("simplevpn.*\\d") && version.said("class-data archive"), version::log);
        }
        Program udp = lan.start(east, "srv", "-u");
        assertEquals(2, udp.awaitExit(30));
        assertOneLine(udp, "UDP");
    }

    /** The configuration file has the options' long names; the command line wins over it. */
    @Test
    void configurationFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("simplevpn.conf");
        Files.writeString(file, "# the office\nnetwork 10.77.0.0/24\nport 2099\n\nmtu 1280\n");
        server("--config", file.toString(), "--mtu", "1290");
        assertEquals(new Host.Tunnel(hub.tunnel().orElseThrow().device(), "10.77.0.1", 24), hub.tunnel().orElseThrow());
        assertEquals(1290, hub.mtu(hub.tunnel().orElseThrow().device()));
        client(east, "-p", "2099", "-i", "office");
        assertEquals(new Host.Tunnel("office", "10.77.0.2", 24), east.tunnel().orElseThrow());
    }

    /** From a folder, and with a file, whose names have letters that ASCII lacks, whatever language the user has. */
    @ParameterizedTest
    @ValueSource(strings = {"LC_ALL=C", "LC_ALL=POSIX", "LANG=xx_YY.ISO-8859-1", "LC_ALL=C.UTF-8", "LC_ALL="})
    void lettersThatAsciiLacks(String locale) throws IOException {
        Path folder = Files.createDirectories(lan.file("b\u00fcro \u2713/x").getParent());
        Command.run(30, "cp", "-al", Image.folder(Image.OWN).toString(), folder.resolve("runtime").toString()).ok();
        Path config = Files.writeString(folder.resolve("f\u00fcr.conf"), "network 10.66.0.0/24\n");
        for (String program : List.of("srv", "cli")) {
            Files.copy(Lab.TOP.resolve(program), folder.resolve(program), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Program server = lan.start(hub, List.of("env", "-u", "LC_ALL", locale, folder.resolve("srv").toString(),
                "--config", config.toString()));
        server.awaitLine("network 10\\.66\\.0\\.0/24", 60);
        Program client = lan.start(east, List.of("env", "-u", "LC_ALL", locale, folder.resolve("cli").toString(),
                "-s", "h\u00fcb", "--once"));
        assertEquals(4, client.awaitExit(60), client::log);
        assertOneLine(client, "h\u00fcb: ");
        Program missing = lan.start(west, List.of("env", "-u", "LC_ALL", locale, folder.resolve("srv").toString(),
                "--config", folder.resolve("\u00e4").toString()));
        assertEquals(1, missing.awaitExit(30), missing::log);
        assertOneLine(missing, "/\u00e4: ENOENT");
    }

    /** Started with standard descriptors closed, as some supervisors do, the log goes nowhere: into no connection. */
    @Test
    void closedDescriptors() throws IOException {
        for (String program : List.of("srv -v", "cli -v -s " + hub.outer4)) {
            lan.start(program.startsWith("srv") ? hub : east, List.of("sh", "-c",
                    "exec " + Lab.TOP.resolve(program) + " <&- >&- 2>&-"));
        }
        Wait.until("an address on the client's device", 60, () -> east.tunnel().isPresent());
        ClassicClient classic = new ClassicClient(west, hub);
        String own = classic.join();
        classic.send(Frames.echo("10.0.77.77", SERVER, 1, 30));
        classic.send(Frames.echo(own, SERVER, 2, 30));
        assertTrue(Frames.isEchoReply(classic.receive(), 2), "a frame, and not what is said of the forged one");
        east.awaitPing(SERVER, 60);
    }

    /** The server may listen on an address that its host does not have yet. */
    @Test
    void listensBeforeTheAddress() {
        server("-l", "198.51.100.7");
        hub.run("ip", "address", "add", "198.51.100.7/32", "dev", "lo").ok();
        east.run("ip", "route", "add", "198.51.100.7", "via", hub.outer4).ok();
        Program client = lan.start(east, "cli", "-s", "198.51.100.7");
        awaitAddress(client, east);
    }

    /** A file that is not there or says something wrong: one line that names the file, and the line in it. */
    @Test
    void wrongConfigurationFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("simplevpn.conf");
        Program missing = lan.start(hub, "srv", "--config", file.toString());
        assertEquals(1, missing.awaitExit(30), missing::log);
        assertOneLine(missing, "simplevpn\\.conf.*ENOENT");
        Files.writeString(file, "port 2002\nprot 2002\n");
        Program wrong = lan.start(hub, "srv", "--config", file.toString());
        assertEquals(2, wrong.awaitExit(30), wrong::log);
        assertOneLine(wrong, "simplevpn\\.conf.*2.*prot");
    }

    /** The server listens where it is told: on one address and one port, or on all addresses. */
    @Test
    void listensWhereItIsTold() {
        server("-l", hub.outer4, "-p", "443");
        client(east, "-p", "443");
        Program elsewhere = lan.start(west, "cli", "--once", "-s", hub.outer6, "-p", "443");
        assertEquals(4, elsewhere.awaitExit(30), elsewhere::log);
    }

    /** A program starts in a folder that is gone: it needs none. */
    @Test
    void folderThatIsGone() {
        for (String program : List.of("srv", "cli")) {
            Program version = lan.start(hub, List.of("sh", "-c",
                    "mkdir \"$1\" && cd \"$1\" && rmdir \"$1\" && exec \"$2\" --version", "sh",
                    lan.file("gone").toString(), Lab.TOP.resolve(program).toString()));
            assertEquals(0, version.awaitExit(20), version::log);
            assertTrue(version.said("^simplevpn .* \\(" + program + "\\)"), version::log);
        }
    }

    /** The launcher gives the VM the compiler and the classes for TLS where there are keys, and only there. */
    @Test
    void vmForKeys() {
        String config = lan.write("keyed.conf", "# a comment\n  key none\npeers none\n").toString();
        String plain = lan.write("plain.conf", "port 2003 # key\n").toString();
        assertEquals("yes", keyed("--key", "none"));
        assertEquals("yes", keyed("--key=none"));
        assertEquals("yes", keyed("--join", "none"));
        assertEquals("yes", keyed("--config", lan.write("join.conf", "join /none\n").toString()));
        assertEquals("yes", keyed("--config", config));
        assertEquals("yes", keyed("--config=" + config));
        assertEquals("no", keyed("--config", plain));
        assertEquals("no", keyed("-v", "--keygen", "x"));
    }

    /** Whether the launcher asks for it, with a VM in its place that only prints its words. */
    private String keyed(String... words) {
        Path java = lan.file("launcher/runtime/bin/java");
        Path launcher = lan.file("launcher/srv");
        Command.script("a launcher with its VM", "mkdir -p \"${1%/*}\" \"$4\"; touch \"$4/keys.jsa\"; cp \"$3\" \"$2\";"
                + " printf '#!/bin/sh\\necho \"$@\"\\n' >\"$1\"; chmod +x \"$1\"", "sh", java.toString(),
                launcher.toString(), Lab.TOP.resolve("srv").toString(),
                lan.file("launcher/runtime/lib/server").toString());
        String said = hub.run(Command.words(List.of(launcher.toString()), words).toArray(String[]::new)).ok().output();
        assertTrue(said.contains("-m simplevpn/simplevpn.Server " + String.join(" ", words)), said);
        boolean compiler = said.contains("-XX:TieredStopAtLevel=4 ");
        String archive = "-XX:SharedArchiveFile=" + java.getParent().resolveSibling("lib/server/keys.jsa") + " ";
        assertEquals(compiler, said.contains(archive), said);
        return compiler ? "yes" : "no";
    }
}
