package simplevpn.handshake;

import java.io.FileInputStream;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * What TLS will ask of an image's class library: two {@link SSLEngine}s shake hands, each side with a certificate that
 * the other one compares with the one that it knows, and exchange data. A program for TlsTest, which runs it on
 * the image; arguments: a PKCS12 file, its password, and the cipher suites to do it with.
 */
public final class TlsHandshake {
    private static final int BYTES = 100_000;

    private TlsHandshake() { }

    /** Prints a line per cipher suite. */
    public static void main(String[] arguments) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        char[] password = arguments[1].toCharArray();
        try (InputStream file = new FileInputStream(arguments[0])) {
            keys.load(file, password);
        }
        X509Certificate pinned = (X509Certificate) keys.getCertificate(keys.aliases().nextElement());
        KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
        managers.init(keys, password);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(managers.getKeyManagers(), new TrustManager[] {new Pinned(pinned)}, null);
        for (String suite : Arrays.asList(arguments).subList(2, arguments.length)) {
            System.out.println(run(context, suite) + " with " + pinned.getPublicKey().getAlgorithm() + " of "
                    + pinned.getSubjectX500Principal());
        }
    }

    private static String run(SSLContext context, String suite) throws Exception {
        SSLEngine client = engine(context, suite, true);
        SSLEngine server = engine(context, suite, false);
        byte[] sent = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            sent[i] = (byte) (i * 7);
        }
        Side first = new Side(client, sent);
        Side second = new Side(server, sent);
        for (int round = 0; !(first.done() && second.done()); round++) {
            if (round > 10_000) {
                throw new IllegalStateException("no end: " + client.getHandshakeStatus() + ", "
                        + server.getHandshakeStatus());
            }
            first.turn(second);
            second.turn(first);
        }
        if (!Arrays.equals(first.received(), sent) || !Arrays.equals(second.received(), sent)) {
            throw new IllegalStateException("what was received is not what was sent");
        }
        return client.getSession().getProtocol() + " " + client.getSession().getCipherSuite();
    }

    private static SSLEngine engine(SSLContext context, String suite, boolean client) {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(client);
        engine.setNeedClientAuth(!client);
        engine.setEnabledProtocols(new String[] {"TLSv1.3"});
        engine.setEnabledCipherSuites(new String[] {suite});
        return engine;
    }

    /** One end of the connection. */
    private static final class Side {
        private final SSLEngine engine;
        private final ByteBuffer out;
        private final ByteBuffer in = ByteBuffer.allocate(2 * BYTES);
        private final ByteBuffer wire = ByteBuffer.allocate(1 << 18);

        Side(SSLEngine engine, byte[] toSend) {
            this.engine = engine;
            out = ByteBuffer.wrap(toSend);
        }

        void turn(Side other) throws Exception {
            engine.wrap(out, other.wire);
            runTasks();
            wire.flip();
            engine.unwrap(wire, in);
            wire.compact();
            runTasks();
        }

        private void runTasks() {
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
                engine.getDelegatedTask().run();
            }
        }

        boolean done() {
            return in.position() == BYTES && !out.hasRemaining();
        }

        byte[] received() {
            return Arrays.copyOf(in.array(), in.position());
        }
    }

    /** Trusts one certificate. */
    private static final class Pinned extends X509ExtendedTrustManager {
        private final X509Certificate pinned;

        Pinned(X509Certificate pinned) {
            this.pinned = pinned;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            if (!Arrays.equals(chain[0].getPublicKey().getEncoded(), pinned.getPublicKey().getEncoded())) {
                throw new CertificateException("another key");
            }
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
