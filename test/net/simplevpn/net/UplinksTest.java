package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * A client with two uplinks, eth0 and eth1, to a server that is behind routers of both: which one it takes, and what
 * becomes of its connections when that changes.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class UplinksTest extends Vpn {
    /** The server, which is in neither uplink's own network. */
    private static final String OUTSIDE = "203.0.113.1";
    private static final String SECOND = "198.51.100.2";
    private static final String SECOND_ROUTER = "198.51.100.1";
    private static final int CHANGES = 20;

    private static void ip(Host host, String words) {
        host.run(Command.words(List.of("ip"), words.split(" ")).toArray(String[]::new)).ok();
    }

    /** The hub is the router of both uplinks, and the server. */
    private void uplinks() {
        secondUplink();
        ip(hub, "address add " + OUTSIDE + "/32 dev lo");
        ip(east, "route add default via " + hub.outer4 + " metric 100");
        ip(east, "route add default via " + SECOND_ROUTER + " metric 200");
    }

    private void secondUplink() {
        ip(hub, "link add eth1 type veth peer name eth1 netns " + east.namespace);
        ip(hub, "address add " + SECOND_ROUTER + "/24 dev eth1");
        ip(hub, "link set eth1 up");
        ip(east, "address add " + SECOND + "/24 dev eth1");
        ip(east, "link set eth1 up");
    }

    private Program outside(String... arguments) {
        Program client = lan.start(east, "cli",
                Command.words(List.of("-s", OUTSIDE), arguments).toArray(String[]::new));
        awaitAddress(client, east);
        return client;
    }

    /** Twenty changes between the uplinks during a transfer: it stalls each time, and nothing of it is lost. */
    @Test
    void twentyChanges() throws Exception {
        uplinks();
        slow("add", "tbf", "rate", "20mbit", "burst", "64k", "latency", "50ms");
        server();
        Program client = outside();
        String before = east.run("ip", "-o", "-4", "addr", "show", "dev", "tun0").ok().output();
        Transfer transfer = new Transfer(east, hub, SERVER, 300_000_000);
        long[] stalls = new long[CHANGES];
        for (int i = 0; i < CHANGES; i++) {
            if (i % 2 == 0) {
                ip(east, "link set eth0 down");
            } else {
                ip(east, "link set eth0 up");
                ip(east, "route add default via " + hub.outer4 + " metric 100");
            }
            stalls[i] = stall(transfer);
        }
        System.out.println("    stalls of a transfer at " + CHANGES + " changes of the uplink, ms: "
                + Arrays.toString(stalls) + ", longest " + Arrays.stream(stalls).max().orElseThrow());
        // The rest of it in less time.
        slow("del");
        transfer.await(90);
        assertEquals(before, east.run("ip", "-o", "-4", "addr", "show", "dev", "tun0").ok().output());
        client.awaitLine(OUTSIDE + ":2002 is reached from " + SECOND + " now, no more from " + east.outer4, 60);
        client.awaitLine("is reached from " + east.outer4 + " now", 60);
        assertFalse(client.said("does not answer|ETIMEDOUT"), client::log);
    }

    /** Makes both uplinks slow in both directions, or as fast as they are (tc-tbf(8)). */
    private void slow(String what, String... how) {
        for (Host host : new Host[] {east, hub}) {
            for (String device : new String[] {"eth0", "eth1"}) {
                host.run(Command.words(List.of("tc", "qdisc", what, "dev", device, "root"), how)
                        .toArray(String[]::new)).ok();
            }
        }
    }

    /** The longest time without progress from now until it goes on steadily, milliseconds. */
    private static long stall(Transfer transfer) {
        long begin = System.nanoTime();
        long last = begin;
        long longest = 0;
        long received = transfer.received();
        long goal = received + 2_000_000;
        while (System.nanoTime() - begin < TimeUnit.MILLISECONDS.toNanos(1300) || received < goal) {
            Wait.pause(2);
            long now = System.nanoTime();
            if (transfer.received() != received) {
                received = transfer.received();
                longest = Math.max(longest, now - last);
                last = now;
            }
            assertTrue(now - last < TimeUnit.SECONDS.toNanos(30), "it does not go on");
        }
        return TimeUnit.NANOSECONDS.toMillis(longest);
    }

    /** More news at once than the kernel keeps for anybody: the change in the midst of it is noticed all the same. */
    @Test
    void flood() {
        uplinks();
        server();
        Program client = outside();
        StringBuilder batch = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            String route = " 172.16." + i / 250 + "." + i % 250 + "/32 dev eth1\n";
            batch.append(i == 9_000 ? "link set eth0 down\n" : "route add" + route);
        }
        Path file = lan.write("batch", batch.toString());
        east.run("ip", "-batch", file.toString()).ok();
        client.awaitLine("is reached from " + SECOND + " now", 60);
        east.awaitPing(SERVER, 60);
        assertEquals(1, client.lines().stream().filter(line -> line.contains("is reached")).count(), client::log);
    }

    /**
     * A server inside the VPN's own network is reached around the tunnel along whichever uplink there is; what a killed
     * client left of that goes with the next one.
     */
    @Test
    void detour() {
        String inside = "10.0.200.1";
        uplinks();
        ip(hub, "address add " + inside + "/32 dev lo");
        server();
        Program client = lan.start(east, "cli", "-s", inside);
        awaitAddress(client, east);
        ip(east, "link set eth0 down");
        client.awaitLine("is reached from " + SECOND + " now", 60);
        east.awaitPing(SERVER, 60);
        String way = inside + " via " + SECOND_ROUTER + " dev eth1 proto 202 metric 2002";
        Wait.until("the way around", 60, () -> east.run("ip", "route").output().contains(way));
        client.kill();
        assertTrue(east.run("ip", "route").output().contains(way), "it outlives the client");
        ip(east, "link set eth0 up");
        ip(east, "route add default via " + hub.outer4 + " metric 100");
        client = lan.start(east, "cli", "-s", inside);
        awaitAddress(client, east);
        Wait.until("the way of now", 60, () -> east.run("ip", "route").output().contains(inside + " via "
                + hub.outer4 + " dev eth0 proto 202 metric 2002"));
        east.awaitPing(SERVER, 60);
        client.stop();
        assertFalse(east.run("ip", "route").output().contains("proto 202"), client::log);
    }

    /** An interface that is not there yet is named, and waited for. */
    @Test
    void bind() {
        ip(hub, "address add " + OUTSIDE + "/32 dev lo");
        ip(east, "route add default via " + hub.outer4 + " metric 100");
        Program server = server();
        Program client = lan.start(east, "cli", "-s", OUTSIDE, "--bind", "eth1");
        client.awaitLine("SO_BINDTODEVICE eth1: ENODEV \\(No such device\\): there is no such interface; trying", 60);
        Wait.pause(5000);
        secondUplink();
        ip(east, "route add default via " + SECOND_ROUTER + " metric 200");
        awaitAddress(client, east);
        server.awaitLine(SECOND + ":\\d+ connected", 60);
        east.awaitPing(SERVER, 60);
        client.stop();
        Program once = lan.start(east, "cli", "-s", OUTSIDE, "--bind", "none0", "--once");
        assertEquals(4, once.awaitExit(30), once::log);
    }

    /** A mark that a routing rule looks at; when the table of that rule says another way, the client goes there. */
    @Test
    void mark() {
        secondUplink();
        ip(hub, "address add " + OUTSIDE + "/32 dev lo");
        ip(east, "rule add fwmark 7 lookup 100");
        ip(east, "route add default via " + SECOND_ROUTER + " table 100");
        Program server = server();
        Program client = outside("--mark", "7");
        server.awaitLine(SECOND + ":\\d+ connected", 60);
        ip(east, "route replace default via " + hub.outer4 + " table 100");
        client.awaitLine("is reached from " + east.outer4 + " now", 60);
        east.awaitPing(SERVER, 60);
    }

    /** An IPv6 address that says nothing does not keep the server's IPv4 address from being taken. */
    @Test
    void deadIpv6() {
        ip(east, "-6 neigh add fd00:2::99 lladdr 02:00:00:00:00:99 dev eth0 nud permanent");
        Path hosts = lan.write("hosts", "fd00:2::99 hub.test\n" + hub.outer4 + " hub.test\n");
        server();
        Program client = lan.start(east, List.of("unshare", "-m", "sh", "-c",
                "mount --bind " + hosts + " /etc/hosts && exec \"$@\"", "sh", Lab.TOP.resolve("cli").toString(), "-s",
                "hub.test"));
        awaitAddress(client, east);
        client.awaitLine("connected to " + hub.outer4, 60);
        assertFalse(client.said("cannot be reached"), client::log);
    }

    /** The second server takes over when the first is gone. */
    @Test
    void secondServer() {
        Program first = server();
        Program second = lan.start(west, "srv", "-p", "2003", "-n", "10.0.0.0/16");
        second.awaitLine("listening on", 60);
        Program client = clientStarting(east, "-s", west.outer4 + ":2003");
        awaitAddress(client, east);
        first.awaitLine(east.outer4 + ":\\d+ connected", 60);
        first.kill();
        client.awaitLine("connected to " + west.outer4 + ":2003", 60);
        client.awaitLine("connected to " + hub.outer4 + ":2002", 60);
        east.awaitPing(SERVER, 60);
    }

    /** Routes of the server's answer have this project's number, come back after the interface was down, and go. */
    @Test
    void routesComeBack() throws Exception {
        byte[] options = {1, 4, -1, -1, 0, 0, 5, 5, (byte) 172, 20, 0, 0, 14};
        new ClassicServer(hub, request -> ClassicServer.extendedAnswer("10.0.0.7", options));
        east.run("ip", "tuntap", "add", "dev", "vpn0", "mode", "tun").ok();
        Program client = client(east, "-i", "vpn0");
        String route = "172.20.0.0/14 dev vpn0 proto 202";
        Wait.until("the route", 60, () -> east.run("ip", "route").output().contains(route));
        ip(east, "link set vpn0 down");
        assertFalse(east.run("ip", "route").output().contains(route));
        ip(east, "link set vpn0 up");
        Wait.until("the route once more", 60, () -> east.run("ip", "route").output().contains(route));
        client.stop();
        assertFalse(east.run("ip", "route").output().contains("172.20.0.0/14"), "the interface stays");
    }

    /** Where a unit does not allow AF_NETLINK the client says so, and carries packets. */
    @Test
    void denied() {
        Command.run(60, "sh", "-c", "cd \"$1\" && cc -O2 -Wall -Wextra -Werror -o \"$0\" test/net/deny-netlink.c",
                file("deny-netlink"), Lab.TOP.toString()).ok();
        server();
        Program client = lan.start(east, List.of(lan.file("deny-netlink").toString(),
                Lab.TOP.resolve("cli").toString(), "-s", hub.outer4));
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        List<String> told = new ArrayList<>(client.lines());
        told.removeIf(line -> !line.contains("AF_NETLINK"));
        assertEquals(1, told.size(), client::log);
        assertTrue(told.getFirst().contains("EAFNOSUPPORT"), client::log);
    }
}
