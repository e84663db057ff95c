package simplevpn.tls;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Lookup;
import simplevpn.linux.Monitor;
import simplevpn.linux.Stream;
import simplevpn.linux.Way;

/** Connections of another connector, with TLS over them. */
public final class TlsConnector implements Connector {
    private final Connector below;
    private final Credentials credentials;
    private final Handshakes handshakes;
    private final Records records;

    /**
     * Connects as another one does.
     *
     * @param records the memory that all connections share
     */
    public TlsConnector(Connector below, Credentials credentials, Records records, Handshakes handshakes) {
        this.below = below;
        this.credentials = credentials;
        this.records = records;
        this.handshakes = handshakes;
    }

    @Override
    public Lookup lookUp(String host, int port) throws Failure {
        return below.lookUp(host, port);
    }

    @Override
    public Address[] nameServers(String host) {
        return below.nameServers(host);
    }

    @Override
    public Stream connect(Endpoint to) throws Failure {
        return new TlsStream(below.connect(to), credentials, records, handshakes);
    }

    @Override
    public Way way(Endpoint to) {
        return below.way(to);
    }

    @Override
    public Monitor monitor() throws Failure {
        return below.monitor();
    }
}
