package simplevpn.bench;

import java.nio.file.Path;
import java.util.List;
import simplevpn.harness.Command;
import simplevpn.harness.Lab;

/** The command lines of OpenVPN's two ends over TCP, which share one certificate; its cipher is what they agree on. */
final class Openvpn {
    static final String KEY = "key.pem";
    static final String CERTIFICATE = "certificate.pem";

    /** Where the key and the certificate are. */
    final Path folder;
    private final String device;
    private final String serverAddress;
    private final String clientAddress;
    private final String fingerprint;

    /** Makes the key and its certificate in the lab's files. */
    Openvpn(Lab lab, String device, String serverAddress, String clientAddress) {
        this.device = device;
        this.serverAddress = serverAddress;
        this.clientAddress = clientAddress;
        Path key = lab.write("openvpn/" + KEY, "");
        folder = key.getParent();
        String certificate = folder.resolve(CERTIFICATE).toString();
        Tunnel.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", "/CN=bench", "-keyout", key.toString(), "-out", certificate);
        fingerprint = Tunnel.run("openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
                .replaceFirst(".*=", "");
    }

    /** The server's command line; it takes one client. */
    List<String> server(String program) {
        return Command.words(common(program, folder.toString()), "--proto", "tcp-server", "--tls-server", "--dh",
                "none", "--ifconfig", serverAddress, clientAddress);
    }

    /** The client's command line, with the folder in which the client has the two files. */
    List<String> client(String program, String files, String server) {
        return Command.words(common(program, files), "--proto", "tcp-client", "--tls-client", "--remote", server,
                "--ifconfig", clientAddress, serverAddress);
    }

    private List<String> common(String program, String files) {
        return List.of(program, "--dev", device, "--cert", files + "/" + CERTIFICATE, "--key", files + "/" + KEY,
                "--peer-fingerprint", fingerprint, "--socket-flags", "TCP_NODELAY", "--disable-dco");
    }
}
