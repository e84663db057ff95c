package simplevpn.demo;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import simplevpn.harness.Host;
import simplevpn.harness.Iperf;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;
import simplevpn.harness.Lan;
import simplevpn.harness.Program;

/** What {@code make demo} shows: the addresses, ping and a transfer on a private network of three hosts. */
final class Demo {
    private static final int START = 10;
    private static final int TRANSFER = 3;
    /** The last two lines of {@code ping -q}, in which not all kinds of ping have the same words. */
    private static final Pattern LOSS = Pattern.compile(", ([^,]* packet loss)");
    private static final Pattern AVERAGE = Pattern.compile(" = [^/]*/([^/]*)/");

    private final Lan lan;

    private Demo(Lan lan) {
        this.lan = lan;
    }

    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            Lab.removeAll();
            tell("Everything that the demo made is removed.");
        }));
        try (Lan lan = new Lan("server", "laptop", "board")) {
            new Demo(lan).run();
        } catch (LabException e) {
            Lab.giveUp(e);
        }
    }

    private void run() {
        try {
            show(lan.host(0), lan.host(1), lan.host(2));
        } catch (LabException e) {
            throw new LabException("The demo did not end well: " + e.getMessage() + "\n" + lan.logs(), e);
        }
    }

    private void show(Host server, Host laptop, Host board) {
        tell("Three hosts on a network of their own: server %s, laptop %s, board %s.", server.outer4, laptop.outer4,
                board.outer4);
        tell("The tunnel:");
        String inside = address(server, lan.start(server, "srv"));
        tell("  ./srv                on server, which is %s inside", inside);
        join("laptop", laptop, server);
        String other = join("board", board, server);
        tell("Ping through it:");
        ping("laptop -> server", laptop, inside);
        ping("laptop -> board", laptop, other);
        tell("A transfer of %d seconds through it, laptop -> server -> board, one TCP connection:", TRANSFER);
        tell("  %.0f Mbit/s arrived", new Iperf(lan, laptop, board, other, TRANSFER, 0).transfer().megabitsPerSecond());
    }

    private String join(String name, Host host, Host server) {
        String address = address(host, lan.start(host, "cli", "-s", server.outer4));
        tell("  ./cli -s %s   on %s, which got %s", server.outer4, name, address);
        return address;
    }

    private static String address(Host host, Program program) {
        program.await("an address in the tunnel", START, () -> host.tunnel().isPresent());
        return host.tunnel().orElseThrow().address();
    }

    private static void ping(String path, Host from, String address) {
        String output = from.ping(address, "-c", "5", "-i", "0.2", "-q").output();
        Matcher loss = LOSS.matcher(output);
        Matcher average = AVERAGE.matcher(output);
        tell("  %s: %s%s", path, loss.find() ? loss.group(1) : "no packet sent",
                average.find() ? ", " + average.group(1) + " ms on average" : "");
    }

    private static void tell(String format, Object... arguments) {
        System.out.printf(format + "%n", arguments);
    }
}
