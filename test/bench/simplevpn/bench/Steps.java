package simplevpn.bench;

import java.util.List;
import simplevpn.harness.Host;
import simplevpn.harness.Iperf;
import simplevpn.harness.LabException;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** What is measured on one tunnel: each step sets it up, measures, tears it down, and keeps the figures. */
final class Steps {
    static final String STREAM = "stream";
    static final String PACKETS = "packets";
    static final String WAN = "wan";

    static final String FORTH = ", client → server";
    static final String BACK = ", server → client";
    static final String BETWEEN = ", client → client";

    static final String FORTH_RATE = "packets/s";
    static final String BACK_RATE = "packets/s back";

    /** Pings until a fresh pair of programs is a warm one, and how many are measured then. */
    private static final int PINGS = 3000;

    final Star lab;
    final Measure measure;
    final Results results;

    Steps(Star lab, int seconds, Results results) {
        this.lab = lab;
        this.measure = new Measure(lab, seconds);
        this.results = results;
    }

    /** Something that is measured on one tunnel and may fail. */
    interface Step {
        void on(Tunnel tunnel);
    }

    /** Sets the tunnel up, measures, and tears it down; a failure at the set-up is a failure of every row. */
    void with(Tunnel.Kind kind, String server, String section, List<String> rows, Step step) {
        try (Tunnel tunnel = kind.start(lab, server)) {
            step.on(tunnel);
        } catch (LabException e) {
            rows.forEach(row -> results.fail(section, row, e));
        }
    }

    /** One stream each way; the rows are {@code name} with {@link #FORTH} and {@link #BACK}. */
    void bothWays(Tunnel.Kind kind, String name) {
        bothWays(kind, name, Tunnel.SERVER_ADDRESS);
    }

    /** The same to an address of the server's. */
    private void bothWays(Tunnel.Kind kind, String name, String address) {
        List<String> rows = List.of(name + FORTH, name + BACK);
        with(kind, Star.LINK_ADDRESS, STREAM, rows, tunnel -> {
            stream(tunnel, rows.get(0), lab.server, address);
            stream(tunnel, rows.get(1), lab.server, address, "-R");
        });
    }

    /** The same over IPv6, which is there meanwhile. */
    void ipv6() {
        lab.ipv6(true);
        bothWays(Tunnel.IPV6, Tunnel.IPV6.name(), Tunnel.SERVER_ADDRESS6);
        lab.ipv6(false);
    }

    /** One stream between two clients. */
    void between(Tunnel.Kind kind) {
        String row = kind.name() + BETWEEN;
        with(kind, Star.LINK_ADDRESS, STREAM, List.of(row), tunnel -> {
            tunnel.addSecond();
            stream(tunnel, row, lab.second, Tunnel.SECOND_ADDRESS);
        });
    }

    /** One stream on a tunnel that is set up. */
    void stream(Tunnel tunnel, String row, Host to, String address, String... options) {
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

    /** Pings of a pair of programs that was just started, and the rate of small packets. */
    void packets(Tunnel.Kind kind, String row) {
        with(kind, Star.LINK_ADDRESS, PACKETS, List.of(row), tunnel -> {
            pings(tunnel, row, "fresh");
            results.add(PACKETS, row, FORTH_RATE, measure.packetRate(lab.server, tunnel.target));
        });
    }

    /** The same, also of a pair whose code is compiled, and also back. */
    void packetsBothWays(Tunnel.Kind kind, String row) {
        with(kind, Star.LINK_ADDRESS, PACKETS, List.of(row), tunnel -> {
            pings(tunnel, row, "fresh");
            pings(tunnel, row, "warm");
            results.add(PACKETS, row, FORTH_RATE, measure.packetRate(lab.server, tunnel.target));
            results.add(PACKETS, row, BACK_RATE, measure.packetRate(lab.server, tunnel.target, "-R"));
        });
    }

    /** The rate of small packets between two clients. */
    void packetsBetween(Tunnel.Kind kind, String row) {
        with(kind, Star.LINK_ADDRESS, PACKETS, List.of(row), tunnel -> {
            tunnel.addSecond();
            results.add(PACKETS, row, FORTH_RATE, measure.packetRate(lab.second, Tunnel.SECOND_ADDRESS));
        });
    }

    private void pings(Tunnel tunnel, String row, String state) {
        Measure.RoundTrips trips = measure.ping(lab.client, tunnel.target, 0.002, PINGS);
        results.add(PACKETS, row, state + " ping p50 ms", trips.median());
        results.add(PACKETS, row, state + " ping p99 ms", trips.p99());
    }

    /**
     * A long line.
     *
     * @param delay milliseconds each way
     * @param queue bytes that wait at most
     * @param loss  percent
     */
    record Line(double megabits, int delay, int queue, String loss) {
        /** 20 Mbit/s and 40 ms, with a queue that is the product of both. */
        static Line losing(String percent) {
            return new Line(20, 20, 100_000, percent);
        }

        /** LTE at its worst, or ADSL upstream: 1 Mbit/s and 60 ms, and a queue of twenty full packets. */
        static final Line SLOW = new Line(1, 30, 30_000, "0");

        /** Percent. */
        double loses() {
            return Double.parseDouble(loss);
        }

        @Override
        public String toString() {
            return this.equals(SLOW) ? "1 Mbit/s" : loss + " % loss";
        }
    }

    /** A bulk transfer and pings beside it on a long line. */
    void wan(Tunnel.Kind kind, String row, Line kindOfLine) {
        Program line = lab.start(lab.server, "build/bench/wan", lab.server.namespace, lab.client.namespace,
                Double.toString(kindOfLine.megabits), Integer.toString(kindOfLine.delay),
                Integer.toString(kindOfLine.queue), kindOfLine.loss);
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
