package simplevpn;

import java.util.Arrays;
import java.util.Objects;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Names;
import simplevpn.base.Network;
import simplevpn.linux.HostName;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Silence;
import simplevpn.tls.Pin;

/** What the user wants of {@code cli}, checked. */
final class ClientSettings extends Settings {
    private static final String USAGE = """
            Usage: cli -s HOST [OPTION]...
            Joins a private network: connects to a server (srv), asks it for an address, and carries this
            host's packets.""";

    /** The silence before a keepalive is found out. */
    static final int AUTO = -1;
    /** More servers than anybody has. */
    private static final int MOST_SERVERS = 16;

    /** The servers, in the order in which they are tried; at least one. */
    final Remote[] servers;
    /** Whether to go back to the first of them when it is there again. */
    final boolean prefersFirst;
    /** The one interface to reach them through, or {@code null}. */
    final String bind;
    /** The mark of packets to them, for routing rules, or 0. */
    final int mark;
    /** Who connects to them. */
    final Proxies proxies;
    /** Whether everything shall go through the tunnel. */
    final boolean defaultRoute;
    /** The one address that will do, or {@code null}. */
    final Address address;
    /** Whether routes that the server tells are taken. */
    private final boolean takesRoutes;
    /** Whether to connect once, and end if that fails. */
    final boolean once;
    /** The file with this client's key; {@code null} for one without TLS. */
    final String key;
    /** Whether a clock that can only be wrong is set by the server's. */
    final boolean setsClock;
    /** The name to ask a proxy for (SNI), or {@code null}. */
    final String serverName;
    /** The invitation that is to be used, or {@code null}. */
    final Joining joining;
    /** What this client is called, if its user says that, or {@code null}. */
    private final String name;
    /** Seconds of silence before a keepalive, which the server is asked for; 0 for what it says, or {@link #AUTO}. */
    final int keepalive;
    final String congestion;
    final String interfaceName;

    /** Reads the options; makes the key that an invitation asks for. */
    ClientSettings(Options options) throws Failure {
        this(options, Joining.begin(options), Proxies.of(options, System.getenv()));
    }

    /**
     * Reads the options of a client that runs, and has joined by an invitation if by anything.
     *
     * @param proxies of before: the user that it has become may not read their password
     */
    static ClientSettings anew(Options options, Proxies proxies) throws Failure {
        Joining.again(options);
        return new ClientSettings(options, null, proxies);
    }

    private ClientSettings(Options options, Joining joining, Proxies proxies) throws Failure {
        super(options);
        this.joining = joining;
        servers = servers(options, port);
        address = options.address("address");
        takesRoutes = !options.given("no-routes");
        once = options.given("once");
        key = options.text("key");
        serverName = options.text("server-name");
        if (key == null && (options.given("server-pin") || serverName != null)) {
            throw options.wrong("--key FILE is missing: this client's own key (cli --keygen FILE makes one)");
        }
        if (serverName != null && !Names.isName(serverName, Names.MAX_DOMAIN)) {
            throw options.bad("server-name", "must be a host name of letters, digits, dashes and dots");
        }
        setsClock = options.given("set-clock");
        if (setsClock && key == null) {
            throw options.wrong("--set-clock: without --key anybody on the way could say what time it is");
        }
        String prefer = options.text("prefer");
        prefersFirst = prefer == null || prefer.equals("first");
        if (!prefersFirst && !prefer.equals("any")) {
            throw options.bad("prefer", "must be first or any");
        }
        bind = interfaceName("bind");
        mark = mark(options);
        this.proxies = proxies;
        defaultRoute = options.given("default-route");
        keepalive = "auto".equals(options.text("keepalive")) ? AUTO
                : options.number("keepalive", 1, Silence.LONGEST_IDLE, 0);
        name = options.text("name");
        if (name != null && !Names.isProper(name, Names.MAX_NAME)) {
            throw options.bad("name", "must be a name of letters, digits, dashes and dots, 63 at most");
        }
        congestion = congestion();
        interfaceName = interfaceName();
    }

    private static Remote[] servers(Options options, int port) throws Failure {
        String[] texts = options.texts("server");
        if (texts.length == 0) {
            throw options.wrong("-s HOST is missing: which server to connect to");
        }
        if (texts.length > MOST_SERVERS) {
            throw options.bad("server", "more than " + MOST_SERVERS + " servers");
        }
        Pin[] all = serverPins(options);
        String places = options.places("server-pin");
        Remote[] servers = new Remote[texts.length];
        for (int i = 0; i < texts.length; i++) {
            servers[i] = Remote.parse(texts[i], port, pins(all, places, i + 1));
            if (servers[i] == null) {
                throw options.bad("server", i, "must be a host name or an address, or HOST:PORT, or [ADDRESS]:PORT");
            }
        }
        return servers;
    }

    /** Of all pins those that belong to one of the servers, or to all; when they are all, the same array. */
    private static Pin[] pins(Pin[] all, String places, int server) {
        Pin[] pins = new Pin[all.length];
        int count = 0;
        for (int i = 0; i < all.length; i++) {
            if (places.charAt(i) == 0 || places.charAt(i) == server) {
                pins[count++] = all[i];
            }
        }
        return count == all.length ? all : Arrays.copyOf(pins, count);
    }

    private static Pin[] serverPins(Options options) throws Failure {
        String[] texts = options.texts("server-pin");
        Pin[] pins = new Pin[texts.length];
        for (int i = 0; i < texts.length; i++) {
            pins[i] = Pin.parse(texts[i]);
            if (pins[i] == null) {
                throw options.bad("server-pin", i, "a pin is sha256: and 44 letters; srv --pin FILE prints it");
            }
        }
        return pins;
    }

    /** Leaves out of a server's answer what its user declines. */
    void limit(Answer answer) {
        if (!takesRoutes) {
            answer.routes = new Network[0];
        }
    }

    /** Whether other servers are named than before, or in another order, or otherwise. */
    boolean saysOtherServers(ClientSettings before) {
        boolean others = prefersFirst != before.prefersFirst || servers.length != before.servers.length
                || !Objects.equals(serverName, before.serverName);
        for (int i = 0; !others && i < servers.length; i++) {
            others = !servers[i].isAt(before.servers[i]) || servers[i].hasOtherPins(before.servers[i]);
        }
        return others;
    }

    /** Whether the user calls this client otherwise than before. */
    boolean saysOtherName(ClientSettings before) {
        return !Objects.equals(name, before.name);
    }

    /** 32 bits, as ip(8) takes them too. */
    private static int mark(Options options) throws Failure {
        String text = options.text("mark");
        if (text == null) {
            return 0;
        }
        int mark = 0;
        try {
            boolean hex = text.startsWith("0x");
            mark = text.indexOf('+') >= 0 ? 0 : Integer.parseUnsignedInt(hex ? text.substring(2) : text, hex ? 16 : 10);
        } catch (NumberFormatException e) {
            // It is told like a number that is too large.
        }
        if (mark == 0) {
            throw options.bad("mark", "must be a number from 1 to 4294967295, or from 0x1 to 0xffffffff");
        }
        return mark;
    }

    /** What this client is called: by its user, or as this machine is; {@code null} when that is no name. */
    String name() {
        String own = name != null ? name : HostName.own();
        return Names.isProper(own, Names.MAX_NAME) ? own : null;
    }

    /** The options that there are. */
    static Options options() {
        return common(new Options("cli", USAGE)
                .add('s', "server", "HOST", "name or address of the server, or HOST:PORT; several: in order").several()
                .add((char) 0, "prefer", "WHICH", "of several servers: first (default), or any that works")
                .add((char) 0, "bind", "INTERFACE", "reach servers through this interface alone")
                .add((char) 0, "mark", "NUMBER", "of packets to servers, for routing rules (fwmark)")
                .add((char) 0, "proxy", "URL", "by http://[USER@]HOST[:PORT], socks5://..., or what env says")
                .add((char) 0, "proxy-password", "FILE", "the password of USER (or $" + Proxies.PASSWORD + ")")
                .add((char) 0, "proxy-or-direct", null, "connect without the proxy where it is of no use")
                .add((char) 0, "default-route", null, "send everything through the tunnel but the tunnel itself")
                .add('a', "address", "ADDRESS", "ask for this address (default: any)")
                .add((char) 0, "no-routes", null, "take no routes to networks behind the server or other clients")
                .add((char) 0, "keepalive", "SECONDS", "of silence before one, 1 to 1800, or auto: as the line allows")
                .add((char) 0, "once", null, "try once to connect, and end with status 4 if that fails")
                .add((char) 0, "key", "FILE", "TLS with the key in FILE")
                .add((char) 0, "server-pin", "PIN", "the key that the server has to show; twice: either")
                .severalOf("server")
                .add((char) 0, "join", "INVITATION", "join by what srv --invite printed, or by a file with that")
                .add((char) 0, "dir", "DIR", "--join: keep its key and config there (default " + Joining.FOLDER + ")")
                .add((char) 0, "server-name", "NAME", "ask a proxy in front of the server for NAME (SNI)")
                .add((char) 0, "set-clock", null, "set a clock that is before this version's day by the server's")
                .add((char) 0, "check", null, "say what is in the way to the server, and end (status 10 to 18)")
                .add((char) 0, "name", "NAME", "what the server may call this client (default: the host name)"));
    }
}
