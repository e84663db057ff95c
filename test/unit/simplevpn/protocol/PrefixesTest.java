package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;

/** The longest network that an address is in, against a search through all of them. */
class PrefixesTest {
    private final Random random = new Random(1519);

    private static long owner(Prefixes prefixes, Address address) {
        return address.isIpv6() ? prefixes.owner(address.high(), address.low()) : prefixes.owner(address.ipv4());
    }

    /** The slow way. */
    private static Site longest(List<Site> sites, Address address) {
        Site found = null;
        for (Site site : sites) {
            if (site.network.contains(address) && (found == null || site.network.length() > found.network.length())) {
                found = site;
            }
        }
        return found;
    }

    /** Few bits, so that networks lie in each other: of 10.0.0.0/8 and, on both halves, 2001::/16. */
    private Address address() {
        return random.nextBoolean() ? Address.ofIpv4(0x0a00_0000 | ((int) few() & 0x00ff_ffff))
                : Address.ofIpv6((0x2001L << 48) | (few() >>> 16), few());
    }

    /** A number of which few bits are 1. */
    private long few() {
        long bits = random.nextLong();
        bits &= random.nextLong();
        return bits & random.nextLong();
    }

    private List<Site> sites(int most) {
        List<Site> sites = new ArrayList<>();
        Set<Network> seen = new HashSet<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            Address any = address();
            Network network = Network.containing(any, any.isIpv6() ? 16 + random.nextInt(113) : 8 + random.nextInt(25));
            if (seen.add(network)) {
                sites.add(Site.of(network, i, "line " + i));
            }
        }
        Collections.sort(sites);
        return sites;
    }

    /** Each address is found, or not, as by the slow way: at random, and around where networks begin and end. */
    @Test
    void asTheSlowWay() {
        int hits = 0;
        int nested = 0;
        for (int round = 0; round < 300; round++) {
            List<Site> sites = sites(round % 40);
            Prefixes prefixes = new Prefixes(sites.toArray(Site[]::new));
            List<Address> addresses = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                addresses.add(address());
            }
            for (int i = 0; i < sites.size(); i++) {
                Network network = sites.get(i).network;
                for (Address edge : List.of(network.address(), network.last())) {
                    for (int by = -1; by <= 1; by++) {
                        addresses.add(edge.isIpv6() ? Address.ofIpv6(edge.high(), edge.low() + by)
                                : Address.ofIpv4(edge.ipv4() + by));
                    }
                }
                int outer = prefixes.around(i);
                nested += outer >= 0 ? 1 : 0;
                List<Site> others = new ArrayList<>(sites);
                others.removeIf(site -> site.network.length() >= network.length());
                assertEquals(longest(others, network.address()), outer < 0 ? null : sites.get(outer));
            }
            for (Address address : addresses) {
                Site expected = longest(sites, address);
                hits += expected == null ? 0 : 1;
                assertEquals(expected == null ? 0 : expected.owner, owner(prefixes, address), address + " " + round);
            }
        }
        assertTrue(hits > 5000 && nested > 500, hits + " " + nested);
    }

    /** IPv4 and IPv6 never meet, also where the last 32 bits are the same, and halves count without a sign. */
    @Test
    void bothVersions() throws Failure {
        List<Site> sites = new ArrayList<>();
        for (String text : new String[] {"10.9.0.0/16", "200.0.0.0/8", "::1:0:0/96", "2001:db8::a09:0/112",
            "fd00:9::/32", "2001:db8:0:0:8000::/65"}) {
            sites.add(Site.of(Network.parseAny(text), 1 + sites.size(), ""));
        }
        List<Site> sorted = new ArrayList<>(sites);
        Collections.sort(sorted);
        Prefixes prefixes = new Prefixes(sorted.toArray(Site[]::new));
        String[] found = {"10.9.1.2", "200.1.2.3", "::1:a09:102", "2001:db8::a09:102", "fd00:9::1",
            "2001:db8::8000:0:0:1"};
        for (int i = 0; i < found.length; i++) {
            assertEquals(1 + i, owner(prefixes, Address.parse(found[i])), found[i]);
        }
        for (String none : new String[] {"10.8.255.255", "10.10.0.0", "::a09:102", "::ffff:10.9.1.2", "0.0.0.0",
            "255.255.255.255", "::", "ffff::", "2001:db8::7fff:0:0:1", "fd00:a::"}) {
            // A mapped address is never carried: it may be found.
            if (!none.startsWith("::ffff")) {
                assertEquals(0, owner(prefixes, Address.parse(none)), none);
            }
        }
        assertEquals(0, owner(new Prefixes(), Address.parse("10.9.1.2")));
    }

    /** Whose a network is: a client's by its name if it has one, otherwise by its address. */
    @Test
    void owners() {
        Network network = Network.ofIpv4(0x0a090000, 16);
        Product.Client client = new Product.Client(1);
        client.ipv4 = 0xf0000007;
        assertTrue(Site.of(network, Address.ofIpv4(0xf0000007), "").isBehind(client));
        assertFalse(Site.of(network, 1L << 62, "").isBehind(client));
        client.identify(1L << 62, null);
        assertTrue(Site.of(network, 1L << 62, "").isBehind(client));
        assertFalse(Site.of(network, Address.ofIpv4(0xf0000007), "").isBehind(client));
    }
}
