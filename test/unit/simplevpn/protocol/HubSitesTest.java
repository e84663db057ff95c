package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;

/** Where packets to networks behind clients go, and which of their sources are taken. */
class HubSitesTest {
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final long ONE = 1L << 62 | 1;
    private static final int AT = 5;

    private final Random random = new Random(77);
    private final ByteBuffer packet = ByteBuffer.allocateDirect(200);
    private final ByteBuffer out = ByteBuffer.allocateDirect(1300);
    private final Hub<Product.Client> hub = new Hub<>(Network.ofIpv4(0x0a000000, 28), 1400, 60, 5, 13, 0, 0);

    private Product.Client client(long identity, String wanted) {
        Product.Client client = new Product.Client(1);
        if (identity != 0) {
            client.identify(identity, null);
        }
        int address = wanted == null ? 0 : Address.parse(wanted).ipv4();
        assertNull(hub.admit(client, ByteBuffer.wrap(Product.request(4, 7, address)), 0, 0).answer().refusal);
        return client;
    }

    /** 192.168.0.0/16 and an IPv6 network behind the client by a name, a part of the former behind 10.0.0.9. */
    private void lead() throws Failure {
        hub.carryIpv6(Network.parseAny(PREFIX + "/64"));
        List<Site> sites = new ArrayList<>();
        sites.add(Site.of(Network.parseAny("192.168.0.0/16"), ONE, ""));
        sites.add(Site.of(Network.parseAny("2001:db8:7::/48"), ONE, ""));
        sites.add(Site.of(Network.parseAny("192.168.9.0/24"), Address.parse("10.0.0.9"), ""));
        Collections.sort(sites);
        hub.lead(new Prefixes(sites.toArray(Site[]::new)));
    }

    private int packet(String from, String to) {
        Address source = Address.parse(from);
        Address destination = Address.parse(to);
        byte[] p = source.isIpv6() ? ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20)
                : ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 20);
        packet.put(AT, p);
        if (source.isIpv6()) {
            packet.putLong(AT + 8, source.high()).putLong(AT + 16, source.low());
            packet.putLong(AT + 24, destination.high()).putLong(AT + 32, destination.low());
        } else {
            packet.putInt(AT + 12, source.ipv4()).putInt(AT + 16, destination.ipv4());
        }
        return p.length;
    }

    private Product.Client destination(String to) {
        packet(to.contains(":") ? "2001:db8:1::1" : "172.16.0.1", to);
        return hub.destination(packet, AT);
    }

    private boolean maySend(Product.Client from, String source) {
        packet(source, source.contains(":") ? "2001:db8:1::1" : "172.16.0.1");
        return hub.maySend(from, packet, AT);
    }

    /** What is sent to a network goes to its client, the longest prefix first; addresses of the VPN as ever. */
    @Test
    void destinations() throws Failure {
        Product.Client one = client(ONE, null);
        Product.Client nine = client(0, "10.0.0.9");
        assertNull(destination("192.168.7.7"), "no networks yet");
        lead();
        assertSame(one, destination("192.168.7.7"));
        assertSame(one, destination("192.168.8.255"));
        assertSame(nine, destination("192.168.9.0"));
        assertSame(nine, destination("192.168.9.255"));
        assertSame(one, destination("192.168.10.0"));
        assertSame(one, destination("2001:db8:7:ffff::1"));
        assertSame(nine, destination("10.0.0.9"));
        assertSame(nine, destination(PREFIX + "a00:9"));
        for (String none : new String[] {"192.167.255.255", "192.169.0.0", "10.0.0.3", "10.0.0.1", "2001:db8:8::"}) {
            assertNull(destination(none), none);
        }
    }

    /** Packets from a network are taken of its client alone, and of nobody without an address. */
    @Test
    void sources() throws Failure {
        Product.Client one = client(ONE, null);
        Product.Client nine = client(0, "10.0.0.9");
        assertFalse(maySend(one, "192.168.7.7"));
        lead();
        assertTrue(maySend(one, "192.168.7.7") && maySend(one, "2001:db8:7::1") && maySend(one, "10.0.0.2"));
        assertTrue(maySend(nine, "192.168.9.7") && maySend(nine, PREFIX + "a00:9"));
        assertFalse(maySend(one, "192.168.9.7"), "that one is behind the other");
        for (String source : new String[] {"192.168.7.7", "2001:db8:7::1", "10.0.0.2", "192.167.0.1",
            PREFIX + "a00:2"}) {
            assertFalse(maySend(nine, source), source);
            assertFalse(maySend(new Product.Client(1), source), source);
        }
        Product.Client stranger = new Product.Client(1);
        stranger.identify(ONE, null);
        assertFalse(maySend(stranger, "192.168.7.7"), "who has no address yet");
    }

    /** While its client is away, a network is nobody's: not this host's either, which would send it back. */
    @Test
    void clientsThatAreAway() throws Failure {
        lead();
        for (String to : new String[] {"192.168.7.7", "192.168.9.9", "2001:db8:7::1"}) {
            assertNull(destination(to), to);
            assertFalse(hub.isBeyond(packet, AT), to);
        }
        for (String to : new String[] {"192.167.7.7", "2001:db8:8::1", "10.0.0.1", PREFIX + "a00:1"}) {
            assertNull(destination(to), to);
            assertTrue(hub.isBeyond(packet, AT), to);
        }
        int length = packet("172.16.0.1", "192.168.7.7");
        assertEquals(28 + length, hub.unreachable(null, packet, AT, length, out, 0, 0));
        assertEquals(ReferencePackets.get32(ReferencePackets.bytes(packet, AT, 20), 16),
                ReferencePackets.get32(ReferencePackets.bytes(out, 0, 20), 12), "by the address itself, to this host");
        length = packet("2001:db8:1::1", "2001:db8:7::1");
        assertEquals(48 + length, hub.unreachable(null, packet, AT, length, out, 0, 0));
        assertEquals(Icmpv6.ADDRESS_UNREACHABLE, out.get(41));
        Product.Client one = client(ONE, null);
        assertSame(one, destination("192.168.7.7"));
        hub.leave(one, 0);
        assertNull(destination("192.168.7.7"));
        Product.Client again = client(ONE, null);
        assertSame(again, destination("192.168.7.7"));
        Product.Client moved = client(ONE, "10.0.0.5");
        assertSame(moved, destination("192.168.7.7"), "whichever address it has");
        assertFalse(maySend(again, "192.168.7.7"), "the connection of before");
        hub.lead(new Prefixes());
        assertNull(destination("192.168.7.7"));
        assertTrue(hub.isBeyond(packet, AT));
    }
}
