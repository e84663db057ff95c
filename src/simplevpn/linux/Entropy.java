package simplevpn.linux;

import simplevpn.base.Failure;

/** Random numbers that nobody can guess (urandom(4), getrandom(2)). */
public final class Entropy {
    private Entropy() {
    }

    /**
     * Random bytes for a key: waits, on a board that has just started, until the kernel has gathered enough.
     *
     * @param count at most 256
     */
    public static byte[] forKey(int count) throws Failure {
        Buffer random = Buffer.temporary(count);
        int result = Libc.getrandom(random);
        if (result < 0) {
            throw Errno.failure("getrandom", result, "");
        }
        byte[] bytes = new byte[count];
        random.bytes.get(0, bytes);
        for (int i = 0; i < count; i++) {
            random.bytes.put(i, (byte) 0);
        }
        random.free();
        return bytes;
    }

    /** 48 random bits, never all 0. */
    public static long bits48() throws Failure {
        Buffer bytes = Buffer.temporary(Long.BYTES);
        int fd = Libc.open("/dev/urandom", Abi.O_CLOEXEC);
        int result = fd < 0 ? fd : Libc.read(fd, bytes, 0, 6);
        if (fd >= 0) {
            Libc.close(fd);
        }
        if (result < 0) {
            throw Errno.failure("read /dev/urandom", result, "");
        }
        long random = bytes.bytes.getLong(0) >>> 16;
        bytes.free();
        return random == 0 ? 1 : random;
    }
}
