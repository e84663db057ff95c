package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.harness.Image;
import simplevpn.harness.Program;

/** Programs of different images with each other: those for ARM emulated, all on this machine's kernel. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class ImagePairsTest extends Vpn {
    private static final int START = 60;
    private static final long BYTES = 10_000_000;

    /**
     * Both have their addresses and reach each other, 10 MB in each direction arrive byte for byte in super-packets,
     * and SIGTERM ends both with status 0 and without a device left behind.
     */
    @ParameterizedTest(name = "srv of {0}, cli of {1}")
    @CsvSource({"aarch64, aarch64", "armhf, armhf", "x86_64, aarch64", "aarch64, x86_64", "x86_64, armhf",
            "armhf, x86_64"})
    void streamsArrive(String serverTarget, String clientTarget) throws Exception {
        Program server = server(serverTarget);
        Program client = client(clientTarget);
        assertEquals(SERVER, address(hub));
        assertEquals("10.0.0.2", address(east));
        east.pingAll(SERVER, 3);
        hub.pingAll("10.0.0.2", 3);
        new Transfer(east, hub, SERVER, BYTES).await(180);
        OffloadPairsTest.assertSizes(client, true, true);
        server.stop();
        assertTrue(east.tunnel().isEmpty(), "the client's device is gone");
        assertTrue(hub.tunnel().isEmpty(), "the server's device is gone");
    }

    /** A server that comes again gives its client the address that it had, not the first that is free. */
    @ParameterizedTest(name = "srv of {0}, cli of {1}")
    @CsvSource({"aarch64, armhf", "armhf, aarch64"})
    void restartedServerGivesTheSameAddress(String serverTarget, String clientTarget) throws Exception {
        Program server = server(serverTarget);
        try (ClassicClient first = new ClassicClient(west, hub)) {
            assertEquals("10.0.0.2", first.join());
            client(clientTarget);
            assertEquals("10.0.0.3", address(east));
        }
        server.stop();
        Program again = server(serverTarget);
        again.awaitLine("assigned 10\\.0\\.0\\.3 ", START);
        assertEquals("10.0.0.3", address(east));
        east.awaitPing(SERVER, 20);
    }

    private Program server(String target) {
        Program server = lan.start(hub, Image.command(target, List.of(), "Server"));
        server.awaitLine("listening on", START);
        server.await("an address on the server's device", START, () -> hub.tunnel().isPresent());
        return server;
    }

    private Program client(String target) {
        Program client = lan.start(east, Image.command(target, List.of(), "Client", "-s", hub.outer4));
        client.awaitLine("connected to", START);
        client.await("an address on the client's device", START, () -> east.tunnel().isPresent());
        return client;
    }
}
