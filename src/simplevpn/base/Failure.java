package simplevpn.base;

/**
 * The end of a program that a user has to read about: one line, and the exit status that goes with it.
 *
 * <p>Carries no stack trace: nothing in this program prints one to a user, and filling it in costs time on a board.
 */
public final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    /** Exit status: a call failed, or the machine lacks something. */
    public static final int SYSTEM = 1;
    /** Exit status: wrong words on the command line or in the config file. */
    public static final int USAGE = 2;
    /** Exit status of {@code cli}: the server refused the static address asked for. */
    public static final int REFUSED = 3;
    /** Exit status of {@code cli --once}: the server cannot be reached. */
    public static final int UNREACHABLE = 4;
    /** Exit status of {@code cli}: the server shows a key, and the user has not said which it has to be. */
    public static final int UNPINNED = 5;

    /** Exit status of {@code --status}: nobody answers, as nobody runs. */
    public static final int NOT_RUNNING = 3;
    /** Exit status of {@code --status}: a client runs and is not connected, or its server is silent. */
    public static final int NOT_CONNECTED = 4;

    /** Exit status, one of the constants above. */
    public final int status;

    /**
     * @param status exit status, 1 to 5
     * @param message one line: what is wrong and, where it is known, what to do
     */
    public Failure(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }
}
