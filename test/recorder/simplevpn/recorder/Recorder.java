package simplevpn.recorder;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import simplevpn.harness.Host;
import simplevpn.harness.Image;
import simplevpn.harness.Iperf;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;
import simplevpn.harness.Lan;
import simplevpn.harness.Program;

/**
 * Lists the classes that srv and cli load. They do for that what they do in their lives: connecting, packets both ways,
 * with offloads and without, IPv6, a restarted server, a refused address, hooks and names, other options, help, and
 * the end. What TLS needs beside that is rehearsed for an archive of its own (jlink/link).
 */
final class Recorder {
    private static final String SERVER = "10.0.0.1";
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final int START = 120;
    private static final int TRANSFER = 3;
    private static final int LEAST = 300;
    private static final Path CLASSES = Lab.TOP.resolve("build/classes");
    private static final String LOADED_LATE = "java/util/zip/Adler32";
    private static final String IMAGE_READER = "jdk/internal/jimage/";

    private final Lan lan;
    private final String target;
    private final List<Path> lists = new ArrayList<>();

    private Recorder(Lan lan, String target) {
        this.lan = lan;
        this.target = target;
    }

    public static void main(String[] arguments) throws IOException {
        String target = arguments[0];
        Path file = Path.of("jlink", "classes", target);
        try (Lan lan = new Lan("server", "client")) {
            Recorder recorder = new Recorder(lan, target);
            recorder.live(lan.host(0), lan.host(1));
            Set<String> lines = recorder.lines();
            if (lines.size() < LEAST) {
                throw new LabException("only " + lines.size() + " classes were recorded");
            }
            Files.write(file, lines);
            System.out.println(file + ": " + lines.size() + " lines");
        } catch (LabException e) {
            Lab.giveUp(e);
        }
    }

    private void live(Host host, Host clients) {
        Program server = start(host, "Server", "--config", lan.write("srv.conf",
                "timeout 60\nnetwork6 " + PREFIX + "/64\n").toString());
        Program client = start(clients, "Client", "-s", host.outer4);
        clients.awaitPing(SERVER, START);
        transfer(clients, host);
        transfer(clients, host, "--reverse");
        new Iperf(lan, clients, host, SERVER, TRANSFER, 0, "--udp", "--bitrate", "1M").datagrams();
        clients.reaches("10.0.0.99");
        clients.awaitPing(PREFIX + "a00:1", START);
        clients.reaches(PREFIX + "a00:63");
        client.stop();
        client = start(clients, "Client", "-s", host.outer4, "-a", "10.0.0.9", "--no-offload");
        clients.awaitPing(SERVER, START);
        transfer(clients, host);
        start(clients, "Client", "-s", host.outer4, "-a", SERVER).awaitExit(START);
        start(clients, "Client", "-s", "localhost", "--once").awaitExit(START);
        server.stop();
        server = start(host, "Server");
        clients.awaitPing(SERVER, START);
        client.stop();
        server.stop();
        hooks(host, clients);
        asked(host, clients);
        start(host, "Server", "--help").awaitExit(START);
        start(clients, "Client", "--nonsense").awaitExit(START);
    }

    /** A server and a client that start programs of the user's, tell each other names, and take other options. */
    private void hooks(Host host, Host clients) {
        Program server = start(host, "Server", "--hosts", lan.file("names/hosts").toString(), "--user", "root", "--dns",
                SERVER, "--domain", "vpn.test", "--client-up", "/bin/echo up", "--client-down", "/bin/echo down",
                "--config", lan.write("reload.conf", "").toString());
        server.awaitLine("listening on", START);
        Program client = start(clients, "Client", "-s", host.outer4, "--name", "board", "--up", "/bin/echo up",
                "--down", "/bin/echo down");
        server.awaitLine("client-up of .*: up", START);
        client.awaitLine("up: up", START);
        lan.write("reload.conf", "push-route 198.51.100.0/24\n");
        server.signal("HUP");
        client.awaitLine("tells other routes or name servers", START);
        client.stop();
        server.awaitLine("client-down of .*: down", START);
        server.stop();
    }

    /** Programs that are asked how they are, and those that ask. */
    private void asked(Host host, Host clients) {
        Program server = start(host, "Server", "-i", "record0");
        server.awaitLine("listening on", START);
        Program client = start(clients, "Client", "-s", host.outer4, "-i", "record1");
        clients.awaitPing(SERVER, START);
        for (String form : List.of("--verbose", "--json", "--prometheus")) {
            start(host, "Server", form, "--status", "record0").awaitExit(START);
            start(clients, "Client", form, "--status", "record1").awaitExit(START);
        }
        start(host, "Server", "-i", "record0", "--kick", "10.0.0.2").awaitExit(START);
        client.stop();
        server.stop();
    }

    /** Each run writes a list of its own. */
    private Program start(Host host, String main, String... arguments) {
        Path list = lan.file(lists.size() + ".list");
        lists.add(list);
        List<String> options = List.of("-Xshare:off", "-XX:DumpLoadedClassList=" + list);
        return lan.start(host, Image.command(target, options, main, arguments));
    }

    private void transfer(Host from, Host to, String... options) {
        new Iperf(lan, from, to, SERVER, TRANSFER, 0, options).transfer();
    }

    /**
     * Each line once, in the order of the first appearance, which is that of the memory in the archive; at the end
     * those of the programs' classes that were not needed. Left out: names of generated classes, which are those of one
     * run only; what begins with a signal, the logging with which the JDK prepares each end, seventy classes that then
     * find nothing to log; one that a program loads so that the VM opens what it takes to load more (Program.confine);
     * and what reads the image in Java, which happens only to a program that has no archive. Behind the classes come
     * the constants that they used.
     */
    private Set<String> lines() throws IOException {
        Set<String> lines = new LinkedHashSet<>();
        for (Path list : lists) {
            boolean ends = false;
            for (String entry : Files.readAllLines(list)) {
                String line = entry.replaceFirst(" id: .*", "");
                ends |= line.equals("jdk/internal/misc/Signal$1");
                boolean wanted = line.startsWith("@cp ") ? lines.contains(line.split(" ")[1]) : !ends;
                if (wanted && !line.startsWith("#") && !line.contains("0x") && !line.contains(LOADED_LATE)
                        && !line.matches("(@\\S+ )?" + IMAGE_READER + ".*")) {
                    lines.add(line);
                }
            }
        }
        try (var files = Files.walk(CLASSES.resolve("simplevpn"))) {
            files.map(file -> CLASSES.relativize(file).toString()).filter(name -> name.endsWith(".class"))
                    .map(name -> name.substring(0, name.length() - ".class".length())).sorted().forEach(lines::add);
        }
        return lines;
    }
}
