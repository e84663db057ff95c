package simplevpn.tls;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import simplevpn.base.Failure;

/**
 * What this side shows in a handshake, and whom it believes: the keys, the pins, and what TLS may use (PROTOCOL.md,
 * part 4). Names, dates and issuers of certificates are not looked at.
 *
 * <p>A server lets everybody in who proves a key, whichever it is: what that one may do is decided behind the
 * handshake, where it can be told why it may not.
 */
public final class Credentials {
    private static final String[] PROTOCOLS = {"TLSv1.3"};
    private static final String[] SIGNATURES = {"ed25519", "ecdsa_secp256r1_sha256"};
    /**
     * A server takes what small clients have. A client offers one: with the other it would compute two for each
     * attempt.
     */
    private static final String[] SERVER_GROUPS = {"x25519", "secp256r1"};
    private static final String[] CLIENT_GROUPS = {"x25519"};
    private static final String[] AES_FIRST = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256"};
    private static final String[] CHACHA_FIRST = {"TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384"};

    static {
        // The name that a client asks for is a proxy's matter; the JDK would look at it by rules for the letters of all
        // scripts.
        System.setProperty("jdk.tls.server.disableExtensions", "server_name");
        // A stranger may make this side keep as many bytes of a message: a record, for one certificate is enough.
        System.setProperty("jdk.tls.maxHandshakeMessageSize", String.valueOf(Records.PLAIN));
    }

    private final SSLContext context;
    private final SSLParameters parameters = new SSLParameters();
    private final boolean client;

    /**
     * @param servers the pins of which the server has to show one; {@code null} for a server's own
     * @param random where random numbers come from; {@code null} for the kernel
     */
    Credentials(Key[] keys, Pin[] servers, boolean aesIsFast, String serverName, SecureRandom random) throws Failure {
        client = servers != null;
        try {
            context = SSLContext.getInstance("TLSv1.3");
            context.init(new KeyManager[] {new Keys(keys)}, new TrustManager[] {new Pins(servers)}, random);
        } catch (GeneralSecurityException e) {
            throw new Failure(Failure.SYSTEM, "this Java runtime has no TLS 1.3: " + e.getMessage());
        }
        parameters.setProtocols(PROTOCOLS);
        parameters.setCipherSuites(aesIsFast ? AES_FIRST : CHACHA_FIRST);
        parameters.setSignatureSchemes(SIGNATURES);
        parameters.setNamedGroups(client ? CLIENT_GROUPS : SERVER_GROUPS);
        parameters.setUseCipherSuitesOrder(false);
        if (client && serverName != null) {
            parameters.setServerNames(List.of(new Name(serverName)));
        } else if (!client) {
            parameters.setNeedClientAuth(true);
        }
    }

    /** A server's, with one key or one of each kind. */
    public static Credentials ofServer(Key... keys) throws Failure {
        if (keys.length == 2 && keys[0].algorithm().equals(keys[1].algorithm())) {
            throw new Failure(Failure.USAGE, "both keys are of one kind, of which the second would never be shown");
        }
        return new Credentials(keys, null, true, null, null);
    }

    /**
     * A client's.
     *
     * @param servers the pins of which the server has to show one; with none, every server is refused, after it has
     *         shown its own
     * @param aesIsFast whether this machine has instructions for AES, which the VM uses
     * @param serverName the name to send (SNI), ASCII, or {@code null}
     */
    public static Credentials ofClient(Key key, Pin[] servers, boolean aesIsFast, String serverName) throws Failure {
        return new Credentials(new Key[] {key}, servers, aesIsFast, serverName, null);
    }

    /** One side of one connection. */
    SSLEngine engine() {
        // A client that names its peer may go on with the session of before, which spares both sides the signatures.
        SSLEngine engine = client ? context.createSSLEngine("server", 1) : context.createSSLEngine();
        engine.setUseClientMode(client);
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** Whether it is a client's. */
    boolean isClient() {
        return client;
    }

    /** Why a client does not go on with a server. */
    static final class Unpinned extends CertificateException {
        private static final long serialVersionUID = 1;

        final transient Pin shown;

        Unpinned(Pin shown) {
            super("a key that is not pinned: " + shown);
            this.shown = shown;
        }
    }

    /** A server's name as it stands in SNI. The JDK's own class would bring rules for the letters of all scripts. */
    private static final class Name extends SNIServerName {
        Name(String name) {
            super(0, name.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** The keys, by what the JDK calls their kind. */
    private static final class Keys extends X509ExtendedKeyManager {
        private final Key[] keys;

        Keys(Key[] keys) {
            this.keys = keys;
        }

        private String find(String kind) {
            for (Key key : keys) {
                if (key.algorithm().equals(kind)) {
                    return kind;
                }
            }
            return null;
        }

        @Override
        public String chooseEngineClientAlias(String[] kinds, Principal[] issuers, SSLEngine engine) {
            for (String kind : kinds) {
                if (find(kind) != null) {
                    return kind;
                }
            }
            return null;
        }

        @Override
        public String chooseEngineServerAlias(String kind, Principal[] issuers, SSLEngine engine) {
            return find(kind);
        }

        @Override
        public PrivateKey getPrivateKey(String kind) {
            return key(kind).secret;
        }

        @Override
        public X509Certificate[] getCertificateChain(String kind) {
            return new X509Certificate[] {key(kind).certificate};
        }

        private Key key(String kind) {
            return keys[0].algorithm().equals(kind) ? keys[0] : keys[keys.length - 1];
        }

        @Override
        public String chooseClientAlias(String[] kinds, Principal[] issuers, Socket socket) {
            return chooseEngineClientAlias(kinds, issuers, null);
        }

        @Override
        public String chooseServerAlias(String kind, Principal[] issuers, Socket socket) {
            return find(kind);
        }

        @Override
        public String[] getClientAliases(String kind, Principal[] issuers) {
            return find(kind) == null ? null : new String[] {kind};
        }

        @Override
        public String[] getServerAliases(String kind, Principal[] issuers) {
            return getClientAliases(kind, issuers);
        }
    }

    /** Whom to believe: as a client those with the pins, as a server everybody. */
    private static final class Pins extends X509ExtendedTrustManager {
        private final Pin[] pins;

        Pins(Pin[] pins) {
            this.pins = pins;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            Pin shown = Pin.of(chain[0].getPublicKey());
            for (Pin pin : pins) {
                if (pin.equals(shown)) {
                    return;
                }
            }
            throw new Unpinned(shown);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
