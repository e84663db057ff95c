package simplevpn.base;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What another program than the one that was meant says first, in words for people: a captive portal's {@code HTTP/1.1
 * 302 Found}, say.
 */
public final class Greeting {
    /** How an answer of HTTP begins (RFC 9112, 4). */
    public static final String HTTP = "HTTP/";

    private static final int LEAST = 3;
    private static final int MOST_LINE = 60;
    private static final int MOST = 2048;
    private static final String LOCATION = "\nlocation:";

    private Greeting() {
    }

    /**
     * The first line of a text, and behind it where an answer of HTTP leads to.
     *
     * @return {@code null} for what is no text
     */
    public static String of(ByteBuffer b, int at, int end) {
        byte[] bytes = new byte[Math.clamp(end - at, 0, MOST)];
        b.get(at, bytes);
        String all = new String(bytes, StandardCharsets.ISO_8859_1);
        String line = line(all, 0, MOST_LINE);
        if (line.length() < LEAST) {
            return null;
        }
        for (int i = 0; i < line.length(); i++) {
            if (line.charAt(i) < ' ' || line.charAt(i) > '~') {
                return null;
            }
        }
        int location = line.startsWith(HTTP) ? all.toLowerCase(Locale.ROOT).indexOf(LOCATION) : -1;
        return location < 0 ? line : line + " to " + line(all, location + LOCATION.length(), MOST);
    }

    private static String line(String text, int from, int most) {
        int end = from;
        while (end < text.length() && end - from < most && text.charAt(end) != '\r' && text.charAt(end) != '\n') {
            end++;
        }
        return text.substring(from, end).strip();
    }
}
