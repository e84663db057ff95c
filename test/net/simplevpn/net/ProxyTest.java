package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** HAProxy on port 443, configured as README.md says, in front of the server and of a web server. */
final class ProxyTest extends KeyedVpn {
    private static final String NAME = "vpn.example.org";

    private Program server;
    private Program web;
    private Program proxy;

    @BeforeEach
    void start() throws IOException {
        server = keyed("-l", "127.0.0.1");
        hub.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=web", "-keyout",
                file("web.key"), "-out", file("web.pem")).ok();
        web = lan.start(hub, List.of("openssl", "s_server", "-www", "-accept", "127.0.0.1:8443", "-key",
                file("web.key"), "-cert", file("web.pem")));
        lan.write("haproxy.cfg", "global\n    log stdout format raw local0\n" + configuration());
        startProxy();
    }

    @AfterEach
    void end() {
        proxy.dismiss();
        web.dismiss();
    }

    /** The indented lines of README.md from {@code defaults} on. */
    private static String configuration() throws IOException {
        List<String> readme = Files.readAllLines(Lab.TOP.resolve("README.md"));
        int from = readme.indexOf("    defaults");
        int to = from;
        while (readme.get(to).isEmpty() || readme.get(to).startsWith("    ")) {
            to++;
        }
        return String.join("\n", readme.subList(from, to)) + "\n";
    }

    /** The package is unpacked, not installed, and so are those of its libraries that this machine does not have. */
    private void startProxy() {
        proxy = lan.start(hub, List.of("sh", "-c",
                "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec $0/usr/sbin/haproxy -db -f $1",
                Lab.TOP.resolve("build/packages/haproxy").toString(), file("haproxy.cfg")));
        Wait.until("the page", 60, () -> page("www.example.org").contains("HTTP/1.0 200 ok"));
    }

    /** What the web server says to somebody who asks for a name. */
    private String page(String name) {
        return west.run("sh", "-c", "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout 10 openssl s_client -quiet"
                + " -servername " + name + " -connect " + hub.outer4 + ":443 2>&1").output();
    }

    private Program through(String... more) {
        return clientStarting(east, Command.words(List.of(with("east.key", "-p", "443")), more)
                .toArray(String[]::new));
    }

    /** Tunnel and page work at the same time, and whose connection it was stands in the proxy's log. */
    @Test
    void bothOnOnePort() throws Exception {
        Program client = through("--server-name", NAME);
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        Transfer transfer = new Transfer(east, hub, SERVER, 50_000_000);
        Wait.until("data in the tunnel", 60, () -> transfer.received() > 0);
        assertTrue(page("www.example.org").contains("HTTP/1.0 200 ok"));
        transfer.await(60);
        client.stop();
        proxy.awaitLine(Pattern.quote(east.outer4) + ":\\d+ .* https tunnel/srv ", 60);
    }

    /** A client without the name meets the web server; it says what may be missing, and the tunnel's hears nothing. */
    @Test
    void withoutTheName() {
        for (String[] name : new String[][] {{}, {"--server-name", "www.example.org"}}) {
            Program client = through(Command.words(List.of("--once"), name).toArray(String[]::new));
            assertEquals(4, client.awaitExit(20));
            assertTrue(client.lastLine().endsWith("TLS: (handshake_failure) Received fatal alert: handshake_failure"
                    + "; behind a proxy, --server-name says which server is meant"), client.lastLine());
        }
        assertFalse(server.said("connected"), server::log);
    }

    /** The proxy goes and comes back, and so does the client, by itself. */
    @Test
    void proxyRestarts() {
        awaitAddress(through("--server-name", NAME), east);
        proxy.dismiss();
        server.awaitLine("east\\) gone", 60);
        startProxy();
        east.awaitPing(SERVER, 60);
    }
}
