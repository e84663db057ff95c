package simplevpn.bench;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;

/** The tables of footprint.md. */
final class FootprintReport {
    private static final String NOT_BUILT = "not built";
    private static final String ON_A_BOARD = "see `make test-board`";
    private static final List<Double> NONE = List.of(Double.NaN, Double.NaN, Double.NaN);

    private final Results results;
    private final String own;
    private final int rounds;
    private final int runs;
    private final int seconds;

    /** {@code own}: the target that this machine is, on which everything but the sizes was measured. */
    FootprintReport(Results results, String own, int rounds, int runs, int seconds) {
        this.results = results;
        this.own = own;
        this.rounds = rounds;
        this.runs = runs;
        this.seconds = seconds;
    }

    /**
     * A row of the table of targets: a value, what it lacks to be one ("" as a rule) and a bound for each target; where
     * there is no value or bound it is NaN, and the cell says {@code absent}.
     */
    private record Figure(String text, String unit, int digits, List<Double> values, List<String> lacks, String absent,
            List<Double> bounds) {
        Figure(String text, String unit, int digits, List<Double> values, String absent, List<Double> bounds) {
            this(text, unit, digits, values, Footprint.TARGETS.stream().map(target -> "").toList(), absent, bounds);
        }

        String line() {
            StringBuilder line = new StringBuilder("| " + text + " (" + unit + ") |");
            for (int i = 0; i < values.size(); i++) {
                double value = values.get(i);
                line.append(' ').append(Double.isNaN(value) ? absent : ("%." + digits + "f").formatted(value))
                        .append(Double.isNaN(value) ? "" : lacks.get(i))
                        .append(value > bounds.get(i) ? " **missed**" : "").append(" |");
            }
            // One bound for all is told once.
            String toReach = bounds.stream().limit(bounds.stream().distinct().count() == 1 ? 1 : bounds.size())
                    .map(bound -> Double.isNaN(bound) ? "–" : "≤ %.0f".formatted(bound))
                    .collect(Collectors.joining(" / "));
            return line.append(' ').append(toReach).append(" |\n").toString();
        }
    }

    String markdown() throws IOException {
        return """
                # What `make footprint` measured

                %s

                Memory: medians of %d round%s, start-up: medians of %d run%s, in turns with the peers. MB are 10^6
                bytes. Hosts are network namespaces of this one machine. Processors other than this machine's are not
                emulated here: their memory is what the boards of `make test-board` told last.

                ## To reach

                %s
                Image: the sum of its files' sizes, with the archive of classes. Idle: %d s without a packet but
                keepalives. The ten clients are ten of the real `cli`, each on a host of its own. Full speed: one iperf3
                stream in each direction at once, for %d s, between the server and one client; the memory is that at its
                end. Start-up: from the exec of `./srv` until its port takes a connection, and from the exec of `./cli`
                until the server's address in the tunnel answers a ping; tried every millisecond.

                ## Beside others

                %s
                On disk: for simplevpn the run-time image, which is all but two scripts; for the others their files and
                those of the packages that they need beside what every Debian has (wireguard-go with wireguard-tools;
                simplevpn needs nothing else). OpenVPN runs over TCP without encryption, wireguard-go over UDP with it;
                the time of wireguard-go includes the commands that give it its keys and address. %s: the same programs,
                linked by the same rules.

                ## Memory in parts

                PSS counts a page that several processes share in parts: `srv`, `cli` and the other clients ran here on
                one machine, with one image. Anonymous pages are a process's own; those of files are the image's, and
                the kernel can drop them.

                %s""".formatted(Report.machine(), rounds, rounds == 1 ? "" : "s", runs, runs == 1 ? "" : "s", targets(),
                Footprint.SETTLE / 1000, seconds, peers(), Tunnel.STOCK.name(),
                Report.table(results, Footprint.MEMORY, "", Footprint.BOOKS.keySet().stream()
                        .map(name -> Report.Column.of(name, 1)).toList()));
    }

    private String targets() throws IOException {
        StringBuilder table = new StringBuilder("| | ");
        Footprint.TARGETS.forEach(target -> table.append(target).append(" | "));
        table.append("to reach |\n|---|").append("--:|".repeat(Footprint.TARGETS.size())).append("---|\n");
        String ours = Tunnel.SIMPLEVPN.name();
        String keyed = Tunnel.TLS.name();
        // The archive is a third of an image: one that has none is no smaller for it.
        List<String> archives = Footprint.TARGETS.stream().map(target ->
                Files.exists(Footprint.image("", target).resolve("lib/server/classes.jsa"))
                        ? "" : " **without an archive**")
                .toList();
        List<Figure> figures = List.of(
                new Figure("unpacked image, archive included", "MB", 2, Footprint.TARGETS.stream()
                        .map(target -> disk(Footprint.imageRow(target))).toList(), archives, NOT_BUILT,
                        List.of(33.0, 33.0, 27.0)),
                new Figure("dist tarball", "MB", 2, Footprint.TARGETS.stream()
                        .map(target -> disk(Footprint.packageRow(target))).toList(), archives, NOT_BUILT,
                        List.of(9.0, 9.0, 9.0)),
                new Figure("RSS of an idle connected `cli`", "MB", 1, withBoards(
                        resident(ours, Footprint.CLIENT, Footprint.IDLE), "cli_rss_kb"), ON_A_BOARD,
                        List.of(30.0, 34.0, 26.0)),
                new Figure("RSS of `srv` with one client, idle", "MB", 1, withBoards(
                        resident(ours, Footprint.SERVER, Footprint.IDLE), "srv_rss_kb"), ON_A_BOARD, NONE),
                here("RSS of `srv` with 10 clients, idle", "MB", 1,
                        resident(ours, Footprint.SERVER, Footprint.WITH_CLIENTS), 32),
                here("RSS of `srv` with 10 clients, after " + seconds + " s at full speed", "MB", 1,
                        resident(ours, Footprint.SERVER, Footprint.LOADED), 44),
                here("exec to listening, `srv`", "ms", 0, results.median(Footprint.START, ours, Footprint.LISTENING),
                        120),
                here("exec to first ping through, `cli`", "ms", 0,
                        results.median(Footprint.START, ours, Footprint.THROUGH), 300),
                here("with keys: RSS of an idle connected `cli`", "MB", 1,
                        resident(keyed, Footprint.CLIENT, Footprint.IDLE), 34),
                here("with keys: RSS of `srv` with 10 clients, idle", "MB", 1,
                        resident(keyed, Footprint.SERVER, Footprint.WITH_CLIENTS), 36),
                here("with keys: exec to first ping through, `cli`", "ms", 0,
                        results.median(Footprint.START, keyed, Footprint.THROUGH), 400));
        for (Figure figure : figures) {
            table.append(figure.line());
        }
        return table.toString();
    }

    private double disk(String row) {
        return results.median(Footprint.DISK, row, Footprint.MEGABYTES);
    }

    private double resident(String tunnel, String program, String state) {
        return results.median(Footprint.MEMORY, Footprint.state(tunnel, program, state), Footprint.RESIDENT);
    }

    /** A figure that was measured on this machine, and has a bound for x86_64 only. */
    private Figure here(String text, String unit, int digits, double value, double bound) {
        return new Figure(text, unit, digits, Footprint.TARGETS.stream()
                .map(target -> target.equals(own) ? value : Double.NaN).toList(), "–",
                Footprint.TARGETS.stream().map(target -> target.equals("x86_64") ? bound : Double.NaN).toList());
    }

    /** This machine's value, and of the other targets what a board wrote as {@code key=value}, in the kernel's kB. */
    private List<Double> withBoards(double value, String key) throws IOException {
        List<Double> values = new ArrayList<>();
        for (String target : Footprint.TARGETS) {
            Properties told = new Properties();
            Path board = Path.of("build/board", target + ".footprint");
            if (Files.exists(board)) {
                try (Reader reader = Files.newBufferedReader(board)) {
                    told.load(reader);
                }
            }
            values.add(target.equals(own) ? value
                    : Measure.fromKibibytes(Double.parseDouble(told.getProperty(key, "NaN"))));
        }
        return values;
    }

    /** One row for each tunnel, with what all three sections have of it. */
    private String peers() {
        return Report.table(results, Footprint.START, "", List.of(
                new Report.Column("on disk MB", 1, row -> disk(row.name)),
                column("client idle, RSS MB", Footprint.CLIENT, Footprint.IDLE),
                column("client after full speed", Footprint.CLIENT, Footprint.LOADED),
                column("server idle", Footprint.SERVER, Footprint.IDLE),
                column("server after full speed", Footprint.SERVER, Footprint.LOADED),
                Report.Column.of(Footprint.LISTENING, 0), Report.Column.of(Footprint.THROUGH, 0)));
    }

    private Report.Column column(String title, String program, String state) {
        return new Report.Column(title, 1, row -> resident(row.name, program, state));
    }
}
