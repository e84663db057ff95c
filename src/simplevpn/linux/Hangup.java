package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * SIGHUP as something that a loop is told, instead of the end of the program, which it is to the VM.
 *
 * <p>No code of the VM can run in a signal's handler, so the handler is a function of libc that may: eventfd_write(3).
 * What a handler is called with are its arguments: the signal's number, which is 1, and an address, which is not 0. An
 * eventfd at descriptor 1 counts that; a daemon prints nothing on its standard output.
 */
public final class Hangup {
    private static final int STDOUT = 1;
    private static final Buffer COUNT = Buffer.permanent(Long.BYTES);

    private Hangup() {
    }

    /** From now on SIGHUP makes a descriptor readable, which is returned for the {@link Poller}. */
    public static int descriptor() throws Failure {
        int fd = Libc.eventfd();
        int result = fd < 0 ? fd : Libc.dup2(fd, STDOUT);
        Buffer action = Buffer.temporary(Abi.SIGACTION_SIZE);
        action.word(0, Libc.eventfd_write());
        action.nativeOrder.putInt(Abi.SA_FLAGS, Abi.SA_SIGINFO | Abi.SA_RESTART);
        result = result < 0 ? result : Libc.sigaction(Abi.SIGHUP, action);
        action.free();
        if (result < 0) {
            throw Errno.failure("sigaction of SIGHUP", result, "");
        }
        return fd;
    }

    /** The signal is understood. */
    public static void take(int descriptor) {
        Libc.tryRead(descriptor, COUNT, 0, Long.BYTES);
    }
}
