package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;

/** What an interface gets, with and without the right to change it. */
class InterfaceSetupTest {
    private static final Address ADDRESS = Address.parse("10.0.0.7");

    private final MemoryDevice device = new MemoryDevice(new MemoryKernel());
    private final InterfaceSetup setup = new InterfaceSetup(device);

    @BeforeEach
    void quiet() {
        Log.start("test", Log.QUIET, false);
    }

    @AfterEach
    void speakAgain() {
        Log.start("test", Log.EVENTS, false);
    }

    /** MTU, address and routes are set, and set once. */
    @Test
    void permitted() throws Failure {
        assertEquals(1400, setup.mtu(1400));
        setup.address(ADDRESS, 16);
        setup.routes(new Network[] {Network.ofIpv4(0xc0a80100, 24)}, null);
        assertEquals("1400 10.0.0.7/16 true [192.168.1.0/24]",
                device.mtu + " " + device.address + "/" + device.length + " " + device.up + " " + device.routes);
        device.mtu = 1000;
        device.address = null;
        assertEquals(1400, setup.mtu(1400), "asked for again, nothing changes");
        setup.address(ADDRESS, 16);
        assertNull(device.address);
        setup.address(ADDRESS, 24);
        assertEquals(24, device.length);
        assertNull(setup.fixedAddress());
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
        setup.address(ADDRESS, 16);
        assertTrue(device.up);
        assertThrows(Failure.class, () -> setup.address(ADDRESS, 24));
        setup.routes(new Network[] {Network.ofIpv4(0xc0a80100, 24)}, null);
        assertEquals(List.of(), device.routes, "told, and gone without");
    }

    /** An MTU that the kernel refuses is a failure that names it. */
    @Test
    void impossibleMtu() {
        Failure failure = assertThrows(Failure.class, () -> setup.mtu(65000));
        assertEquals("SIOCSIFMTU tun0: EINVAL (Invalid argument)", failure.getMessage());
    }

    /** A route that would lead the tunnel's own connection into the tunnel is left out, all others are not. */
    @Test
    void routesToTheServer() {
        Network[] routes = {Network.ofIpv4(0, 0), Network.ofIpv4(0xc0000200, 24), Network.ofIpv4(0xc0000300, 24)};
        setup.routes(routes, Address.parse("192.0.2.1"));
        assertEquals("[192.0.3.0/24]", device.routes.toString());
    }
}
