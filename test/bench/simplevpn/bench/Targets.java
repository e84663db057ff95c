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
        double raw = stream(results, Bench.RAW);
        double unloaded = wan(results, Tunnel.NONE, "0", "ping p50 ms");
        double idleMegabytes = crowd(results, 5000, "idle MB") - crowd(results, 2, "idle MB");
        List<Target> targets = new ArrayList<>();
        targets.add(least("one stream, to the raw link", 0.50,
                Math.min(stream(results, OURS + Steps.FORTH), stream(results, OURS + Steps.BACK)) / raw));
        targets.add(least("one stream, to vtun", 8, worse(results, Tunnel.SIMPLEVPN, Tunnel.VTUN)));
        targets.add(least("one stream, to OpenVPN over TCP", 15, Math.min(
                worse(results, Tunnel.SIMPLEVPN, Tunnel.OPENVPN_PLAIN),
                worse(results, Tunnel.SIMPLEVPN, Tunnel.OPENVPN))));
        targets.add(least("one stream, to tinc over TCP", 15, Math.min(
                worse(results, Tunnel.SIMPLEVPN, Tunnel.TINC_PLAIN), worse(results, Tunnel.SIMPLEVPN, Tunnel.TINC))));
        targets.add(least("one stream, to wireguard-go", 2.5, worse(results, Tunnel.SIMPLEVPN, Tunnel.WIREGUARD)));
        targets.add(least("with keys: one stream, to wireguard-go", 1.5, worse(results, Tunnel.TLS, Tunnel.WIREGUARD)));
        targets.add(least("with keys: one stream, to OpenVPN over TCP with AES-256-GCM", 10,
                worse(results, Tunnel.TLS, Tunnel.OPENVPN)));
        targets.add(least("with keys: one stream, to that without", 0.45,
                worse(results, Tunnel.TLS, Tunnel.SIMPLEVPN)));
        targets.add(least("with keys: small packets per second, to OpenVPN with AES-256-GCM", 1.3,
                packets(results, "packets/s", Tunnel.TLS.name())
                        / packets(results, "packets/s", Tunnel.OPENVPN.name())));
        targets.add(least("client → client through the server, to the raw link", 0.30,
                stream(results, OURS + Steps.BETWEEN) / raw));
        targets.add(least("the same through the server's kernel, to that without", 0.8,
                stream(results, Tunnel.KERNEL.name() + Steps.BETWEEN) / stream(results, OURS + Steps.BETWEEN)));
        targets.add(least("one stream over IPv6, to that over IPv4", 0.95,
                worse(results, Tunnel.IPV6, Tunnel.SIMPLEVPN)));
        targets.add(least("`--no-offload`, to vtun", 1.5, worse(results, Tunnel.NO_OFFLOAD, Tunnel.VTUN)));
        targets.add(least("towards a classic client, to vtun", 1.5, stream(results, Tunnel.CLASSIC.name() + Steps.BACK)
                / stream(results, Tunnel.VTUN.name() + Steps.BACK)));
        targets.add(least("small packets per second, to vtun", 1.3,
                packets(results, "packets/s", OURS) / packets(results, "packets/s", Tunnel.VTUN.name())));
        targets.add(most("ping p50 idle, to vtun", 1.0,
                packets(results, "ping p50 ms", OURS) / packets(results, "ping p50 ms", Tunnel.VTUN.name())));
        targets.add(least("20 Mbit/s, 40 ms: bulk rate, to no tunnel", 0.93,
                wan(results, Tunnel.SIMPLEVPN, "0", "Mbit/s") / wan(results, Tunnel.NONE, "0", "Mbit/s")));
        targets.add(most("20 Mbit/s, 40 ms: ping p50 under load, to no tunnel", 1.5,
                wan(results, Tunnel.SIMPLEVPN, "0", "ping p50 ms") / unloaded));
        targets.add(least("the same with 1 % loss: bulk rate, to no tunnel with cubic", 4,
                wan(results, Tunnel.SIMPLEVPN, "1", "Mbit/s") / wan(results, Tunnel.NONE, "1", "Mbit/s")));
        targets.add(least("rate between two clients with 5,000 connected, to with 2", 0.9,
                crowd(results, 5000, "Mbit/s") / crowd(results, 2, "Mbit/s")));
        targets.add(new Target("memory per idle client", true, 4, idleMegabytes * 1e6 / 1024 / (5000 - 2), " KiB"));
        return targets;
    }

    private static Target least(String text, double bound, double measured) {
        return new Target(text, false, bound, measured, " ×");
    }

    private static Target most(String text, double bound, double measured) {
        return new Target(text, true, bound, measured, " ×");
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

    private static double wan(Results results, Tunnel.Kind kind, String loss, String column) {
        return results.median(Steps.WAN, Bench.wanRow(kind, loss), column);
    }

    private static double crowd(Results results, int clients, String column) {
        return results.median(Bench.CROWD, Bench.crowdRow(clients), column);
    }
}
