package simplevpn;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Names;
import simplevpn.linux.HostName;
import simplevpn.tls.Pin;

/** What the user wants of {@code cli}, checked. */
final class ClientSettings extends Settings {
    private static final String USAGE = """
            Usage: cli -s HOST [OPTION]...
            Joins a private network: connects to a server (srv), asks it for an address, and carries this
            host's packets.""";

    /** Name or address of the server. */
    final String server;
    /** The one address that will do, or {@code null}. */
    final Address address;
    /** Whether to connect once, and end if that fails. */
    final boolean once;
    /** The file with this client's key; {@code null} for one without TLS. */
    final String key;
    /** Of which the server has to show one. */
    final Pin[] serverPins;
    /** The name to ask a proxy for (SNI), or {@code null}. */
    final String serverName;
    /** The invitation that is to be used, or {@code null}. */
    final Joining joining;
    /** What this client is called, if its user says that, or {@code null}. */
    private final String name;
    final String congestion;
    final String interfaceName;

    /** Reads the options; makes the key that an invitation asks for. */
    ClientSettings(Options options) throws Failure {
        this(options, Joining.begin(options));
    }

    private ClientSettings(Options options, Joining joining) throws Failure {
        super(options);
        this.joining = joining;
        server = options.text("server");
        if (server == null) {
            throw options.wrong("-s HOST is missing: which server to connect to");
        }
        if (server.isEmpty()) {
            throw options.bad("server", "must be a host name or an address");
        }
        address = options.address("address");
        once = options.given("once");
        key = options.text("key");
        serverPins = serverPins(options);
        serverName = options.text("server-name");
        if (key == null && (serverPins.length > 0 || serverName != null)) {
            throw options.wrong("--key FILE is missing: this client's own key (cli --keygen FILE makes one)");
        }
        if (serverName != null && !Names.isName(serverName, Names.MAX_DOMAIN)) {
            throw options.bad("server-name", "must be a host name of letters, digits, dashes and dots");
        }
        name = options.text("name");
        if (name != null && !Names.isProper(name, Names.MAX_NAME)) {
            throw options.bad("name", "must be a name of letters, digits, dashes and dots, 63 at most");
        }
        congestion = congestion();
        interfaceName = interfaceName();
    }

    private static Pin[] serverPins(Options options) throws Failure {
        String[] texts = options.texts("server-pin");
        Pin[] pins = new Pin[texts.length];
        for (int i = 0; i < texts.length; i++) {
            pins[i] = Pin.parse(texts[i]);
            if (pins[i] == null) {
                throw options.bad("server-pin", "a pin is sha256: and 44 letters; srv --pin FILE prints it");
            }
        }
        return pins;
    }

    /** What this client is called: by its user, or as this machine is; {@code null} when that is no name. */
    String name() {
        String own = name != null ? name : HostName.own();
        return Names.isProper(own, Names.MAX_NAME) ? own : null;
    }

    /** The options that there are. */
    static Options options() {
        return common(new Options("cli", USAGE)
                .add('s', "server", "HOST", "name or address of the server")
                .add('a', "address", "ADDRESS", "ask for this address (default: any)")
                .add((char) 0, "once", null, "try once to connect, and end with status 4 if that fails")
                .add((char) 0, "key", "FILE", "TLS with the key in FILE")
                .add((char) 0, "server-pin", "PIN", "the key that the server has to show; twice: either").several()
                .add((char) 0, "join", "INVITATION", "join by what srv --invite printed, or by a file with that")
                .add((char) 0, "dir", "DIR", "--join: keep its key and config there (default " + Joining.FOLDER + ")")
                .add((char) 0, "server-name", "NAME", "ask a proxy in front of the server for NAME (SNI)")
                .add((char) 0, "name", "NAME", "what the server may call this client (default: the host name)"));
    }
}
