package simplevpn.bench;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * What the programs take of a small machine: flash, memory, and time to start; beside the JDK's own VM and the peers.
 * As in {@link Bench} each round measures everything once, in turns; {@link FootprintReport} shows the medians.
 */
final class Footprint {
    /** Rows are tunnels, and the targets' packages (see the methods below); the one column is {@link #MEGABYTES}. */
    static final String DISK = "disk";
    /** Rows are tunnels; columns {@link #LISTENING} and {@link #THROUGH}. */
    static final String START = "start";
    /** Rows are a tunnel's program in a state (see {@link #state}); columns are those of {@link #BOOKS}. */
    static final String MEMORY = "memory";

    static final String MEGABYTES = "MB";
    static final String LISTENING = "server listening ms";
    static final String THROUGH = "first ping through ms";
    static final String RESIDENT = "RSS MB";
    static final String PEAK = "peak RSS MB";
    /** Columns, and where the kernel has them. */
    static final Map<String, String> BOOKS = new LinkedHashMap<>();

    static {
        BOOKS.put(RESIDENT, "VmRSS");
        BOOKS.put("PSS MB", "Pss");
        BOOKS.put("anonymous MB", "RssAnon");
        BOOKS.put("files MB", "RssFile");
        BOOKS.put(PEAK, "VmHWM");
    }

    static final List<Tunnel.Kind> KINDS =
            List.of(Tunnel.SIMPLEVPN, Tunnel.TLS, Tunnel.STOCK, Tunnel.STOCK_TLS, Tunnel.OPENVPN_PLAIN,
                    Tunnel.WIREGUARD);
    static final List<String> TARGETS = List.of("x86_64", "aarch64", "armhf");
    static final String CLIENT = "client";
    static final String SERVER = "server";
    static final String IDLE = "idle";
    static final String WITH_CLIENTS = "idle, 10 clients";
    static final String LOADED = "after full speed";
    private static final int CLIENTS = 10;
    /** Milliseconds after which the programs have given back what only their start took: the VM does it every 5 s. */
    static final int SETTLE = 11_000;

    private final Star lab;
    private final Measure measure;
    private final Results results;
    /** The hosts of the clients that are only there. */
    private final List<Host> crowd = new ArrayList<>();

    private Footprint(Star lab, int seconds, Results results) {
        this.lab = lab;
        this.measure = new Measure(lab, seconds);
        this.results = results;
        for (int i = 1; i < CLIENTS; i++) {
            crowd.add(lab.addHost("idle" + i));
        }
    }

    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        int rounds = 3;
        int runs = 11;
        int seconds = 10;
        String own = null;
        List<String> built = new ArrayList<>();
        try {
            for (Iterator<String> words = List.of(arguments).iterator(); words.hasNext();) {
                String word = words.next();
                switch (word) {
                    case "--rounds" -> rounds = Integer.parseInt(words.next());
                    case "--runs" -> runs = Integer.parseInt(words.next());
                    case "--seconds" -> seconds = Integer.parseInt(words.next());
                    default -> {
                        if (!TARGETS.contains(word)) {
                            throw new NoSuchElementException();
                        } else if (own == null) {
                            own = word;
                        } else {
                            built.add(word);
                        }
                    }
                }
            }
            if (rounds < 1 || runs < 1 || seconds < 1 || own == null) {
                throw new NoSuchElementException();
            }
        } catch (NoSuchElementException | NumberFormatException e) {
            System.err.println("usage: test/bench/footprint [--rounds N] [--runs N] [--seconds S]");
            System.exit(2);
        }

        Results results = new Results();
        sizes(results, own, built);
        try (Star lab = new Star()) {
            Footprint footprint = new Footprint(lab, seconds, results);
            for (int run = 1; run <= runs; run++) {
                System.out.printf("Start %d of %d%n", run, runs);
                KINDS.forEach(footprint::start);
            }
            for (int round = 1; round <= rounds; round++) {
                System.out.printf("Memory, round %d of %d%n", round, rounds);
                KINDS.forEach(footprint::memory);
            }
        } catch (LabException e) {
            Lab.giveUp(e);
        }

        // Only what was measured in full goes where it is published.
        boolean isFull = rounds >= 3 && runs >= 11 && seconds >= 10;
        Path file = Path.of(isFull ? "test/bench" : "build/bench", "footprint.md");
        String report = new FootprintReport(results, own, rounds, runs, seconds).markdown();
        Files.writeString(file, report);
        System.out.println();
        System.out.print(report);
        System.out.println("\nWritten: " + file);
    }

    /** The row of a target's run-time image in the section "disk". */
    static String imageRow(String target) {
        return "image " + target;
    }

    /** The row of a target's package in the section "disk". */
    static String packageRow(String target) {
        return "package " + target;
    }

    /** The row of a program in the section "memory". */
    static String state(String tunnel, String program, String state) {
        return tunnel + ", " + program + " " + state;
    }

    /** Something that is measured in files, and may not be there. */
    private interface Size {
        double bytes() throws IOException;
    }

    private static void sizes(Results results, String own, List<String> built) {
        for (String target : built) {
            size(results, imageRow(target), () -> bytes(image("", target)));
            size(results, packageRow(target), () -> {
                String version = Command.run(60, "./srv", "--version").ok().output().split(" ")[1];
                return Files.size(Path.of("build/dist/simplevpn-" + version + "-" + target + ".tar.xz"));
            });
        }
        size(results, Tunnel.SIMPLEVPN.name(), () -> bytes(image("", own)));
        size(results, Tunnel.STOCK.name(), () -> bytes(image("build/stock", own)));
        size(results, Tunnel.OPENVPN_PLAIN.name(), () -> installed("openvpn"));
        size(results, Tunnel.WIREGUARD.name(),
                () -> bytes(Path.of("build/bench/wireguard-go")) + installed("wireguard-tools"));
    }

    private static void size(Results results, String row, Size size) {
        try {
            results.add(DISK, row, MEGABYTES, size.bytes() / 1e6);
        } catch (IOException | LabException e) {
            results.fail(DISK, row, e);
        }
    }

    /** The folder of a target's run-time image, under the copy of the tree at {@code top}. */
    static Path image(String top, String target) {
        return Path.of(top, "build", target, "image");
    }

    private static double installed(String name) {
        return Double.parseDouble(Command.run(60, "test/bench/installed-size", name).ok().output().strip());
    }

    /** The sum of the sizes of all files in a folder. */
    private static long bytes(Path folder) throws IOException {
        long[] sum = {0};
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                sum[0] += attributes.isRegularFile() ? attributes.size() : 0;
                return FileVisitResult.CONTINUE;
            }
        });
        return sum[0];
    }

    private static boolean isOurs(Tunnel.Kind kind) {
        return kind == Tunnel.SIMPLEVPN || kind == Tunnel.TLS || kind == Tunnel.STOCK || kind == Tunnel.STOCK_TLS;
    }

    private void start(Tunnel.Kind kind) {
        try (Tunnel tunnel = kind.start(lab, Star.LINK_ADDRESS)) {
            if (isOurs(kind)) {
                results.add(START, kind.name(), LISTENING, lab.milliseconds(tunnel.server));
            }
            results.add(START, kind.name(), THROUGH, lab.milliseconds(tunnel.client));
        } catch (LabException e) {
            results.fail(START, kind.name(), e);
        }
    }

    private void memory(Tunnel.Kind kind) {
        try (Tunnel tunnel = kind.start(lab, Star.LINK_ADDRESS)) {
            Wait.pause(SETTLE);
            memory(kind, CLIENT, IDLE, tunnel.client);
            memory(kind, SERVER, IDLE, tunnel.server);
            if (isOurs(kind)) {
                int last = 10;
                for (Host host : crowd) {
                    tunnel.addClient(host, "10.0.0." + ++last);
                }
                Wait.pause(SETTLE);
                memory(kind, SERVER, WITH_CLIENTS, tunnel.server);
            }
            measure.tcp(lab.client, lab.server, tunnel.target, "--bidir");
            memory(kind, CLIENT, LOADED, tunnel.client);
            memory(kind, SERVER, LOADED, tunnel.server);
        } catch (LabException e) {
            results.fail(MEMORY, kind.name(), e);
        }
    }

    private void memory(Tunnel.Kind kind, String program, String state, Program process) {
        for (Map.Entry<String, String> book : BOOKS.entrySet()) {
            results.add(MEMORY, state(kind.name(), program, state), book.getKey(),
                    Measure.megabytes(process, book.getValue()));
        }
    }
}
