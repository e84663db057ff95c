package simplevpn;

import simplevpn.base.Failure;
import simplevpn.linux.Acceptor;
import simplevpn.linux.Entropy;
import simplevpn.linux.Epoll;
import simplevpn.linux.LocalSocket;
import simplevpn.linux.Replacement;
import simplevpn.linux.TcpAcceptor;
import simplevpn.linux.Tun;
import simplevpn.protocol.Hub;
import simplevpn.tls.HandshakeThread;
import simplevpn.tls.Key;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Loop;

/** The process that {@code srv} is: what is set up in which order, and what is undone at its end. */
final class ServerProgram {
    private ServerProgram() {
    }

    /** Runs until a signal ends it, with what the command line says. */
    static void run(ServerSettings settings, ServerReload reload) throws Failure {
        Key[] keys = new Key[settings.keys.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = KeyFiles.read(settings.keys[i]);
        }
        int maxConnections = Budget.maxConnections(Program.raiseDescriptorLimit(), Runtime.getRuntime().maxMemory(),
                keys.length > 0);
        Hub.scatter(Entropy.bits48());
        Acceptor acceptor = TcpAcceptor.listen(settings.listen, settings.port, settings.mss);
        Device device = new Device(Tun.open(settings.interfaceName), settings.offload);
        Loop loop = new Loop(new Epoll(), device, false, maxConnections);
        if (settings.hosts != null) {
            Replacement.makeFolder(settings.hosts, settings.user);
            if (settings.user != null) {
                Replacement.check(settings.hosts, settings.user);
            }
        }
        Gate gate = keys.length == 0 ? new Gate() : new Gate(settings, keys, new Reception(loop,
                new HandshakeThread(loop.poller, Budget.HANDSHAKES, Budget.HANDSHAKE_NICE)));
        Supervisor supervisor = Program.supervisor(loop);
        reload.listen(loop);
        Status.prepare(settings.user);
        Status.clear(device.name());
        Program.confine(settings.user, settings.hasHooks(), false);
        // Hooks of clients have their time, and then the one of this program.
        Program.endOnSignal(loop, settings.hasHooks() ? 2 : 0);
        Server server = new Server(settings, loop, acceptor, gate, supervisor);
        reload.of(server);
        gate.watchClosely();
        LocalSocket status = Status.open(loop, server, null);
        if (settings.hasHooks()) {
            server.use(Hooks.of(loop));
        }
        try {
            loop.run();
        } finally {
            server.endHooks();
            // Whatever ended it: these routes may outlive the interface.
            device.setup.endRoutes();
            Status.end(status);
        }
        server.end();
    }
}
