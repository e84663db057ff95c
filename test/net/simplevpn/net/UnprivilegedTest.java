package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Image;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/**
 * Both programs as a user who is not root: with the capability CAP_NET_ADMIN alone, and without any on an interface
 * that root made and set up.
 */
final class UnprivilegedTest extends Vpn {
    private static final String UID = "65534";
    private static final String NOTHING = "";
    private static final String NET_ADMIN = ",+net_admin";
    private static final long NET_ADMIN_BIT = 1 << 12; // linux/capability.h

    /**
     * Starts a program with the given capabilities alone. The user need not be able to get at the project's folder, or
     * to read what was built in it: in the mount namespace that {@code ip netns exec} makes there is a copy for
     * everybody under /mnt. There the TUN device is also everybody's, as udev makes it; on a machine without udev it is
     * root's.
     */
    private Program start(Host host, String capabilities, String program, String... arguments) {
        return lan.start(host, Command.words(List.of("sh", "-c", "mount -t tmpfs tmpfs /mnt"
                + " && cp -a \"$0/$2\" /mnt && cp -a \"$1\" /mnt/runtime && chmod -R a+rX /mnt && shift"
                + " && mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec setpriv"
                + " --reuid=" + UID + " --regid=" + UID + " --clear-groups --inh-caps=-all" + capabilities
                + " --ambient-caps=-all" + capabilities + " --no-new-privs /mnt/\"$@\"", Lab.TOP.toString(),
                Image.folder(Image.OWN).toString(), program), arguments));
    }

    /** A persistent interface vpn0 that belongs to the user. */
    private static void make(Host host) {
        host.run("ip", "tuntap", "add", "dev", "vpn0", "mode", "tun", "user", UID).ok();
    }

    private static void make(Host host, String address) {
        make(host);
        host.run("ip", "address", "add", address, "dev", "vpn0").ok();
        host.run("ip", "link", "set", "dev", "vpn0", "up").ok();
    }

    /** Address and flags, without those that say whether a program is attached. */
    private static String state(Host host) {
        return host.run("ip", "-o", "-4", "address", "show", "dev", "vpn0").ok().output()
                + host.run("ip", "-o", "link", "show", "dev", "vpn0").ok().output()
                        .replaceAll("NO-CARRIER,|,LOWER_UP| state [A-Z]+", "");
    }

    private static void assertUser(Program program, long capabilities) {
        assertEquals(UID, program.status("Uid").split("\\s")[1], "effective user");
        assertEquals(capabilities, Long.parseLong(program.status("CapEff"), 16), "capabilities");
    }

    /** With CAP_NET_ADMIN alone everything works as it does for root. */
    @Test
    void capabilityAlone() throws Exception {
        Program server = start(hub, NET_ADMIN, "srv");
        server.awaitLine("listening on", 60);
        assertUser(server, NET_ADMIN_BIT);
        Program client = start(east, NET_ADMIN, "cli", "-s", hub.outer4, "-m", "1420");
        awaitAddress(client, east);
        assertUser(client, NET_ADMIN_BIT);
        assertEquals(1420, east.mtu(east.tunnel().orElseThrow().device()));
        new Transfer(east, hub, SERVER, 5_000_000).await(60);
        client.stop();
        assertTrue(east.tunnel().isEmpty(), "the device goes with the client");
    }

    /**
     * Without any capability, on interfaces with the right settings: they are noticed and left, the client asks for the
     * address that its interface has, and both are there unchanged for the next time.
     */
    @Test
    void premadeInterfaces() throws Exception {
        make(hub, "10.0.0.1/16");
        make(east, "10.0.6.6/16");
        String before = state(hub) + state(east);
        for (int i = 0; i < 2; i++) {
            Program server = start(hub, NOTHING, "srv", "-i", "vpn0");
            server.awaitLine("listening on", 60);
            assertUser(server, 0);
            server.awaitLine("vpn0 has the address 10\\.0\\.0\\.1/16 already", 60);
            Program client = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4);
            client.awaitLine("connected to .*address 10\\.0\\.6\\.6/16 on vpn0", 60);
            assertUser(client, 0);
            assertEquals(1, client.lines().stream().filter(line -> line.contains("already")).count(), client::log);
            server.awaitLine("10\\.0\\.6\\.6 \\(static", 60);
            new Transfer(east, hub, SERVER, 5_000_000).await(60);
            client.stop();
            server.stop();
            assertEquals(before, state(hub) + state(east));
        }
    }

    /** What is set already is not set again by somebody who could: neither lifetimes nor other addresses are lost. */
    @Test
    void premadeInterfaceForRoot() {
        make(hub);
        hub.run("ip", "address", "add", "10.9.9.9/32", "dev", "vpn0").ok();
        hub.run("ip", "address", "add", "10.0.0.1/16", "dev", "vpn0", "valid_lft", "5000",
                "preferred_lft", "5000").ok();
        server("-i", "vpn0");
        client(east);
        east.awaitPing(SERVER, 60);
        String addresses = hub.run("ip", "-o", "-4", "address", "show", "dev", "vpn0").ok().output();
        assertTrue(addresses.contains("10.9.9.9/32")
                && addresses.matches("(?s).*10\\.0\\.0\\.1/16.*valid_lft [45]\\d{3}sec.*"),
                addresses);
    }

    /** An interface without the address, or that is down: one line with the command for root, status 1. */
    @Test
    void wrongSettings() {
        make(hub);
        make(east, "10.7.7.7/16");
        Program server = start(hub, NOTHING, "srv", "-i", "vpn0");
        assertEquals(1, server.awaitExit(30), server::log);
        assertOneLine(server, "SIOCSIFADDR vpn0: EPERM .*ip address flush dev vpn0; ip address add 10\\.0\\.0\\.1/16"
                + " dev vpn0; ip link set dev vpn0 up$");
        hub.run("ip", "address", "add", "10.0.0.1/16", "dev", "vpn0").ok();
        server = start(hub, NOTHING, "srv", "-i", "vpn0");
        assertEquals(1, server.awaitExit(30), server::log);
        assertOneLine(server, "SIOCSIFFLAGS vpn0: EPERM .*root: ip link set dev vpn0 up$");
        hub.run("ip", "link", "set", "dev", "vpn0", "up").ok();
        server = start(hub, NOTHING, "srv", "-i", "vpn0");
        server.awaitLine("listening on", 60);
        Program client = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4, "-a", "10.0.7.7");
        assertEquals(1, client.awaitExit(30), client::log);
        assertOneLine(client, "SIOCSIFADDR vpn0: EPERM .*ip address add 10\\.0\\.7\\.7/16 dev vpn0");
        // The address that the interface has is asked for; this server's network is another.
        client = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4);
        assertEquals(3, client.awaitExit(30), client::log);
        assertOneLine(client, "10\\.7\\.7\\.7 is not in the network");
    }

    /** Without an interface and without the capability: one line that shows both ways out. */
    @Test
    void noInterface() {
        for (String name : List.of("", "vpn0")) {
            List<String> words = name.isEmpty() ? List.of() : List.of("-i", name);
            Program server = start(hub, NOTHING, "srv", words.toArray(String[]::new));
            assertEquals(1, server.awaitExit(30), server::log);
            assertOneLine(server, "TUNSETIFF " + (name.isEmpty() ? "a new interface" : name)
                    + ": EPERM .*CAP_NET_ADMIN.*ip tuntap add dev NAME mode tun user");
        }
    }

    /** An MTU that cannot be set is told, and the smaller one is in force: nothing fails for it. */
    @Test
    void mtuThatCannotBeSet() throws Exception {
        make(hub, "10.0.0.1/16");
        hub.run("ip", "link", "set", "dev", "vpn0", "mtu", "1300").ok();
        make(east, "10.0.0.9/16");
        Program server = start(hub, NOTHING, "srv", "-i", "vpn0");
        server.awaitLine("vpn0 keeps its MTU of 1300 bytes instead of 1500; as root: ip link set dev vpn0 mtu 1500",
                60);
        server.awaitLine("listening on", 60);
        client(west);
        assertEquals(1300, west.mtu(west.tunnel().orElseThrow().device()), "what the server says is what it has");
        Program client = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4);
        client.awaitLine("vpn0 keeps its MTU of 1500 bytes instead of 1300; as root: ip link set dev vpn0 mtu 1300",
                60);
        client.awaitLine("connected to .*, MTU 1300", 60);
        assertEquals(1500, east.mtu("vpn0"));
        new Transfer(east, west, address(west), 5_000_000).await(60);
        new Transfer(east, hub, SERVER, 5_000_000).await(60);
    }

    /**
     * A route that root added already is left; another is told with the command, and the tunnel works without it. Where
     * this host has another way already there is nothing to do.
     */
    @Test
    void routes() throws Exception {
        make(east, "10.3.0.7/24");
        east.run("ip", "route", "add", "172.20.0.0/14", "dev", "vpn0").ok();
        east.run("ip", "route", "add", "172.16.8.0/21", "dev", "eth0").ok();
        byte[] options = {1, 4, -1, -1, -1, 0, 5, 5, (byte) 172, 20, 0, 0, 14, 5, 5, (byte) 172, 16, 8, 0, 21,
            5, 5, (byte) 172, 20, 0, 0, 16};
        new ClassicServer(hub, request -> ClassicServer.extendedAnswer("10.3.0.7", options));
        Program client = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4);
        client.awaitLine("connected to", 60);
        client.awaitLine("RTM_NEWROUTE 172\\.20\\.0\\.0/16 dev vpn0: EPERM .*root:"
                + " ip route add 172\\.20\\.0\\.0/16 dev vpn0$", 60);
        client.awaitLine("route 172\\.16\\.8\\.0/21 left out: .* dev eth0$", 60);
        assertFalse(client.said("172\\.20\\.0\\.0/14"), client::log);
    }

    /** A mark takes the capability, which the message names; one interface and changes of routes do not. */
    @Test
    void lines() {
        make(east, "10.0.6.6/16");
        server();
        Program client = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4, "--mark", "7", "--once");
        assertEquals(4, client.awaitExit(30), client::log);
        assertOneLine(client, "SO_MARK 7: EPERM \\(Operation not permitted\\): run with the capability CAP_NET_ADMIN$");
        Program bound = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4, "--bind", "eth0");
        bound.awaitLine("connected to", 60);
        east.run("ip", "address", "del", east.outer4 + "/24", "dev", "eth0").ok();
        east.run("ip", "address", "add", "192.0.2.77/24", "dev", "eth0").ok();
        bound.awaitLine("is reached from 192\\.0\\.2\\.77 now", 60);
        east.awaitPing(SERVER, 60);
    }

    /** A port below 1024 takes a capability of its own, which the message names. */
    @Test
    void lowPort() {
        Program server = start(hub, NET_ADMIN, "srv", "-p", "443");
        assertEquals(1, server.awaitExit(30), server::log);
        assertOneLine(server, ":443: EACCES .*CAP_NET_BIND_SERVICE");
        server = start(hub, NET_ADMIN + ",+net_bind_service", "srv", "-p", "443");
        server.awaitLine("listening on", 60);
    }

    /** Who is not root becomes nobody else, and needs not: himself he may name. */
    @Test
    void user() {
        Program server = start(hub, NET_ADMIN, "srv", "--user", "root");
        assertEquals(2, server.awaitExit(30), server::log);
        assertOneLine(server, "--user root: only root can become another user; leave it out \\(srv --help .*");
        server = start(hub, NET_ADMIN, "srv", "--user", UID);
        server.awaitLine("listening on", 60);
        assertUser(server, NET_ADMIN_BIT);
        assertEquals(Set.of("1"), Set.copyOf(server.threads("NoNewPrivs")));
    }

    /** With a key nobody else sees a program's memory, not even its own user, and a crash leaves no copy of it. */
    @Test
    void memoryWithKey(@TempDir Path folder) throws IOException {
        make(east, "10.0.6.6/16");
        make(west, "10.0.6.7/16");
        String key = folder.resolve("key").toString();
        assertEquals(0, lan.start(east, "cli", "--keygen", key).awaitExit(30));
        east.run("chmod", "711", folder.toString()).ok();
        Program refused = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4, "--key", key);
        assertEquals(1, refused.awaitExit(30), refused::log);
        assertOneLine(refused, "open " + key + ": EACCES \\(Permission denied\\): user " + UID
                + ", as whom this program runs, has to be able to read it: chown " + UID + " " + key + ", and chmod");
        east.run("chown", UID, key).ok();
        Program secret = start(east, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4, "--key", key);
        Program plain = start(west, NOTHING, "cli", "-i", "vpn0", "-s", hub.outer4);
        for (Program program : List.of(secret, plain)) {
            program.awaitLine("trying again until it works", 60);
        }
        assertEquals(0, readMemory(west, plain), "what a key changes");
        assertEquals(1, readMemory(east, secret));
        assertTrue(secret.proc("limits").getLast().matches("(?s).*Max core file size +0 +0 .*"));
        make(hub, "10.0.0.1/16");
        Files.writeString(folder.resolve("peers"), "");
        Program server = start(hub, NOTHING, "srv", "-i", "vpn0", "--key", key, "--peers",
                folder.resolve("peers").toString());
        server.awaitLine("listening on", 20);
        assertEquals(1, readMemory(hub, server));
        assertTrue(server.proc("limits").getLast().matches("(?s).*Max core file size +0 +0 .*"));
    }

    /** The status of a command that reads where the program's memory is, as its own user. */
    private static int readMemory(Host host, Program program) {
        return host.run("setpriv", "--reuid=" + UID, "--regid=" + UID, "--clear-groups", "cat",
                "/proc/" + program.pid() + "/maps").status();
    }

    /**
     * Another program's longer packet headers are not taken for ours, and what we asked the kernel for is taken back at
     * the end: a persistent interface keeps both.
     */
    @Test
    void settingsThatOthersLeft() throws Exception {
        make(hub, "10.0.0.1/16");
        assertEquals("0 0", premadeDevice("leave"));
        assertEquals("0 1", premadeDevice("look"), "the kernel remembers that super-packets were wanted");
        Program server = start(hub, NOTHING, "srv", "-i", "vpn0");
        server.awaitLine("listening on", 60);
        client(east);
        new Transfer(east, hub, SERVER, 5_000_000).await(60);
        assertEquals("0 1", premadeDevice("look"));
        server.stop();
        assertEquals("0 0", premadeDevice("look"));
    }

    private String premadeDevice(String what) {
        return hub.run(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", Lab.TOP.resolve("build/classes") + File.pathSeparator
                        + Lab.TOP.resolve("build/test/unit"), "simplevpn.linux.PremadeDevice", what, "vpn0").ok()
                .output().strip();
    }
}
