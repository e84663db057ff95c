package simplevpn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
import simplevpn.harness.Host;
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
    /** Seconds after which all silent clients have to be connected. */
    private static final int CROWD_START = 60;
    private static final int WAN_QUEUE = 100_000; // bytes: the product of rate and round trip time

    private final Star lab;
    private final Measure measure;
    private final Results results = new Results();
    private final String only;

    private Bench(Star lab, int seconds, String only) {
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
        void on(Tunnel tunnel);
    }

    /** Sets the tunnel up, measures, and tears it down; a failure at the set-up is a failure of every row. */
    private void with(Tunnel.Kind kind, String server, String section, List<String> rows, Step step) {
        try (Tunnel tunnel = kind.start(lab, server)) {
            step.on(tunnel);
        } catch (LabException e) {
            rows.forEach(row -> results.fail(section, row, e));
        }
    }

    private void streams() {
        String rawCubic = RAW + WITH_CUBIC;
        with(Tunnel.NONE, Star.LINK_ADDRESS, STREAM, List.of(RAW, rawCubic), tunnel -> {
            stream(tunnel, RAW, lab.server, tunnel.target);
            stream(tunnel, rawCubic, lab.server, tunnel.target, Measure.CUBIC);
        });
        String simplevpn = Tunnel.SIMPLEVPN.name();
        List<String> rows = List.of(simplevpn + FORTH, simplevpn + BACK, simplevpn + ", both directions at once",
                simplevpn + ", 8 streams", simplevpn + FORTH + WITH_CUBIC);
        with(Tunnel.SIMPLEVPN, Star.LINK_ADDRESS, STREAM, rows, tunnel -> {
            stream(tunnel, rows.get(0), lab.server, tunnel.target);
            stream(tunnel, rows.get(1), lab.server, tunnel.target, "-R");
            stream(tunnel, rows.get(2), lab.server, tunnel.target, "--bidir");
            stream(tunnel, rows.get(3), lab.server, tunnel.target, "-P", "8");
            stream(tunnel, rows.get(4), lab.server, tunnel.target, Measure.CUBIC);
        });
        String between = simplevpn + BETWEEN;
        with(Tunnel.SIMPLEVPN, Star.LINK_ADDRESS, STREAM, List.of(between), tunnel -> {
            tunnel.addSecond();
            stream(tunnel, between, lab.second, Tunnel.SECOND_ADDRESS);
        });
        bothWays(Tunnel.TLS);
        bothWays(Tunnel.NO_OFFLOAD);
        bothWays(Tunnel.CLASSIC);
        PEERS.forEach(this::bothWays);
    }

    private void bothWays(Tunnel.Kind kind) {
        List<String> rows = List.of(kind.name() + FORTH, kind.name() + BACK);
        with(kind, Star.LINK_ADDRESS, STREAM, rows, tunnel -> {
            stream(tunnel, rows.get(0), lab.server, tunnel.target);
            stream(tunnel, rows.get(1), lab.server, tunnel.target, "-R");
        });
    }

    private void stream(Tunnel tunnel, String row, Host to, String address, String... options) {
        try {
            double machine = Measure.machineSeconds();
            double programs = tunnel.cpuSeconds();
            Iperf.Transfer transfer = measure.tcp(lab.client, to, address, options);
            programs = tunnel.cpuSeconds() - programs;
            machine = Measure.machineSeconds() - machine;
            results.add(STREAM, row, "Mbit/s", transfer.megabitsPerSecond());
            results.add(STREAM, row, "machine CPU s/GB", machine / transfer.gigabytes());
            if (tunnel.server != null) {
                results.add(STREAM, row, "CPU s/GB", programs / transfer.gigabytes());
                results.add(STREAM, row, "server MB", Measure.megabytes(tunnel.server, "VmHWM"));
                results.add(STREAM, row, "client MB", Measure.megabytes(tunnel.client, "VmHWM"));
            }
        } catch (LabException e) {
            results.fail(STREAM, row, e);
        }
    }

    private void packets() {
        packets(Tunnel.NONE, RAW);
        packets(Tunnel.SIMPLEVPN, Tunnel.SIMPLEVPN.name());
        packets(Tunnel.TLS, Tunnel.TLS.name());
        packets(Tunnel.NO_OFFLOAD, Tunnel.NO_OFFLOAD.name());
        PEERS.forEach(kind -> packets(kind, kind.name()));
    }

    private void packets(Tunnel.Kind kind, String row) {
        with(kind, Star.LINK_ADDRESS, PACKETS, List.of(row), tunnel -> {
            Measure.RoundTrips idle = measure.ping(lab.client, tunnel.target, 0.002, 1500);
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
            Program line = lab.start(lab.server, "build/bench/wan", lab.server.namespace, lab.client.namespace,
                    Double.toString(WAN_MEGABITS), Integer.toString(WAN_DELAY), Integer.toString(WAN_QUEUE), loss);
            Wait.pause(300);
            with(kind, Star.WAN_ADDRESS, WAN, List.of(row), tunnel -> {
                Measure.Load load = measure.load(lab.client, lab.server, tunnel.target);
                results.add(WAN, row, "Mbit/s", load.megabitsPerSecond());
                results.add(WAN, row, "ping p50 ms", load.roundTrips().median());
                results.add(WAN, row, "ping p99 ms", load.roundTrips().p99());
                results.add(WAN, row, "pings lost %", load.roundTrips().lostPercent());
            });
            if (!line.alive()) {
                results.fail(WAN, row, new LabException("the line ended: " + line.lastLine()));
            }
            line.dismiss();
        }
    }

    /** One client talks to the server; of more, one talks to another. All but these are silent. */
    private void crowd(int clients) {
        String row = crowdRow(clients);
        with(Tunnel.SIMPLEVPN, Star.LINK_ADDRESS, CROWD, List.of(row), tunnel -> {
            Program silent = null;
            try {
                if (clients > 1) {
                    tunnel.addSecond();
                }
                if (clients > 2) {
                    silent = startCrowd(clients - 2);
                }
                Wait.pause(500);
                results.add(CROWD, row, "idle MB", Measure.megabytes(tunnel.server, "VmRSS"));
                double cpu = Measure.cpuSeconds(tunnel.server);
                Iperf.Transfer transfer = clients == 1
                        ? measure.tcp(lab.client, lab.server, tunnel.target)
                        : measure.tcp(lab.client, lab.second, Tunnel.SECOND_ADDRESS);
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
