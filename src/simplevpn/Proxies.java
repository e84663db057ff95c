package simplevpn;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Entropy;
import simplevpn.linux.Privileges;
import simplevpn.linux.SecretFile;
import simplevpn.proxy.Proxy;
import simplevpn.tls.Pin;

/**
 * What the user wants of proxies, checked: {@code --proxy} and its password. The password comes from a file that nobody
 * but its owner may read, or the environment, and never from where others see it.
 */
final class Proxies {
    /** The variable that may have the password. */
    static final String PASSWORD = "SIMPLEVPN_PROXY_PASSWORD";
    private static final String FROM_ENVIRONMENT = "env";
    private static final String HTTP = "http://";
    private static final String[] SOCKS = {"socks5://", "socks5h://"};
    private static final int HTTP_PORT = 80;
    private static final int SOCKS_PORT = 1080;
    private static final int MOST_FILE = 4096;
    private static final Pin[] NO_PINS = {};

    /** Whether a server is tried without the proxy too, when it cannot be reached by it. */
    final boolean orDirect;
    private final Proxy proxy;
    /** Names of servers that are reached without it, as {@code no_proxy} has them. */
    private final String exceptions;

    private Proxies(Proxy proxy, String exceptions, boolean orDirect) {
        this.proxy = proxy;
        this.exceptions = exceptions;
        this.orDirect = orDirect;
    }

    /**
     * Reads the options.
     *
     * @param environment of this process, of which nothing but the password is looked at unless the options say so
     */
    static Proxies of(Options options, Map<String, String> environment) throws Failure {
        String text = options.text("proxy");
        boolean orDirect = options.given("proxy-or-direct");
        if (text == null) {
            if (orDirect || options.given("proxy-password")) {
                throw options.wrong("--proxy URL is missing: which proxy connects to servers");
            }
            return new Proxies(null, "", false);
        }
        boolean asked = text.equals(FROM_ENVIRONMENT);
        String url = asked ? url(environment) : text;
        if (url == null) {
            return new Proxies(null, "", false);
        }
        String exceptions = asked ? first(environment, "no_proxy", "NO_PROXY") : null;
        return new Proxies(parse(options, url, asked, environment.get(PASSWORD)), exceptions == null ? "" : exceptions,
                orDirect);
    }

    /** What is said of connections like ours, which are those of https, before what is said of all and of http. */
    private static String url(Map<String, String> environment) {
        String url = first(environment, "https_proxy", "HTTPS_PROXY");
        url = url != null ? url : first(environment, "all_proxy", "ALL_PROXY");
        // HTTP_PROXY in capitals may come from a web server's client, and counts nowhere (httpoxy).
        return url != null ? url : first(environment, "http_proxy", "http_proxy");
    }

    private static String first(Map<String, String> environment, String name, String other) {
        String text = environment.getOrDefault(name, "").trim();
        text = text.isEmpty() ? environment.getOrDefault(other, "").trim() : text;
        return text.isEmpty() ? null : text;
    }

    /**
     * Reads a URL. What it says is not in messages: there might be a password in it.
     *
     * @param asked whether it comes from the environment, which others do not see, and where passwords are usual
     */
    private static Proxy parse(Options options, String url, boolean asked, String given) throws Failure {
        boolean socks = url.startsWith(SOCKS[0]) || url.startsWith(SOCKS[1]);
        int begin = socks || url.startsWith(HTTP) ? url.indexOf("://") + 3 : 0;
        int slash = url.indexOf('/', begin);
        int end = slash < 0 ? url.length() : slash;
        int at = url.lastIndexOf('@', end - 1);
        boolean malformed = (slash >= 0 && slash < url.length() - 1) || (begin == 0 && !asked);
        Remote place = malformed ? null
                : Remote.parse(url.substring(Math.max(begin, at + 1), end), socks ? SOCKS_PORT : HTTP_PORT, NO_PINS);
        if (place == null) {
            throw options.wrong((asked ? "the proxy that the environment names" : "--proxy") + ": must be"
                    + " http://[USER@]HOST[:PORT] or socks5://[USER@]HOST[:PORT], or --proxy env");
        }
        String login = at > begin ? url.substring(begin, at) : "";
        int colon = login.indexOf(':');
        if (colon >= 0 && !asked) {
            throw options.wrong("--proxy: no password here, since everybody sees it in the list of processes, and many"
                    + " read a config file; it belongs into a file of its owner alone, --proxy-password FILE, or into"
                    + " the environment, " + PASSWORD);
        }
        String user = decoded(colon < 0 ? login : login.substring(0, colon));
        if (user.isEmpty()) {
            if (options.given("proxy-password")) {
                throw options.wrong("--proxy: whose password is it? http://USER@HOST says that");
            }
            return new Proxy(socks, place.host, place.port, null, null, 0);
        }
        Privileges.hideMemory();
        String password = password(options, colon < 0 ? null : decoded(login.substring(colon + 1)), given);
        if (password == null) {
            throw options.wrong("--proxy: user " + user + " needs a password, in a file of its owner alone,"
                    + " --proxy-password FILE, or in the environment, " + PASSWORD);
        }
        if (!isLogin(user) || !isLogin(password) || (!socks && user.indexOf(':') >= 0)) {
            throw options.wrong("--proxy: a user and a password have 1 to " + Proxy.MOST + " bytes, no control"
                    + " characters among them, and for HTTP the user no colon");
        }
        return new Proxy(socks, place.host, place.port, user, password, Entropy.bits48());
    }

    /** The password that was given in one of three ways, or {@code null}. */
    private static String password(Options options, String ofUrl, String ofEnvironment) throws Failure {
        String path = options.text("proxy-password");
        if (path == null) {
            return ofEnvironment == null || ofEnvironment.isEmpty() ? ofUrl : ofEnvironment;
        }
        byte[] bytes = SecretFile.read(path, MOST_FILE);
        if (bytes == null) {
            throw new Failure(Failure.USAGE, path + ": a file with a password has less than " + MOST_FILE + " bytes");
        }
        int length = bytes.length;
        while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\r')) {
            length--;
        }
        String password = new String(bytes, 0, length, StandardCharsets.UTF_8);
        boolean changed = !Arrays.equals(password.getBytes(StandardCharsets.UTF_8), Arrays.copyOf(bytes, length));
        Arrays.fill(bytes, (byte) 0);
        if (changed) {
            throw new Failure(Failure.USAGE, path + ": the password has letters in another encoding than UTF-8");
        }
        return password;
    }

    private static boolean isLogin(String text) {
        boolean good = !text.isEmpty() && text.getBytes(StandardCharsets.UTF_8).length <= Proxy.MOST;
        for (int i = 0; i < text.length() && good; i++) {
            good = text.charAt(i) >= ' ' && text.charAt(i) != 127;
        }
        return good;
    }

    /** With what percent signs stand for (RFC 3986, 2.1); one that stands for nothing is itself. */
    private static String decoded(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            int high = bytes[i] == '%' && i + 2 < bytes.length ? Character.digit(bytes[i + 1], 16) : -1;
            int low = high < 0 ? -1 : Character.digit(bytes[i + 2], 16);
            bytes[length++] = low < 0 ? bytes[i] : (byte) (high << 4 | low);
            i += low < 0 ? 0 : 2;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /** The proxy that connects to a server, or {@code null} for this host itself. */
    Proxy of(Remote server) throws Failure {
        if (proxy == null || isException(server.host)) {
            return null;
        }
        if (server.host.getBytes(StandardCharsets.UTF_8).length > Proxy.MOST) {
            throw new Failure(Failure.USAGE, "--server: no proxy takes a name of more than " + Proxy.MOST + " bytes");
        }
        return proxy;
    }

    /** Whether a server is, or is below, one of the names; {@code *} is all of them. */
    private boolean isException(String host) {
        int at = 0;
        while (at < exceptions.length()) {
            int end = exceptions.indexOf(',', at);
            end = end < 0 ? exceptions.length() : end;
            String name = exceptions.substring(at, end).trim();
            name = name.startsWith(".") ? name.substring(1) : name;
            if (!name.isEmpty() && (name.equals("*") || isWithin(host, name))) {
                return true;
            }
            at = end + 1;
        }
        return false;
    }

    private static boolean isWithin(String host, String name) {
        int length = host.length() - name.length();
        boolean same = length >= 0 && host.regionMatches(true, length, name, 0, name.length());
        return same && (length == 0 || (host.charAt(length - 1) == '.' && Address.parse(host) == null));
    }
}
