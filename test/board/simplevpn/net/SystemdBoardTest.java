package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import simplevpn.harness.Board;
import simplevpn.harness.Program;

/**
 * An x86_64 machine with the distribution's systemd on which the dist tarball was installed: the units as systemd
 * itself takes them. It starts the programs, confines them, watches them, starts them again after a failure, and stops
 * them. Not beside the other boards, which look for the least memory that is quick enough.
 */
@Isolated
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class SystemdBoardTest extends Vpn {
    private static final int MEMORY = 256;
    private static final int BYTES = 10_000_000;
    /** Seconds; a program that hangs is only found out after the unit's WatchdogSec=30. */
    private static final int PATIENCE = 120;
    /** Bits of linux/capability.h. */
    private static final long CAP_NET_BIND_SERVICE = 1 << 10;
    private static final long CAP_NET_ADMIN = 1 << 12;
    /** What the journal has when the sandbox took away something that is needed. */
    private static final Pattern DENIED = Pattern.compile(
            "type=1326|status=31/SYS|Permission denied|EACCES|EPERM|Operation not permitted"
                    + "|ENOSYS|Function not implemented");

    private Board board;
    private String unit;

    private void start(String program) {
        unit = "simplevpn-" + program;
        board = new Board(lan, hub, east, "systemd", MEMORY, program);
    }

    /** The client's unit, enabled when the machine boots. */
    @Test
    void clientUnit() throws Exception {
        Program server = server("--dns", SERVER, "--domain", "vpn.example.org");
        start("cli");
        awaitConnection(server, 1);
        board.tell("connected");
        assertEquals("connected to 192.0.2.1:2002, address 10.0.0.2/16 on tun0", show("StatusText"));
        assertConfined(CAP_NET_ADMIN);
        board.ping(SERVER);
        board.echo("10.0.0.2", BYTES);
        board.tell("10 MB there and back");

        systemctl("kill --kill-who=main --signal=STOP");
        awaitConnection(server, 2);
        assertEquals("1", show("NRestarts"), "restarts after SIGSTOP");
        board.await("the watchdog's part in it", PATIENCE, () -> journal().contains("Watchdog timeout"));
        board.ping(SERVER);
        board.tell("restarted by the watchdog");

        systemctl("kill --kill-who=main --signal=KILL");
        awaitConnection(server, 3);
        assertEquals("2", show("NRestarts"), "restarts after SIGKILL");
        board.ping(SERVER);
        board.tell("restarted after SIGKILL");
        assertStops();
        names(server);

        // The disk cannot be written, so the config file with a wrong option is laid over the other.
        board.ask("echo nonsense >/run/wrong.conf; mount --bind /run/wrong.conf /etc/simplevpn/cli.conf");
        systemctl("start");
        assertEquals("failed", show("ActiveState"), "state with a wrong option");
        assertEquals("2", show("ExecMainStatus"), "exit status with a wrong option");
        assertEquals("0", show("NRestarts"), "restarts with a wrong option");
        board.tell("not restarted with a wrong option");
    }

    /**
     * The packages' hook and unit as README's section on names has them: systemd-resolved asks the server's name server
     * for names of its domain as long as the tunnel is up, and no longer.
     */
    private void names(Program server) throws Exception {
        String domain = "vpn.example.org";
        Program dnsmasq = lan.start(hub, List.of("sh", "-c", "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec"
                + " $0/usr/sbin/dnsmasq --keep-in-foreground --log-facility=- --user=root --pid-file="
                + " --conf-file=/dev/null --no-resolv --no-hosts --address=/shed." + domain + "/10.0.0.77"
                + " --listen-address=$1 --bind-interfaces", fetched("dnsmasq-base"), SERVER));
        dnsmasq.awaitLine("started", 30);
        String hook = "/usr/local/lib/simplevpn/resolv";
        board.ask("cat /etc/simplevpn/cli.conf - >/run/names.conf <<.\nup " + hook + "\ndown " + hook
                + "\nuser root\n.\nmount --bind /run/names.conf /etc/simplevpn/cli.conf;"
                + " mkdir -p /run/systemd/system/" + unit + ".service.d;"
                + " cat >/run/systemd/system/" + unit + ".service.d/names.conf <<.\n[Service]\nUser=root\n"
                + "ReadWritePaths=/etc -/run/resolvconf\n.\n systemctl daemon-reload;"
                + " systemctl start systemd-resolved");
        systemctl("start");
        awaitConnection(server, 4);
        board.await("a name server for the tunnel", PATIENCE, () -> ask("resolvectl domain tun0").contains(domain));
        String answer = board.ask("resolvectl query shed." + domain);
        assertTrue(answer.contains("10.0.0.77") && answer.contains("tun0"), answer);
        board.tell("a name of the server's domain, by systemd-resolved");
        server.stop();
        board.await("no name server after the tunnel", PATIENCE, () -> !ask("resolvectl domain tun0").contains(domain));
        systemctl("stop");
        board.ask("umount /etc/simplevpn/cli.conf");
        dnsmasq.dismiss();
    }

    /** The server's unit, likewise. */
    @Test
    void serverUnit() throws Exception {
        start("srv");
        board.await("a server that listens", PATIENCE, () -> board.console.said("listening on"));
        awaitActive();
        board.tell("listening");
        assertConfined(CAP_NET_ADMIN | CAP_NET_BIND_SERVICE);
        Program client = lan.start(hub, "cli", "-s", east.outer4);
        awaitAddress(client, hub);
        board.await("a status with one client", PATIENCE, () ->
                show("StatusText").equals("listening on [::]:2002, 10.0.0.1 on tun0, clients: 1"));
        board.ping(address(hub));
        board.echo(SERVER, BYTES);
        board.tell("10 MB there and back");
        client.stop();
        withKeys();
        assertStops();
    }

    /** Key and peers where the unit's user alone has them, made as an administrator does; who is removed is out. */
    private void withKeys() throws Exception {
        String folder = "/var/lib/simplevpn";
        String pin = board.ask("cd " + folder + "; /usr/local/sbin/simplevpn-srv --keygen srv.key;"
                + " chown simplevpn srv.key").strip();
        Program keygen = lan.start(hub, "cli", "--keygen", lan.file("key").toString());
        keygen.awaitExit(20);
        board.ask("echo " + keygen.lastLine() + " hub 10.0.0.9 >" + folder + "/peers;"
                + " printf 'key " + folder + "/srv.key\npeers " + folder + "/peers\n' >/run/keys.conf;"
                + " mount --bind /run/keys.conf /etc/simplevpn/srv.conf");
        systemctl("restart");
        awaitActive();
        Program client = lan.start(hub, "cli", "-s", east.outer4, "--key", lan.file("key").toString(),
                "--server-pin", pin);
        client.await("an address on the client's device", PATIENCE, () -> hub.tunnel().isPresent());
        assertEquals("10.0.0.9", address(hub));
        board.ping("10.0.0.9");
        assertConfined(CAP_NET_ADMIN | CAP_NET_BIND_SERVICE);
        board.tell("a tunnel between keys");
        String process = show("MainPID");
        board.ask("echo push-route 198.51.100.0/24 >>/run/keys.conf");
        systemctl("reload");
        board.await("a line about the reload", PATIENCE, () -> board.console.said("reload: push-route taken"));
        client.await("the route", PATIENCE, () -> hub.run("ip", "route").output().contains("198.51.100.0/24 dev tun0"));
        assertEquals(process, show("MainPID"), "process after the reload");
        assertFalse(client.said("reconnecting"), client::log);
        board.tell("reloaded");
        board.ask("echo >" + folder + "/peers");
        client.awaitLine("this server does not know key", PATIENCE);
        client.stop();
    }

    /** Waits until the server gave the board an address for the so many-th time, and systemd knows of it. */
    private void awaitConnection(Program server, int count) {
        board.await("address number " + count + " for the board", PATIENCE, () ->
                server.lines().stream().filter(line -> line.contains(" assigned 10.0.0.")).count() == count);
        awaitActive();
    }

    /** The units are of Type=notify: this is when READY=1 has arrived. */
    private void awaitActive() {
        board.await("the state active", PATIENCE, () -> show("ActiveState").equals("active"));
    }

    /** What the program may do, by the kernel's account of it (proc_pid_status(5)). */
    private void assertConfined(long capabilities) throws IOException {
        String status = board.ask("cat /proc/" + show("MainPID") + "/status");
        String user = board.ask("id -u simplevpn").strip();
        assertHas(status, "Uid:\t" + String.join("\t", user, user, user, user));
        for (String set : new String[] {"CapEff", "CapPrm", "CapBnd"}) {
            assertHas(status, set + ":\t%016x".formatted(capabilities));
        }
        assertHas(status, "NoNewPrivs:\t1");
        assertHas(status, "Seccomp:\t2");
    }

    private static void assertHas(String status, String line) {
        assertTrue(status.lines().anyMatch(line::equals), () -> "no line " + line + " in\n" + status);
    }

    /** The unit ends well and takes its device along; all the time nothing was kept from it that it needs. */
    private void assertStops() throws IOException {
        assertTrue(board.ask("ip -o link").contains(" tun0: "), "no tun0 before the stop");
        systemctl("stop");
        assertEquals("inactive", show("ActiveState"), "state after the stop");
        assertEquals("success", show("Result"), "result of the stop");
        assertFalse(board.ask("ip -o link").contains(" tun0: "), "tun0 outlives the stop");
        // What a program has said is in the journal some time after its end.
        board.await("the program's last line in the journal", PATIENCE, () -> journal().contains("ended by a signal"));
        assertEquals(List.of(), journal().lines().filter(DENIED.asPredicate()).toList(), "what the sandbox took away");
        board.tell("stopped");
    }

    private void systemctl(String command) throws IOException {
        board.ask("systemctl " + command + " " + unit);
    }

    private String show(String property) {
        return ask("systemctl show --value --property=" + property + " " + unit).strip();
    }

    /** All of it: the kernel's lines about a program have no unit. The console has it too, if a test fails. */
    private String journal() {
        return ask("journalctl --no-pager");
    }

    private String ask(String command) {
        try {
            return board.ask(command);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
