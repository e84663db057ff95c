package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import simplevpn.harness.Host;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** Two servers that are one network by BIRD between them, set up as README.md says, and what becomes of it. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class HubsTest extends KeyedVpn {
    private static final String SECTION = "## Beyond one machine";
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final String EAST = "10.0.0.7";
    private static final String EAST6 = PREFIX + "a00:7";
    private static final long BYTES = 20_000_000;

    private final Host two = lan.host(3);
    private final Host north = lan.host(4);
    private String twoPin;
    private final List<Program> first = new ArrayList<>();
    private final List<Program> birds = new ArrayList<>();

    HubsTest() {
        super("two", "north");
    }

    @BeforeEach
    void files() throws IOException {
        twoPin = key("two.key");
        Files.writeString(lan.file("peers"), Files.readString(lan.file("peers")) + key("west.key") + " west\n"
                + key("north.key") + " north\n");
        Files.writeString(lan.file("one/link.peers"), readme(SECTION, "sha256:").getFirst()
                .replaceFirst("^\\S+", key("link.key").replace("$", "\\$")) + "\n");
        for (String name : new String[] {"one", "two"}) {
            Files.copy(lan.file("peers"), lan.file(name + "/peers"));
            // So that each has its own leases.
            hub.run("chmod", "777", lan.file(name).toString()).ok();
        }
        String bird = String.join("\n", readme(SECTION, "router id"));
        lan.write("one.conf", bird);
        lan.write("two.conf", bird.replace("172.31.255.1", "ONE").replace("172.31.255.2", "172.31.255.1")
                .replace("ONE", "172.31.255.2").replace("65001", "ONE").replace("65002", "65001")
                .replace("ONE", "65002"));
    }

    @AfterEach
    void end() {
        birds.forEach(Program::dismiss);
    }

    /** A config file of README.md's, with the paths of this test. */
    private String config(String name, String from, String dynamic, String key, String peers) throws IOException {
        List<String> lines = new ArrayList<>(readme(SECTION, from));
        lines.replaceAll(line -> switch (line.split(" ")[0]) {
            case "dynamic" -> "dynamic " + dynamic;
            case "key" -> "key " + file(key);
            case "peers" -> "peers " + file(peers);
            default -> line;
        });
        lan.write(name, String.join("\n", lines) + "\n");
        return file(name);
    }

    private Program start(Host host, String... words) {
        Program server = lan.start(host, "srv", words);
        server.awaitLine("listening on", 60);
        return server;
    }

    private static void forward(Host host) {
        host.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding")
                .ok();
    }

    private Program bird(Host host, String name) {
        Program bird = lan.start(host, List.of("sh", "-c", "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec"
                + " $0/usr/sbin/bird -f -c $1.conf -s $1.ctl -P $1.pid", fetched("bird2"), file(name)));
        birds.add(bird);
        return bird;
    }

    private void one() throws IOException {
        forward(hub);
        first.add(start(hub, "--config", config("srv.conf", "network 10.0.0.0/16", "10.0.1.0/24", "srv.key",
                "one/peers")));
        first.add(start(hub, "--config", config("link.conf", "port 2003", "", "srv.key", "one/link.peers")));
        first.add(bird(hub, "one"));
    }

    private Program two() throws IOException {
        forward(two);
        Program server = start(two, "--config", config("srv2.conf", "network 10.0.0.0/16", "10.0.2.0/24", "two.key",
                "two/peers"));
        lan.start(two, "cli", "-s", hub.outer4 + ":2003", "-i", "link0", "--key", file("link.key"), "--server-pin",
                serverPin).awaitLine("connected to", 60);
        bird(two, "two");
        return server;
    }

    /** A client of one server, or of the other when that does not answer. */
    private Program client(Host host, String key, Host server, Host otherwise) {
        Program client = lan.start(host, "cli", "--key", file(key), "-s", server.outer4, "--server-pin", pin(server),
                "-s", otherwise.outer4, "--server-pin", pin(otherwise));
        awaitAddress(client, host);
        return client;
    }

    private String pin(Host server) {
        return server == hub ? serverPin : twoPin;
    }

    private static String routes(Host host, String words) {
        return host.run("sh", "-c", "ip " + words + "; ip -6 " + words).ok().output();
    }

    private static void assertNoWay(Host from, String to) {
        String output = from.ping(to, "-c", "2", "-i", "0.2", "-W", "5").output();
        assertTrue(output.contains("Unreachable"), output);
    }

    /**
     * Clients of both servers reach each other. The first server is killed with all that it ran: its client goes to the
     * other, has the same addresses, and is reached there; and so it is from the first server, when that is back.
     */
    @Test
    void aHubThatDies() throws Exception {
        one();
        Program second = two();
        Program moving = client(east, "east.key", hub, two);
        client(west, "west.key", two, hub);
        assertEquals("10.0.2.0", address(west));
        west.awaitPing(EAST, 60);
        west.awaitPing(EAST6, 60);
        new Transfer(east, west, address(west), BYTES).await(60);
        new Transfer(west, east, EAST6, BYTES).await(60);
        for (Host host : new Host[] {east, west}) {
            assertNoWay(host, "10.0.99.99");
        }
        String own = routes(two, "route show proto 202");
        assertTrue(own.contains("10.0.2.0 dev tun0") && own.contains(PREFIX + "a00:200 dev tun0"), own);
        assertFalse(own.contains("10.0.0.7"), own);
        two.run("sh", "-c", "ip link set tun0 down; ip link set tun0 up").ok();
        Wait.until("the routes that were lost", 60, () -> routes(two, "route show proto 202").equals(own));
        west.awaitPing(EAST6, 60);

        first.forEach(Program::kill);
        long killed = System.nanoTime();
        west.awaitPing(EAST, 60);
        System.out.println("    the client of a server that was killed answers by the other after "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed) + " ms");
        west.awaitPing(EAST6, 60);
        moving.awaitLine("connected to " + two.outer4 + ":2002, address 10.0.0.7/16 and " + EAST6, 60);
        assertEquals(EAST, address(east));

        first.clear();
        one();
        client(north, "north.key", hub, two);
        assertEquals("10.0.1.0", address(north));
        north.awaitPing(address(west), 60);
        north.awaitPing(EAST, 60);
        new Transfer(north, west, address(west), BYTES).await(60);
        second.stop();
        Wait.until("no routes to clients", 60, () -> !routes(two, "route show proto 202").contains("tun0"));
    }
}
