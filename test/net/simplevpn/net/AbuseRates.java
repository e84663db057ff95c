package simplevpn.net;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import simplevpn.harness.Host;
import simplevpn.harness.Lan;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * What attacks cost: at which rate two clients exchange data while one goes on and while none does, in turns, medians
 * of both, and how long a crowd takes to come back. A program for test/abuse; arguments: how often a second at most (0
 * for as often as it can), how many turns, and the kinds of attack, all if there are none.
 */
public final class AbuseRates {
    private static final String WEST = "10.0.0.8";
    private static final int SETTLE = 300;
    private static final int TURN = 1500;
    private static final int CROWD = 1000;
    private static final int FEW = 10;

    private final Lan lan;
    private final Host hub;
    private volatile boolean resting;

    private AbuseRates(Lan lan) {
        this.lan = lan;
        hub = lan.host(0);
    }

    /** Prints a line for each. */
    public static void main(String[] words) throws Exception {
        try (Lan lan = new Lan("hub", "east", "west", "away")) {
            AbuseRates rates = new AbuseRates(lan);
            rates.attacks(Integer.parseInt(words[0]), Integer.parseInt(words[1]),
                    List.of(words).subList(2, words.length));
            rates.crowd();
        }
    }

    private String file(String name) {
        return lan.file(name).toString();
    }

    private String keygen(String name) {
        Program keygen = lan.start(hub, "cli", "--keygen", file(name));
        keygen.awaitExit(15);
        return keygen.lastLine();
    }

    private Program server(String peers) throws Exception {
        Files.writeString(lan.file("peers"), peers);
        Program server = lan.start(hub, "srv", "--key", file("srv"), "--peers", file("peers"), "-t", "600");
        server.awaitLine("listening on", 30);
        return server;
    }

    private static double cpuSeconds(Program program) {
        String[] fields = program.proc("stat").getLast().replaceFirst(".*\\) ", "").split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }

    private static double median(List<Double> all) {
        Collections.sort(all);
        return all.get(all.size() / 2);
    }

    private void attacks(int perSecond, int turns, List<String> kinds) throws Exception {
        String pin = keygen("srv");
        Program server = server(keygen("east") + " east\n" + keygen("west") + " west " + WEST + "\n");
        for (Host host : List.of(lan.host(1), lan.host(2))) {
            lan.start(host, "cli", "-s", hub.outer4, "--key", file(host == lan.host(1) ? "east" : "west"),
                    "--server-pin", pin).awaitLine("connected to", 20);
        }
        Transfer transfer = new Transfer(lan.host(1), lan.host(2), WEST, Long.MAX_VALUE);
        Wait.pause(2 * TURN);
        for (Attack.Kind kind : Attack.Kind.values()) {
            if (kinds.isEmpty() || kinds.contains(kind.name())) {
                attack(kind, perSecond, turns, server, transfer);
            }
        }
        server.stop();
    }

    private void attack(Attack.Kind kind, int perSecond, int turns, Program server, Transfer transfer)
            throws Exception {
        List<Double> without = new ArrayList<>();
        List<Double> with = new ArrayList<>();
        double cpu = 0;
        int times = 0;
        resting = true;
        try (Attack attack = new Attack(kind, lan.host(3), hub, () -> rest(perSecond))) {
            for (int i = 0; i < 2 * turns; i++) {
                resting = i % 2 == 0;
                Wait.pause(SETTLE);
                long bytes = transfer.received();
                int count = attack.count();
                double before = cpuSeconds(server);
                long begin = System.nanoTime();
                Wait.pause(TURN);
                double seconds = (System.nanoTime() - begin) / 1e9;
                (resting ? without : with).add((transfer.received() - bytes) / 1e6 / seconds);
                if (!resting) {
                    cpu += (cpuSeconds(server) - before) / seconds / turns;
                    times += (int) ((attack.count() - count) / seconds / turns);
                }
            }
            resting = false;
        }
        System.out.printf("%-9s %5d a second: %4.0f instead of %4.0f MB/s: %.2f; the server uses %.2f cores, %d KiB%n",
                kind, times, median(with), median(without), median(with) / median(without), cpu, server.rss());
    }

    private void rest(int perSecond) throws InterruptedException {
        if (perSecond > 0) {
            Thread.sleep(0, Math.min(999_999, 1_000_000_000 / perSecond));
        }
        while (resting) {
            Thread.sleep(1);
        }
    }

    private void crowd() throws Exception {
        Crowd crowd = new Crowd(lan.host(3), hub, CROWD);
        Program first = server(crowd.peers());
        new Crowd(lan.host(3), hub, FEW).join(60);
        Wait.pause(2 * TURN);
        long few = first.rss();
        crowd.join(300);
        Wait.pause(20 * TURN);
        System.out.printf("%d idle clients: %d KiB instead of %d for %d, %.1f each%n", CROWD, first.rss(), few, FEW,
                (double) (first.rss() - few) / (CROWD - FEW));
        first.kill();
        Program second = server(crowd.peers());
        int before = crowd.attempts();
        long[] times = crowd.join(300);
        System.out.printf("all came back: half after %d ms, 99 %% after %d, the last after %d, in %d attempts;"
                + " the server used %.1f s, and has %d KiB", times[CROWD / 2], times[CROWD * 99 / 100],
                times[CROWD - 1], crowd.attempts() - before, cpuSeconds(second), second.rss());
        Wait.pause(20 * TURN);
        System.out.println(", " + second.rss() + " later");
    }
}
