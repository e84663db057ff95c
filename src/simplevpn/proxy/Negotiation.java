package simplevpn.proxy;

/**
 * What is said on one connection to a proxy, from its beginning until the bytes are the server's, or over several where
 * the proxy wants a password first.
 *
 * <p>It is fed byte by byte: what comes behind its last byte belongs to whoever uses the connection then.
 */
public abstract class Negotiation {
    /** Bytes of what a proxy says that are repeated to a user, at most. */
    private static final int MOST_SHOWN = 120;

    private String why;

    /** What to do after a byte. */
    public enum Verdict {
        /** Read the next one. */
        MORE,
        /** Write {@link #output}, then read the next one. */
        SEND,
        /** The connection is the server's. */
        DONE,
        /** Close the connection, and begin anew on another one to the same proxy. */
        AGAIN,
        /** The connection is of no use; {@link #why} says why. */
        FAILED,
        /** The same, and nothing would be different at another address of the proxy. */
        REFUSED
    }

    /** A connection stands: what to write to it first. */
    public abstract byte[] begin();

    /**
     * Takes the next byte.
     *
     * @param octet 0 to 255
     */
    public abstract Verdict take(int octet);

    /** What to write, after {@link Verdict#SEND}. */
    public byte[] output() {
        return new byte[0];
    }

    /** The proxy has closed the connection before it was the server's. */
    public Verdict ended() {
        return failed("closed the connection before it had connected to " + server());
    }

    /** Why it came to nothing, what the proxy does or says: words that follow its name. */
    public String why() {
        return why;
    }

    /** Whom the proxy shall connect to, as it is told. */
    public abstract String server();

    final Verdict failed(String reason) {
        why = reason;
        return Verdict.FAILED;
    }

    final Verdict refused(String reason) {
        why = reason;
        return Verdict.REFUSED;
    }

    /** What somebody unknown has said, as far as it may be shown: letters of ASCII, and not too many. */
    static String shown(String said) {
        int length = Math.min(said.length(), MOST_SHOWN);
        StringBuilder text = new StringBuilder(length + 1);
        for (int i = 0; i < length; i++) {
            char c = said.charAt(i);
            text.append(c >= ' ' && c < 127 ? c : '?');
        }
        return said.length() > MOST_SHOWN ? text.append("...").toString() : text.toString();
    }
}
