package simplevpn.linux;

import simplevpn.base.Address;
import simplevpn.base.Failure;

/** How a server is found and connected to: {@link TcpConnector} does it for real; tests bring one of their own. */
public interface Connector {
    /**
     * Begins to look a host up, beside the loop.
     *
     * @param host name or address
     * @param port 1 to 65535
     */
    Lookup lookUp(String host, int port) throws Failure;

    /** Those who are asked for a name; none when {@code host} is an address. */
    Address[] nameServers(String host);

    /**
     * Begins to connect: the stream's descriptor is writable when that is done, and {@link Stream#error} tells how it
     * went.
     *
     * @throws Failure when it fails at once
     */
    Stream connect(Endpoint to) throws Failure;

    /** The way that a connection to an address would take now; {@code null} when there is none, or nobody can tell. */
    Way way(Endpoint to);

    /**
     * Begins to tell when ways may have changed.
     *
     * @throws Failure when this process is not told
     */
    Monitor monitor() throws Failure;
}
