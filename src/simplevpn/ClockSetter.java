package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.WallClock;

/**
 * Sets the machine's clock by the server's where it can only be wrong: before this program was released, as on a board
 * without a battery. What the server says counts inside TLS alone, behind the proof of its key. A clock that may be
 * right is nobody's to touch.
 */
class ClockSetter {
    /** Nobody's clock is a hundred years behind the release of a program that still runs: seconds. */
    private static final long CENTURY = 100L * 365 * 86_400;

    private boolean done;
    /** Whether it was told that the server does not know better. */
    private boolean told;

    /** Whether this machine's clock can only be wrong, and nothing was done about it yet. */
    boolean isNeeded() {
        return !done && now() < Version.RELEASED;
    }

    /**
     * A server that has proven its key says what its clock shows. What cannot be done is told once.
     *
     * @param clock seconds since 1970, or 0 when it does not say
     */
    void hear(long clock) {
        if (clock == 0 || !isNeeded()) {
            return;
        }
        long before = now();
        if (clock < Version.RELEASED || clock - Version.RELEASED > CENTURY) {
            if (!told) {
                Log.event("the clocks of this machine and of the server are both wrong: " + before + " and "
                        + clock + " seconds since 1970");
            }
            told = true;
            return;
        }
        done = true;
        try {
            set(clock);
            Log.event("the clock was set by the server's, " + (clock - before) + " s forward");
        } catch (Failure e) {
            Log.event("the clock stays wrong: " + e.getMessage());
        }
    }

    /** What the machine's clock shows, seconds since 1970. */
    long now() {
        return InviteCommand.now();
    }

    /** Sets the machine's clock to seconds since 1970. */
    void set(long seconds) throws Failure {
        WallClock.set(seconds);
    }
}
