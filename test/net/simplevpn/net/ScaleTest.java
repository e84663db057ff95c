package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Image;
import simplevpn.harness.Program;

/** Many connections, at once and one after the other. */
final class ScaleTest extends Vpn {

    /** A thousand connected clients of which two talk: those do not notice, and the idle ones cost little memory. */
    @Test
    void thousandClients() throws Exception {
        Program server = server();
        client(east);
        new Transfer(east, hub, SERVER, 20_000_000).await(60);
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

    /**
     * The server has room for as many clients as it says, however scattered their addresses are and whatever all of
     * them have begun to send at once; those who come then are refused.
     */
    @Test
    void fullHouse() throws Exception {
        Program server = lan.start(hub,
                Image.command(Image.OWN, List.of("-Xmx5m"), "Server", "-n", "10.0.0.0/8", "--max-per-source", "9999"));
        server.awaitLine("listening on .* at most \\d+ clients", 60);
        int most = Integer.parseInt(server.log().replaceFirst("(?s).* at most (\\d+) clients.*", "$1"));
        assertTrue(most > 300 && most < 2000, server::log);
        List<ClassicClient> clients = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            ExtendedClient client = new ExtendedClient(west, hub, i + 1);
            String address = "10." + (i >> 8) + "." + (i & 255) + ".7";
            assertEquals(address, client.ask(address), server::log);
            byte[] packet = Frames.echo(address, address, i & 0xff, 1000);
            client.send(packet, Arrays.copyOf(packet, 900));
            clients.add(client);
        }
        assertNull(new ExtendedClient(east, hub, most + 1).ask("0.0.0.0"), "one more is refused");
        for (ClassicClient client : clients) {
            assertTrue(Frames.isEcho(client.receive()), server::log);
        }
        server.stop();
    }

    /** Five thousand clients come, ask and go, half of them with a reset: no descriptor and no memory stays. */
    @Test
    void fiveThousandComeAndGo() throws Exception {
        Program server = server();
        ClassicClient witness = new ClassicClient(east, hub);
        witness.join();
        // Who answers has opened all that it takes.
        witness.assertAlive();
        int descriptors = server.descriptors();
        comeAndGo(1000);
        long before = server.rss();
        comeAndGo(5000);
        server.await("the descriptors of before", 60, () -> server.descriptors() == descriptors);
        witness.close();
        long growth = server.rss() - before;
        assertTrue(growth < 8_000, () -> "5000 connections left " + growth + " KiB");
        client(east);
        east.awaitPing(SERVER, 60);
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
