package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Program;

/**
 * Handshakes with what nobody makes for this tunnel, and anybody may send: the JDK reads it by ways that no other run
 * goes, and all that they need is in the image (jlink/reach).
 */
final class OddCertificatesTest extends KeyedVpn {
    private static final String[] EXTENSIONS = {"subjectAltName=DER:30:03:02:01:05",
        "subjectAltName=IP:10.0.0.1,IP:fd00::1,DNS:x,URI:http://x/,email:a@b,RID:1.2.3", "keyUsage=DER:05:00",
        "extendedKeyUsage=DER:05:00", "nameConstraints=permitted;IP:10.0.0.0/255.0.0.0",
        "crlDistributionPoints=URI:http://x/", "authorityInfoAccess=OCSP;URI:http://x/", "1.2.3.4=critical,DER:05:00",
        "certificatePolicies=1.2.3.4", "issuerAltName=DER:05", "policyConstraints=DER:30:00", "nsCertType=client"};

    /** Whatever a client's certificate has beside the key: the key counts. */
    @Test
    void ofClients() {
        Program server = keyed();
        int gone = 0;
        for (String extension : EXTENSIONS) {
            hub.run("openssl", "req", "-x509", "-key", file("east.key"), "-subj", "/CN=\u00fc", "-days", "1", "-addext",
                    extension, "-out", file("odd.pem")).ok();
            east.run("openssl", "s_client", "-connect", hub.outer4 + ":2002", "-cert", file("odd.pem"), "-key",
                    file("east.key")).ok();
            int before = gone++;
            server.await("the end of " + extension, 60, () -> count(server, "gone") > before);
            assertFalse(server.said("gone: "), () -> extension + ": " + server.log());
        }
    }

    private static long count(Program server, String word) {
        return server.lines().stream().filter(line -> line.contains(word)).count();
    }

    /** A server that staples what its authority says of its certificate: nobody asks for that, since the key counts. */
    @Test
    void stapled() throws IOException {
        String pin = ecKey("ca.key");
        certificate("ca.key", "ca.pem");
        Files.writeString(lan.file("index"), "V\t301231235959Z\t\t01\tunknown\t/CN=x\n");
        hub.run("openssl", "ocsp", "-issuer", file("ca.pem"), "-serial", "1", "-reqout", file("request")).ok();
        hub.run("openssl", "ocsp", "-index", file("index"), "-rsigner", file("ca.pem"), "-rkey", file("ca.key"), "-CA",
                file("ca.pem"), "-reqin", file("request"), "-respout", file("response"), "-ndays", "3").ok();
        Program server = lan.start(hub, List.of("openssl", "s_server", "-accept", "2002", "-tls1_3", "-cert",
                file("ca.pem"), "-key", file("ca.key"), "-status_file", file("response")));
        server.awaitLine("ACCEPT", 60);
        Program check = lan.start(east, "cli", "--check", "-s", hub.outer4, "--key", file("east.key"), "--server-pin",
                pin);
        assertEquals(16, check.awaitExit(30), check::log);
        check.awaitLine("^TLS +ok ", 60);
        check.awaitLine("^address +FAILED .*does not answer the address request", 60);
        server.dismiss();
    }
}
