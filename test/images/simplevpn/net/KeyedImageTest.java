package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Host;
import simplevpn.harness.Image;
import simplevpn.harness.Program;

/** The images with keys: jlink/reach leaves all that TLS needs, and what it loads comes from the second archive. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class KeyedImageTest extends Vpn {
    private static final int START = 90;
    /** Classes that no archive takes (the JDK's events), and a few. */
    private static final int MISSED = 20;

    private String serverPin;

    private String pin(String option, String name) {
        Program program = lan.start(hub, "cli", option, file(name));
        assertEquals(0, program.awaitExit(START), program::log);
        return program.lastLine();
    }

    /** A key of the other kind, as OpenSSL makes it. */
    private String p256(String name) {
        hub.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file(name))
                .ok();
        hub.run("chmod", "600", file(name)).ok();
        return pin("--pin", name);
    }

    @BeforeEach
    void keys() throws IOException {
        serverPin = pin("--keygen", "srv.key");
        Files.writeString(lan.file("peers"), pin("--keygen", "east.key") + " east 10.0.0.7\n"
                + p256("west.key") + " west 10.0.0.8\n");
    }

    private void server(String target, List<String> options) {
        lan.start(hub, Image.command(target, options, "Server", "--key", file("srv.key"), "--peers", file("peers")))
                .awaitLine("listening on", START);
    }

    private void client(Host host, String target, List<String> options, String key, String pin) {
        Program client = lan.start(host, Image.command(target, options, "Client", "-s", hub.outer4,
                "--key", file(key), "--server-pin", pin));
        client.awaitLine("connected to", START);
    }

    /** Clients with either kind of key reach each other, and bytes arrive as they were. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void bothKindsOfKeys(String target) throws Exception {
        server(target, List.of());
        client(east, target, List.of(), "east.key", serverPin);
        client(west, target, List.of(), "west.key", serverPin);
        west.awaitPing("10.0.0.7", START);
        new Transfer(east, hub, SERVER, 2_000_000).await(START);
    }

    /** A server with a key of OpenSSL's, of the other kind. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void serverOfTheOtherKind(String target) {
        serverPin = p256("srv.key");
        server(target, List.of());
        client(west, target, List.of(), "west.key", serverPin);
        west.awaitPing(SERVER, START);
    }

    /** Both programs, started as the launcher does, have the classes of TLS from the archive. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void classesComeFromTheArchive(String target) throws IOException {
        server(target, logTo(target, "server"));
        client(east, target, logTo(target, "client"), "east.key", serverPin);
        assertArchived("server");
        assertArchived("client");
    }

    private List<String> logTo(String target, String name) {
        return List.of("-XX:SharedArchiveFile=" + Image.folder(target).resolve("lib/server/keys.jsa"),
                "-Xlog:class+load:file=" + lan.file(name + ".classes"));
    }

    private void assertArchived(String name) throws IOException {
        List<String> lines = Files.readAllLines(lan.file(name + ".classes"));
        List<String> missed = lines.stream().filter(line -> line.contains(" source: jrt:/")).toList();
        long tls = lines.stream().filter(line -> line.endsWith("shared objects file (top)")).count();
        assertTrue(tls > 800, () -> name + " had " + tls + " classes from the archive for keys");
        assertTrue(missed.size() <= MISSED, () -> name + " had these from elsewhere:\n" + String.join("\n", missed));
    }

    /** An image is not larger than what README promises to boards; bytes. */
    @ParameterizedTest
    @CsvSource({"x86_64, 25000000", "aarch64, 25000000", "armhf, 19500000"})
    void fitsOnBoards(String target, long most) throws IOException {
        long size = 0;
        try (var files = Files.walk(Image.folder(target))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                size += Files.size(file);
            }
        }
        assertTrue(size <= most, target + " has " + size + " bytes");
    }
}
