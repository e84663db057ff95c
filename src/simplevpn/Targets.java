package simplevpn;

import java.util.Arrays;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Processor;
import simplevpn.proxy.Proxy;
import simplevpn.tls.Credentials;
import simplevpn.tls.Handshakes;
import simplevpn.tls.Key;
import simplevpn.tls.Records;
import simplevpn.tls.TlsConnector;
import simplevpn.tunnel.Target;

/**
 * How a client's servers are connected to, whichever those are: over one connector, with one key. The key is read when
 * the program begins, since the user that root becomes may not read it.
 */
final class Targets {
    private final Connector tcp;
    private final Handshakes handshakes;
    /** {@code null} for a client without TLS. */
    private final Key key;
    private final Records records;

    /**
     * @param tcp how to connect
     * @param handshakes who computes those of TLS; {@code null} without a key
     */
    Targets(ClientSettings settings, Connector tcp, Handshakes handshakes) throws Failure {
        this.tcp = tcp;
        this.handshakes = handshakes;
        key = settings.readKey();
        records = key == null ? null : new Records();
    }

    /** The servers that the settings name, each by its proxy, and without it where that may be too. */
    Target[] of(ClientSettings settings) throws Failure {
        Target[] targets = new Target[2 * settings.servers.length];
        int count = 0;
        Connector connector = tcp;
        for (int i = 0; i < settings.servers.length; i++) {
            Remote server = settings.servers[i];
            if (key != null && (i == 0 || server.pins != settings.servers[i - 1].pins)) {
                connector = new TlsConnector(tcp, Credentials.ofClient(key, server.pins, Processor.computesAes(),
                        settings.serverName), records, handshakes);
            }
            Proxy proxy = settings.proxies.of(server);
            targets[count++] = new Target(connector, i, server.host, server.port, proxy);
            if (proxy != null && settings.proxies.orDirect) {
                targets[count++] = new Target(connector, i, server.host, server.port, null);
            }
        }
        return Arrays.copyOf(targets, count);
    }
}
