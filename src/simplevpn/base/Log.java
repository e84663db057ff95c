package simplevpn.base;

import simplevpn.linux.Libc;

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
     * @param name the program's name, in front of every line
     * @param most the most detailed level that is written
     */
    public static void start(String name, int most) {
        program = name;
        level = most;
        terminal = Libc.isatty(2) == 1;
    }

    /** Whether details are wanted: asked before a line is put together. */
    public static boolean details() {
        return level >= DETAILS;
    }

    /** Whether events are wanted. */
    static boolean events() {
        return level >= EVENTS;
    }

    /** An event. */
    public static void event(String line) {
        if (events()) {
            write(line);
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
