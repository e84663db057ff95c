package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** {@code --status} of real programs, asked by a shell: what it says is so, and no socket stays or is stolen. */
final class StatusTest extends KeyedVpn {
    private static final String PATH = "/run/simplevpn/";
    private static final String SERVER_INTERFACE = "vpnstatus0";
    private static final String CLIENT_INTERFACE = "vpnstatus1";

    /** Where a socket of a host is, outside of it. */
    private Path socket(Host host, String device) {
        return lan.file("run-" + host.number + "/sockets/" + device + ".sock");
    }

    private Program answering(String... more) {
        Program server = keyed(Command.words(List.of("-i", SERVER_INTERFACE), more).toArray(String[]::new));
        server.await("its socket", 60, () -> Files.exists(socket(hub, SERVER_INTERFACE)));
        return server;
    }

    private Program client(String... more) {
        return client(east, with("east.key", Command.words(List.of("-i", CLIENT_INTERFACE), more)
                .toArray(String[]::new)));
    }

    private Program asked(int status, String program, String... arguments) {
        Program asked = lan.start(program.equals("srv") ? hub : east, program, arguments);
        assertEquals(status, asked.awaitExit(30), asked::log);
        return asked;
    }

    private String mode(Host host, String device) {
        return host.run("stat", "-c", "%a %U %F", socket(host, device).toString()).ok().output().strip();
    }

    /** Root and the user that the program runs as are answered, each with what is so; and when it ends all is gone. */
    @Test
    void asRoot() {
        Program server = answering();
        Program client = client();
        assertEquals("600 nobody socket", mode(hub, SERVER_INTERFACE));
        assertEquals("600 nobody socket", mode(east, CLIENT_INTERFACE));
        String table = asked(0, "srv", "--status", SERVER_INTERFACE).log();
        assertTrue(table.contains("\neast         10.0.0.7 "), table);
        table.lines().forEach(line -> assertTrue(line.length() <= 80, line));
        String up = asked(0, "cli", "-i", CLIENT_INTERFACE, "--status").log();
        assertTrue(up.startsWith(CLIENT_INTERFACE + ": connected, heard "), up);
        assertTrue(asked(0, "cli", "--status").log().contains(CLIENT_INTERFACE + ": connected"));
        asked(3, "srv", "--status", CLIENT_INTERFACE);
        assertEquals(3, lan.start(east, "srv", "--status", CLIENT_INTERFACE).awaitExit(30), "that is a client's");
        asked(2, "srv", "--status", "--watch");
        client.stop();
        server.stop();
        assertFalse(Files.exists(socket(hub, SERVER_INTERFACE)), "a server that has ended leaves its socket");
        assertFalse(Files.exists(socket(east, CLIENT_INTERFACE)), "a client that has ended leaves its socket");
        asked(3, "cli", "--status", CLIENT_INTERFACE);
    }

    /** One that hangs hides no other, and neither does what another user's program left when it was killed. */
    @Test
    void hungAndLeft() {
        Program server = answering("--user", "4711:4712");
        server.kill();
        assertEquals("600 4711 socket", hub.run("stat", "-c", "%a %u %F", socket(hub, SERVER_INTERFACE).toString()).ok()
                .output().strip());
        answering();
        Wait.until("the new server's socket", 60, () -> mode(hub, SERVER_INTERFACE).equals("600 nobody socket"));
        Program hung = lan.start(hub, List.of("python3", "-c", "import socket, time\n"
                + "s = socket.socket(socket.AF_UNIX)\n"
                + "s.bind('" + PATH + "hung0.sock')\n"
                + "s.listen()\n"
                + "print('hangs', flush=True)\n"
                + "time.sleep(60)\n"));
        hung.awaitLine("hangs", 60);
        Program asked = lan.start(hub, "srv", "--status");
        assertEquals(1, asked.awaitExit(30), asked::log);
        assertTrue(asked.said(SERVER_INTERFACE + ": clients: 0"), asked::log);
        assertTrue(asked.said("hung0.sock.*does not answer"), asked::log);
        hung.dismiss();
    }

    /** Another user of the machine is told nothing; whom the program runs as is answered. */
    @Test
    void otherUsers() {
        answering("--user", "4711:4712");
        String ask = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('" + PATH + SERVER_INTERFACE
                + ".sock'); s.send(b'status\\n'); print(s.recv(9999).decode())";
        Program own = python(4711, ask);
        assertEquals(0, own.awaitExit(30), own::log);
        assertTrue(own.log().startsWith("srv\t"), own.log());
        Program other = python(4713, ask);
        assertEquals(1, other.awaitExit(30), other::log);
        assertTrue(other.said("PermissionError"), other.log());
    }

    private Program python(int user, String code) {
        return lan.start(hub, List.of("setpriv", "--reuid=" + user, "--regid=4712", "--clear-groups",
                "/usr/bin/python3", "-c", code));
    }

    /** Both of the forms for programs are what others read: Python's JSON, and lines of metrics. */
    @Test
    void forms() {
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
        client.awaitLine("reconnecting", 60);
        String down = asked(4, "cli", "--status", CLIENT_INTERFACE).log();
        assertTrue(down.startsWith(CLIENT_INTERFACE + ": trying for "), down);
        asked(3, "srv", "--status", SERVER_INTERFACE);
        assertTrue(Files.exists(socket(hub, SERVER_INTERFACE)), "what was killed leaves its socket");
        answering();
        asked(0, "srv", "--status", SERVER_INTERFACE);
        client.await("the server again", 60,
                () -> lan.start(east, "cli", "--status", CLIENT_INTERFACE).awaitExit(30) == 0);
    }

    /** Who is disconnected is told in the log, and by the exit status whether there was anybody. */
    @Test
    void kick() {
        Program server = answering();
        Program client = client();
        asked(0, "srv", "-i", SERVER_INTERFACE, "--kick", "east");
        server.awaitLine("10\\.0\\.0\\.7, east\\) gone: disconnected by srv --kick", 60);
        client.awaitLine("closed the connection", 60);
        Program nobody = asked(1, "srv", "-i", SERVER_INTERFACE, "--kick", "west");
        assertTrue(nobody.said("west: no client that is connected"), nobody.log());
    }

    /** In two network namespaces there may be two interfaces of one name: the first keeps its socket. */
    @Test
    void twoNamespaces() {
        answering();
        // From the hub's folders to the other network.
        Program client = lan.start(hub, Command.words(List.of("ip", "netns", "exec", east.namespace,
                Lab.TOP.resolve("cli").toString(), "-s", hub.outer4), with("east.key", "-i", SERVER_INTERFACE)));
        client.awaitLine("connected to", 60);
        client.awaitLine("another program answers at " + PATH + SERVER_INTERFACE, 60);
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
                + "    s.connect('" + PATH + SERVER_INTERFACE + ".sock')\n"
                + "    s.send(what)\n"
                + "    return s\n"
                + "kept = [ask(b'status\\n'), ask(b'x' * 4096), ask(b'\\n')]\n"
                + "for i in range(100): ask(b'status\\n').close()\n"
                + "print('asked', flush=True)\n"
                + "time.sleep(60)\n"));
        rude.awaitLine("asked", 60);
        hub.awaitPing("10.0.0.7", 60);
        asked(0, "srv", "--status", SERVER_INTERFACE);
        rude.dismiss();
    }
}
