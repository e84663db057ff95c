package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import simplevpn.harness.Board;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Lan;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * A board of 128 MB on which the dist tarball was installed: what its init script starts comes up by itself, carries
 * packets, and fits. The other side is this machine's own build. The boards run at the same time, and each board's
 * tests one after the other.
 */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
abstract class BoardTest extends Vpn {
    private static final int MEMORY = 128;
    private static final int BYTES = 10_000_000;
    private static final int BOOT = 120;
    /** Seconds that a board gets whose memory may be too little: those with enough need a fifth. */
    private static final int TRY = 60;
    /** Milliseconds after which a program that does nothing has given back what it needed to start. */
    private static final int IDLE = 12_000;

    /** Outside of all that a tunnel's client has a route to. */
    private static final String ELSEWHERE = "203.0.113.1";
    /** A client with what its invitation has left. */
    private static final String KEPT = "simplevpn-cli --config /run/kept/cli.conf";
    private static final String WAIT = "while pidof java ld.so >/dev/null; do sleep 1; done";
    /** The words that end the programs with a signal, and wait until that is done. */
    private static final String END = "kill -%s $(pidof java ld.so); " + WAIT;
    /** The kernel's own link-local ones depend on whether a device was there at this moment. */
    private static final String ROUTES = "(ip route; ip -6 route; ip -6 route show table local) | grep -v fe80 | sort";

    private final String target;
    private String invitation;
    private String serverPin;

    /** @param target the board's processor */
    BoardTest(String target) {
        this.target = target;
    }

    /** The client on a board finds its server, carries a stream both ways, comes back after a restart, and stops. */
    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void clientOnABoard() throws Exception {
        Program server = server();
        Board board = new Board(lan, hub, east, target, MEMORY, "cli");
        board.await("an address for the board", BOOT, () -> server.said("assigned 10\\.0\\.0\\.2 "));
        board.tell("connected; " + board.memory());
        keep("cli_rss_kb", idle(board));
        board.ping(SERVER);
        board.echo("10.0.0.2", BYTES);
        board.tell("10 MB there and back; " + board.memory());
        server.stop();
        Program again = server();
        board.await("the same address again", BOOT, () -> again.said("assigned 10\\.0\\.0\\.2 "));
        board.echo("10.0.0.2", BYTES / 10);
        board.tell("1 MB there and back after the server's restart");
        String version = board.ask("simplevpn-cli --version");
        assertTrue(version.contains("sharing"), () -> "the archive of classes is not in use: " + version);
        // One of the boards has no other C library.
        assertTrue(version.contains(target.equals("armhf") ? ", bundled" : ", the system's"), version);
        assertStops(board, "cli");
        again.awaitLine("\\(10\\.0\\.0\\.2\\) gone|\\(10\\.0\\.0\\.2\\) closed", BOOT);
    }

    /** The server on a board: the same, and after its restart its client has the address that it had before. */
    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void serverOnABoard() throws Exception {
        Board board = new Board(lan, hub, east, target, MEMORY, "srv");
        board.await("a server that listens", BOOT, () -> board.console.said("listening on"));
        board.tell("listening");
        Program client;
        try (ClassicClient first = new ClassicClient(west, east)) {
            assertEquals("10.0.0.2", first.join());
            client = lan.start(hub, "cli", "-s", east.outer4);
            client.await("an address on the client's device", BOOT, () -> hub.tunnel().isPresent());
        }
        assertEquals("10.0.0.3", address(hub));
        board.ping("10.0.0.3");
        keep("srv_rss_kb", idle(board));
        board.echo(SERVER, BYTES);
        board.tell("10 MB there and back; " + board.memory());
        board.ask("/etc/init.d/S60simplevpn-srv restart");
        client.await("a second connection", BOOT, () ->
                client.lines().stream().filter(line -> line.contains("connected to")).count() == 2);
        assertEquals("10.0.0.3", address(hub));
        board.ping("10.0.0.3");
        board.echo(SERVER, BYTES / 10);
        board.tell("1 MB there and back after its restart");
        assertStops(board, "srv");
    }

    /** Keys, and then networks, on one board: they begin alike, and each boot and join is a minute. */
    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void keysAndNetworks() throws Exception {
        Program server = keyed();
        networks(server, keysWithoutAClock(server));
    }

    /**
     * A board whose clock knows no better than 1970 joins by an invitation, and comes back with what it kept; when it
     * is told to, it has the server's time then.
     */
    private Board keysWithoutAClock(Program server) throws Exception {
        Board board = new Board(lan, hub, east, target, MEMORY, "cli", "1970-01-02");
        // The one that the init script starts has no key.
        server.awaitLine("refused: this server takes clients with a key alone", BOOT);
        assertEquals("1970", board.ask("date +%Y").strip());
        join(board, server);
        board.echo("10.0.0.9", BYTES / 10);
        board.ask(END.formatted("TERM"));
        String again = firstPing(board, KEPT + " --set-clock");
        board.tell("again with its key, " + again + " s from exec to the first ping");
        server.awaitLine("assigned 10\\.0\\.0\\.9 to board .*", BOOT);
        board.await("the time", BOOT, () -> board.console.said("the clock was set by the server's"));
        long behind = System.currentTimeMillis() / 1000 - Long.parseLong(board.ask("date +%s").strip());
        assertTrue(Math.abs(behind) < BOOT, behind + " s behind the server's clock");
        return board;
    }

    /** A server with a key, network 10.0.0.0/16 and IPv6, which knows a client west and has invited a board. */
    private Program keyed() throws IOException {
        List<String> keyed = List.of("--user", "root", "--key", file("srv.key"), "--peers", file("peers"), "--network6",
                "fd00:77::/64");
        serverPin = pin(hub, "srv.key");
        Files.writeString(lan.file("peers"), pin(west, "west.key") + " west 10.0.0.8 net=192.168.8.0/24\n");
        Program invite = lan.start(hub, "srv", Command.words(keyed, "--invite", "board", "--address", "10.0.0.9",
                "--host", hub.outer4).toArray(String[]::new));
        assertEquals(0, invite.awaitExit(20), invite::log);
        invitation = invite.lastLine();
        return server(keyed.toArray(String[]::new));
    }

    /** Makes a key; returns what it is known by. */
    private String pin(Host host, String name) {
        Program program = lan.start(host, "cli", "--keygen", file(name));
        assertEquals(0, program.awaitExit(20), program::log);
        return program.lastLine();
    }

    /** The board joins by its invitation, in the place of the client that its init script has started. */
    private void join(Board board, Program server) throws IOException {
        board.ask("/etc/init.d/S60simplevpn-cli stop");
        String seconds = firstPing(board, "simplevpn-" + invitation + " --dir /run/kept");
        board.tell("joined with keys, " + seconds + " s from exec to the first ping; " + board.memory());
        server.awaitLine("board is taken in by invitation", BOOT);
    }

    /**
     * What a router's owner expects, all at once: IPv6, a network behind it and one behind another client, all else
     * through the tunnel, hooks. Nothing of it is left at the end, also when it was killed in between.
     */
    private void networks(Program server, Board board) throws Exception {
        int plain = idle(board);
        board.ask(END.formatted("TERM"));
        Path peers = lan.file("peers");
        Files.writeString(peers, Files.readString(peers).replaceAll("board.*", "$0 net=192.168.7.0/24"));
        server.awaitLine("was read anew: 2 clients", BOOT);
        hub.run("ip", "address", "add", ELSEWHERE + "/32", "dev", "lo").ok();
        west.run("ip", "address", "add", "192.168.8.1/32", "dev", "lo").ok();
        client(west, "--key", file("west.key"), "--server-pin", serverPin);
        board.ask("ip address add 192.168.7.1/32 dev lo; printf '#!/bin/sh\\nenv >/run/$HOOK\\n' >/run/hook;"
                + " chmod +x /run/hook");
        String before = board.ask(ROUTES);
        String everything = KEPT + " --default-route --up /run/hook --down /run/hook";
        for (String signal : new String[] {"KILL", "TERM"}) {
            board.tell("networks: " + firstPing(board, everything) + " s from exec to the first ping");
            board.ping(ELSEWHERE);
            board.ping("192.168.8.1");
            board.echo("192.168.7.1", BYTES / 10);
            board.echo("fd00:77::a00:9", BYTES / 10);
            west.awaitPing("192.168.7.1", BOOT);
            String hook = board.ask("cat /run/up; rm /run/up");
            assertTrue(hook.contains("ADDRESS=10.0.0.9\n") && hook.contains("NAME=board\n"), hook);
            if (signal.equals("TERM")) {
                board.tell("all of it idle: " + (idle(board) - plain) + " kB more than a client with keys alone");
            }
            board.ask(END.formatted(signal));
        }
        assertEquals(before, board.ask(ROUTES));
        assertTrue(board.ask("cat /run/down").contains("HOOK=down\n"));
    }

    /** Starts a client on a board; returns the seconds until it reaches its server. */
    private static String firstPing(Board board, String command) throws IOException {
        String[] times = board.ask("now() { cut -d ' ' -f 1 /proc/uptime; }; begin=$(now);"
                + " setsid " + command + " </dev/null >/dev/console 2>&1 &"
                + " until ping -c 1 -W 1 " + SERVER + " >/dev/null 2>&1; do usleep 20000; done;"
                + " echo \"$begin $(now)\"").strip().split(" ");
        return "%.1f".formatted(Double.parseDouble(times[1]) - Double.parseDouble(times[0]));
    }

    /**
     * Finds the least memory with which a board boots and connects within a minute, and carries 1 MB within another, to
     * within 4 MB, and tells it.
     */
    @Test
    @Execution(ExecutionMode.SAME_THREAD)
    void lessMemoryIsEnough() {
        int enough = MEMORY;
        int tooLittle = 32;
        String memory = null;
        while (enough - tooLittle > 4) {
            int megabytes = (enough + tooLittle) / 2;
            String result = tryWith(megabytes);
            if (result == null) {
                tooLittle = megabytes;
            } else {
                enough = megabytes;
                memory = result;
            }
        }
        assertTrue(enough < MEMORY, "no board with less memory than " + MEMORY + " MB worked");
        System.out.println("  " + target + ": the least memory is " + enough + " MB: " + memory);
    }

    /** How the memory was used; null when that is too little. Whatever fails on this side fails the test. */
    private String tryWith(int megabytes) {
        try (Lan lan = new Lan("hub", "board")) {
            Program server = lan.start(lan.host(0), "srv");
            server.awaitLine("listening on", 30);
            Board board = new Board(lan, lan.host(0), lan.host(1), target, megabytes, "cli");
            try {
                board.await("an address for the board", TRY, () -> server.said("assigned 10\\.0\\.0\\.2 "));
                // With just too little it reads its programs from the disk again and again, for minutes.
                FutureTask<Void> echo = new FutureTask<>(() -> {
                    board.echo("10.0.0.2", BYTES / 10);
                    return null;
                });
                Thread.ofPlatform().daemon().start(echo);
                board.await("1 MB there and back", TRY, echo::isDone);
                echo.get();
                String memory = board.memory();
                board.tell("1 MB there and back");
                return memory;
            } catch (Exception | AssertionError e) {
                assertTrue(server.alive(), server::log);
                board.tell("too little memory: " + e.getMessage());
                return null;
            }
        }
    }

    /** What the program on a board takes when nothing happens, in KiB; tells it. */
    private static int idle(Board board) throws IOException {
        Wait.pause(IDLE);
        int resident = board.resident();
        board.tell("idle: VM " + resident + " kB");
        return resident;
    }

    /** Writes a figure of this target where {@code make footprint} looks for it. */
    private void keep(String key, int value) throws IOException {
        Path file = Lab.TOP.resolve("build/board/" + target + ".footprint");
        Properties figures = new Properties();
        if (Files.exists(file)) {
            try (Reader reader = Files.newBufferedReader(file)) {
                figures.load(reader);
            }
        }
        figures.setProperty(key, Integer.toString(value));
        try (Writer writer = Files.newBufferedWriter(file)) {
            figures.store(writer, null);
        }
    }

    /** The init script ends the program, and its device is gone. */
    private static void assertStops(Board board, String program) throws IOException {
        assertTrue(board.ask("ip -o link").contains(" tun0: "));
        board.ask("/etc/init.d/S60simplevpn-" + program + " stop");
        board.ask(WAIT);
        assertFalse(board.ask("ip -o link").contains(" tun0: "));
    }
}
