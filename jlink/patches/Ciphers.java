import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a VM makes of the ciphers and digests for which c1-crypto.patch calls stubs. {@code Ciphers results ROUNDS SEED} prints a line
 * for each, a hash of what came out for as many messages: random keys, lengths and places in arrays, in one piece and in several,
 * in place, in heap buffers and direct ones, there and back, and with tags that are wrong. {@code Ciphers speed} prints how many
 * MB of 16 KiB messages a second are encrypted, best of many short spells.
 */
public final class Ciphers {
    private static final int SPELLS = 150;
    private static final long SPELL_NANOS = 20_000_000;
    private static final int MESSAGE = 16384;

    private long state;
    private long hash = 0xcbf2_9ce4_8422_2325L;

    private Ciphers(long seed) {
        state = seed;
    }

    /** Runs one of the two. */
    public static void main(String[] arguments) throws GeneralSecurityException {
        if (arguments[0].equals("speed")) {
            System.out.println("AES/GCM/NoPadding " + speed("AES/GCM/NoPadding"));
            System.out.println("ChaCha20-Poly1305 " + speed("ChaCha20-Poly1305"));
            return;
        }
        int rounds = Integer.parseInt(arguments[1]);
        long seed = Long.parseLong(arguments[2]);
        for (int bytes = 16; bytes <= 32; bytes += 8) {
            System.out.println("AES/GCM/NoPadding " + 8 * bytes + " "
                    + new Ciphers(seed).sealed("AES/GCM/NoPadding", bytes, rounds));
        }
        System.out.println("ChaCha20-Poly1305 256 " + new Ciphers(seed).sealed("ChaCha20-Poly1305", 32, rounds));
        System.out.println("AES/CTR/NoPadding 256 " + new Ciphers(seed).inBlocks("AES/CTR/NoPadding", rounds));
        System.out.println("AES/CBC/NoPadding 256 " + new Ciphers(seed).inBlocks("AES/CBC/NoPadding", rounds));
        for (String digest : new String[] {"SHA-256", "SHA-224", "SHA-384", "SHA-512"}) {
            System.out.println(digest + " " + new Ciphers(seed).digest(digest, rounds));
        }
    }

    // Random numbers that are easily made in other languages too (Knuth's MMIX generator).

    private int next(int bound) {
        state = state * 6_364_136_223_846_793_005L + 1_442_695_040_888_963_407L;
        return (int) ((state >>> 33) % bound);
    }

    private byte[] random(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) next(256);
        }
        return bytes;
    }

    private int length() {
        return switch (next(5)) {
            case 0 -> next(64);
            case 1 -> next(600);
            case 2 -> 1280 + next(220);
            case 3 -> 512 * (1 + next(40));
            default -> next(20_000);
        };
    }

    /** FNV-1a. */
    private void mix(byte[] bytes, int from, int length) {
        for (int i = from; i < from + length; i++) {
            hash = (hash ^ bytes[i] & 255) * 0x100_0000_01b3L;
        }
    }

    private static AlgorithmParameterSpec parameters(String cipher, byte[] nonce) {
        return cipher.startsWith("AES/GCM") ? new GCMParameterSpec(128, nonce) : new IvParameterSpec(nonce);
    }

    private static SecretKeySpec key(String cipher, byte[] bytes) {
        return new SecretKeySpec(bytes, cipher.startsWith("AES") ? "AES" : "ChaCha20");
    }

    private String sealed(String name, int keyBytes, int rounds) throws GeneralSecurityException {
        Cipher seal = Cipher.getInstance(name);
        Cipher open = Cipher.getInstance(name);
        for (int round = 0; round < rounds; round++) {
            SecretKeySpec key = key(name, random(keyBytes));
            AlgorithmParameterSpec parameters = parameters(name, random(12));
            byte[] header = random(next(40));
            byte[] plain = random(length());
            seal.init(Cipher.ENCRYPT_MODE, key, parameters);
            seal.updateAAD(header);
            byte[] sealed = seal(seal, plain, round);
            mix(sealed, 0, sealed.length);
            open.init(Cipher.DECRYPT_MODE, key, parameters);
            open.updateAAD(header);
            if (!Arrays.equals(plain, open(open, sealed, round))) {
                throw new IllegalStateException(name + ": round " + round + ", " + plain.length + " bytes, does not come back");
            }
            refuse(name, key, parameters, sealed, round);
        }
        return Long.toHexString(hash);
    }

    private static byte[] seal(Cipher seal, byte[] plain, int round) throws GeneralSecurityException {
        int length = plain.length;
        int at = round % 17;
        byte[] array = new byte[at + length + 16];
        System.arraycopy(plain, 0, array, at, length);
        switch (round % 5) {
        case 0 -> {
            return seal.doFinal(array, at, length);
        }
        case 1 -> {
            int part = length / 3;
            byte[] out = new byte[length + 16];
            int done = seal.update(plain, 0, part, out, 0);
            seal.doFinal(plain, part, length - part, out, done);
            return out;
        }
        case 2 -> {
            ByteBuffer in = ByteBuffer.allocateDirect(at + length).position(at).put(plain).position(at);
            ByteBuffer out = ByteBuffer.allocateDirect(length + 16);
            seal.doFinal(in, out);
            byte[] sealed = new byte[length + 16];
            out.flip().get(sealed);
            return sealed;
        }
        case 3 -> {
            ByteBuffer out = ByteBuffer.allocate(length + 16);
            seal.doFinal(ByteBuffer.wrap(array, at, length), out);
            return out.array();
        }
        default -> {
            seal.doFinal(array, at, length, array, at);
            return Arrays.copyOfRange(array, at, array.length);
        }
        }
    }

    private static byte[] open(Cipher open, byte[] sealed, int round) throws GeneralSecurityException {
        if (round % 2 == 0) {
            return open.doFinal(sealed);
        }
        ByteBuffer in = round % 3 == 0 ? ByteBuffer.allocateDirect(sealed.length) : ByteBuffer.allocate(sealed.length);
        ByteBuffer out = ByteBuffer.allocate(sealed.length);
        open.doFinal(in.put(sealed).flip(), out);
        return Arrays.copyOf(out.array(), out.position());
    }

    private void refuse(String name, SecretKeySpec key, AlgorithmParameterSpec parameters, byte[] sealed, int round)
            throws GeneralSecurityException {
        if (round % 10 != 0) {
            return;
        }
        sealed[next(sealed.length)] ^= (byte) (1 << next(8));
        try {
            Cipher open = Cipher.getInstance(name);
            open.init(Cipher.DECRYPT_MODE, key, parameters);
            open.doFinal(sealed);
            throw new IllegalStateException(name + ": round " + round + ", a changed message is accepted");
        } catch (AEADBadTagException expected) {
            hash++;
        }
    }

    private String inBlocks(String name, int rounds) throws GeneralSecurityException {
        Cipher there = Cipher.getInstance(name);
        Cipher back = Cipher.getInstance(name);
        for (int round = 0; round < rounds; round++) {
            SecretKeySpec key = key(name, random(32));
            IvParameterSpec start = new IvParameterSpec(random(16));
            byte[] plain = random(16 * (1 + next(200)));
            int part = 1 + next(plain.length);
            byte[] out = new byte[plain.length];
            there.init(Cipher.ENCRYPT_MODE, key, start);
            int done = there.update(plain, 0, part, out, 0);
            there.doFinal(plain, part, plain.length - part, out, done);
            mix(out, 0, out.length);
            back.init(Cipher.DECRYPT_MODE, key, start);
            if (!Arrays.equals(plain, back.doFinal(out))) {
                throw new IllegalStateException(name + ": round " + round + " does not come back");
            }
        }
        return Long.toHexString(hash);
    }

    private String digest(String name, int rounds) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance(name);
        for (int round = 0; round < rounds; round++) {
            byte[] message = random(3 + length());
            digest.update(message, 0, 3);
            digest.update(message, 3, message.length - 3);
            byte[] result = digest.digest();
            mix(result, 0, result.length);
        }
        return Long.toHexString(hash);
    }

    private static long speed(String name) throws GeneralSecurityException {
        Cipher seal = Cipher.getInstance(name);
        SecretKeySpec key = key(name, new byte[name.startsWith("AES") ? 16 : 32]);
        byte[] nonce = new byte[12];
        byte[] message = new byte[MESSAGE];
        byte[] out = new byte[MESSAGE + 16];
        long best = 0;
        for (int spell = 0, count = 0; spell < SPELLS; spell++) {
            long bytes = 0;
            long start = System.nanoTime();
            while (System.nanoTime() - start < SPELL_NANOS) {
                ByteBuffer.wrap(nonce).putInt(8, ++count);
                seal.init(Cipher.ENCRYPT_MODE, key, parameters(name, nonce));
                seal.doFinal(message, 0, MESSAGE, out, 0);
                bytes += MESSAGE;
            }
            best = Math.max(best, bytes * 1000 / (System.nanoTime() - start));
        }
        return best;
    }
}
