package simplevpn;

import simplevpn.base.Address;
import simplevpn.base.Failure;

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
    final String congestion;
    final String interfaceName;

    ClientSettings(Options options) throws Failure {
        super(options);
        server = options.text("server");
        if (server == null) {
            throw options.wrong("-s HOST is missing: which server to connect to");
        }
        if (server.isEmpty()) {
            throw options.bad("server", "must be a host name or an address");
        }
        address = options.address("address");
        once = options.given("once");
        congestion = congestion();
        interfaceName = interfaceName();
    }

    /** The options that there are. */
    static Options options() {
        return common(new Options("cli", USAGE)
                .add('s', "server", "HOST", "name or address of the server")
                .add('a', "address", "ADDRESS", "ask for this address (default: any)")
                .add((char) 0, "once", null, "try once to connect, and end with status 4 if that fails"));
    }
}
