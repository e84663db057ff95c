package simplevpn;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import simplevpn.base.Address;
import simplevpn.base.Failure;

/** A line that a running program has told of itself, or of one of its clients, as {@link Lines} writes it. */
final class StatusRecord implements Comparable<StatusRecord> {
    private static final String END = "end\n";

    /** What the line is about: {@code srv}, {@code cli}, {@code client}, {@code done} or {@code error}. */
    final String kind;
    /** Of a server: its clients, sorted by address. */
    final List<StatusRecord> clients = new ArrayList<>(0);
    private final String line;
    private final long order;

    private StatusRecord(String line) {
        this.line = line;
        int tab = line.indexOf('\t');
        kind = tab < 0 ? line : line.substring(0, tab);
        String text = text("address");
        Address address = text == null ? null : Address.parseIpv4(text);
        order = address == null ? 0 : address.low();
    }

    /**
     * Reads an answer.
     *
     * @param path where it comes from, for messages
     * @throws Failure when it has no end
     */
    static StatusRecord read(String path, byte[] answer) throws Failure {
        String text = new String(answer, StandardCharsets.UTF_8);
        StatusRecord head = null;
        int at = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
            StatusRecord record = text.startsWith(END, at) ? null : new StatusRecord(text.substring(at, end));
            if (record == null || (head == null && !record.isLong())) {
                return record == null ? sorted(head) : record;
            }
            if (head == null) {
                head = record;
            } else {
                head.clients.add(record);
            }
            at = end + 1;
        }
        throw new Failure(Failure.SYSTEM, path + ": the answer breaks off; try again");
    }

    /** Whether more lines follow. */
    private boolean isLong() {
        return kind.equals("srv") || kind.equals("cli");
    }

    private static StatusRecord sorted(StatusRecord head) {
        if (head != null) {
            StatusRecord[] all = head.clients.toArray(new StatusRecord[0]);
            Arrays.sort(all);
            head.clients.clear();
            head.clients.addAll(Arrays.asList(all));
        }
        return head;
    }

    /** A field's text, or {@code null}. */
    String text(String key) {
        int length = key.length();
        for (int tab = line.indexOf('\t'); tab >= 0; tab = line.indexOf('\t', tab + 1)) {
            int begin = tab + length + 2;
            if (line.startsWith(key, tab + 1) && line.startsWith("=", begin - 1)) {
                int end = line.indexOf('\t', begin);
                return line.substring(begin, end < 0 ? line.length() : end);
            }
        }
        return null;
    }

    /** A field's number; −1 when there is none. */
    long number(String key) {
        String text = text(key);
        try {
            return text == null ? -1 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            // Another version's, say.
            return -1;
        }
    }

    /** Whether what it is about works: a client has heard its server within the timeout. */
    boolean isUp() {
        return kind.equals("srv")
                || ("connected".equals(text("state")) && number("heard_seconds") < number("timeout_seconds"));
    }

    /** By address. */
    @Override
    public int compareTo(StatusRecord other) {
        return Long.compare(order, other.order);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StatusRecord record && record.line.equals(line);
    }

    @Override
    public int hashCode() {
        return line.hashCode();
    }
}
