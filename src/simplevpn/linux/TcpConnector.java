package simplevpn.linux;

import simplevpn.base.Address;
import simplevpn.base.Failure;

/** Names by getaddrinfo(3), connections by TCP. */
public final class TcpConnector implements Connector {
    private final int mss;

    /** @param mss the most bytes of a segment, 88 to 32767, in either direction; 0 for what the line has */
    public TcpConnector(int mss) {
        this.mss = mss;
    }

    @Override
    public Lookup lookUp(String host, int port) throws Failure {
        return Resolver.begin(host, port);
    }

    @Override
    public Address[] nameServers(String host) {
        return Address.parse(host) != null ? new Address[0] : NameServers.ipv4();
    }

    @Override
    public Stream connect(Endpoint to) throws Failure {
        return Tcp.connect(to, mss);
    }
}
