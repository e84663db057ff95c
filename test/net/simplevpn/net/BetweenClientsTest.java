package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import simplevpn.harness.Host;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** Clients that the server's firewall parts, or the server itself, on real kernels with nftables. */
final class BetweenClientsTest extends Vpn {
    private static final String NETWORK = "fd12:3456:789a:1::/64";
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final String EAST = "10.0.0.2";
    private static final String WEST = "10.0.0.3";
    private static final String EAST6 = PREFIX + "a00:2";
    private static final String WEST6 = PREFIX + "a00:3";
    private static final long BYTES = 100_000_000;
    /** As a distribution with the package has it: nft(8) is found, and its libraries. */
    private static final String WITH_NFT = """
            LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) PATH=$0/usr/sbin:$PATH
            export LD_LIBRARY_PATH
            """;

    private Program one;
    private Program other;

    private Program between(String how) {
        Program server = server("--network6", NETWORK, "--between-clients", how);
        one = client(east);
        one.awaitLine("address " + EAST + "/16 and " + EAST6, 60);
        other = client(west);
        other.awaitLine("address " + WEST + "/16 and " + WEST6, 60);
        return server;
    }

    private void set(String setting, int value) {
        hub.run("sh", "-c", "echo " + value + " >/proc/sys/net/" + setting).ok();
    }

    /** Only what comes from the tunnel is forwarded, of IPv4; of IPv6 a kernel has but one switch. */
    private void forward() {
        set("ipv4/conf/default/forwarding", 1);
        set("ipv6/conf/all/forwarding", 1);
    }

    /** Runs commands of the shell on the server's host; returns what they print. */
    private String shell(String commands) {
        return hub.run("sh", "-e", "-c", WITH_NFT + commands, fetched("nftables")).ok().output();
    }

    private static void assertReaches(Host from, String to) {
        from.pingAll(to, 3);
    }

    private static void assertAnswers(Host from, String to, String words) {
        String output = from.ping(to, "-c", "2", "-i", "0.2", "-W", "3").output();
        assertTrue(output.contains(words) && output.contains(" 100% packet loss"), output);
    }

    /**
     * What the firewall lets pass goes from client to client, one hop longer, and what it does not, does not, over IPv4
     * and IPv6; in between the rules can change, and nobody connects anew.
     */
    @Test
    void theFirewallDecides() {
        forward();
        Program server = between("kernel");
        assertFalse(server.said("does not forward"), server::log);
        for (String to : new String[] {WEST, WEST6}) {
            assertReaches(east, to);
            assertTrue(east.ping(to, "-c", "1").output().contains("ttl=63"));
        }
        shell("nft add table inet simplevpn '{ chain forward { type filter hook forward priority 0; }; }'\n"
                + "nft add rule inet simplevpn forward iifname tun0 oifname tun0 ip saddr " + EAST
                + " icmp type echo-request counter drop\n"
                + "nft add rule inet simplevpn forward iifname tun0 oifname tun0 ip6 saddr " + EAST6
                + " icmpv6 type echo-request counter reject with icmpv6 type admin-prohibited");
        assertAnswers(east, WEST, " 0 received");
        assertAnswers(east, WEST6, "Administratively prohibited");
        assertEquals(2, shell("nft list ruleset").split("counter packets 2", -1).length - 1, "both rules have met two");
        for (String to : new String[] {EAST, EAST6}) {
            assertReaches(west, to);
            assertReaches(hub, to);
        }
        for (String to : new String[] {SERVER, PREFIX + "a00:1"}) {
            assertReaches(east, to);
        }
        shell("nft flush ruleset");
        assertReaches(east, WEST);
        assertReaches(east, WEST6);
    }

    /** The lines of README.md do what they are said to: all reach one client and hear from it, and nobody else. */
    @Test
    void asTheReadmeSays() throws Exception {
        server("--between-clients", "kernel");
        client(east, "-a", "10.0.0.7");
        client(west);
        shell("sysctl() { echo \"${2#*=}\" >/proc/sys/$(echo \"${2%=*}\" | tr . /); }\n"
                + String.join("\n", readme("### Who reaches whom", "sysctl")));
        assertReaches(west, "10.0.0.7");
        assertAnswers(east, address(west), " 0 received");
        assertReaches(west, SERVER);
        assertReaches(east, SERVER);
    }

    /** Streams through the kernel arrive byte for byte, in super-packets all the way. */
    @Test
    void streamsThroughTheKernel() throws Exception {
        forward();
        Program server = between("kernel");
        new Transfer(east, west, WEST, BYTES).await(120);
        new Transfer(west, east, EAST6, BYTES).await(120);
        OffloadPairsTest.assertSizes(one, true, true);
        OffloadPairsTest.assertSizes(other, true, true);
        server.stop();
        assertTrue(server.lastLine().contains("tun0 refused 0 packets"), server::log);
    }

    /**
     * A kernel that sends packets back where they came from tells their senders of a shorter way that there is not:
     * some few times, and they do not listen.
     */
    @Test
    void redirects() {
        forward();
        between("kernel");
        east.ping(WEST, "-c", "200", "-i", "0.01");
        String sent = hub.run("sh", "-c", "awk '/^Icmp:/ { for (i = 2; i <= NF; i++) if (name[i]) print name[i], $i;"
                + " else name[i] = $i }' /proc/net/snmp | grep OutRedirects").ok().output();
        System.out.println("    redirects for 200 pings: " + sent.strip());
        assertReaches(east, WEST);
        assertTrue(east.run("ip", "route", "get", WEST).ok().output().startsWith(WEST + " dev "));
    }

    /** A kernel that does not forward is named at the start, with the word that makes it do so. */
    @Test
    void aKernelThatDoesNotForward() {
        Program server = between("kernel");
        server.awaitLine("does not forward packets, so that no client reaches another; as root: sysctl -w"
                + " net.ipv4.conf.tun0.forwarding=1 net.ipv6.conf.all.forwarding=1", 60);
        assertAnswers(east, WEST, " 0 received");
        assertReaches(east, SERVER);
        set("ipv4/conf/tun0/forwarding", 1);
        set("ipv6/conf/all/forwarding", 1);
        assertReaches(east, WEST);
        assertReaches(east, WEST6);
    }

    /** An address that nobody has is told to be unreachable, also when the kernel was asked, and nothing circles. */
    @Test
    void nobodyThere() {
        forward();
        between("kernel");
        assertAnswers(east, "10.0.123.45", "From 10.0.0.1 icmp_seq=1 Destination Host Unreachable");
        assertAnswers(east, PREFIX + "a00:77", "Destination unreachable: Address unreachable");
        assertAnswers(hub, "10.0.123.45", "Destination Host Unreachable");
    }

    /** A server that parts its clients tells them so, and they reach the server's host alone, which reaches them. */
    @Test
    void notAtAll() {
        forward();
        Program server = between("no");
        assertAnswers(east, WEST, "From 10.0.0.1 icmp_seq=1 Packet filtered");
        assertAnswers(east, "10.0.123.45", "Packet filtered");
        assertAnswers(east, WEST6, "Administratively prohibited");
        for (String to : new String[] {EAST, WEST, EAST6, WEST6}) {
            assertReaches(hub, to);
        }
        assertReaches(east, SERVER);
        assertReaches(west, PREFIX + "a00:1");
        server.stop();
        Wait.until("the count", 60, () -> server.said("\\(" + EAST + "\\) closed; .*, rejected 0, prohibited 6"));
    }
}
