package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** Packets on their way between real devices: what arrives, what comes back, and what must not circle. */
final class ForwardTest extends Vpn {
    private static final String NOBODY = "10.0.123.45";
    private static final long BYTES = 100_000_000;

    private Program server;

    @BeforeEach
    void startServer() {
        server = server();
    }

    /** Each host reaches each other one, with packets from empty to fragmented, and none is lost. */
    @Test
    void everyHostAnswersPings() {
        client(east);
        client(west);
        for (String size : new String[] {"0", "56", "1472", "9000"}) {
            east.pingAll(SERVER, 3, "-s", size);
            hub.pingAll(address(east), 3, "-s", size);
            east.pingAll(address(west), 3, "-s", size);
        }
    }

    /** 100 MB each way at once between a client and the server's host arrive byte for byte. */
    @Test
    void clientAndServerExchangeStreams() throws Exception {
        client(east);
        new Transfer(east, hub, SERVER, BYTES).await(120);
    }

    /** 100 MB each way at once between two clients arrive byte for byte. */
    @Test
    void clientsExchangeStreams() throws Exception {
        client(east);
        client(west);
        new Transfer(east, west, address(west), BYTES).await(120);
    }

    /** The outer connection may be IPv6, and HOST a name of which only the last address answers. */
    @Test
    void serverIsFoundByEveryKindOfName() {
        lan.start(east, "cli", "-s", hub.outer6);
        Wait.until("an address over IPv6", 60, () -> east.tunnel().isPresent());
        east.awaitPing(SERVER, 60);
        lan.start(west, "srv", "-l", "127.0.0.1", "-n", "10.99.0.0/16").awaitLine("listening on", 60);
        Program client = lan.start(west, "cli", "-s", "localhost", "-i", "second");
        client.await("a second device on one host", 60,
                () -> west.run("ip", "-4", "-o", "addr", "show", "second").output().contains("10.99.0.2/16"));
    }

    /** An address that nobody has is unreachable for clients and for the server's host, which ping prints. */
    @Test
    void unassignedAddressIsUnreachable() {
        client(east);
        assertUnreachable(east);
        assertUnreachable(hub);
    }

    /** A client's packet for an address that nobody has never enters a routing kernel, which would send it back. */
    @Test
    void unassignedAddressDoesNotLoop() {
        client(east);
        hub.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward").ok();
        east.pingAll(SERVER, 1);
        String device = hub.tunnel().orElseThrow().device();
        String written = hub.run("cat", "/sys/class/net/" + device + "/statistics/rx_packets").ok().output();
        east.ping(NOBODY, "-c", "5", "-i", "0.05", "-W", "1");
        assertEquals(written, hub.run("cat", "/sys/class/net/" + device + "/statistics/rx_packets").ok().output());
    }

    /** What is for neither the server nor a client goes to the server's kernel, which routes it on. */
    @Test
    void serverHandsOnWhatIsBeyond() {
        client(east);
        hub.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward").ok();
        west.run("ip", "route", "add", "10.0.0.0/16", "via", hub.outer4).ok();
        east.run("ip", "route", "add", "198.51.100.0/24", "dev", east.tunnel().orElseThrow().device()).ok();
        west.run("ip", "addr", "add", "198.51.100.7/32", "dev", "lo").ok();
        hub.run("ip", "route", "add", "198.51.100.0/24", "via", west.outer4).ok();
        east.pingAll("198.51.100.7", 3);
    }

    /** A client that a user stops leaves its address unreachable, and the server and the others as they were. */
    @Test
    void stoppedClientIsUnreachable() {
        client(east);
        Program leaving = client(west);
        String address = address(west);
        east.pingAll(address, 1);
        leaving.stop();
        server.await("the address to be unreachable", 60,
                () -> east.ping(address, "-c", "1", "-W", "1").output().contains("Host Unreachable"));
        east.pingAll(SERVER, 1);
    }

    private static void assertUnreachable(Host host) {
        Command.Result result = host.ping(NOBODY, "-c", "2", "-i", "0.2", "-W", "5");
        assertEquals(1, result.status());
        assertTrue(result.output().contains("Destination Host Unreachable"), result::output);
    }
}
