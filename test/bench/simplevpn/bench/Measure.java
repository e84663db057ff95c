package simplevpn.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What is measured, and with what: iperf3 and ping on the hosts of a {@link Lab}, and the kernel's books in /proc. */
final class Measure {
    /** A transfer: its rate after the seconds that are not counted, and all the bytes that were moved. */
    record Transfer(double megabitsPerSecond, double gigabytes) {}

    /** Round trip times in milliseconds of the packets that came back, and how many did not. */
    record RoundTrips(double median, double p99, double lostPercent) {}

    /** A flow of UDP packets: how many arrived per second, and which part did not. */
    private record Packets(double perSecond, double lossPercent) {}

    /**
     * iperf3's option for the congestion control that most of the world's streams use, whatever the default here is.
     */
    static final String[] CUBIC = {"-C", "cubic"};
    private static final double TOLERATED_LOSS = 0.1;
    private static final Pattern RATE = Pattern.compile(
            "\"sum_received(?:_bidir_reverse)?\":\\s*\\{[^}]*\"bits_per_second\":\\s*([0-9.e+]+)");
    private static final Pattern INTERVAL = Pattern.compile(
            "\"sum(?:_bidir_reverse)?\":\\s*\\{[^}]*\"bytes\":\\s*(\\d+)[^}]*\"omitted\"");
    private static final Pattern DATAGRAMS = Pattern.compile(
            "\"sum\":\\s*\\{[^}]*\"seconds\":\\s*([0-9.e+]+)[^}]*\"lost_packets\":\\s*(-?\\d+),\\s*"
                    + "\"packets\":\\s*(\\d+)[^}]*\"sender\"");
    private static final Pattern ERROR = Pattern.compile("\"error\":\\s*\"([^\"]*)\"");
    private static final Pattern TIME = Pattern.compile(" time=([0-9.]+) ms");

    private final Lab lab;
    private final int seconds;

    Measure(Lab lab, int seconds) {
        this.lab = lab;
        this.seconds = seconds;
    }

    /** One iperf3 TCP run of this bench's usual length. */
    Transfer tcp(String from, String to, String address, String... options) throws IOException {
        return transfer(iperf(from, to, address, seconds, 1, options).await());
    }

    /** A bulk transfer (cubic) of at least 15 s after 3 s of slow start, with a ping every 20 ms beside it. */
    Load load(String from, String to, String address) throws IOException {
        int length = Math.max(15, seconds);
        Iperf bulk = iperf(from, to, address, length, 3, CUBIC);
        Tunnel.pause(3000);
        RoundTrips trips = ping(from, address, 0.02, (length - 1) * 50);
        return new Load(transfer(bulk.await()).megabitsPerSecond, trips);
    }

    record Load(double megabitsPerSecond, RoundTrips roundTrips) {}

    RoundTrips ping(String from, String address, double interval, int count) throws IOException {
        String output = lab.output((int) (interval * count) + 20, from, "ping", "-n", "-i", Double.toString(interval),
                "-c", Integer.toString(count), "-W", "3", address);
        double[] times = TIME.matcher(output).results().mapToDouble(r -> Double.parseDouble(r.group(1))).sorted().toArray();
        if (times.length == 0) {
            throw new IOException("ping: no answer");
        }
        return new RoundTrips(times[times.length / 2], times[times.length * 99 / 100],
                100.0 * (count - times.length) / count);
    }

    /**
     * The highest rate of UDP packets with 64 bytes of payload, client to server, at which less than 0.1 % is lost:
     * bisection of the offered rate between 5,000 and 400,000 a second in seven steps, each of them one second
     * long and tried twice at most; the best arriving rate of those that passed.
     */
    double packetRate(Tunnel tunnel) throws IOException {
        double low = 5_000;
        double high = 400_000;
        double best = 0;
        for (int step = 0; step < 7; step++) {
            double offered = Math.sqrt(low * high);
            Packets packets = datagrams(tunnel, offered);
            if (packets.lossPercent >= TOLERATED_LOSS) {
                packets = datagrams(tunnel, offered);
            }
            if (packets.lossPercent < TOLERATED_LOSS) {
                best = Math.max(best, packets.perSecond);
                low = offered;
            } else {
                high = offered;
            }
        }
        if (best == 0) {
            throw new IOException("more than " + TOLERATED_LOSS + " % was lost at every rate");
        }
        return best;
    }

    private Packets datagrams(Tunnel tunnel, double perSecond) throws IOException {
        // A short pacing interval: with the default of a millisecond the rate is one of bursts, and the queues' length
        // is what is measured.
        String json = iperf(Lab.CLIENT, Lab.SERVER, tunnel.target, 1, 0, "-u", "-l", "64",
                "-b", Long.toString((long) perSecond * 64 * 8), "--pacing-timer", "50").await();
        Matcher matcher = find(DATAGRAMS, json);
        double packets = Double.parseDouble(matcher.group(3));
        double lost = Double.parseDouble(matcher.group(2));
        return new Packets((packets - lost) / Double.parseDouble(matcher.group(1)), 100 * lost / packets);
    }

    private static Transfer transfer(String json) throws IOException {
        double rate = 0;
        for (Matcher sum = find(RATE, json).reset(); sum.find();) {
            rate += Double.parseDouble(sum.group(1)) / 1e6;
        }
        double bytes = 0;
        for (Matcher interval = find(INTERVAL, json).reset(); interval.find();) {
            bytes += Double.parseDouble(interval.group(1));
        }
        return new Transfer(rate, bytes / 1e9);
    }

    private static Matcher find(Pattern pattern, String json) throws IOException {
        Matcher error = ERROR.matcher(json);
        if (error.find()) {
            throw new IOException("iperf3: " + error.group(1));
        }
        Matcher matcher = pattern.matcher(json);
        if (!matcher.find()) {
            throw new IOException("iperf3 printed no result");
        }
        return matcher;
    }

    /** A running iperf3 client and its server. */
    private record Iperf(Process server, Process client, int seconds) {
        String await() throws IOException {
            try {
                return Lab.finish(client, seconds + 15, false);
            } finally {
                Lab.stop(server);
            }
        }
    }

    private Iperf iperf(String from, String to, String address, int length, int omit, String... options)
            throws IOException {
        Process server = lab.begin(to, "iperf3", "-s", "-4", "-1", "--forceflush");
        try {
            BufferedReader output = new BufferedReader(
                    new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
            for (String line = ""; !line.contains("listening"); line = output.readLine()) {
                if (line == null) {
                    throw new IOException("iperf3: the server did not start");
                }
            }
            List<String> command = new ArrayList<>(List.of("iperf3", "-J", "-c", address, "-t",
                    Integer.toString(length), "-O", Integer.toString(omit), "--connect-timeout", "5000"));
            command.addAll(List.of(options));
            return new Iperf(server, lab.begin(from, command.toArray(String[]::new)), length + omit);
        } catch (IOException e) {
            Lab.stop(server);
            throw e;
        }
    }

    /** CPU seconds that a program and what it forked have used. */
    static double cpuSeconds(Process process) throws IOException {
        double ticks = 0;
        for (ProcessHandle member : family(process)) {
            String stat = Files.readString(Path.of("/proc", Long.toString(member.pid()), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            ticks += Double.parseDouble(fields[11]) + Double.parseDouble(fields[12]); // utime, stime
        }
        return ticks / 100; // USER_HZ
    }

    /** CPU seconds that this whole machine has used, interrupts included: also what the kernel did on behalf. */
    static double machineSeconds() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            String[] fields = lines.findFirst().orElseThrow().split(" +");
            double ticks = 0;
            for (int field : new int[] {1, 2, 3, 6, 7}) { // user, nice, system, irq, softirq
                ticks += Double.parseDouble(fields[field]);
            }
            return ticks / 100;
        }
    }

    /**
     * A memory figure in megabytes (10^6 bytes), of the largest process if it forked: VmRSS, for the peak VmHWM, or
     * another of /proc/PID/status; or Pss, in which each page shared with other processes counts in part, of
     * smaps_rollup.
     */
    static double megabytes(Process process, String field) throws IOException {
        double largest = 0;
        for (ProcessHandle member : family(process)) {
            Path books = Path.of("/proc", Long.toString(member.pid()), field.equals("Pss") ? "smaps_rollup" : "status");
            for (String line : Files.readAllLines(books)) {
                if (line.startsWith(field + ":")) {
                    largest = Math.max(largest, fromKibibytes(Double.parseDouble(line.replaceAll("\\D", ""))));
                }
            }
        }
        return largest;
    }

    /** Megabytes of what the kernel calls kB, which are 1,024 bytes. */
    static double fromKibibytes(double kibibytes) {
        return kibibytes * 1024 / 1e6;
    }

    private static List<ProcessHandle> family(Process process) {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    }
}
