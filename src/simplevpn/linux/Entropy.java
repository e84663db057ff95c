package simplevpn.linux;

import simplevpn.base.Failure;

/** Random numbers that nobody can guess (urandom(4)). */
public final class Entropy {
    private Entropy() {
    }

    /** 48 random bits, never all 0. */
    public static long bits48() throws Failure {
        Buffer bytes = Buffer.temporary(Long.BYTES);
        int fd = Libc.open("/dev/urandom", Abi.O_CLOEXEC);
        int result = fd < 0 ? fd : Libc.read(fd, bytes, 0, 6);
        if (result < 0) {
            throw Errno.failure("read /dev/urandom", result, "");
        }
        Libc.close(fd);
        long random = bytes.bytes.getLong(0) >>> 16;
        bytes.free();
        return random == 0 ? 1 : random;
    }
}
