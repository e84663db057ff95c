package simplevpn.proxy;

import java.nio.charset.StandardCharsets;

/** A proxy as a user names it, and what it has said of how it wants its password. */
public final class Proxy {
    /** Bytes of a name of a host, a user and a password, at most: what SOCKS can carry (RFC 1928, RFC 1929). */
    public static final int MOST = 255;

    /** Its name or address. */
    public final String host;
    /** Its TCP port, 1 to 65535. */
    public final int port;
    /** Whether it speaks SOCKS 5, and not HTTP. */
    public final boolean socks;
    /** Who uses it, or {@code null}; bytes of UTF-8 as letters, and so the password. */
    final String user;
    final String password;
    /** What it has asked for last; {@code null} as long as it has asked for nothing. */
    Challenge challenge;
    /** Makes what a client adds to a digest different each time. */
    private final long random;
    private int drawn;

    /**
     * @param user who uses it, or {@code null}; without a colon for HTTP, {@link #MOST} bytes of UTF-8 at most
     * @param password his; {@code null} without a user
     * @param random 48 random bits
     */
    public Proxy(boolean socks, String host, int port, String user, String password, long random) {
        this.socks = socks;
        this.host = host;
        this.port = port;
        this.user = user == null ? null : octets(user);
        this.password = password == null ? null : octets(password);
        this.random = random;
    }

    /**
     * Begins to ask it for a connection.
     *
     * @param to the server's name or address
     * @param toPort its TCP port
     */
    public Negotiation ask(String to, int toPort) {
        return socks ? new Socks(this, to, toPort) : new Connect(this, to, toPort);
    }

    /** A number that no other digest has, in hexadecimal digits. */
    String draw() {
        return Long.toHexString(random) + Integer.toHexString(0x1000_0000 | ++drawn);
    }

    /** The bytes of a text in UTF-8, each as a letter. */
    static String octets(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** The host as it stands in front of a colon and a port. */
    static String bracketed(String host) {
        return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    }

    @Override
    public String toString() {
        return bracketed(host) + ":" + port;
    }
}
