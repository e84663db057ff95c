package simplevpn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.function.ToDoubleFunction;
import simplevpn.harness.Command;

/** The tables of results.md. */
final class Report {
    private final Results results;
    private final int rounds;
    private final int seconds;
    private final long minutes;

    Report(Results results, int rounds, int seconds, long minutes) {
        this.results = results;
        this.rounds = rounds;
        this.seconds = seconds;
        this.minutes = minutes;
    }

    /** A column of a table; {@code digits} after the point. */
    record Column(String title, int digits, ToDoubleFunction<Results.Row> value) {
        static Column of(String name, int digits) {
            return new Column(name, digits, row -> row.median(name));
        }
    }

    String markdown() throws IOException {
        return """
                # What `make bench` measured

                ![one stream, small packets, a long lossy line, memory](results.svg)

                %s

                Every figure is the median of %d round%s of one run (%d min); each round sets up and measures everything
                once, in turns. Hosts are network namespaces of this one machine, joined by veth links, so both ends of
                a tunnel, iperf3's two ends and the kernel share its processors. TCP uses this machine's default
                congestion control, %s, where neither the program chooses another nor the text below says so. The peers
                run with their own defaults, MTU included. MB are 10^6 bytes.

                ## To reach

                Where both directions were measured, the ratio is the worse one's. Beside simplevpn without keys OpenVPN
                and tinc stand with the faster of their rows, encryption or not.

                %s
                ## One iperf3 TCP stream

                Each measured for %d s, after one second that is not counted. CPU: what both tunnel processes used, and
                what the whole machine used (iperf3 and the kernel included), for each GB. Memory: the peak resident
                size of the process.

                %s
                ## Small packets

                UDP with 64 bytes of payload, client to server and back: the highest arriving rate with less than 0.1 %%
                lost, found by bisection of iperf3's offered rate (seven steps of one second, each tried twice at most).
                Ping: one packet every 2 ms, nothing else going on; the first 3,000 of two programs that have just been
                started, and the next 3,000.

                %s
                ## Long lines: 20 Mbit/s, 40 ms round trip, a queue of 100 kB; 1 Mbit/s, 60 ms, 30 kB

                One bulk stream (cubic) of at least 15 s after 3 s of start, client to server, and a ping every 20 ms
                beside it (the times are those of the answered ones). The lines are wan.c; a tunnel's own TCP connection
                runs across it.

                %s
                ## Many clients

                Rate between two clients through the server, the others connected and silent. Memory: the server's
                resident size before the transfer, and the peak.

                %s""".formatted(machine(), rounds, rounds == 1 ? "" : "s", minutes,
                Files.readString(Path.of("/proc/sys/net/ipv4/tcp_congestion_control")).strip(), Targets.table(results),
                seconds, streams(),
                table(results, Steps.PACKETS, "", List.of(Column.of(Steps.FORTH_RATE, 0),
                        Column.of(Steps.BACK_RATE, 0), Column.of("fresh ping p50 ms", 3),
                        Column.of("fresh ping p99 ms", 3), Column.of("warm ping p50 ms", 3),
                        Column.of("warm ping p99 ms", 3))),
                table(results, Steps.WAN, "", List.of(Column.of("Mbit/s", 2), Column.of("ping p50 ms", 1),
                        Column.of("ping p99 ms", 1), Column.of("pings lost %", 1))),
                table(results, Bench.CROWD, "clients", List.of(Column.of("Mbit/s", 0), Column.of("server CPU s/GB", 2),
                        Column.of("idle MB", 1), Column.of("peak MB", 1))));
    }

    private String streams() {
        double raw = results.median(Steps.STREAM, Bench.RAW, "Mbit/s");
        return table(results, Steps.STREAM, "", List.of(
                Column.of("Mbit/s", 0), new Column("to raw link", 3, row -> row.median("Mbit/s") / raw),
                Column.of("CPU s/GB", 2), Column.of("machine CPU s/GB", 2),
                Column.of("server MB", 0), Column.of("client MB", 0)));
    }

    /** The rows of a section, with {@code title} above their names. */
    static String table(Results results, String section, String title, List<Column> columns) {
        if (results.rows(section).isEmpty()) {
            return "Not measured in this run.\n";
        }
        StringBuilder table = new StringBuilder("| " + title + " |");
        columns.forEach(column -> table.append(' ').append(column.title).append(" |"));
        table.append("\n|---|").append("--:|".repeat(columns.size())).append('\n');
        for (Results.Row row : results.rows(section)) {
            String reason = row.failure() == null ? "" : row.failure().replace('|', '/').replace('\n', ' ');
            if (row.isEmpty()) {
                table.append("| %s | failed: %s |%s%n".formatted(row.name, reason, " |".repeat(columns.size() - 1)));
                continue;
            }
            table.append("| ").append(row.name).append(reason.isEmpty() ? "" : " (a round failed: " + reason + ")")
                    .append(" |");
            for (Column column : columns) {
                double value = column.value.applyAsDouble(row);
                String text = Double.isNaN(value) ? "–" : ("%,." + column.digits + "f").formatted(value);
                table.append(' ').append(text).append(" |");
            }
            table.append('\n');
        }
        return table.toString();
    }

    /** What this run was made on: the processor, the kernel, and the programs' runtime as they name it. */
    static String machine() throws IOException {
        String cpu = Files.readAllLines(Path.of("/proc/cpuinfo")).stream().filter(line -> line.startsWith("model name"))
                .findFirst().map(line -> line.replaceFirst(".*: ", "")).orElse(System.getProperty("os.arch"));
        int cores = Runtime.getRuntime().availableProcessors();
        String runtime = Command.run(60, "./srv", "--version").ok().output().lines()
                .filter(line -> line.startsWith("Java ")).findFirst()
                .orElseThrow(() -> new IOException("./srv --version does not tell its runtime"));
        return "Machine: %s, %d core%s; Linux %s; %s; %s.".formatted(cpu, cores, cores == 1 ? "" : "s",
                System.getProperty("os.version"), runtime, LocalDate.now(ZoneOffset.UTC));
    }
}
