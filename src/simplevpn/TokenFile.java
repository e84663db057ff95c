package simplevpn;

import simplevpn.base.Failure;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Entropy;
import simplevpn.linux.Libc;
import simplevpn.linux.Privileges;
import simplevpn.linux.User;

/**
 * Where the session token outlives the client: a file that is gone when the machine starts anew. With it a client that
 * is started again is the same for its server, which then gives it the address that it had. A client without such a
 * place, or with another one of this machine in it, draws a token for itself.
 */
final class TokenFile {
    private static final int DIGITS = 12;

    private TokenFile() {
    }

    /**
     * The folder for what outlives the program.
     *
     * @param runtimeFolder RUNTIME_DIRECTORY of a service manager (systemd.exec(5)), or {@code null} for a folder under
     *         /run; of several, with colons between, the last is the unit's own
     */
    static String folder(String runtimeFolder) {
        return runtimeFolder == null ? Status.FOLDER : runtimeFolder.substring(runtimeFolder.lastIndexOf(':') + 1);
    }

    /**
     * The token of this run: 48 bits, not 0.
     *
     * @param runtimeFolder as for {@link #folder}
     * @param user whom root will become, and whom that folder under /run belongs to; {@code null} for who it is
     */
    static long token(String runtimeFolder, User user) throws Failure {
        int flags = Abi.O_RDWR | Abi.O_CREAT | Abi.O_CLOEXEC;
        String path = folder(runtimeFolder) + "/token";
        int fd = runtimeFolder == null && user != null ? Privileges.open(path, flags, user) : Libc.open(path, flags);
        // It stays open, and with it locked, as long as this program runs.
        if (fd < 0) {
            return Entropy.bits48();
        }
        if (Libc.flock(fd, Abi.LOCK_EX | Abi.LOCK_NB) < 0) {
            Libc.close(fd);
            return Entropy.bits48();
        }
        Buffer text = Buffer.temporary(DIGITS);
        boolean whole = Libc.read(fd, text, 0, DIGITS) == DIGITS;
        long token = 0;
        for (int i = 0; i < DIGITS && whole; i++) {
            int digit = Character.digit(text.bytes.get(i), 16);
            whole = digit >= 0;
            token = token << 4 | digit;
        }
        if (!whole || token == 0) {
            token = Entropy.bits48();
            for (int i = 0; i < DIGITS; i++) {
                text.bytes.put(i, (byte) Character.forDigit((int) (token >>> (4 * (DIGITS - 1 - i))) & 15, 16));
            }
            Libc.pwrite(fd, text, DIGITS);
        }
        text.free();
        return token;
    }
}
