package simplevpn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A tunnel between the server and the client of a {@link Lab} (or none at all): how each program is configured,
 * started and stopped. All of them give the server {@link #SERVER_ADDRESS} and the client 10.0.0.2, so what is
 * measured does not know which tunnel it runs through.
 */
final class Tunnel implements AutoCloseable {
    static final String SERVER_ADDRESS = "10.0.0.1";
    static final String SECOND_ADDRESS = "10.0.0.3";
    private static final String CLIENT_ADDRESS = "10.0.0.2";
    /** The folder with the launchers that {@code make} built. */
    private static final String OWN = ".";
    private static final int PORT = 2002;

    /** What starts one kind of tunnel; {@code server} is the address under which the client's host sees the server. */
    interface Starter {
        Tunnel start(Lab lab, String server) throws IOException;
    }

    /** A tunnel and its name in the tables. */
    record Kind(String name, Starter starter) {
        /** Starts it and returns when a packet went through and came back. */
        Tunnel start(Lab lab, String server) throws IOException {
            Tunnel tunnel = starter.start(lab, server);
            try {
                tunnel.await(Lab.CLIENT, tunnel.target);
                return tunnel;
            } catch (IOException e) {
                tunnel.close();
                throw e;
            }
        }
    }

    static final Kind NONE = new Kind("no tunnel", (lab, server) -> new Tunnel(lab, server, null, null));
    static final Kind SIMPLEVPN = new Kind("simplevpn", (lab, server) -> simplevpn(lab, OWN, server));
    /** With the launchers that test/bench/footprint built on the JDK's own VM. */
    static final Kind STOCK = new Kind("simplevpn on the JDK's own VM",
            (lab, server) -> simplevpn(lab, "build/stock", server));
    static final Kind NO_OFFLOAD = new Kind("simplevpn `--no-offload`",
            (lab, server) -> simplevpn(lab, OWN, server, "--no-offload"));
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
    final Process server;
    final Process client;
    private final Lab lab;
    private final List<Process> others = new ArrayList<>();

    private Tunnel(Lab lab, String target, Process server, Process client) {
        this.lab = lab;
        this.target = target;
        this.server = server;
        this.client = client;
    }

    private static Tunnel simplevpn(Lab lab, String folder, String server, String... options) throws IOException {
        Process srv = startServer(lab, folder, options);
        return new Tunnel(lab, SERVER_ADDRESS, srv,
                startClient(lab, folder, Lab.CLIENT, server, CLIENT_ADDRESS, options));
    }

    private static Process startServer(Lab lab, String folder, String... options) throws IOException {
        Process srv = lab.startListener(Lab.SERVER, PORT,
                join(List.of(folder + "/srv", "-n", "10.0.0.0/16", "-i", "tun0"), options));
        try {
            // A client that finds no server waits a second before it asks again, so wait here instead.
            lab.milliseconds(srv);
            return srv;
        } catch (IOException e) {
            Lab.stop(srv);
            throw e;
        }
    }

    private static Process startClient(Lab lab, String folder, String host, String server, String address,
            String... options) throws IOException {
        return lab.startPinging(host, SERVER_ADDRESS,
                join(List.of(folder + "/cli", "-s", server, "-a", address, "-i", "tun0"), options));
    }

    /** Connects the second client's host too. */
    void addSecond() throws IOException {
        addClient(Lab.SECOND, Lab.SECOND_LINK_ADDRESS, SECOND_ADDRESS);
        await(Lab.CLIENT, SECOND_ADDRESS);
    }

    /**
     * Connects another host, and returns when it has reached the server; for simplevpn only. {@code server} is where
     * that host sees the server.
     */
    void addClient(String host, String server, String address) throws IOException {
        Process cli = startClient(lab, OWN, host, server, address);
        others.add(cli);
        lab.milliseconds(cli);
    }

    private static Tunnel classic(Lab lab, String server) throws IOException {
        Process srv = startServer(lab, OWN);
        return new Tunnel(lab, SERVER_ADDRESS, srv,
                lab.start(Lab.CLIENT, "build/bench/classic", server, CLIENT_ADDRESS, "tun0"));
    }

    private static Tunnel vtun(Lab lab, String server) throws IOException {
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
        Process daemon = lab.start(Lab.SERVER, which("vtund"), "-n", "-s", "-f", serverFile.toString());
        pause(500);
        return new Tunnel(lab, SERVER_ADDRESS, daemon,
                lab.start(Lab.CLIENT, which("vtund"), "-n", "-p", "-f", clientFile.toString(), session, server));
    }

    private static Tunnel openvpn(Lab lab, String server, String... security) throws IOException {
        String openvpn = which("openvpn");
        Path key = lab.write("openvpn/key.pem", "");
        Path certificate = lab.file("openvpn/certificate.pem");
        Lab.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=bench", "-keyout", key.toString(), "-out", certificate.toString());
        String fingerprint = Lab.run("openssl", "x509", "-in", certificate.toString(), "-noout", "-fingerprint",
                "-sha256").strip().replaceFirst(".*=", "");
        List<String> common = List.of(join(List.of(openvpn, "--dev", "tun0", "--cert", certificate.toString(), "--key",
                key.toString(), "--peer-fingerprint", fingerprint, "--socket-flags", "TCP_NODELAY", "--disable-dco"),
                security));
        Process listener = lab.start(Lab.SERVER, join(common, "--proto", "tcp-server", "--tls-server", "--dh", "none",
                "--ifconfig", SERVER_ADDRESS, CLIENT_ADDRESS));
        // Not a connection to see that it listens: it takes but one.
        pause(500);
        return new Tunnel(lab, SERVER_ADDRESS, listener, lab.startPinging(Lab.CLIENT, SERVER_ADDRESS, join(common,
                "--proto", "tcp-client", "--tls-client", "--remote", server, "--ifconfig", CLIENT_ADDRESS,
                SERVER_ADDRESS)));
    }

    private static Tunnel tinc(Lab lab, String server, String... options) throws IOException {
        String tincd = which("tincd");
        for (String host : List.of(Lab.SERVER, Lab.CLIENT)) {
            boolean isServer = host.equals(Lab.SERVER);
            String folder = "tinc/" + host + "/";
            lab.write(folder + "tinc.conf", "Name = " + host + "\nTCPOnly = yes\nInterface = tun0\n"
                    + (isServer ? "" : "ConnectTo = server\n"));
            Path up = lab.write(folder + "tinc-up", "#!/bin/sh\nip addr add "
                    + (isServer ? SERVER_ADDRESS : CLIENT_ADDRESS) + "/16 dev $INTERFACE\nip link set $INTERFACE up\n");
            up.toFile().setExecutable(true);
            lab.write(folder + "hosts/" + host, isServer
                    ? "Subnet = " + SERVER_ADDRESS + "/32\nAddress = " + server + "\n"
                    : "Subnet = " + CLIENT_ADDRESS + "/32\n");
            Files.deleteIfExists(lab.file(folder + "rsa_key.priv"));
            Lab.run(tincd, "-c", lab.file(folder).toString(), "-K", "2048");
        }
        for (String host : List.of("server", "client")) {
            String other = host.equals("server") ? "client" : "server";
            lab.write("tinc/" + other + "/hosts/" + host, Files.readString(lab.file("tinc/" + host + "/hosts/" + host)));
        }
        List<Process> daemons = new ArrayList<>();
        for (String host : List.of(Lab.SERVER, Lab.CLIENT)) {
            Path folder = lab.file("tinc/" + host);
            daemons.add(lab.start(host, join(List.of(tincd, "-D", "-c", folder.toString(),
                    "--pidfile", folder.resolve("pid").toString()), options)));
            pause(500);
        }
        return new Tunnel(lab, SERVER_ADDRESS, daemons.get(0), daemons.get(1));
    }

    private static Tunnel wireguard(Lab lab, String server) throws IOException {
        Path program = Path.of("build/bench/wireguard-go/usr/bin/wireguard-go");
        if (!Files.isExecutable(program)) {
            throw new IOException("it could not be fetched: "
                    + Files.readAllLines(Path.of("build/bench/wireguard-go.log")).getLast());
        }
        List<Path> keys = new ArrayList<>();
        List<String> publicKeys = new ArrayList<>();
        for (String host : List.of(Lab.SERVER, Lab.CLIENT)) {
            Path key = lab.write("wireguard/" + host, Lab.run(which("wg"), "genkey"));
            keys.add(key);
            publicKeys.add(Lab.run("sh", "-c", "wg pubkey <" + key).strip());
        }
        // The name is a file's under /run/wireguard too, which the namespaces share.
        String prefix = "wg" + ProcessHandle.current().pid();
        Process first = lab.start(Lab.SERVER, program.toString(), "-f", prefix + "s");
        awaitWireguard(prefix + "s");
        lab.exec(Lab.SERVER, "wg", "set", prefix + "s", "listen-port", "51820", "private-key", keys.get(0).toString(),
                "peer", publicKeys.get(1), "allowed-ips", CLIENT_ADDRESS + "/32");
        lab.address(Lab.SERVER, prefix + "s", SERVER_ADDRESS + "/16");
        Process second = lab.startPinging(Lab.CLIENT, SERVER_ADDRESS, program.toString(), "-f", prefix + "c");
        awaitWireguard(prefix + "c");
        lab.exec(Lab.CLIENT, "wg", "set", prefix + "c", "private-key", keys.get(1).toString(),
                "peer", publicKeys.get(0), "allowed-ips", SERVER_ADDRESS + "/32", "endpoint", server + ":51820");
        lab.address(Lab.CLIENT, prefix + "c", CLIENT_ADDRESS + "/16");
        return new Tunnel(lab, SERVER_ADDRESS, first, second);
    }

    /** Waits for the socket on which wireguard-go takes its configuration. */
    private static void awaitWireguard(String device) throws IOException {
        for (int i = 0; i < 1500 && !Files.exists(Path.of("/run/wireguard", device + ".sock")); i++) {
            pause(2);
        }
    }

    /** CPU seconds that all the processes of this tunnel have used. */
    double cpuSeconds() throws IOException {
        double sum = server == null ? 0 : Measure.cpuSeconds(server) + Measure.cpuSeconds(client);
        for (Process other : others) {
            sum += Measure.cpuSeconds(other);
        }
        return sum;
    }

    private void await(String host, String address) throws IOException {
        for (int i = 0; i < 20; i++) {
            if (server != null && !server.isAlive()) {
                throw new IOException("the server ended: " + lab.lastWords(server));
            }
            if (client != null && !client.isAlive()) {
                throw new IOException("the client ended: " + lab.lastWords(client));
            }
            if (lab.output(5, host, "ping", "-n", "-c", "1", "-W", "1", address).contains(" 0% packet loss")) {
                return;
            }
            pause(100);
        }
        throw new IOException("no ping came through to " + address);
    }

    @Override
    public void close() {
        others.forEach(Lab::stop);
        Lab.stop(client);
        Lab.stop(server);
    }

    private static String which(String program) throws IOException {
        for (String folder : List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin")) {
            Path path = Path.of(folder, program);
            if (Files.isExecutable(path)) {
                return path.toString();
            }
        }
        throw new IOException(program + " is not installed");
    }

    private static String[] join(List<String> first, String... last) {
        List<String> all = new ArrayList<>(first);
        all.addAll(List.of(last));
        return all.toArray(String[]::new);
    }

    static void pause(long milliseconds) throws IOException {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }
}
