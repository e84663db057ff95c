package simplevpn;

import java.util.ArrayList;
import java.util.List;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Names;
import simplevpn.base.Network;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Hub;
import simplevpn.protocol.Site;
import simplevpn.tls.Pin;

/** What the user wants of {@code srv}, checked. */
final class ServerSettings extends Settings {
    private static final String USAGE = """
            Usage: srv [OPTION]...
            Runs a private network: listens on one TCP port, gives each client (cli) an address, and carries
            packets between the clients and this host.""";

    private static final Network NETWORK = Network.ofIpv4(0x0a000000, 16);

    /** IPv4 addresses as a socket of both kinds has them: here they are IPv4. */
    private static final Network MAPPED = new Network(Address.ofIpv6(0, 0xffff_0000_0000L), 96);

    /** Of the network of IPv6 addresses. */
    static final int PREFIX_LENGTH = 64;
    /** How packets get from one client to another: in this program, not at all, through the kernel. */
    static final int YES = 0;
    static final int NO = 1;
    static final int KERNEL = 2;
    /** The first byte of networks that are not for the Internet. */
    private static final long UNIQUE_LOCAL = 0xfd;

    /** The address to listen on, or {@code null} for all. */
    final String listen;
    /** Addresses to give away. */
    final Network network;
    /** Of these, those for clients that ask for any. */
    final Network dynamic;
    /** How many clients at once; 0 for as many as can be. */
    final int maxClients;
    /** How many clients of one address at once; 0 for the default. */
    final int maxPerSource;
    /** The files with this server's keys; none for a server without TLS. */
    final String[] keys;
    /** The file with the clients that it knows; {@code null} without keys. */
    final String peers;
    /** Networks behind clients, for a server without keys, sorted, or {@code null}; and those behind this server. */
    final Site[] sites;
    final Network[] pushed;
    /** Which of {@link #YES}, {@link #NO} and {@link #KERNEL}. */
    final int betweenClients;
    /** Whether the kernel gets a route to each client. */
    final boolean exportRoutes;
    /** From where clients without TLS are let in all the same. */
    final Network[] plain;
    /** The load balancers that connections from say whose they are. */
    final Network[] balancers;
    /** The words of the programs to start when a client has come, and when it has gone, or {@code null}. */
    final String[] clientUp;
    final String[] clientDown;
    /** Name servers for clients. */
    final Address[] nameServers;
    /** The domain of clients' names, or {@code null}. */
    final String domain;
    /** The file that clients' names are written to, or {@code null}. */
    final String hosts;
    final String interfaceName;
    final String congestion;
    /** The IPv6 network that the user wants, or {@code null}; and whether he wants none. */
    private final Network network6;
    private final boolean withoutIpv6;

    ServerSettings(Options options) throws Failure {
        super(options);
        listen = options.text("listen");
        network = options.network("network", NETWORK);
        dynamic = options.network("dynamic", network);
        if (!network.contains(dynamic.address()) || dynamic.length() < network.length()) {
            throw options.bad("dynamic", "must be a part of the network " + network);
        }
        betweenClients = betweenClients(options);
        exportRoutes = options.given("export-routes");
        maxClients = options.number("max-clients", 1, 1 << 24, 0);
        maxPerSource = options.number("max-per-source", 1, 1 << 24, 0);
        keys = options.texts("key");
        peers = options.text("peers");
        plain = options.networks("allow-plain", false);
        balancers = options.networks("proxy-protocol", true);
        for (Network network : balancers) {
            if (network.isIpv6() && MAPPED.contains(network.address())) {
                throw options.bad("proxy-protocol", "is IPv4: leave ::ffff: out");
            }
        }
        if (keys.length > 2) {
            throw options.bad("key", "one key of each kind, Ed25519 and EC P-256, is enough");
        }
        if (keys.length > 0 && peers == null) {
            throw options.wrong("--peers FILE is missing: which clients, by their keys, this server knows");
        }
        if (keys.length == 0 && (peers != null || plain.length > 0)) {
            throw options.wrong("--key FILE is missing, without which everybody is let in");
        }
        if (keys.length > 0 && options.given("net")) {
            throw options.bad("net", "with keys, put net=NETWORK to the client's line in the file of --peers");
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
        withoutIpv6 = "none".equals(options.text("network6"));
        network6 = withoutIpv6 || !options.given("network6") ? null : network6(options);
        sites = options.given("net") ? sites(options) : null;
        pushed = pushed(options);
    }

    private static int betweenClients(Options options) throws Failure {
        String text = options.given("between-clients") ? options.text("between-clients") : "yes";
        return switch (text) {
            case "yes" -> YES;
            case "no" -> NO;
            case "kernel" -> KERNEL;
            default -> throw options.bad("between-clients", "must be yes, no or kernel");
        };
    }

    private Site[] sites(Options options) throws Failure {
        String[] texts = options.texts("net");
        List<Site> found = new ArrayList<>(texts.length);
        for (int i = 0; i < texts.length; i++) {
            String text = texts[i];
            String spelling = options.spelling("net", i) + " ";
            int equals = text.indexOf('=');
            Address client = equals < 0 ? null : Address.parseIpv4(text.substring(0, equals));
            if (client == null || !Hub.canHave(network, client)) {
                throw options.wrong(spelling + text + ": must be the address of a client on the VPN, = and a network");
            }
            try {
                found.add(Site.of(Sites.network(text.substring(equals + 1), network, network6), client,
                        spelling + text));
            } catch (Failure e) {
                throw options.wrong(spelling + e.getMessage());
            }
        }
        return Sites.sorted(found);
    }

    private Network[] pushed(Options options) throws Failure {
        String[] texts = options.texts("push-route");
        Network[] found = new Network[texts.length];
        for (int i = 0; i < texts.length; i++) {
            try {
                found[i] = Sites.network(texts[i], network, network6);
            } catch (Failure e) {
                throw options.wrong(options.spelling("push-route", i) + " " + e.getMessage());
            }
        }
        return found;
    }

    private static Network network6(Options options) throws Failure {
        try {
            Network network = Network.parseAny(options.text("network6"));
            if (network.isIpv6() && network.length() == PREFIX_LENGTH && network.address().isHost()) {
                return network;
            }
        } catch (Failure e) {
            // The same for all that it can be.
        }
        throw options.bad("network6", "must be an IPv6 network with a length of 64, such as fd12:3456:789a:1::/64,"
                + " or none");
    }

    /**
     * The network of IPv6 addresses to give away, or {@code null} for none.
     *
     * @param pin of this server's first key, of which one is made unless another was said; {@code null} without keys
     */
    Network network6(Pin pin) {
        return network6 == null && pin != null && !withoutIpv6 ? uniqueLocal(pin) : network6;
    }

    /** A network that is nobody else's as far as can be hoped (RFC 4193): its random bits are the pin's first. */
    private static Network uniqueLocal(Pin pin) {
        byte[] random = pin.bytes();
        long high = UNIQUE_LOCAL;
        for (int i = 0; i < Long.BYTES - 1; i++) {
            high = high << 8 | (random[i] & 0xff);
        }
        return new Network(Address.ofIpv6(high, 0), PREFIX_LENGTH);
    }

    private static Address[] nameServers(Options options) throws Failure {
        String[] texts = options.texts("dns");
        Address[] found = new Address[texts.length];
        if (texts.length > Answer.MOST_NAME_SERVERS) {
            throw options.bad("dns", "more than " + Answer.MOST_NAME_SERVERS + " are of no use");
        }
        for (int i = 0; i < texts.length; i++) {
            found[i] = Address.parse(texts[i]);
            if (found[i] == null || !found[i].isHost()) {
                throw options.bad("dns", i, "must be the address of a name server that clients reach");
            }
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
                .add((char) 0, "dynamic", "NETWORK/LENGTH", "of these, those for who asks for any (default: all)")
                .add((char) 0, "network6", "PREFIX/64", "IPv6 addresses to give away, or none")
                .add('c', "max-clients", "COUNT", "how many clients at once (default: as many as can be)")
                .add((char) 0, "max-per-source", "COUNT", "how many from one address (default: all but a sixteenth)")
                .add((char) 0, "key", "FILE", "TLS with the key in FILE; twice: one of each kind").several()
                .add((char) 0, "peers", "FILE",
                        "the clients that are let in: lines of PIN NAME [ADDRESS] [net=NETWORK]")
                .add((char) 0, "allow-plain", "NETWORK", "let clients from there in without TLS").several()
                .add((char) 0, "proxy-protocol", "NETWORK", "load balancers, who say by PROXY v2 whom they connect")
                        .several()
                .add((char) 0, "net", "ADDRESS=NETWORK", "a network behind the client at ADDRESS, without keys")
                        .several()
                .add((char) 0, "push-route", "NETWORK", "tell clients that NETWORK is reached here").several()
                .add((char) 0, "between-clients", "HOW", "yes (default), no, or kernel: its firewall decides")
                .add((char) 0, "export-routes", null, "a kernel route to each client, for routing daemons")
                .add((char) 0, "client-up", "COMMAND", "start it when a client has come (a path and arguments)")
                .add((char) 0, "client-down", "COMMAND", "start it when a client has gone")
                .add((char) 0, "kick", "WHO", "disconnect the client with this name, address or pin")
                .add((char) 0, "dns", "ADDRESS", "tell clients of this name server; several for several").several()
                .add((char) 0, "domain", "NAME", "tell clients of this domain, which their names are in")
                .add((char) 0, "hosts", "FILE", "write clients' names and addresses to FILE, for a name server")));
    }
}
