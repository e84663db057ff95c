package simplevpn;

import simplevpn.base.Failure;
import simplevpn.linux.Abi;
import simplevpn.linux.Entropy;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;
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

    /** Makes a new key that no file gets, for one that could be in this file. */
    static Key unkept(String path) throws Failure {
        Privileges.hideMemory();
        return Key.of(path, Key.pem(Entropy.forKey(Key.SEED)));
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

    /**
     * Marks the key in a file as one that a client uses, as long as this process lives (flock(2)). Where that cannot be
     * done nobody is told.
     */
    static void use(String path) {
        lock(path, true);
    }

    /** Whether a client of this machine uses the key in a file now. */
    static boolean isUsed(String path) {
        return lock(path, false) == -Errno.EAGAIN;
    }

    /** Takes the file's lock, perhaps for a moment only; returns 0 or −errno. */
    private static int lock(String path, boolean keeps) {
        int fd = Libc.open(path, Abi.O_CLOEXEC);
        int result = fd < 0 ? fd : Libc.flock(fd, Abi.LOCK_EX | Abi.LOCK_NB);
        if (fd >= 0 && (!keeps || result < 0)) {
            Libc.close(fd);
        }
        return result;
    }
}
