package simplevpn.tunnel;

import java.util.LinkedHashSet;
import java.util.Set;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.PacketDevice;

/**
 * Routes through the tunnel to single hosts, one for each address that is at its other end now: routing daemons learn
 * from them who is here. There are no more than the network has addresses. Each is one request to the kernel, which
 * does not wait.
 */
final class HostRoutes extends Timer {
    private final Loop loop;
    private final PacketDevice device;
    private final Set<Address> hosts = new LinkedHashSet<>();
    /** Those whose routes are to be made once more, from that place on. */
    private Address[] lost = {};
    private int next;

    /** Removes what a program left that was killed, on an interface that outlived it. */
    HostRoutes(Loop loop, PacketDevice device) {
        this.loop = loop;
        this.device = device;
        device.removeHostRoutes();
    }

    /** A host is there from now on. */
    void add(Address host) {
        if (hosts.add(host)) {
            route(host);
        }
    }

    /** A host is not there any more. */
    void remove(Address host) {
        if (hosts.remove(host)) {
            device.removeRoute(Network.ofHost(host));
        }
    }

    /** Nobody is. */
    void clear() {
        for (Address host : hosts) {
            device.removeRoute(Network.ofHost(host));
        }
        hosts.clear();
    }

    /** The kernel dropped them: they are made once more, so many in each turn of the loop that others have theirs. */
    void mend() {
        lost = hosts.toArray(new Address[0]);
        next = 0;
        loop.timers.set(this, loop.now());
    }

    @Override
    protected void expired(long now) {
        for (int i = 0; i < Budget.HOST_ROUTES && next < lost.length; i++) {
            Address host = lost[next++];
            if (hosts.contains(host)) {
                route(host);
            }
        }
        if (next < lost.length) {
            loop.timers.set(this, now);
        } else {
            lost = new Address[0];
        }
    }

    private void route(Address host) {
        try {
            device.addRoute(Network.ofHost(host));
        } catch (Failure e) {
            loop.budget.logPeer(e.getMessage(), loop.now());
        }
    }
}
