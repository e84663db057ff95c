package simplevpn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
import simplevpn.harness.Iperf;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * The plan: what is measured, and in which order. Each round measures everything once, each tunnel freshly set up, so
 * that what changes on the machine with time meets all of them alike; {@link Report} shows the medians of the rounds.
 */
final class Bench {
    static final String CROWD = "crowd";
    private static final List<String> SECTIONS = List.of(Steps.STREAM, Steps.PACKETS, Steps.WAN, CROWD);

    private static final String WITH_CUBIC = ", stream with cubic";
    static final String RAW = "raw link";
    static final List<Tunnel.Kind> PEERS = List.of(Tunnel.VTUN, Tunnel.OPENVPN_PLAIN, Tunnel.OPENVPN, Tunnel.TINC_PLAIN,
            Tunnel.TINC, Tunnel.WIREGUARD);
    static final List<Steps.Line> LINES = List.of(Steps.Line.losing("0"), Steps.Line.losing("0.1"),
            Steps.Line.losing("1"), Steps.Line.SLOW);
    static final List<Integer> CLIENTS = List.of(1, 2, 100, 1000, 5000);

    /** Seconds after which all silent clients have to be connected. */
    private static final int CROWD_START = 60;

    private final Star lab;
    private final Steps steps;
    private final Results results = new Results();
    private final String only;

    private Bench(Star lab, int seconds, String only) {
        this.lab = lab;
        this.steps = new Steps(lab, seconds, results);
        this.only = only;
    }

    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        int rounds = 3;
        int seconds = 4;
        String only = null;
        boolean check = false;
        try {
            for (Iterator<String> words = List.of(arguments).iterator(); words.hasNext();) {
                switch (words.next()) {
                    case "--rounds" -> rounds = Integer.parseInt(words.next());
                    case "--seconds" -> seconds = Integer.parseInt(words.next());
                    case "--only" -> only = words.next();
                    case "--check" -> check = true;
                    default -> throw new NoSuchElementException();
                }
            }
            if (rounds < 1 || seconds < 1 || (only != null && !SECTIONS.contains(only))) {
                throw new NoSuchElementException();
            }
        } catch (NoSuchElementException | NumberFormatException e) {
            System.err.println("usage: test/bench/run [--rounds N] [--seconds S] [--only " + String.join("|", SECTIONS)
                    + "] [--check]");
            System.exit(2);
        }

        long started = System.nanoTime();
        Results results;
        try (Star lab = new Star()) {
            Bench bench = new Bench(lab, seconds, only);
            for (int round = 1; round <= rounds; round++) {
                System.out.printf("Round %d of %d%n", round, rounds);
                bench.round();
            }
            results = bench.results;
        } catch (LabException e) {
            Lab.giveUp(e);
            return;
        }
        long minutes = TimeUnit.NANOSECONDS.toMinutes(System.nanoTime() - started);

        // Only what was measured in full goes where it is published.
        Path folder = Path.of(only == null && rounds >= 3 ? "test/bench" : "build/bench");
        Report report = new Report(results, rounds, seconds, minutes);
        Files.writeString(folder.resolve("results.md"), report.markdown());
        Files.writeString(folder.resolve("results.svg"), new Picture(results).svg());
        System.out.println("Written: " + folder.resolve("results.md") + ", " + folder.resolve("results.svg"));
        if (check) {
            System.out.print(Targets.table(results));
            System.exit(Targets.allReached(results) ? 0 : 1);
        }
    }

    private void round() {
        if (isWanted(Steps.STREAM)) {
            streams();
        }
        if (isWanted(Steps.PACKETS)) {
            packets();
        }
        if (isWanted(Steps.WAN)) {
            LINES.forEach(this::wan);
        }
        if (isWanted(CROWD)) {
            CLIENTS.forEach(this::crowd);
        }
    }

    private boolean isWanted(String section) {
        return only == null || only.equals(section);
    }

    private void streams() {
        String rawCubic = RAW + WITH_CUBIC;
        steps.with(Tunnel.NONE, Star.LINK_ADDRESS, Steps.STREAM, List.of(RAW, rawCubic), tunnel -> {
            steps.stream(tunnel, RAW, lab.server, tunnel.target);
            steps.stream(tunnel, rawCubic, lab.server, tunnel.target, Measure.CUBIC);
        });
        String simplevpn = Tunnel.SIMPLEVPN.name();
        List<String> rows = List.of(simplevpn + Steps.FORTH, simplevpn + Steps.BACK,
                simplevpn + ", both directions at once", simplevpn + ", 8 streams",
                simplevpn + Steps.FORTH + WITH_CUBIC);
        steps.with(Tunnel.SIMPLEVPN, Star.LINK_ADDRESS, Steps.STREAM, rows, tunnel -> {
            steps.stream(tunnel, rows.get(0), lab.server, tunnel.target);
            steps.stream(tunnel, rows.get(1), lab.server, tunnel.target, "-R");
            steps.stream(tunnel, rows.get(2), lab.server, tunnel.target, "--bidir");
            steps.stream(tunnel, rows.get(3), lab.server, tunnel.target, "-P", "8");
            steps.stream(tunnel, rows.get(4), lab.server, tunnel.target, Measure.CUBIC);
        });
        steps.between(Tunnel.SIMPLEVPN);
        steps.between(Tunnel.KERNEL);
        steps.ipv6();
        bothWays(Tunnel.TLS);
        bothWays(Tunnel.NO_OFFLOAD);
        bothWays(Tunnel.CLASSIC);
        PEERS.forEach(this::bothWays);
    }

    private void bothWays(Tunnel.Kind kind) {
        steps.bothWays(kind, kind.name());
    }

    private void packets() {
        steps.packets(Tunnel.NONE, RAW);
        steps.packetsBothWays(Tunnel.SIMPLEVPN, Tunnel.SIMPLEVPN.name());
        steps.packetsBothWays(Tunnel.TLS, Tunnel.TLS.name());
        steps.packets(Tunnel.NO_OFFLOAD, Tunnel.NO_OFFLOAD.name());
        steps.packetsBetween(Tunnel.SIMPLEVPN, Tunnel.SIMPLEVPN.name() + Steps.BETWEEN);
        steps.packetsBothWays(Tunnel.VTUN, Tunnel.VTUN.name());
        PEERS.stream().filter(kind -> kind != Tunnel.VTUN).forEach(kind -> steps.packets(kind, kind.name()));
    }

    /** The row of the section "wan" for a tunnel and a line. */
    static String wanRow(Tunnel.Kind kind, Steps.Line line) {
        return (kind == Tunnel.NONE ? "no tunnel (cubic)" : kind.name()) + ", " + line;
    }

    private void wan(Steps.Line line) {
        for (Tunnel.Kind kind : List.of(Tunnel.NONE, Tunnel.SIMPLEVPN)) {
            steps.wan(kind, wanRow(kind, line), line);
        }
    }

    /** One client talks to the server; of more, one talks to another. All but these are silent. */
    private void crowd(int clients) {
        String row = crowdRow(clients);
        steps.with(Tunnel.SIMPLEVPN, Star.LINK_ADDRESS, CROWD, List.of(row), tunnel -> {
            Program silent = null;
            try {
                if (clients > 1) {
                    tunnel.addSecond();
                }
                if (clients > 2) {
                    silent = startCrowd(clients - 2);
                }
                Wait.pause(Footprint.SETTLE);
                results.add(CROWD, row, "idle MB", Measure.megabytes(tunnel.server, "VmRSS"));
                double cpu = Measure.cpuSeconds(tunnel.server);
                Iperf.Transfer transfer = clients == 1
                        ? steps.measure.tcp(lab.client, lab.server, tunnel.target)
                        : steps.measure.tcp(lab.client, lab.second, Tunnel.SECOND_ADDRESS);
                cpu = Measure.cpuSeconds(tunnel.server) - cpu;
                results.add(CROWD, row, "Mbit/s", transfer.megabitsPerSecond());
                results.add(CROWD, row, "server CPU s/GB", cpu / transfer.gigabytes());
                results.add(CROWD, row, "peak MB", Measure.megabytes(tunnel.server, "VmHWM"));
            } finally {
                if (silent != null) {
                    silent.dismiss();
                }
            }
        });
    }

    /** The row of the section "crowd" for a number of clients. */
    static String crowdRow(int clients) {
        return clients == 1 ? "1 (to the server)" : "%,d".formatted(clients);
    }

    private Program startCrowd(int clients) {
        Program crowd = lab.start(lab.second, ProcessHandle.current().info().command().orElseThrow(), "-cp",
                System.getProperty("java.class.path"), Crowd.class.getName(), Star.serverOf(lab.second),
                Integer.toString(clients));
        try {
            crowd.awaitLine("ready", CROWD_START);
            return crowd;
        } catch (LabException e) {
            crowd.dismiss();
            throw new LabException("the silent clients: " + crowd.lastLine(), e);
        }
    }
}
