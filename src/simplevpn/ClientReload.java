package simplevpn;

import simplevpn.base.Failure;

/** What a client takes anew: options, its servers and their pins among them. */
final class ClientReload extends Reload {
    private final Targets targets;
    private ClientSettings settings;
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
        settings = ClientSettings.anew(said, settings.proxies);
    }

    @Override
    String take(boolean changed) throws Failure {
        if (changed) {
            client.take(settings, targets.of(settings));
        }
        return null;
    }
}
