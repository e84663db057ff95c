package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Lan;
import simplevpn.harness.Program;

/** What the tests on real TUN devices share: three hosts, ./srv for the hub, ./cli for the others. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
abstract class Vpn {
    static final String SERVER = "10.0.0.1";

    final Lan lan;
    final Host hub;
    final Host east;
    final Host west;

    /** @param more names of further hosts */
    Vpn(String... more) {
        lan = new Lan(Command.words(List.of("hub", "east", "west"), more).toArray(String[]::new));
        hub = lan.host(0);
        east = lan.host(1);
        west = lan.host(2);
    }

    @RegisterExtension
    final AfterTestExecutionCallback logs = context ->
            context.getExecutionException().ifPresent(this::addLogs);

    private void addLogs(Throwable failure) {
        failure.addSuppressed(new AssertionError(lan.logs()));
    }

    @AfterEach
    void closeLan() {
        lan.close();
    }

    /**
     * A file of this test, from the folder where programs are started: those above may be closed to whom they become.
     */
    String file(String name) {
        return Lab.TOP.relativize(lan.file(name)).toString();
    }

    /** The folder of a package that test/net/fetch unpacked. */
    static String fetched(String name) {
        return Lab.TOP.resolve("build/packages").resolve(name).toString();
    }

    /** The lines of README.md that are indented as what is to be copied is, from one that begins so to the last. */
    static List<String> readme(String section, String first) throws IOException {
        List<String> lines = Files.readAllLines(Lab.TOP.resolve("README.md"));
        int at = lines.indexOf(section);
        assertTrue(at >= 0, "README.md has no section " + section);
        while (!lines.get(at).startsWith("    " + first)) {
            at++;
        }
        List<String> found = new ArrayList<>();
        for (; lines.get(at).isEmpty() || lines.get(at).startsWith("    "); at++) {
            found.add(lines.get(at).strip());
        }
        return found;
    }

    /** A server on the hub that listens and has its device. */
    Program server(String... arguments) {
        Program server = lan.start(hub, "srv", arguments);
        server.awaitLine("listening on", 60);
        server.await("an address on the server's device", 60, () -> hub.tunnel().isPresent());
        return server;
    }

    /** A client that starts to connect to the hub. */
    Program clientStarting(Host host, String... arguments) {
        return lan.start(host, "cli", Command.words(List.of("-s", hub.outer4), arguments).toArray(String[]::new));
    }

    /** A client that has its address. */
    Program client(Host host, String... arguments) {
        Program client = clientStarting(host, arguments);
        awaitAddress(client, host);
        return client;
    }

    void awaitAddress(Program client, Host host) {
        client.await("an address on the client's device", 60, () -> host.tunnel().isPresent());
        client.awaitLine("connected to", 60);
    }

    String address(Host host) {
        return host.tunnel().orElseThrow(() -> new AssertionError("no tunnel address on " + host)).address();
    }

    static void assertOneLine(Program program, String regex) {
        assertTrue(program.lines().size() == 1 && program.said(regex),
                () -> "expected one line with " + regex + " from " + program + ", not:\n" + program.log());
    }
}
