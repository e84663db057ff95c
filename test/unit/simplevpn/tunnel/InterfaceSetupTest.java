package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Route;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.protocol.Answer;

/** What an interface gets, with and without the right to change it, and how the tunnel stays out of itself. */
class InterfaceSetupTest extends Logged {
    private static final Address ADDRESS = Address.parse("10.0.0.7");
    private static final Address SERVER = Address.parse("192.0.2.1");
    private static final Network LAN = Network.ofIpv4(0xc0a80100, 24);

    private final MemoryKernel kernel = new MemoryKernel();
    private final MemoryDevice device = new MemoryDevice(kernel);
    private final InterfaceSetup setup;

    InterfaceSetupTest() throws Failure {
        setup = MemoryLoop.of(kernel, device, true).device.setup;
    }

    /** What an extended server answers: an address of 10.0.0.0/16, an MTU of 1400, and routes. */
    private static Answer answer(Network... routes) {
        ByteBuffer b = ByteBuffer.allocate(500);
        b.putInt(0x45000000).putShort((short) 0x5633).put(new byte[6]).putInt(0).putInt(ADDRESS.ipv4());
        b.putShort((short) 0x0104).putInt(0xffff0000);
        b.putShort((short) 0x0302).putShort((short) 1400);
        for (Network route : routes) {
            b.putShort((short) 0x0505).putInt(route.address().ipv4()).put((byte) route.length());
        }
        b.putShort(2, (short) b.position());
        Answer answer = Answer.read(b, 0, b.position());
        assertNull(answer.invalid);
        assertEquals(routes.length, answer.routes.length);
        return answer;
    }

    /** What a client does when it has its answer. */
    private int join(Answer answer, int mtu, Address server, Address... nameServers) throws Failure {
        setup.leadInside(answer, server, nameServers);
        return setup.apply(answer, mtu);
    }

    private String state() {
        return device.mtu + " " + device.address + "/" + device.length + " " + device.up + " " + device.routes;
    }

    /** An answer with IPv6: address, prefix length and routes. */
    private static Answer answer6(String address, int length, String... routes) throws Failure {
        ByteBuffer b = ByteBuffer.allocate(200).put(0, HexFormat.of().parseHex("45040000563300000000000000000000"
                + "00000000")).putInt(16, ADDRESS.ipv4()).position(20);
        Address own = Address.parse(address);
        b.putShort((short) 0x0711).putLong(own.high()).putLong(own.low()).put((byte) length);
        for (String text : routes) {
            Network route = Network.parseAny(text);
            b.putShort((short) 0x0911).putLong(route.address().high()).putLong(route.address().low())
                    .put((byte) route.length());
        }
        b.putShort(2, (short) b.position());
        Answer answer = Answer.read(b, 0, b.position());
        assertNull(answer.invalid);
        return answer;
    }

    /** IPv6 goes with IPv4: an address beside the other, routes, and the next answer's address instead. */
    @Test
    void ipv6() throws Failure {
        assertEquals(1500, join(answer6("fd00:1::7", 64, "2001:db8::/32"), 0, SERVER));
        assertEquals("[fd00:1::7/64] [2001:db8::/32]", device.addresses6 + " " + device.routes);
        join(answer6("fd00:1::7", 64), 0, SERVER);
        assertEquals("[fd00:1::7/64]", device.addresses6.toString(), "the same again");
        join(answer6("fd00:1::8", 64), 0, SERVER);
        assertEquals("[fd00:1::8/64]", device.addresses6.toString());
        device.addresses6.clear();
        join(answer6("fd00:1::8", 64), 0, SERVER);
        assertEquals("[fd00:1::8/64]", device.addresses6.toString(), "the interface was down");
        join(answer(), 0, SERVER);
        assertEquals("[]", device.addresses6.toString());
        device.addresses6.add("fd00:1::9/64");
        join(answer6("fd00:1::9", 64), 0, SERVER);
        join(answer(), 0, SERVER);
        assertEquals("[fd00:1::9/64]", device.addresses6.toString(), "what was there before stays");
    }

    /** Where there can be no IPv6 there is IPv4, and no routes of IPv6: a small MTU, a kernel without. */
    @Test
    void withoutIpv6() throws Failure {
        assertEquals(1279, join(answer6("fd00:1::7", 64, "2001:db8::/32"), 1279, SERVER));
        assertEquals("[] []", device.addresses6 + " " + device.routes);
        assertFalse(setup.hasIpv6(1279));
        assertTrue(setup.hasIpv6(1280) && setup.hasIpv6(0));
        device.ipv6 = false;
        assertFalse(setup.hasIpv6(0));
        Answer answer = answer6("fd00:1::7", 64);
        assertEquals(1500, join(answer, 0, SERVER));
        assertNull(answer.address6);
    }

    /**
     * The tunnel stays out of itself over IPv6 too: routes that cover the server are left out, and where the VPN's
     * network does, or a route covers a name server, there is a route around.
     */
    @Test
    void detoursOfIpv6() throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        other("::/0", "fe80::1", 1024);
        Address outside = Address.parse("fd00:1::99");
        join(answer6("fd00:1::7", 64, "fd00::/16", "2001:db8::/32"), 0, outside, Address.parse("2001:db8::53"),
                Address.parse("::1"), Address.parse("2001:db9::53"));
        assertEquals("[fd00:1::7/64] [2001:db8::/32]", device.addresses6 + " " + device.routes);
        String detours = "[fd00:1::99/128 via fe80::1 dev eth0, 2001:db8::53/128 via fe80::1 dev eth0]";
        assertEquals(detours, device.others.subList(2, device.others.size()).toString());
        setup.aroundStill(outside);
        assertEquals(4, device.others.size(), "one is enough");
        device.others.remove(2);
        setup.aroundStill(outside);
        assertEquals("fd00:1::99/128 via fe80::1 dev eth0", device.others.getLast().toString(), "it comes back");
        setup.endDetours();
        assertEquals(2, device.others.size());
    }

    /** What the kernel dropped of IPv6 while the interface was down comes back, and goes at the end. */
    @Test
    void ipv6IsMended() throws Failure {
        join(answer6("fd00:1::7", 64, "2001:db8::/32"), 0, SERVER);
        device.routes.clear();
        device.addresses6.clear();
        setup.mend();
        assertEquals("[fd00:1::7/64] [2001:db8::/32]", device.addresses6 + " " + device.routes);
        setup.endRoutes();
        assertEquals(List.of(), device.routes);
    }

    /** Each join makes the interface what it has to be, whatever others did to it meanwhile. */
    @Test
    void mendedAtEachJoin() throws Failure {
        assertEquals(1400, join(answer(LAN), 0, SERVER));
        String right = "1400 10.0.0.7/16 true [192.168.1.0/24]";
        assertEquals(right, state());
        device.mtu = 1000;
        device.address = null;
        device.up = false;
        device.routes.clear();
        assertEquals(1400, join(answer(LAN), 0, SERVER));
        assertEquals(right, state());
        assertEquals(1300, join(answer(), 1300, SERVER), "what the user says counts");
        assertNull(setup.fixedAddress());
        assertEquals(List.of(), log);
    }

    /** Without the right, what is there is used: a smaller MTU, an address; what is not there is a failure. */
    @Test
    void notPermitted() throws Failure {
        device.permitted = false;
        device.mtu = 1300;
        device.address = ADDRESS;
        device.length = 16;
        assertEquals(1300, setup.mtu(1500));
        assertEquals(1200, setup.mtu(1200), "the smaller one is in force");
        assertEquals(ADDRESS, setup.fixedAddress());
        assertEquals(1300, join(answer(LAN), 0, SERVER));
        assertTrue(device.up);
        assertEquals(List.of(), device.routes, "told, and gone without");
        assertTrue(log.contains("RTM_NEWROUTE 192.168.1.0/24 dev tun0: EPERM"), log::toString);
        assertThrows(Failure.class, () -> setup.address(ADDRESS, 24));
    }

    /** An MTU that the kernel refuses is a failure that names it. */
    @Test
    void impossibleMtu() {
        Failure failure = assertThrows(Failure.class, () -> setup.mtu(65000));
        assertEquals("SIOCSIFMTU tun0: EINVAL (Invalid argument)", failure.getMessage());
    }

    /** An interface that somebody moved to another namespace goes on as it is, which is told once. */
    @Test
    void movedAway() throws Failure {
        device.here = false;
        device.permitted = false;
        assertEquals(1400, join(answer(LAN), 0, SERVER));
        assertEquals(1400, join(answer(LAN), 0, SERVER));
        assertEquals(1, log.size());
        assertFalse(device.up);
    }

    /** A route that would lead the tunnel's own connection into the tunnel is left out, all others are not. */
    @Test
    void routesToTheServer() throws Failure {
        Network[] routes = {Network.ofIpv4(0, 0), Network.ofIpv4(0xc0000200, 24), Network.ofIpv4(0xc0000300, 24)};
        join(answer(routes), 0, SERVER);
        assertEquals("[192.0.3.0/24]", device.routes.toString());
    }

    private void other(String text, String gateway, int metric) {
        other(text, gateway, metric, 4);
    }

    private void other(String text, String gateway, int metric, int protocol) {
        String[] parts = text.split("/");
        Network network = new Network(Address.parse(parts[0]), Integer.parseInt(parts[1]));
        device.others.add(new Route(2, "eth0", network, gateway == null ? null : Address.parse(gateway), metric,
                protocol));
    }

    /**
     * A server, or a name server, whose address is one of the VPN's is reached around the tunnel: by the best way that
     * there is, as long as there is a connection.
     */
    @Test
    void detours() throws Failure {
        other("0.0.0.0/0", "198.51.100.9", 200);
        other("0.0.0.0/0", "198.51.100.1", 100);
        other("10.0.3.0/24", null, 0);
        int before = device.others.size();
        Address inside = Address.parse("10.0.200.1");
        Address onTheLan = Address.parse("10.0.3.7");
        Address hub = Address.parse("10.0.0.1");
        join(answer(), 0, inside, onTheLan, hub, Address.parse("10.0.201.53"), Address.parse("192.0.2.53"));
        assertEquals("[10.0.200.1/32 via 198.51.100.1 dev eth0, 10.0.201.53/32 via 198.51.100.1 dev eth0]",
                device.others.subList(before, device.others.size()).toString());
        setup.around(inside);
        assertEquals(before + 2, device.others.size(), "one is enough");
        device.others.remove(before);
        setup.aroundStill(inside);
        assertEquals("10.0.200.1/32 via 198.51.100.1 dev eth0", device.others.getLast().toString(), "it comes back");
        assertEquals(before + 2, device.others.size());
        device.others.removeLast();
        device.permitted = false;
        setup.aroundStill(inside);
        assertTrue(log.contains("RTM_NEWROUTE 10.0.200.1/32 via 198.51.100.1 dev eth0: EPERM"), log::toString);
        device.permitted = true;
        setup.endDetours();
        assertEquals(before, device.others.size());
        setup.around(inside);
        assertEquals(before + 1, device.others.size(), "before the next connection, the tunnel leads there already");
        setup.around(Address.parse("2001:db8::1"));
        setup.endDetours();
        other("10.0.200.1/32", "198.51.100.3", 0);
        setup.around(inside);
        assertEquals(before + 1, device.others.size());
        setup.endDetours();
        assertEquals(before + 1, device.others.size(), "one that somebody else made stays");
    }

    /** Where no route of the main table leads there, another table does, which comes first. */
    @Test
    void noOtherWay() throws Failure {
        join(answer(), 0, Address.parse("10.0.200.1"));
        assertEquals(List.of(), device.others);
    }

    /** What a killed client left behind, along a way of before, is replaced, also that of one which used ioctls. */
    @ParameterizedTest
    @ValueSource(ints = {Route.OURS, 3})
    void leftBehind(int protocol) throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        other("10.0.200.1/32", "198.51.100.99", 2002, protocol);
        join(answer(), 0, Address.parse("10.0.200.1"));
        assertEquals("[0.0.0.0/0 via 198.51.100.1 dev eth0, 10.0.200.1/32 via 198.51.100.1 dev eth0]",
                device.others.toString());
        setup.endDetours();
        assertEquals(1, device.others.size());
    }

    /** What a killed client left behind that still is the way is taken over, and goes at the end. */
    @Test
    void takenOver() throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        other("10.0.200.1/32", "198.51.100.1", 2002, Route.OURS);
        join(answer(), 0, Address.parse("10.0.200.1"));
        assertEquals(List.of(), log);
        setup.endDetours();
        assertEquals(1, device.others.size());
    }

    /** A route of somebody else's is never removed, whatever its metric. */
    @Test
    void routesOfOthers() throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        other("10.0.200.1/32", "198.51.100.99", 2002, 4);
        join(answer(), 0, Address.parse("10.0.200.1"));
        setup.endDetours();
        assertEquals(2, device.others.size());
    }

    /** When another way is the best one, the route around the tunnel moves there. */
    @Test
    void betterWay() throws Failure {
        Address inside = Address.parse("10.0.200.1");
        other("0.0.0.0/0", "198.51.100.9", 200);
        join(answer(), 0, inside);
        other("0.0.0.0/0", "198.51.100.1", 100);
        setup.aroundStill(inside);
        assertEquals("[0.0.0.0/0 via 198.51.100.9 dev eth0, 0.0.0.0/0 via 198.51.100.1 dev eth0,"
                + " 10.0.200.1/32 via 198.51.100.1 dev eth0]", device.others.toString());
        setup.endDetours();
        assertEquals(2, device.others.size());
    }

    /** What the server pushes no more is removed, and all of it at the end: an interface may stay. */
    @Test
    void routesEnd() throws Failure {
        Network other = Network.ofIpv4(0xc0000300, 24);
        join(answer(LAN, other), 0, SERVER);
        join(answer(other), 0, SERVER);
        assertEquals("[192.0.3.0/24]", device.routes.toString());
        setup.endRoutes();
        assertEquals(List.of(), device.routes);
    }

    /** Routes that the kernel dropped while the interface was down are made again. */
    @Test
    void routesAreMended() throws Failure {
        join(answer(LAN), 0, SERVER);
        device.routes.clear();
        device.up = false;
        setup.mend();
        assertEquals(List.of(), device.routes);
        device.up = true;
        setup.mend();
        assertEquals("[192.168.1.0/24]", device.routes.toString());
        assertEquals(List.of(), log);
    }

    /** A name server that no route can be added to is told, and done without. */
    @Test
    void noDetourToANameServer() throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        device.permitted = false;
        device.mtu = 1400;
        device.address = ADDRESS;
        device.length = 16;
        join(answer(), 0, SERVER, Address.parse("10.0.201.53"));
        assertTrue(log.contains("RTM_NEWROUTE 10.0.201.53/32 via 198.51.100.1 dev eth0: EPERM"), log::toString);
    }

    /** However many words a server finds that make a line each, the log is bounded. */
    @Test
    void manyLines() throws Failure {
        Network[] routes = new Network[20];
        for (int i = 0; i < routes.length; i++) {
            routes[i] = Network.ofIpv4(0xc0000000, 4 + i);
        }
        for (int i = 0; i < 200; i++) {
            routes[i % 20] = Network.ofIpv4(0xc0000000, 4 + (i + i / 20) % 20);
            join(answer(routes), 0, SERVER);
        }
        assertTrue(log.size() > 500 && log.size() < 1100, log.size() + " lines");
    }

    /** Routes to what this host reaches itself are told, each once, and not taken: LANs and routes, not the default. */
    @Test
    void routesThatAreThereOtherwise() throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        other("::/0", "fe80::1", 0);
        other("192.168.1.7/32", null, 0);
        other("192.168.7.0/24", null, 0);
        other("10.64.0.0/10", "198.51.100.9", 0);
        other("2001:db8:7::/48", null, 0);
        Network[] pushed = {LAN, Network.ofIpv4(0xc0a80700, 25), Network.ofIpv4(0xc0a80700, 24),
            Network.ofIpv4(0x0a000000, 9), Network.ofIpv4(0x0b000000, 8)};
        join(answer(pushed), 0, SERVER);
        assertEquals("[192.168.1.0/24, 11.0.0.0/8]", device.routes.toString());
        String end = " left out: this host has addresses of it already, by ";
        List<String> lines = List.of("route 192.168.7.0/25" + end + "192.168.7.0/24 dev eth0",
                "route 192.168.7.0/24" + end + "192.168.7.0/24 dev eth0",
                "route 10.0.0.0/9" + end + "10.64.0.0/10 via 198.51.100.9 dev eth0");
        assertEquals(lines, log);
        join(answer(pushed), 0, SERVER);
        assertEquals(lines, log, "the same again is no news");
        device.others.removeIf(route -> route.network.toString().equals("192.168.7.0/24"));
        join(answer(pushed), 0, SERVER);
        assertEquals("[192.168.1.0/24, 11.0.0.0/8, 192.168.7.0/25, 192.168.7.0/24]", device.routes.toString());
        log.clear();
        join(answer6("fd00:1::7", 64, "2001:db8:7:7::/64", "2001:db8:8::/48"), 0, SERVER);
        assertEquals("[2001:db8:8::/48]", device.routes.toString());
        assertEquals(List.of("route 2001:db8:7:7::/64" + end + "2001:db8:7::/48 dev eth0"), log);
    }

    /** A server's routes: those of now and none of before; they come back after the interface was down, and end. */
    @Test
    void serversRoutes() throws Failure {
        setup.address(Address.parse("10.0.0.1"), 16);
        setup.lead();
        assertNull(device.monitor, "no need to listen");
        setup.lead(LAN, Network.parseAny("2001:db8::/32"));
        assertEquals("[192.168.1.0/24]", device.routes.toString(), "no IPv6");
        assertTrue(setup.addressIpv6(Address.parse("fd00:1::1"), 64, 1500));
        setup.lead(LAN, Network.parseAny("2001:db8::/32"));
        assertEquals("[192.168.1.0/24, 2001:db8::/32]", device.routes.toString());
        setup.lead(LAN, Network.ofIpv4(0x0b000000, 8));
        assertEquals("[192.168.1.0/24, 11.0.0.0/8]", device.routes.toString());
        device.routes.clear();
        device.addresses6.clear();
        setup.mend();
        assertEquals("[192.168.1.0/24, 11.0.0.0/8] [fd00:1::1/64]", device.routes + " " + device.addresses6);
        other("11.1.0.0/16", null, 0);
        setup.lead(LAN, Network.ofIpv4(0x0b000000, 8));
        assertEquals("[192.168.1.0/24]", device.routes.toString());
        assertEquals(List.of("route 11.0.0.0/8 left out: this host has addresses of it already, by 11.1.0.0/16 dev"
                + " eth0"), log);
        setup.endRoutes();
        assertEquals("[]", device.routes.toString());
    }

    /** A server that may not hear of its interface, or whose interface is elsewhere, says so, and goes on. */
    @Test
    void serversRoutesThatCannotBeKept() throws Failure {
        device.unwatched = "a socket of AF_NETLINK: EAFNOSUPPORT";
        setup.address(Address.parse("10.0.0.1"), 16);
        setup.lead(LAN);
        assertEquals(List.of("a socket of AF_NETLINK: EAFNOSUPPORT: routes that are lost while tun0 is down do not"
                + " come back"), log);
        device.here = false;
        setup.lead();
        assertEquals("[192.168.1.0/24]", device.routes.toString(), "not from here");
    }

    /** Without the right to add the route that is needed there is no tunnel; the failure names the route. */
    @Test
    void noDetour() throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        device.permitted = false;
        Failure failure = assertThrows(Failure.class, () -> join(answer(), 0, Address.parse("10.0.200.1")));
        assertEquals("RTM_NEWROUTE 10.0.200.1/32 via 198.51.100.1 dev eth0: EPERM", failure.getMessage());
    }

    /** A LAN with addresses of the VPN's network is told, once; hosts and the default route are no such thing. */
    @Test
    void overlap() throws Failure {
        other("0.0.0.0/0", "198.51.100.1", 0);
        other("10.0.5.5/32", null, 0);
        other("198.51.100.0/24", null, 0);
        join(answer(), 0, SERVER);
        assertEquals(List.of(), log);
        other("10.0.3.0/24", null, 0);
        join(answer(), 0, SERVER);
        join(answer(), 0, SERVER);
        assertEquals(1, log.size());
        assertTrue(log.get(0).contains("10.0.0.0/16 and the route 10.0.3.0/24 dev eth0 have"), log::toString);
        device.others.clear();
        other("8.0.0.0/5", null, 0);
        join(answer(), 0, SERVER);
        assertEquals(2, log.size());
        other("fd00:1::/56", null, 0);
        for (int i = 0; i < 3; i++) {
            join(answer6("fd00:1::7", 64), 0, SERVER);
        }
        assertEquals(3, log.size());
        assertTrue(log.get(2).matches("the VPN's network fd00:1::/64 and the route fd00:1::/56 dev eth0 have.*6\\)"),
                log::toString);
    }
}
