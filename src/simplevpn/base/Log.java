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

    private static int level = EVENTS;
    private static String program = "simplevpn";
    private static boolean terminal;

    private Log() {
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
        System.err.println(oneLine(text.append(program).append(": ").append(line)));
    }

    /**
     * One event is one line that a terminal survives, whoever said the words in it: control characters become spaces.
     */
    public static StringBuilder oneLine(StringBuilder text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isISOControl(text.charAt(i))) {
                text.setCharAt(i, ' ');
            }
        }
        return text;
    }

    private static StringBuilder two(StringBuilder text, int number) {
        return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
    }
}
