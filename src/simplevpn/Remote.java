package simplevpn;

import java.util.Arrays;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Processor;
import simplevpn.proxy.Proxy;
import simplevpn.tls.Credentials;
import simplevpn.tls.Handshakes;
import simplevpn.tls.Key;
import simplevpn.tls.Pin;
import simplevpn.tls.TlsConnector;
import simplevpn.tunnel.Target;

/** One of a client's servers, as the user names it. */
final class Remote {
    /** Its name or address. */
    final String host;
    /** TCP port, 1 to 65535. */
    final int port;
    /** Of which it has to show one. */
    final Pin[] pins;

    private Remote(String host, int port, Pin[] pins) {
        this.host = host;
        this.port = port;
        this.pins = pins;
    }

    /**
     * The server that a text names: {@code HOST}, {@code HOST:PORT}, or an IPv6 address, in brackets if there is a port
     * behind it.
     *
     * @param port the port unless it says another
     * @return {@code null} when it is none
     */
    static Remote parse(String text, int port, Pin[] pins) {
        int bracket = text.startsWith("[") ? text.indexOf(']') : -1;
        int colon = text.lastIndexOf(':');
        boolean bare = bracket < 0 && colon != text.indexOf(':');
        boolean hasPort = !bare && colon > bracket;
        String host = hasPort ? text.substring(0, colon) : text;
        if (bracket >= 0) {
            host = bracket == host.length() - 1 ? host.substring(1, bracket) : "";
        }
        int own = hasPort ? port(text, colon + 1, text.length()) : port;
        return isHost(host) && own != 0 ? new Remote(host, own, pins) : null;
    }

    /** A name server may know names of all letters. */
    private static boolean isHost(String text) {
        boolean good = !text.isEmpty();
        for (int i = 0; i < text.length() && good; i++) {
            char c = text.charAt(i);
            good = c > ' ' && c != '/' && c != '[' && c != ']';
        }
        return good;
    }

    /** The port that stands from one letter to another, or 0. */
    private static int port(String word, int from, int to) {
        int port = 0;
        for (int i = from; i < to; i++) {
            int digit = word.charAt(i) - '0';
            if (digit < 0 || digit > 9 || port > 6553) {
                return 0;
            }
            port = port * 10 + digit;
        }
        return port > 65535 ? 0 : port;
    }

    /**
     * The servers, in the order in which they are tried.
     *
     * @param tcp how to connect
     * @param handshakes who computes those of TLS; {@code null} without a key
     */
    static Target[] targets(ClientSettings settings, Connector tcp, Handshakes handshakes) throws Failure {
        Target[] targets = new Target[2 * settings.servers.length];
        int count = 0;
        Connector connector = tcp;
        Key key = settings.key == null ? null : KeyFiles.read(settings.key);
        for (int i = 0; i < settings.servers.length; i++) {
            Remote server = settings.servers[i];
            if (key != null && (i == 0 || server.pins != settings.servers[i - 1].pins)) {
                connector = new TlsConnector(tcp, Credentials.ofClient(key, server.pins, Processor.computesAes(),
                        settings.serverName), handshakes);
            }
            Proxy proxy = settings.proxies.of(server);
            targets[count++] = new Target(connector, i, server.host, server.port, proxy);
            if (proxy != null && settings.proxies.orDirect) {
                targets[count++] = new Target(connector, i, server.host, server.port, null);
            }
        }
        return Arrays.copyOf(targets, count);
    }
}
