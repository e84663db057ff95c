package simplevpn.base;

/**
 * One line per event on stderr: with the time (UTC) only when that is a terminal, since a supervisor adds its own.
 */
public final class Log {
    /** Nothing but what ends the program. */
    public static final int QUIET = 0;
    /** What happens to connections. */
    public static final int EVENTS = 1;
    /** What happens to single packets, rate-limited. */
    public static final int DETAILS = 2;

    /** Where lines go until something better is known. */
    static final Output SYSTEM_ERR = new Output() {
        @Override
        public boolean write(String line) {
            System.err.println(line);
            return true;
        }
    };

    private static int level = EVENTS;
    private static String program = "simplevpn";
    private static boolean terminal;
    private static Output output = SYSTEM_ERR;
    /** Lines that nobody took since the last one that somebody did. */
    private static long missing;

    private Log() {
    }

    /** Where lines go. */
    public interface Output {
        /** Writes a line, without waiting; returns false, with nothing written, when it cannot now. */
        boolean write(String line);
    }

    /** Says where lines go from now on; until then it is {@code System.err}. */
    public static void to(Output where) {
        output = where;
    }

    /**
     * Says how to write from now on.
     *
     * @param name the program's name, in front of every line
     * @param most the most detailed level that is written
     * @param isTerminal whether stderr is a terminal
     */
    public static void start(String name, int most, boolean isTerminal) {
        program = name;
        level = most;
        terminal = isTerminal;
    }

    /** Says how detailed what is written is at most, from now on. */
    public static void limit(int most) {
        level = most;
    }

    /** Whether details are wanted: asked before a line is put together. */
    public static boolean details() {
        return level >= DETAILS;
    }

    /** An event. */
    public static void event(String line) {
        if (level >= EVENTS) {
            write(line);
        }
    }

    /** An event that others can cause as often as they like: written if the limit lets it pass, else counted. */
    public static void event(String line, Ratelimit limit, long now) {
        if (limit.pass(now)) {
            long leftOut = limit.takeSuppressed();
            event(leftOut == 0 ? line : line + " (" + leftOut + " such lines before it left out)");
        }
    }

    /** Something that the user has to know, however quiet the program is. */
    public static void error(String line) {
        write(line);
    }

    private static void write(String line) {
        StringBuilder text = new StringBuilder(line.length() + 24);
        if (terminal) {
            int second = (int) (System.currentTimeMillis() / 1000 % 86_400);
            two(text, second / 3600).append(':');
            two(text, second / 60 % 60).append(':');
            two(text, second % 60).append("Z ");
        }
        String whole = oneLine(text.append(program).append(": ").append(line)).toString();
        if (missing > 0 && output.write(program + ": " + missing + " lines are missing here: nobody read the log")) {
            missing = 0;
        }
        if (missing > 0 || !output.write(whole)) {
            missing++;
        }
    }

    /**
     * One event is one line that a terminal survives and shows as it is, whoever said the words in it: characters that
     * control, break lines or turn the direction of writing become spaces.
     */
    public static StringBuilder oneLine(StringBuilder text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || (c >= 127 && !isVisible(c))) {
                text.setCharAt(i, ' ');
            }
        }
        return text;
    }

    private static boolean isVisible(char c) {
        int type = Character.getType(c);
        return type != Character.CONTROL && type != Character.FORMAT && type != Character.LINE_SEPARATOR
                && type != Character.PARAGRAPH_SEPARATOR;
    }

    private static StringBuilder two(StringBuilder text, int number) {
        return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
    }
}
