package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Command;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * A client that reaches its server by the distribution's squid, tinyproxy or microsocks alone: there is no way to the
 * server but theirs, and nobody but they knows its name. With and without keys, with right and wrong passwords.
 */
final class ProxiesTest extends KeyedVpn {
    /** The server's name, and the proxies' address, which a router is in front of. */
    private static final String NAME = "hub.inside.test";
    private static final String GATE = "203.0.113.5";
    private static final String WRONG = "user me, or his password";

    private Program proxy;

    @BeforeEach
    void enclose() throws Exception {
        ip("-n", west.namespace, "address", "add", GATE + "/32", "dev", "lo");
        ip("-n", east.namespace, "route", "add", "default", "via", west.outer4);
        forbidDirect("add");
        lan.write("hosts", "127.0.0.1 localhost\n" + hub.outer4 + " " + NAME + "\n");
        lan.write("password", "secret\n");
        lan.write("wrong", "other\n");
        lan.write("basic", "me:" + west.run("openssl", "passwd", "-apr1", "secret").ok().output());
        lan.write("digest", "me:gate:" + HexFormat.of().formatHex(MessageDigest.getInstance("MD5")
                .digest("me:gate:secret".getBytes(StandardCharsets.US_ASCII))) + "\n");
        hub.run("chmod", "600", file("password"), file("wrong")).ok();
        hub.run("chmod", "644", file("basic"), file("digest")).ok();
    }

    @AfterEach
    void endProxy() {
        if (proxy != null) {
            proxy.dismiss();
        }
    }

    private static void ip(String... words) {
        Command.run(20, Command.words(List.of("ip"), words).toArray(String[]::new)).ok();
    }

    /** Whether the client has a way to the server of its own. */
    private void forbidDirect(String command) {
        ip("-n", east.namespace, "route", command, "unreachable", hub.outer4 + "/32");
    }

    /** Starts a proxy that was unpacked, who knows the server's name and its own libraries. */
    private void start(String folder, int port, String... command) {
        proxy = lan.start(west, Command.words(List.of("sh", "-c", "mount --bind $1 /etc/hosts && shift &&"
                + " LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec \"$@\"", "build/packages/" + folder,
                lan.file("hosts").toString()), command));
        proxy.await("the proxy on port " + port, 60, () -> west.run("ss", "-Hltn", "sport = :" + port).output()
                .contains("LISTEN"));
    }

    /** A squid whose users have to log in as the lines say; none, when they say nothing. */
    private void squid(String... login) {
        String squid = "build/packages/squid";
        String lines = String.join("\n", login).replace("HELPERS", squid + "/usr/lib/squid");
        lan.write("squid.conf", "http_port 3128\npid_filename none\ncache_effective_user nobody\ncache deny all\n"
                + "access_log none\ncache_log /dev/stderr\npinger_enable off\nshutdown_lifetime 0 seconds\n"
                + "visible_hostname gate\ndns_nameservers 127.0.0.1\ndns_timeout 1 second\n"
                + "mime_table " + squid + "/usr/share/squid/mime.conf\n"
                + "error_directory " + squid + "/usr/share/squid-langpack/en\n"
                + "icon_directory " + squid + "/usr/share/squid/icons\n"
                + "unlinkd_program " + squid + "/usr/lib/squid/unlinkd\n" + lines + "\n"
                + (lines.isEmpty() ? "" : "acl known proxy_auth REQUIRED\nhttp_access deny !known\n")
                + "acl other dstdomain other.test\nhttp_access deny other\nhttp_access allow all\n");
        start("squid", 3128, squid + "/usr/sbin/squid", "-N", "-f", file("squid.conf"));
    }

    private String digest() {
        return "auth_param digest program HELPERS/digest_file_auth -c " + file("digest")
                + "\nauth_param digest realm gate\nauth_param digest children 1";
    }

    private String basic() {
        return "auth_param basic program HELPERS/basic_ncsa_auth " + file("basic")
                + "\nauth_param basic realm gate\nauth_param basic children 1";
    }

    private void tinyproxy(String... lines) {
        lan.write("tinyproxy.conf", "Port 8888\nTimeout 600\n" + String.join("\n", lines) + "\n");
        start("tinyproxy-bin", 8888, "build/packages/tinyproxy-bin/usr/bin/tinyproxy", "-d", "-c",
                file("tinyproxy.conf"));
    }

    private void microsocks(String... words) {
        start("microsocks", 1080, Command.words(List.of("build/packages/microsocks/usr/bin/microsocks", "-p", "1080"),
                words).toArray(String[]::new));
    }

    private Program through(String url, String... more) {
        return lan.start(east, "cli", Command.words(List.of("-s", NAME, "--proxy", url), more)
                .toArray(String[]::new));
    }

    private void assertWorks(String url, String... more) throws Exception {
        Program client = through(url, more);
        awaitAddress(client, east);
        client.awaitLine("connected to " + GATE + ":\\d+ \\(proxy for " + NAME + ":2002\\), address 10\\.", 60);
        east.awaitPing(SERVER, 60);
        Transfer transfer = new Transfer(east, hub, SERVER, 5_000_000);
        transfer.await(60);
        client.stop();
    }

    private void assertRefused(String why, String url, String... more) {
        Program client = through(url, Command.words(List.of("--once"), more).toArray(String[]::new));
        assertEquals(4, client.awaitExit(40), client::log);
        assertTrue(client.lastLine().contains(why), client::lastLine);
    }

    private String[] password(String name, String... more) {
        return Command.words(List.of("--proxy-password", file(name)), more).toArray(String[]::new);
    }

    /** The check asks the proxy as the client does, in a stage of its own. */
    @Test
    void check() {
        server();
        squid(basic());
        Program well = through("http://me@" + GATE + ":3128", password("password", "--check"));
        assertEquals(0, well.awaitExit(40), well::log);
        assertTrue(well.said("TCP +ok .* proxy " + GATE + ":3128.*"), well::log);
        assertTrue(well.said("proxy +ok .* " + NAME + " by the proxy .*"), well::log);
        Program refused = through("http://me@" + GATE + ":3128", password("wrong", "--check"));
        assertEquals(13, refused.awaitExit(40), refused::log);
        assertTrue(refused.said("proxy +FAILED .*" + WRONG + ".*; .*--proxy-password FILE.*"), refused::log);
    }

    /** CONNECT without a password, with keys and without. */
    @Test
    void squidForAll() throws Exception {
        squid();
        Program server = server();
        assertWorks("http://" + GATE + ":3128");
        server.stop();
        keyed();
        assertWorks("http://" + GATE + ":3128", with("east.key"));
    }

    /** What squid wants by default in offices: Digest where it offers that, Basic otherwise. */
    @ParameterizedTest
    @ValueSource(strings = {"digest", "basic", "both"})
    void squidWithPasswords(String kind) throws Exception {
        squid(kind.equals("basic") ? "" : digest(), kind.equals("digest") ? "" : basic());
        keyed();
        String url = "http://me@" + GATE + ":3128";
        assertWorks(url, with("east.key", password("password")));
        assertRefused(WRONG, url, with("east.key", password("wrong")));
        assertRefused("answers 407 Proxy Authentication Required: --proxy http://USER@" + GATE + ":3128 with"
                + " --proxy-password FILE", "http://" + GATE + ":3128", with("east.key"));
    }

    /** A squid that cannot reach the server, does not know it, or does not want to. */
    @Test
    void squidRefuses() {
        squid();
        String url = "http://" + GATE + ":3128";
        assertRefused("proxy " + GATE + ":3128 answers 503 Service Unavailable to CONNECT " + NAME + ":2002", url);
        assertRefused(" to CONNECT unknown.test:2002", url, "-s", "unknown.test");
        assertRefused("answers 403 Forbidden to CONNECT other.test:2002", url, "-s", "other.test");
    }

    @Test
    void tinyproxyWithPassword() throws Exception {
        tinyproxy("BasicAuth me secret");
        server();
        String url = "http://me@" + GATE + ":8888";
        assertWorks(url, password("password"));
        assertRefused("answers 401 Unauthorized: it does not take " + WRONG, url, password("wrong"));
    }

    /** As many a proxy does, it lets nothing but the port of https through; what it says is told. */
    @Test
    void tinyproxyForOnePort() {
        tinyproxy("ConnectPort 443");
        keyed("-p", "443");
        String url = "http://" + GATE + ":8888";
        assertRefused("answers 403 Access violation to CONNECT " + NAME + ":2002: it does not allow that; many allow"
                + " port 443 alone", url, with("east.key"));
        Program client = through(url, with("east.key", "-p", "443"));
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
    }

    @Test
    void microsocksForAll() throws Exception {
        microsocks();
        Program server = server();
        assertWorks("socks5://" + GATE);
        server.stop();
        assertRefused("proxy " + GATE + ":1080 could not connect to " + NAME + ":2002: connection refused (5)",
                "socks5://" + GATE);
        keyed();
        assertWorks("socks5://" + GATE, with("east.key"));
    }

    @Test
    void microsocksWithPassword() throws Exception {
        microsocks("-u", "me", "-P", "secret");
        keyed();
        String url = "socks5://me@" + GATE;
        assertWorks(url, with("east.key", password("password")));
        assertRefused("does not take this user, or his password", url, with("east.key", password("wrong")));
        assertRefused("wants a login: --proxy socks5://USER@" + GATE + ":1080 with --proxy-password FILE",
                "socks5://" + GATE, with("east.key"));
    }

    /** The environment's proxy, with its password there, counts where it is asked for. */
    @ParameterizedTest
    @CsvSource({"true, x.test", "false, inside.test"})
    void environment(boolean works, String exceptions) {
        tinyproxy("BasicAuth me sec-ret");
        server();
        Program client = lan.start(east, List.of("env", "http_proxy=http://me:sec%2dret@" + GATE + ":8888", "no_proxy="
                + exceptions, Lab.TOP.resolve("cli").toString(), "-s", NAME, "--proxy", "env", "--once"));
        if (works) {
            awaitAddress(client, east);
            client.stop();
        } else {
            assertEquals(4, client.awaitExit(20));
            assertTrue(client.lastLine().contains(NAME + ": "), client::lastLine);
        }
    }

    /** Everything but the connection to the proxy goes through the tunnel, and the proxy comes back. */
    @Test
    void everything() {
        squid();
        server();
        Program client = through("http://" + GATE + ":3128", "--default-route");
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        String routes = east.run("ip", "route").ok().output();
        assertTrue(routes.contains(GATE + " via " + west.outer4 + " dev eth0 proto 202 metric 2002"), routes);
        assertFalse(Pattern.compile("(?m)^" + Pattern.quote(hub.outer4) + " .*proto 202").matcher(routes).find(),
                routes);
        proxy.dismiss();
        client.awaitLine("reconnecting", 60);
        squid();
        east.awaitPing(SERVER, 60);
        client.stop();
        assertFalse(east.run("ip", "route").ok().output().contains("proto 202"));
    }

    /** Where there is no proxy, and the user allows it, the server is reached without one. */
    @Test
    void orDirect() {
        server();
        String[] words = {"--proxy-or-direct", "-s", hub.outer4, "--once"};
        assertRefused("connect " + hub.outer4 + ":2002", "http://" + GATE + ":3128", words);
        forbidDirect("del");
        Program client = through("http://" + GATE + ":3128", words);
        awaitAddress(client, east);
        client.awaitLine("connect proxy " + GATE + ":3128: ECONNREFUSED .*; trying without it", 60);
        client.awaitLine("connected to " + hub.outer4 + ":2002, address", 60);
        Wait.until("an answer", 60, () -> east.reaches(SERVER));
    }
}
