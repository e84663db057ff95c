package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Route;

/** How the tunnel stays out of itself: routes around it, and networks that are on both sides. */
class DetoursTest extends Joining {
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
