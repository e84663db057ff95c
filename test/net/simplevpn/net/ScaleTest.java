package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Program;

/** Many connections, at once and one after the other. */
final class ScaleTest extends Vpn {

    /** A thousand connected clients of which two talk: those do not notice, and the idle ones cost little memory. */
    @Test
    void thousandClients() throws Exception {
        Program server = server();
        client(east);
        new Transfer(east, hub, SERVER, 20_000_000).await(30);
        long before = server.rss();
        List<ClassicClient> idle = new ArrayList<>();
        Set<String> addresses = new HashSet<>(List.of(SERVER, address(east)));
        for (int i = 0; i < 998; i++) {
            ClassicClient client = new ClassicClient(west, hub, i);
            assertTrue(addresses.add(client.join()), "an address was assigned twice");
            idle.add(client);
        }
        client(west);
        assertTrue(addresses.add(address(west)));
        new Transfer(east, west, address(west), 50_000_000).await(60);
        long growth = server.rss() - before;
        assertTrue(growth < 12_000, () -> "998 idle clients and one transfer cost " + growth + " KiB");
        for (ClassicClient client : idle) {
            client.assertAlive();
        }
    }

    /** Five thousand clients come, ask and go, half of them with a reset: no descriptor and no memory stays. */
    @Test
    void fiveThousandComeAndGo() throws Exception {
        Program server = server();
        int descriptors = server.descriptors();
        comeAndGo(1000);
        long before = server.rss();
        comeAndGo(5000);
        server.await("the descriptors of before", 10, () -> server.descriptors() == descriptors);
        long growth = server.rss() - before;
        assertTrue(growth < 8_000, () -> "5000 connections left " + growth + " KiB");
        client(east);
        east.awaitPing(SERVER, 5);
    }

    private void comeAndGo(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            try (ClassicClient client = new ClassicClient(west, hub, i)) {
                String address = client.join();
                client.send(Frames.echo(address, SERVER, i & 0x7fff, 10));
                client.socket.setSoLinger(i % 2 == 0, 0);
            }
        }
    }
}
