package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.ServiceManager;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** What else there is on a host: its routes, its name servers, and people who change the tunnel's interface. */
final class SurroundingsTest extends Vpn {
    private static final String INSIDE = "10.0.200.1";
    private static final String NAME_SERVER = "10.0.201.53";

    private static void ip(Host host, String words) {
        host.run(Command.words(List.of("ip"), words.split(" ")).toArray(String[]::new)).ok();
    }

    /** How often a program said something. */
    private static long count(Program program, String text) {
        return program.lines().stream().filter(line -> line.contains(text)).count();
    }

    private static void awaitSecondConnection(Program client) {
        client.await("a second connection", 60, () -> count(client, "connected to") >= 2);
    }

    /**
     * A server whose own address is one of the VPN's network is reached around the tunnel, by a route that is there as
     * long as the connection.
     */
    @Test
    void serverInsideTheNetwork() {
        ip(hub, "address add " + INSIDE + "/32 dev lo");
        ip(east, "route add default via " + hub.outer4);
        Program server = server();
        Program client = lan.start(east, "cli", "-s", INSIDE);
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        String way = INSIDE + " via " + hub.outer4 + " dev eth0";
        assertTrue(east.run("ip", "route").output().contains(way), client::log);
        server.kill();
        Wait.until("no detour without a connection", 60, () -> !east.run("ip", "route").output().contains(way));
        server();
        awaitSecondConnection(client);
        east.awaitPing(SERVER, 60);
        client.stop();
        assertFalse(east.run("ip", "route").output().contains(way), client::log);
    }

    /**
     * A name server inside the VPN's network is reached around the tunnel too. When it does not answer, the loop turns
     * all the same, and the address of before is tried.
     */
    @Test
    void nameServerInsideTheNetwork(@TempDir Path folder) throws Exception {
        ip(hub, "address add " + NAME_SERVER + "/32 dev lo");
        ip(east, "route add default via " + hub.outer4);
        String socket = folder.resolve("notify").toString();
        Path file = lan.write("resolv.conf", "nameserver " + NAME_SERVER + "\noptions timeout:20 attempts:5\n");
        NameServer names = new NameServer(hub, NAME_SERVER, hub.outer4);
        try (ServiceManager manager = new ServiceManager(socket)) {
            Program server = server();
            Program client = lan.start(east, List.of("unshare", "-m", "sh", "-c",
                    "mount --bind " + file + " /etc/resolv.conf && NOTIFY_SOCKET=" + socket
                            + " WATCHDOG_USEC=400000 exec \"$@\"",
                    "sh", Lab.TOP.resolve("cli").toString(), "-s", "hub.test"));
            awaitAddress(client, east);
            String way = NAME_SERVER + " via " + hub.outer4 + " dev eth0";
            assertTrue(east.run("ip", "route").output().contains(way), client::log);
            names.silent = true;
            server.kill();
            client.awaitLine("; reconnecting", 60);
            manager.news();
            client.await("another question", 60, () -> names.unanswered.get() > 0);
            client.await("signs of life while no name server answers", 60, () ->
                    manager.messages().stream().filter("WATCHDOG=1"::equals).count() > 5);
            server();
            awaitSecondConnection(client);
            east.awaitPing(SERVER, 60);
        }
    }

    /** Whatever others did to the interface while the client was away, it works again after the next connection. */
    @Test
    void interfaceIsMended() {
        Program server = server();
        Program client = client(east, "-m", "1300");
        server.kill();
        client.awaitLine("; reconnecting", 60);
        ip(east, "address flush dev tun0");
        ip(east, "link set tun0 mtu 900 down");
        ip(east, "link set tun0 name vpn7");
        server();
        awaitSecondConnection(client);
        client.awaitLine("connected to .* on vpn7", 60);
        assertEquals(1300, east.mtu("vpn7"));
        east.awaitPing(SERVER, 60);
    }

    /** An interface that was moved to another namespace, and set up there, goes on carrying packets. */
    @Test
    void interfaceIsMovedAway() {
        Program server = server();
        Program client = client(east);
        server.kill();
        client.awaitLine("; reconnecting", 60);
        ip(east, "link set tun0 netns " + west.namespace);
        ip(west, "address add 10.0.0.2/16 dev tun0");
        ip(west, "link set tun0 up");
        server();
        awaitSecondConnection(client);
        client.awaitLine("tun0 is in another network namespace", 60);
        west.awaitPing(SERVER, 60);
    }

    /**
     * A router on the way that drops what is too large for its next line, and says nothing: the connection finds out,
     * and its packets are cut.
     */
    @Test
    void blackHole() throws Exception {
        ip(hub, "address add 198.51.100.1/32 dev lo");
        ip(east, "route add 198.51.100.1 via " + west.outer4);
        ip(west, "route add 198.51.100.1 via " + hub.outer4 + " mtu lock 1300");
        west.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward").ok();
        // What the router itself would say finds no way.
        ip(west, "rule add iif lo lookup 99");
        ip(west, "route add unreachable default table 99");
        server();
        Program client = lan.start(east, "cli", "-s", "198.51.100.1");
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        new Transfer(east, hub, SERVER, 1_000_000).await(60);
        // It looks ten times a second while it sends, and the transfer may have ended before the next look.
        client.await("a line about the router", 60, () -> {
            east.awaitPing(SERVER, 60);
            return client.said("198\\.51\\.100\\.1:2002 gets packets again since they may be cut: .*");
        });
        client.stop();
        Program small = lan.start(east, "cli", "-s", "198.51.100.1", "--mss", "1200");
        awaitAddress(small, east);
        new Transfer(east, hub, SERVER, 1_000_000).await(60);
        assertFalse(small.said("since they may be cut"), small::log);
    }

    /** A LAN that has addresses of the VPN's network is told by both programs. */
    @Test
    void overlap() {
        ip(hub, "address add 10.0.202.1/24 dev eth0");
        ip(east, "address add 10.0.203.1/24 dev eth0");
        Program server = server();
        Program client = client(east);
        server.awaitLine("10\\.0\\.202\\.0/24 dev eth0 have addresses in common", 60);
        client.awaitLine("10\\.0\\.203\\.0/24 dev eth0 have addresses in common", 60);
    }

    /** The smallest name server: each name has one IPv4 address, if it is asked for one, and no other. */
    private static final class NameServer {
        volatile boolean silent;
        final AtomicInteger unanswered = new AtomicInteger();

        NameServer(Host host, String own, String answer) throws Exception {
            byte[] address = InetAddress.getByName(answer).getAddress();
            DatagramChannel socket = host.datagrams(own, 53);
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    while (true) {
                        ByteBuffer message = ByteBuffer.allocate(1500);
                        SocketAddress from = socket.receive(message);
                        if (silent) {
                            unanswered.incrementAndGet();
                            continue;
                        }
                        answer(message, address);
                        socket.send(message.flip(), from);
                    }
                } catch (IOException e) {
                    // The end of the test closes the socket.
                }
            });
        }

        /** Makes an answer of a question (RFC 1035, 4.1). */
        private static void answer(ByteBuffer message, byte[] address) {
            int end = 12;
            while (message.get(end) != 0) {
                end += message.get(end) + 1;
            }
            boolean ipv4 = message.getShort(end + 1) == 1;
            message.putShort(2, (short) 0x8180).putShort(6, (short) (ipv4 ? 1 : 0)).putInt(8, 0);
            message.position(end + 5);
            if (ipv4) {
                message.putShort((short) 0xc00c).putShort((short) 1).putShort((short) 1).putInt(60)
                        .putShort((short) 4).put(address);
            }
        }
    }
}
