package simplevpn;

import simplevpn.base.Failure;
import simplevpn.linux.Epoll;
import simplevpn.linux.LocalSocket;
import simplevpn.linux.TcpConnector;
import simplevpn.linux.Tun;
import simplevpn.tls.HandshakeThread;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Target;

/** The process that {@code cli} is: what is set up in which order, and what is undone at its end. */
final class ClientProgram {
    private ClientProgram() {
    }

    /** Runs until a signal ends it, with what the command line says. */
    static void run(String[] words, Options options, ClientSettings settings) throws Failure {
        Status.prepare(settings.user);
        long token = TokenFile.token(System.getenv("RUNTIME_DIRECTORY"), settings.user);
        Device device = new Device(Tun.open(settings.interfaceName), settings.offload);
        Status.clear(device.name());
        Loop loop = new Loop(new Epoll(), device, true, 1);
        Targets targets = new Targets(settings, new TcpConnector(settings.mss, settings.bind, settings.mark),
                settings.key == null ? null : new HandshakeThread(loop.poller, 1, 0));
        Target[] first = targets.of(settings);
        ClientReload reload = new ClientReload(words, options, settings, targets);
        reload.listen(loop);
        if (settings.key != null) {
            KeyFiles.use(settings.key);
        }
        Supervisor supervisor = Program.supervisor(loop);
        // An invitation is used as root: what it brings is kept where root alone may write.
        ClockSetter clock = settings.setsClock ? new ClockSetter() : null;
        boolean confined = settings.joining == null;
        KeepaliveFile known = settings.keepalive == ClientSettings.AUTO
                ? KeepaliveFile.in(System.getenv("RUNTIME_DIRECTORY"), settings.user) : null;
        if (confined) {
            Program.confine(settings.user, settings.hasHooks(), clock != null && clock.isNeeded());
        }
        Client client = new Client(settings, loop, first, supervisor, token, confined);
        reload.of(client);
        client.name = settings.name();
        client.clock = clock;
        client.wishes.keepIn(known);
        if (settings.hasHooks()) {
            client.presence.use(Hooks.of(loop));
        }
        Program.endOnSignal(loop, settings.hasHooks() ? 1 : 0);
        LocalSocket status = Status.open(loop, null, client);
        try {
            loop.run();
        } finally {
            client.presence.endHooks();
            // Whatever ended it: these routes may outlive the interface.
            device.setup.endRoutes();
            Status.end(status);
            if (settings.joining != null) {
                settings.joining.end();
            }
        }
        client.end();
    }
}
