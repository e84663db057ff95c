package simplevpn.tls;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import simplevpn.base.Failure;

/**
 * A private key, Ed25519 or EC P-256, as PEM PKCS#8 (RFC 8410, RFC 5208), which {@code openssl genpkey} makes and
 * reads, and the certificate that TLS wants of it: made in memory from the key, valid for ever, in nobody's name. Only
 * the key in it counts.
 */
public final class Key {
    /** Bytes of what an Ed25519 key is made from. */
    public static final int SEED = 32;

    private static final String DAMAGED = "a private key that is damaged";
    private static final String OTHER_KIND = "a kind of private key that is not taken, Ed25519 and EC P-256 are";
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final byte[] ED25519 = Der.element(Der.OBJECT_ID, new byte[] {0x2b, 0x65, 0x70});
    private static final byte[] EC = Der.element(Der.OBJECT_ID,
            new byte[] {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1});
    private static final byte[] P256 = Der.element(Der.OBJECT_ID,
            new byte[] {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 3, 1, 7});
    private static final byte[] ECDSA_SHA256 = Der.element(Der.OBJECT_ID,
            new byte[] {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2});
    /** id-at-commonName. */
    private static final byte[] COMMON_NAME = Der.element(Der.OBJECT_ID, new byte[] {0x55, 4, 3});

    final PrivateKey secret;
    final X509Certificate certificate;
    private final Pin pin;

    private Key(PrivateKey secret, PublicKey open) throws GeneralSecurityException {
        this.secret = secret;
        certificate = certificate(secret, open);
        pin = Pin.of(open);
    }

    /** Whether a public key is of one of the two kinds. */
    static boolean isTaken(PublicKey open) {
        try {
            byte[] algorithm = new Der(open.getEncoded()).into(Der.SEQUENCE).value(Der.SEQUENCE);
            return Arrays.equals(algorithm, ED25519) || Arrays.equals(Der.element(Der.SEQUENCE, algorithm),
                    Der.element(Der.SEQUENCE, EC, P256));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** By what others know it. */
    public Pin pin() {
        return pin;
    }

    /** What the JDK calls this kind of key: EdDSA or EC. */
    String algorithm() {
        return secret.getAlgorithm();
    }

    /**
     * A new Ed25519 key in PEM.
     *
     * @param seed {@link #SEED} random bytes that nobody can guess; zeros afterwards
     */
    public static byte[] pem(byte[] seed) {
        byte[] inner = Der.element(Der.OCTET_STRING, seed);
        byte[] outer = Der.element(Der.OCTET_STRING, inner);
        byte[] key = Der.element(Der.SEQUENCE, Der.element(Der.INTEGER, new byte[1]),
                Der.element(Der.SEQUENCE, ED25519), outer);
        byte[] lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encode(key);
        byte[] head = (BEGIN + '\n').getBytes(StandardCharsets.ISO_8859_1);
        byte[] foot = ('\n' + END + '\n').getBytes(StandardCharsets.ISO_8859_1);
        byte[] pem = Arrays.copyOf(head, head.length + lines.length + foot.length);
        System.arraycopy(lines, 0, pem, head.length, lines.length);
        System.arraycopy(foot, 0, pem, head.length + lines.length, foot.length);
        wipe(seed, inner, outer, key, lines);
        return pem;
    }

    /**
     * The key of a file.
     *
     * @param name of the file, for messages, which never have a byte of the key in them
     * @param pem what is in it; zeros afterwards
     */
    @SuppressWarnings("UnusedException") // what the JDK says of a key may have parts of it
    public static Key of(String name, byte[] pem) throws Failure {
        byte[] key = null;
        try {
            key = decode(name, pem);
            return parse(name, key);
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            throw bad(name, DAMAGED);
        } finally {
            wipe(pem);
            if (key != null) {
                wipe(key);
            }
        }
    }

    /** What the JDK makes of a key for itself is out of reach, and stays. */
    private static void wipe(byte[]... secrets) {
        for (byte[] secret : secrets) {
            Arrays.fill(secret, (byte) 0);
        }
    }

    private static Failure bad(String name, String what) {
        return new Failure(Failure.USAGE, name + ": " + what
                + "; --keygen FILE, or openssl genpkey -algorithm ed25519, makes a new one");
    }

    private static byte[] decode(String name, byte[] pem) throws Failure {
        int from = find(pem, BEGIN, 0);
        int to = from < 0 ? -1 : find(pem, END, from);
        if (to < 0) {
            throw bad(name, whatElse(pem));
        }
        byte[] text = Arrays.copyOfRange(pem, from + BEGIN.length(), to);
        try {
            return Base64.getMimeDecoder().decode(text);
        } finally {
            wipe(text);
        }
    }

    private static String whatElse(byte[] pem) {
        if (find(pem, "BEGIN ENCRYPTED PRIVATE KEY", 0) >= 0) {
            return "a key with a password, which nobody types at boot";
        }
        if (find(pem, "BEGIN EC PRIVATE KEY", 0) >= 0) {
            return "a key in an older form (openssl pkey -in FILE turns it into PKCS#8)";
        }
        if (find(pem, BEGIN, 0) >= 0) {
            return DAMAGED;
        }
        return find(pem, "PRIVATE KEY", 0) >= 0 ? OTHER_KIND : "no private key in PEM";
    }

    private static int find(byte[] bytes, String text, int from) {
        for (int at = from; at <= bytes.length - text.length(); at++) {
            int i = 0;
            while (i < text.length() && bytes[at + i] == text.charAt(i)) {
                i++;
            }
            if (i == text.length()) {
                return at;
            }
        }
        return -1;
    }

    private static Key parse(String name, byte[] key) throws Failure, GeneralSecurityException {
        Der info = new Der(key).into(Der.SEQUENCE);
        info.value(Der.INTEGER);
        byte[] algorithm = Der.element(Der.SEQUENCE, info.value(Der.SEQUENCE));
        byte[] secret = info.value(Der.OCTET_STRING);
        try {
            if (Arrays.equals(algorithm, Der.element(Der.SEQUENCE, ED25519))) {
                return ed25519(new Der(secret).value(Der.OCTET_STRING));
            }
            if (Arrays.equals(algorithm, Der.element(Der.SEQUENCE, EC, P256))) {
                return p256(name, key, secret);
            }
        } finally {
            wipe(secret);
        }
        throw bad(name, OTHER_KIND);
    }

    /** The JDK tells no public key of a private one, but makes both from what a random generator gives it. */
    private static Key ed25519(byte[] seed) throws GeneralSecurityException {
        if (seed.length != SEED) {
            throw new IllegalArgumentException();
        }
        KeyPairGenerator generator = KeyPairGenerator.getInstance("Ed25519");
        generator.initialize(255, new Given(seed));
        KeyPair pair = generator.generateKeyPair();
        wipe(seed);
        return new Key(pair.getPrivate(), pair.getPublic());
    }

    private static Key p256(String name, byte[] key, byte[] secret) throws Failure, GeneralSecurityException {
        Der ec = new Der(secret).into(Der.SEQUENCE);
        ec.value(Der.INTEGER);
        wipe(ec.value(Der.OCTET_STRING));
        if (ec.isNext(Der.CONTEXT_0)) {
            ec.value(Der.CONTEXT_0);
        }
        if (!ec.isNext(Der.CONTEXT_1)) {
            throw bad(name, "an EC key without its public part");
        }
        byte[] point = ec.into(Der.CONTEXT_1).value(Der.BIT_STRING);
        byte[] open = Der.element(Der.SEQUENCE, Der.element(Der.SEQUENCE, EC, P256),
                Der.element(Der.BIT_STRING, point));
        KeyFactory factory = KeyFactory.getInstance("EC");
        return new Key(factory.generatePrivate(new PKCS8EncodedKeySpec(key)),
                factory.generatePublic(new X509EncodedKeySpec(open)));
    }

    private static X509Certificate certificate(PrivateKey secret, PublicKey open) throws GeneralSecurityException {
        boolean ed25519 = !secret.getAlgorithm().equals("EC");
        byte[] algorithm = Der.element(Der.SEQUENCE, ed25519 ? ED25519 : ECDSA_SHA256);
        byte[] name = Der.element(Der.SEQUENCE, Der.element(Der.SET, Der.element(Der.SEQUENCE, COMMON_NAME,
                Der.element(Der.UTF8_STRING, "simplevpn".getBytes(StandardCharsets.UTF_8)))));
        byte[] always = Der.element(Der.SEQUENCE,
                Der.element(Der.UTC_TIME, "700101000000Z".getBytes(StandardCharsets.ISO_8859_1)),
                Der.element(Der.GENERALIZED_TIME, "99991231235959Z".getBytes(StandardCharsets.ISO_8859_1)));
        byte[] version3 = Der.element(Der.CONTEXT_0, Der.element(Der.INTEGER, new byte[] {2}));
        byte[] content = Der.element(Der.SEQUENCE, version3, Der.element(Der.INTEGER, new byte[] {1}), algorithm,
                name, always, name, open.getEncoded());
        Signature signature = Signature.getInstance(ed25519 ? "Ed25519" : "SHA256withECDSA");
        signature.initSign(secret);
        signature.update(content);
        byte[] certificate = Der.element(Der.SEQUENCE, content, algorithm, Der.bits(signature.sign()));
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(certificate));
    }

    /** Random bytes that are known. */
    private static final class Given extends SecureRandom {
        private static final long serialVersionUID = 1;

        private final byte[] given;

        Given(byte[] given) {
            super(null, null);
            this.given = given;
        }

        @Override
        public void nextBytes(byte[] bytes) {
            System.arraycopy(given, 0, bytes, 0, bytes.length);
        }
    }
}
