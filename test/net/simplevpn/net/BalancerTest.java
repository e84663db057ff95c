package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** Two servers behind HAProxy, configured as README.md says: whose connections they are, and what becomes of them. */
final class BalancerTest extends KeyedVpn {
    private static final String SECTION = "## Behind a load balancer";

    private final Host two = lan.host(3);
    private final Host balancer = lan.host(4);
    private final List<Program> proxies = new ArrayList<>();

    BalancerTest() {
        super("two", "balancer");
    }

    @BeforeEach
    void files() throws IOException {
        String all = Files.readString(lan.file("peers")) + key("west.key") + " west 10.0.0.8\n";
        for (String name : new String[] {"one", "two"}) {
            Files.writeString(lan.file(name + "/peers"), all);
            // So that each has its own leases.
            hub.run("chmod", "777", lan.file(name).toString()).ok();
        }
    }

    @AfterEach
    void end() {
        proxies.stream().filter(Program::alive).forEach(Program::dismiss);
    }

    private Program server(Host host, String name) throws IOException {
        String option = readme(SECTION, "proxy-protocol").getFirst().replace("192.168.0.10",
                balancer.outer4 + "," + balancer.outer6);
        lan.write(name + "/srv.conf", option + "\nkey " + file("srv.key") + "\npeers " + file(name + "/peers") + "\n");
        Program server = lan.start(host, "srv", "--config", file(name + "/srv.conf"));
        server.awaitLine("listening on", 60);
        return server;
    }

    /** HAProxy with the lines of README.md; what it is told of servers may be another thing. */
    private void balance(String how) throws IOException {
        List<String> defaults = readme("## On port 443, beside a web server", "defaults");
        String lines = String.join("\n", defaults.subList(0, defaults.indexOf(""))) + "\n"
                + String.join("\n", readme(SECTION, "frontend")) + "\n";
        // A check each 0.3 seconds instead of two; a socket has to be named from the top.
        lan.write("haproxy.cfg", "global\n    log stdout format raw local0\n    stats socket " + lan.file("admin.sock")
                + " level admin\n" + lines.replace("192.168.0.11", hub.outer4).replace("192.168.0.12", two.outer4)
                .replace("check send-proxy-v2", how));
        Program proxy = lan.start(balancer, List.of("sh", "-c",
                "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec $0/usr/sbin/haproxy -db -f $1",
                fetched("haproxy"), file("haproxy.cfg")));
        proxies.add(proxy);
        proxy.await("HAProxy's socket", 60, () -> Files.exists(lan.file("admin.sock")));
    }

    /** What HAProxy says to a command. */
    private String admin(String command) {
        try (SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(lan.file("admin.sock")))) {
            socket.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.US_ASCII)));
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            ByteBuffer part = ByteBuffer.allocate(4096);
            while (socket.read(part) >= 0) {
                all.write(part.array(), 0, part.position());
                part.clear();
            }
            return all.toString(StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new AssertionError(command, e);
        }
    }

    /** Waits until HAProxy's checks have seen that a server is there, or not. */
    private void awaitState(String server, String state) {
        Wait.until(server + " " + state, 60, () -> admin("show stat").lines().anyMatch(line ->
                line.startsWith("servers," + server + ",") && line.contains("," + state + ",")));
    }

    private Program through(Host host, String key, String address) {
        Program client = lan.start(host, "cli", Command.words(List.of("-s", address), with(key))
                .toArray(String[]::new));
        awaitAddress(client, host);
        return client;
    }

    private static long connections(Program client) {
        return client.lines().stream().filter(line -> line.contains("connected to")).count();
    }

    private static String from(String address) {
        return "\\b" + Pattern.quote(address) + "\\b|\\[" + Pattern.quote(address) + "]";
    }

    /**
     * Clients over IPv4 and IPv6 are known by their own addresses; a server is drained and dies, and they are on the
     * other one with the addresses that they had. What the balancer does for itself is in no log.
     */
    @Test
    void drainAndFailover() throws Exception {
        Program one = server(hub, "one");
        Program other = server(two, "two");
        balance("check inter 300ms send-proxy-v2");
        awaitState("one", "UP");
        awaitState("two", "UP");
        Program first = through(east, "east.key", balancer.outer4);
        assertEquals("10.0.0.7", address(east));
        one.awaitLine("(" + from(east.outer4) + "):\\d+ assigned 10.0.0.7 to east", 60);
        new Transfer(east, hub, SERVER, 20_000_000).await(60);
        new Transfer(hub, east, "10.0.0.7", 20_000_000).await(60);

        admin("set server servers/one state drain");
        through(west, "west.key", balancer.outer6);
        other.awaitLine("(" + from(west.outer6) + "):\\d+ assigned 10.0.0.8 to west", 60);
        east.awaitPing(SERVER, 60);
        assertEquals(1, connections(first), "who is connected stays");
        admin("shutdown sessions server servers/one");
        other.awaitLine("(" + from(east.outer4) + "):\\d+ assigned 10.0.0.7 to east", 60);
        east.awaitPing("10.0.0.8", 60);

        admin("set server servers/one state ready");
        awaitState("one", "UP");
        other.kill();
        one.awaitLine("(" + from(west.outer6) + "):\\d+ assigned 10.0.0.8 to west", 60);
        east.awaitPing("10.0.0.8", 60);
        assertEquals("10.0.0.7", address(east));
        assertEquals("10.0.0.8", address(west));
        awaitState("two", "DOWN");
        assertFalse(one.said(from(balancer.outer4) + "|" + from(balancer.outer6)), one::log);
        assertFalse(other.said(from(balancer.outer4) + "|" + from(balancer.outer6)), other::log);
    }

    /** Who comes past the balancer is as ever; who comes from it without a header, or with an old one, is nobody. */
    @Test
    void aroundTheBalancer() throws Exception {
        Program one = server(hub, "one");
        Program first = client(east, with("east.key"));
        east.awaitPing(SERVER, 60);
        clientStarting(balancer, with("west.key"));
        one.awaitLine("(" + from(balancer.outer4) + "):\\d+ turned away: does not begin with a PROXY protocol header;"
                + " all from --proxy-protocol have to begin with one \\(HAProxy: send-proxy-v2\\)$", 60);
        balance("send-proxy");
        lan.start(west, "cli", Command.words(List.of("-s", balancer.outer4), with("west.key")).toArray(String[]::new));
        one.awaitLine("(" + from(balancer.outer4) + "):\\d+ turned away: sends a PROXY protocol header of version 1,"
                + " and only version 2 is taken", 60);
        assertFalse(one.said("west"), one::log);
        east.awaitPing(SERVER, 60);
        assertEquals(1, connections(first), first::log);
    }
}
