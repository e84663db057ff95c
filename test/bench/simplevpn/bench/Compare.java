package simplevpn.bench;

import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;

/**
 * Another revision of this program beside the tree, in turns: what a change of the packets' way brings. Each round
 * measures both, and a ratio is one round's, so that what changes on the machine with time meets both alike.
 */
final class Compare {
    private static final String STREAM = "stream";
    private static final String SMALL = "small";
    private static final String LINE = "line";
    private static final String TLS = "tls";
    private static final List<String> PARTS = List.of(STREAM, SMALL, LINE, TLS);
    private static final int SECONDS = 4;

    private final Star lab;
    private final Steps steps;
    private final Results results = new Results();
    private final List<String> parts;

    private Compare(Star lab, List<String> parts) {
        this.lab = lab;
        this.steps = new Steps(lab, SECONDS, results);
        this.parts = parts;
    }

    /** Arguments: the folder in which the other revision was built, the rounds, and the parts. */
    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT);
        List<String> parts = List.of(arguments).subList(2, arguments.length);
        if (!PARTS.containsAll(parts)) {
            System.err.println("PART is one or more, with commas, of " + String.join(", ", PARTS));
            System.exit(2);
        }
        int rounds = Integer.parseInt(arguments[1]);
        try (Star lab = new Star()) {
            Compare compare = new Compare(lab, parts.isEmpty() ? PARTS : parts);
            for (int round = 0; round < rounds; round++) {
                System.out.printf("Round %d of %d%n", round + 1, rounds);
                // Who comes first finds the machine in another state.
                compare.one(round % 2 == 0 ? Side.BASE : Side.NEW, arguments[0]);
                compare.one(round % 2 == 0 ? Side.NEW : Side.BASE, arguments[0]);
            }
            System.out.print(compare.table());
        } catch (LabException e) {
            Lab.giveUp(e);
        }
    }

    private enum Side { BASE, NEW }

    private void one(Side side, String base) {
        String folder = side == Side.BASE ? base : Tunnel.OWN;
        String name = side.name().toLowerCase(Locale.ROOT);
        Tunnel.Kind plain = Tunnel.simplevpn(name, folder);
        Tunnel.Kind keyed = Tunnel.keyed(name + ", with keys", folder);
        if (parts.contains(STREAM)) {
            steps.bothWays(plain, plain.name());
            String between = plain.name() + Steps.BETWEEN;
            steps.with(plain, Star.LINK_ADDRESS, Steps.STREAM, List.of(between), tunnel -> {
                tunnel.addSecond();
                steps.stream(tunnel, between, lab.second, Tunnel.SECOND_ADDRESS);
            });
        }
        if (parts.contains(SMALL)) {
            steps.packetsBothWays(plain, plain.name());
        }
        if (parts.contains(LINE)) {
            for (Steps.Line line : List.of(Steps.Line.losing("0"), Steps.Line.losing("1"))) {
                steps.wan(plain, plain.name() + ", " + line, line);
            }
        }
        if (parts.contains(TLS)) {
            steps.bothWays(keyed, keyed.name());
            steps.packetsBothWays(keyed, keyed.name());
        }
    }

    /** All figures: both medians, and the ratio with its spread. */
    private String table() {
        StringBuilder table = new StringBuilder("\n| | base | new | new to base | spread |\n|---|--:|--:|--:|---|\n");
        String base = Side.BASE.name().toLowerCase(Locale.ROOT);
        String fresh = Side.NEW.name().toLowerCase(Locale.ROOT);
        for (String section : List.of(Steps.STREAM, Steps.PACKETS, Steps.WAN)) {
            for (Results.Row row : results.rows(section)) {
                if (!row.name.startsWith(base)) {
                    continue;
                }
                String what = row.name.substring(base.length());
                Results.Row other = results.row(section, fresh + what);
                for (String column : row.columns()) {
                    TreeSet<Double> ratios = new TreeSet<>();
                    List<Double> before = row.values(column);
                    List<Double> after = other.values(column);
                    for (int i = 0; i < Math.min(before.size(), after.size()); i++) {
                        ratios.add(after.get(i) / before.get(i));
                    }
                    if (!ratios.isEmpty()) {
                        table.append("| %s%s | %,.2f | %,.2f | %.3f | %.3f – %.3f |%n".formatted(
                                what.isEmpty() ? "" : what.substring(2) + ": ", column, row.median(column),
                                other.median(column), Results.median(ratios), ratios.first(), ratios.last()));
                    }
                }
                for (Results.Row side : List.of(row, other)) {
                    if (side.failure() != null) {
                        table.append("| %s failed: %s | | | | |%n".formatted(side.name, side.failure()));
                    }
                }
            }
        }
        return table.toString();
    }
}
