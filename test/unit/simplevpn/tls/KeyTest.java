package simplevpn.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

/** Keys as OpenSSL makes them, their pins, and what is said of a file that has none. */
class KeyTest {
    /** The first test vector of RFC 8032, 7.1. */
    private static final String SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    private static final String OPEN = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    /** Made by {@code openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256}, the pin by openssl dgst. */
    private static final String P256 = """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxB5+qO8QNcGOebxo
            T1TsC4tiUam5HpX/cBALXdlb9rOhRANCAATeYTpAQEIjz3ttafR7wpvgxnK8fdpM
            WOGNJXUJLruGSiZZx/lonJXFOi8KfoSvMkRxGOKIfyt+FqrxOF7qGE7a
            -----END PRIVATE KEY-----
            """;
    private static final String P256_PIN = "sha256:8YzIgWV5Y+TahEcpB0XpTiSX9v1kKGCGbNHWbnI8tSo=";

    private static Key parse(String pem) throws Failure {
        return Key.of("k", pem.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static void assertRefused(String pem, String why) {
        Failure failure = assertThrows(Failure.class, () -> parse(pem));
        assertEquals(Failure.USAGE, failure.status);
        assertEquals("k: " + why + "; --keygen FILE, or openssl genpkey -algorithm ed25519, makes a new one",
                failure.getMessage());
    }

    private static String pem() {
        return new String(Key.pem(HexFormat.of().parseHex(SEED)), StandardCharsets.ISO_8859_1);
    }

    /** What is made is PKCS#8 as RFC 8410 has it, and the public key is the one that belongs to it. */
    @Test
    void ed25519() throws Exception {
        String lines = pem();
        assertEquals("302e020100300506032b657004220420" + SEED, HexFormat.of().formatHex(
                Base64.getMimeDecoder().decode(lines.replaceAll("-----[A-Z ]+-----\n", ""))));
        Key key = parse(lines);
        assertEquals("302a300506032b6570032100" + OPEN,
                HexFormat.of().formatHex(key.certificate.getPublicKey().getEncoded()));
        key.certificate.verify(key.certificate.getPublicKey());
        assertEquals("EdDSA", key.algorithm());
    }

    /** EC keys of OpenSSL, which have the public key in them; the certificate is sound. */
    @Test
    void p256() throws Exception {
        Key key = parse(P256);
        assertEquals(P256_PIN, key.pin().toString());
        assertEquals("EC", key.algorithm());
        key.certificate.verify(key.certificate.getPublicKey());
        assertTrue(key.certificate.getNotBefore().toInstant().isBefore(Instant.ofEpochSecond(1)));
        assertTrue(key.certificate.getNotAfter().toInstant().isAfter(Instant.parse("9999-01-01T00:00:00Z")));
    }

    /** What was read is wiped, and what else may lie around a key does not matter. */
    @Test
    void files() throws Exception {
        byte[] file = ("a remark\r\n" + pem().replace("\n", "\r\n") + "rest").getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(parse(pem()).pin(), Key.of("k", file).pin());
        assertTrue(Arrays.equals(file, new byte[file.length]), "zeros");
    }

    /** Each wrong file is told apart, without a byte of what is in it. */
    @Test
    void wrongFiles() {
        assertRefused("", "no private key in PEM");
        assertRefused("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no private key in PEM");
        assertRefused("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "a key with a password, which nobody types at boot");
        assertRefused("-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
                "a key in an older form (openssl pkey -in FILE turns it into PKCS#8)");
        assertRefused("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
                "a kind of private key that is not taken, Ed25519 and EC P-256 are");
        assertRefused(pem().replace("-----END", "x-----END"), "a private key that is damaged");
        assertRefused(pem().replace("MC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vx"),
                "a kind of private key that is not taken, Ed25519 and EC P-256 are");
    }

    /** However a file is cut or changed, it gives a key or one line, and never anything else. */
    @Test
    void damagedFiles() {
        Random random = new Random(12);
        for (int i = 0; i < 3000; i++) {
            byte[] file = (i % 2 == 0 ? pem() : P256).getBytes(StandardCharsets.ISO_8859_1);
            file = Arrays.copyOf(file, i % 3 == 0 ? random.nextInt(file.length) : file.length);
            for (int j = random.nextInt(4); j > 0 && file.length > 0; j--) {
                file[random.nextInt(file.length)] = (byte) random.nextInt(128);
            }
            try {
                Key.of("k", file);
            } catch (Failure e) {
                assertTrue(e.getMessage().startsWith("k: "), e.getMessage());
            }
        }
    }

    /** A pin has one form. */
    @Test
    void pins() throws Failure {
        String pin = parse(pem()).pin().toString();
        assertEquals(pin, Pin.parse(pin).toString());
        assertEquals(Pin.parse(pin), parse(pem()).pin());
        assertEquals(51, pin.length());
        for (String wrong : new String[] {"", "sha256:", pin.substring(7), pin.substring(0, 50), pin + "=",
            pin.replace("sha256", "SHA256"), pin.substring(0, 49) + "!=", pin + "\n", "sha256:AAAA"}) {
            assertNull(Pin.parse(wrong), wrong);
        }
        // The last letter has two bits that mean nothing: only one of the four letters is taken.
        int forms = 0;
        for (char letter : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".toCharArray()) {
            forms += Pin.parse(pin.substring(0, 49) + letter + "=") != null ? 1 : 0;
        }
        assertEquals(16, forms);
    }

    /** What a key was read from, and made from, is zeros afterwards, also when it was no key. */
    @Test
    void wiped() throws Failure {
        byte[] seed = HexFormat.of().parseHex(SEED);
        byte[] pem = Key.pem(seed);
        assertArrayEquals(new byte[Key.SEED], seed);
        Key.of("k", pem);
        assertArrayEquals(new byte[pem.length], pem);
        byte[] other = P256.replace("MBMGByqGSM49AgEG", "MBMGByqGSM49AwEG").getBytes(StandardCharsets.ISO_8859_1);
        assertThrows(Failure.class, () -> Key.of("k", other));
        assertArrayEquals(new byte[other.length], other);
    }

    /** A seed that is a byte too short or too long, in a file that is sound otherwise, is damage. */
    @Test
    void seedOfAnotherLength() throws Failure {
        for (int length : new int[] {0, 31, 33, 40}) {
            String why = assertThrows(Failure.class, () -> Key.of("x", Key.pem(new byte[length]))).getMessage();
            assertTrue(why.startsWith("x: a private key that is damaged;"), why);
        }
    }
}
