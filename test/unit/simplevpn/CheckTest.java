package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Errno;
import simplevpn.linux.Replacement;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;
import simplevpn.tls.Pin;

/** Protects who runs {@code cli --check}: each obstacle is told as what it is, in its stage, with what to do. */
class CheckTest extends KeyedWorldTest {
    private static final String PORTAL = "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n";

    /** How the server's kernel behaves: whether it answers pings, and the longest that it answers; what it forwards. */
    private boolean pings = true;
    private int longest = 65535;
    private boolean forwards;
    /** Whether a client runs beside the check, with its key or address. */
    private boolean running;

    private World.Checker check(String... words) throws Exception {
        List<String> all = new ArrayList<>(List.of("-s", "hub"));
        all.addAll(List.of(words));
        return world.new Checker(running, all.toArray(String[]::new));
    }

    private String[] keyed(String name, String... more) {
        List<String> all = new ArrayList<>(List.of("--key", file(name).toString(), "--server-pin", serverPin));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    /** Lets it come to its end, beside a server's kernel; returns what was said. */
    private String finish(World.Checker checker, World.Hub... hubs) throws Exception {
        checker.check.begin();
        for (int i = 0; i < 2000 && !checker.check.isDone(); i++) {
            world.pass(SECOND / 100);
            for (World.Hub hub : hubs) {
                kernel(hub.device);
            }
        }
        assertEquals(null, checker.failure);
        assertTrue(checker.check.isDone(), () -> "it does not end: " + checker.said);
        return String.join("\n", checker.said);
    }

    private void kernel(MemoryDevice device) {
        for (byte[] packet = device.receive(); packet != null; packet = device.receive()) {
            byte[] answer = packet.clone();
            boolean own = ReferencePackets.get32(packet, 16) == ipv4(HUB);
            if (own && pings && packet.length <= longest) {
                answer[20] = 0;
            } else if (!own && forwards && packet[8] == 1) {
                answer = new byte[28 + packet.length];
                System.arraycopy(packet, 0, answer, 0, 20);
                System.arraycopy(packet, 0, answer, 28, packet.length);
                ReferencePackets.set16(answer, 2, answer.length);
                answer[20] = 11;
            } else {
                continue;
            }
            ReferencePackets.set32(answer, 16, ReferencePackets.get32(packet, 12));
            ReferencePackets.set32(answer, 12, ipv4(HUB));
            ReferencePackets.set16(answer, 10, 0);
            int sum = 0;
            for (int at = 0; at < 20; at += 2) {
                sum += ReferencePackets.get16(answer, at);
            }
            ReferencePackets.set16(answer, 10, ~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
            device.send(answer);
        }
    }

    /** The last line is a failure of that stage, with these words in that order, and so is the status. */
    private static void assertFails(World.Checker checker, int status, String stage, String... words) {
        String line = checker.said.getLast();
        assertEquals(status, checker.check.status(), line);
        assertTrue(line.startsWith(stage) && line.contains(" FAILED "), line);
        int at = 0;
        for (String word : words) {
            at = line.indexOf(word, at);
            assertTrue(at >= 0, () -> "no '" + word + "' in " + line);
        }
        assertTrue(line.contains("; "), line);
        assertEquals(1, checker.said.stream().filter(each -> each.contains("FAILED")).count());
    }

    private static void assertPasses(World.Checker checker, String said, String... lines) {
        assertEquals(0, checker.check.status(), said);
        assertEquals(lines.length, checker.said.size(), said);
        for (int i = 0; i < lines.length; i++) {
            String line = checker.said.get(i);
            assertTrue(line.matches(lines[i]), () -> line + "\nin\n" + said);
        }
    }

    /** A line without an obstacle, and without TLS; the next client has the place that this one had. */
    @Test
    void allWell() throws Exception {
        World.Hub hub = world.hub();
        World.Checker checker = check();
        String said = finish(checker, hub);
        assertPasses(checker, said, "name     ok +0 ms  hub is 192\\.0\\.2\\.1", "route    ok .*",
                "TCP      ok .* 192\\.0\\.2\\.1:2002", "TLS      skipped .*without --key.*",
                "address  ok .* 10\\.0\\.0\\.2/16", "bulk     ok .* MTU 1500, 25[67] KiB there and back, \\d+ .bit/s",
                "forward  ok .* the server leads to other clients");
        assertTrue(checker.connector.last().isClosed());
    }

    /** The same with keys: what was shown, and how the server calls this client. */
    @Test
    void allWellWithKeys() throws Exception {
        known("shed", "10.0.0.7");
        World.Hub hub = server();
        World.Checker checker = check(keyed("shed"));
        String said = finish(checker, hub);
        assertPasses(checker, said, "name .*", "route .*", "TCP .*", "TLS      ok .*" + quoted(serverPin)
                + " as --server-pin says", "key      ok .*knows this client.*", "address  ok .*10\\.0\\.0\\.7/16",
                "bulk     ok .*there and back.*", "forward  ok .*");
    }

    /** A name that nobody knows, and one that nobody answers for. */
    @Test
    void name() throws Exception {
        World.Checker unknown = check();
        unknown.connector.unknown = "hub: no such host name";
        finish(unknown);
        assertFails(unknown, 10, "name", "no such host name", "spelling of -s");
        World.Checker slow = check();
        slow.connector.namesAreSlow = true;
        finish(slow);
        assertFails(slow, 10, "name", "does not answer in 4 s", "/etc/resolv.conf");
    }

    /** No way out of this host. */
    @Test
    void route() throws Exception {
        World.Checker checker = check();
        checker.connector.unreachable = "ENETUNREACH (Network is unreachable)";
        finish(checker);
        assertFails(checker, 11, "route", "ENETUNREACH", "ip route");
    }

    /** A port that is closed, and one behind which everything is dropped. */
    @Test
    void connection() throws Exception {
        world.acceptor.rejects = -Errno.ECONNREFUSED;
        World.Checker refused = check();
        finish(refused);
        assertFails(refused, 12, "TCP", "ECONNREFUSED", "does srv run");
        world.acceptor.rejects = 0;
        world.acceptor.silent = true;
        World.Checker dropped = check();
        finish(dropped);
        assertFails(dropped, 12, "TCP", "does not answer in 4 s", "firewall", "--port 443");
    }

    /** A portal answers in the server's place, with TLS and without; it may close the connection at once. */
    @Test
    void portal() throws Exception {
        key("shed");
        for (String[] words : new String[][] {{}, keyed("shed")}) {
            for (boolean closes : new boolean[] {false, true}) {
                World.Checker checker = check(words);
                checker.check.begin();
                world.pass(SECOND / 10);
                MemoryStream there = checker.connector.last().other();
                there.put(PORTAL.getBytes(StandardCharsets.ISO_8859_1));
                if (closes) {
                    there.close();
                }
                world.pass(SECOND);
                assertTrue(checker.check.isDone());
                assertFails(checker, 13, "proxy", "HTTP/1.1 302 Found to http://portal.example/", "log in there");
            }
        }
    }

    /** Another program than a server is there. */
    @Test
    void anotherProgram() throws Exception {
        World.Checker checker = check();
        checker.check.begin();
        world.pass(SECOND / 10);
        checker.connector.last().other().put("SSH-2.0-OpenSSH_9.2\r\n................".getBytes(
                StandardCharsets.ISO_8859_1));
        world.pass(SECOND);
        assertFails(checker, 16, "address", "SSH-2.0-OpenSSH_9.2", "check -s and --port");
    }

    /** Somebody on the way shows a key of his own; nobody says which is the server's; there is no TLS; or silence. */
    @Test
    void tls() throws Exception {
        known("shed");
        String shown = serverPin;
        World.Hub hub = server();
        World.Checker other = check("--key", file("shed").toString(), "--server-pin", key("other"));
        finish(other, hub);
        assertFails(other, 14, "TLS", shown, "not that of --server-pin", "srv --pin");
        World.Checker careless = check("--key", file("shed").toString());
        finish(careless, hub);
        assertFails(careless, 14, "TLS", "--server-pin is missing", "add --server-pin " + shown);
        hub.kill();
        world.run();
        World.Checker silent = check(keyed("shed"));
        finish(silent);
        assertFails(silent, 14, "TLS", "does not go on with the handshake in 5 s", "--port 443");
    }

    /** A server without a key is met with one, and one with a key without. */
    @Test
    void onlyOneHasAKey() throws Exception {
        known("shed");
        World.Hub plain = world.hub();
        World.Checker withKey = check(keyed("shed"));
        finish(withKey, plain);
        assertFails(withKey, 14, "TLS", "closed the connection in the handshake", "srv with --key");
        plain.kill();
        World.Hub hub = server();
        World.Checker without = check();
        finish(without, hub);
        assertFails(without, 15, "key", "with a key alone", "cli --keygen");
    }

    /** A key that the server does not know. */
    @Test
    void unknownKey() throws Exception {
        String pin = key("stranger");
        World.Hub hub = server();
        World.Checker checker = check(keyed("stranger"));
        finish(checker, hub);
        assertFails(checker, 15, "key", "does not know key " + pin, "peers");
    }

    /** Addresses that others have, or nobody can have. */
    @Test
    void address() throws Exception {
        World.Hub hub = world.hub();
        world.board(1);
        World.Checker taken = check("-a", "10.0.0.2");
        finish(taken, hub);
        assertFails(taken, 16, "address", "10.0.0.2 is taken by another client", "leave -a out");
        World.Checker foreign = check("-a", "10.9.9.9");
        finish(foreign, hub);
        assertFails(foreign, 16, "address", "10.9.9.9 is not in the network 10.0.0.0/16", "another address");
    }

    /** A connection on which nobody answers. */
    @Test
    void noAnswer() throws Exception {
        World.Checker checker = check();
        finish(checker);
        assertFails(checker, 16, "address", "does not answer the address request in 4 s", "--port 443");
    }

    /** Where the server's host answers no pings, what goes there is tried all the same. */
    @Test
    void noPings() throws Exception {
        pings = false;
        World.Hub hub = world.hub();
        World.Checker checker = check();
        String said = finish(checker, hub);
        assertEquals(0, checker.check.status(), said);
        assertTrue(said.contains("KiB there, back not tried: the server's host answers no pings"), said);
    }

    /** A router drops what is large, on the way there, or back. */
    @Test
    void blackHole() throws Exception {
        World.Hub hub = world.hub();
        World.Checker there = check();
        there.check.begin();
        world.pass(0);
        // From now on nothing gets out, as seen from here: what was sent is never acknowledged.
        there.connector.last().mostPerWrite = 0;
        finishBegun(there, hub);
        assertFails(there, 17, "bulk", "packets to the server of 1500 bytes do not", "--mss 1220");
        longest = 1000;
        World.Checker back = check();
        finish(back, hub);
        assertFails(back, 17, "bulk", "packets of 1500 bytes got lost");
    }

    /** Pings are no larger than either end's MTU: a larger one comes back in fragments, if at all. */
    @Test
    void ownMtu() throws Exception {
        World.Hub hub = world.hub("-m", "1300");
        longest = 1300;
        for (int own : new int[] {576, 1300, 1500}) {
            World.Checker checker = check("-m", String.valueOf(own));
            String said = finish(checker, hub);
            assertEquals(0, checker.check.status(), said);
            assertTrue(said.contains(" ms  MTU " + Math.min(own, 1300) + ", "), said);
        }
    }

    private void finishBegun(World.Checker checker, World.Hub hub) {
        for (int i = 0; i < 2000 && !checker.check.isDone(); i++) {
            kernel(hub.device);
            world.pass(SECOND / 100);
        }
        assertTrue(checker.check.isDone(), () -> "it does not end: " + checker.said);
    }

    /** Clients that are kept apart, and a network that the server tells of and does not forward to, or does. */
    @Test
    void forwarding() throws Exception {
        World.Hub apart = world.hub("--between-clients", "no");
        World.Checker kept = check();
        finish(kept, apart);
        assertFails(kept, 18, "forward", "is prohibited", "--between-clients no");
        apart.kill();
        World.Hub hub = world.hub("--push-route", "192.168.1.0/24");
        World.Checker silent = check();
        finish(silent, hub);
        assertFails(silent, 18, "forward", "192.168.1.1 (192.168.1.0/24) does not answer", "net.ipv4.ip_forward=1");
        World.Checker declined = check("--no-routes");
        finish(declined, hub);
        assertEquals(0, declined.check.status());
        forwards = true;
        World.Checker reached = check("--default-route");
        String said = finish(reached, hub);
        assertEquals(0, reached.check.status(), said);
        assertTrue(said.endsWith("the server leads to other clients, 192.168.1.0/24, the Internet"), said);
    }

    /** With the kernel between clients, one that does not forward is silent. */
    @Test
    void kernelBetweenClients() throws Exception {
        World.Hub hub = world.hub("--between-clients", "kernel");
        World.Checker silent = check();
        finish(silent, hub);
        assertFails(silent, 18, "forward", "nobody answers", "net.ipv4.ip_forward=1");
        forwards = true;
        World.Checker forwarded = check();
        assertTrue(finish(forwarded, hub).endsWith("the server leads to other clients"));
    }

    /** A client that is not connected, with a network behind it. */
    @Test
    void networkBehindNobody() throws Exception {
        World.Hub hub = world.hub("--net", "10.0.0.9=192.168.7.0/24");
        World.Checker checker = check();
        finish(checker, hub);
        assertFails(checker, 18, "forward", "192.168.7.1 (192.168.7.0/24) is not there now", "is the client connected");
    }

    /** Beside a client that runs with the same key, its place is not taken. */
    @Test
    void besideAClient() throws Exception {
        known("shed");
        World.Hub hub = server();
        World.Board board = pinned("shed");
        assertEquals("10.0.0.2", address(board));
        running = true;
        World.Checker checker = check(keyed("shed"));
        String said = finish(checker, hub);
        assertPasses(checker, said, "name .*", "route .*", "TCP .*", "TLS .*",
                "key      skipped .*a client runs here with this key.*");
        world.pass(SECOND);
        assertReaches(board, hub);
        assertFalse(world.log().contains("connected again"), world::log);
    }

    /** The same without keys, beside one that has the address that this one is to have. */
    @Test
    void besideAnAddress() throws Exception {
        World.Hub hub = world.hub();
        world.board(1, "-a", "10.0.0.9");
        running = true;
        World.Checker checker = check("-a", "10.0.0.9");
        String said = finish(checker, hub);
        assertPasses(checker, said, "name .*", "route .*", "TCP .*", "TLS .*",
                "address  skipped .*this host has 10\\.0\\.0\\.9 already.*");
    }

    /** A key is seen to be used as long as a client lives that has it; no client that is there is seen in a check. */
    @Test
    void usedKey() throws Exception {
        key("shed");
        String path = file("shed").toString();
        assertFalse(KeyFiles.isUsed(path));
        assertFalse(KeyFiles.isUsed(path), "looking is no use");
        KeyFiles.use(path);
        assertTrue(KeyFiles.isUsed(path));
        KeyFiles.use(path);
        assertFalse(KeyFiles.isUsed(file("none").toString()));
    }

    /** Before an invitation is used there may be no key yet; what a client that waits there is about to keep stays. */
    @Test
    void invitation() throws Exception {
        World.Hub hub = server();
        String invitation = Invitation.to("hub", 2002, new Pin[] {Pin.parse(serverPin)}).toString();
        Path dir = file("joined");
        String[] words = {"--join", invitation, "--dir", dir.toString()};
        World.Checker first = world.new Checker(false, words);
        finish(first, hub);
        assertFails(first, 15, "key", "does not know key", "has not joined yet");
        assertFalse(Files.exists(dir));
        Files.createDirectory(dir);
        Files.writeString(dir.resolve("cli.conf" + Replacement.SUFFIX), "of a client that waits");
        String pin = KeyFiles.generate(dir.resolve("cli.key").toString()).pin().toString();
        World.Checker second = world.new Checker(false, words);
        finish(second, hub);
        assertFails(second, 15, "key", "does not know key " + pin, "has not joined yet");
        assertEquals("of a client that waits", Files.readString(dir.resolve("cli.conf" + Replacement.SUFFIX)));
    }

    /** Lines that could not be written are no check. */
    @Test
    void fullDisk() throws Exception {
        CheckReport printed = new CheckReport(line -> true, true);
        printed.passed(CheckReport.NAME, 0, "hub");
        printed.end();
        CheckReport report = new CheckReport(line -> !line.contains("\"name\""), true);
        report.passed(CheckReport.NAME, 0, "hub");
        report.skipped(CheckReport.TLS, "without");
        Failure failure = assertThrows(Failure.class, report::end);
        assertEquals(Failure.SYSTEM, failure.status);
        assertEquals("the check could not be printed", failure.getMessage());
    }

    /** What machines read: an object a line, with all fields, and quotes in what others say. */
    @Test
    void json() throws Exception {
        World.Checker checker = check("--json");
        checker.connector.unknown = "hub: \"no\\such\"\thost";
        finish(checker);
        assertEquals(List.of("{\"stage\":\"name\",\"ok\":false,\"ms\":0,\"text\":\"hub: \\\"no\\\\such\\\" host\","
                + "\"remedy\":\"check the spelling of -s, or give the server's address\"}"), checker.said);
        World.Hub hub = world.hub();
        World.Checker well = check("--json");
        assertTrue(finish(well, hub).contains("{\"stage\":\"address\",\"ok\":true,\"ms\":0,\"text\":\"10.0.0.2/16\","
                + "\"remedy\":null}\n{\"stage\":\"bulk\",\"ok\":true,"));
        assertTrue(well.said.stream().anyMatch(line -> line.startsWith("{\"stage\":\"TLS\",\"ok\":null,\"ms\":0,")));
    }
}
