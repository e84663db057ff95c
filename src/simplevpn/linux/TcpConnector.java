package simplevpn.linux;

import simplevpn.base.Failure;

/** Names by getaddrinfo(3), connections by TCP. */
public final class TcpConnector implements Connector {
    @Override
    public Endpoint[] lookUp(String host, int port) throws Failure {
        return Endpoint.resolve(host, port, false);
    }

    @Override
    public Stream connect(Endpoint to) throws Failure {
        return Tcp.connect(to);
    }
}
