package simplevpn;

import java.util.Arrays;
import simplevpn.tls.Pin;

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

    /** Whether a name and a port are the same as another's. */
    boolean isAt(Remote other) {
        return host.equals(other.host) && port == other.port;
    }

    /** Whether it may show a key that the other one may not, or the other way round. */
    boolean hasOtherPins(Remote other) {
        return !Arrays.equals(pins, other.pins);
    }

    /** Whether a pin is one of those that it has to show. */
    boolean mayShow(String pin) {
        for (Pin each : pins) {
            if (each.toString().equals(pin)) {
                return true;
            }
        }
        return false;
    }
}
