package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Program;

/** Devices that join by an invitation, with the programs as they are shipped, as people use them. */
final class InvitationTest extends Vpn {
    private Path peers;

    @BeforeEach
    void key() throws IOException {
        peers = Files.createDirectory(lan.file("state")).resolve("peers");
        Command.run(30, "chown", "nobody", peers.getParent().toString()).ok();
        Files.writeString(peers, "");
        assertEquals(0, lan.start(hub, "srv", "--keygen", file("srv.key")).awaitExit(30));
    }

    private String[] keyed(String... more) {
        return Command.words(List.of("--user", "nobody", "--key", file("srv.key"), "--peers", file("state/peers")),
                more).toArray(String[]::new);
    }

    /** The word that {@code srv --invite} prints. */
    private String invite(String name, String... more) {
        Program srv = lan.start(hub, "srv", keyed(Command.words(List.of("--invite", name, "--host", hub.outer4), more)
                .toArray(String[]::new)));
        assertEquals(0, srv.awaitExit(30), srv::log);
        assertTrue(srv.lastLine().startsWith("cli --join " + hub.outer4 + ":2002/"), srv::log);
        return srv.lastLine().substring("cli --join ".length());
    }

    private Program join(Host host, String invitation, String folder) {
        return lan.start(host, "cli", "--join", invitation, "--dir", file(folder));
    }

    /** Before the server runs, and beside it; a device that starts again needs its config alone. */
    @Test
    void twoCommands() throws Exception {
        String first = invite("east", "--address", "10.0.0.7");
        Program server = server(keyed());
        Program device = join(east, first, "east");
        awaitAddress(device, east);
        assertEquals("10.0.0.7", address(east));
        awaitAddress(join(west, invite("west"), "west"), west);
        west.awaitPing("10.0.0.7", 60);
        String lines = Files.readString(peers);
        assertTrue(lines.matches("sha256:\\S+ east 10\\.0\\.0\\.7\nsha256:\\S+ west\n"), lines);
        server.awaitLine("west is taken in by invitation", 60);
        device.stop();
        Program again = lan.start(east, "cli", "--config", lan.file("east/cli.conf").toString());
        awaitAddress(again, east);
        east.awaitPing(SERVER, 60);
    }

    /** A thief of an invitation that was used gets nothing, and is told. */
    @Test
    void usedTwice() {
        server(keyed());
        String invitation = invite("east");
        awaitAddress(join(east, invitation, "east"), east);
        Program thief = join(west, invitation, "west");
        assertEquals(3, thief.awaitExit(20));
        assertTrue(thief.lastLine().endsWith("refused: this invitation is not valid here: used, expired or withdrawn"),
                thief::log);
        assertFalse(Files.exists(lan.file("west/cli.conf")));
    }

    /** Root follows no link in a folder that another user can write to: it would lead root to any file. */
    @Test
    void linkOfAnother() throws IOException {
        Path victim = Files.writeString(lan.file("victim"), "");
        Files.delete(peers);
        Files.createSymbolicLink(peers, victim);
        Program srv = lan.start(hub, "srv", keyed("--invite", "east", "--host", hub.outer4));
        assertEquals(2, srv.awaitExit(30), srv::log);
        assertTrue(srv.lastLine().endsWith("/peers is a symbolic link in a folder that is not root's: name the file"
                + " that it leads to"), srv::log);
        assertEquals("", Files.readString(victim));
    }

    /** A fleet's image: the config names a file, which is gone once it was used; the device comes back without it. */
    @Test
    void file() {
        Path file = lan.write("invitation", "cli --join " + invite("east") + "\n");
        Path config = lan.write("cli.conf", "join " + file + "\ndir " + lan.file("kept") + "\n");
        Program early = lan.start(east, "cli", "--config", config.toString());
        early.awaitLine("ECONNREFUSED", 60);
        assertTrue(Files.exists(file));
        server(keyed());
        awaitAddress(early, east);
        early.await("the invitation's end", 60, () -> !Files.exists(file));
        early.stop();
        awaitAddress(lan.start(east, "cli", "--config", config.toString()), east);
    }

    /** The server's disk is full: nobody is taken in, no file is damaged, and as soon as there is room it goes on. */
    @Test
    void fullDisk() throws Exception {
        Command.run(30, "mount", "-t", "tmpfs", "-o", "size=16k,uid=65534", "none", peers.getParent().toString()).ok();
        try {
            Files.writeString(peers, "");
            String invitation = invite("east");
            Program server = server(keyed());
            Path ballast = peers.resolveSibling("ballast");
            Command.run(30, "sh", "-c", "head -c 65536 /dev/zero >" + ballast);
            Program device = join(east, invitation, "east");
            server.awaitLine("ENOSPC", 60);
            device.awaitLine("this server cannot take anybody in now", 60);
            assertEquals("", Files.readString(peers));
            assertEquals(1, Files.readString(peers.resolveSibling("peers.invitations")).lines().count());
            Files.delete(ballast);
            awaitAddress(device, east);
            assertTrue(Files.readString(peers).endsWith(" east\n"));
            server.stop();
        } finally {
            Command.run(30, "umount", "-l", peers.getParent().toString()).ok();
        }
    }

    /** The server is killed and started again: each client with a key has the address of before, whoever is first. */
    @Test
    void leases() {
        Program server = server(keyed());
        awaitAddress(join(east, invite("east"), "east"), east);
        Program second = join(west, invite("west"), "west");
        awaitAddress(second, west);
        String before = address(west);
        second.stop();
        server.kill();
        server(keyed());
        awaitAddress(lan.start(west, "cli", "--config", lan.file("west/cli.conf").toString()), west);
        assertEquals(before, address(west));
    }
}
