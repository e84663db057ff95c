package simplevpn;

import simplevpn.base.Failure;
import simplevpn.tunnel.Target;

/** What a client takes anew: options, its servers and their pins among them. */
final class ClientReload extends Reload {
    private final Targets targets;
    private ClientSettings settings;
    /** The servers that were checked last. */
    private Target[] servers;
    private Client client;

    /**
     * For a client that begins with these.
     *
     * @param targets how its servers are connected to
     */
    ClientReload(String[] words, Options inForce, ClientSettings settings, Targets targets) {
        super(words, inForce, OF_CLIENT, settings.hasHooks());
        this.settings = settings;
        this.targets = targets;
    }

    /** The client is there. */
    void of(Client which) {
        client = which;
    }

    @Override
    String busy() {
        return client.isJoining() ? "this client has not joined by its invitation yet" : null;
    }

    @Override
    Options options() {
        return ClientSettings.options();
    }

    @Override
    void check(Options said) throws Failure {
        ClientSettings next = ClientSettings.anew(said, settings.proxies);
        for (Remote server : next.servers) {
            // At its start a client without one ends, and says which key it was shown. One that runs is to go on.
            if (next.key != null && server.pins.length == 0) {
                throw said.wrong("--server-pin is missing for " + server.host);
            }
        }
        servers = targets.of(next);
        settings = next;
    }

    @Override
    String take(boolean changed) throws Failure {
        if (changed) {
            client.take(settings, servers);
        }
        return null;
    }
}
