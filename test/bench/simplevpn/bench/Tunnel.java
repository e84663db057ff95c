package simplevpn.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.LabException;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/**
 * A tunnel between the server and the client of a {@link Star} (or none at all): how each program is configured,
 * started and stopped. All of them give the server {@link #SERVER_ADDRESS} and the client 10.0.0.2, so what is
 * measured does not know which tunnel it runs through.
 */
final class Tunnel implements AutoCloseable {
    static final String SERVER_ADDRESS = "10.0.0.1";
    static final String SECOND_ADDRESS = "10.0.0.3";
    /** The server's IPv6 address, with {@link #IPV6}. */
    static final String SERVER_ADDRESS6 = "fd12:3456:789a:1::a00:1";
    private static final String CLIENT_ADDRESS = "10.0.0.2";
    /** The folder with the launchers that {@code make} built. */
    static final String OWN = ".";
    /** The clients that have a key have the addresses from {@link #CLIENT_ADDRESS} on. */
    private static final int KEYED_CLIENTS = 20;
    private static final int PORT = 2002;

    /** What starts one kind of tunnel; {@code server} is the address under which the client's host sees the server. */
    interface Starter {
        Tunnel start(Star lab, String server);
    }

    /** A tunnel and its name in the tables. */
    record Kind(String name, Starter starter) {
        /** Starts it and returns when a packet went through and came back. */
        Tunnel start(Star lab, String server) {
            Tunnel tunnel = starter.start(lab, server);
            try {
                tunnel.await(tunnel.target);
                return tunnel;
            } catch (LabException e) {
                tunnel.close();
                throw e;
            }
        }
    }

    static final Kind NONE = new Kind("no tunnel", (lab, server) -> new Tunnel(lab, server, null, null));
    static final Kind SIMPLEVPN = simplevpn("simplevpn", OWN);
    /** With the launchers that test/bench/footprint built on the JDK's own VM. */
    static final Kind STOCK = simplevpn("simplevpn on the JDK's own VM", "build/stock");
    static final Kind STOCK_TLS = keyed("simplevpn with keys on the JDK's own VM", "build/stock");
    static final Kind NO_OFFLOAD = new Kind("simplevpn `--no-offload`",
            (lab, server) -> simplevpn(lab, OWN, server, "--no-offload"));
    /** Where IPv6 is allowed ({@link Star#ipv6}). */
    static final Kind IPV6 = serving("simplevpn over IPv6", "--network6", "fd12:3456:789a:1::/64");
    static final Kind KERNEL = serving("simplevpn `--between-clients kernel`", "--between-clients", "kernel");
    static final Kind TLS = keyed("simplevpn with keys", OWN);
    static final Kind CLASSIC = new Kind("simplevpn, classic client", Tunnel::classic);
    static final Kind VTUN = new Kind("vtun (TCP, no encryption)", Tunnel::vtun);
    static final Kind OPENVPN = new Kind("OpenVPN (TCP, AES-256-GCM)",
            (lab, server) -> openvpn(lab, server, "--data-ciphers", "AES-256-GCM"));
    static final Kind OPENVPN_PLAIN = new Kind("OpenVPN (TCP, no encryption)", (lab, server) ->
            openvpn(lab, server, "--data-ciphers", "none", "--cipher", "none", "--auth", "none",
                    "--reneg-bytes", "0")); // without a cipher it would otherwise renegotiate every 64 MB
    static final Kind TINC = new Kind("tinc (TCPOnly)", (lab, server) -> tinc(lab, server));
    static final Kind TINC_PLAIN = new Kind("tinc (TCPOnly, no encryption)",
            (lab, server) -> tinc(lab, server, "--bypass-security"));
    static final Kind WIREGUARD = new Kind("wireguard-go (UDP, offloads)", Tunnel::wireguard);

    /** Where the server answers, seen from the client through the tunnel. */
    final String target;
    final Program server;
    final Program client;
    private final Star lab;
    private final List<Program> others = new ArrayList<>();
    /** What makes a client of an address, for simplevpn only. */
    private ClientStarter starter;

    private Tunnel(Star lab, String target, Program server, Program client) {
        this.lab = lab;
        this.target = target;
        this.server = server;
        this.client = client;
    }

    /** A client on a host with an address. */
    private interface ClientStarter {
        Program start(Host host, String address);
    }

    /** This tunnel without keys, with the launchers of a folder. */
    static Kind simplevpn(String name, String folder) {
        return new Kind(name, (lab, server) -> simplevpn(lab, folder, server));
    }

    private static Tunnel simplevpn(Star lab, String folder, String server, String... options) {
        Program srv = startServer(lab, folder, options);
        return simplevpn(lab, srv, (host, address) ->
                startClient(lab, folder, host, host == lab.client ? server : Star.serverOf(host), address, options));
    }

    /** This tunnel without keys, with options of the server alone. */
    private static Kind serving(String name, String... options) {
        return new Kind(name, (lab, server) -> simplevpn(lab, startServer(lab, OWN, options), (host, address) ->
                startClient(lab, OWN, host, host == lab.client ? server : Star.serverOf(host), address)));
    }

    private static Tunnel simplevpn(Star lab, Program srv, ClientStarter starter) {
        Tunnel tunnel = new Tunnel(lab, SERVER_ADDRESS, srv, starter.start(lab.client, CLIENT_ADDRESS));
        tunnel.starter = starter;
        return tunnel;
    }

    /** This tunnel with keys, with the launchers of a folder. */
    static Kind keyed(String name, String folder) {
        return new Kind(name, (lab, server) -> keyed(lab, folder, server));
    }

    /** Each end has a key, known to the other by its pin. */
    private static Tunnel keyed(Star lab, String folder, String server) {
        String serverPin = pin(lab, "server");
        StringBuilder lines = new StringBuilder();
        for (int i = 2; i < 2 + KEYED_CLIENTS; i++) {
            String address = "10.0.0." + i;
            lines.append(pin(lab, address)).append(" bench").append(i).append(' ').append(address).append('\n');
        }
        // Named from here: the folders above may be closed to whom the programs become.
        String peers = Lab.TOP.relativize(lab.write("keys/peers", lines.toString())).toString();
        Program srv = startServer(lab, folder, "--key", key(lab, "server").toString(), "--peers", peers);
        return simplevpn(lab, srv, (host, address) ->
                startClient(lab, folder, host, host == lab.client ? server : Star.serverOf(host), address, "--key",
                        key(lab, address).toString(), "--server-pin", serverPin));
    }

    /** The file of an end's key. */
    static Path key(Lab lab, String end) {
        return lab.file("keys/" + end);
    }

    /** The pin of an end, whose key is made when it is asked for the first time. */
    static String pin(Lab lab, String end) {
        Path key = key(lab, end);
        Path pin = lab.file("keys/" + end + ".pin");
        if (!Files.exists(pin)) {
            run("mkdir", "-p", key.getParent().toString());
            lab.write("keys/" + end + ".pin", run("./cli", "--keygen", key.toString()));
        }
        return run("cat", pin.toString());
    }

    private static Program startServer(Star lab, String folder, String... options) {
        Program srv = lab.startListener(lab.server, PORT,
                Command.words(List.of(folder + "/srv", "-n", "10.0.0.0/16", "-i", "tun0"), options));
        try {
            // A client that finds no server waits a second before it asks again, so wait here instead.
            lab.milliseconds(srv);
            return srv;
        } catch (LabException e) {
            srv.dismiss();
            throw e;
        }
    }

    private static Program startClient(Star lab, String folder, Host host, String server, String address,
            String... options) {
        return lab.startPinging(host, SERVER_ADDRESS,
                Command.words(List.of(folder + "/cli", "-s", server, "-a", address, "-i", "tun0"), options));
    }

    /** Connects the second client's host too. */
    void addSecond() {
        addClient(lab.second, SECOND_ADDRESS);
        await(SECOND_ADDRESS);
    }

    /** Connects another host with an address, and returns when it has reached the server; for simplevpn only. */
    void addClient(Host host, String address) {
        Program cli = starter.start(host, address);
        others.add(cli);
        lab.milliseconds(cli);
    }

    private static Tunnel classic(Star lab, String server) {
        Program srv = startServer(lab, OWN);
        return new Tunnel(lab, SERVER_ADDRESS, srv,
                lab.start(lab.client, "build/bench/classic", server, CLIENT_ADDRESS, "tun0"));
    }

    private static Tunnel vtun(Star lab, String server) {
        // The session's name is in the name of a lock file outside the namespaces.
        String session = "bench" + ProcessHandle.current().pid();
        // One string a line: vtund's parser takes a string to reach to the line's last quote.
        String configuration = """
                options { port 5000; }
                %s {
                  passwd bench; type tun; device tun0; proto tcp; encrypt no; compress no; keepalive yes;
                  up {
                    program %s "addr add %s peer %s dev tun0" wait;
                    program %s "link set tun0 up" wait;
                  };
                }
                """;
        String ip = which("ip");
        Path serverFile = lab.write("vtun/server.conf",
                configuration.formatted(session, ip, SERVER_ADDRESS, CLIENT_ADDRESS, ip));
        Path clientFile = lab.write("vtun/client.conf",
                configuration.formatted(session, ip, CLIENT_ADDRESS, SERVER_ADDRESS, ip));
        Program daemon = lab.start(lab.server, which("vtund"), "-n", "-s", "-f", serverFile.toString());
        Wait.pause(500);
        return new Tunnel(lab, SERVER_ADDRESS, daemon,
                lab.start(lab.client, which("vtund"), "-n", "-p", "-f", clientFile.toString(), session, server));
    }

    private static Tunnel openvpn(Star lab, String server, String... security) {
        Openvpn openvpn = new Openvpn(lab, "tun0", SERVER_ADDRESS, CLIENT_ADDRESS);
        Program listener = lab.start(lab.server, Command.words(openvpn.server(which("openvpn")), security));
        // Not a connection to see that it listens: it takes but one.
        Wait.pause(500);
        return new Tunnel(lab, SERVER_ADDRESS, listener, lab.startPinging(lab.client, SERVER_ADDRESS,
                Command.words(openvpn.client(which("openvpn"), openvpn.folder.toString(), server), security)));
    }

    private static Tunnel tinc(Star lab, String server, String... options) {
        String tincd = which("tincd");
        for (String host : List.of("server", "client")) {
            boolean isServer = host.equals("server");
            String other = isServer ? "client" : "server";
            String folder = "tinc/" + host + "/";
            lab.write(folder + "tinc.conf", "Name = " + host + "\nTCPOnly = yes\nInterface = tun0\n"
                    + (isServer ? "" : "ConnectTo = server\n"));
            Path up = lab.write(folder + "tinc-up", "#!/bin/sh\nip addr add "
                    + (isServer ? SERVER_ADDRESS : CLIENT_ADDRESS) + "/16 dev $INTERFACE\nip link set $INTERFACE up\n");
            up.toFile().setExecutable(true);
            Path entry = lab.write(folder + "hosts/" + host, isServer
                    ? "Subnet = " + SERVER_ADDRESS + "/32\nAddress = " + server + "\n"
                    : "Subnet = " + CLIENT_ADDRESS + "/32\n");
            // Of the last time; a new one would be appended.
            run("rm", "-f", lab.file(folder + "rsa_key.priv").toString());
            run(tincd, "-c", lab.file(folder).toString(), "-K", "2048");
            run("cp", entry.toString(), lab.file("tinc/" + other + "/hosts/" + host).toString());
        }
        List<Program> daemons = new ArrayList<>();
        for (Host host : List.of(lab.server, lab.client)) {
            Path folder = lab.file(host == lab.server ? "tinc/server" : "tinc/client");
            daemons.add(lab.start(host, Command.words(List.of(tincd, "-D", "-c", folder.toString(),
                    "--pidfile", folder.resolve("pid").toString()), options)));
            Wait.pause(500);
        }
        return new Tunnel(lab, SERVER_ADDRESS, daemons.get(0), daemons.get(1));
    }

    private static Tunnel wireguard(Star lab, String server) {
        Path program = Path.of("build/bench/wireguard-go/usr/bin/wireguard-go");
        if (!Files.isExecutable(program)) {
            throw new LabException("it could not be fetched: "
                    + run("tail", "-n", "1", "build/bench/wireguard-go.log"));
        }
        List<Path> keys = new ArrayList<>();
        List<String> publicKeys = new ArrayList<>();
        for (String end : List.of("server", "client")) {
            Path key = lab.write("wireguard/" + end, run(which("wg"), "genkey"));
            keys.add(key);
            publicKeys.add(run("sh", "-c", "wg pubkey <\"$0\"", key.toString()));
        }
        // The name is a file's under /run/wireguard too, which the namespaces share.
        String prefix = "wg" + ProcessHandle.current().pid();
        Program first = lab.start(lab.server, program.toString(), "-f", prefix + "s");
        awaitWireguard(prefix + "s");
        lab.server.run("wg", "set", prefix + "s", "listen-port", "51820", "private-key", keys.get(0).toString(),
                "peer", publicKeys.get(1), "allowed-ips", CLIENT_ADDRESS + "/32").ok();
        bringUp(lab.server, prefix + "s", SERVER_ADDRESS);
        Program second = lab.startPinging(lab.client, SERVER_ADDRESS, List.of(program.toString(), "-f", prefix + "c"));
        awaitWireguard(prefix + "c");
        lab.client.run("wg", "set", prefix + "c", "private-key", keys.get(1).toString(),
                "peer", publicKeys.get(0), "allowed-ips", SERVER_ADDRESS + "/32", "endpoint", server + ":51820").ok();
        bringUp(lab.client, prefix + "c", CLIENT_ADDRESS);
        return new Tunnel(lab, SERVER_ADDRESS, first, second);
    }

    private static void bringUp(Host host, String device, String address) {
        run("ip", "-n", host.namespace, "address", "add", address + "/16", "dev", device);
        run("ip", "-n", host.namespace, "link", "set", device, "up");
    }

    /** Waits for the socket on which wireguard-go takes its configuration. */
    private static void awaitWireguard(String device) {
        for (int i = 0; i < 1500 && !Files.exists(Path.of("/run/wireguard", device + ".sock")); i++) {
            Wait.pause(2);
        }
    }

    /** CPU seconds that all the processes of this tunnel have used. */
    double cpuSeconds() {
        double sum = server == null ? 0 : Measure.cpuSeconds(server) + Measure.cpuSeconds(client);
        for (Program other : others) {
            sum += Measure.cpuSeconds(other);
        }
        return sum;
    }

    private void await(String address) {
        Wait.until("a ping to " + address, 22, () -> {
            check("server", server);
            check("client", client);
            return lab.client.reaches(address);
        });
    }

    private static void check(String end, Program program) {
        if (program != null && !program.alive()) {
            throw new LabException("the " + end + " ended: " + program.lastLine());
        }
    }

    @Override
    public void close() {
        others.forEach(Program::dismiss);
        if (server != null) {
            client.dismiss();
            server.dismiss();
        }
    }

    /** What a command of this machine prints. */
    static String run(String... command) {
        return Command.run(60, command).ok().output().strip();
    }

    /** Where this machine has a program. */
    static String which(String program) {
        for (String folder : List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")) {
            Path path = Path.of(folder, program);
            if (Files.isExecutable(path)) {
                return path.toString();
            }
        }
        throw new LabException(program + " is not installed");
    }
}
