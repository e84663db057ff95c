package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;
import simplevpn.linux.Way;
import simplevpn.memory.MemoryStream;

/**
 * Times of keepalives that a client wishes, or finds out: its server waits for it as long, a dead connection is noticed
 * in seconds, and what was found out is there at the next start.
 */
class KeepaliveWorldTest extends WorldTest {
    private static final long SECOND = World.SECOND;

    @TempDir
    private Path folder;

    private List<String> said(String regex) {
        List<String> lines = new ArrayList<>();
        for (String line : world.news()) {
            if (line.matches(regex)) {
                lines.add(line);
            }
        }
        return lines;
    }

    private static int arrived(World.Board board) {
        return board.connector.last().writes;
    }

    /** One wish, then a keepalive each four minutes: the server waits for as long, and nobody connects anew. */
    @Test
    void wished() throws Failure {
        world.hub();
        World.Board board = world.board(1, "--keepalive", "240");
        assertEquals(List.of("keepalive each 240 s: 2.20 MB a month when idle"), said("keepalive .*"));
        int before = arrived(board);
        world.pass(239 * SECOND);
        assertEquals(before, arrived(board));
        world.pass(24 * 240 * SECOND);
        assertEquals(before + 24, arrived(board));
        assertEquals(List.of(), said(".*(timed out|reconnecting).*"));
    }

    /** A classic server takes no wishes: its client goes by the usual times, and says so. */
    @Test
    void classicServer() throws Failure {
        World.Board board = world.board(1, "--keepalive", "240");
        MemoryStream server = board.connector.last().other();
        byte[] answer = server.take();
        answer[4] = 0;
        answer[16] = 10;
        answer[19] = 9;
        server.put(answer);
        world.pass(14 * SECOND);
        assertEquals(List.of("keepalive each 15 s, since this server takes no wishes: 33.87 MB a month when idle"),
                said("keepalive .*"));
        assertEquals(0, server.take().length);
        world.pass(2 * SECOND);
        assertEquals(20, server.take().length);
    }

    /** A client that dies is dropped after what it was granted, and not earlier. */
    @Test
    void silentClient() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = world.board(1, "--keepalive", "240");
        board.ended = true;
        world.pass(299 * SECOND);
        assertEquals(1, hub.server.hub.clients());
        world.pass(2 * SECOND);
        assertEquals(0, hub.server.hub.clients());
        assertEquals(1, said(".* timed out: silent for 300 s; .*").size());
    }

    /** One without a wish is dropped as ever beside it. */
    @Test
    void othersStayAsTheyAre() throws Failure {
        World.Hub hub = world.hub();
        world.board(1, "--keepalive", "240");
        World.Board other = world.board(2);
        other.ended = true;
        world.pass(61 * SECOND);
        assertEquals(1, hub.server.hub.clients());
        assertEquals(1, said(".* timed out: silent for 60 s; .*").size());
    }

    /** What a wish and a name are sent in is one request; the name is heard as before. */
    @Test
    void wishBesideName() throws Exception {
        Path hosts = folder.resolve("hosts");
        world.hub("--hosts", hosts.toString());
        world.board(1, "--name", "shed", "--keepalive", "300");
        world.pass(2 * SECOND);
        assertTrue(Files.readString(hosts).contains("shed"), Files.readString(hosts));
        assertEquals(1, said("keepalive each 300 s: .*").size());
    }

    /** A connection found dead after a long silence is replaced in seconds; one with traffic within the usual time. */
    @Test
    void deadConnection() throws Failure {
        world.hub();
        World.Board board = world.board(1, "--keepalive", "240");
        world.pass(SECOND);
        board.connector.last().other().room(0);
        world.pass(239 * SECOND);
        assertEquals(List.of(), said(".*reconnecting"));
        world.pass(12 * SECOND);
        assertEquals(1, said(".* does not answer; .*; reconnecting").size());
        world.pass(10 * SECOND);
        board.connector.last().other().room(0);
        board.device.send(udp("10.0.0.2", HUB, 10));
        world.pass(74 * SECOND);
        assertEquals(List.of(), said(".*reconnecting"));
        world.pass(2 * SECOND);
        assertEquals(1, said(".* does not answer; .*; reconnecting").size());
    }

    /** A client that finds out, and keeps that in a file, on a network that is known by its addresses. */
    private World.Board auto(String path) throws Failure {
        World.Board board = world.new Board(1, "-s", "hub", "--keepalive", "auto");
        board.connector.ways = to -> new Way(2, new byte[] {10, 1, 1, 1}, new byte[] {10, 1, 1, 7}, true);
        board.client.wishes.keepIn(new KeepaliveFile(path));
        world.pass(SECOND / 100);
        return board;
    }

    /** On a line that remembers, it grows to half an hour, and says so once with the price. */
    @Test
    void autoOnGoodLine() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = world.board(1, "--keepalive", "auto");
        KeepaliveFile file = new KeepaliveFile(folder.resolve("keepalive").toString());
        board.client.wishes.keepIn(file);
        world.pass(2 * 3600 * SECOND);
        assertEquals(List.of("keepalive each 1800 s, the most that there is: 0.29 MB a month when idle"),
                said("keepalive .*|.*reconnecting"));
        assertEquals(1, hub.server.hub.clients());
        int before = arrived(board);
        world.pass(10 * 1800 * SECOND);
        assertEquals(before + 10, arrived(board));
    }

    /** News that meets a wish on the line is no answer to it: nothing is concluded from the times that it has. */
    @Test
    void newsCrossesWish() throws Exception {
        World.Hub hub = world.hub();
        World.Board board = auto(folder.resolve("keepalive").toString());
        world.pass(14 * SECOND);
        hub.ended = true;
        world.pass(2 * SECOND);
        for (int i = 0; i < 2; i++) {
            // The first is heard as an answer to the keepalive, behind which the wish goes.
            assertTrue(hub.server.hub.members().getFirst().tellAgain());
            world.run();
        }
        assertEquals(15, board.client.keepalive.idle());
        hub.ended = false;
        world.run();
        assertEquals(30, board.client.keepalive.idle());
        world.pass(2 * 3600 * SECOND);
        assertEquals(1800, board.client.keepalive.idle());
        assertEquals(List.of(), said(".*reconnecting"));
    }

    /** One that forgets after five minutes: two connections are lost, and four minutes stay, also at the next start. */
    @Test
    void autoOnForgetfulLine() throws Exception {
        world.hub();
        String path = folder.resolve("keepalive").toString();
        World.Board board = auto(path);
        // 15, 30, 60, 120 and 240 are outlived; within 480 it is forgotten.
        world.pass((15 + 30 + 60 + 120 + 240 + 300) * SECOND);
        board.connector.last().other().room(0);
        world.pass(200 * SECOND);
        assertEquals(1, said(".*reconnecting").size());
        world.pass(300 * SECOND);
        board.connector.last().other().room(0);
        world.pass(200 * SECOND);
        List<String> lines = said("keepalive .*|.*reconnecting");
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(lines.get(0).endsWith("reconnecting"), lines.get(0));
        assertEquals("keepalive each 240 s, since this line forgets a silent connection within 480 s: 2.20 MB a month"
                + " when idle", lines.get(1));
        assertEquals(480, board.client.wishes.forgottenWithin(), "status tells it");
        assertEquals(2_203_200, board.client.wishes.monthly());
        int before = arrived(board);
        world.pass(20 * 240 * SECOND);
        assertEquals(before + 20, arrived(board));
        board.kill();
        assertEquals("10.1.1.1/10.1.1.7 240 480\n", Files.readString(Path.of(path)));
        auto(path);
        assertEquals(1, said("keepalive each 240 s, since this line forgets .*").size());
    }

    /** It is forgotten while an application has something to say now and then: that counts as if it was a keepalive. */
    @Test
    void autoMetByPackets() throws Exception {
        world.hub();
        World.Board board = auto(folder.resolve("keepalive").toString());
        world.pass((15 + 30 + 60 + 120 + 240) * SECOND);
        for (int i = 0; i < 2; i++) {
            world.pass(400 * SECOND);
            board.connector.last().other().room(0);
            board.device.send(udp("10.0.0.2", HUB, 10));
            world.pass(80 * SECOND);
            assertEquals(1, said(".*reconnecting").size());
        }
        assertEquals(240, board.client.keepalive.idle());
        String line = Files.readString(folder.resolve("keepalive"));
        assertTrue(line.matches("10\\.1\\.1\\.1/10\\.1\\.1\\.7 240 (39|40|41).\n"), line);
    }

    /** A server that ends a connection says so over the line, which is then not a forgetful one. */
    @Test
    void autoAndServerThatEnds() throws Exception {
        World.Hub hub = world.hub();
        World.Board board = auto(folder.resolve("keepalive").toString());
        world.pass((15 + 30 + 60 + 120 + 240) * SECOND);
        for (int i = 0; i < 4; i++) {
            world.pass(400 * SECOND);
            board.device.send(udp("10.0.0.2", HUB, 10));
            world.run();
            hub.server.hub.members().getFirst().kick();
            world.pass(80 * SECOND);
            assertEquals(1, said(".*reconnecting").size());
        }
        assertEquals(480, board.client.keepalive.idle());
    }

    /** The file is not read before it is asked about, nor again: root's program is an ordinary user by then. */
    @Test
    void readLate() throws Exception {
        Path path = folder.resolve("keepalive");
        KeepaliveFile file = KeepaliveFile.in("/elsewhere:" + folder);
        Files.writeString(path, "net 240 480\n");
        assertEquals(240, file.of("net")[0]);
        Files.writeString(path, "net 30 60\n");
        assertEquals(240, file.of("net")[0]);
        // A client with an invitation becomes that user when it has joined.
        World.Board board = world.new Board(1, "-s", "hub", "--keepalive", "auto");
        board.connector.ways = to -> new Way(2, new byte[] {10, 1, 1, 1}, new byte[] {10, 1, 1, 7}, true);
        board.client.wishes.keepIn(new KeepaliveFile(path.toString()));
        world.pass(2 * SECOND);
        Files.writeString(path, "10.1.1.1/10.1.1.7 240 480\n");
        world.hub();
        world.pass(60 * SECOND);
        assertEquals(240, board.client.keepalive.idle());
    }

    /** What is no such line is left out, and there are no more than so many, the newest ones. */
    @Test
    void badFile() throws Exception {
        Path path = folder.resolve("keepalive");
        StringBuilder text = new StringBuilder("rubbish\na b c\na 5 -1\n 3 4\na 99999999999 0\nlast 240 480 1\n");
        for (int i = 0; i < 100; i++) {
            text.append("net").append(i).append(" 240 0\n");
        }
        Files.writeString(path, text);
        KeepaliveFile file = new KeepaliveFile(path.toString());
        assertEquals(null, file.of("a"));
        assertEquals(null, file.of("net67"), "older than so many others");
        assertEquals(240, file.of("net99")[0]);
        file.put("net99", 480, 960);
        file.put("two words", 480, 960);
        KeepaliveFile again = new KeepaliveFile(path.toString());
        assertEquals(960, again.of("net99")[1]);
        assertEquals(KeepaliveFile.MOST, Files.readAllLines(path).size());
        Files.write(path, new byte[100]);
        assertEquals(null, new KeepaliveFile(path.toString()).of("net99"));
        assertFalse(said(".*").isEmpty(), "a file of zeros is told");
    }
}
