package simplevpn.linux;

import simplevpn.base.Failure;

/** How a server is found and connected to: {@link TcpConnector} does it for real; tests bring one of their own. */
public interface Connector {
    /**
     * Looks a name up; blocks while name servers are asked.
     *
     * @param host name or address
     * @param port 1 to 65535
     * @return all its addresses, in the order in which to try them; at least one
     * @throws Failure when there is none: which name, and why
     */
    Endpoint[] lookUp(String host, int port) throws Failure;

    /**
     * Begins to connect: the stream's descriptor is writable when that is done, and {@link Stream#error} tells how it
     * went.
     *
     * @throws Failure when it fails at once
     */
    Stream connect(Endpoint to) throws Failure;
}
