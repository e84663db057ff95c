package simplevpn.tunnel;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.linux.Errno;
import simplevpn.linux.PacketDevice;
import simplevpn.protocol.Answer;

/**
 * What the tunnel's network interface has to have: MTU, address, routes. What it has already is not set again, so that
 * root can make and set up one for a user who then needs no capability; what cannot be set but is no obstacle is
 * logged.
 */
public final class InterfaceSetup {
    /** MTU towards a classic server, so that its reads find whole packets in the outer segments. */
    private static final int CLASSIC_MTU = 1400;

    private final PacketDevice device;

    /** What was asked for last: asking again changes nothing, whatever somebody else did to the interface since. */
    private Address address;
    private int length;
    private int wantedMtu;
    private int mtu;

    InterfaceSetup(PacketDevice device) {
        this.device = device;
    }

    /** The address that the interface has and that this process may not change, or {@code null}. */
    public Address fixedAddress() {
        return device.fixedAddress();
    }

    /**
     * Gives the interface what a server's answer says.
     *
     * @param wantedMtu bytes, or 0 for what the server says
     * @param outer the address of the server, or {@code null} when it is not IPv4
     * @return the MTU in force
     */
    public int apply(Answer answer, int wantedMtu, Address outer) throws Failure {
        int pushedMtu = !answer.extended ? CLASSIC_MTU : answer.mtu != 0 ? answer.mtu : Sender.MTU;
        int inForce = mtu(wantedMtu != 0 ? wantedMtu : pushedMtu);
        address(answer.address, answer.length);
        routes(answer.routes, outer);
        return inForce;
    }

    /**
     * Gives the interface its MTU. Where that is not allowed, the tunnel works with what there is.
     *
     * @param wanted bytes, 68 to 65535
     * @return the smaller one of the wanted MTU and the interface's own
     */
    public int mtu(int wanted) throws Failure {
        if (wanted != wantedMtu) {
            mtu = device.mtu();
            if (mtu != wanted) {
                int result = device.setMtu(wanted);
                if (result == -Errno.EPERM) {
                    Log.event(device.name() + " keeps its MTU of " + mtu + " bytes instead of " + wanted
                            + "; as root: ip link set dev " + device.name() + " mtu " + wanted);
                } else if (result < 0) {
                    throw Errno.failure("SIOCSIFMTU " + device.name(), result, "");
                } else {
                    mtu = wanted;
                }
            }
            wantedMtu = wanted;
        }
        return Math.min(mtu, wanted);
    }

    /**
     * Gives the interface its address, and brings it up.
     *
     * @param prefixLength of the network that the kernel adds a route to
     */
    public void address(Address wanted, int prefixLength) throws Failure {
        if (wanted.equals(address) && prefixLength == length) {
            return;
        }
        boolean before = device.hasAddress(wanted, prefixLength);
        if (!before) {
            device.setAddress(wanted, prefixLength);
        }
        device.bringUp();
        if (before) {
            Log.event(device.name() + " has the address " + wanted + "/" + prefixLength
                    + " already: it is left as it is");
        }
        address = wanted;
        length = prefixLength;
    }

    /**
     * Adds routes through the interface. What is wrong with one of them is logged, and the tunnel works without it.
     *
     * @param outer the other end of the tunnel, to which none of them may lead; {@code null} when it is not IPv4
     */
    void routes(Network[] routes, Address outer) {
        for (Network route : routes) {
            if (outer != null && route.contains(outer)) {
                Log.event("route " + route + " left out: it would lead the tunnel to " + outer + " into itself");
                continue;
            }
            try {
                device.addRoute(route);
            } catch (Failure e) {
                Log.event(e.getMessage());
            }
        }
    }
}
