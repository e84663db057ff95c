package simplevpn;

/**
 * Whoever started this program and wants to be told how it is. This form is nobody, and does nothing; {@link Notify} is
 * a service manager.
 */
class Supervisor {
    /** Says, the first time, that the program does its work now: nobody shall wait for that. */
    void ready(long now) {
    }

    /** Says what the program does, in one line. */
    void status(String words) {
    }

    /** Says that the program ends. */
    void stopping() {
    }
}
