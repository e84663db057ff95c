package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * Everything through the tunnel: the client, east, is behind the router "gate" on two uplinks, the server masquerades
 * by the script that is shipped, and west is the Internet. Whatever leaves the client otherwise is counted on the
 * router.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class DefaultRouteTest extends Vpn {
    private static final String SCRIPT = "buildroot-package/package/simplevpn/masquerade";
    private static final String NETWORK6 = "fd00:77::/64";
    private static final String INTERNET = "203.0.113.1";
    private static final String INTERNET6 = "fd00:113::1";
    private static final int PORT = 8080;
    private static final String DETOUR = "192.0.2.1 via 198.51.100.1 dev eth1 proto 202 metric 2002";
    private static final Pattern COUNTED = Pattern.compile("packets (\\d+)");

    private final Path nft = Lab.TOP.resolve("build/packages/nftables");
    private final Host gate;
    private Program traffic;
    private String before;
    private ServerSocket internet;
    private ServerSocket internet6;

    DefaultRouteTest() {
        super("gate");
        gate = lan.host(3);
    }

    @BeforeEach
    void connect() throws IOException {
        ip(east, "link set eth0 down");
        for (int i = 1; i <= 2; i++) {
            String device = "eth" + i;
            ip(gate, "link add " + device + " type veth peer name " + device + " netns " + east.namespace);
            for (Host host : new Host[] {gate, east}) {
                int number = host == gate ? 1 : 2;
                ip(host, "address add 198.51." + (99 + i) + "." + number + "/24 dev " + device);
                ip(host, "address add fd00:5" + i + "::" + number + "/64 dev " + device + " nodad");
                ip(host, "address add fe80::" + i + number + "/64 dev " + device + " nodad");
                ip(host, "link set " + device + " up");
            }
        }
        uplink(1);
        uplink(2);
        for (Host host : new Host[] {hub, gate}) {
            ip(host, "route add " + INTERNET + " via " + west.outer4);
            ip(host, "route add " + INTERNET6 + " via " + west.outer6);
        }
        for (Host host : new Host[] {hub, west}) {
            ip(host, "route add 198.51.100.0/23 via " + gate.outer4);
            ip(host, "route add fd00:50::/28 via " + gate.outer6);
        }
        for (Host host : new Host[] {hub, gate}) {
            host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1").ok();
        }
        ip(west, "address add " + INTERNET + "/32 dev lo");
        ip(west, "address add " + INTERNET6 + "/128 dev lo nodad");
        internet = west.listen(INTERNET, PORT);
        internet6 = west.listen(INTERNET6, PORT);
        nft(gate, "add table inet probe { chain out { type filter hook prerouting priority -300;"
                + " iifname \"eth0\" accept; icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit,"
                + " mld2-listener-report } accept; tcp dport 2002 ip daddr 192.0.2.1 accept;"
                + " tcp dport 2002 ip6 daddr fd00:2::1 accept; counter; }; }");
        before = routes();
        assertEquals("198.51.100.2", seen());
        assertEquals("fd00:51::2", seen6());
        assertTrue(past() > 0, "the probe counts");
    }

    /** The end of all programs but these would have to wait for them. */
    @AfterEach
    void endTraffic() {
        if (traffic != null) {
            traffic.dismiss();
        }
    }

    private static void ip(Host host, String words) {
        host.run(Command.words(List.of("ip"), words.split(" ")).toArray(String[]::new)).ok();
    }

    /** The default routes of an uplink, of which the first is the better one. */
    private void uplink(int number) {
        ip(east, "route add default via 198.51." + (99 + number) + ".1 metric " + 100 * number);
        ip(east, "-6 route add default via fe80::" + number + "1 dev eth" + number + " metric " + 100 * number);
    }

    /** Words of a command with nft(8) on its path. */
    private List<String> withNft(String... command) {
        return Command.words(List.of("sh", "-c", "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) PATH=$0/usr/sbin:$PATH"
                + " exec \"$@\"", nft.toString()), command);
    }

    private String nft(Host host, String... words) {
        return host.run(withNft(Command.words(List.of("nft"), words).toArray(String[]::new)).toArray(String[]::new))
                .ok().output();
    }

    /** How many packets of the client's have passed beside the tunnel. */
    private long past() {
        Matcher counted = COUNTED.matcher(nft(gate, "list", "table", "inet", "probe"));
        assertTrue(counted.find());
        return Long.parseLong(counted.group(1));
    }

    /** All routes of the client's, but those that count down. */
    private String routes() {
        return east.run("ip", "route").ok().output() + east.run("ip", "-6", "route").ok().output();
    }

    /** Which address of the client's the Internet sees. */
    private String seen() throws IOException {
        return seen(internet, INTERNET);
    }

    private String seen6() throws IOException {
        return seen(internet6, INTERNET6);
    }

    private String seen(ServerSocket listener, String address) throws IOException {
        try (Socket own = east.connect(address, PORT); Socket accepted = west.accept(listener)) {
            assertTrue(own.isConnected());
            return ((InetSocketAddress) accepted.getRemoteSocketAddress()).getAddress().getHostAddress()
                    .replaceAll("(?<=:)(0:)+", ":").replace(":::", "::");
        }
    }

    private Program home(String... arguments) {
        hub.run("chmod", "755", SCRIPT).ok();
        String script = Lab.TOP.resolve(SCRIPT).toString();
        // A hook finds its library as it finds its program.
        Path path = lan.write("nft/nft", "#!/bin/sh\nLD_LIBRARY_PATH=$(echo " + nft + "/usr/lib/*-linux-*) exec " + nft
                + "/usr/sbin/nft \"$@\"\n");
        hub.run("chmod", "755", path.toString()).ok();
        Program server = lan.start(hub, Command.words(List.of("sh", "-c", "PATH=$0:$PATH exec \"$@\"",
                path.getParent().toString(), Lab.TOP.resolve("srv").toString(), "--network6", NETWORK6, "--user",
                "root", "--up", script, "--down", script), arguments));
        server.awaitLine("listening on", 60);
        Wait.until("masquerading", 60, () -> nft(hub, "list", "ruleset").contains("masquerade"));
        return server;
    }

    private Program everything(String... arguments) {
        Program client = lan.start(east, "cli",
                Command.words(List.of("--default-route"), arguments).toArray(String[]::new));
        awaitAddress(client, east);
        Wait.until("routes", 60, () -> routes().matches("(?s).*128\\.0\\.0\\.0/1 dev \\S+ proto 202.*"));
        return client;
    }

    /** Everything that a client may send, to many addresses and by all protocols, until the test ends. */
    private void talk() {
        traffic = lan.start(east, List.of("sh", "-c", """
                while :; do
                    for each in 203.0.113.1 203.0.113.9 9.9.9.9 198.18.0.1 10.0.0.1 fd00:113::1 2001:db8::9; do
                        ping -n -c 1 -W 1 $each &
                        timeout 1 bash -c "echo x >/dev/udp/$each/53; echo x >/dev/tcp/$each/8081" &
                    done
                    sleep 0.3
                done >/dev/null 2>&1"""));
    }

    /** The server by name, IPv4 and IPv6: all else goes through it, and at the end the routes are as before. */
    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "fd00:2::1", "hub.test"})
    void throughHome(String server) throws IOException {
        Path hosts = lan.write("hosts", "fd00:2::1 hub.test\n192.0.2.1 hub.test\n");
        Program home = home();
        Program client = lan.start(east, List.of("unshare", "-m", "sh", "-c",
                "mount --bind " + hosts + " /etc/hosts && exec \"$@\"", "sh", Lab.TOP.resolve("cli").toString(), "-s",
                server, "--default-route"));
        awaitAddress(client, east);
        Wait.until("routes", 60, () -> routes().contains("::/1 dev tun0"));
        long past = past();
        talk();
        for (int i = 0; i < 5; i++) {
            assertEquals("192.0.2.1", seen());
            assertEquals("fd00:2::1", seen6());
            Wait.pause(500);
        }
        String during = routes();
        assertTrue(during.contains(server.equals("192.0.2.1") ? DETOUR
                : "fd00:2::1 via fe80::11 dev eth1 proto 202 metric 2002"), during);
        assertTrue(during.lines().toList().containsAll(before.lines().toList()), during);
        assertEquals(past, past());
        endTraffic();
        client.stop();
        assertEquals(before, routes());
        assertEquals("198.51.100.2", seen());
        home.stop();
        assertFalse(nft(hub, "list", "ruleset").contains("masquerade"));
    }

    /** While the server is away, and when it gives another address, nothing passes beside the tunnel. */
    @Test
    void whileAway() throws IOException {
        Program home = home();
        Program client = everything("-s", "192.0.2.1");
        long past = past();
        talk();
        for (String network : new String[] {"10.0.0.0/16", "10.9.0.0/24", "10.0.0.0/8"}) {
            home.kill();
            client.awaitLine("closed the connection|ECONNRESET", 60);
            assertFalse(east.reaches(INTERNET));
            home = home("-n", network);
            String hubs = network.substring(0, network.lastIndexOf('.')) + ".1";
            Wait.until("the server once more", 60, () -> east.reaches(hubs) && east.reaches(INTERNET));
            assertEquals("192.0.2.1", seen());
        }
        assertEquals(past, past());
        // And without IPv6, what is not carried goes nowhere, and its sender is told.
        home.kill();
        home("--network6", "none", "-n", "10.0.0.0/8");
        client.awaitLine("the tunnel carries no IPv6", 60);
        Wait.until("the server without IPv6", 60, () -> east.reaches(INTERNET));
        assertTrue(east.ping(INTERNET6, "-c", "1").output().matches("(?s).*(unreachable|No route).*"));
        assertEquals(past, past());
        endTraffic();
        client.stop();
        assertEquals(before, routes());
    }

    /** Whatever is taken away of it by others is back in a moment; a second client that ends takes nothing along. */
    @Test
    void takenAway() {
        home();
        Program client = everything("-s", "192.0.2.1");
        Wait.until("all of it", 60, () -> routes().contains("unreachable ::/1") && routes().contains("::/1 dev tun0"));
        String whole = routes();
        for (String words : new String[] {"address flush dev tun0", "route flush proto 202", "-6 route flush proto 202",
            "link set lo down", "link set dev tun0 down"}) {
            ip(east, words);
            if (words.startsWith("link")) {
                ip(east, words.replace("down", "up"));
            }
            Wait.until("what was before: " + words, 60, () -> sorted(routes()).equals(sorted(whole)));
            Wait.until("the Internet after: " + words, 60, () -> east.reaches(INTERNET));
            // So often in a second is it mended, and once a second then.
            Wait.pause(1500);
        }
        Program second = lan.start(east, "cli", "-s", "192.0.2.1", "--default-route");
        second.awaitLine("connected to", 60);
        second.stop();
        Wait.until("what was before a second client", 60, () -> sorted(routes()).equals(sorted(whole)));
        client.stop();
        assertEquals(before, routes());
    }

    /** Without the link-local ones, which the kernel itself makes and does not make again after an address flush. */
    private static String sorted(String lines) {
        return lines.lines().filter(line -> !line.startsWith("fe80::")).sorted().collect(Collectors.joining("\n"));
    }

    /** The uplink changes and comes back, while connected and while the server is away. */
    @Test
    void secondUplink() throws IOException {
        Program home = home();
        Program client = everything("-s", "192.0.2.1");
        long past = past();
        talk();
        ip(east, "link set eth1 down");
        client.awaitLine("is reached from 198.51.101.2 now", 60);
        Wait.until("the Internet", 60, () -> east.reaches(INTERNET));
        assertTrue(routes().contains("192.0.2.1 via 198.51.101.1 dev eth2 proto 202 metric 2002"), this::routes);
        ip(east, "link set eth1 up");
        uplink4();
        client.awaitLine("is reached from 198.51.100.2 now", 60);
        Wait.until("the Internet", 60, () -> east.reaches(INTERNET));
        home.kill();
        client.awaitLine("trying again", 60);
        ip(east, "link set eth1 down");
        home();
        Wait.until("the Internet by the second uplink", 60, () -> east.reaches(INTERNET));
        assertTrue(routes().contains("192.0.2.1 via 198.51.101.1 dev eth2 proto 202 metric 2002"), this::routes);
        assertEquals("192.0.2.1", seen());
        assertEquals(past, past());
        endTraffic();
        ip(east, "link set eth1 up");
        uplink4();
        client.await("the first uplink once more", 60, () -> client.lines().stream()
                .filter(line -> line.contains("is reached from 198.51.100.2 now")).count() == 2);
        client.stop();
        assertFalse(routes().contains("proto 202"), this::routes);
    }

    private void uplink4() {
        ip(east, "route add default via 198.51.100.1 metric 100");
    }

    /** What a killed client leaves, whenever that is, the next one takes away: with the option, and without. */
    @Test
    void killed() throws IOException {
        String[] options = {"--default-route", "--verbose"};
        for (int i = 0; i < 4; i++) {
            Program home = home();
            Program client = everything("-s", "192.0.2.1");
            if (i >= 2) {
                home.kill();
                client.awaitLine("trying again", 60);
            }
            client.kill();
            List<String> left = routes().lines().filter(line -> line.contains("proto 202")).toList();
            assertEquals(3, left.size(), left::toString);
            assertTrue(left.getFirst().startsWith(DETOUR), left::toString);
            assertTrue(left.get(1).startsWith("unreachable ::/1 dev lo"), left::toString);
            assertEquals("198.51.100.2", seen(), "an owner who is far away gets there");
            if (i >= 2) {
                home = home();
            }
            // The way of then is of no use any more.
            ip(east, "route replace 192.0.2.1/32 via 198.51.100.77 dev eth1 proto 202 metric 2002");
            client = lan.start(east, "cli", "-s", "192.0.2.1", options[i % 2]);
            awaitAddress(client, east);
            client.awaitLine("connected to 192.0.2.1", 60);
            client.stop();
            assertFalse(routes().contains("proto 202"), this::routes);
            home.stop();
        }
        // Before it is connected the first time there is nothing to leave.
        Program client = lan.start(east, "cli", "-s", "192.0.2.1", "--default-route");
        client.awaitLine("trying again", 60);
        assertFalse(routes().contains("proto 202"), this::routes);
        client.kill();
    }

    /** The same on an interface that is root's, and stays with its routes. */
    @Test
    void killedOnAnInterfaceThatStays() throws IOException {
        home();
        ip(east, "tuntap add dev vpn0 mode tun");
        String whole = routes();
        Program client = everything("-s", "192.0.2.1", "-i", "vpn0");
        client.kill();
        assertTrue(routes().contains("128.0.0.0/1 dev vpn0 proto 202"), this::routes);
        client = everything("-s", "192.0.2.1", "-i", "vpn0");
        assertEquals("192.0.2.1", seen());
        client.stop();
        assertEquals(whole, routes().replaceAll("(?m)^\\S+ dev vpn0 .*\n", ""));
    }

    /** An uplink without a router, as a modem's: the way to the server is that interface. */
    @Test
    void pointToPoint() throws IOException {
        gate.run("sysctl", "-qw", "net.ipv4.conf.eth1.proxy_arp=1").ok();
        ip(east, "route del default metric 100");
        ip(east, "route del default metric 200");
        ip(east, "route add default dev eth1");
        home();
        Program client = everything("-s", "192.0.2.1");
        assertTrue(routes().contains("192.0.2.1 dev eth1 proto 202"), this::routes);
        long past = past();
        talk();
        assertEquals("192.0.2.1", seen());
        assertEquals(past, past());
        endTraffic();
        client.stop();
        assertFalse(routes().contains("proto 202"), this::routes);
    }

    /** A server on the client's own Ethernet needs no route; and with --mark or --bind, others keep it outside. */
    @Test
    void othersKeepItOutside() throws IOException {
        home();
        ip(east, "rule add fwmark 7 lookup 100");
        ip(east, "route add default via 198.51.101.1 table 100");
        String[][] ways = {{"192.0.2.1", "--mark", "7"}, {"192.0.2.1", "--bind", "eth2"},
            {"fd00:2::1", "--bind", "eth2"}};
        for (String[] options : ways) {
            Program client = everything(Command.words(List.of("-s"), options).toArray(String[]::new));
            assertFalse(routes().matches("(?s).*(192\\.0\\.2\\.1|fd00:2::1) .*"), this::routes);
            long past = past();
            talk();
            assertEquals("192.0.2.1", seen());
            Wait.pause(500);
            assertEquals(past, past());
            endTraffic();
            client.stop();
            assertEquals(before, routes());
        }
        ip(east, "link set eth0 up");
        Program client = everything("-s", "192.0.2.1");
        assertFalse(routes().contains("192.0.2.1 "), this::routes);
        assertEquals("192.0.2.1", seen());
        client.stop();
    }

    /** A server that moved is found by the name server outside, which is asked when its address of before fails. */
    @Test
    void nameOutside() throws IOException {
        Path names = lan.write("names/hosts", "192.0.2.1 hub.test\n");
        hub.run("chmod", "-R", "a+rX", names.getParent().toString()).ok();
        Path resolv = lan.write("resolv.conf", "nameserver " + INTERNET + "\noptions timeout:1 attempts:2\n");
        east.run("chmod", "644", resolv.toString()).ok();
        Program dnsmasq = lan.start(west, List.of("sh", "-c", "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec"
                + " $0/usr/sbin/dnsmasq --keep-in-foreground --log-facility=- --log-queries --user=root --pid-file="
                + " --conf-file=/dev/null --no-resolv --no-hosts --local=/test/ --hostsdir=$1 --listen-address=$2"
                + " --bind-interfaces", Lab.TOP.resolve("build/packages/dnsmasq-base").toString(),
                names.getParent().toString(), INTERNET));
        try {
            dnsmasq.awaitLine("started", 60);
            Program home = home();
            Program client = lan.start(east, List.of("unshare", "-m", "sh", "-c",
                    "mount --bind " + resolv + " /etc/resolv.conf && exec \"$@\"", "sh",
                    Lab.TOP.resolve("cli").toString(), "-s", "hub.test", "--default-route"));
            awaitAddress(client, east);
            long past = past();
            assertEquals("192.0.2.1", seen());
            home.kill();
            client.awaitLine("closed the connection|ECONNRESET", 60);
            home = home();
            Wait.until("the same server", 60, () -> east.reaches(INTERNET));
            assertEquals(past, past(), "its address is known");
            home.kill();
            hub.run("sysctl", "-qw", "net.ipv4.conf.eth0.promote_secondaries=1").ok();
            ip(hub, "address add 192.0.2.101/24 dev eth0");
            ip(hub, "address del 192.0.2.1/24 dev eth0");
            ip(hub, "route replace " + INTERNET + " via " + west.outer4);
            ip(hub, "route replace 198.51.100.0/23 via " + gate.outer4);
            Files.writeString(names, "192.0.2.101 hub.test\n");
            home();
            client.awaitLine("connected to 192.0.2.101", 60);
            Wait.until("the server elsewhere", 60, () -> east.reaches(INTERNET));
            assertFalse(routes().contains(INTERNET + " "), this::routes);
            client.stop();
            assertFalse(routes().contains("proto 202"), this::routes);
        } finally {
            dnsmasq.dismiss();
        }
    }
}
