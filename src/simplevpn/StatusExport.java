package simplevpn;

import java.util.List;

/** How programs are, for other programs: the fields are explained in README.md, and stay. */
final class StatusExport {
    private static final int SPACE = ' ';
    private static final int DELETE = 127;
    private static final int MILLION = 1_000_000;

    private static final String[] SERVER_TEXTS = {"interface", "version", "listen", "address", "address6"};
    private static final String[] SERVER_NUMBERS = {"running_seconds", "clients", "most_clients", "timeout_seconds",
            "mtu"};
    private static final String[] CLIENT_TEXTS = {"interface", "version", "state", "why", "server", "address",
            "address6"};
    private static final String[] CLIENT_NUMBERS = {"state_seconds", "heard_seconds", "timeout_seconds",
            "keepalive_seconds", "month_bytes", "forgotten_seconds"};
    private static final String[] PEER_TEXTS = {"name", "address", "address6", "from"};
    private static final String[] PEER_NUMBERS = {"connected_seconds", "heard_seconds"};
    private static final String[] LINE_TEXTS = {"congestion", "cipher", "pin"};
    private static final String[] LINE_NUMBERS = {"received_packets", "received_bytes", "sent_packets", "sent_bytes",
            "dropped_packets", "rejected_packets", "round_trip_us", "retransmitted_segments", "rate_bytes"};

    /** Name, type, help; and which field it is of whom: of programs, or of connections. */
    private static final String[][] METRICS = {
            {"simplevpn_up", "gauge", "Whether srv runs, or cli has heard its server within the timeout.", ""},
            {"simplevpn_clients", "gauge", "Clients that have an address.", "clients"},
            {"simplevpn_clients_limit", "gauge", "Clients that can have an address at once.", "most_clients"},
            {"simplevpn_running_seconds", "gauge", "How long srv has been running.", "running_seconds"},
            {"simplevpn_state_seconds", "gauge", "How long cli has been connected, or has been trying.",
                "state_seconds"}};
    private static final String[][] CONNECTION_METRICS = {
            {"simplevpn_connected_seconds", "gauge", "Age of a client's connection.", "connected_seconds"},
            {"simplevpn_heard_seconds", "gauge", "Since when the other end is silent.", "heard_seconds"},
            {"simplevpn_received_bytes_total", "counter", "Bytes of packets from the other end.", "received_bytes"},
            {"simplevpn_received_packets_total", "counter", "Packets from the other end.", "received_packets"},
            {"simplevpn_sent_bytes_total", "counter", "Bytes of packets to the other end.", "sent_bytes"},
            {"simplevpn_sent_packets_total", "counter", "Packets to the other end.", "sent_packets"},
            {"simplevpn_dropped_packets_total", "counter", "Packets that the line did not take.", "dropped_packets"},
            {"simplevpn_rejected_packets_total", "counter", "Packets that were not taken from the other end.",
                "rejected_packets"},
            {"simplevpn_retransmitted_segments_total", "counter", "Segments that TCP sent again.",
                "retransmitted_segments"},
            {"simplevpn_round_trip_seconds", "gauge", "Round-trip time as TCP measures it.", "round_trip_us"}};

    private final StringBuilder text = new StringBuilder();

    private StatusExport() {
    }

    /* ---- JSON ---- */

    /** An object with all programs. */
    static String json(List<StatusRecord> all) {
        StatusExport export = new StatusExport();
        export.text.append("{\"format\": 1, \"programs\": [");
        for (int i = 0; i < all.size(); i++) {
            export.text.append(i == 0 ? "\n" : ",\n");
            export.program(all.get(i));
        }
        return export.text.append("]}\n").toString();
    }

    private void program(StatusRecord record) {
        boolean server = record.kind.equals("srv");
        text.append("{\"program\": \"").append(record.kind).append("\", \"up\": ").append(record.isUp());
        texts(record, server ? SERVER_TEXTS : CLIENT_TEXTS);
        numbers(record, server ? SERVER_NUMBERS : CLIENT_NUMBERS);
        if (!server) {
            numbers(record, LINE_NUMBERS);
            texts(record, LINE_TEXTS);
            text.append('}');
            return;
        }
        text.append(", \"peers\": [");
        for (int i = 0; i < record.clients.size(); i++) {
            StatusRecord client = record.clients.get(i);
            text.append(i == 0 ? "\n" : ",\n").append("{\"program\": \"client\"");
            texts(client, PEER_TEXTS);
            numbers(client, PEER_NUMBERS);
            numbers(client, LINE_NUMBERS);
            texts(client, LINE_TEXTS);
            text.append('}');
        }
        text.append("]}");
    }

    private void texts(StatusRecord record, String... keys) {
        for (String key : keys) {
            String value = record.text(key);
            text.append(", \"").append(key).append("\": ");
            if (value == null) {
                text.append("null");
            } else {
                text.append('"');
                escape(value);
                text.append('"');
            }
        }
    }

    private void numbers(StatusRecord record, String... keys) {
        for (String key : keys) {
            long value = record.number(key);
            text.append(", \"").append(key).append("\": ").append(value < 0 ? "null" : Long.toString(value));
        }
    }

    /** As RFC 8259 has it; all that is not ASCII too, so that it does not matter what the reader takes it for. */
    private void escape(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < SPACE || c >= DELETE) {
                String digits = Integer.toHexString(c);
                text.append("\\u").append("0000", 0, 4 - digits.length()).append(digits);
            } else {
                text.append(c);
            }
        }
    }

    /* ---- Prometheus ---- */

    /** The text format of Prometheus, version 0.0.4: what has one name stands together. */
    static String prometheus(List<StatusRecord> all) {
        StatusExport export = new StatusExport();
        for (String[] metric : METRICS) {
            export.begin(metric);
            for (StatusRecord program : all) {
                export.sample(metric, program, null);
            }
        }
        for (String[] metric : CONNECTION_METRICS) {
            export.begin(metric);
            for (StatusRecord program : all) {
                if (program.kind.equals("cli")) {
                    export.sample(metric, program, program);
                }
                for (StatusRecord client : program.clients) {
                    export.sample(metric, program, client);
                }
            }
        }
        return export.text.toString();
    }

    private void begin(String... metric) {
        text.append("# HELP ").append(metric[0]).append(' ').append(metric[2]).append("\n# TYPE ").append(metric[0])
                .append(' ').append(metric[1]).append('\n');
    }

    /** @param connection whose figure it is; {@code null} for the program's own */
    private void sample(String[] metric, StatusRecord program, StatusRecord connection) {
        String key = metric[3];
        StatusRecord record = connection == null ? program : connection;
        long value = key.isEmpty() ? program.isUp() ? 1 : 0 : record.number(key);
        if (value < 0) {
            return;
        }
        text.append(metric[0]).append("{program=\"").append(program.kind).append('"');
        label("interface", program.text("interface"));
        if (connection != null) {
            label("name", connection.text("name"));
            label("address", connection.text("address"));
        }
        text.append("} ");
        if (key.endsWith("_us")) {
            String micros = Long.toString(value % MILLION);
            text.append(value / MILLION).append('.').append("000000", 0, 6 - micros.length()).append(micros);
        } else {
            text.append(value);
        }
        text.append('\n');
    }

    private void label(String name, String value) {
        if (value == null) {
            return;
        }
        text.append(',').append(name).append("=\"");
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\');
            }
            text.append(c == '\n' ? "\\n" : String.valueOf(c));
        }
        text.append('"');
    }
}
