package simplevpn.tls;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.Base64;

/**
 * What a key is known by: {@code sha256:} and the base64, with padding, of the SHA-256 of its SubjectPublicKeyInfo
 * (PROTOCOL.md, part 4). It is no secret.
 */
public final class Pin {
    private static final String PREFIX = "sha256:";
    /** Bytes of the hash. */
    public static final int LENGTH = 32;

    private final byte[] hash;

    private Pin(byte[] hash) {
        this.hash = hash;
    }

    /** A key's pin. */
    public static Pin of(PublicKey key) {
        return hashing(key.getEncoded());
    }

    /** The pin that has these bytes, {@link #LENGTH} of them. */
    public static Pin of(byte[] hash) {
        return new Pin(hash);
    }

    /** What other bytes than a key's are known by, without telling them. */
    public static Pin hashing(byte[] secret) {
        try {
            return new Pin(MessageDigest.getInstance("SHA-256").digest(secret));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** The pin that a text means, or {@code null} when it is none. */
    public static Pin parse(String text) {
        if (!text.startsWith(PREFIX)) {
            return null;
        }
        try {
            byte[] letters = text.substring(PREFIX.length()).getBytes(StandardCharsets.ISO_8859_1);
            byte[] hash = Base64.getDecoder().decode(letters);
            Pin pin = new Pin(hash);
            // One text for each pin: neither the padding nor the bits behind the last byte may be others.
            return hash.length == LENGTH && pin.toString().equals(text) ? pin : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The hash's bytes, a copy. */
    public byte[] bytes() {
        return hash.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Pin pin && Arrays.equals(hash, pin.hash);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(hash);
    }

    @Override
    public String toString() {
        return PREFIX + new String(Base64.getEncoder().encode(hash), StandardCharsets.ISO_8859_1);
    }
}
