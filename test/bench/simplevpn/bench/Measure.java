package simplevpn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Iperf;
import simplevpn.harness.LabException;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** What is measured, and with what: iperf3 and ping on the hosts of a {@link Star}, and the kernel's books in /proc. */
final class Measure {
    /** Round trip times in milliseconds of the packets that came back, and how many did not. */
    record RoundTrips(double median, double p99, double lostPercent) { }

    /**
     * iperf3's option for the congestion control that most of the world's streams use, whatever the default here is.
     */
    static final String[] CUBIC = {"-C", "cubic"};
    /** Fields of /proc/PID/stat (proc_pid_stat(5)), counted from the one behind the name. */
    static final int UTIME = 11;
    static final int STIME = 12;
    /** Of all processors that Linux runs on but Alpha and IA-64. */
    private static final double USER_HZ = 100;
    private static final double TOLERATED_LOSS = 0.1;
    private static final Pattern TIME = Pattern.compile(" time=([0-9.]+) ms");

    private final Star lab;
    private final int seconds;

    Measure(Star lab, int seconds) {
        this.lab = lab;
        this.seconds = seconds;
    }

    /** One iperf3 TCP run of this bench's usual length. */
    Iperf.Transfer tcp(Host from, Host to, String address, String... options) {
        return new Iperf(lab, from, to, address, seconds, 1, options).transfer();
    }

    /** A bulk transfer (cubic) of at least 15 s after 3 s of slow start, with a ping every 20 ms beside it. */
    Load load(Host from, Host to, String address) {
        int length = Math.max(15, seconds);
        Iperf bulk = new Iperf(lab, from, to, address, length, 3, CUBIC);
        Wait.pause(3000);
        RoundTrips trips = ping(from, address, 0.02, (length - 1) * 50);
        return new Load(bulk.transfer().megabitsPerSecond(), trips);
    }

    record Load(double megabitsPerSecond, RoundTrips roundTrips) { }

    RoundTrips ping(Host from, String address, double interval, int count) {
        String output = from.run((int) (interval * count) + 20, "ping", "-n", "-i", Double.toString(interval),
                "-c", Integer.toString(count), "-W", "3", address).output();
        double[] times = TIME.matcher(output).results().mapToDouble(r -> Double.parseDouble(r.group(1)))
                .sorted().toArray();
        if (times.length == 0) {
            throw new LabException("ping: no answer");
        }
        return new RoundTrips(times[times.length / 2], times[times.length * 99 / 100],
                100.0 * (count - times.length) / count);
    }

    /**
     * The highest rate of UDP packets with 64 bytes of payload, from the client to an address of another host
     * ({@code -R} as an option: back), at which less than 0.1 % is lost:
     * bisection of the offered rate between 5,000 and 400,000 a second in seven steps, each of them one second
     * long and tried twice at most; the best arriving rate of those that passed.
     */
    double packetRate(Host to, String address, String... options) {
        double low = 5_000;
        double high = 400_000;
        double best = 0;
        for (int step = 0; step < 7; step++) {
            double offered = Math.sqrt(low * high);
            Iperf.Datagrams packets = datagrams(to, address, offered, options);
            if (packets.lossPercent() >= TOLERATED_LOSS) {
                packets = datagrams(to, address, offered, options);
            }
            if (packets.lossPercent() < TOLERATED_LOSS) {
                best = Math.max(best, packets.perSecond());
                low = offered;
            } else {
                high = offered;
            }
        }
        if (best == 0) {
            throw new LabException("more than " + TOLERATED_LOSS + " % was lost at every rate");
        }
        return best;
    }

    private Iperf.Datagrams datagrams(Host to, String address, double perSecond, String... options) {
        // A short pacing interval: with the default of a millisecond the rate is one of bursts, and the queues' length
        // is what is measured.
        return new Iperf(lab, lab.client, to, address, 1, 0, Command.words(List.of("-u", "-l", "64",
                "-b", Long.toString((long) (perSecond * 64 * 8)), "--pacing-timer", "50"), options)
                .toArray(String[]::new)).datagrams();
    }

    /** CPU seconds that a program and what it forked have used. */
    static double cpuSeconds(Program program) {
        double seconds = 0;
        for (String stat : program.proc("stat")) {
            seconds += cpuSeconds(stat, UTIME) + cpuSeconds(stat, STIME);
        }
        return seconds;
    }

    /** Seconds in a field of a process's /proc/PID/stat. */
    static double cpuSeconds(String stat, int field) {
        return Double.parseDouble(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[field]) / USER_HZ;
    }

    /** Seconds for which the busiest thread of a program that forks nothing was ready to run, but others did. */
    static double waitedSeconds(Program program) {
        double most = 0;
        double waited = 0;
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(program.pid()), "task"))) {
            for (Path thread : threads.toList()) {
                String[] fields = Files.readString(thread.resolve("schedstat")).split(" ");
                double ran = Double.parseDouble(fields[0]);
                if (ran > most) {
                    most = ran;
                    waited = Double.parseDouble(fields[1]);
                }
            }
        } catch (IOException e) {
            throw new LabException("reading a file: " + e, e);
        }
        return waited / 1e9;
    }

    /** CPU seconds that this whole machine has used, interrupts included: also what the kernel did on behalf. */
    static double machineSeconds() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            return machineSeconds(lines.findFirst().orElseThrow());
        } catch (IOException e) {
            throw new LabException("reading a file: " + e, e);
        }
    }

    /** The same by a machine's /proc/stat, of which it is the first line. */
    static double machineSeconds(String line) {
        String[] fields = line.split(" +");
        double ticks = 0;
        for (int field : new int[] {1, 2, 3, 6, 7}) { // user, nice, system, irq, softirq
            ticks += Double.parseDouble(fields[field]);
        }
        return ticks / USER_HZ;
    }

    /**
     * A memory figure in megabytes (10^6 bytes), of the largest process if it forked: VmRSS, for the peak VmHWM, or
     * another of /proc/PID/status; or Pss, in which each page shared with other processes counts in part, of
     * smaps_rollup.
     */
    static double megabytes(Program program, String field) {
        double largest = 0;
        for (String books : program.proc(field.equals("Pss") ? "smaps_rollup" : "status")) {
            for (String line : books.lines().filter(line -> line.startsWith(field + ":")).toList()) {
                largest = Math.max(largest, fromKibibytes(Double.parseDouble(line.replaceAll("\\D", ""))));
            }
        }
        return largest;
    }

    /** Megabytes of what the kernel calls kB, which are 1,024 bytes. */
    static double fromKibibytes(double kibibytes) {
        return kibibytes * 1024 / 1e6;
    }
}
