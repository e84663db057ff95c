package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Wait;

/** Fifty sites whose networks all are 192.168.1.0/24, joined by the README's recipe: three of them are there. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class SitesTest extends Routed {
    private static final int SITES = 50;
    private static final int[] PRESENT = {1, 2, 50};
    private static final String LAN = "192.168.1.0/24";

    SitesTest() {
        super("south", "pc1", "pc2", "pc50");
    }

    /** The rules of README.md, of the site that has the number 7 there. */
    private static String recipe() throws IOException {
        String readme = Files.readString(Lab.TOP.resolve("README.md"));
        int begin = readme.indexOf("    table ip site {");
        return readme.substring(begin, readme.indexOf("\n    }\n", begin) + 7);
    }

    private void peers() throws IOException {
        Random random = new Random(50);
        StringBuilder text = new StringBuilder();
        String east = Files.readString(lan.file("peers")).split(" ")[0];
        for (int site = 1; site <= SITES; site++) {
            byte[] hash = new byte[32];
            random.nextBytes(hash);
            String pin = site == 1 ? east : site == 2 ? key("west.key") : site == SITES ? key("south.key")
                    : "sha256:" + Base64.getEncoder().encodeToString(hash);
            text.append(pin).append(" site").append(site).append(" net=10.1.").append(site).append(".0/24\n");
        }
        Files.writeString(lan.file("peers"), text);
    }

    /** Each host of each site has an address of its own to all others, in both directions. */
    @Test
    void sitesOfOnePrefix() throws IOException {
        peers();
        keyed();
        Host[] routers = {east, west, lan.host(3)};
        Host[] machines = {lan.host(4), lan.host(5), lan.host(6)};
        String[] keys = {"east.key", "west.key", "south.key"};
        for (int i = 0; i < routers.length; i++) {
            behind(routers[i], machines[i], LAN);
            give(machines[i], LAN, 77);
            lan.write("site" + i, recipe().replace("10.1.7.", "10.1." + PRESENT[i] + "."));
            routers[i].run("sh", "-c", "LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) exec $0/usr/sbin/nft -f $1",
                    Lab.TOP.resolve("build/packages/nftables").toString(), lan.file("site" + i).toString()).ok();
            client(routers[i], with(keys[i]));
            assertEquals(SITES - 1, routes(routers[i]).split(" ").length);
        }
        for (int from = 0; from < machines.length; from++) {
            for (int to = 0; to < machines.length; to++) {
                if (from != to) {
                    machines[from].awaitPing("10.1." + PRESENT[to] + ".2", 60);
                    assertSeen(machines[from], "10.1." + PRESENT[from] + ".2", machines[to], PRESENT[to]);
                }
            }
        }
        hub.awaitPing("10.1.50.77", 60);
    }

    /** A datagram to the host 77 of a site is that host's, and comes from the address that its sender has outside. */
    private static void assertSeen(Host from, String seenAs, Host to, int site) throws IOException {
        try (DatagramChannel receiver = to.datagrams("192.168.1.77", 0);
                DatagramChannel sender = from.inside(() -> DatagramChannel.open(StandardProtocolFamily.INET))) {
            receiver.configureBlocking(false);
            int port = ((InetSocketAddress) receiver.getLocalAddress()).getPort();
            sender.send(ByteBuffer.wrap(new byte[] {7}), new InetSocketAddress("10.1." + site + ".77", port));
            InetSocketAddress[] source = new InetSocketAddress[1];
            Wait.until("a datagram from " + seenAs, 60, () -> {
                try {
                    source[0] = (InetSocketAddress) receiver.receive(ByteBuffer.allocate(10));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                return source[0] != null;
            });
            assertEquals(seenAs, source[0].getAddress().getHostAddress(), () -> Arrays.toString(source));
        }
    }
}
