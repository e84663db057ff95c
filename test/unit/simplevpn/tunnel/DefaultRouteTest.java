package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Route;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.protocol.Answer;

/** Everything through the tunnel: which routes there are for it, when, and which a killed program's are. */
class DefaultRouteTest extends Logged {
    private static final Address SERVER = Address.parse("192.0.2.1");
    private static final String HALVES = "0.0.0.0/1, 128.0.0.0/1";
    private static final String HALVES6 = "::/1, 8000::/1";
    private static final String HELD6 = "unreachable ::/1, unreachable 8000::/1";

    private final MemoryDevice device;
    private final InterfaceSetup setup;

    DefaultRouteTest() throws Failure {
        MemoryKernel kernel = new MemoryKernel();
        device = new MemoryDevice(kernel);
        setup = MemoryLoop.of(kernel, device, true).device.setup;
    }

    /** An answer with an IPv4 address, and an IPv6 address unless that is {@code null}. */
    private static Answer answer(String address, String address6) {
        ByteBuffer b = ByteBuffer.allocate(200).put(0, HexFormat.of().parseHex("45040000563300000000000000000000"
                + "00000000")).putInt(16, Address.parse(address).ipv4()).position(20);
        b.putShort((short) 0x0104).putInt(0xffff0000);
        if (address6 != null) {
            Address own = Address.parse(address6);
            b.putShort((short) 0x0711).putLong(own.high()).putLong(own.low()).put((byte) 64);
        }
        b.putShort(2, (short) b.position());
        return Answer.read(b, 0, b.position());
    }

    private void join(String address, String address6) throws Failure {
        Answer answer = answer(address, address6);
        setup.leadInside(answer, SERVER, Address.parse("198.18.0.53"));
        setup.apply(answer, 0);
    }

    private Route other(int index, String text, String gateway, int metric, int protocol) {
        String[] parts = text.split("/");
        Network network = new Network(Address.parse(parts[0]), Integer.parseInt(parts[1]));
        Route route = new Route(index, "eth" + index, network, gateway == null ? null : Address.parse(gateway), metric,
                protocol);
        device.others.add(route);
        return route;
    }

    private String routes() {
        String all = device.routes.toString();
        return all.substring(1, all.length() - 1);
    }

    /** The routes beside the tunnel's, but the first one, the default route. */
    private String others() {
        assertEquals("0.0.0.0/0 via 198.51.100.1 dev eth2", device.others.getFirst().toString());
        String all = device.others.subList(1, device.others.size()).toString();
        return all.substring(1, all.length() - 1);
    }

    private void begin() {
        other(2, "0.0.0.0/0", "198.51.100.1", 0, 4);
        setup.begin(true);
    }

    /**
     * Two halves of each version of IP go into the tunnel, and the way to the server does not, nor is the default route
     * touched. It stays so without a connection, and at the end nothing is left.
     */
    @Test
    void halves() throws Failure {
        begin();
        assertFalse(setup.leadsEverywhere());
        join("10.0.0.7", "fd00:1::7");
        String detour = "192.0.2.1/32 via 198.51.100.1 dev eth2";
        assertEquals(HALVES + ", " + HALVES6, routes());
        assertEquals(detour + ", " + HELD6, others());
        setup.endDetours();
        assertEquals(detour + ", " + HELD6, others(), "the next connection needs it");
        device.routes.clear();
        setup.mend();
        assertEquals(HALVES + ", " + HALVES6, routes());
        setup.endRoutes();
        assertEquals("", routes());
        assertEquals("", others());
    }

    /** IPv6 that is not carried goes nowhere, and comes back with a server that carries it. */
    @Test
    void withoutIpv6() throws Failure {
        begin();
        join("10.0.0.7", null);
        assertEquals(HALVES, routes());
        assertTrue(others().endsWith(HELD6), others());
        assertTrue(log.getLast().startsWith("the tunnel carries no IPv6: "), log::toString);
        join("10.0.0.7", "fd00:1::7");
        assertEquals(HALVES + ", " + HALVES6, routes());
        join("10.0.0.7", null);
        assertEquals(HALVES, routes());
        assertTrue(others().endsWith(HELD6), others());
    }

    /** While the address is replaced, when the kernel drops all routes, IPv4 is held back too. */
    @Test
    void anotherAddress() throws Failure {
        begin();
        join("10.0.0.7", null);
        join("10.0.0.8", null);
        assertTrue(device.othersMeanwhile.contains("unreachable 0.0.0.0/1, unreachable 128.0.0.0/1"),
                device.othersMeanwhile);
        assertEquals(HALVES, routes());
        assertTrue(others().endsWith(HELD6), others());
        device.othersMeanwhile = null;
        join("10.0.0.8", null);
        assertEquals(null, device.othersMeanwhile, "the same address is left as it is");
    }

    /** Without a way to the server that could be kept outside everything stays as it is. */
    @Test
    void noWayToTheServer() throws Failure {
        setup.begin(true);
        Failure none = assertThrows(Failure.class, () -> join("10.0.0.7", null));
        assertEquals("the main table has no route to 192.0.2.1 around the tunnel", none.getMessage());
        setup.mend();
        assertEquals("", routes());
        assertEquals(List.of(), device.others);
    }

    /** A route that is more special than a half is way enough: the server is on a network of this host's. */
    @Test
    void serverBeside() throws Failure {
        begin();
        other(2, "192.0.2.0/24", null, 0, 2);
        join("10.0.0.7", null);
        assertEquals("192.0.2.0/24 dev eth2, " + HELD6, others());
    }

    /** Name servers are asked through the tunnel, as long as addresses that are known are of use. */
    @Test
    void nameServers() throws Failure {
        begin();
        assertTrue(setup.asksForNames());
        join("10.0.0.7", null);
        assertFalse(setup.asksForNames());
        Address names = Address.parse("198.18.0.53");
        setup.aroundNameServers(names);
        assertFalse(others().contains("198.18"), others());
        setup.askForNames();
        setup.aroundNameServers(names);
        assertTrue(others().contains("198.18.0.53/32 via 198.51.100.1"), others());
        join("10.0.0.7", null);
        assertFalse(others().contains("198.18"), others());
        assertTrue(others().contains("192.0.2.1/32"), "and the server's stays");
    }

    /** What a killed program left goes at the next start, whatever that wants; nobody else's does. */
    @Test
    void leftBehind() {
        other(2, "0.0.0.0/0", "198.51.100.1", 0, 4);
        other(2, "192.0.2.1/32", "198.51.100.9", 2002, Route.OURS);
        other(3, "2001:db8::1/128", "fe80::9", 2002, Route.OURS);
        device.others.add(Route.unreachable(Network.containing(Address.parse("::"), 1), 2002));
        other(2, "192.0.2.7/32", "198.51.100.9", 2002, 4);
        other(2, "192.0.2.8/32", "198.51.100.9", 100, Route.OURS);
        other(2, "192.168.0.0/16", "198.51.100.9", 2002, Route.OURS);
        setup.begin(false);
        assertEquals("192.0.2.7/32 via 198.51.100.9 dev eth2, 192.0.2.8/32 via 198.51.100.9 dev eth2,"
                + " 192.168.0.0/16 via 198.51.100.9 dev eth2", others());
    }

    /** An interface that stays has kept what led into it. */
    @Test
    void leftOnTheInterface() throws Failure {
        device.up = true;
        device.addRoute(Network.containing(Address.parse("128.0.0.0"), 1));
        device.addRoute(Network.containing(Address.parse("8000::"), 1));
        device.addRoute(Network.containing(Address.parse("192.168.0.0"), 16));
        setup.begin(false);
        assertEquals("192.168.0.0/16", routes());
    }

    /** Of a client that runs beside this one nothing is taken away. */
    @Test
    void besideAnother() {
        other(2, "0.0.0.0/0", "198.51.100.1", 0, 4);
        other(8, "0.0.0.0/1", null, 0, Route.OURS);
        other(8, "10.0.0.0/16", null, 0, 2);
        other(2, "9.0.2.1/32", "198.51.100.1", 2002, Route.OURS);
        other(2, "10.0.9.1/32", "198.51.100.1", 2002, Route.OURS);
        device.others.add(Route.unreachable(Network.containing(Address.parse("::"), 1), 2002));
        int before = device.others.size();
        setup.begin(true);
        assertEquals(before, device.others.size());
    }
}
