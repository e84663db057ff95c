package simplevpn.base;

/** Names of hosts and domains, as far as they are letters, digits, dashes and dots. */
public final class Names {
    /** Bytes of a client's name, and of a domain's (RFC 1035, 2.3.4). */
    public static final int MAX_NAME = 63;
    public static final int MAX_DOMAIN = 253;

    private Names() {
    }

    /** Whether a text has such letters alone, at least one and {@code most} at most. */
    public static boolean isName(String text, int most) {
        boolean good = !text.isEmpty() && text.length() <= most;
        for (int i = 0; i < text.length() && good; i++) {
            char c = text.charAt(i);
            good = isLetterOrDigit(c) || c == '-' || c == '.';
        }
        return good;
    }

    /** Whether it begins and ends with a letter or digit too, as names do that others may be told. */
    public static boolean isProper(String text, int most) {
        return isName(text, most) && isLetterOrDigit(text.charAt(0)) && isLetterOrDigit(text.charAt(text.length() - 1));
    }

    /** A letter of ASCII, or a digit. */
    public static boolean isLetterOrDigit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
