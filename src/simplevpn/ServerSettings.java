package simplevpn;

import java.nio.ByteBuffer;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Names;
import simplevpn.base.Network;
import simplevpn.protocol.Answer;

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
    /** The words of the programs to start when a client has come, and when it has gone, or {@code null}. */
    final String[] clientUp;
    final String[] clientDown;
    /** Name servers for clients, 4 bytes each. */
    final byte[][] nameServers;
    /** The domain of clients' names, or {@code null}. */
    final String domain;
    /** The file that clients' names are written to, or {@code null}. */
    final String hosts;
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
        clientUp = hook("client-up");
        clientDown = hook("client-down");
        nameServers = nameServers(options);
        domain = options.text("domain");
        if (domain != null && !Names.isProper(domain, Names.MAX_DOMAIN)) {
            throw options.bad("domain", "must be a name of letters, digits, dashes and dots, such as vpn.example.org");
        }
        hosts = options.text("hosts");
        interfaceName = interfaceName();
        congestion = congestion();
    }

    private static byte[][] nameServers(Options options) throws Failure {
        String[] texts = options.texts("dns");
        byte[][] found = new byte[texts.length][];
        if (texts.length > Answer.MOST_NAME_SERVERS) {
            throw options.bad("dns", "more than " + Answer.MOST_NAME_SERVERS + " are of no use");
        }
        for (int i = 0; i < texts.length; i++) {
            Address address = Address.parse(texts[i]);
            if (address == null || !address.isHost()) {
                throw options.bad("dns", "must be the IPv4 address of a name server that clients reach");
            }
            found[i] = ByteBuffer.allocate(Integer.BYTES).putInt(address.ipv4()).array();
        }
        return found;
    }

    @Override
    boolean hasHooks() {
        return super.hasHooks() || clientUp != null || clientDown != null;
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
                .add((char) 0, "allow-plain", "NETWORK", "let clients from there in without TLS").several()
                .add((char) 0, "client-up", "COMMAND", "start it when a client has come (a path and arguments)")
                .add((char) 0, "client-down", "COMMAND", "start it when a client has gone")
                .add((char) 0, "dns", "ADDRESS", "tell clients of this name server; several for several").several()
                .add((char) 0, "domain", "NAME", "tell clients of this domain, which their names are in")
                .add((char) 0, "hosts", "FILE", "write clients' names and addresses to FILE, for a name server")));
    }
}
