package simplevpn;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import simplevpn.base.Log;

/** How programs are, for people: nothing in it is wider than 80 columns. */
final class StatusTable {
    private static final int WIDTH = 80;
    /** Where what a client says of itself begins. */
    private static final int INDENT = 13;
    private static final String[] TITLES = {"NAME", "ADDRESS", "SINCE", "HEARD", "RECV", "SENT", "DROP", "RTT",
            "LINE", "TLS"};
    private static final String[] RATES = {"RECV/s", "SENT/s"};
    /** Columns; those that are negative begin at their left, as texts do. */
    private static final int[] WIDTHS = {-12, -15, 5, 5, 6, 6, 5, 5, -5, -6};
    private static final int RECEIVED = 4;
    /** Behind the letters of ASCII. */
    private static final int LAST = 127;
    private static final String PREFIXES = "kMGTPE";

    private final boolean verbose;
    private final StringBuilder text = new StringBuilder();
    /** What there was a second ago, to tell rates; {@code null} in the beginning. */
    private Map<String, StatusRecord> before;
    /** Milliseconds between that and this. */
    private long elapsed;

    /** @param verbose whether each client has more lines */
    StatusTable(boolean verbose) {
        this.verbose = verbose;
    }

    /** The next table has rates since these were told. */
    void compareWith(List<StatusRecord> all) {
        before = new HashMap<>();
        for (StatusRecord record : all) {
            before.put(key(record, record), record);
            for (StatusRecord client : record.clients) {
                before.put(key(record, client), client);
            }
        }
    }

    private static String key(StatusRecord program, StatusRecord record) {
        return program.text("interface") + " " + record.text("address") + " " + record.text("from")
                + record.text("server");
    }

    /** The whole table. */
    String text(List<StatusRecord> all) {
        text.setLength(0);
        for (StatusRecord record : all) {
            if (text.length() > 0) {
                text.append('\n');
            }
            StatusRecord earlier = before == null ? null : before.get(key(record, record));
            elapsed = earlier == null ? 0 : record.number("time_ms") - earlier.number("time_ms");
            if (record.kind.equals("srv")) {
                server(record);
            } else {
                client(record);
            }
        }
        return text.toString();
    }

    /* ---- a server ---- */

    private void server(StatusRecord server) {
        line(0, server.text("interface") + ": clients: " + server.text("clients") + " of "
                + server.text("most_clients"), "listening on " + server.text("listen") + " for "
                + duration(server.number("running_seconds")), server.text("address"), server.text("address6"));
        if (server.clients.isEmpty()) {
            return;
        }
        for (int i = 0; i < TITLES.length; i++) {
            boolean rate = elapsed > 0 && i >= RECEIVED && i < RECEIVED + RATES.length;
            cell(i, rate ? RATES[i - RECEIVED] : TITLES[i]);
        }
        for (StatusRecord client : server.clients) {
            row(server, client);
        }
    }

    private void row(StatusRecord server, StatusRecord client) {
        String name = client.text("name");
        int column = 0;
        cell(column++, name == null ? "-" : name);
        cell(column++, client.text("address"));
        cell(column++, duration(client.number("connected_seconds")));
        cell(column++, duration(client.number("heard_seconds")));
        cell(column++, bytes(server, client, "received_bytes"));
        cell(column++, bytes(server, client, "sent_bytes"));
        cell(column++, count(client.number("dropped_packets")));
        cell(column++, roundTrip(client.number("round_trip_us")));
        cell(column++, client.text("congestion"));
        cell(column, cipher(client.text("cipher")));
        if (verbose) {
            line(2, "from " + client.text("from"), client.text("address6"), client.text("pin"), rate(client),
                    "rejected " + count(client.number("rejected_packets")));
        }
    }

    private void cell(int column, String shown) {
        int width = Math.abs(WIDTHS[column]);
        String whole = shown == null ? "" : shown;
        String fitting = whole.length() > width ? whole.substring(0, width - 1) + "~" : whole;
        boolean last = column == WIDTHS.length - 1;
        for (int i = fitting.length(); WIDTHS[column] > 0 && i < width; i++) {
            text.append(' ');
        }
        append(fitting);
        for (int i = fitting.length(); WIDTHS[column] < 0 && i < width && !last; i++) {
            text.append(' ');
        }
        text.append(last ? '\n' : ' ');
    }

    /* ---- a client ---- */

    private void client(StatusRecord client) {
        long heard = client.number("heard_seconds");
        String state = client.text("state");
        if (client.text("server") == null) {
            line(0, client.text("interface") + ": " + state + " for " + duration(client.number("state_seconds")));
            field("reason", client.text("why"));
            return;
        }
        line(0, client.text("interface") + ": " + state + ", heard " + heard + " s ago"
                + (client.isUp() ? "" : ", which is longer than the timeout"));
        field("server", client.text("server") + ", for " + duration(client.number("state_seconds")));
        field("address", client.text("address"));
        field("", client.text("address6"));
        field("received", bytes(client, client, "received_bytes") + perSecond() + " in "
                + count(client.number("received_packets")) + " packets");
        field("sent", bytes(client, client, "sent_bytes") + perSecond() + " in "
                + count(client.number("sent_packets")) + " packets");
        field("dropped", count(client.number("dropped_packets")) + " packets");
        field("round trip", roundTrip(client.number("round_trip_us")));
        field("keepalive", keepalive(client));
        String rate = rate(client);
        field("line", client.text("congestion") + (rate == null ? "" : ", " + rate));
        String pin = client.text("pin");
        field("TLS", cipher(client.text("cipher")));
        field("", pin);
    }

    /** How often, what that costs, and what has been found out; {@code null} of a program that does not say. */
    private static String keepalive(StatusRecord client) {
        if (client.text("keepalive_seconds") == null) {
            return null;
        }
        String forgotten = client.text("forgotten_seconds");
        return "each " + client.text("keepalive_seconds") + " s, " + count(client.number("month_bytes"))
                + "B a month when idle" + (forgotten == null ? "" : "; this line forgets within " + forgotten + " s");
    }

    private void field(String title, String value) {
        if (value == null) {
            return;
        }
        int begin = text.length();
        text.append("  ").append(title);
        while (text.length() - begin < INDENT) {
            text.append(' ');
        }
        int room = WIDTH - INDENT;
        String rest = value;
        while (rest.length() > room) {
            int space = rest.lastIndexOf(' ', room);
            int end = space > 0 ? space : room;
            append(rest.substring(0, end));
            text.append('\n').append(" ".repeat(INDENT));
            rest = rest.substring(end).trim();
        }
        append(rest);
        text.append('\n');
    }

    /* ---- both ---- */

    /** Items with commas between, on as many lines as it takes; those that are {@code null} are left out. */
    private void line(int indent, String... items) {
        int begin = text.length();
        text.append(" ".repeat(indent));
        boolean first = true;
        // With a comma behind it, and further in when it is not the first.
        int room = WIDTH - indent - 3;
        for (String item : items) {
            if (item == null) {
                continue;
            }
            if (!first && text.length() - begin + 2 + item.length() >= WIDTH) {
                text.append(",\n");
                begin = text.length();
                text.append(" ".repeat(indent + 2));
            } else if (!first) {
                text.append(", ");
            }
            append(item.length() > room ? item.substring(0, room - 1) + "~" : item);
            first = false;
        }
        text.append('\n');
    }

    /** Whatever others call themselves is seen as it is, and commands no terminal. */
    private void append(String shown) {
        boolean plain = true;
        for (int i = 0; i < shown.length() && plain; i++) {
            plain = shown.charAt(i) >= ' ' && shown.charAt(i) < LAST;
        }
        text.append(plain ? shown : Log.oneLine(new StringBuilder(shown)));
    }

    /** A counter, or by how much it grew in a second. */
    private String bytes(StatusRecord program, StatusRecord record, String counter) {
        if (elapsed <= 0) {
            return count(record.number(counter));
        }
        StatusRecord earlier = before.get(key(program, record));
        long grown = earlier == null ? 0 : record.number(counter) - earlier.number(counter);
        return count(Math.max(0, grown) * 1000 / elapsed);
    }

    private String perSecond() {
        return elapsed > 0 ? "/s" : "";
    }

    /** Of at most four letters. */
    static String count(long number) {
        if (number < 1000) {
            return number < 0 ? "-" : Long.toString(number);
        }
        long unit = 1000;
        int prefix = 0;
        while (number / unit >= 1000 && prefix < PREFIXES.length() - 1) {
            unit *= 1000;
            prefix++;
        }
        long whole = number / unit;
        return (whole < 10 ? whole + "." + number % unit / (unit / 10) : Long.toString(whole))
                + PREFIXES.charAt(prefix);
    }

    /** Of at most five letters. */
    static String duration(long seconds) {
        long minutes = seconds / 60;
        long hours = minutes / 60;
        return seconds < 0 ? "-" : seconds < 100 ? seconds + "s" : minutes < 100 ? minutes + "m"
                : hours < 100 ? hours + "h" : Math.min(9999, hours / 24) + "d";
    }

    /** Of at most five letters. */
    static String roundTrip(long micros) {
        long millis = micros / 1000;
        return micros < 0 ? "-" : millis < 10 ? millis + "." + micros % 1000 / 100 + "ms"
                : millis < 1000 ? millis + "ms" : Math.min(9999, millis / 1000) + "s";
    }

    /** A rate of bytes, or {@code null} when it is not known. */
    private static String rate(StatusRecord record) {
        long rate = record.number("rate_bytes");
        return rate <= 0 ? null : count(rate) + "B/s";
    }

    /** Of at most six letters. */
    static String cipher(String suite) {
        return suite == null ? "-" : suite.indexOf("CHACHA") >= 0 ? "chacha"
                : suite.indexOf("AES_128") >= 0 ? "aes128" : suite.indexOf("AES_256") >= 0 ? "aes256" : suite;
    }
}
