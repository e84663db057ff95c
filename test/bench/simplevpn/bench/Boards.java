package simplevpn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import simplevpn.harness.Board;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Iperf;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;
import simplevpn.harness.Lan;
import simplevpn.harness.Program;

/**
 * One stream on a board in the emulator, through this tunnel and through OpenVPN, whose clients run on it side by side
 * and are measured in turns. The servers are this machine's own. An emulated processor's speed is nothing like a real
 * one's, and what the emulator gets of this machine changes: what counts are ratios, each of one round.
 */
final class Boards {
    private static final int MEMORY = 256;
    /** Seconds for what an emulated board does once: to boot, a handshake. */
    private static final int PATIENCE = 240;
    private static final int SECONDS = 4;
    /** Seconds before those, and of a run that is not counted: what comes first compiles. */
    private static final int WARM = 1;
    private static final int FIRST = 8;

    private static final String RATE = "Mbit/s";
    static final String RATIO = "to OpenVPN";
    private static final String OUTSIDE = "no tunnel";
    static final String PLAIN = "simplevpn";
    static final String KEYED = "simplevpn with keys";
    private static final String OPENVPN = "OpenVPN (TCP)";

    private static final String FORTH = ", from the board";
    private static final String BACK = ", to the board";
    static final List<String> DIRECTIONS = List.of(FORTH, BACK);

    /** Where the board's programs are not the disk's, but those of its root of packages. */
    private static final String CHROOT = "chroot /packages ";

    private final Results results;
    private final String target;
    private final Lan lan;
    private final Host hub;
    private final Board board;
    /** What there is to measure by its name. */
    private final Map<String, Way> ways = new LinkedHashMap<>();
    private final List<Program> servers = new ArrayList<>();

    /** An address of the server's, and the number of the process on the board that leads there, or 0. */
    private record Way(String server, int process) { }

    private Boards(Results results, String target, Lan lan) {
        this.results = results;
        this.target = target;
        this.lan = lan;
        hub = lan.host(0);
        servers.add(lan.start(hub, "srv", "-i", "tun0"));
        servers.getFirst().awaitLine("listening on", PATIENCE);
        board = new Board(lan, hub, lan.host(1), target, MEMORY, "cli");
    }

    /** Arguments: the rounds, and the boards. */
    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        int rounds = Integer.parseInt(arguments[0]);
        List<String> targets = List.of(arguments).subList(1, arguments.length);
        Results results = new Results();
        Map<String, String> versions = new LinkedHashMap<>();
        for (String target : targets) {
            try (Lan lan = new Lan("hub", "board")) {
                Boards boards = new Boards(results, target, lan);
                try {
                    versions.put(target, boards.run(rounds));
                } catch (LabException e) {
                    System.err.println(lan.logs());
                    throw e;
                } finally {
                    boards.servers.forEach(Program::dismiss);
                    boards.board.console.dismiss();
                }
            } catch (LabException e) {
                Lab.giveUp(e);
            }
        }
        // Only what was measured in full goes where it is published.
        Path folder = Path.of(targets.size() > 1 && rounds >= 3 ? "test/bench" : "build/bench");
        Files.createDirectories(folder);
        String page = new BoardsReport(results, rounds, SECONDS, versions).markdown();
        Files.writeString(folder.resolve("boards.md"), page);
        System.out.print(page);
    }

    /** Measures everything on a board that has been turned on; returns what it runs. */
    private String run(int rounds) throws IOException {
        board.await("an address for the board", PATIENCE, () -> servers.getFirst().said("assigned 10\\.0\\.0\\.2 "));
        board.tell("connected");
        board.ask("for each in dev proc tmp; do mount --bind /$each /packages/$each; done");
        ways.put(OUTSIDE, new Way(hub.outer4, 0));
        ways.put(PLAIN, new Way("10.0.0.1", Integer.parseInt(board.ask("cat /run/simplevpn-cli.pid").strip())));
        ways.put(KEYED, keyed());
        ways.put(OPENVPN, openvpn());
        for (Map.Entry<String, Way> way : ways.entrySet()) {
            for (String direction : DIRECTIONS) {
                stream(way.getValue(), FIRST, direction);
            }
            board.tell("warm: " + way.getKey());
        }
        for (int round = 1; round <= rounds; round++) {
            System.out.printf("%s, round %d of %d%n", target, round, rounds);
            round();
        }
        return board.ask("echo Linux $(uname -r); simplevpn-cli --version; simplevpn-cli --status --json |"
                + " grep -o 'cipher\": \"[^\"]*' | tr -d '\"'; " + CHROOT + "openvpn --version | head -n 1")
                + servers.getLast().lines().stream().filter(line -> line.contains("Data Channel: cipher"))
                        .findFirst().orElse("").replaceFirst(".*Data Channel: (.*), peer-id.*", "$1");
    }

    private Way keyed() throws IOException {
        String pin = Tunnel.pin(lan, "server");
        String peers = Lab.TOP.relativize(lan.write("keys/peers", Tunnel.pin(lan, "board") + " board\n")).toString();
        servers.add(lan.start(hub, "srv", "-i", "tun1", "-p", "2003", "-n", "10.1.0.0/16", "--key",
                Tunnel.key(lan, "server").toString(), "--peers", peers));
        servers.getLast().awaitLine("listening on", PATIENCE);
        give(Tunnel.key(lan, "board"), "/run/key");
        return start("10.1.0.1", List.of("simplevpn-cli", "-i", "tun1", "-s", hub.outer4, "-p", "2003", "--key",
                "/run/key", "--server-pin", pin));
    }

    private Way openvpn() throws IOException {
        Openvpn openvpn = new Openvpn(lan, "tun2", "10.2.0.1", "10.2.0.2");
        servers.add(lan.start(hub, Command.words(openvpn.server(Tunnel.which("openvpn")), "--verb", "3")));
        servers.getLast().awaitLine("Listening for incoming TCP connection", PATIENCE);
        give(openvpn.folder.resolve(Openvpn.KEY), "/tmp/" + Openvpn.KEY);
        give(openvpn.folder.resolve(Openvpn.CERTIFICATE), "/tmp/" + Openvpn.CERTIFICATE);
        return start("10.2.0.1", openvpn.client(CHROOT + "openvpn", "/tmp", hub.outer4));
    }

    /** Copies a file to the board, for its owner alone. */
    private void give(Path file, String to) throws IOException {
        board.ask("umask 077; cat >" + to + " <<'END'\n" + Files.readString(file).strip() + "\nEND\n:");
    }

    /** Starts a client on the board and waits until it reaches its server. */
    private Way start(String server, List<String> command) throws IOException {
        int process = Integer.parseInt(board.ask("setsid " + String.join(" ", command)
                + " </dev/null >/dev/console 2>&1 & echo $!").strip());
        hub.awaitPing(server.replaceFirst(".$", "2"), PATIENCE);
        board.tell("connected: " + command.getFirst());
        return new Way(server, process);
    }

    private void round() {
        for (String direction : DIRECTIONS) {
            Map<String, Double> rates = new LinkedHashMap<>();
            ways.forEach((name, way) -> {
                try {
                    Stream stream = stream(way, SECONDS, direction);
                    rates.put(name, stream.transfer.megabitsPerSecond());
                    results.add(target, name + direction, RATE, stream.transfer.megabitsPerSecond());
                    stream.seconds.forEach((column, seconds) ->
                            results.add(target, name + direction, column, seconds / stream.transfer.gigabytes()));
                    results.add(target, name + direction, BoardsReport.WAITED, stream.waited * 100);
                } catch (LabException | IOException e) {
                    results.fail(target, name + direction, e);
                }
            });
            for (String name : List.of(PLAIN, KEYED)) {
                if (rates.containsKey(name) && rates.containsKey(OPENVPN)) {
                    results.add(target, name + direction, RATIO, rates.get(name) / rates.get(OPENVPN));
                }
            }
        }
    }

    /**
     * A transfer, processor time that the board used for it by the names of columns, and the part of the time in which
     * the emulator would have run, but this machine did something else.
     */
    private record Stream(Iperf.Transfer transfer, Map<String, Double> seconds, double waited) { }

    private Stream stream(Way way, int seconds, String direction) throws IOException {
        Program server = Iperf.server(lan, hub, "-4");
        try {
            List<String> client = Iperf.client(way.server, seconds, WARM);
            String books = "grep '^cpu ' /proc/stat; cat /proc/" + way.process + "/stat; ";
            double waited = -Measure.waitedSeconds(board.console);
            long start = System.nanoTime();
            String output = board.ask(books + CHROOT + String.join(" ", client)
                    + (direction.equals(BACK) ? " -R; " : "; ") + books);
            waited += Measure.waitedSeconds(board.console);
            waited /= (System.nanoTime() - start) / 1e9;
            Map<String, Double> used = new LinkedHashMap<>();
            if (way.process != 0) {
                List<String> stats = output.lines().filter(line -> line.startsWith(way.process + " (")).toList();
                used.put(BoardsReport.USER, difference(stats.stream().map(line ->
                        Measure.cpuSeconds(line, Measure.UTIME)).toList()));
                used.put(BoardsReport.SYSTEM, difference(stats.stream().map(line ->
                        Measure.cpuSeconds(line, Measure.STIME)).toList()));
            }
            used.put(BoardsReport.BOARD, difference(output.lines().filter(line -> line.startsWith("cpu "))
                    .map(Measure::machineSeconds).toList()));
            return new Stream(Iperf.Transfer.of(output), used, waited);
        } finally {
            server.dismiss();
        }
    }

    private static double difference(List<Double> values) {
        return Collections.max(values) - Collections.min(values);
    }
}
