package simplevpn.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every measured value by section, row and column; a row whose measurement failed keeps the reason. */
final class Results {
    /** One row of a table: the values of all rounds by column, and why a round failed, if one did. */
    static final class Row {
        final String name;
        private final Map<String, List<Double>> values = new LinkedHashMap<>();
        private String failure;

        private Row(String name) {
            this.name = name;
        }

        /** The median of the rounds; NaN where there is none. */
        double median(String column) {
            return Results.median(values(column));
        }

        /** The values of the rounds. */
        List<Double> values(String column) {
            return values.getOrDefault(column, List.of());
        }

        /** The columns that have some. */
        Collection<String> columns() {
            return values.keySet();
        }

        /** Whether no round measured anything. */
        boolean isEmpty() {
            return values.isEmpty();
        }

        /** Why the last round that failed did, or null. */
        String failure() {
            return failure;
        }
    }

    private final Map<String, Map<String, Row>> sections = new LinkedHashMap<>();

    /** The median; NaN of nothing. */
    static double median(Collection<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int n = sorted.size();
        return n == 0 ? Double.NaN : (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    Row row(String section, String name) {
        return sections.computeIfAbsent(section, s -> new LinkedHashMap<>()).computeIfAbsent(name, Row::new);
    }

    Collection<Row> rows(String section) {
        return sections.getOrDefault(section, Map.of()).values();
    }

    void add(String section, String name, String column, double value) {
        row(section, name).values.computeIfAbsent(column, c -> new ArrayList<>()).add(value);
        System.out.printf("  %-55s %-28s %,.2f%n", name, column, value);
    }

    void fail(String section, String name, Exception reason) {
        row(section, name).failure = reason.getMessage();
        System.out.printf("  %-55s failed: %s%n", name, reason.getMessage());
    }

    /** The median, or NaN also for a row that was never measured. */
    double median(String section, String name, String column) {
        Row row = sections.getOrDefault(section, Map.of()).get(name);
        return row == null ? Double.NaN : row.median(column);
    }
}
