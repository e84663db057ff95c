package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * src/PROTOCOL.md as data: its tables, its dumps, and the conditions and numbers in its cells. A table or dump without
 * a caption is an error, and so is a dump that says a number, length or text which is not that of its bytes.
 */
final class ProtocolPage {
    /** Some bytes of a dump and what the page calls them; the number that it says they are, or null. */
    record Field(int at, byte[] bytes, String name, Long value) { }

    /** A hex dump: all its bytes, and its fields in order. */
    record Dump(byte[] bytes, List<Field> fields) {
        /** The number that the page says the field with this name is. */
        long value(String name) {
            Field field = fields.stream().filter(f -> f.name.equals(name)).findFirst().orElse(null);
            assertNotNull(field, "no field " + name + " in the dump");
            return field.value;
        }
    }

    /** Where a number stands in a frame, and which of its bits count: a row of table 1.1. */
    private record Place(int from, int to, int shift, long mask, int factor) {
        long of(byte[] frame) {
            return (number(frame, from, to - from + 1) >> shift & mask) * factor;
        }
    }

    private static final Pattern CAPTION = Pattern.compile("\\*\\*((?:Table|Dump) \\d\\.\\d)\\*\\* (.+)");
    private static final Pattern HEADING = Pattern.compile("## (\\d)\\. (.+)");
    private static final Pattern COMPARISON = Pattern.compile("(.+) ([=≠≥≤<>]) (.+)");
    private static final Pattern SOME_BITS = Pattern.compile("(upper|lower) (\\d+) bits(?: × (\\d+))?");
    private static final Pattern WORDS = Pattern.compile("TCP header: (\\d+) words");
    private static final Pattern OPTION = Pattern.compile("option (\\d+), (\\d+) bytes");
    static final String NOT_BUILT = "*(not built yet)*";

    /** Captions in order, {@code Table 1.1} with what follows. */
    final Map<String, String> captions = new LinkedHashMap<>();
    /** Headings of the numbered parts. */
    final Map<String, String> parts = new LinkedHashMap<>();
    /** The text in one line, blanks instead of line breaks. */
    final String prose;
    private final Map<String, List<Map<String, String>>> tables = new LinkedHashMap<>();
    private final Map<String, Dump> dumps = new LinkedHashMap<>();
    private final Map<String, Place> places = new HashMap<>();
    private final Map<String, Predicate<ToLongFunction<String>>> conditions = new HashMap<>();

    ProtocolPage() throws IOException {
        List<String> lines = Files.readAllLines(Path.of(System.getProperty("simplevpn.top"), "src/PROTOCOL.md"));
        prose = String.join(" ", lines.stream().map(String::strip).toList());
        String caption = null;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            assertFalse(line.startsWith("```"), "dumps are indented: a fence in line " + (i + 1));
            Matcher captioned = CAPTION.matcher(line);
            Matcher heading = HEADING.matcher(line);
            if (captioned.matches()) {
                caption = captioned.group(1);
                assertEquals(null, captions.put(caption, captioned.group(2)), caption + " comes twice");
            } else if (heading.matches()) {
                parts.put(heading.group(1), heading.group(2));
            } else if (line.startsWith("|") || line.startsWith("    ")) {
                assertNotNull(caption, "a table or dump without a caption in line " + (i + 1));
                List<String> block = lines.subList(i, i + (int) lines.subList(i, lines.size()).stream()
                        .takeWhile(l -> !l.isBlank()).count());
                if (caption.startsWith("Table")) {
                    tables.put(caption, readTable(caption, block));
                } else {
                    dumps.put(caption, readDump(caption, block));
                }
                i += block.size() - 1;
                caption = null;
            }
        }
        table("1.1").forEach(row -> places.put(row.get("field"), place(row.get("bytes"), row.get("which bits"))));
    }

    /** A table's rows, each cell under its column's title. */
    List<Map<String, String>> table(String number) {
        List<Map<String, String>> table = tables.get("Table " + number);
        assertNotNull(table, "the page has no table " + number);
        return table;
    }

    /** The rows of a table are numbered from 1 on. */
    void assertNumbered(String number, int last) {
        assertEquals(IntStream.rangeClosed(1, last).mapToObj(String::valueOf).toList(),
                table(number).stream().map(row -> row.get("row")).toList());
    }

    Dump dump(String number) {
        Dump dump = dumps.get("Dump " + number);
        assertNotNull(dump, "the page has no dump " + number);
        return dump;
    }

    private static List<Map<String, String>> readTable(String caption, List<String> block) {
        String[] titles = cells(block.get(0));
        List<Map<String, String>> rows = new ArrayList<>();
        for (String line : block.subList(2, block.size())) {
            String[] cells = cells(line);
            assertEquals(titles.length, cells.length, () -> caption + ": cells of " + line);
            Map<String, String> row = new LinkedHashMap<>();
            for (int i = 0; i < cells.length; i++) {
                row.put(titles[i], cells[i]);
            }
            rows.add(row);
        }
        return rows;
    }

    private static String[] cells(String line) {
        return line.substring(2, line.length() - 2).split(" \\| ");
    }

    private static Dump readDump(String caption, List<String> block) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        List<Field> fields = new ArrayList<>();
        for (String line : block) {
            String where = caption + ": " + line;
            String[] columns = line.strip().split(" {2,}", 3);
            assertEquals(3, columns.length, where);
            assertEquals(all.size(), Integer.parseInt(columns[0]), "where the line begins in " + where);
            String[] bytes = columns[1].split(" \\| ");
            String[] names = columns[2].split(" \\| ");
            assertEquals(bytes.length, names.length, "names of fields in " + where);
            for (int i = 0; i < bytes.length; i++) {
                Field field = field(all.size(), HexFormat.ofDelimiter(" ").parseHex(bytes[i]), names[i], where);
                fields.add(field);
                all.writeBytes(field.bytes);
            }
        }
        return new Dump(all.toByteArray(), fields);
    }

    private static Field field(int at, byte[] bytes, String text, String where) {
        Matcher option = OPTION.matcher(text);
        if (option.matches()) {
            assertEquals(Long.parseLong(option.group(1)), number(bytes, 0, 1), "type in " + where);
            assertEquals(Long.parseLong(option.group(2)), number(bytes, 1, 1), "length in " + where);
            assertEquals(2, bytes.length, where);
        }
        Matcher words = WORDS.matcher(text);
        if (words.matches()) {
            assertEquals(Long.parseLong(words.group(1)), number(bytes, 0, 1) >> 4, where);
        }
        if (text.startsWith("\"")) {
            assertEquals(text, '"' + new String(bytes, StandardCharsets.UTF_8) + '"', where);
        }
        int equals = text.indexOf(" = ");
        if (equals < 0) {
            return new Field(at, bytes, text, null);
        }
        String value = text.substring(equals + 3);
        Field field = new Field(at, bytes, text.substring(0, equals), number(value));
        assertEquals(field.value, number(bytes, 0, bytes.length), () -> text + " in " + where);
        return field;
    }

    /** A number as the page writes it: decimal, hexadecimal, or an address. */
    static long number(String text) {
        if (text.matches("\\d+(\\.\\d+){3}")) {
            long address = 0;
            for (String part : text.split("\\.")) {
                address = address * 256 + Integer.parseInt(part);
            }
            return address;
        }
        return Long.decode(text);
    }

    /** Bytes as a number. */
    static long number(byte[] bytes, int at, int length) {
        long number = 0;
        for (int i = at; i < at + length; i++) {
            number = number << 8 | (bytes[i] & 255);
        }
        return number;
    }

    /** The first and the last number of a range such as {@code 4–5}, or a single one twice. */
    static int[] range(String text) {
        String[] ends = text.split("–");
        assertTrue(ends.length <= 2, text);
        return new int[] {Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1])};
    }

    private static Place place(String bytes, String bits) {
        int[] range = range(bytes);
        int width = 8 * (range[1] - range[0] + 1);
        Matcher some = SOME_BITS.matcher(bits);
        if (!some.matches()) {
            assertEquals("all", bits, "bits of " + bytes);
            return new Place(range[0], range[1], 0, (1L << width) - 1, 1);
        }
        int count = Integer.parseInt(some.group(2));
        int factor = some.group(3) == null ? 1 : Integer.parseInt(some.group(3));
        int shift = some.group(1).equals("upper") ? width - count : 0;
        return new Place(range[0], range[1], shift, (1L << count) - 1, factor);
    }

    /** The fields of a frame or packet, by the names of table 1.1 or as {@code bytes 4–5}. */
    long field(byte[] frame, String name) {
        if (name.startsWith("bytes ")) {
            return places.computeIfAbsent(name, n -> place(n.substring(6), "all")).of(frame);
        }
        assertTrue(places.containsKey(name), "table 1.1 has no " + name);
        return places.get(name).of(frame);
    }

    /** The rows of a table whose conditions hold: those of the column {@code when}. */
    List<Map<String, String>> holding(String table, ToLongFunction<String> fields) {
        return table(table).stream().filter(row -> holds(row.get("when"), fields)).toList();
    }

    /** The first row of a table whose conditions hold. */
    Map<String, String> decide(String table, ToLongFunction<String> fields) {
        for (Map<String, String> row : table(table)) {
            if (holds(row.get("when"), fields)) {
                return row;
            }
        }
        throw new AssertionError("no row of table " + table + " holds");
    }

    /**
     * Whether all conditions of a cell hold: comparisons, or phrases, that is, fields that are 0 when they do not hold.
     */
    boolean holds(String cell, ToLongFunction<String> fields) {
        return conditions.computeIfAbsent(cell, ProtocolPage::conditions).test(fields);
    }

    /** What a cell adds up to: numbers and names of fields with + between them. */
    static long sum(String cell, ToLongFunction<String> fields) {
        long sum = 0;
        for (String term : cell.split(" \\+ ")) {
            sum += operand(term).applyAsLong(fields);
        }
        return sum;
    }

    private static ToLongFunction<ToLongFunction<String>> operand(String text) {
        if (text.matches("[0-9][0-9a-fx.]*")) {
            long number = number(text);
            return fields -> number;
        }
        return fields -> fields.applyAsLong(text);
    }

    private static Predicate<ToLongFunction<String>> conditions(String cell) {
        Predicate<ToLongFunction<String>> all = fields -> true;
        for (String condition : cell.split(", ")) {
            all = all.and(condition(condition));
        }
        return all;
    }

    private static Predicate<ToLongFunction<String>> condition(String text) {
        Matcher comparison = COMPARISON.matcher(text);
        if (!comparison.matches()) {
            return text.equals("anything else") || text.equals("always") ? fields -> true
                    : fields -> fields.applyAsLong(text) != 0;
        }
        ToLongFunction<ToLongFunction<String>> left = operand(comparison.group(1));
        ToLongFunction<ToLongFunction<String>> right = operand(comparison.group(3));
        IntPredicate order = switch (comparison.group(2)) {
            case "=" -> sign -> sign == 0;
            case "≠" -> sign -> sign != 0;
            case "≥" -> sign -> sign >= 0;
            case "≤" -> sign -> sign <= 0;
            case "<" -> sign -> sign < 0;
            default -> sign -> sign > 0;
        };
        return fields -> order.test(Long.compare(left.applyAsLong(fields), right.applyAsLong(fields)));
    }
}
