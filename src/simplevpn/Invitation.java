package simplevpn;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import simplevpn.base.Failure;
import simplevpn.linux.Entropy;
import simplevpn.protocol.Wire;
import simplevpn.tls.Pin;

/**
 * What a new client has to know for its first connection, as one word: {@code HOST:PORT/LETTERS}. The letters are the
 * server's pins, 32 bytes each, and a secret that works once, in base64 for URLs (RFC 4648, 5). An IPv6 address stands
 * in brackets.
 */
final class Invitation {
    private static final int MOST_HOST = 253;
    private static final int MOST_PINS = 2;

    final String host;
    /** TCP port, 1 to 65535. */
    final int port;
    /** The server has to show one of these. */
    final Pin[] pins;
    /** {@link Wire#SECRET} bytes. */
    final byte[] secret;

    private Invitation(String host, int port, Pin[] pins, byte[] secret) {
        this.host = host;
        this.port = port;
        this.pins = pins;
        this.secret = secret;
    }

    /** One with a new secret, to a server with these pins. */
    static Invitation to(String host, int port, Pin[] pins) throws Failure {
        return new Invitation(host, port, pins, Entropy.forKey(Wire.SECRET));
    }

    /** The invitation that a word is, or {@code null}. */
    static Invitation parse(String word) {
        int slash = word.indexOf('/');
        Remote server = slash < 0 ? null : Remote.parse(word.substring(0, slash), 0, null);
        if (server == null || !isHost(server.host)) {
            return null;
        }
        byte[] bytes = decoded(word.substring(slash + 1));
        int count = bytes == null ? 0 : (bytes.length - Wire.SECRET) / Pin.LENGTH;
        if (count < 1 || count > MOST_PINS || bytes.length != count * Pin.LENGTH + Wire.SECRET) {
            return null;
        }
        Pin[] pins = new Pin[count];
        for (int i = 0; i < count; i++) {
            pins[i] = Pin.of(Arrays.copyOfRange(bytes, i * Pin.LENGTH, (i + 1) * Pin.LENGTH));
        }
        return new Invitation(server.host, server.port, pins,
                Arrays.copyOfRange(bytes, count * Pin.LENGTH, bytes.length));
    }

    /** Whether a text can be a host name or an address, to be looked up. */
    static boolean isHost(String text) {
        boolean good = !text.isEmpty() && text.length() <= MOST_HOST;
        for (int i = 0; i < text.length() && good; i++) {
            char c = text.charAt(i);
            good = c > ' ' && c < 127 && c != '/' && c != '[' && c != ']';
        }
        return good;
    }

    private static byte[] decoded(String letters) {
        try {
            return Base64.getUrlDecoder().decode(letters.getBytes(StandardCharsets.ISO_8859_1));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The word that {@link #parse} reads. */
    @Override
    public String toString() {
        byte[] bytes = new byte[pins.length * Pin.LENGTH + secret.length];
        for (int i = 0; i < pins.length; i++) {
            System.arraycopy(pins[i].bytes(), 0, bytes, i * Pin.LENGTH, Pin.LENGTH);
        }
        System.arraycopy(secret, 0, bytes, pins.length * Pin.LENGTH, secret.length);
        String letters = new String(Base64.getUrlEncoder().withoutPadding().encode(bytes), StandardCharsets.ISO_8859_1);
        String where = host.indexOf(':') < 0 ? host : "[" + host + "]";
        return where + ":" + port + "/" + letters;
    }
}
