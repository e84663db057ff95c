package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryLauncher;
import simplevpn.memory.MemoryStream;
import simplevpn.tunnel.Budget;

/** When the user's own programs are started, with what, and what becomes of those that misbehave. */
class HooksTest extends WorldTest {
    private static final String[] CLIENTS = {"--client-up", "/up a  b", "--client-down", "/down"};

    private World.Hub hub() throws Failure {
        return world.hub(CLIENTS);
    }

    private static MemoryLauncher.Child last(World.Machine machine) {
        return machine.hooks.started.getLast();
    }

    private void ends(MemoryLauncher.Child child, int status) {
        child.end(status);
        world.run();
    }

    /** A client tells what it was given, when it is connected and when it is not any more, each time. */
    @Test
    void client() throws Failure {
        World.Hub server = world.hub("--dns", "10.0.0.1,10.0.0.9", "--domain", "vpn.test", "-n", "10.0.0.0/24");
        World.Board board = world.board(1, "--up", "./up x", "--down", "/down");
        MemoryLauncher.Child up = last(board);
        assertEquals(List.of("./up", "x"), up.words);
        assertEquals("ADDRESS DNS DOMAIN HOOK INTERFACE LENGTH MTU PATH REASON REMOTE SERVER", up.variables());
        for (String[] variable : new String[][] {{"ADDRESS", "10.0.0.2"}, {"DNS", "10.0.0.1 10.0.0.9"},
            {"DOMAIN", "vpn.test"}, {"HOOK", "up"}, {"INTERFACE", "tun0"}, {"LENGTH", "24"}, {"MTU", "1500"},
            {"REASON", "joined"}, {"REMOTE", "192.0.2.1"}, {"SERVER", "10.0.0.1"}}) {
            assertEquals(variable[1], up.variable(variable[0]), variable[0]);
        }
        server.kill();
        world.pass(SECOND);
        assertEquals(1, board.hooks.started.size(), "up has not ended yet");
        ends(up, 0);
        MemoryLauncher.Child down = last(board);
        assertEquals(List.of("/down"), down.words);
        assertEquals("down 10.0.0.2 lost vpn.test", down.variable("HOOK") + " " + down.variable("ADDRESS") + " "
                + down.variable("REASON") + " " + down.variable("DOMAIN"));
        board.connector.add(world.acceptor);
        world.hub();
        world.pass(40 * SECOND);
        ends(down, 0);
        assertEquals("up 10.0.0.2 joined", board.hooks.names().getLast());
        assertNull(last(board).variable("DNS"));
    }

    /** One client's programs follow each other, in order; those of others run beside. */
    @Test
    void inOrder() throws Failure {
        World.Hub hub = hub();
        MemoryStream first = joined(DYNAMIC, 20);
        assertEquals(List.of("/up", "a", "b"), last(hub).words);
        joined(DYNAMIC, 20);
        first.close();
        world.run();
        assertEquals(List.of("client-up 10.0.0.2 joined", "client-up 10.0.0.3 joined"), hub.hooks.names());
        ends(hub.hooks.started.get(1), 0);
        assertEquals(2, hub.hooks.started.size());
        ends(hub.hooks.started.get(0), 0);
        assertEquals("client-down 10.0.0.2 gone", hub.hooks.names().get(2));
    }

    /** A hundred that come and go many times: never more than a few programs at once, and up and down take turns. */
    @Test
    void hundredClients() throws Failure {
        World.Hub hub = hub();
        List<MemoryStream> there = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            if (there.size() == 100 || (!there.isEmpty() && random.nextInt(3) == 0)) {
                there.remove(random.nextInt(there.size())).close();
            } else {
                there.add(joined(DYNAMIC, 20));
            }
            world.run();
            assertTrue(hub.hooks.running <= Budget.HOOKS);
            hub.hooks.started.stream().filter(child -> !child.hasEnded() && random.nextInt(4) == 0)
                    .forEach(child -> child.end(0));
        }
        there.forEach(MemoryStream::close);
        for (int i = 0; i < 400; i++) {
            world.run();
            hub.hooks.started.stream().filter(child -> !child.hasEnded()).forEach(child -> child.end(0));
        }
        assertTrue(hub.hooks.started.size() > 200);
        hub.hooks.started.stream().map(child -> child.variable("ADDRESS")).distinct().forEach(address -> {
            List<String> own = hub.hooks.started.stream().filter(child -> address.equals(child.variable("ADDRESS")))
                    .map(child -> child.variable("HOOK")).toList();
            assertEquals(0, own.size() % 2, own::toString);
            IntStream.range(0, own.size()).forEach(i ->
                    assertEquals(i % 2 == 0 ? "client-up" : "client-down", own.get(i)));
        });
    }

    /** A client that is gone before it was its turn: nothing has to be undone. */
    @Test
    void gone() throws Failure {
        World.Hub hub = hub();
        for (int i = 0; i < Budget.HOOKS; i++) {
            joined(DYNAMIC, 20);
        }
        MemoryStream quick = joined(DYNAMIC, 20);
        quick.close();
        world.run();
        hub.hooks.endAtOnce = true;
        hub.hooks.started.forEach(child -> child.end(0));
        world.run();
        assertEquals(Budget.HOOKS, hub.hooks.started.size());
    }

    /** Only so many wait; who finds no place is left out when he goes, too. */
    @Test
    void tooMany() throws Failure {
        World.Hub hub = world.hub();
        Hooks hooks = new Hooks(hub.loop, hub.hooks);
        List<Hooks.Stay> stays = new ArrayList<>();
        for (int i = 0; i <= Budget.HOOKS + Budget.WAITING_HOOKS; i++) {
            stays.add(hooks.came("client-", new String[] {"/up"}, new String[] {"/down"}, "x" + i,
                    new HookEnvironment()));
        }
        assertSaid("client-up of x1028 is left out, since 1024 others wait; 1 were so far");
        hooks.went(stays.getLast(), "gone");
        hub.hooks.endAtOnce = true;
        List.copyOf(hub.hooks.started).forEach(child -> child.end(0));
        world.run();
        assertEquals(Budget.HOOKS + Budget.WAITING_HOOKS, hub.hooks.started.size());
        for (Hooks.Stay stay : stays.subList(0, stays.size() - 1)) {
            hooks.went(stay, "gone");
        }
        world.run();
        assertEquals(2 * (Budget.HOOKS + Budget.WAITING_HOOKS), hub.hooks.started.size());
    }

    /** Nor do more wait where there is a program for going alone, however fast clients come and go. */
    @Test
    void tooManyGo() throws Failure {
        World.Hub hub = world.hub();
        Hooks hooks = new Hooks(hub.loop, hub.hooks);
        for (int i = 0; i <= Budget.HOOKS + Budget.WAITING_HOOKS; i++) {
            hooks.went(hooks.came("client-", null, new String[] {"/down"}, "x" + i, new HookEnvironment()), "gone");
        }
        assertSaid("client-down of x1028 is left out, since 1024 others wait; 1 were so far");
        hub.hooks.endAtOnce = true;
        List.copyOf(hub.hooks.started).forEach(child -> child.end(0));
        world.run();
        assertEquals(Budget.HOOKS + Budget.WAITING_HOOKS, hub.hooks.started.size());
    }

    /** One that hangs is killed, with a line; so it is by a kernel that tells nothing, and others have their turn. */
    @Test
    void hanging() throws Failure {
        World.Hub hub = hub();
        for (boolean tells : new boolean[] {true, false}) {
            hub.hooks.tellsEnds = tells;
            MemoryStream client = joined(DYNAMIC, 20);
            MemoryLauncher.Child hanging = last(hub);
            client.close();
            world.pass(29 * SECOND);
            assertFalse(hanging.killed);
            world.pass(2 * SECOND);
            assertTrue(hanging.killed && hanging.closed && hanging.outputClosed);
            assertSaid("client-up of " + hanging.variable("ADDRESS") + " has not ended after 30 s, and is killed");
            assertEquals("client-down", last(hub).variable("HOOK"));
            last(hub).end(0);
            world.pass(SECOND);
            assertTrue(last(hub).closed);
        }
    }

    /** What they write is in the log, line by line, whatever it is; how they end is, unless that is well. */
    @Test
    void output() throws Failure {
        World.Hub hub = hub();
        joined(DYNAMIC, 20);
        MemoryLauncher.Child child = last(hub);
        world.news();
        child.write("one\n\ntw");
        world.run();
        child.write("o\n\033[31mred\r\n" + "x".repeat(1000) + "\nrest");
        child.closeItsOutput();
        world.run();
        assertFalse(child.closed, "it goes on without its output");
        ends(child, 3);
        String who = "client-up of 10.0.0.2";
        assertEquals(List.of(who + ": one", who + ": two", who + ":  [31mred ",
                who + ": " + "x".repeat(Budget.HOOK_LINE) + "...", who + ": rest", who + " ended with status 3"),
                world.news());
        joined(DYNAMIC, 20);
        last(hub).write("last words");
        ends(last(hub), -15);
        assertSaid("client-up of 10.0.0.3: last words");
        assertSaid("client-up of 10.0.0.3 was killed by signal 15");
    }

    /** Whoever writes without end is not listened to without end, and the log has so many lines. */
    @Test
    void floods() throws Failure {
        World.Hub hub = hub();
        joined(DYNAMIC, 20);
        world.news();
        last(hub).write("flood\n".repeat(200_000));
        world.run();
        assertEquals(Budget.HOOK_LINES_AT_ONCE, world.news().size());
        assertFalse(last(hub).outputClosed);
        last(hub).write("x".repeat(Budget.HOOK_OUTPUT));
        world.run();
        assertTrue(last(hub).outputClosed);
        assertSaid("client-up of 10.0.0.2 has written 4\\d{6} bytes: nobody reads more of it");
        world.pass(SECOND);
        ends(last(hub), 0);
        assertSaid("client-up of 10.0.0.2: x+\\.\\.\\. \\(199900 such lines before it left out\\)");
        joined(DYNAMIC, 20);
        last(hub).write("again\n");
        world.run();
        assertSaid("client-up of 10.0.0.3: again");
    }

    /** What cannot be started is told, and nothing else comes of it. */
    @Test
    void cannotBeStarted() throws Failure {
        World.Hub hub = hub();
        hub.hooks.broken = "ENOENT";
        MemoryStream client = joined(DYNAMIC, 20);
        assertSaid("client-up of 10.0.0.2: /up: ENOENT");
        hub.hooks.broken = null;
        client.close();
        world.run();
        assertEquals(List.of("client-down 10.0.0.2 gone"), hub.hooks.names());
    }

    /** The same client from elsewhere: it has gone before it comes. */
    @Test
    void takenOver() throws Failure {
        World.Hub hub = hub();
        hub.hooks.endAtOnce = true;
        world.board(7);
        world.board(7, "-a", "10.0.0.2");
        world.run();
        assertEquals(List.of("client-up 10.0.0.2 joined", "client-down 10.0.0.2 gone", "client-up 10.0.0.2 joined"),
                hub.hooks.names());
    }

    private static void clockRuns(World.Machine machine) {
        machine.loop.memoryPoller.whileWaiting = nanos ->
                machine.loop.time += Math.max(SECOND / 100, Math.min(nanos, SECOND / 10));
    }

    /** The client's end: its down has its time while the tunnel is there, and not more. */
    @Test
    void clientEnds() throws Failure {
        world.hub();
        World.Board board = world.board(1, "--up", "/up", "--down", "/down");
        last(board).end(0);
        world.run();
        clockRuns(board);
        boolean[] ended = new boolean[1];
        board.loop.memoryPoller.whileWaiting = board.loop.memoryPoller.whileWaiting.andThen(nanos -> {
            ended[0] |= last(board).variable("HOOK").equals("down") && !board.device.closed;
            if (!last(board).hasEnded() && board.loop.time - world.now() > SECOND) {
                last(board).end(0);
            }
        });
        board.client.presence.endHooks();
        assertTrue(ended[0]);
        assertEquals("down 10.0.0.2 ended", board.hooks.names().getLast());
        assertFalse(last(board).killed);
        assertTrue(board.loop.time - world.now() < 2 * SECOND);
    }

    private int connections() {
        return world.log().split("connected to", -1).length - 1;
    }

    private static void turn(World.Machine machine) {
        try {
            machine.loop.turnOnce();
        } catch (Failure e) {
            throw new AssertionError(e);
        }
    }

    /** A connection that comes about while the last programs run is none that others are told of. */
    @Test
    void nobodyComesAtTheEnd() throws Failure {
        World.Hub before = world.hub();
        World.Board board = world.board(1, "--up", "/up", "--down", "/down");
        last(board).end(0);
        before.kill();
        world.run();
        assertEquals("down 10.0.0.2 lost", board.hooks.names().getLast());
        MemoryLauncher.Child down = last(board);
        board.connector.add(world.acceptor);
        World.Hub hub = world.hub();
        clockRuns(board);
        LongConsumer clock = board.loop.memoryPoller.whileWaiting;
        board.loop.memoryPoller.whileWaiting = nanos -> {
            clock.accept(nanos);
            hub.loop.time = board.loop.time;
            turn(hub);
            if (connections() == 2 && !down.hasEnded()) {
                down.end(0);
            }
        };
        board.client.presence.endHooks();
        assertEquals(2, connections(), world::log);
        assertEquals("down 10.0.0.2 lost", board.hooks.names().getLast());
    }

    /** The server's end: those of its clients, as far as there is time, then its own. */
    @Test
    void serverEnds() throws Failure {
        World.Hub hub = world.hub("--client-down", "/down", "--up", "/up", "--down", "/last");
        last(hub).end(0);
        assertEquals("up 10.0.0.1 joined", hub.hooks.names().getLast());
        for (int i = 0; i < Budget.HOOKS + 2; i++) {
            joined(DYNAMIC, 20);
        }
        clockRuns(hub);
        hub.server.endHooks();
        List<String> names = hub.hooks.names();
        assertEquals(1 + Budget.HOOKS + 1, names.size(), names::toString);
        assertEquals("client-down 10.0.0.2 ended", names.get(1));
        assertEquals("down 10.0.0.1 ended", names.getLast());
        assertSaid("client-down of 10.0.0.2 has not ended after 4 s, and is killed");
        assertSaid("2 hooks are left out, since this program ends");
        assertTrue(last(hub).killed);
        assertTrue(hub.loop.time - world.now() < 10 * SECOND);
        world.acceptor.connect();
        hub.loop.turnOnce();
        assertFalse(world.log().contains("connected anew"));
    }

    /** Where there is IPv6 inside, hooks are told of that too, on both sides. */
    @Test
    void ipv6() throws Failure {
        World.Hub server = world.hub("--network6", "fd00:1::/64", "--dns", "fd00:1::a00:1", "--up", "/up",
                "--client-up", "/client-up");
        World.Board board = world.board(1, "--up", "/up");
        MemoryLauncher.Child up = last(board);
        assertEquals("fd00:1::a00:2/64 fd00:1::a00:1 fd00:1::a00:1", up.variable("ADDRESS6") + "/"
                + up.variable("LENGTH6") + " " + up.variable("SERVER6") + " " + up.variable("DNS"));
        MemoryLauncher.Child own = server.hooks.started.get(0);
        MemoryLauncher.Child client = last(server);
        assertEquals("fd00:1::a00:1/64 fd00:1::a00:2/64", own.variable("ADDRESS6") + "/" + own.variable("LENGTH6") + " "
                + client.variable("ADDRESS6") + "/" + client.variable("LENGTH6"));
    }

    /** Whatever a server says: what could mean something to a shell or as an option is not passed on. */
    @Test
    void environment() {
        for (String safe : List.of("10.0.0.1 fd00::1", "sha256:ab+/c=", "a-b.c_d", "0", "a =-1")) {
            assertTrue(HookEnvironment.isSafe(safe), safe);
        }
        for (String unsafe : List.of("", "-rf", "a -b", " -b", "a;b", "$(a)", "`a`", "a\nb", "a*", "[a]", "\u00e4",
                "a'b", "a\"", "~", "a&", "a|b", "a<b", "a\\b", "a\tb", "!", "{a}", "#")) {
            assertFalse(HookEnvironment.isSafe(unsafe), unsafe);
        }
        HookEnvironment environment = new HookEnvironment().put("A", "x y").put("B", (String) null).put("C", "$x")
                .put("D", 7);
        List<String> all = List.of(environment.with("up", "joined"));
        assertEquals(List.of("A=x y", "D=7", "HOOK=up", "REASON=joined"), all.subList(1, all.size()));
        assertTrue(all.get(0).startsWith("PATH=/"));
        assertNull(HookEnvironment.list(new Address[0]));
        assertEquals("1.2.3.255 2001:db8::1",
                HookEnvironment.list(new Address[] {Address.parse("1.2.3.255"), Address.parse("2001:db8::1")}));
    }
}
