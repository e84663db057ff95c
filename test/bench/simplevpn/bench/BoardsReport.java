package simplevpn.bench;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The tables of boards.md. */
final class BoardsReport {
    static final String USER = "tunnel, user s/GB";
    static final String SYSTEM = "tunnel, system s/GB";
    static final String BOARD = "board CPU s/GB";
    static final String WAITED = "waited %";

    private static final Map<String, String> PROCESSORS = Map.of("aarch64", "Cortex-A53", "armhf", "Cortex-A15");
    /** What a board is to reach without keys, and with. */
    private static final Map<String, double[]> GOALS = Map.of("aarch64", new double[] {10, 3},
            "armhf", new double[] {10, 1.5});

    private final Results results;
    private final int rounds;
    private final int seconds;
    private final Map<String, String> versions;

    /** @param versions what each board runs */
    BoardsReport(Results results, int rounds, int seconds, Map<String, String> versions) {
        this.results = results;
        this.rounds = rounds;
        this.seconds = seconds;
        this.versions = versions;
    }

    String markdown() throws IOException {
        StringBuilder page = new StringBuilder("""
                # What `make bench BOARD=%s` measured

                %s

                One iperf3 TCP stream between a board in qemu-system and this machine, through simplevpn and through
                OpenVPN over TCP with the cipher that it takes by itself. The clients run on the board, on its one
                processor, in the same boot, and are measured in turns; the servers are this machine's own. Rates and
                times are the medians of %d rounds, %d s each after one that is not counted. Ratios are those of one
                round, since an emulated board's speed depends on what else this machine does: the median, and the
                lowest and highest. Absolute figures are the emulator's, and no real board's. GB are 10^9 bytes.
                Waited: the part of the time in which the emulator was ready to run, but this machine did something
                else. Where that is much, a packet takes the board milliseconds, and simplevpn drops what waited for 30.

                ## To reach

                The worse direction's ratio.

                | to OpenVPN | to reach | measured | |
                |---|--:|--:|---|
                """.formatted(String.join(",", versions.keySet()), Report.machine(), rounds, seconds));
        for (String target : versions.keySet()) {
            goal(page, target, Boards.PLAIN, GOALS.get(target)[0]);
            goal(page, target, Boards.KEYED, GOALS.get(target)[1]);
        }
        for (Map.Entry<String, String> board : versions.entrySet()) {
            page.append("\n## ").append(PROCESSORS.get(board.getKey())).append(" (").append(board.getKey())
                    .append(")\n\n```\n").append(board.getValue().strip()).append("\n```\n\n");
            page.append(Report.table(results, board.getKey(), "", List.of(Report.Column.of("Mbit/s", 1),
                    Report.Column.of(Boards.RATIO, 2), new Report.Column("lowest", 2, row -> extreme(row, true)),
                    new Report.Column("highest", 2, row -> extreme(row, false)), Report.Column.of(USER, 0),
                    Report.Column.of(SYSTEM, 0), Report.Column.of(BOARD, 0),
                    Report.Column.of(WAITED, 0))));
        }
        return page.toString();
    }

    private static double extreme(Results.Row row, boolean lowest) {
        List<Double> ratios = row.values(Boards.RATIO);
        if (ratios.isEmpty()) {
            return Double.NaN;
        }
        return lowest ? Collections.min(ratios) : Collections.max(ratios);
    }

    private void goal(StringBuilder page, String target, String name, double goal) {
        double worse = Double.MAX_VALUE;
        for (String direction : Boards.DIRECTIONS) {
            // NaN where one was not measured.
            worse = Math.min(worse, results.median(target, name + direction, Boards.RATIO));
        }
        page.append("| %s, %s | ≥ %.1f × | %.2f × | %s |%n".formatted(PROCESSORS.get(target), name, goal, worse,
                worse >= goal ? "reached" : "**missed**"));
    }
}
