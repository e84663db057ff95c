package simplevpn.linux;

import simplevpn.base.Failure;

/** The machine's clock, which tells the date (clock_gettime(2), CLOCK_REALTIME). */
public final class WallClock {
    private WallClock() {
    }

    /**
     * Sets it; nothing else moves by that, since all times of the programs are of another clock.
     *
     * @param seconds since 1970
     */
    public static void set(long seconds) throws Failure {
        Buffer time = Buffer.temporary(2 * Abi.WORD);
        time.word(Abi.TV_SEC, seconds);
        time.word(Abi.TV_NSEC, 0);
        // A word of 32 bits has no room for years from 2038 on, and such times in it are before 1970.
        boolean fits = time.word(Abi.TV_SEC) == seconds;
        int result = fits ? Libc.once("clock_settime", Abi.CLOCK_REALTIME, time.address, 0, 0) : -Errno.EINVAL;
        time.free();
        if (result < 0) {
            // ENOSYS is what the unit's filter of system calls says.
            throw Errno.failure("clock_settime", result, result == -Errno.EPERM || result == -Errno.ENOSYS
                    ? "run as root, or with the capability CAP_SYS_TIME and without ProtectClock= of systemd" : "");
        }
    }
}
