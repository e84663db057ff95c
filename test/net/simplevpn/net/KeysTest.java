package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/** Tunnels between keys, with the programs as they are shipped, and with what OpenSSL makes of them. */
final class KeysTest extends KeyedVpn {
    /** A dynamic request of 2013. */
    private static final String REQUEST = "\\105\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0";

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
                + quoted(pin) + " NAME", 5);
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

    /** What is not TLS 1.3 with a key is nobody, and says so in the log. */
    @Test
    void others() {
        Program server = keyed();
        shell(east, "timeout 5 openssl s_client -servername a.example -connect " + hub.outer4 + ":2002 </dev/null");
        server.awaitLine("gone: TLS: .*(certificate|Empty client certificate chain)", 60);
        shell(east, "timeout 5 openssl s_client -tls1_2 -connect " + hub.outer4 + ":2002 </dev/null");
        server.awaitLine("gone: TLS: .*protocol_version", 60);
        client(west, with("east.key"));
        west.awaitPing(SERVER, 60);
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
