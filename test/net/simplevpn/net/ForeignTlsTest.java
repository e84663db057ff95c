package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** {@code test/net/micro.c}, from which people write clients for small devices: TLS of another library, wolfSSL. */
final class ForeignTlsTest extends KeyedVpn {
    private static final String ADDRESS = "10.0.0.9";

    /** Linked with the library's archive: it runs where the library is not installed. */
    @BeforeEach
    void compile() {
        Command.run(60, "sh", "-c", "cd \"$1\" && cc -O2 -Wall -Wextra -Werror -o \"$0\" test/net/micro.c"
                + " -I build/packages/libwolfssl-dev/usr/include"
                + " build/packages/libwolfssl-dev/usr/lib/*/libwolfssl.a -lm", file("micro"), Lab.TOP.toString()).ok();
    }

    private Program micro(String pin, String key, int silence) {
        certificate(key, key + ".pem");
        return lan.start(east, List.of(file("micro"), hub.outer4, "2002", pin, file(key), file(key + ".pem"),
                String.valueOf(silence)));
    }

    /** The server knows a device by its pin, and west, which is to ping it. */
    private void know(String pin) throws IOException {
        Files.writeString(lan.file("peers"), pin + " micro " + ADDRESS + "\n" + key("west.key") + " west\n");
    }

    private void assertServes(Program micro) {
        micro.awaitLine("address " + Pattern.quote(ADDRESS), 60);
        for (String length : new String[] {"0", "56", "1472"}) {
            west.pingAll(ADDRESS, 3, "-s", length);
        }
    }

    /** It joins with an EC P-256 key, and others reach it. */
    @Test
    void p256() throws IOException {
        know(ecKey("micro.key"));
        keyed();
        client(west, with("west.key"));
        Program micro = micro(serverPin, "micro.key", 15);
        assertServes(micro);
        micro.dismiss();
    }

    /** The same with an Ed25519 key, at a server that has a P-256 one. */
    @Test
    void ed25519() throws IOException {
        know(key("micro.key"));
        String pin = ecKey("ec.key");
        server("--key", file("ec.key"), "--peers", file("peers"));
        client(west, "--key", file("west.key"), "--server-pin", pin);
        Program micro = micro(pin, "micro.key", 15);
        assertServes(micro);
        micro.dismiss();
    }

    /** Its keepalives hold the connection for longer than the server waits for a silent one. */
    @Test
    void staysWhenIdle() throws IOException {
        know(ecKey("micro.key"));
        keyed("--timeout", "6");
        Program micro = micro(serverPin, "micro.key", 2);
        micro.awaitLine("address", 60);
        Wait.pause(15_000);
        assertTrue(micro.alive(), micro::lastLine);
        client(west, with("west.key"));
        assertServes(micro);
        micro.dismiss();
    }

    /** It goes no further than the handshake with a server of another key, and asks for nothing there. */
    @Test
    void otherServer() throws IOException {
        know(ecKey("micro.key"));
        Program server = keyed();
        Program micro = micro(key("other.key"), "micro.key", 15);
        assertEquals(1, micro.awaitExit(20));
        assertTrue(micro.lastLine().startsWith("micro: TLS: "), micro.lastLine());
        server.awaitLine("gone: TLS: ", 60);
        assertFalse(server.said("assigned"), server::log);
    }
}
