package simplevpn;

import java.util.ArrayList;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Replacement;
import simplevpn.linux.TextFile;
import simplevpn.protocol.Silence;

/**
 * For how long networks remember a silent connection, as it was found out there: lines {@code NETWORK SURVIVED FAILED},
 * seconds, 0 for what is not known, of which the newest one is the last. It lies where it is gone when the machine
 * starts anew. What is no such line is none.
 */
final class KeepaliveFile {
    /** So many networks, the newest ones. */
    static final int MOST = 32;
    private static final int MOST_BYTES = 8192;
    private static final int LONGEST_NETWORK = 100;

    private final String path;
    private final ArrayList<String> lines = new ArrayList<>();
    private boolean read;
    private boolean told;

    /**
     * Nothing is read before it is asked for: by then root's program is the user whose folder it is, who might have a
     * link there to what is none of his.
     *
     * @param path of the file, which need not be there
     */
    KeepaliveFile(String path) {
        this.path = path;
    }

    /**
     * The file of this program, in a folder that is there where it can be ({@link Status#prepare}).
     *
     * @param runtimeFolder as for {@link TokenFile#folder}
     */
    static KeepaliveFile in(String runtimeFolder) {
        return new KeepaliveFile(TokenFile.folder(runtimeFolder) + "/keepalive");
    }

    /** Reads what there is, once. */
    private void read() {
        if (read) {
            return;
        }
        read = true;
        String text = null;
        try {
            text = TextFile.exists(path) ? TextFile.readRegular(path, MOST_BYTES) : null;
        } catch (Failure e) {
            tell(e);
        }
        int at = 0;
        for (int end = text == null ? -1 : text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
            String line = text.substring(at, end);
            if (figures(line) != null) {
                add(line);
            }
            at = end + 1;
        }
    }

    /** The longest silence that was outlived in a network and the shortest that was not; {@code null}: not known. */
    int[] of(String network) {
        read();
        for (String line : lines) {
            if (line.startsWith(network + " ")) {
                return figures(line);
            }
        }
        return null;
    }

    /** That is known of a network from now on. */
    void put(String network, int survived, int failed) {
        read();
        String line = network + " " + survived + " " + failed;
        if (figures(line) == null || lines.contains(line)) {
            return;
        }
        for (int i = lines.size() - 1; i >= 0; i--) {
            if (lines.get(i).startsWith(network + " ")) {
                lines.remove(i);
            }
        }
        add(line);
        StringBuilder text = new StringBuilder();
        for (String each : lines) {
            text.append(each).append('\n');
        }
        try {
            new Replacement(path, text.toString(), true).commit();
        } catch (Failure e) {
            tell(e);
        }
    }

    private void add(String line) {
        if (lines.size() == MOST) {
            lines.remove(0);
        }
        lines.add(line);
    }

    /** The two numbers of a line; {@code null} for what is none. */
    private static int[] figures(String line) {
        int first = line.indexOf(' ');
        int second = line.indexOf(' ', first + 1);
        if (first <= 0 || first > LONGEST_NETWORK || second < 0) {
            return null;
        }
        int survived = number(line.substring(first + 1, second));
        int failed = number(line.substring(second + 1));
        return survived > 0 && failed >= 0 ? new int[] {survived, failed} : null;
    }

    /** A number of seconds, −1 for what is none. */
    private static int number(String text) {
        int number = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            number = digit < 0 || digit > 9 ? Silence.LONGEST_IDLE + 1 : number * 10 + digit;
            if (number > Silence.LONGEST_IDLE) {
                return -1;
            }
        }
        return text.isEmpty() ? -1 : number;
    }

    /** Once: it is found out anew then. */
    private void tell(Failure e) {
        if (!told) {
            told = true;
            Log.event(e.getMessage() + "; what is found out about keepalives is forgotten at the end");
        }
    }
}
