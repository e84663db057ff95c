package simplevpn.harness;

/**
 * Something in a {@link Lab} did not do what it should: the message is one line, or one line and what a program said.
 */
public final class LabException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param message what, of which host or program, and why as far as it is known */
    public LabException(String message) {
        super(message);
    }

    /** @param cause what it comes from */
    public LabException(String message, Throwable cause) {
        super(message, cause);
    }
}
