package simplevpn.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.Fuzz;
import simplevpn.proxy.Negotiation.Verdict;

/** What is said to a proxy by HTTP: the request, each kind of answer, and the ways to log in. */
class ConnectTest {
    private static final String BASIC = "Proxy-Authenticate: Basic realm=\"gate\"";
    private static final String DIGEST =
            "Proxy-Authenticate: Digest realm=\"gate\", nonce=\"n1\", qop=\"auth,auth-int\"";

    private static Talk talk() {
        return new Talk(new Proxy(false, "gate", 3128, null, null, 1), "vpn.example.org", 2002);
    }

    private static Proxy proxy(String user, String password) {
        return new Proxy(false, "gate", 3128, user, password, 0xabcdef);
    }

    private static Talk talk(Proxy proxy) {
        return new Talk(proxy, "vpn.example.org", 2002);
    }

    private static String authorization(Talk talk) {
        Matcher line = Pattern.compile("\r\nProxy-Authorization: (.*)\r\n").matcher(talk.text());
        return line.find() ? line.group(1) : "";
    }

    @Test
    void connects() {
        Talk talk = talk();
        assertEquals("CONNECT vpn.example.org:2002 HTTP/1.1\r\nHost: vpn.example.org:2002\r\n\r\n", talk.text());
        assertEquals(Verdict.MORE, talk.say("HTTP/1.1 200 Connection established", "Via: gate"));
        assertEquals(Verdict.DONE, talk.say(""));
    }

    @Test
    void ipv6() {
        Talk talk = new Talk(proxy(null, null), "2001:db8::1", 443);
        assertTrue(talk.text().startsWith("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n"));
    }

    /** What the server has said already stays for the server's client, whatever length the proxy gives it. */
    @Test
    void glued() {
        Talk talk = talk();
        assertEquals(Verdict.DONE, talk.say("HTTP/1.0 200 OK", "Content-Length: 5", "", "tunnel"));
        assertEquals("tunnel\r\n".length(), talk.left);
    }

    /** Lines may end without a return, and there may be answers before the answer. */
    @Test
    void lenient() {
        assertEquals(Verdict.DONE, talk().say("HTTP/1.1 100 Continue\nX: y\n\nHTTP/1.1 299\n\n".getBytes(
                StandardCharsets.US_ASCII)));
    }

    @ParameterizedTest
    @CsvSource({
        "403 Forbidden, REFUSED, 'answers 403 Forbidden to CONNECT vpn.example.org:2002: it does not allow that;"
                + " many allow port 443 alone'",
        "502 Bad Gateway, FAILED, answers 502 Bad Gateway to CONNECT vpn.example.org:2002",
        "503 Service Unavailable, FAILED, answers 503 Service Unavailable to CONNECT vpn.example.org:2002",
        "504 Gateway\u0007Timeout, FAILED, answers 504 Gateway?Timeout to CONNECT vpn.example.org:2002",
        "302 Found, REFUSED, 'is, or is behind, a portal that wants a login at http://portal.example/?a: it answers"
                + " 302 Found'",
        "511 Network Authentication Required, REFUSED, 'is, or is behind, a portal that wants a login at"
                + " http://portal.example/?a: it answers 511 Network Authentication Required'",
        "407 Login, REFUSED, 'answers 407 Login: --proxy http://USER@gate:3128 with --proxy-password FILE'",
        "401 Login, REFUSED, 'answers 401 Login to CONNECT vpn.example.org:2002: --proxy http://USER@gate:3128 with"
                + " --proxy-password FILE'"})
    void refusals(String status, Verdict verdict, String why) {
        Talk talk = talk();
        assertEquals(verdict, talk.say("HTTP/1.1 " + status, "location:  http://portal.example/?a ", "", "<html>"));
        assertEquals(why, talk.why());
    }

    @Test
    void boundedWords() {
        Talk talk = talk();
        assertEquals(Verdict.FAILED, talk.say("HTTP/1.1 500 " + "x".repeat(5000), ""));
        assertTrue(talk.why().length() < 220, talk.why());
        Talk endless = talk();
        assertEquals(Verdict.FAILED, endless.say("HTTP/1.1 200 OK\r\nX: " + "y".repeat(100_000)));
        assertEquals("answers with a header of more than 8192 bytes", endless.why());
        assertTrue(endless.left > 90_000);
    }

    @Test
    void noHttp() {
        Talk ssh = talk();
        assertEquals(Verdict.FAILED, ssh.say("SSH-2.0-OpenSSH"));
        assertEquals("does not speak HTTP", ssh.why());
        for (String line : new String[] {"HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 2x0 OK",
            "HTTP/1.1 000 OK", ""}) {
            assertEquals(Verdict.FAILED, talk().say(line, ""), line);
        }
        Talk ended = talk();
        ended.say("HTTP/1.1 200 OK");
        assertEquals(Verdict.FAILED, ended.negotiation.ended());
        assertEquals("closed the connection before it had connected to vpn.example.org:2002", ended.why());
    }

    @Test
    void basic() {
        Proxy proxy = proxy("Jörg", "p:ä");
        Talk talk = talk(proxy);
        assertEquals("", authorization(talk), "the password is shown to nobody who does not ask");
        assertEquals(Verdict.AGAIN, talk.say("HTTP/1.1 407 Login", BASIC, "Content-Length: 100000", ""));
        String login = Base64.getEncoder().encodeToString("Jörg:p:ä".getBytes(StandardCharsets.UTF_8));
        assertEquals("Basic " + login, authorization(talk));
        assertEquals(Verdict.DONE, talk.say("HTTP/1.1 200 OK", ""));
        assertEquals("Basic " + login, authorization(talk(proxy)), "it is known what the proxy wants");
    }

    /** A wrong password is shown once. */
    @Test
    void wrongPassword() {
        for (String status : new String[] {"401 Unauthorized", "407 Login"}) {
            for (String question : new String[] {BASIC, DIGEST}) {
                Talk talk = talk(proxy("user", "wrong"));
                assertEquals(Verdict.AGAIN, talk.say("HTTP/1.1 407 Login", question, ""));
                assertEquals(Verdict.REFUSED, talk.say("HTTP/1.1 " + status, question, ""));
                assertEquals("answers " + status + ": it does not take user user, or his password", talk.why());
            }
        }
    }

    /** The digest as RFC 7616, 3.4.1, computes it. */
    private static String digest(String hash, boolean session, String answer) throws Exception {
        String secret = hashed(hash, "user:gate:secret");
        if (session) {
            secret = hashed(hash, secret + ":" + value(answer, "nonce") + ":" + value(answer, "cnonce"));
        }
        return hashed(hash, secret + ":" + value(answer, "nonce") + ":" + value(answer, "nc") + ":"
                + value(answer, "cnonce") + ":auth:" + hashed(hash, "CONNECT:vpn.example.org:2002"));
    }

    private static String hashed(String hash, String text) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(hash).digest(text.getBytes(
                StandardCharsets.ISO_8859_1)));
    }

    private static String value(String answer, String name) {
        Matcher value = Pattern.compile("[ ,]" + name + "=\"?([^\",]*)").matcher(answer);
        assertTrue(value.find(), () -> name + " in " + answer);
        return value.group(1);
    }

    @ParameterizedTest
    @CsvSource({"'', MD5, false", "'algorithm=MD5', MD5, false", "'algorithm=md5-SESS', MD5, true",
        "'algorithm=SHA-256', SHA-256, false", "'algorithm=\"SHA-256-sess\"', SHA-256, true"})
    void digests(String algorithm, String hash, boolean session) throws Exception {
        Proxy proxy = proxy("user", "secret");
        Talk talk = talk(proxy);
        assertEquals(Verdict.AGAIN, talk.say("HTTP/1.1 407 Login", DIGEST + (algorithm.isEmpty() ? "" : ", ")
                + algorithm + ",opaque=\"o\\\"p\"", ""));
        String answer = authorization(talk);
        assertTrue(answer.startsWith("Digest username=\"user\", realm=\"gate\", nonce=\"n1\","
                + " uri=\"vpn.example.org:2002\", "), answer);
        assertTrue(answer.contains("opaque=\"o\\\"p\""), answer);
        assertEquals("auth", value(answer, "qop"));
        assertEquals("00000001", value(answer, "nc"));
        assertEquals(digest(hash, session, answer), value(answer, "response"));
        assertEquals(Verdict.DONE, talk.say("HTTP/1.1 200 OK", ""));
        String next = authorization(talk(proxy));
        assertEquals("00000002", value(next, "nc"));
        assertNotEquals(value(answer, "cnonce"), value(next, "cnonce"));
        assertEquals(digest(hash, session, next), value(next, "response"));
    }

    /** Without qop, as RFC 2069 had it, and names with letters of any kind. */
    @Test
    void oldDigest() throws Exception {
        Talk talk = talk(proxy("a\"b\\é", "secret"));
        assertEquals(Verdict.AGAIN, talk.say("HTTP/1.0 407 Login", "Proxy-Authenticate: Digest realm=r,nonce=xyz", ""));
        String answer = authorization(talk);
        String user = new String("a\"b\\é".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        String secret = hashed("MD5", user + ":r:secret");
        assertEquals("Digest username=\"a\\\"b\\\\é\", realm=\"r\", nonce=\"xyz\", uri=\"vpn.example.org:2002\","
                + " response=\"" + hashed("MD5", secret + ":xyz:" + hashed("MD5", "CONNECT:vpn.example.org:2002"))
                + "\"", answer);
    }

    /** Of several ways the one is taken that shows least of the password, however they are told. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "Proxy-Authenticate: Basic realm=\"a, b=c\", Digest realm=x, nonce=y, qop=auth, Digest nonce=z,"
                + " algorithm=SHA-256, qop=\"auth\"|Digest|z",
        "proxy-authenticate: Negotiate~PROXY-AUTHENTICATE:Basic~Proxy-Authenticate: Digest~`nonce=f,~"
                + "   qop = \"auth\"|Digest|f",
        "Proxy-Authenticate: Digest nonce=q, qop=auth-int~Proxy-Authenticate: NTLM TlRMTVNTUAAC==~"
                + "Proxy-Authenticate: Basic|Basic|",
        "Proxy-Authenticate: Digest nonce=q, algorithm=SHA-512-256, BASIC realm=|Basic|"})
    void choices(String fields, String scheme, String nonce) {
        Talk talk = talk(proxy("user", "secret"));
        assertEquals(Verdict.AGAIN, talk.say("HTTP/1.1 407 Login",
                fields.replace("~", "\r\n").replace("`", "\t"), ""));
        String answer = authorization(talk);
        assertTrue(answer.startsWith(scheme + " "), answer);
        if (nonce != null) {
            assertEquals(nonce, value(answer, "nonce"));
        }
    }

    @Test
    void unknownWays() {
        Talk talk = talk(proxy("user", "secret"));
        assertEquals(Verdict.REFUSED, talk.say("HTTP/1.1 407 Login", "Proxy-Authenticate: Negotiate, NTLM", ""));
        assertEquals("wants a login by Negotiate, NTLM, where this program knows Basic and Digest", talk.why());
        Talk none = talk(proxy("user", "secret"));
        assertEquals(Verdict.REFUSED, none.say("HTTP/1.1 407 Login", "Proxy-Authenticate: ,,=\"", ""));
        assertEquals("wants a login and does not say of which kind", none.why());
        Talk digest = talk(proxy("user", "secret"));
        assertEquals(Verdict.REFUSED, digest.say("HTTP/1.1 407 Login", "Proxy-Authenticate: Digest realm=x", ""));
        assertEquals("wants a login by Digest in a way that is not known here, where this program knows Basic and "
                + "Digest",
                digest.why());
    }

    /** A nonce may have grown old: another answer is made of the new one, once. */
    @Test
    void stale() {
        Proxy proxy = proxy("user", "secret");
        Talk first = talk(proxy);
        assertEquals(Verdict.AGAIN, first.say("HTTP/1.1 407 Login", DIGEST, ""));
        assertEquals(Verdict.DONE, first.say("HTTP/1.1 200 OK", ""));
        Talk later = talk(proxy);
        String again = DIGEST.replace("n1", "n2") + ", stale=TRUE";
        assertEquals("n1", value(authorization(later), "nonce"));
        assertEquals(Verdict.AGAIN, later.say("HTTP/1.1 407 Login", again, ""));
        assertEquals("n2", value(authorization(later), "nonce"));
        assertEquals(Verdict.AGAIN, later.say("HTTP/1.1 407 Login", again, ""));
        assertEquals(Verdict.REFUSED, later.say("HTTP/1.1 407 Login", again, ""), "not for ever");
    }

    /** What a proxy says does not end a line of the next request. */
    @Test
    void injection() {
        Talk talk = talk(proxy("user", "secret"));
        assertEquals(Verdict.AGAIN, talk.say("HTTP/1.1 407 Login", "Proxy-Authenticate: Digest realm=\"a\rX: b\","
                + " nonce=\"n\"", ""));
        String request = talk.text();
        assertFalse(request.replace("\r\n", "").contains("\r"), request);
        assertEquals(5, request.split("\r\n", -1).length, request);
    }

    /** Whatever comes: a verdict after 8 KiB at the latest, and words that can be shown. */
    @Test
    void fuzz() {
        Random random = new Random(407);
        String[] parts = {"HTTP/1.1 ", "407", "200", "100", " ", "\r\n", "\n", "\r\n\r\n", BASIC, DIGEST, "Digest ",
            "nonce=", "\"", "\\", "=", ",", "algorithm=SHA-256", "qop=", "stale=true", "Location: ", "\t", "\u0000"};
        for (int i = 0; i < 20_000 * Fuzz.TIMES; i++) {
            Talk talk = talk(proxy("user", "secret"));
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "HTTP/1.1 407 x\r\n" : "");
            for (int j = random.nextInt(30); j > 0; j--) {
                text.append(random.nextInt(4) > 0 ? parts[random.nextInt(parts.length)]
                        : String.valueOf((char) random.nextInt(256)));
            }
            byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
            Verdict verdict = talk.say(bytes);
            for (int j = 0; verdict == Verdict.MORE && j < 8192; j += Math.max(1, bytes.length)) {
                verdict = talk.say(bytes.length == 0 ? new byte[1] : bytes);
            }
            assertNotEquals(Verdict.MORE, verdict, text.toString());
            if (verdict == Verdict.FAILED || verdict == Verdict.REFUSED) {
                assertTrue(talk.why().chars().allMatch(c -> c >= ' ' && c < 127), talk.why());
            } else if (verdict == Verdict.AGAIN) {
                String request = talk.text();
                assertTrue(request.endsWith("\r\n\r\n") && request.indexOf("\r\n\r\n") == request.length() - 4
                        && request.replace("\r\n", "").indexOf('\n') < 0, request);
            }
        }
    }
}
