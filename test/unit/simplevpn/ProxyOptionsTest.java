package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.base.Failure;
import simplevpn.proxy.Negotiation;
import simplevpn.proxy.Proxy;
import simplevpn.tls.Pin;

/** What can be said of proxies on the command line and in the environment, and where a password may come from. */
class ProxyOptionsTest {
    private static final Map<String, String> SECRET = Map.of("SIMPLEVPN_PROXY_PASSWORD", "secret");

    @TempDir
    private Path folder;

    private static Proxies proxies(Map<String, String> environment, String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("-s", "hub"));
        all.addAll(List.of(words));
        Options options = ClientSettings.options();
        options.parse(all.toArray(String[]::new));
        return Proxies.of(options, environment);
    }

    private static Proxy proxy(Proxies proxies, String server) throws Failure {
        return proxies.of(Remote.parse(server, 2002, new Pin[0]));
    }

    private static String wrong(Map<String, String> environment, String... words) {
        Failure failure = assertThrows(Failure.class, () -> proxies(environment, words));
        assertEquals(Failure.USAGE, failure.status);
        return failure.getMessage();
    }

    /** What is sent to a proxy that asks for a password in the simplest way: user and password. */
    private static String login(Proxy proxy) {
        Negotiation negotiation = proxy.ask("hub", 2002);
        negotiation.begin();
        for (byte b : "HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\n\r\n".getBytes(StandardCharsets.US_ASCII)) {
            negotiation.take(b);
        }
        String request = new String(negotiation.begin(), StandardCharsets.US_ASCII);
        int at = request.indexOf("Basic ");
        return at < 0 ? null : new String(Base64.getDecoder().decode(request.substring(at + 6).strip()),
                StandardCharsets.UTF_8);
    }

    private String file(String content, String mode) throws Exception {
        Path file = folder.resolve("password");
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        return file.toString();
    }

    @ParameterizedTest
    @CsvSource({"http://gate, gate:80, false", "http://gate:3128/, gate:3128, false", "socks5://gate, gate:1080, true",
        "socks5h://192.0.2.9:9, 192.0.2.9:9, true", "http://[2001:db8::1]:3128, [2001:db8::1]:3128, false",
        "http://2001:db8::1, [2001:db8::1]:80, false"})
    void urls(String url, String place, boolean socks) throws Failure {
        Proxy proxy = proxy(proxies(SECRET, "--proxy", url), "hub");
        assertEquals(place, proxy.toString());
        assertEquals(socks, proxy.socks);
        assertNull(login(proxy), "without a user there is no password");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gate:3128", "https://gate", "socks4://gate", "http://", "http:///", "http://gate/x",
        "http://gate:0", "http://gate:65536", "http://me@", "http://a b", "http://[::1", "env2", "://gate"})
    void noUrls(String url) {
        assertTrue(wrong(SECRET, "--proxy", url).startsWith(
                "--proxy: must be http://[USER@]HOST[:PORT] or socks5://[USER@]HOST[:PORT], or --proxy env"));
    }

    @Test
    void passwords() throws Exception {
        assertEquals("me:secret", login(proxy(proxies(SECRET, "--proxy", "http://me@gate"), "hub")));
        assertEquals("a@b%x:secret", login(proxy(proxies(SECRET, "--proxy", "http://a%40b%25%78@gate"), "hub")));
        assertEquals("a@b:secret", login(proxy(proxies(SECRET, "--proxy", "http://a@b@gate"), "hub")));
        assertEquals("me:from a file: é", login(proxy(proxies(SECRET, "--proxy", "http://me@gate", "--proxy-password",
                file("from a file: é\r\n", "rw-------")), "hub")), "it comes before the environment's");
        assertTrue(wrong(Map.of(), "--proxy", "http://me@gate").startsWith("--proxy: user me needs a password, in a"
                + " file of its owner alone, --proxy-password FILE, or in the environment, SIMPLEVPN_PROXY_PASSWORD"));
    }

    @Test
    void badPasswords() throws Exception {
        String open = wrong(Map.of(), "--proxy", "http://me@gate", "--proxy-password", file("x", "rw-r-----"));
        assertTrue(open.contains("others may read or write it (mode 640); chmod 600"), open);
        String secret = wrong(SECRET, "--proxy", "http://me:hidden@gate");
        assertTrue(secret.startsWith("--proxy: no password here, since everybody sees it in the list of processes"));
        assertFalse(secret.contains("hidden"), secret);
        Path latin = Files.write(Path.of(file("x", "rw-------")), new byte[] {'s', (byte) 0xe9});
        String changed = wrong(Map.of(), "--proxy", "http://me@gate", "--proxy-password", latin.toString());
        assertTrue(changed.contains("another encoding than UTF-8"), changed);
        for (String text : new String[] {"\n", "two\nlines", "x".repeat(256), "\u0000"}) {
            assertTrue(wrong(Map.of(), "--proxy", "http://me@gate", "--proxy-password", file(text, "rw-------"))
                    .startsWith("--proxy: a user and a password have 1 to 255 bytes"), text);
        }
        assertTrue(wrong(SECRET, "--proxy", "http://a%3ab@gate").startsWith("--proxy: a user and a password"));
        assertTrue(proxy(proxies(SECRET, "--proxy", "socks5://a%3ab@gate"), "hub").socks);
        assertTrue(wrong(Map.of(), "--proxy", "http://me@gate", "--proxy-password",
                file("x".repeat(5000), "rw-------")).endsWith("a file with a password has less than 4096 bytes"));
        assertTrue(wrong(Map.of(), "--proxy", "http://gate", "--proxy-password", file("x", "rw-------"))
                .startsWith("--proxy: whose password is it? http://USER@HOST says that"));
        for (String[] words : new String[][] {{"--proxy-or-direct"}, {"--proxy-password", "x"}}) {
            assertTrue(wrong(SECRET, words).startsWith("--proxy URL is missing"));
        }
    }

    /** The environment says nothing unless it is asked. */
    @Test
    void environment() throws Failure {
        Map<String, String> all = Map.of("https_proxy", "http://one:3128", "ALL_PROXY", "socks5h://two", "http_proxy",
                "three:8080");
        assertNull(proxy(proxies(all), "hub"));
        assertEquals("one:3128", proxy(proxies(all, "--proxy", "env"), "hub").toString());
        assertEquals("two:1080", proxy(proxies(Map.of("https_proxy", " ", "ALL_PROXY", "socks5h://two"), "--proxy",
                "env"), "hub").toString());
        assertEquals("three:8080", proxy(proxies(Map.of("http_proxy", "three:8080/"), "--proxy", "env"), "hub")
                .toString());
        assertNull(proxy(proxies(Map.of("HTTP_PROXY", "evil"), "--proxy", "env", "--proxy-or-direct"), "hub"));
        assertEquals("me:p@ss", login(proxy(proxies(Map.of("HTTPS_PROXY", "http://me:p%40ss@gate"), "--proxy", "env"),
                "hub")), "a password is where it is usual, and not seen");
        assertTrue(wrong(Map.of("all_proxy", "https://me:hidden@gate"), "--proxy", "env").startsWith(
                "the proxy that the environment names: must be http://"));
    }

    @ParameterizedTest
    @CsvSource({"hub.example.org, true", "HUB.Example.org:443, true", "example.org, true", "badexample.org, false",
        "192.0.2.1, true", "192.0.2.11, false", "1.192.0.2.1, true", "[2001:db8::1]:2002, true", "x, false",
        "intern, true", "a.intern, true"})
    void exceptions(String server, boolean direct) throws Failure {
        Map<String, String> environment = Map.of("all_proxy", "gate", "no_proxy",
                " .example.org ,,192.0.2.1, 2001:db8::1,intern");
        assertEquals(direct, proxy(proxies(environment, "--proxy", "env"), server) == null);
        assertNull(proxy(proxies(Map.of("all_proxy", "gate", "NO_PROXY", "*"), "--proxy", "env"), server));
        assertEquals("gate:80", proxy(proxies(environment, "--proxy", "http://gate"), server).toString(),
                "exceptions belong to the environment's proxy");
    }

    @Test
    void longName() {
        assertTrue(assertThrows(Failure.class, () -> proxy(proxies(Map.of(), "--proxy", "http://gate"),
                "x".repeat(256))).getMessage().contains("255 bytes"));
    }
}
