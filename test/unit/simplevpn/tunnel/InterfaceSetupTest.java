package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.protocol.Answer;

/** What an interface gets, with and without the right to change it, and which routes. */
class InterfaceSetupTest extends Joining {
    private String state() {
        return device.mtu + " " + device.address + "/" + device.length + " " + device.up + " " + device.routes;
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

    /** Where no route leads none is taken: to this host itself, to links, to groups, to everything in halves. */
    @Test
    void routesToNowhere() throws Failure {
        String[] none = {"127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "0.0.0.0/1", "128.0.0.0/1"};
        Network[] pushed = new Network[none.length + 1];
        for (int i = 0; i < none.length; i++) {
            pushed[i] = Network.parseAny(none[i]);
        }
        pushed[none.length] = LAN;
        join(answer(pushed), 0, Address.parse("2001:db8::1"));
        assertEquals("[192.168.1.0/24]", device.routes.toString());
        assertEquals(none.length, log.size(), log::toString);
        assertEquals("route 224.0.0.0/4 left out: it has addresses that no host is reached by from elsewhere",
                log.get(2));
    }

    /** Another tunnel that leads everywhere, in two halves, is no reason to take no routes. */
    @Test
    void besideAnotherTunnel() throws Failure {
        other("0.0.0.0/1", null, 0);
        other("128.0.0.0/1", null, 0);
        join(answer(LAN), 0, SERVER);
        assertEquals("[192.168.1.0/24]", device.routes.toString());
        assertEquals(List.of(), log);
    }

    /** An emptied interface has its address again; not one that somebody else gave it, nor in another namespace. */
    @Test
    void emptied() throws Failure {
        join(answer(), 0, SERVER);
        Address own = device.address;
        device.address = null;
        setup.mend();
        assertEquals(own, device.address);
        device.here = false;
        device.address = null;
        setup.mend();
        assertNull(device.address);
        device.here = true;
        device.address = Address.parse("10.0.0.9");
        device.length = 16;
        setup.address(device.address, 16);
        device.address = null;
        setup.mend();
        assertNull(device.address);
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
}
