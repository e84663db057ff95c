package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** Clients that find each other by name: the server's file, dnsmasq that reads it, and the script for resolv.conf. */
final class NamesTest extends KeyedVpn {
    private static final String SCRIPT = "buildroot-package/package/simplevpn/resolv";
    private static final String BEFORE = "nameserver 192.0.2.250\noptions timeout:1 attempts:1\n";

    private Program server;
    private Program dnsmasq;

    @BeforeEach
    void start() throws IOException {
        hub.run("chmod", "777", lan.file("names/x").getParent().toString()).ok();
        server = keyed("--allow-plain", "192.0.2.0/24", "--hosts", file("names/hosts"), "--domain", "vpn.test", "--dns",
                SERVER, "--user", "root");
        dnsmasq = lan.start(hub, List.of("sh", "-c", "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec"
                + " $0/usr/sbin/dnsmasq --keep-in-foreground --log-facility=- --user=root --pid-file="
                + " --conf-file=/dev/null --no-resolv --no-hosts --local=/vpn.test/ --hostsdir=$1 --listen-address=$2"
                + " --bind-interfaces",
                fetched("dnsmasq-base"), lan.file("names").toString(), SERVER));
        dnsmasq.awaitLine("started", 60);
        Files.writeString(lan.file("resolv.conf"), BEFORE);
        hub.run("chmod", "644", lan.file("resolv.conf").toString()).ok();
    }

    @AfterEach
    void end() {
        dnsmasq.dismiss();
    }

    /** Words of a command that sees the lab's resolv.conf where this machine's is, as a container does. */
    private List<String> resolving(String... command) {
        return Command.words(List.of("sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
                lan.file("resolv.conf").toString()), command);
    }

    /** What a name stands for, as programs on a host ask, or an empty text. */
    private String lookUp(Host host, String name) {
        return host.run(resolving("timeout", "10", "getent", "ahostsv4", name).toArray(String[]::new)).output().lines()
                .findFirst().map(line -> line.split(" ")[0]).orElse("");
    }

    private Program resolvingClient(Host host, String... words) {
        Program client = lan.start(host, resolving(Command.words(List.of(Lab.TOP.resolve("cli").toString(), "-s",
                hub.outer4, "--user", "root", "--up", Lab.TOP.resolve(SCRIPT).toString(), "--down",
                Lab.TOP.resolve(SCRIPT).toString()), words).toArray(String[]::new)));
        awaitAddress(client, host);
        return client;
    }

    private String resolvConf() {
        try {
            return Files.readString(lan.file("resolv.conf"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * A client that the owner named and one that names itself find each other, by both forms of their names, as long as
     * they are there; and at the end resolv.conf is as before.
     */
    @Test
    void bothWays() {
        hub.run("chmod", "755", SCRIPT).ok();
        Program known = client(east, with("east.key", "--name", "palace"));
        Program board = resolvingClient(west, "--name", "Board.home.example");
        String during = "# simplevpn: while the tunnel is up\nsearch vpn.test\nnameserver 10.0.0.1\n" + BEFORE;
        board.await("the name server", 60, () -> resolvConf().contains("nameserver 10.0.0.1\n" + BEFORE));
        assertEquals(during, resolvConf());
        for (String name : List.of("east.vpn.test", "east")) {
            Wait.until("the name " + name, 60, () -> lookUp(west, name).equals("10.0.0.7"));
        }
        for (String name : List.of("board.vpn.test", "board")) {
            Wait.until("the name " + name, 60, () -> lookUp(west, name).equals(address(west)));
        }
        assertEquals("", lookUp(west, "palace.vpn.test"));
        known.stop();
        Wait.until("the end of the name east", 60, () -> lookUp(west, "east.vpn.test").isEmpty());
        assertEquals(address(west), lookUp(west, "board.vpn.test"));
        board.stop();
        assertEquals(BEFORE, resolvConf());
        assertFalse(board.said("up|down: "), board::log);
    }

    /** A server that is gone: what was before is in force until it is back. */
    @Test
    void whileAway() throws Exception {
        hub.run("chmod", "755", SCRIPT).ok();
        Program board = resolvingClient(west);
        Wait.until("the name server", 60, () -> lookUp(west, "x.vpn.test").isEmpty()
                && resolvConf().contains("10.0.0.1"));
        server.stop();
        board.await("what was before", 60, () -> resolvConf().equals(BEFORE));
        assertTrue(Files.readString(lan.file("names/hosts")).lines().noneMatch(line -> line.startsWith("10.0.0.2")));
        board.kill();
        assertEquals(BEFORE, resolvConf());
    }
}
