package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Privileges;
import simplevpn.protocol.Answer;
import simplevpn.tls.Pin;

/** One command on the server, one on the device: how a client gets in by an invitation, and what can go wrong. */
class InvitationTest extends KeyedWorldTest {
    /** What {@code srv} prints when it is called about invitations. */
    private String srv(String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("--key", file("srv").toString(), "--peers",
                file("peers").toString(), "--user", String.valueOf(Privileges.uid())));
        all.addAll(List.of(words));
        Options options = ServerSettings.options();
        options.parse(all.toArray(String[]::new));
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true));
        try {
            assertTrue(InviteCommand.isAnswered(options, new ServerSettings(options)));
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    /** A new invitation, without the command in front of it. */
    private String invite(String name, String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("--invite", name, "--host", "hub"));
        all.addAll(List.of(words));
        String line = srv(all.toArray(String[]::new));
        assertTrue(line.matches("cli --join hub:2002/[A-Za-z0-9_-]{64}\n"), line);
        return line.substring("cli --join ".length()).trim();
    }

    private World.Board joining(String device, String join) throws Failure {
        return world.board(1, "--join", join, "--dir", file(device).toString());
    }

    private String content(String name) throws Exception {
        return Files.readString(file(name));
    }

    /**
     * A device without anything joins, has what the server's owner said, and starts with its own files from then on.
     */
    @Test
    void joins() throws Exception {
        Files.writeString(file("peers"), "# mine");
        String invitation = invite("shed", "--address", "10.0.0.7");
        assertEquals("shed 10.0.0.7, for 7 days\n", srv("--invites"));
        assertFalse(content("peers.invitations").contains(invitation.substring(60)), "no secret is kept");
        World.Hub hub = server();
        World.Board shed = joining("device", invitation);
        assertEquals("10.0.0.7", address(shed));
        String pin = KeyFiles.read(file("device").resolve("cli.key").toString()).pin().toString();
        assertEquals("# mine\n" + pin + " shed 10.0.0.7\n", content("peers"));
        assertEquals("", content("peers.invitations"));
        assertEquals("", srv("--invites"));
        assertSaid("shed is taken in by invitation, with key " + quoted(pin));
        assertSaid(".* assigned 10.0.0.7 to shed .*");
        assertEquals("# Written when this device joined by its invitation.\nserver hub\nport 2002\nkey "
                + file("device").resolve("cli.key") + "\nserver-pin " + serverPin + "\n",
                Files.readString(file("device").resolve("cli.conf")));
        assertReaches(hub, shed);
        shed.kill();
        World.Board again = world.board(1, "--config", file("device").resolve("cli.conf").toString());
        assertEquals("10.0.0.7", address(again));
        again.kill();
        assertEquals("10.0.0.7", address(joining("device", invitation)), "the same command once more does no harm");
    }

    /** A secret is used once; what is used, expired, withdrawn or guessed is no invitation, and the device says so. */
    @Test
    void once() throws Exception {
        String invitation = invite("shed");
        server();
        joining("device", invitation);
        assertNoInvitation(invitation);
        assertNoInvitation(Invitation.to("hub", 2002, new Pin[] {Pin.parse(serverPin)}).toString());
        String withdrawn = invite("barn");
        invite("barn");
        srv("--uninvite", "barn");
        assertNoInvitation(withdrawn);
        String expired = invite("mill", "--expires", "1m");
        Path file = file("peers.invitations");
        String[] words = Files.readString(file).split(" ");
        Files.writeString(file, words[0] + " " + (Long.parseLong(words[1]) - 60) + " " + words[2]);
        assertNoInvitation(expired);
        assertEquals(1, content("peers").lines().count());
    }

    private void assertNoInvitation(String invitation) throws Failure {
        World.Board board = joining("other", invitation);
        assertEquals(Failure.REFUSED, board.failure.status);
        assertTrue(board.failure.getMessage().endsWith("refused: " + Answer.NO_INVITATION),
                board.failure.getMessage());
        assertFalse(Files.exists(file("other").resolve("cli.conf")), "nothing is known that would work");
    }

    /** An invitation in a file is used at the first start that reaches the server, and is gone then, and only then. */
    @Test
    void fleet() throws Exception {
        Path file = Files.writeString(file("invitation"), srv("--invite", "shed", "--host", "hub"));
        World.Board early = joining("device", file.toString());
        world.pass(20 * World.SECOND);
        assertTrue(Files.exists(file));
        early.kill();
        server();
        // What the first one left behind has its turn before others.
        world.pass(World.SECOND);
        World.Board first = joining("device", file.toString());
        assertEquals("10.0.0.2", address(first));
        assertFalse(Files.exists(file));
        first.kill();
        World.Board later = joining("device", file.toString());
        assertEquals("10.0.0.2", address(later), "as the config says, from then on");
        later.kill();
        assertEquals("10.0.0.2", address(joining("device", "/nonsense")));
    }

    /** A server that cannot write keeps the invitation, and says why; the device tries until it works. */
    @Test
    void fullDisk() throws Exception {
        String invitation = invite("shed");
        server();
        Path way = Files.createDirectories(file("peers.new").resolve("x"));
        World.Board board = joining("device", invitation);
        assertNull(address(board));
        assertSaid("write .*peers.new: EEXIST .*");
        assertSaid(".* refused: this server cannot take anybody in now, its log says why; .*");
        assertEquals("shed, for 7 days\n", srv("--invites"));
        Files.delete(way);
        Files.delete(way.getParent());
        world.pass(60 * World.SECOND);
        assertEquals("10.0.0.2", address(board));
    }

    /**
     * While the owner's program has the folder's lock, nobody is taken in; and the two never undo each other's work.
     */
    @Test
    void atTheSameTime() throws Exception {
        String invitation = invite("shed");
        server();
        World.Board board;
        try (Invitations open = new Invitations(file("peers").toString(), true, 0)) {
            board = joining("device", invitation);
            assertNull(address(board));
            assertSaid("flock .*: EAGAIN .*: another program changes what is in it at this moment");
            assertNotNull(open);
        }
        world.pass(60 * World.SECOND);
        assertEquals("10.0.0.2", address(board));
    }

    /** What cannot come true is said at once, or when it has become so. */
    @Test
    void contradictions() throws Exception {
        known("one", "10.0.0.7");
        assertWrong(file("peers") + " line 2: 10.0.0.7: is the address of one too", "--invite", "two", "--address",
                "10.0.0.7");
        for (String address : List.of("10.9.0.1", "10.0.0.1")) {
            assertWrong("--address " + address + ": is none that a client of 10.0.0.0/16 can have"
                    + " (srv --help shows all options)", "--invite", "two", "--address", address);
        }
        assertWrong("--invite a_b: " + Peers.NAMES + " (srv --help shows all options)", "--invite", "a_b");
        for (String time : List.of("", "d", "7", "0d", "3651d", "-1d", "1s", "99999999999999999999d")) {
            assertWrong("--expires " + time + ": must be a number of minutes (m), hours (h) or days (d), 3650d at most"
                    + " (srv --help shows all options)", "--invite", "two", "--host", "hub", "--expires", time);
        }
        assertWrong("--host a b: must be a host name or an address (srv --help shows all options)", "--invite", "two",
                "--host", "a b");
        assertWrong("there is no invitation of two; srv --invites lists them", "--uninvite", "two");
        assertWrong("--invite, --uninvite and --invites are one command each (srv --help shows all options)",
                "--invite", "two", "--uninvite", "two");
        assertWrong("--invite NAME is missing: --expires says something about that (srv --help shows all options)",
                "--expires", "1d");
        invite("one", "--address", "10.0.0.7");
        assertSaid("one is there already: this is for another key of the same device, .*");
        srv("--uninvite", "one");
        String invitation = invite("two", "--address", "10.0.0.8");
        assertWrong("--address 10.0.0.8: is promised to two (see srv --invites) (srv --help shows all options)",
                "--invite", "four", "--address", "10.0.0.8");
        known("three", "10.0.0.8");
        server();
        assertNull(address(joining("device", invitation)));
        assertSaid(".*peers line 3: 10.0.0.8: is the address of three too");
    }

    private void assertWrong(String why, String... words) {
        assertEquals(why, assertThrows(Failure.class, () -> srv(words)).getMessage());
    }

    /** The first invitation of all makes the file of peers; times are shown as one thinks of them. */
    @Test
    void firstOfAll() throws Exception {
        Files.delete(file("peers"));
        invite("a", "--expires", "90m");
        invite("b", "--expires", "36h");
        invite("c", "--expires", "3650d", "--address", "10.0.0.9");
        assertEquals("", content("peers"));
        assertEquals("a, for 90 minutes\nb, for 36 hours\nc 10.0.0.9, for 3650 days\n", srv("--invites"));
        for (String name : List.of("peers", "peers.invitations")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file(name))));
        }
    }

    /** The text of an invitation is read as it was written, and nothing else is one. */
    @Test
    void text() throws Exception {
        Pin[] pins = {Pin.parse(serverPin), Pin.hashing(new byte[1])};
        for (String host : List.of("vpn.example.org", "192.0.2.1", "2001:db8::1")) {
            Invitation made = Invitation.to(host, 65535, pins);
            Invitation read = Invitation.parse(made.toString());
            assertEquals(host, read.host);
            assertEquals(65535, read.port);
            assertArrayEquals(pins, read.pins);
            assertArrayEquals(made.secret, read.secret);
        }
        assertNotEquals(Invitation.to("h", 1, pins).toString(), Invitation.to("h", 1, pins).toString());
        String good = Invitation.to("h", 1, new Pin[] {pins[0]}).toString();
        for (String bad : List.of("", "/", ":/", "h:1/", good.substring(0, good.length() - 1), good + "x",
                good + "xxxx",
                good.replace("h:1", "h:0"), good.replace("h:1", "h:65536"), good.replace("h:1", "h"),
                good.replace("h:1", ":1"), good.replace("h:1", "[]:1"), good.replace("/", "/="),
                "/var/lib/simplevpn/invitation")) {
            assertNull(Invitation.parse(bad), bad);
        }
    }

    /** Whatever is in the file of invitations, it is read, or refused in one line. */
    @Test
    void nonsense() throws Exception {
        Random random = new Random(7);
        String pieces = Pin.hashing(new byte[2]) + " 99999999999 shed 10.0.0.7\n \t\u00e4#" + Pin.hashing(new byte[3]);
        for (int i = 0; i < 2_000 * Fuzz.TIMES; i++) {
            StringBuilder text = new StringBuilder();
            for (int j = random.nextInt(6); j > 0; j--) {
                int from = random.nextInt(pieces.length());
                text.append(pieces, from, Math.min(pieces.length(), from + random.nextInt(90)));
            }
            Files.writeString(file("peers.invitations"), text);
            try (Invitations read = new Invitations(file("peers").toString(), true, 0)) {
                assertTrue(read.all.size() <= 6);
            } catch (Failure e) {
                assertTrue(e.getMessage().startsWith(file("peers.invitations") + " line "), e.getMessage());
            }
        }
    }

    /** A key that is known already uses an invitation up: it has been seen, and would let another in. */
    @Test
    void shownByKnown() throws Exception {
        known("one");
        String invitation = invite("shed");
        server();
        Files.createDirectory(file("device"));
        Files.copy(file("one"), file("device").resolve("cli.key"), StandardCopyOption.COPY_ATTRIBUTES);
        assertEquals("10.0.0.2", address(joining("device", invitation)), "as the one who it is");
        assertSaid("one, whose key is known, has used up the invitation of shed");
        assertNoInvitation(invitation);
    }

    /** The power failed between the two steps: the device that was being taken in is in after the next start. */
    @Test
    void halfTakenIn() throws Exception {
        String one = known("one");
        String before = content("peers");
        Path next = file("peers.new");
        for (String rubbish : List.of(before + one.substring(0, 20) + "\n", before + "sha256:", "", before)) {
            Files.writeString(next, rubbish);
            server().kill();
            assertEquals(before, content("peers"));
        }
        Files.writeString(next, before + key("shed") + " shed\n");
        server();
        assertSaid(".*peers has the client that was taken in when this server ended last");
        assertEquals("10.0.0.2", address(pinned("shed")));
        assertFalse(Files.exists(next));
    }

    /** A clock that ran ahead for a moment costs no invitation. */
    @Test
    void clockAhead() throws Exception {
        invite("early");
        Path file = file("peers.invitations");
        String[] words = content("peers.invitations").split(" ");
        Files.writeString(file, words[0] + " " + (InviteCommand.now() - 86_400) + " " + words[2]);
        invite("late");
        assertEquals("late, for 7 days\n", srv("--invites"));
        assertEquals(2, content("peers.invitations").lines().count());
        Files.writeString(file, words[0] + " " + (InviteCommand.now() - 31 * 86_400) + " " + words[2]);
        invite("late");
        assertEquals(1, content("peers.invitations").lines().count(), "not for ever");
    }

    /** A file with an invitation may have been written anywhere, with the command around the word. */
    @Test
    void invitationFiles() throws Exception {
        String word = invite("shed");
        Path file = file("invitation");
        for (String text : List.of(word, "\ufeff" + word + "\r\n", "cli  --join " + word,
                "sudo ./cli --join " + word + "\n")) {
            Files.writeString(file, text);
            Options options = ClientSettings.options();
            options.parse(new String[] {"--join", file.toString(), "--dir", file("device").toString()});
            Joining.begin(options).end();
            assertEquals("hub", options.text("server"));
        }
        for (String text : List.of("", word + " " + word, "cli " + word, " --join", word.replace("hub", "hu b"))) {
            Files.writeString(file, text);
            assertThrows(Failure.class, () -> joining("device", file.toString()), text);
        }
    }

    /** The power failed when the key was made: an empty file is none. */
    @Test
    void emptyKey() throws Exception {
        String invitation = invite("shed");
        server();
        Files.createDirectory(file("device"));
        Files.createFile(file("device").resolve("cli.key"));
        assertEquals("10.0.0.2", address(joining("device", invitation)));
    }

    /** While somebody changes the peers, nobody is taken in: what was written half would be kept. */
    @Test
    void peersAreBeingWritten() throws Exception {
        known("one");
        String whole = content("peers");
        String invitation = invite("shed");
        server();
        Files.writeString(file("peers"), whole.substring(0, 30));
        World.Board board = joining("device", invitation);
        assertNull(address(board));
        assertSaid(".*peers is being changed: shed is taken in later");
        assertEquals(whole.substring(0, 30), content("peers"));
        Files.writeString(file("peers"), whole);
        world.pass(60 * World.SECOND);
        assertEquals("10.0.0.2", address(board));
        assertTrue(content("peers").startsWith(whole), content("peers"));
    }

    /** Where the peers are wrong nobody is taken in either; the invitation is good when they are right again. */
    @Test
    void peersAreWrong() throws Exception {
        known("one");
        String whole = content("peers");
        String wrong = whole.strip() + " net=10.0.3.0/24\n";
        String invitation = invite("shed");
        server();
        Files.writeString(file("peers"), wrong);
        world.pass(20 * World.SECOND);
        assertSaid(".*peers line 1: 10.0.3.0/24: has addresses of the VPN's own network, 10.0.0.0/16.*");
        World.Board board = joining("device", invitation);
        assertNull(address(board));
        assertEquals(wrong, content("peers"));
        Files.writeString(file("peers"), whole);
        world.pass(60 * World.SECOND);
        assertEquals("10.0.0.2", address(board));
    }

    /** The file that was kept belongs to whom root becomes: what else may stand in it is not believed. */
    @Test
    void keptConfig() throws Exception {
        String invitation = invite("shed");
        server();
        joining("device", invitation).kill();
        Path config = file("device").resolve("cli.conf");
        Files.writeString(config, Files.readString(config) + "user root\naddress 10.0.0.99\nnonsense\n");
        Options options = ClientSettings.options();
        options.parse(new String[] {"--join", "/nonsense", "--dir", file("device").toString(), "--server", "other"});
        assertNull(Joining.begin(options));
        assertNull(options.text("user"));
        assertNull(options.text("address"));
        assertEquals("hub", options.text("server"), "as when it joined");
    }

    /** A device without any of it is told what is missing, but no secret. */
    @Test
    void nothingToJoin() {
        String damaged = assertThrows(Failure.class, () -> joining("device", "hub:2002/abcdef")).getMessage();
        assertTrue(damaged.startsWith("--join: neither an invitation"), damaged);
        assertEquals("--join nowhere: neither an invitation, as srv --invite prints it, nor a file with one;"
                + " and there is no " + file("device").resolve("cli.conf") + " of an earlier one"
                + " (cli --help shows all options)",
                assertThrows(Failure.class, () -> joining("device", "nowhere")).getMessage());
        assertEquals("--join INVITATION is missing: --dir says where to keep what it brings"
                + " (cli --help shows all options)",
                assertThrows(Failure.class, () -> world.board(1, "--dir", "x")).getMessage());
    }
}
