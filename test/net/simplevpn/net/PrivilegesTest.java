package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Image;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/** What root's programs give up once they are set up, and that they lack nothing of it afterwards. */
final class PrivilegesTest extends Vpn {
    private static final String NONE = "0000000000000000";
    private static final String NET_ADMIN = "0000000000001000"; // linux/capability.h
    private static final String NOBODY = "nobody";
    private static final String OTHER = "4711:4712";
    /** What no line says of anything but the lease file, which has a second place. */
    private static final String DENIED = "(EPERM|EACCES|not permitted|denied)(?!.*\\.leases$)";

    /**
     * Starts a program as root, with groups, and from a folder that is root's alone: in the mount namespace that
     * {@code ip netns exec} makes there is a copy of it under /mnt.
     */
    private Program start(Host host, String program, String... arguments) {
        return lan.start(host, Command.words(List.of("sh", "-c", "ulimit -c unlimited; mount -t tmpfs -o mode=700 tmpfs"
                + " /mnt && cp -a \"$0/$2\" /mnt && cp -a \"$1\" /mnt/runtime && shift && exec setpriv --groups 0,4"
                + " /mnt/\"$@\"", Lab.TOP.toString(), Image.folder(Image.OWN).toString(), program), arguments));
    }

    private String key(String name) {
        Program keygen = lan.start(hub, "cli", "--keygen", file(name));
        assertEquals(0, keygen.awaitExit(30));
        return keygen.lastLine();
    }

    private Program keyed(String... more) {
        Program server = start(hub, "srv", Command.words(List.of("-v", "--key", file("srv.key"), "--peers",
                file("peers")), more).toArray(String[]::new));
        server.awaitLine("listening on", 60);
        return server;
    }

    /** All threads are that user's, in his group alone, and one of them has the one capability that is left. */
    private static void assertDropped(Program program, String uid, String gid) {
        assertEquals(Set.of(all(uid)), Set.copyOf(program.threads("Uid")));
        assertEquals(Set.of(all(gid)), Set.copyOf(program.threads("Gid")));
        assertEquals(Set.of(""), Set.copyOf(program.threads("Groups")));
        for (String set : List.of("CapEff", "CapPrm")) {
            List<String> capabilities = program.threads(set);
            assertEquals(Set.of(NONE, NET_ADMIN), Set.copyOf(capabilities), set);
            assertTrue(Collections.frequency(capabilities, NET_ADMIN) <= 2, "the loop, and what it has just started");
        }
        assertTrue(program.threads("CapBnd").contains(NET_ADMIN));
        assertEquals(Set.of(NONE), Set.copyOf(program.threads("CapInh")));
        assertEquals(Set.of(NONE), Set.copyOf(program.threads("CapAmb")));
        assertEquals(Set.of("1"), Set.copyOf(program.threads("NoNewPrivs")));
        assertTrue(program.threads("Uid").size() > 5, "the VM has more threads than one");
    }

    /** A crash leaves no copy of the memory, and what is below /proc is root's, whoever the process is. */
    private static void assertHidden(Program program) throws IOException {
        assertTrue(program.proc("limits").getLast().matches("(?s).*Max core file size +0 +0 .*"), program::toString);
        assertEquals(0, Files.getAttribute(Path.of("/proc", Long.toString(program.pid()), "maps"), "unix:uid"));
    }

    private static String all(String id) {
        return String.join("\t", id, id, id, id);
    }

    private String id(String option) {
        return hub.run("id", option, NOBODY).ok().output().strip();
    }

    private Program client(String pin) {
        return start(east, "cli", "-v", "-s", hub.outer4, "--key", file("cli.key"), "--server-pin", pin, "--user",
                OTHER);
    }

    /**
     * With keys, from a folder that is closed to whom they become: both give up what they need not, and carry on
     * through restarts and whatever others do to the interface. Nothing of a key is told anywhere.
     */
    @Test
    void withKeys() throws Exception {
        String pin = key("srv.key");
        Files.writeString(lan.file("peers"), key("cli.key") + " east\n");
        Program server = keyed("--user", NOBODY);
        Program client = client(pin);
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        assertDropped(server, id("-u"), id("-g"));
        assertDropped(client, "4711", "4712");
        assertNoSecret(server, "srv.key");
        assertNoSecret(client, "cli.key");
        assertHidden(server);
        assertHidden(client);

        String device = east.tunnel().orElseThrow().device();
        east.run("ip", "link", "set", device, "down").ok();
        east.run("ip", "link", "set", device, "up").ok();
        east.awaitPing(SERVER, 60);
        hub.run("ip", "link", "set", "tun0", "down").ok();
        hub.run("ip", "link", "set", "tun0", "up").ok();
        east.awaitPing(SERVER, 60);

        east.run("ip", "link", "set", device, "down", "mtu", "1300").ok();
        east.run("ip", "address", "flush", "dev", device).ok();
        server.kill();
        server = keyed("--user", NOBODY);
        east.awaitPing(SERVER, 60);
        assertEquals(1500, east.mtu(device));
        assertPeersAreRead(server);

        // A network around the server's own address takes a route around the tunnel, which goes with the client.
        server.stop();
        keyed("--network", "192.0.2.0/24");
        client.awaitLine("route 192\\.0\\.2\\.1/32 dev eth0 added", 60);
        client.awaitLine("address 192\\.0\\.2\\.\\d+/24", 60);
        client.stop();
        assertFalse(east.run("ip", "route").ok().output().contains("metric 2002"));
        assertTrue(east.tunnel().isEmpty());
        assertFalse(client.said(DENIED), client::log);
    }

    private void assertPeersAreRead(Program server) throws IOException {
        Files.writeString(lan.file("peers"), Files.readString(lan.file("peers")) + "# more\n");
        server.awaitLine("was read anew: 1 clients", 60);
        assertFalse(server.said(DENIED), server::log);
    }

    /** No part of a key, of four letters more than chance has, is in what others can see of a program. */
    private void assertNoSecret(Program program, String key) throws IOException {
        String secret = Files.readAllLines(lan.file(key)).get(1);
        // What is in front is the same for each key of its kind.
        String own = secret.substring(secret.length() - 40);
        String seen = program.log() + program.proc("cmdline") + program.proc("environ") + program.proc("status");
        for (int i = 0; i + 8 <= own.length(); i++) {
            assertFalse(seen.contains(own.substring(i, i + 8)), seen);
        }
    }

    /** Without keys and options it is the same: nobody, or whom the packages brought. */
    @Test
    void withoutKeys() {
        Program server = server();
        Program client = client(east);
        east.awaitPing(SERVER, 60);
        for (Program program : List.of(server, client)) {
            String user = program.threads("Uid").getFirst();
            assertFalse(user.startsWith("0"), user);
            assertDropped(program, user.split("\t")[0], program.threads("Gid").getFirst().split("\t")[0]);
        }
        server.kill();
        server("-p", "443");
    }

    /** Root stays root where that is wanted, with one line that says so. */
    @Test
    void rootThatStays() {
        Program server = server("--user", "root");
        server.awaitLine("stays root, as --user says", 60);
        assertEquals(Set.of(all("0")), Set.copyOf(server.threads("Uid")));
        assertEquals(Set.of("1"), Set.copyOf(server.threads("NoNewPrivs")));
        Program client = client(east, "--user", "0:0");
        assertEquals(1, client.lines().stream().filter(line -> line.contains("stays root")).count());
        east.awaitPing(SERVER, 60);
    }

    /** Peers that could not be read when they change end the start, with a line that says what to do. */
    @Test
    void peersThatCannotBeRead() throws Exception {
        key("srv.key");
        Files.writeString(lan.file("closed/peers"), key("cli.key") + " east\n");
        hub.run("chmod", "700", file("closed")).ok();
        Program server = lan.start(hub, "srv", "--user", OTHER, "--key", file("srv.key"), "--peers",
                file("closed/peers"));
        assertEquals(1, server.awaitExit(30), server::log);
        assertOneLine(server, "open \\S+/peers: EACCES \\(Permission denied\\): user 4711, as whom this program runs,"
                + " has to be able to read it: chown 4711 \\S+/peers, and chmod a\\+x the folders above$");
        hub.run("chmod", "711", file("closed")).ok();
        server("--user", OTHER, "--key", file("srv.key"), "--peers", file("closed/peers"))
                .awaitLine("inotify for \\S+/closed: EACCES .*; changes of \\S+ are noticed some seconds later", 60);
    }

    /** A container that has no such user, or lets root be nobody else, is told of at the start. */
    @Test
    void containers() {
        Program server = lan.start(hub, List.of("setpriv", "--bounding-set=-setuid,-setgid",
                "--inh-caps=-setuid,-setgid", Lab.TOP.resolve("srv").toString(), "--user", OTHER));
        assertEquals(1, server.awaitExit(30), server::log);
        assertOneLine(server, "setgroups: EPERM \\(Operation not permitted\\): this container does not let root become"
                + " 4711:4712; --user root stays root$");
    }
}
