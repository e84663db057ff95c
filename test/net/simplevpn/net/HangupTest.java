package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** SIGHUP: the real programs read their options anew and carry on; a terminal that is closed ends what it shows. */
final class HangupTest extends KeyedVpn {
    private final Host north = lan.host(3);

    HangupTest() {
        super("north");
    }

    private void says(String name, String... lines) throws IOException {
        Files.writeString(lan.file(name), String.join("\n", lines) + "\n");
    }

    private static boolean hasRoute(Host host, String network) {
        return host.run("ip", "route").output().contains(network + " dev tun");
    }

    private static void reload(Program program, int times, String said) {
        long before = program.lines().stream().filter(line -> line.contains("reload: ")).count();
        program.signal("HUP");
        program.await("the answer to signal " + times, 60, () ->
                program.lines().stream().filter(line -> line.contains("reload: ")).count() > before);
        program.awaitLine(said, 60);
    }

    /**
     * A server and three clients under transfer, one of them with TLS, all as another user than root: each signal is
     * answered with a line, routes follow, and no connection ends, nor loses a byte that is carried inside.
     */
    @Test
    void underTransfer() throws Exception {
        says("srv.conf", "allow-plain 192.0.2.0/24", "push-route 198.51.100.0/24");
        says("cli.conf", "server " + hub.outer4);
        Program server = keyed("--config", file("srv.conf"));
        String[] keyed = {"server " + hub.outer4, "key " + file("east.key"), "server-pin " + serverPin};
        says("east.conf", keyed);
        Program first = lan.start(east, "cli", "--config", file("east.conf"));
        awaitAddress(first, east);
        Program second = client(west);
        Program third = lan.start(north, "cli", "--config", file("cli.conf"));
        awaitAddress(third, north);
        assertEquals("10.0.0.7", address(east));
        Transfer one = new Transfer(east, west, address(west), 100_000_000);
        Transfer other = new Transfer(north, hub, SERVER, 100_000_000);
        for (int i = 1; i <= 5; i++) {
            String route = "198.51." + i + ".0/24";
            says("srv.conf", "allow-plain 192.0.2.0/24", "push-route " + route);
            reload(server, i, "reload: push-route taken");
            for (Host host : new Host[] {east, west, north}) {
                Wait.until("the route " + route + " on " + host, 60, () -> hasRoute(host, route));
            }
            says("cli.conf", "server " + hub.outer4, "timeout " + (50 + i));
            reload(third, i, "reload: timeout taken");
        }
        assertFalse(hasRoute(west, "198.51.4.0/24"));
        says("east.conf", keyed[0], keyed[1], keyed[2], "server-pin " + key("other.key"));
        reload(first, 1, "reload: server-pin taken");
        one.await(60);
        other.await(60);
        for (Program program : List.of(first, second, third)) {
            assertFalse(program.said("reconnecting|closed|does not answer"), program::log);
            assertEquals(1, program.lines().stream().filter(line -> line.contains("connected to")).count());
        }
        assertFalse(server.said("gone|closed|timed out"), server::log);
    }

    /** What is wrong, cannot be read, or wants a restart is told, and changes nothing. */
    @Test
    void refused() throws IOException {
        says("srv.conf", "push-route 198.51.100.0/24");
        Program server = server("--config", file("srv.conf"));
        client(east);
        says("srv.conf", "push-route 203.0.113.0/24", "", "push-rout 198.51.100.0/24");
        reload(server, 1, "reload: \\S+/srv.conf line 3: push-rout: there is no such option in a config file.*"
                + "; what was read before stays in force");
        says("srv.conf", "push-route 203.0.113.0/24");
        hub.run("chmod", "600", file("srv.conf")).ok();
        reload(server, 2, "reload: open \\S+/srv.conf: EACCES \\(Permission denied\\): user \\d+, as whom this program"
                + " runs, has to be able to read it: chmod a\\+r \\S+/srv.conf.*; what was read before stays in force");
        hub.run("rm", file("srv.conf")).ok();
        hub.run("mkfifo", file("srv.conf")).ok();
        reload(server, 3, "reload: \\S+/srv.conf: no file, but a folder, a pipe or a device; what was read");
        hub.run("rm", file("srv.conf")).ok();
        says("srv.conf", "push-route 198.51.100.0/24", "interface vpn7");
        reload(server, 4, "reload: --interface: changed, but only a restart takes that");
        assertTrue(hasRoute(east, "198.51.100.0/24"));
        assertFalse(hasRoute(east, "203.0.113.0/24"));
        east.awaitPing(SERVER, 60);
    }

    /** A terminal in which a command runs; {@code $0} of the command is ./srv. */
    private Program terminal(String command) {
        return lan.start(hub, List.of("script", "--quiet", "--return", "--command",
                command.replace("$0", Lab.TOP.resolve("srv").toString()), "/dev/null"));
    }

    /** Closes it as whoever switches it off does, and sees whether the server is still there. */
    private void close(Program terminal, boolean ends) {
        Program client = client(east);
        terminal.kill();
        if (ends) {
            Wait.until("the end of the server", 60, () -> hub.tunnel().isEmpty());
        } else {
            // It would have ended by then.
            Wait.pause(1500);
            east.awaitPing(SERVER, 60);
            assertFalse(client.said("reconnecting"), client::log);
        }
    }

    private void awaitServer(Program terminal) {
        terminal.await("the server's device", 60, () -> hub.tunnel().isPresent());
    }

    /** In the foreground: it ends with the terminal. */
    @Test
    void foreground() {
        Program terminal = terminal("exec $0");
        awaitServer(terminal);
        terminal.awaitLine("listening on", 60);
        close(terminal, true);
    }

    /** It does so when its log goes elsewhere: the terminal is still the one that it is typed at. */
    @Test
    void foregroundWithLog() {
        Program terminal = terminal("exec $0 2>" + file("log"));
        awaitServer(terminal);
        Wait.until("that it listens", 60, () -> logged("listening on"));
        close(terminal, true);
    }

    /** In a session of its own it goes on, also when it is told so by the signal. */
    @Test
    void ownSession() {
        Program terminal = terminal("setsid $0 & sleep 1000");
        awaitServer(terminal);
        terminal.awaitLine("listening on", 60);
        close(terminal, false);
        hub.run("sh", "-c", "kill -HUP $(ip netns pids " + hub.namespace + " | grep -vw $$)");
        Wait.pause(1500);
        east.awaitPing(SERVER, 60);
    }

    /** So it does by nohup, and then has read its options anew. */
    @Test
    void nohup() throws IOException {
        says("srv.conf", "timeout 30");
        says("log", "");
        Program terminal = terminal("nohup $0 --config " + file("srv.conf") + " >>" + file("log")
                + " 2>&1 & sleep 1000");
        awaitServer(terminal);
        Wait.until("that it listens", 60, () -> logged("listening on"));
        says("srv.conf", "timeout 40");
        close(terminal, false);
        Wait.until("its options read anew", 60, () -> logged("reload: timeout taken"));
    }

    /** And in the background of a shell that has job control. */
    @Test
    void background() {
        Program terminal = terminal("set -m; $0 & sleep 1000");
        awaitServer(terminal);
        terminal.awaitLine("listening on", 60);
        close(terminal, false);
    }

    private boolean logged(String what) {
        return hub.run("grep", "-q", what, file("log")).status() == 0;
    }
}
