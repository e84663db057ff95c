package simplevpn;

import simplevpn.base.Failure;
import simplevpn.linux.Entropy;
import simplevpn.linux.Privileges;
import simplevpn.linux.SecretFile;
import simplevpn.tls.Key;

/**
 * The files that keys are in: one private key each, as PEM, for their owner alone. From the first one on nobody but
 * root sees the memory of this process.
 */
final class KeyFiles {
    private static final int MAX_FILE = 16 * 1024;

    private KeyFiles() {
    }

    /** Makes a new key in a new file; returns it. */
    static Key generate(String path) throws Failure {
        Privileges.hideMemory();
        byte[] pem = Key.pem(Entropy.forKey(Key.SEED));
        Key key = Key.of(path, pem.clone());
        SecretFile.create(path, pem);
        return key;
    }

    /** The key in a file. */
    static Key read(String path) throws Failure {
        Privileges.hideMemory();
        byte[] pem = SecretFile.read(path, MAX_FILE);
        if (pem == null) {
            throw new Failure(Failure.USAGE, path + ": a key file has less than " + MAX_FILE + " bytes");
        }
        // What the JDK draws for its handshakes comes from the kernel too, which does not wait by itself on a board
        // that has just started.
        Entropy.forKey(1);
        return Key.of(path, pem);
    }
}
