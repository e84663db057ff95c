package simplevpn.tunnel;

import simplevpn.base.Failure;

/** Something to be done at a time, set with {@link Timers}. */
public abstract class Timer {
    /** When, nanoseconds of the loop's clock. */
    long when;
    /** During which run of the queue it was set. */
    int round;
    /** Where it stands in the queue; −1 while it is not set. */
    int slot = -1;

    /** Whether it is set and its time has not come. */
    public final boolean isSet() {
        return slot >= 0;
    }

    /**
     * Its time has come. It is not set any more, and may set itself again.
     *
     * @param now the time, nanoseconds of the loop's clock
     * @throws Failure what ends the program
     */
    protected abstract void expired(long now) throws Failure;
}
