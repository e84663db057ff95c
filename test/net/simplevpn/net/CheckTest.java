package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/** {@code cli --check} on real kernels, with each obstacle that it is to tell built in a namespace. */
final class CheckTest extends KeyedVpn {
    private static final String PORTAL = "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n";

    /** A check that has ended; its status and its last line, with what is wrong and what to do. */
    private Program check(int status, String stage, String words, String... options) {
        return ended(lan.start(east, "cli", Command.words(List.of("--check"), options).toArray(String[]::new)),
                status, stage, words);
    }

    private Program checkHub(int status, String stage, String words, String... options) {
        return check(status, stage, words, Command.words(List.of("-s", hub.outer4), options).toArray(String[]::new));
    }

    private static Program ended(Program check, int status, String stage, String words) {
        assertEquals(status, check.awaitExit(30), check::log);
        String line = check.lastLine();
        assertTrue(line.matches(stage + " +" + (status == 0 ? "ok" : "FAILED") + " +\\d+ ms  .*" + words + ".*"),
                check::log);
        assertFalse(check.said("^cli: "), check::log);
        return check;
    }

    private static void shell(Host host, String commands) {
        host.run("sh", "-e", "-c", "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) PATH=$0/usr/sbin:$PATH\n"
                + "export LD_LIBRARY_PATH\n" + commands, fetched("nftables")).ok();
    }

    /** The server's host drops what a rule says. */
    private void drop(String rule) {
        shell(hub, "nft add table inet check '{ chain in { type filter hook input priority 0; }; }'\n"
                + "nft add rule inet check in " + rule + " drop");
    }

    /** Without an obstacle: a line for each stage, with keys and without, over IPv6 too; without a TUN device. */
    @Test
    void allWell() {
        keyed("--allow-plain", east.outer4);
        Program check = checkHub(0, "forward", "other clients", with("east.key"));
        assertEquals(List.of("name", "route", "TCP", "TLS", "key", "address", "bulk", "forward"),
                check.lines().stream().map(line -> line.substring(0, line.indexOf(' '))).toList(), check::log);
        assertTrue(check.said("route +ok .* through eth0, from " + east.outer4), check::log);
        assertTrue(check.said("TCP +ok .* " + hub.outer4 + ":2002"), check::log);
        assertTrue(check.said("as \"east\""), check::log);
        assertTrue(check.said("address +ok .* 10.0.0.7/16"), check::log);
        assertTrue(check.said("bulk +ok .* MTU 1500, 25[67] KiB there and back, .*bit/s$"), check::log);
        assertTrue(east.tunnel().isEmpty());
        check(0, "forward", "other clients", Command.words(List.of("-s", hub.outer6), with("east.key"))
                .toArray(String[]::new));
        assertTrue(checkHub(0, "forward", "other clients").said("TLS +skipped .*without --key"));
        Program json = lan.start(east, "cli", "--check", "--json", "-s", hub.outer4);
        assertEquals(0, json.awaitExit(30), json::log);
        assertTrue(json.lines().stream().allMatch(line -> line.matches("\\{\"stage\":\"[a-zTCPLS]+\",\"ok\":(true|null)"
                + ",\"ms\":\\d+,\"text\":\"[^\"]+\",\"remedy\":null}")), json::log);
        ended(lan.start(east, List.of("sh", "-c", "mount -t tmpfs none /dev/net && exec \"$0\" --check -s \"$1\"",
                Lab.TOP.resolve("cli").toString(), hub.outer4)), 0, "forward", "other clients");
    }

    /** What could not be written is one line on stderr, and a status of its own. */
    @Test
    void fullDisk() {
        Program check = lan.start(east, List.of("sh", "-c", "exec \"$0\" --check --json -s \"$1\" >/dev/full",
                Lab.TOP.resolve("cli").toString(), hub.outer4));
        assertEquals(1, check.awaitExit(30), check::log);
        assertOneLine(check, "^cli: the check could not be printed$");
    }

    /** A name that there is not, and name servers that say nothing. */
    @Test
    void name() throws IOException {
        Path resolv = lan.write("resolv.conf", "nameserver " + hub.outer4 + "\noptions timeout:30\n");
        hub.run("chmod", "644", resolv.toString()).ok();
        List<String> check = List.of("sh", "-c", "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"",
                resolv.toString(), Lab.TOP.resolve("cli").toString(), "--check", "-s", "vpn.example.org");
        DatagramChannel names = hub.datagrams(hub.outer4, 53);
        Thread.ofPlatform().daemon().start(() -> knowNothing(names));
        ended(lan.start(east, check), 10, "name", "vpn.example.org: no such host name; .*spelling");
        drop("udp dport 53");
        ended(lan.start(east, check), 10, "name", "the name server does not answer in 4 s; .*/etc/resolv.conf");
    }

    /** A name server that answers each question with "no such name" (RFC 1035, 4.1.1). */
    private static void knowNothing(DatagramChannel names) {
        ByteBuffer message = ByteBuffer.allocate(512);
        try {
            for (;;) {
                SocketAddress from = names.receive(message.clear());
                message.flip();
                message.put(2, (byte) (message.get(2) | 0x80)).put(3, (byte) 0x83);
                names.send(message, from);
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    /** No route; a port that is closed; a firewall that says so, and one that says nothing; nobody at the address. */
    @Test
    void connection() {
        check(11, "route", "ENETUNREACH.*; .*ip route", "-s", "203.0.113.1");
        check(11, "route", "SO_BINDTODEVICE.*no such interface", "-s", hub.outer4, "--bind", "wwan9");
        checkHub(12, "TCP", "ECONNREFUSED.*; .*does srv run");
        check(12, "TCP", "EHOSTUNREACH.*; .*machine on", "-s", "192.0.2.77");
        server();
        drop("tcp dport 2002");
        checkHub(12, "TCP", "does not answer in 4 s; .*--port 443");
    }

    /** A captive portal answers whatever comes; another program is at the port. */
    @Test
    void portal() throws IOException {
        try (ServerSocket listener = hub.listen("0.0.0.0", 2002)) {
            Thread portal = Thread.ofPlatform().daemon().start(() -> answerAll(listener));
            checkHub(13, "proxy", "302 Found to http://portal.example/; .*log in", with("east.key"));
            checkHub(13, "proxy", "302 Found to http://portal.example/; .*log in");
            assertTrue(portal.isAlive());
        }
    }

    private void answerAll(ServerSocket listener) {
        try {
            for (;;) {
                Socket socket = hub.accept(listener);
                if (socket.getInputStream().read() >= 0) {
                    socket.getOutputStream().write(PORTAL.getBytes(StandardCharsets.US_ASCII));
                }
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    /** Another key than the server's is shown: by somebody in between; or it has none; or TLS is a web server's. */
    @Test
    void tls() {
        String other = key("other.key");
        Program between = server("--key", file("other.key"), "--peers", file("peers"));
        checkHub(14, "TLS", "shows key " + other.replace("+", "\\+") + ", not that of --server-pin; .*decrypts",
                with("east.key"));
        checkHub(14, "TLS", "--server-pin is missing; .*add --server-pin sha256:", "--key", file("east.key"));
        between.stop();
        server().awaitLine("listening", 60);
        checkHub(14, "TLS", "closed the connection in the handshake.*; start srv with --key", with("east.key"));
    }

    /** A key that is not known, and a client without one; an address that nobody can have, or another has. */
    @Test
    void refusals() {
        Program server = keyed();
        String stranger = key("stranger.key");
        checkHub(15, "key", "does not know key " + stranger.replace("+", "\\+") + "; .*peers", with("stranger.key"));
        checkHub(15, "key", "with a key alone.*; .*--keygen");
        checkHub(16, "address", "10.0.0.9 is not the address of this client's key.*; leave -a out",
                with("east.key", "-a", "10.0.0.9"));
        server.stop();
        server();
        client(west, "-a", "10.0.0.9");
        checkHub(16, "address", "10.0.0.9 is taken by another client; leave -a out", "-a", "10.0.0.9");
        checkHub(16, "address", "10.9.9.9 is not in the network.*", "-a", "10.9.9.9");
    }

    /** A router drops large packets and says nothing, with keys and without; the server's host answers no pings. */
    @Test
    void bulk() {
        keyed("--allow-plain", east.outer4);
        // Nothing larger than a packet leaves this host, so that the rule meets packets.
        east.run("ip", "link", "set", "eth0", "gso_max_segs", "1").ok();
        drop("iifname eth0 meta length gt 1350");
        checkHub(17, "bulk", "packets to the server of 1500 bytes do not, small ones pass; .*--mss 1220");
        checkHub(17, "bulk", "packets to the server of 1500 bytes do not, small ones pass; .*--mss 1220",
                with("east.key"));
        checkHub(0, "forward", "", with("east.key", "--mss", "1220"));
        shell(hub, "nft flush ruleset; echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all");
        assertTrue(checkHub(0, "forward", "").said("bulk +ok .* KiB there, back not tried: .* answers no pings"));
    }

    /** Clients that are kept apart; a kernel between them, or before a network, that does not forward, or does. */
    @Test
    void forwarding() {
        Program apart = server("--between-clients", "no");
        checkHub(18, "forward", "is prohibited; .*--between-clients no");
        apart.stop();
        Program kernel = server("--between-clients", "kernel");
        checkHub(18, "forward", "nobody answers.*; .*net.ipv4.ip_forward=1");
        kernel.stop();
        server("--push-route", "198.51.100.0/24");
        checkHub(18, "forward", "198.51.100.1 \\(198.51.100.0/24\\) does not answer.*; .*net.ipv4.ip_forward=1");
        hub.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; ip route add 198.51.100.0/24 via " + west.outer4)
                .ok();
        checkHub(0, "forward", "other clients, 198.51.100.0/24");
        shell(hub, "nft add table inet check '{ chain pre { type filter hook prerouting priority -300; }; }'\n"
                + "nft add rule inet check pre iifname tun0 ip daddr 198.51.100.1 drop");
        checkHub(18, "forward", "198.51.100.1 .* does not answer.*; .*firewall");
    }

    /** Beside a client with the same key it stops before that one would lose its address; the client sees nothing. */
    @Test
    void besideAClient() {
        Program server = keyed();
        Program client = client(east, with("east.key"));
        east.awaitPing(SERVER, 60);
        Program check = lan.start(east, "cli", Command.words(List.of("--check", "-s", hub.outer4), with("east.key"))
                .toArray(String[]::new));
        assertEquals(0, check.awaitExit(30), check::log);
        assertTrue(check.lastLine().matches("key +skipped .*a client runs here with this key.*end it to check.*"),
                check::log);
        assertTrue(check.said("TLS +ok"), check::log);
        east.awaitPing(SERVER, 60);
        assertFalse(server.said("connected again"), server::log);
        assertEquals(1, client.lines().stream().filter(line -> line.contains("connected to")).count(), client::log);
        client.stop();
        checkHub(0, "forward", "other clients", with("east.key"));
        server.stop();
        server();
        client(east, "-a", "10.0.0.9");
        Program beside = lan.start(east, "cli", "--check", "-s", hub.outer4, "-a", "10.0.0.9");
        assertEquals(0, beside.awaitExit(30), beside::log);
        assertTrue(beside.lastLine().matches("address +skipped .*this host has 10.0.0.9 already.*"), beside::log);
    }

    /** An invitation is not used up by it. */
    @Test
    void invitation() {
        hub.run("chown", "nobody", lan.file("").toString()).ok();
        keyed();
        Program invite = lan.start(hub, "srv", "--key", file("srv.key"), "--peers", file("peers"), "--invite", "shed",
                "--host", hub.outer4);
        assertEquals(0, invite.awaitExit(30), invite::log);
        String[] words = invite.lastLine().split(" ");
        String dir = lan.file("joined").toString();
        Program check = lan.start(east, "cli", "--check", "--join", words[words.length - 1], "--dir", dir);
        assertEquals(15, check.awaitExit(30), check::log);
        assertTrue(check.lastLine().matches("key +FAILED .*does not know key .*has not joined yet.*"), check::log);
        assertFalse(Files.exists(Path.of(dir, "cli.conf")));
        Program joined = lan.start(east, "cli", "--join", words[words.length - 1], "--dir", dir);
        awaitAddress(joined, east);
        joined.stop();
        ended(lan.start(east, "cli", "--check", "--join", words[words.length - 1], "--dir", dir), 0, "forward", "");
    }
}
