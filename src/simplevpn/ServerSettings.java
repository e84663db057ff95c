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
    /** The files with this server's keys; none for a server without TLS. */
    final String[] keys;
    /** The file with the clients that it knows; {@code null} without keys. */
    final String peers;
    /** From where clients without TLS are let in all the same. */
    final Network[] plain;
    final String interfaceName;
    final String congestion;

    ServerSettings(Options options) throws Failure {
        super(options);
        listen = options.text("listen");
        network = options.network("network", NETWORK);
        maxClients = options.number("max-clients", 1, 1 << 24, 0);
        maxPerSource = options.number("max-per-source", 1, 1 << 24, 0);
        keys = options.texts("key");
        peers = options.text("peers");
        plain = options.networks("allow-plain");
        if (keys.length > 2) {
            throw options.bad("key", "one key of each kind, Ed25519 and EC P-256, is enough");
        }
        if (keys.length > 0 && peers == null) {
            throw options.wrong("--peers FILE is missing: which clients, by their keys, this server knows");
        }
        if (keys.length == 0 && (peers != null || plain.length > 0)) {
            throw options.wrong("--key FILE is missing, without which everybody is let in");
        }
        interfaceName = interfaceName();
        congestion = congestion();
    }

    /** The options that there are. */
    static Options options() {
        return common(InviteCommand.add(new Options("srv", USAGE)
                .add('l', "listen", "ADDRESS", "listen on this IPv4 or IPv6 address (default: all)")
                .add('n', "network", "NETWORK/LENGTH", "addresses to give away (default 10.0.0.0/16)")
                .add('c', "max-clients", "COUNT", "how many clients at once (default: as many as can be)")
                .add((char) 0, "max-per-source", "COUNT", "how many from one address (default: all but a sixteenth)")
                .add((char) 0, "key", "FILE", "TLS with the key in FILE; twice: one of each kind").several()
                .add((char) 0, "peers", "FILE", "the clients that are let in: lines of PIN NAME [ADDRESS]")
                .add((char) 0, "allow-plain", "NETWORK", "let clients from there in without TLS").several()));
    }
}
