package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Log;

/**
 * What {@code cli --check} says: one line for each stage on the way to the server and back, for people or, with {@code
 * --json}, one object of JSON (RFC 8259) with the fields {@code stage}, {@code ok}, {@code ms}, {@code text} and {@code
 * remedy}.
 */
final class CheckReport {
    /** The stages, in order. */
    static final String[] STAGES = {"name", "route", "TCP", "proxy", "TLS", "key", "address", "bulk", "forward"};
    static final int NAME = 0;
    static final int ROUTE = 1;
    static final int TCP = 2;
    static final int PROXY = 3;
    static final int TLS = 4;
    static final int KEY = 5;
    static final int ADDRESS = 6;
    static final int BULK = 7;
    static final int FORWARD = 8;
    /** The exit status of the first of them; that of each other one is one more. */
    static final int FIRST_STATUS = 10;

    private static final int STAGE_COLUMN = 9;
    private static final int VERDICT_COLUMN = 8;
    private static final int MS_COLUMN = 5;
    private static final long MILLISECOND = 1_000_000;

    private final Log.Output output;
    private final boolean json;
    /** Whether all lines were taken. */
    private boolean whole = true;

    /** @param output takes the lines */
    CheckReport(Log.Output output, boolean json) {
        this.output = output;
        this.json = json;
    }

    /** A stage is passed. */
    void passed(int stage, long nanos, String text) {
        say(stage, "true", "ok", nanos / MILLISECOND, text, null);
    }

    /** A stage was not tried, for that reason. */
    void skipped(int stage, String text) {
        say(stage, "null", "skipped", 0, text, null);
    }

    /**
     * A stage was not passed.
     *
     * @param remedy what to do about it
     */
    void failed(int stage, long nanos, String text, String remedy) {
        say(stage, "false", "FAILED", nanos / MILLISECOND, text, remedy);
    }

    /**
     * There is nothing more to say.
     *
     * @throws Failure when some of it is missing where it was to go
     */
    void end() throws Failure {
        if (!whole) {
            throw new Failure(Failure.SYSTEM, "the check could not be printed");
        }
    }

    private void say(int stage, String ok, String verdict, long ms, String text, String remedy) {
        StringBuilder line = new StringBuilder(160);
        if (json) {
            line.append("{\"stage\":\"").append(STAGES[stage]).append("\",\"ok\":").append(ok).append(",\"ms\":")
                    .append(ms).append(",\"text\":");
            quote(line, text).append(",\"remedy\":");
            quote(line, remedy).append('}');
        } else {
            pad(line.append(STAGES[stage]), STAGE_COLUMN);
            pad(line.append(verdict), STAGE_COLUMN + VERDICT_COLUMN);
            String number = String.valueOf(ms);
            pad(line, STAGE_COLUMN + VERDICT_COLUMN + Math.max(0, MS_COLUMN - number.length()));
            line.append(number).append(" ms  ").append(text);
            if (remedy != null) {
                line.append("; ").append(remedy);
            }
        }
        if (!output.write(Log.oneLine(line).toString())) {
            whole = false;
        }
    }

    private static void pad(StringBuilder line, int column) {
        while (line.length() < column) {
            line.append(' ');
        }
    }

    /** A string of JSON; what controls is a space afterwards. */
    private static StringBuilder quote(StringBuilder line, String text) {
        if (text == null) {
            return line.append("null");
        }
        line.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                line.append('\\');
            }
            line.append(c);
        }
        return line.append('"');
    }
}
