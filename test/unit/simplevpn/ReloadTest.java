package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** What a program takes anew while it runs, without dropping anybody; and what it does not, and says so. */
class ReloadTest extends KeyedWorldTest {
    private void says(String name, String... lines) throws Exception {
        Files.writeString(file(name), String.join("\n", lines) + "\n");
    }

    /** A server with a config file, and whatever the command line says. */
    private World.Hub hub(List<String> words, String... lines) throws Exception {
        says("srv.conf", lines);
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of("--config", file("srv.conf").toString()));
        return world.hub(all.toArray(String[]::new));
    }

    private World.Board board(List<String> words, String... lines) throws Exception {
        says("cli.conf", lines);
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of("--config", file("cli.conf").toString()));
        World.Board board = world.new Board(1, all.toArray(String[]::new));
        world.pass(SECOND);
        return board;
    }

    /** What a program logs about its config file when that is another one. */
    private List<String> again(World.Hub hub, String... lines) throws Exception {
        says("srv.conf", lines);
        return again(hub);
    }

    private List<String> again(World.Hub hub) throws Exception {
        world.news();
        hub.reload.again();
        return settled();
    }

    private List<String> again(World.Board board, String... lines) throws Exception {
        says("cli.conf", lines);
        world.news();
        board.reload.again();
        return settled();
    }

    private List<String> settled() {
        world.pass(SECOND);
        return world.news();
    }

    private static void assertKept(World.Board... boards) {
        for (World.Board board : boards) {
            assertEquals(1, board.connector.begun.size(), "it did not connect again");
            assertFalse(board.connector.last().isClosed());
        }
    }

    /** Each option that a table names is one of the program's. */
    @Test
    void tables() {
        for (String name : Reload.OF_SERVER) {
            assertFalse(ServerSettings.options().given(name));
        }
        for (String name : Reload.OF_CLIENT) {
            assertFalse(ClientSettings.options().given(name));
        }
    }

    /** Networks behind the server and behind clients: those who are there have their routes, and stay. */
    @Test
    void routes() throws Exception {
        World.Hub hub = hub(List.of(), "push-route 192.168.1.0/24");
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        assertEquals("[192.168.1.0/24]", two.device.routes.toString());
        List<String> said = again(hub, "push-route 172.16.0.0/12", "net 10.0.0.2=192.168.7.0/24");
        assertTrue(said.contains("reload: net, push-route taken"), said::toString);
        assertEquals("[172.16.0.0/12]", one.device.routes.toString());
        assertEquals("[172.16.0.0/12, 192.168.7.0/24]", two.device.routes.toString());
        assertEquals("[192.168.7.0/24]", hub.device.routes.toString());
        assertKept(one, two);
        assertCarries(two.device, one.device, udp("10.0.0.3", "192.168.7.7", 100));
        again(hub, "# nothing");
        assertEquals("[]", two.device.routes.toString());
        assertEquals("[]", hub.device.routes.toString());
        assertKept(one, two);
    }

    /** The same by a line of the peers file, which no signal is needed for. */
    @Test
    void routesOfPeers() throws Exception {
        String pin = known("east");
        known("west");
        World.Hub hub = server();
        World.Board east = pinned("east");
        World.Board west = pinned("west");
        String others = Files.readString(file("peers")).lines().filter(line -> !line.contains(pin)).findFirst().get();
        says("peers", pin + " east net=192.168.7.0/24", others);
        List<String> said = again(hub);
        assertTrue(said.contains("reload: peers taken"), said::toString);
        assertEquals("[192.168.7.0/24]", west.device.routes.toString());
        assertEquals("[]", east.device.routes.toString());
        says("peers", pin + " east", others);
        world.pass(10 * SECOND);
        assertEquals("[]", west.device.routes.toString());
        assertKept(east, west);
        says("peers", "nonsense");
        said = again(hub);
        assertTrue(said.getFirst().contains("line 1: nonsense: no pin"), said::toString);
        assertEquals("reload: nothing changed", said.getLast());
        assertEquals(2, again(hub).size(), "what is wrong is said each time");
        says("peers", others);
        said = again(hub);
        assertTrue(said.contains("reload: peers taken"), said::toString);
        assertTrue(east.connector.begun.getFirst().isClosed());
        assertKept(west);
    }

    /** Name servers and domain are told too: a client's programs end for the former ones, and begin for the others. */
    @Test
    void names() throws Exception {
        World.Hub hub = hub(List.of(), "dns 10.0.0.1");
        World.Board board = world.board(1, "--up", "/up", "--down", "/down");
        board.hooks.endAtOnce = true;
        board.hooks.started.getLast().end(0);
        again(hub, "dns 10.0.0.9", "domain vpn.test");
        assertEquals(List.of("up 10.0.0.2 joined", "down 10.0.0.2 changed", "up 10.0.0.2 joined"),
                board.hooks.names());
        assertEquals("10.0.0.1", board.hooks.started.get(1).variable("DNS"));
        assertEquals("10.0.0.9 vpn.test", board.hooks.started.get(2).variable("DNS") + " "
                + board.hooks.started.get(2).variable("DOMAIN"));
        again(hub, "dns 10.0.0.9", "domain vpn.test", "push-route 172.16.0.0/12");
        assertEquals(3, board.hooks.started.size(), "routes are no reason for them");
        assertKept(board);
    }

    /** The domain of the names that a name server reads. */
    @Test
    void hosts() throws Exception {
        String path = file("hosts").toString();
        World.Hub hub = hub(List.of("--hosts", path), "domain vpn.test");
        world.board(1, "--name", "shed");
        world.pass(2 * SECOND);
        assertTrue(Files.readString(file("hosts")).contains("10.0.0.2 shed.vpn.test shed"));
        again(hub, "domain vpn.example");
        world.pass(2 * SECOND);
        assertTrue(Files.readString(file("hosts")).contains("10.0.0.2 shed.vpn.example shed"));
    }

    /** A file that is wrong is told by its line, and changes nothing; nor does one that is not there. */
    @ParameterizedTest
    @CsvSource({"nonsense 1,nonsense: there is no such option in a config file",
        "push-route 10.0.0.0/24,push-route 10.0.0.0/24: has addresses of the VPN's own network",
        "max-clients 0,max-clients 0: must be a number from 1", "push-route,push-route needs a value"})
    void invalid(String line, String why) throws Exception {
        World.Hub hub = hub(List.of(), "push-route 192.168.1.0/24");
        World.Board board = world.board(1);
        List<String> said = again(hub, "# first", "max-per-source 2", line);
        assertEquals(1, said.size(), said::toString);
        assertTrue(said.getFirst().startsWith("reload: ") && said.getFirst().contains(why)
                && said.getFirst().endsWith("; what was read before stays in force"), said::toString);
        assertTrue(said.getFirst().contains("srv.conf line 3: "), said::toString);
        assertEquals("[192.168.1.0/24]", board.device.routes.toString());
        Files.delete(file("srv.conf"));
        said = again(hub);
        assertTrue(said.getFirst().contains("ENOENT"), said::toString);
        assertEquals(List.of("reload: nothing changed"), again(hub, "push-route 192.168.1.0/24"));
        assertKept(board);
    }

    /** The command line wins each time, and what it alone says does not change. */
    @Test
    void commandLine() throws Exception {
        World.Hub hub = hub(List.of("--push-route", "192.168.1.0/24"), "dns 10.0.0.1");
        World.Board board = world.board(1);
        assertEquals(List.of("reload: nothing changed"), again(hub, "dns 10.0.0.1", "push-route 172.16.0.0/12"));
        assertEquals("[192.168.1.0/24]", board.device.routes.toString());
    }

    /** What wants a restart is told by name, each time, and what else has changed is taken all the same. */
    @Test
    void onlyRestart() throws Exception {
        World.Hub hub = hub(List.of(), "interface tun0");
        World.Board board = world.board(1);
        String left = "--network, --interface: changed, but only a restart takes that";
        assertEquals(List.of("reload: " + left), again(hub, "network 10.9.0.0/16", "interface vpn7"));
        List<String> said = again(hub, "network 10.9.0.0/16", "interface vpn7", "push-route 172.16.0.0/12");
        assertTrue(said.contains("reload: push-route taken; " + left), said::toString);
        assertEquals("[172.16.0.0/12]", board.device.routes.toString());
        said = again(hub, "network 10.9.0.0/16", "interface tun0", "push-route 10.0.0.0/24");
        assertEquals(1, said.size(), said::toString);
        assertTrue(said.getFirst().contains("has addresses of the VPN's own network, 10.0.0.0/16"), said::toString);
        said = again(hub, "interface tun0");
        assertTrue(said.contains("reload: push-route taken"), said::toString);
        assertKept(board);
        assertEquals("10.0.0.3", world.board(2).device.address.toString());
    }

    /** Fewer clients than are there: they stay, and nobody else comes. */
    @Test
    void limits() throws Exception {
        World.Hub hub = hub(List.of(), "");
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        assertEquals(List.of("reload: max-clients taken"), again(hub, "max-clients 1"));
        assertKept(one, two);
        World.Board three = world.board(3);
        assertNull(three.device.address);
        assertSaid(".* refused: the server is full, 1 clients are its limit");
        three.ended = true;
        assertEquals(List.of("reload: max-clients, max-per-source taken"), again(hub, "max-per-source 2"));
        world.board(4);
        assertSaid(".* refused: as many addresses as one host may have, 2, are given.*");
    }

    /** Who is there has the times that it was told; who comes, those of now. */
    @Test
    void times() throws Exception {
        World.Hub hub = hub(List.of(), "timeout 20");
        MemoryStream before = joined(DYNAMIC, 20);
        World.Board board = world.board(1);
        assertEquals(List.of("reload: timeout taken"), again(hub, "timeout 200"));
        MemoryStream after = joined(DYNAMIC, 20);
        world.pass(30 * SECOND);
        assertTrue(before.other().isClosed());
        assertSaid(".*timed out: silent for 20 s.*");
        assertFalse(after.other().isClosed());
        world.pass(200 * SECOND);
        assertTrue(after.other().isClosed());
        assertSaid(".*timed out: silent for 200 s.*");
        assertKept(board);
    }

    /** Who has come without a key from where that is not enough any more has to go. */
    @Test
    void plain() throws Exception {
        known("one");
        World.Hub hub = hub(List.of("--key", file("srv").toString(), "--peers", file("peers").toString()),
                "allow-plain 192.0.2.0/24");
        World.Board one = pinned("one");
        World.Board plain = world.board(5);
        assertEquals("10.0.0.3", address(plain));
        assertEquals(List.of("reload: allow-plain taken"), again(hub, "allow-plain 192.0.2.0/24,10.9.0.0/16"));
        assertKept(one, plain);
        again(hub, "");
        assertTrue(plain.connector.begun.getFirst().isClosed());
        assertKept(one);
    }

    /** Who has no room for what changed is told later; many are told one after the other. */
    @Test
    void manyAndSlow() throws Exception {
        World.Hub hub = hub(List.of("--max-per-source", "200"), "");
        List<World.Board> boards = new ArrayList<>();
        for (int i = 1; i <= 70; i++) {
            boards.add(world.board(i));
        }
        World.Board slow = boards.getFirst();
        slow.connector.last().other().mostPerWrite = 0;
        String[] many = Stream.iterate(0, i -> i + 1).limit(100).map(i -> "push-route 172.16." + i + ".0/24")
                .toArray(String[]::new);
        hub.device.send(udp(HUB, "10.0.0.2", 100));
        again(hub, many);
        for (World.Board board : boards) {
            assertEquals(board == slow ? 0 : 100, board.device.routes.size());
        }
        again(hub, "push-route 172.16.0.0/12");
        slow.connector.last().other().mostPerWrite = Integer.MAX_VALUE;
        world.pass(3 * SECOND);
        for (World.Board board : boards) {
            assertEquals("[172.16.0.0/12]", board.device.routes.toString());
        }
        assertKept(boards.toArray(World.Board[]::new));
    }

    /** Other programs of the user's are started from then on; none is where there was none in the beginning. */
    @Test
    void hooks() throws Exception {
        World.Hub hub = hub(List.of(), "client-up /first");
        World.Board board = world.board(1);
        hub.hooks.started.getLast().end(0);
        assertEquals(List.of("reload: client-up, client-down taken"),
                again(hub, "client-up /second", "client-down /down"));
        world.board(2);
        assertEquals("/second", hub.hooks.started.getLast().words.getFirst());
        says("cli.conf", "");
        World.Board other = board(List.of("-s", "hub"), "");
        assertEquals(List.of("reload: --up: changed, but only a restart takes that"), again(other, "up /up"));
        assertKept(board, other);
    }

    /* ---- clients ---- */

    private MemoryAcceptor spare() throws Exception {
        MemoryAcceptor first = world.acceptor;
        world.acceptor = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc0000202, 2002));
        world.hub();
        MemoryAcceptor spare = world.acceptor;
        world.acceptor = first;
        return spare;
    }

    /** A server that is in use stays as long as it is named, and is left when it is not; then others are tried. */
    @Test
    void servers() throws Exception {
        world.hub();
        World.Board board = board(List.of(), "server hub");
        board.connector.add("spare", spare());
        assertEquals(List.of("reload: server, prefer taken"), again(board, "server spare", "server hub",
                "prefer any"));
        assertKept(board);
        List<String> said = again(board, "server spare", "prefer any");
        assertTrue(said.contains("reload: server taken"), said::toString);
        assertTrue(said.stream().anyMatch(line -> line.contains("is not one of the servers any more")),
                said::toString);
        assertEquals("192.0.2.2:2002", board.connector.last().peer().toString());
        assertEquals("10.0.0.2", address(board));
        assertEquals(2, board.connector.begun.size());
    }

    /** What is first now is gone back to when it is there. */
    @Test
    void firstServer() throws Exception {
        world.hub();
        World.Board board = board(List.of(), "server hub");
        board.connector.add("spare", spare());
        again(board, "server spare", "server hub");
        assertKept(board);
        world.pass(150 * SECOND);
        assertEquals("192.0.2.2:2002", board.connector.last().peer().toString());
    }

    /** While a client pauses, or tries one that says nothing, what is named now is tried at once. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void trying(boolean silent) throws Exception {
        world.acceptor.silent = silent;
        World.Board board = board(List.of(), "server hub");
        if (!silent) {
            board.connector.unreachable = "nobody is there";
            world.pass(200 * SECOND);
            board.connector.unreachable = null;
        }
        board.connector.add("spare", spare());
        again(board, "server spare");
        assertEquals("10.0.0.2", address(board));
        assertEquals("192.0.2.2:2002", board.connector.last().peer().toString());
    }

    /** With keys: one more pin is nothing to the connection, and one that is withdrawn ends it. */
    @Test
    void pins() throws Exception {
        known("one");
        server();
        String other = key("other");
        World.Board board = board(List.of("-s", "hub", "--key", file("one").toString()), "server-pin " + serverPin);
        assertEquals(List.of("reload: server-pin taken"), again(board, "server-pin " + serverPin,
                "server-pin " + other));
        assertKept(board);
        List<String> said = again(board, "server-pin " + other);
        assertTrue(board.connector.begun.getFirst().isClosed());
        assertTrue(said.stream().anyMatch(line -> line.contains("shows key " + serverPin)), said::toString);
        again(board, "server-pin " + serverPin);
        world.pass(SECOND);
        assertFalse(board.connector.last().isClosed());
    }

    /** A server whose pin is forgotten is a mistake in the file: the connection that works stays. */
    @Test
    void pinForgotten() throws Exception {
        known("one");
        server();
        World.Board board = board(List.of("-s", "hub", "--key", file("one").toString()), "server-pin " + serverPin);
        List<String> said = again(board, "name one");
        assertTrue(said.getFirst().contains("--server-pin is missing for hub"), said::toString);
        assertKept(board);
        assertNull(board.failure);
        assertEquals(List.of("reload: nothing changed"), again(board, "server-pin " + serverPin));
    }

    /** Routes are declined, or taken, at once; so is a name. */
    @Test
    void noRoutes() throws Exception {
        hub(List.of("--hosts", file("hosts").toString()), "push-route 192.168.1.0/24");
        World.Board board = board(List.of("-s", "hub"), "name shed");
        assertEquals("[192.168.1.0/24]", board.device.routes.toString());
        List<String> said = again(board, "no-routes", "name hut");
        assertTrue(said.contains("reload: name, no-routes taken") || said.contains("reload: no-routes, name taken"),
                said::toString);
        assertEquals("[]", board.device.routes.toString());
        world.pass(2 * SECOND);
        assertTrue(Files.readString(file("hosts")).contains("10.0.0.2 hut"));
        again(board, "name hut");
        assertEquals("[192.168.1.0/24]", board.device.routes.toString());
        assertKept(board);
    }

    /** A client's own timeout counts from then on. */
    @Test
    void clientTimeout() throws Exception {
        World.Hub hub = world.hub();
        World.Board board = board(List.of("-s", "hub"), "timeout 400");
        assertEquals(List.of("reload: timeout taken"), again(board, "timeout 8"));
        // The server stands still.
        hub.ended = true;
        world.pass(15 * SECOND);
        assertNotEquals(1, board.connector.begun.size());
        assertSaid(".* does not answer; .*");
    }

    /** What is said only once in an answer and again with the same words is no work, and no line. */
    @Test
    void noNews() throws Exception {
        World.Hub hub = hub(List.of(), "push-route 192.168.1.0/24");
        World.Board board = board(List.of("-s", "hub"), "");
        assertEquals(List.of("reload: verbose taken"), again(board, "verbose"));
        assertEquals(List.of("reload: max-clients taken"), again(hub, "push-route 192.168.1.0/24", "max-clients 9"));
        assertKept(board);
    }
}
