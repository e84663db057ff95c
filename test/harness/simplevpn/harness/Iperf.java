package simplevpn.harness;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One run of iperf3 between two hosts of a {@link Lab}, and what it measured. */
public final class Iperf {
    /** A TCP transfer: its rate after the seconds that are not counted, and all the bytes that were moved. */
    public record Transfer(double megabitsPerSecond, double gigabytes) {
        /** What iperf3's client measured, by what it printed with the option {@code -J}. */
        public static Transfer of(String json) {
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
    }

    /** A flow of UDP packets: how many arrived per second, and which part did not. */
    public record Datagrams(double perSecond, double lossPercent) { }

    private static final int START = 15;
    private static final Pattern RATE = Pattern.compile(
            "\"sum_received(?:_bidir_reverse)?\":\\s*\\{[^}]*\"bits_per_second\":\\s*([0-9.e+]+)");
    private static final Pattern INTERVAL = Pattern.compile(
            "\"sum(?:_bidir_reverse)?\":\\s*\\{[^}]*\"bytes\":\\s*(\\d+)[^}]*\"omitted\"");
    private static final Pattern DATAGRAMS = Pattern.compile(
            "\"sum\":\\s*\\{[^}]*\"seconds\":\\s*([0-9.e+]+)[^}]*\"lost_packets\":\\s*(-?\\d+),\\s*"
                    + "\"packets\":\\s*(\\d+)[^}]*\"sender\"");
    private static final Pattern ERROR = Pattern.compile("\"error\":\\s*\"([^\"]*)\"");

    private final Program server;
    private final Program client;
    private final int seconds;

    /**
     * Starts it.
     *
     * @param from the host of iperf3's client, which sends unless the options say otherwise
     * @param address of {@code to}, the host of its server
     * @param seconds how long to measure
     * @param omit how many seconds come before those
     * @param options of the client
     */
    public Iperf(Lab lab, Host from, Host to, String address, int seconds, int omit, String... options) {
        this.seconds = omit + seconds;
        server = server(lab, to, address.indexOf(':') < 0 ? "-4" : "-6");
        client = lab.start(from, client(address, seconds, omit, options));
    }

    /** A server for one run, on which it listens; {@code version} is -4 or -6. To be dismissed after the run. */
    public static Program server(Lab lab, Host host, String version) {
        Program server = lab.start(host, List.of("iperf3", "-s", version, "-1", "--forceflush"));
        server.awaitLine("listening", START);
        return server;
    }

    /** The command of a client, which prints what {@link Transfer#of} takes. */
    public static List<String> client(String address, int seconds, int omit, String... options) {
        return Command.words(List.of("iperf3", "-J", "-c", address, "-t", Integer.toString(seconds), "-O",
                Integer.toString(omit), "--connect-timeout", "5000"), options);
    }

    /** Waits for the end of a run over TCP. */
    public Transfer transfer() {
        return Transfer.of(await());
    }

    /** Waits for the end of a run over UDP, the option {@code -u}. */
    public Datagrams datagrams() {
        Matcher sum = find(DATAGRAMS, await());
        double packets = Double.parseDouble(sum.group(3));
        double lost = Double.parseDouble(sum.group(2));
        return new Datagrams((packets - lost) / Double.parseDouble(sum.group(1)), 100 * lost / packets);
    }

    private String await() {
        try {
            client.awaitExit(seconds + START);
            return client.log();
        } finally {
            client.dismiss();
            server.dismiss();
        }
    }

    private static Matcher find(Pattern pattern, String json) {
        Matcher error = ERROR.matcher(json);
        if (error.find()) {
            throw new LabException("iperf3: " + error.group(1));
        }
        Matcher matcher = pattern.matcher(json);
        if (!matcher.find()) {
            throw new LabException("iperf3 printed no result");
        }
        return matcher;
    }
}
