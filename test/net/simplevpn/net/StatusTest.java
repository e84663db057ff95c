package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Program;

/** {@code --status} of real programs, asked by a shell: what it says is so, and no socket stays or is stolen. */
final class StatusTest extends KeyedVpn {
    private static final Path FOLDER = Path.of("/run/simplevpn");
    private static final String SERVER_INTERFACE = "vpnstatus0";
    private static final String CLIENT_INTERFACE = "vpnstatus1";

    private static Path socket(String device) {
        return FOLDER.resolve(device + ".sock");
    }

    private Program answering(String... more) {
        Program server = keyed(Command.words(List.of("-i", SERVER_INTERFACE), more).toArray(String[]::new));
        server.await("its socket", 10, () -> Files.exists(socket(SERVER_INTERFACE)));
        return server;
    }

    private Program client(String... more) {
        return client(east, with("east.key", Command.words(List.of("-i", CLIENT_INTERFACE), more)
                .toArray(String[]::new)));
    }

    private Program asked(int status, String program, String... arguments) {
        Program asked = lan.start(hub, program, arguments);
        assertEquals(status, asked.awaitExit(15), asked::log);
        return asked;
    }

    private String mode(String device) {
        return hub.run("stat", "-c", "%a %U %F", socket(device).toString()).ok().output().strip();
    }

    /** Root and the user that the program runs as are answered, each with what is so; and when it ends all is gone. */
    @Test
    void asRoot() {
        Program server = answering();
        Program client = client();
        assertEquals("600 nobody socket", mode(SERVER_INTERFACE));
        assertEquals("600 nobody socket", mode(CLIENT_INTERFACE));
        String table = asked(0, "srv", "--status", SERVER_INTERFACE).log();
        assertTrue(table.contains("\neast         10.0.0.7 "), table);
        table.lines().forEach(line -> assertTrue(line.length() <= 80, line));
        String up = asked(0, "cli", "-i", CLIENT_INTERFACE, "--status").log();
        assertTrue(up.startsWith(CLIENT_INTERFACE + ": connected, heard "), up);
        assertTrue(asked(0, "cli", "--status").log().contains(CLIENT_INTERFACE + ": connected"));
        asked(3, "srv", "--status", CLIENT_INTERFACE);
        asked(2, "srv", "--status", "--watch");
        client.stop();
        server.stop();
        assertFalse(Files.exists(socket(SERVER_INTERFACE)), "a server that has ended leaves its socket");
        assertFalse(Files.exists(socket(CLIENT_INTERFACE)), "a client that has ended leaves its socket");
        asked(3, "cli", "--status", CLIENT_INTERFACE);
    }

    /** Another user of the machine is told nothing; whom the program runs as is answered. */
    @Test
    void otherUsers() {
        answering("--user", "4711:4712");
        String ask = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('" + socket(SERVER_INTERFACE)
                + "'); s.send(b'status\\n'); print(s.recv(9999).decode())";
        String own = python(4711, ask).ok().output();
        assertTrue(own.startsWith("srv\t"), own);
        Command.Result other = python(4713, ask);
        assertTrue(other.status() != 0 && other.output().contains("PermissionError"), other.output());
    }

    private Command.Result python(int user, String code) {
        return hub.run("setpriv", "--reuid=" + user, "--regid=4712", "--clear-groups", "/usr/bin/python3", "-c", code);
    }

    /** Both of the forms for programs are what others read: Python's JSON, and lines of metrics. */
    @Test
    void forms() throws IOException {
        answering();
        client();
        for (String program : List.of("srv", "cli")) {
            String device = program.equals("srv") ? SERVER_INTERFACE : CLIENT_INTERFACE;
            Path json = lan.write(program + ".json", asked(0, program, "--json", "--status", device).log());
            hub.run("python3", "-m", "json.tool", json.toString()).ok();
            String code = "import json, sys; p = json.load(open(sys.argv[1]))['programs'][0];"
                    + " print(p['interface'], p['up'], p.get('peers', [{}])[0].get('name'))";
            assertEquals(device + " True " + (program.equals("srv") ? "east" : "None"),
                    hub.run("python3", "-c", code, json.toString()).ok().output().strip());
            String metrics = asked(0, program, "--prometheus", "--status", device).log();
            metrics.lines().forEach(line -> assertTrue(line.matches("# (HELP|TYPE) simplevpn_.*"
                    + "|simplevpn_[a-z_]+\\{.*\"} [0-9.]+"), line));
            assertTrue(metrics.contains("simplevpn_up{program=\"" + program + "\",interface=\"" + device + "\"} 1"));
        }
    }

    /** A client whose server has died says so by its exit status, and why; it is up again when the server is. */
    @Test
    void deadServer() {
        Program server = answering();
        Program client = client();
        server.kill();
        client.awaitLine("reconnecting", 20);
        String down = asked(4, "cli", "--status", CLIENT_INTERFACE).log();
        assertTrue(down.startsWith(CLIENT_INTERFACE + ": trying for "), down);
        asked(3, "srv", "--status", SERVER_INTERFACE);
        assertTrue(Files.exists(socket(SERVER_INTERFACE)), "what was killed leaves its socket");
        answering();
        asked(0, "srv", "--status", SERVER_INTERFACE);
        client.await("the server again", 60,
                () -> lan.start(hub, "cli", "--status", CLIENT_INTERFACE).awaitExit(15) == 0);
    }

    /** Who is disconnected is told in the log, and by the exit status whether there was anybody. */
    @Test
    void kick() {
        Program server = answering();
        Program client = client();
        asked(0, "srv", "-i", SERVER_INTERFACE, "--kick", "east");
        server.awaitLine("10\\.0\\.0\\.7, east\\) gone: disconnected by srv --kick", 10);
        client.awaitLine("closed the connection", 10);
        Program nobody = asked(1, "srv", "-i", SERVER_INTERFACE, "--kick", "west");
        assertTrue(nobody.said("west: no client that is connected"), nobody.log());
    }

    /** In two network namespaces there may be two interfaces of one name: the first keeps its socket. */
    @Test
    void twoNamespaces() {
        answering();
        Program client = client(east, with("east.key", "-i", SERVER_INTERFACE));
        client.awaitLine("another program answers at " + socket(SERVER_INTERFACE), 10);
        asked(0, "srv", "--status", SERVER_INTERFACE);
        client.stop();
        asked(0, "srv", "--status", SERVER_INTERFACE);
    }

    /** Those who ask in all wrong ways, and never read, do not keep a packet or the next one from their turn. */
    @Test
    void rudeAskers() {
        answering();
        client();
        Program rude = lan.start(hub, List.of("python3", "-c", "import socket, time\n"
                + "def ask(what):\n"
                + "    s = socket.socket(socket.AF_UNIX)\n"
                + "    s.connect('" + socket(SERVER_INTERFACE) + "')\n"
                + "    s.send(what)\n"
                + "    return s\n"
                + "kept = [ask(b'status\\n'), ask(b'x' * 4096), ask(b'\\n')]\n"
                + "for i in range(100): ask(b'status\\n').close()\n"
                + "print('asked', flush=True)\n"
                + "time.sleep(60)\n"));
        rude.awaitLine("asked", 20);
        assertTrue(hub.reaches("10.0.0.7"));
        asked(0, "srv", "--status", SERVER_INTERFACE);
        rude.dismiss();
    }
}
