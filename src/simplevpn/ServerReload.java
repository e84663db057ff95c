package simplevpn;

import simplevpn.base.Failure;

/** What a server takes anew: options, and its clients by their keys. */
final class ServerReload extends Reload {
    private ServerSettings settings;
    private Server server;

    /** For a server that begins with these. */
    ServerReload(String[] words, Options inForce, ServerSettings settings) {
        super(words, inForce, OF_SERVER, settings.hasHooks());
        this.settings = settings;
    }

    /** The server is there. */
    void of(Server which) {
        server = which;
    }

    @Override
    Options options() {
        return ServerSettings.options();
    }

    @Override
    void check(Options said) throws Failure {
        settings = new ServerSettings(said);
    }

    @Override
    String take(boolean changed) {
        if (changed) {
            server.take(settings);
        }
        return server.gate.takesPeers(changed) ? "peers" : null;
    }
}
