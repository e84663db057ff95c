package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Network;

/** What the user wants of {@code srv}, checked. */
final class ServerSettings extends Settings {
    private static final String USAGE = """
            Usage: srv [OPTION]...
            Runs a private network: listens on one TCP port, gives each client (cli) an address, and carries
            packets between the clients and this host.""";

    private static final Network NETWORK = Network.ofIpv4(0x0a000000, 16);

    /** The address to listen on, or {@code null} for all. */
    final String listen;
    /** Addresses to give away. */
    final Network network;
    /** How many clients at once; 0 for as many as can be. */
    final int maxClients;
    /** How many clients of one address at once; 0 for the default. */
    final int maxPerSource;
    final String interfaceName;
    final String congestion;

    ServerSettings(Options options) throws Failure {
        super(options);
        listen = options.text("listen");
        network = options.network("network", NETWORK);
        maxClients = options.number("max-clients", 1, 1 << 24, 0);
        maxPerSource = options.number("max-per-source", 1, 1 << 24, 0);
        interfaceName = interfaceName();
        congestion = congestion();
    }

    /** The options that there are. */
    static Options options() {
        return common(new Options("srv", USAGE)
                .add('l', "listen", "ADDRESS", "listen on this IPv4 or IPv6 address (default: all)")
                .add('n', "network", "NETWORK/LENGTH", "addresses to give away (default 10.0.0.0/16)")
                .add('c', "max-clients", "COUNT", "how many clients at once (default: as many as can be)")
                .add((char) 0, "max-per-source", "COUNT", "how many from one address (default: all but a sixteenth)"));
    }
}
