package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/** {@code test/net/client.py}, the client that the README's chapter for those who write one ends with. */
final class PythonClientTest extends Vpn {
    private static final Path CLIENT = Lab.TOP.resolve("test/net/client.py");

    private Program python() {
        Command.run(120, Lab.TOP.resolve("jlink/need").toString(), "python3").ok();
        Program client = lan.start(east, List.of("python3", CLIENT.toString(), hub.outer4));
        client.awaitLine("address 10\\.0\\.0\\.2", 60);
        return client;
    }

    private void assertReaches(String address) {
        for (String size : new String[] {"0", "56", "1372", "3000"}) {
            east.pingAll(address, 3, "-s", size);
        }
    }

    /** It gets an address, and packets of every size go both ways: to the server, and to another client. */
    @Test
    void carries() {
        server();
        Program client = python();
        client(west);
        assertReaches(SERVER);
        assertReaches(address(west));
        west.pingAll("10.0.0.2", 3);
        client.dismiss();
    }

    /** It ends when its server does, and says so. */
    @Test
    void serverEnds() {
        Program server = server();
        Program client = python();
        server.dismiss();
        assertEquals(1, client.awaitExit(20));
        assertEquals("client.py: the server closed the connection", client.lastLine());
    }

    /** It is as short as the README says. */
    @Test
    void isShort() throws IOException {
        assertTrue(Files.readAllLines(CLIENT).size() <= 60);
    }
}
