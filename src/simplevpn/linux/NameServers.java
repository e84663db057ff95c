package simplevpn.linux;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Failure;

/** Whom libc asks for names: the {@code nameserver} lines of /etc/resolv.conf (resolv.conf(5)). */
public final class NameServers {
    private static final String FILE = "/etc/resolv.conf";
    private static final int MOST = 64 * 1024;
    private static final String KEYWORD = "nameserver";

    private NameServers() {
    }

    /** Their addresses, but for those with a zone; none when there is no such file. */
    public static Address[] addresses() {
        try {
            return parse(TextFile.read(FILE, MOST));
        } catch (Failure e) {
            // Without the file libc asks this host itself.
            return new Address[0];
        }
    }

    static Address[] parse(String text) {
        Address[] found = new Address[3];
        int count = 0;
        int at = 0;
        while (text != null && at < text.length() && count < found.length) {
            int end = text.indexOf('\n', at);
            end = end < 0 ? text.length() : end;
            if (text.startsWith(KEYWORD, at)) {
                Address address = Address.parse(firstWord(text.substring(at + KEYWORD.length(), end)));
                if (address != null) {
                    found[count++] = address;
                }
            }
            at = end + 1;
        }
        return Arrays.copyOf(found, count);
    }

    private static String firstWord(String text) {
        String word = text.trim();
        int end = 0;
        while (end < word.length() && word.charAt(end) > ' ') {
            end++;
        }
        return word.substring(0, end);
    }
}
