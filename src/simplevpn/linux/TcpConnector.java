package simplevpn.linux;

import simplevpn.base.Address;
import simplevpn.base.Failure;

/** Names by getaddrinfo(3), connections by TCP. */
public final class TcpConnector implements Connector {
    private final int mss;
    private final String device;
    private final int mark;

    /**
     * @param mss the most bytes of a segment, 88 to 32767, in either direction; 0 for what the line has
     * @param device the name of the one interface to use, or {@code null} for whichever routes say (SO_BINDTODEVICE)
     * @param mark what rules for routing and firewalls may look at, or 0 (SO_MARK)
     */
    public TcpConnector(int mss, String device, int mark) {
        this.mss = mss;
        this.device = device;
        this.mark = mark;
    }

    @Override
    public Lookup lookUp(String host, int port) throws Failure {
        return Resolver.begin(host, port);
    }

    @Override
    public Address[] nameServers(String host) {
        return Address.parse(host) != null ? new Address[0] : NameServers.addresses();
    }

    @Override
    public Stream connect(Endpoint to) throws Failure {
        return Tcp.connect(to, mss, device, mark);
    }

    @Override
    public Way way(Endpoint to) {
        return Netlink.way(to, device, mark);
    }

    @Override
    public Monitor monitor() throws Failure {
        return new RouteMonitor();
    }
}
