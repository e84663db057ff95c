package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Host;
import simplevpn.harness.Image;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** The loops allocate nothing while they forward, so that no collector ever stops them. */
final class GarbageTest extends Vpn {
    private static final int WARM_UP = 3000;
    private static final int FULL_SPEED = 10_000;
    /** Enough packets to fill the young generation many times with one small object each. */
    private static final long BYTES = 200_000_000;

    @TempDir
    Path folder;

    /**
     * Ten seconds at full speed in both directions between two clients, with super-packets from end to end or with
     * finished ones on one side, so that the server cuts: no collection on the server or a client after the warm-up.
     */
    @ParameterizedTest(name = "the other client {0}")
    @ValueSource(strings = {"with offload", "--no-offload"})
    void noCollectionAtFullSpeed(String other) throws IOException {
        start(hub, "Server").awaitLine("listening on", 60);
        awaitAddress(start(east, "Client", "-s", hub.outer4), east);
        List<String> options = new ArrayList<>(List.of("-s", hub.outer4));
        if (other.startsWith("--")) {
            options.add(other);
        }
        awaitAddress(start(west, "Client", options.toArray(String[]::new)), west);
        Transfer transfer = new Transfer(east, west, address(west), Long.MAX_VALUE);
        Wait.pause(WARM_UP);
        Wait.until("enough packets to warm up", 60, () -> transfer.received() > BYTES);
        List<Long> before = collections();
        long received = transfer.received();
        Wait.pause(FULL_SPEED);
        Wait.until("enough packets", 60, () -> transfer.received() - received > BYTES);
        assertEquals(before, collections(), "collections of server, client, other client, since their start");
    }

    /**
     * What the launcher does, with two options more: a log of the collections, and a young generation so small that
     * even one small object per packet fills it within the time.
     */
    private Program start(Host host, String main, String... arguments) throws IOException {
        Path log = Files.createFile(folder.resolve(host.number + ".log"));
        List<String> options = List.of("-Xmx8m", "-Xmn1m", "-Xlog:gc:file=" + log);
        return lan.start(host, Image.command(Image.OWN, options, main, arguments));
    }

    private List<Long> collections() {
        return List.of(collections(hub), collections(east), collections(west));
    }

    private long collections(Host host) {
        try {
            List<String> lines = Files.readAllLines(folder.resolve(host.number + ".log"));
            assertTrue(lines.getFirst().contains("Using Serial"), () -> "no log of the collector: " + lines);
            return lines.stream().filter(line -> line.contains("Pause")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
