package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/** Tunnels between keys, with the programs as they are shipped, and with what OpenSSL makes of them. */
final class KeysTest extends KeyedVpn {
    /** A dynamic request of 2013. */
    private static final String REQUEST = "\\105\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0";

    /** What the server's lines about a connection from there begin with. */
    private static final String OF_EAST = "^srv: 192\\.0\\.2\\.2:\\d+ ";

    /** Packets of all lengths and whole transfers, both ways, arrive as they were. */
    @Test
    void carries() throws Exception {
        keyed();
        client(east, with("east.key"));
        assertEquals("10.0.0.7", address(east));
        east.awaitPing(SERVER, 60);
        for (int length : new int[] {0, 1, 1000, 1472, 1473, 8000, 65000}) {
            east.run("ping", "-c", "1", "-W", "5", "-s", String.valueOf(length), SERVER).ok();
        }
        new Transfer(east, hub, SERVER, 50_000_000).await(60);
        new Transfer(hub, east, "10.0.0.7", 50_000_000).await(60);
    }

    /** Somebody new is told so; a line for him lets him in at once, and without it he is out at once. */
    @Test
    void peersChange() throws Exception {
        Program server = keyed();
        String pin = key("west.key");
        Program stranger = clientStarting(west, with("west.key"));
        stranger.awaitLine("refused: this server does not know key " + quoted(pin), 60);
        server.awaitLine("refused: this server does not know key .* with this line in .* it would: "
                + quoted(pin) + " NAME", 60);
        Program other = client(east, with("east.key"));
        String before = Files.readString(lan.file("peers"));
        Files.writeString(lan.file("peers"), before + pin + " west\n");
        server.awaitLine("was read anew: 2 clients", 60);
        awaitAddress(stranger, west);
        west.awaitPing("10.0.0.7", 60);
        Path next = lan.write("next", before);
        Files.move(next, lan.file("peers"), StandardCopyOption.REPLACE_EXISTING);
        server.awaitLine("west\\) gone: its key is not in .* any more", 60);
        assertStayed(other);
    }

    /** SIGHUP looks at the peers again and again, instead of ending the server. */
    @Test
    void hangup() {
        Program server = keyed();
        Program client = client(east, with("east.key"));
        for (int i = 1; i <= 3; i++) {
            int count = i;
            server.signal("HUP");
            server.await("a look at the peers, " + i + " times", 60, () ->
                    server.lines().stream().filter(line -> line.endsWith("reload: nothing changed")).count() == count);
        }
        assertStayed(client);
        server.stop();
    }

    /** Those who stay in the file stay connected. */
    private void assertStayed(Program client) {
        east.awaitPing(SERVER, 60);
        assertEquals(1, client.lines().stream().filter(line -> line.contains("connected to")).count(), client::log);
    }

    private static String quoted(String text) {
        return Pattern.quote(text);
    }

    /** Who does not know the server's pin ends, and says what to compare it with. */
    @Test
    void unpinned() {
        keyed();
        Program client = clientStarting(east, "--key", file("east.key"));
        assertEquals(5, client.awaitExit(20));
        assertTrue(client.lastLine().endsWith("shows key " + serverPin
                + "; if srv --pin FILE says the same there, add --server-pin " + serverPin), client.lastLine());
    }

    /** The server comes back, and so does the client, by itself, with its address. */
    @Test
    void serverRestarts() {
        Program server = keyed();
        client(east, with("east.key"));
        east.awaitPing(SERVER, 60);
        server.kill();
        keyed();
        east.awaitPing(SERVER, 60);
        assertEquals("10.0.0.7", address(east));
    }

    /** A client of 2013 inside TLS, as a microcontroller would be: 20 bytes go in, 20 come back. */
    @Test
    void opensslAsClient() throws IOException {
        Files.writeString(lan.file("peers"), ecKey("ec.key") + " micro 10.0.0.9\n");
        certificate("ec.key", "ec.pem");
        keyed();
        String answer = shell(east, "(printf '" + REQUEST + "'; sleep 2) | timeout 10 openssl s_client -quiet -connect "
                + hub.outer4 + ":2002 -key " + file("ec.key") + " -cert " + file("ec.pem")
                + " 2>/dev/null | head -c 20 | od -An -tx1 | tr -d ' \\n'");
        assertEquals("45" + "00".repeat(15) + "0a000009", answer.strip());
    }

    private static String shell(Host host, String script) {
        return host.run(20, "sh", "-c", script).output();
    }

    /**
     * A copied key: who loses its place is told by whom, in the middle of a transfer too, when the server breaks the
     * connection off; one of 2013 gets its 20 bytes and no more. The two do not take turns without a pause.
     */
    @Test
    void sameKeyTwice() throws IOException {
        Program server = keyed();
        Program first = client(east, with("east.key"));
        new Transfer(east, hub, SERVER, 1L << 40);
        certificate("east.key", "east.pem");
        Program second = client(west, with("east.key"));
        String again = "the same client connected again from " + quoted(west.outer4) + ":\\d+";
        server.awaitLine(quoted(east.outer4) + ":\\d+ \\(10.0.0.7, east\\) gone: " + again + "; received ", 60);
        first.awaitLine(quoted(hub.outer4) + ":2002 has ended this connection: " + again
                + " \\(two machines with one key\\? see --join\\); received .*; reconnecting", 60);
        second.awaitLine(quoted(hub.outer4) + ":2002 has ended this connection: the same client connected again from "
                + quoted(east.outer4) + ":\\d+ \\(two machines .*; reconnecting", 60);
        first.stop();
        second.stop();
        String classic = shell(east, "(printf '" + REQUEST + "'; sleep 8) | timeout 15 openssl s_client -quiet"
                + " -connect " + hub.outer4 + ":2002 -key " + file("east.key") + " -cert " + file("east.pem")
                + " 2>/dev/null | od -An -tx1 | tr -d ' \\n' & sleep 2; timeout 4 " + Lab.TOP.resolve("cli") + " -s "
                + hub.outer4 + " --once " + String.join(" ", with("east.key")) + " 2>/dev/null; wait");
        server.awaitLine("gone: the same client connected again from " + quoted(east.outer4), 60);
        assertEquals("45" + "00".repeat(15) + "0a000007", classic.strip());
    }

    /** OpenSSL asks for an address; returns what it says. */
    private String openssl(String... options) {
        return shell(east, "(printf '" + REQUEST + "'; sleep 2) | timeout 10 openssl s_client -connect " + hub.outer4
                + ":2002 " + String.join(" ", options) + " 2>&1");
    }

    private String opensslWith(String key, String... options) {
        certificate(key, key + ".pem");
        return openssl("-key", file(key), "-cert", file(key + ".pem"), String.join(" ", options));
    }

    /** A server with a key of each kind shows a client that knows one kind the key of that, and lets it in. */
    @ParameterizedTest
    @CsvSource({"ecdsa_secp256r1_sha256, micro.key, micro", "ed25519, east.key, east"})
    void keyOfEachKind(String scheme, String own, String name) throws IOException {
        String ecPin = ecKey("ec.key");
        Files.writeString(lan.file("peers"), ecKey("micro.key") + " micro\n", StandardOpenOption.APPEND);
        Program server = server("--key", file("ec.key"), "--key", file("srv.key"), "--peers", file("peers"));
        assertTrue(server.said("this server's key is " + quoted(ecPin)), server::log);
        assertTrue(server.said("this server's key is " + quoted(serverPin)), server::log);
        lan.write("shown", opensslWith(own, "-sigalgs", scheme));
        server.awaitLine("assigned \\S+ to " + name + " ", 60);
        String shown = shell(hub, "openssl x509 -noout -pubkey -in " + file("shown")
                + " | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64").strip();
        assertEquals(name.equals("east") ? serverPin : ecPin, "sha256:" + shown);
    }

    /** A client's TLS knows what its processor is fast with: the server takes what that has in front. */
    @Test
    void cipherOfTheClient() {
        keyed();
        String[] suites = {"TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"};
        for (int i = 0; i < suites.length; i++) {
            String shown = opensslWith("east.key", "-ciphersuites", suites[i] + ":" + suites[(i + 1) % 3] + ":"
                    + suites[(i + 2) % 3]);
            assertTrue(shown.contains("Cipher is " + suites[i]), shown);
        }
    }

    /** OpenSSL as a server of 2013 inside TLS: the client takes its answer. */
    @Test
    void opensslAsServer() {
        certificate("srv.key", "srv.pem");
        String answer = REQUEST.substring(0, REQUEST.length() - 8) + "\\012\\0\\0\\11";
        Program server = lan.start(hub, List.of("sh", "-c", "(sleep 5; printf '" + answer + answer + "'; sleep 20) |"
                + " timeout 60 openssl s_server -quiet -tls1_3 -Verify 1 -accept 2002 -key " + file("srv.key")
                + " -cert " + file("srv.pem")));
        Program client = clientStarting(east, with("east.key"));
        client.awaitLine("connected to .* \\(classic\\), address 10.0.0.9", 60);
        server.dismiss();
    }

    /** Clocks that are a century and more apart, and both wrong, are no matter. */
    @ParameterizedTest
    @CsvSource({"1970-01-01 00:01:00, 2100-06-01 12:00:00", "2100-06-01 12:00:00, 1970-01-01 00:01:00"})
    void clocks(String ofServer, String ofClient) {
        Program server = lan.start(hub, at(ofServer, "srv", "--key", file("srv.key"), "--peers", file("peers")));
        server.awaitLine("listening on", 60);
        assertEquals(ofServer.substring(0, 4), hub.run(at(ofServer, "date", "+%Y").toArray(String[]::new)).output()
                .strip());
        Program client = lan.start(east, at(ofClient, "cli", Command.words(List.of("-s", hub.outer4), with("east.key"))
                .toArray(String[]::new)));
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
    }

    /** A command at another time; what has passed since the machine's start is right. */
    private static List<String> at(String time, String program, String... arguments) {
        String command = program.equals("date") ? program : Lab.TOP.resolve(program).toString();
        return Command.words(List.of("env", "LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1", "FAKETIME=@" + time,
                "FAKETIME_DONT_FAKE_MONOTONIC=1", command), arguments);
    }

    /** A proxy in front may want a host's name; the server does not care. */
    @Test
    void serverName() {
        keyed();
        client(east, with("east.key", "--server-name", "vpn.example.org"));
        east.awaitPing(SERVER, 60);
    }

    /**
     * Whatever a stranger's certificate is, and whatever his hello asks for: the server goes on, and lacks no class for
     * it, though some of what the JDK does then no good client makes it do.
     */
    @Test
    void strangersOfAllKinds() {
        Program server = keyed();
        String script = lan.write("strangers", """
                cd "${0%/*}" || exit
                hello() {
                    sleep 0.5 | timeout 5 openssl s_client -connect "$server" -key key -cert certificate "$@"
                }
                server=$1
                for kind in RSA RSA-PSS ED448 "EC -pkeyopt ec_paramgen_curve:P-521" ED25519; do
                    openssl genpkey -algorithm $kind -out key
                    openssl req -x509 -key key -out certificate -days 1 -utf8 \
                        -subj "/CN=\u03a3tra\u00dfe/emailAddress=a@b.c" \
                        -addext subjectAltName=IP:10.1.2.3,DNS:$(printf '%0800d' 1) -addext certificatePolicies=1.2.3.4
                    hello
                done
                for suite in AES_256_GCM_SHA384 CHACHA20_POLY1305_SHA256; do hello -ciphersuites TLS_$suite; done
                for group in P-256 P-384 X448 ffdhe2048; do hello -groups $group; done
                hello -status
                hello -alpn h2 -servername xn--strae-oqa.example
                hello -maxfraglen 512
                hello -sigalgs RSA-PSS+SHA256
                """).toString();
        east.run(150, "sh", script, hub.outer4 + ":2002");
        server.await("the ends of all of them", 60, () ->
                server.lines().stream().filter(line -> line.contains(" gone")).count() > 13);
        assertFalse(server.said("gone: TLS: [a-z]+/"), server::log);
        client(west, with("east.key"));
        west.awaitPing(SERVER, 60);
    }

    /** What is not TLS 1.3 with a key is nobody: that end gets TLS's own alert, and the log says what is wanting. */
    @Test
    void others() {
        Program server = keyed();
        String shown = openssl("-servername", "a.example");
        server.awaitLine(OF_EAST + "gone: TLS: \\(certificate_required\\) Empty client certificate chain$", 60);
        assertTrue(shown.contains("tlsv13 alert certificate required"), shown);
        shown = opensslWith("east.key", "-tls1_2");
        server.awaitLine(OF_EAST + "gone: TLS: \\(protocol_version\\) Client requested protocol TLSv1.2 is not enabled"
                + " or supported in server context$", 60);
        assertTrue(shown.contains("tlsv1 alert protocol version"), shown);
        assertFalse(server.said("assigned"), server::log);
        client(west, with("east.key"));
        west.awaitPing(SERVER, 60);
    }

    /** One side has a key and the other none: both say what to do about it, the same each time. */
    @Test
    void keyOfOneSide() {
        Program server = keyed();
        Program client = clientStarting(east);
        client.awaitLine("^cli: 192\\.0\\.2\\.1:2002 refused: this server takes clients with a key alone"
                + " \\(see cli --key\\); trying again until it works$", 60);
        server.awaitLine(OF_EAST + "refused: this server takes clients with a key alone \\(see cli --key\\)$", 60);
        assertFalse(server.said("assigned"), server::log);
        client.stop();
        server.stop();
        server = server();
        client = clientStarting(east, with("east.key"));
        client.awaitLine("^cli: 192\\.0\\.2\\.1:2002 closed the connection in the handshake: does it have a key"
                + " \\(srv --key\\)\\?; trying again until it works$", 60);
        server.awaitLine(OF_EAST + "speaks TLS, and this server has no key \\(see srv --key\\)$", 60);
        assertFalse(server.said("assigned"), server::log);
    }

    /** Who is removed while he is connected is disconnected, and told why when he comes again; so is the server's. */
    @Test
    void removed() throws IOException {
        Program server = keyed();
        Program client = client(east, with("east.key"));
        String peers = quoted(file("peers"));
        String key = quoted(Files.readString(lan.file("peers")).split(" ")[0]);
        Files.writeString(lan.file("peers"), "# nobody\n");
        server.awaitLine(OF_EAST + "\\(10\\.0\\.0\\.7, east\\) gone: its key is not in " + peers
                + " any more; received \\d+ packets, ", 60);
        server.awaitLine("^srv: " + peers + " was read anew: 0 clients$", 60);
        client.awaitLine("^cli: 192\\.0\\.2\\.1:2002 closed the connection; received \\d+ packets, .*; reconnecting$",
                60);
        client.awaitLine("^cli: 192\\.0\\.2\\.1:2002 refused: this server does not know key " + key
                + "; trying again until it works$", 60);
        server.awaitLine(OF_EAST + "refused: this server does not know key " + key + "; with this line in " + peers
                + " it would: " + key + " NAME$", 60);
        assertFalse(east.reaches(SERVER));
    }

    /** A key file that others may read, or with a key of another kind, ends both programs with what mends it. */
    @ParameterizedTest
    @ValueSource(strings = {"srv", "cli"})
    void keyFiles(String name) {
        hub.run("openssl", "genpkey", "-algorithm", "RSA", "-out", file("rsa.key")).ok();
        for (String mode : new String[] {"640", "604", "602"}) {
            hub.run("chmod", mode, file("rsa.key")).ok();
            assertEnds(name, "others may read or write it (mode " + mode + "); chmod 600 " + file("rsa.key")
                    + " makes it its owner's alone");
        }
        hub.run("chmod", "600", file("rsa.key")).ok();
        assertEnds(name, "a kind of private key that is not taken, Ed25519 and EC P-256 are; --keygen FILE, or openssl"
                + " genpkey -algorithm ed25519, makes a new one");
    }

    private void assertEnds(String name, String why) {
        Program program = lan.start(hub, name, Command.words(List.of("--key", file("rsa.key")), name.equals("srv")
                ? new String[] {"--peers", file("peers")} : new String[] {"-s", hub.outer4}).toArray(String[]::new));
        assertEquals(2, program.awaitExit(15), program::log);
        assertEquals(List.of(name + ": " + file("rsa.key") + ": " + why), program.lines());
    }

    /** Where the peers' folder cannot be written to, addresses outlive the server under /run, and a line says so. */
    @Test
    void readOnlyFolder() throws IOException {
        lan.write("state/peers", key("a.key") + " a\n" + key("b.key") + " b\n");
        Program server = onReadOnlyFolder();
        server.awaitLine("^srv: open " + quoted(file("state/peers.leases")) + ": EROFS \\(Read-only file system\\):"
                + " until this machine starts anew, clients' addresses are kept in "
                + "/run/simplevpn-srv/peers\\.leases$", 60);
        Program client = client(east, with("a.key"));
        assertEquals("10.0.0.2", address(east));
        client.stop();
        server.kill();
        server = onReadOnlyFolder();
        client(west, with("b.key"));
        assertEquals("10.0.0.3", address(west), "the first one is not there yet");
        client(east, with("a.key"));
        assertEquals("10.0.0.2", address(east));
        assertEquals("a 10.0.0.2\nb 10.0.0.3\n", Files.readString(lan.file("run/peers.leases")));
        assertFalse(server.said("other addresses"), server::log);
    }

    /** The mounts are the server's own: {@code ip netns exec} makes a namespace for them, which ends with it. */
    private Program onReadOnlyFolder() {
        Program server = lan.start(hub, List.of("sh", "-e", "-c", """
                mkdir -p "$1" /run/simplevpn-srv
                mount --bind "$1" /run/simplevpn-srv
                mount --bind "$2" "$2"
                mount -o remount,bind,ro "$2"
                exec "$0" --key "$3" --peers "$2/peers"
                """, Lab.TOP.resolve("srv").toString(), file("run"), file("state"), file("srv.key")));
        server.awaitLine("listening on", 60);
        return server;
    }

    /** A config that comes through a pipe can be read once: nobody looks into it before the program does. */
    @Test
    void configFromPipe() {
        Program server = lan.start(hub, List.of("sh", "-c", """
                exec "$0" --config /dev/stdin <<END
                key $1
                peers $2
                END
                """, Lab.TOP.resolve("srv").toString(), file("srv.key"), file("peers")));
        server.awaitLine("this server's key is " + Pattern.quote(serverPin), 60);
        server.awaitLine("listening on", 60);
    }
}
