package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import simplevpn.harness.Command;
import simplevpn.harness.Program;

/** A {@link Vpn} whose server has a key and knows the one of a client, east. */
abstract class KeyedVpn extends Vpn {
    /** What {@code srv.key} is known by. */
    String serverPin;

    /** @param more names of further hosts */
    KeyedVpn(String... more) {
        super(more);
    }

    @BeforeEach
    void keys() throws IOException {
        serverPin = key("srv.key");
        Files.writeString(lan.file("peers"), key("east.key") + " east 10.0.0.7\n");
    }

    /** Makes a key and returns its pin. */
    String key(String name) {
        return pin("--keygen", name);
    }

    /** Makes an EC P-256 key, as small clients have, and returns its pin. */
    String ecKey(String name) {
        hub.run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                file(name)).ok();
        hub.run("chmod", "600", file(name)).ok();
        return pin("--pin", name);
    }

    private String pin(String option, String name) {
        Program program = lan.start(hub, "cli", option, file(name));
        assertEquals(0, program.awaitExit(30));
        return program.lastLine();
    }

    /** A certificate for a key, as other programs want one. */
    void certificate(String key, String file) {
        hub.run("openssl", "req", "-x509", "-key", file(key), "-subj", "/CN=x", "-days", "1", "-out", file(file)).ok();
    }

    /** A server with the key. */
    Program keyed(String... more) {
        return server(Command.words(List.of("--key", file("srv.key"), "--peers", file("peers")), more)
                .toArray(String[]::new));
    }

    /** What a client with a key has to say, and what else it says. */
    String[] with(String key, String... more) {
        return Command.words(List.of("--key", file(key), "--server-pin", serverPin), more).toArray(String[]::new);
    }
}
