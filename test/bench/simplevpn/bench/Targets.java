package simplevpn.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What this project set itself to reach, as ratios within one run. Where a tunnel was measured in both directions,
 * the ratio is that of the worse one. Without keys, OpenVPN and tinc stand beside it with their faster rows, which do
 * not encrypt either; with keys, OpenVPN with its own.
 */
final class Targets {
    private static final String OURS = Tunnel.SIMPLEVPN.name();

    /** {@code most}: the bound is an upper one. */
    private record Target(String text, boolean most, double bound, double measured, String unit) {
        boolean isReached() {
            return most ? measured <= bound : measured >= bound;
        }

        String line() {
            String verdict = Double.isNaN(measured) ? "not measured" : isReached() ? "reached" : "**missed**";
            String value = Double.isNaN(measured) ? "–" : "%.2f%s".formatted(measured, unit);
            return "| %s | %s %s%s | %s | %s |%n".formatted(text, most ? "≤" : "≥",
                    bound == Math.rint(bound) ? "%.0f".formatted(bound) : "%.2f".formatted(bound), unit,
                    value, verdict);
        }
    }

    private Targets() { }

    static String table(Results results) {
        StringBuilder table = new StringBuilder("| | to reach | measured | |\n|---|---|---|---|\n");
        targets(results).forEach(target -> table.append(target.line()));
        return table.toString();
    }

    static boolean allReached(Results results) {
        return targets(results).stream().allMatch(Target::isReached);
    }

    private static List<Target> targets(Results results) {
        List<Target> targets = new ArrayList<>();
        streams(results, targets);
        keys(results, targets);
        packets(results, targets);
        lines(results, targets);
        double idleMegabytes = crowd(results, 5000, "idle MB") - crowd(results, 2, "idle MB");
        targets.add(least("rate between two clients with 5,000 connected, to with 2", 0.9,
                crowd(results, 5000, "Mbit/s") / crowd(results, 2, "Mbit/s")));
        targets.add(most("memory per idle client", 1, idleMegabytes * 1e6 / 1024 / (5000 - 2), " KiB"));
        return targets;
    }

    private static void streams(Results results, List<Target> targets) {
        double raw = stream(results, Bench.RAW);
        targets.add(least("one stream, to the raw link", 0.70, worse(results, OURS) / raw));
        targets.add(least("one stream, to vtun", 8, worse(results, Tunnel.SIMPLEVPN, Tunnel.VTUN)));
        targets.add(least("one stream, to OpenVPN over TCP", 20, Math.min(
                worse(results, Tunnel.SIMPLEVPN, Tunnel.OPENVPN_PLAIN),
                worse(results, Tunnel.SIMPLEVPN, Tunnel.OPENVPN))));
        targets.add(least("one stream, to tinc over TCP", 15, Math.min(
                worse(results, Tunnel.SIMPLEVPN, Tunnel.TINC_PLAIN), worse(results, Tunnel.SIMPLEVPN, Tunnel.TINC))));
        targets.add(least("one stream, to wireguard-go", 4, worse(results, Tunnel.SIMPLEVPN, Tunnel.WIREGUARD)));
        targets.add(least("client → client through the server, to the raw link", 0.60,
                stream(results, OURS + Steps.BETWEEN) / raw));
        targets.add(least("the same through the server's kernel, to that without", 0.8,
                stream(results, Tunnel.KERNEL.name() + Steps.BETWEEN) / stream(results, OURS + Steps.BETWEEN)));
        targets.add(least("one stream over IPv6, to that over IPv4", 0.95,
                worse(results, Tunnel.IPV6, Tunnel.SIMPLEVPN)));
        targets.add(least("`--no-offload`, to vtun", 1.5, worse(results, Tunnel.NO_OFFLOAD, Tunnel.VTUN)));
        targets.add(least("towards a classic client, to vtun", 2.2, stream(results, Tunnel.CLASSIC.name() + Steps.BACK)
                / stream(results, Tunnel.VTUN.name() + Steps.BACK)));
        targets.add(most("CPU of both programs", 0.65, seconds(results, OURS), " s/GB"));
    }

    private static void keys(Results results, List<Target> targets) {
        String keyed = Tunnel.TLS.name();
        targets.add(least("with keys: one stream, to wireguard-go", 2, worse(results, Tunnel.TLS, Tunnel.WIREGUARD)));
        targets.add(least("with keys: one stream, to the raw link", 0.35,
                worse(results, keyed) / stream(results, Bench.RAW)));
        targets.add(least("with keys: one stream, to OpenVPN over TCP with AES-256-GCM", 10,
                worse(results, Tunnel.TLS, Tunnel.OPENVPN)));
        targets.add(least("with keys: one stream, to that without", 0.45,
                worse(results, Tunnel.TLS, Tunnel.SIMPLEVPN)));
        targets.add(most("with keys: CPU of both programs", 1.4, seconds(results, keyed), " s/GB"));
        targets.add(least("with keys: small packets per second, to OpenVPN with AES-256-GCM", 1.3,
                packets(results, Steps.FORTH_RATE, keyed)
                        / packets(results, Steps.FORTH_RATE, Tunnel.OPENVPN.name())));
    }

    private static void packets(Results results, List<Target> targets) {
        String vtun = Tunnel.VTUN.name();
        targets.add(least("small packets per second, to vtun", 2,
                packets(results, Steps.FORTH_RATE, OURS) / packets(results, Steps.FORTH_RATE, vtun)));
        targets.add(least("the same back", 2,
                packets(results, Steps.BACK_RATE, OURS) / packets(results, Steps.BACK_RATE, vtun)));
        targets.add(least("client → client, to vtun's to its server", 2,
                packets(results, Steps.FORTH_RATE, OURS + Steps.BETWEEN)
                        / packets(results, Steps.FORTH_RATE, vtun)));
        for (String state : List.of("fresh", "warm")) {
            for (String part : List.of(" ping p50", " ping p99")) {
                String column = state + part + " ms";
                targets.add(most(state + part + ", to vtun", part.endsWith("50") ? 0.9 : 1.2,
                        packets(results, column, OURS) / packets(results, column, vtun), " ×"));
            }
        }
    }

    private static void lines(Results results, List<Target> targets) {
        for (Steps.Line line : Bench.LINES) {
            boolean clean = line.loses() == 0;
            boolean slow = line.equals(Steps.Line.SLOW);
            String name = (slow ? "" : "20 Mbit/s, ") + line;
            double rate = slow ? 0.93 : clean ? 0.95 : line.loses() < 1 ? 1.7 : 5;
            targets.add(least(name + ": bulk rate, to no tunnel with cubic", rate,
                    wan(results, Tunnel.SIMPLEVPN, line, "Mbit/s") / wan(results, Tunnel.NONE, line, "Mbit/s")));
            double median = wan(results, Tunnel.SIMPLEVPN, line, "ping p50 ms");
            double tail = wan(results, Tunnel.SIMPLEVPN, line, "ping p99 ms");
            if (clean) {
                targets.add(most(name + ": ping p50 beside it, to no tunnel", slow ? 1.3 : 1.1,
                        median / wan(results, Tunnel.NONE, line, "ping p50 ms"), " ×"));
            } else {
                targets.add(most(name + ": ping p50 beside it", 55, median, " ms"));
                targets.add(most(name + ": ping p99 beside it", 150, tail, " ms"));
            }
            if (clean && !slow) {
                targets.add(most(name + ": ping p99 beside it, to no tunnel", 1.3,
                        tail / wan(results, Tunnel.NONE, line, "ping p99 ms"), " ×"));
            }
        }
    }

    private static Target least(String text, double bound, double measured) {
        return new Target(text, false, bound, measured, " ×");
    }

    private static Target most(String text, double bound, double measured, String unit) {
        return new Target(text, true, bound, measured, unit);
    }

    /** The slower direction, Mbit/s. */
    private static double worse(Results results, String ours) {
        return Math.min(stream(results, ours + Steps.FORTH), stream(results, ours + Steps.BACK));
    }

    /** The processor seconds of the direction that uses more. */
    private static double seconds(Results results, String ours) {
        return Math.max(results.median(Steps.STREAM, ours + Steps.FORTH, "CPU s/GB"),
                results.median(Steps.STREAM, ours + Steps.BACK, "CPU s/GB"));
    }

    private static double worse(Results results, Tunnel.Kind ours, Tunnel.Kind theirs) {
        return Math.min(stream(results, ours.name() + Steps.FORTH) / stream(results, theirs.name() + Steps.FORTH),
                stream(results, ours.name() + Steps.BACK) / stream(results, theirs.name() + Steps.BACK));
    }

    private static double stream(Results results, String row) {
        return results.median(Steps.STREAM, row, "Mbit/s");
    }

    private static double packets(Results results, String column, String row) {
        return results.median(Steps.PACKETS, row, column);
    }

    private static double wan(Results results, Tunnel.Kind kind, Steps.Line line, String column) {
        return results.median(Steps.WAN, Bench.wanRow(kind, line), column);
    }

    private static double crowd(Results results, int clients, String column) {
        return results.median(Bench.CROWD, Bench.crowdRow(clients), column);
    }
}
