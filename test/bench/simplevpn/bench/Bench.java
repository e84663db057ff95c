package simplevpn.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;

/**
 * The plan: what is measured, and in which order. Each round measures everything once, each tunnel freshly set up, so
 * that what changes on the machine with time meets all of them alike; {@link Report} shows the medians of the rounds.
 */
final class Bench {
    static final String STREAM = "stream";
    static final String PACKETS = "packets";
    static final String WAN = "wan";
    static final String CROWD = "crowd";
    private static final List<String> SECTIONS = List.of(STREAM, PACKETS, WAN, CROWD);

    static final String FORTH = ", client → server";
    static final String BACK = ", server → client";
    static final String BETWEEN = ", client → client";
    private static final String WITH_CUBIC = ", stream with cubic";
    static final String RAW = "raw link";
    static final List<Tunnel.Kind> PEERS = List.of(Tunnel.VTUN, Tunnel.OPENVPN_PLAIN, Tunnel.OPENVPN, Tunnel.TINC_PLAIN,
            Tunnel.TINC, Tunnel.WIREGUARD);
    static final List<String> LOSSES = List.of("0", "0.1", "1");
    static final List<Integer> CLIENTS = List.of(1, 2, 100, 1000, 5000);

    private static final double WAN_MEGABITS = 20;
    private static final int WAN_DELAY = 20; // each way
    private static final int WAN_QUEUE = 100_000; // bytes: the product of rate and round trip time

    private final Lab lab;
    private final Measure measure;
    private final Results results = new Results();
    private final String only;

    private Bench(Lab lab, int seconds, String only) {
        this.lab = lab;
        this.measure = new Measure(lab, seconds);
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
            if (rounds < 1 || seconds < 1 || only != null && !SECTIONS.contains(only)) {
                throw new NoSuchElementException();
            }
        } catch (NoSuchElementException | NumberFormatException e) {
            System.err.println("usage: test/bench/run [--rounds N] [--seconds S] [--only " + String.join("|", SECTIONS)
                    + "] [--check]");
            System.exit(2);
        }

        long started = System.nanoTime();
        Results results;
        try (Lab lab = new Lab(Path.of("build/bench/work-" + ProcessHandle.current().pid()))) {
            Bench bench = new Bench(lab, seconds, only);
            for (int round = 1; round <= rounds; round++) {
                System.out.printf("Round %d of %d%n", round, rounds);
                bench.round();
            }
            results = bench.results;
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
        if (isWanted(STREAM)) {
            streams();
        }
        if (isWanted(PACKETS)) {
            packets();
        }
        if (isWanted(WAN)) {
            LOSSES.forEach(this::wan);
        }
        if (isWanted(CROWD)) {
            CLIENTS.forEach(this::crowd);
        }
    }

    private boolean isWanted(String section) {
        return only == null || only.equals(section);
    }

    /** Something that is measured on one tunnel and may fail. */
    private interface Step {
        void on(Tunnel tunnel) throws IOException;
    }

    /** Sets the tunnel up, measures, and tears it down; a failure at the set-up is a failure of every row. */
    private void with(Tunnel.Kind kind, String server, String section, List<String> rows, Step step) {
        try (Tunnel tunnel = kind.start(lab, server)) {
            step.on(tunnel);
        } catch (IOException e) {
            rows.forEach(row -> results.fail(section, row, e));
        }
    }

    private void streams() {
        String rawCubic = RAW + WITH_CUBIC;
        with(Tunnel.NONE, Lab.LINK_ADDRESS, STREAM, List.of(RAW, rawCubic), tunnel -> {
            stream(tunnel, RAW, Lab.SERVER, tunnel.target);
            stream(tunnel, rawCubic, Lab.SERVER, tunnel.target, Measure.CUBIC);
        });
        String simplevpn = Tunnel.SIMPLEVPN.name();
        List<String> rows = List.of(simplevpn + FORTH, simplevpn + BACK, simplevpn + ", both directions at once",
                simplevpn + ", 8 streams", simplevpn + FORTH + WITH_CUBIC);
        with(Tunnel.SIMPLEVPN, Lab.LINK_ADDRESS, STREAM, rows, tunnel -> {
            stream(tunnel, rows.get(0), Lab.SERVER, tunnel.target);
            stream(tunnel, rows.get(1), Lab.SERVER, tunnel.target, "-R");
            stream(tunnel, rows.get(2), Lab.SERVER, tunnel.target, "--bidir");
            stream(tunnel, rows.get(3), Lab.SERVER, tunnel.target, "-P", "8");
            stream(tunnel, rows.get(4), Lab.SERVER, tunnel.target, Measure.CUBIC);
        });
        String between = simplevpn + BETWEEN;
        with(Tunnel.SIMPLEVPN, Lab.LINK_ADDRESS, STREAM, List.of(between), tunnel -> {
            tunnel.addSecond();
            stream(tunnel, between, Lab.SECOND, Tunnel.SECOND_ADDRESS);
        });
        bothWays(Tunnel.NO_OFFLOAD);
        bothWays(Tunnel.CLASSIC);
        PEERS.forEach(this::bothWays);
    }

    private void bothWays(Tunnel.Kind kind) {
        List<String> rows = List.of(kind.name() + FORTH, kind.name() + BACK);
        with(kind, Lab.LINK_ADDRESS, STREAM, rows, tunnel -> {
            stream(tunnel, rows.get(0), Lab.SERVER, tunnel.target);
            stream(tunnel, rows.get(1), Lab.SERVER, tunnel.target, "-R");
        });
    }

    private void stream(Tunnel tunnel, String row, String to, String address, String... options) {
        try {
            double machine = Measure.machineSeconds();
            double programs = tunnel.cpuSeconds();
            Measure.Transfer transfer = measure.tcp(Lab.CLIENT, to, address, options);
            programs = tunnel.cpuSeconds() - programs;
            machine = Measure.machineSeconds() - machine;
            results.add(STREAM, row, "Mbit/s", transfer.megabitsPerSecond());
            results.add(STREAM, row, "machine CPU s/GB", machine / transfer.gigabytes());
            if (tunnel.server != null) {
                results.add(STREAM, row, "CPU s/GB", programs / transfer.gigabytes());
                results.add(STREAM, row, "server MB", Measure.megabytes(tunnel.server, "VmHWM"));
                results.add(STREAM, row, "client MB", Measure.megabytes(tunnel.client, "VmHWM"));
            }
        } catch (IOException e) {
            results.fail(STREAM, row, e);
        }
    }

    private void packets() {
        packets(Tunnel.NONE, RAW);
        packets(Tunnel.SIMPLEVPN, Tunnel.SIMPLEVPN.name());
        packets(Tunnel.NO_OFFLOAD, Tunnel.NO_OFFLOAD.name());
        PEERS.forEach(kind -> packets(kind, kind.name()));
    }

    private void packets(Tunnel.Kind kind, String row) {
        with(kind, Lab.LINK_ADDRESS, PACKETS, List.of(row), tunnel -> {
            Measure.RoundTrips idle = measure.ping(Lab.CLIENT, tunnel.target, 0.002, 1500);
            results.add(PACKETS, row, "ping p50 ms", idle.median());
            results.add(PACKETS, row, "ping p99 ms", idle.p99());
            results.add(PACKETS, row, "packets/s", measure.packetRate(tunnel));
        });
    }

    /** The row of the section "wan" for a tunnel and a loss. */
    static String wanRow(Tunnel.Kind kind, String loss) {
        return (kind == Tunnel.NONE ? "no tunnel (cubic)" : kind.name()) + ", " + loss + " % loss";
    }

    private void wan(String loss) {
        for (Tunnel.Kind kind : List.of(Tunnel.NONE, Tunnel.SIMPLEVPN)) {
            String row = wanRow(kind, loss);
            Process line = null;
            try {
                line = new ProcessBuilder("build/bench/wan", lab.netns(Lab.SERVER), lab.netns(Lab.CLIENT),
                        Double.toString(WAN_MEGABITS), Integer.toString(WAN_DELAY), Integer.toString(WAN_QUEUE), loss)
                        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
                Tunnel.pause(300);
                with(kind, Lab.WAN_ADDRESS, WAN, List.of(row), tunnel -> {
                    Measure.Load load = measure.load(Lab.CLIENT, Lab.SERVER, tunnel.target);
                    results.add(WAN, row, "Mbit/s", load.megabitsPerSecond());
                    results.add(WAN, row, "ping p50 ms", load.roundTrips().median());
                    results.add(WAN, row, "ping p99 ms", load.roundTrips().p99());
                    results.add(WAN, row, "pings lost %", load.roundTrips().lostPercent());
                });
            } catch (IOException e) {
                results.fail(WAN, row, e);
            } finally {
                Lab.stop(line);
            }
        }
    }

    /** One client talks to the server; of more, one talks to another. All but these are silent. */
    private void crowd(int clients) {
        String row = crowdRow(clients);
        with(Tunnel.SIMPLEVPN, Lab.LINK_ADDRESS, CROWD, List.of(row), tunnel -> {
            Process silent = null;
            try {
                if (clients > 1) {
                    tunnel.addSecond();
                }
                if (clients > 2) {
                    silent = startCrowd(clients - 2);
                }
                Tunnel.pause(500);
                results.add(CROWD, row, "idle MB", Measure.megabytes(tunnel.server, "VmRSS"));
                double cpu = Measure.cpuSeconds(tunnel.server);
                Measure.Transfer transfer = clients == 1
                        ? measure.tcp(Lab.CLIENT, Lab.SERVER, tunnel.target)
                        : measure.tcp(Lab.CLIENT, Lab.SECOND, Tunnel.SECOND_ADDRESS);
                cpu = Measure.cpuSeconds(tunnel.server) - cpu;
                results.add(CROWD, row, "Mbit/s", transfer.megabitsPerSecond());
                results.add(CROWD, row, "server CPU s/GB", cpu / transfer.gigabytes());
                results.add(CROWD, row, "peak MB", Measure.megabytes(tunnel.server, "VmHWM"));
            } finally {
                Lab.stop(silent);
            }
        });
    }

    /** The row of the section "crowd" for a number of clients. */
    static String crowdRow(int clients) {
        return clients == 1 ? "1 (to the server)" : "%,d".formatted(clients);
    }

    private Process startCrowd(int clients) throws IOException {
        Process crowd = lab.begin(Lab.SECOND, ProcessHandle.current().info().command().orElseThrow(), "-cp",
                System.getProperty("java.class.path"), Crowd.class.getName(), Lab.SECOND_LINK_ADDRESS,
                Integer.toString(clients));
        BufferedReader output = new BufferedReader(
                new InputStreamReader(crowd.getInputStream(), StandardCharsets.UTF_8));
        String line = output.readLine();
        if (!"ready".equals(line)) {
            Lab.stop(crowd);
            throw new IOException("the silent clients: " + line);
        }
        return crowd;
    }
}
