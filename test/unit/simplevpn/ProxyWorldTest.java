package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Errno;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** A client behind a proxy, which the test plays, with the server or without it at the proxy's other end. */
class ProxyWorldTest extends KeyedWorldTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n\r\n";
    private static final String REQUEST = "CONNECT hub:2002 HTTP/1.1\r\nHost: hub:2002\r\n\r\n";

    /** Where the proxy is. */
    private MemoryAcceptor gate;

    @BeforeEach
    void makeGate() {
        gate = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc0000209, 3128));
    }

    private World.Board client(String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("-s", "hub"));
        all.addAll(List.of(words));
        World.Board board = world.new Board(1, all.toArray(String[]::new));
        board.connector.add("gate", gate);
        world.pass(0);
        return board;
    }

    /** The proxy's end of the connection that was begun last. */
    private static MemoryStream end(World.Board board) {
        return board.connector.last().other();
    }

    private static String heard(World.Board board) {
        return new String(end(board).take(), StandardCharsets.ISO_8859_1);
    }

    private void say(World.Board board, String text) {
        end(board).put(text.getBytes(StandardCharsets.ISO_8859_1));
        world.run();
    }

    /** The proxy connects to the server, and carries what both say until nobody says anything more. */
    private MemoryStream carry(World.Board board, MemoryStream before) {
        MemoryStream far = before == null ? world.acceptor.connect() : before;
        MemoryStream near = end(board);
        for (boolean busy = true; busy;) {
            world.pass(SECOND / 10);
            byte[] there = near.take();
            byte[] back = far.take();
            far.put(there);
            near.put(back);
            busy = there.length + back.length > 0;
        }
        return far;
    }

    /** The answer comes byte by byte, and the request goes so: packets are carried all the same. */
    @Test
    void plain() throws Exception {
        World.Hub hub = world.hub();
        World.Board board = world.new Board(1, "-s", "hub", "--proxy", "http://gate:3128");
        board.connector.slow = true;
        board.connector.add("gate", gate);
        world.run();
        assertEquals("192.0.2.9:3128", board.connector.last().peer().toString());
        board.connector.last().mostPerWrite = 1;
        board.connector.last().connecting = false;
        world.run();
        assertEquals(REQUEST, heard(board));
        for (int i = 0; i < OK.length(); i++) {
            assertEquals("", heard(board), "nothing more is said before the proxy has answered");
            say(board, OK.substring(i, i + 1));
        }
        MemoryStream far = carry(board, null);
        assertEquals("10.0.0.2", board.device.address.toString());
        byte[] packet = udp("10.0.0.2", HUB, 100);
        board.device.send(packet);
        carry(board, far);
        assertArrayEquals(packet, hub.device.receive());
        assertSaid(".*connected to 192.0.2.9:3128 \\(proxy for hub:2002\\), address 10.0.0.2/16 on .*");
        assertEquals(1, board.connector.begun.size());
    }

    /** What the server says comes with the proxy's answer in one piece, and the proxy takes little at once. */
    @Test
    void glued() throws Exception {
        World.Board board = client("--proxy", "http://gate:3128");
        String answer = new String(hex("45000000 00000000 00000000 00000000 0a000005"), StandardCharsets.ISO_8859_1);
        say(board, OK + answer);
        assertEquals("10.0.0.5", board.device.address.toString());
    }

    @Test
    void tls() throws Exception {
        known("one");
        server();
        World.Board board = client("--key", file("one").toString(), "--server-pin", serverPin, "--proxy",
                "socks5://gate");
        assertEquals("\5\1\0", heard(board));
        say(board, "\5\0");
        assertEquals("\5\1\0\3\3hub\7\u00d2", heard(board));
        say(board, "\5\0\0\1\0\0\0\0\0\0");
        carry(board, null);
        assertEquals("10.0.0.2", board.device.address.toString());
    }

    /** The question of a proxy is answered on a connection of its own, at the same address. */
    @Test
    void login() throws Exception {
        Files.writeString(file("password"), "secret\n");
        Files.setPosixFilePermissions(file("password"), PosixFilePermissions.fromString("r--------"));
        world.hub();
        World.Board board = client("--proxy", "http://me@gate:3128", "--proxy-password", file("password").toString());
        MemoryStream first = end(board);
        assertEquals(REQUEST, heard(board));
        first.put("HTTP/1.1 407 Login\r\nProxy-Authenticate: Basic\r\nContent-Length: 3\r\n\r\nabc"
                .getBytes(StandardCharsets.US_ASCII));
        first.close();
        world.run();
        assertTrue(board.connector.begun.getFirst().isClosed());
        assertEquals(2, board.connector.begun.size());
        assertTrue(heard(board).contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
        say(board, OK);
        carry(board, null);
        assertEquals("10.0.0.2", board.device.address.toString());
    }

    /** The proxy's addresses are raced as a server's are; the one that stands first is the only one that is asked. */
    @Test
    void race() throws Exception {
        gate.silent = true;
        world.hub();
        World.Board board = world.new Board(1, "-s", "hub", "--proxy", "http://gate");
        MemoryAcceptor second = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc000020a, 3128));
        MemoryAcceptor third = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc000020b, 3128));
        for (MemoryAcceptor each : new MemoryAcceptor[] {gate, second, third}) {
            board.connector.add("gate", each);
        }
        world.pass(SECOND);
        assertEquals(2, board.connector.begun.size(), "the second stands, so that the third is not tried");
        assertTrue(board.connector.begun.getFirst().isClosed());
        say(board, "HTTP/1.1 503 Unavailable\r\n\r\n");
        assertEquals(3, board.connector.begun.size(), "but it was of no use");
        world.pass(SECOND / 2);
        assertEquals("192.0.2.11:3128", board.connector.last().peer().toString(), "the other may be better");
        assertEquals(REQUEST, heard(board));
        say(board, OK);
        carry(board, null);
        assertEquals("10.0.0.2", board.device.address.toString());
    }

    /** A refusal is one of all addresses: what was wrong is not said to each of them. */
    @Test
    void refusal() throws Exception {
        World.Board board = world.new Board(1, "-s", "hub", "--proxy", "http://gate");
        board.connector.add("gate", gate);
        board.connector.add("gate", new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc000020a, 3128)));
        world.run();
        say(board, "HTTP/1.1 403 Forbidden\r\n\r\n");
        assertEquals(1, board.connector.begun.size());
        assertSaid("proxy 192.0.2.9:3128 answers 403 Forbidden to CONNECT hub:2002: it does not allow that; many allow"
                + " port 443 alone; trying again until it works");
        world.pass(2 * SECOND);
        assertEquals(2, board.connector.begun.size(), "as often as pauses allow");
    }

    @Test
    void silence() throws Exception {
        World.Board board = client("--proxy", "http://gate");
        world.pass(19 * SECOND);
        assertFalse(board.connector.begun.getFirst().isClosed());
        world.pass(2 * SECOND);
        assertTrue(board.connector.begun.getFirst().isClosed());
        assertSaid("proxy 192.0.2.9:3128 has not connected to hub:2002 in 20 s; trying again until it works");
    }

    @Test
    void failures() throws Exception {
        World.Board board = client("--proxy", "http://gate");
        end(board).close();
        world.run();
        assertSaid("proxy 192.0.2.9:3128 closed the connection before it had connected to hub:2002; trying again.*");
        world.pass(5 * SECOND);
        board.connector.last().fail(-Errno.ECONNRESET);
        world.run();
        gate.rejects = -Errno.ECONNREFUSED;
        world.pass(60 * SECOND);
        assertNull(board.failure);
        assertTrue(board.connector.begun.stream().allMatch(MemoryStream::isClosed));
    }

    @Test
    void once() throws Exception {
        gate.rejects = -Errno.ECONNREFUSED;
        World.Board board = client("--proxy", "http://gate", "--once");
        assertEquals(Failure.UNREACHABLE, board.failure.status);
        assertEquals("connect proxy 192.0.2.9:3128: ECONNREFUSED (Connection refused)", board.failure.getMessage());
    }

    /** Where the user allows it, a server is reached without the proxy that cannot, or does not want to. */
    @Test
    void orDirect() throws Exception {
        world.hub();
        World.Board board = client("--proxy", "http://gate", "--proxy-or-direct", "-s", "spare");
        say(board, "HTTP/1.1 403 Forbidden\r\n\r\n");
        world.pass(SECOND);
        assertEquals("10.0.0.2", board.device.address.toString());
        assertSaid("proxy 192.0.2.9:3128 answers 403 .*; trying without it");
        assertSaid(".*connected to 192.0.2.1:2002, address 10.0.0.2/16 on .*");
        world.pass(600 * SECOND);
        assertEquals(2, board.connector.begun.size(), "the proxy is no better server than the same without it");
        world.news();
        int asked = 0;
        for (int second = 0; second < 360; second++) {
            if (second % 120 == 0) {
                board.connector.last().fail(-Errno.ECONNRESET);
            }
            world.acceptor.rejects = second % 120 < 60 ? -Errno.ECONNREFUSED : 0;
            world.pass(SECOND);
            if (heard(board).startsWith("CONNECT ")) {
                say(board, "HTTP/1.1 403 Forbidden\r\n\r\n");
                asked++;
            }
        }
        assertTrue(asked >= 3, "the proxy was asked again and again");
        List<String> said = world.news().stream().filter(line -> line.contains("trying without it")).toList();
        assertEquals(List.of("spare"), said.stream().map(line -> line.replaceAll(".*CONNECT (\\w+):.*", "$1")).toList(),
                "once for each server, and that of hub is told already");
    }

    /** Several servers, each by the proxy; the first is asked for by it again, which costs the other its place. */
    @Test
    void severalServers() throws Exception {
        world.hub();
        World.Board board = world.new Board(1, "-s", "first", "-s", "hub", "--proxy", "http://gate");
        board.connector.add("gate", gate);
        world.run();
        assertTrue(heard(board).startsWith("CONNECT first:2002 "));
        say(board, "HTTP/1.1 502 Bad Gateway\r\n\r\n");
        assertEquals(REQUEST, heard(board));
        say(board, OK);
        MemoryStream far = carry(board, null);
        assertEquals("10.0.0.2", board.device.address.toString());
        MemoryStream carried = board.connector.last();
        for (int i = 0; i < 400 && !carried.isClosed(); i++) {
            world.pass(SECOND);
            if (board.connector.last() != carried && !board.connector.last().isClosed()) {
                assertTrue(heard(board).startsWith("CONNECT first:2002 "), "a connection to the proxy proves nothing");
                say(board, OK);
            }
            if (!carried.isClosed()) {
                far.put(carried.other().take());
                carried.other().put(far.take());
            }
        }
        assertTrue(carried.isClosed());
        assertSaid(".* is left for first by the proxy gate:80, which answers again.*");
    }
}
