package simplevpn.harness;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Waiting: for a condition, or for a time. */
public final class Wait {
    private static final int STEP = 30;

    private Wait() { }

    /**
     * Waits for a condition, and fails when it does not come true within the time.
     *
     * @param what the condition, for the message
     */
    public static void until(String what, int seconds, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new LabException("not within " + seconds + " s: " + what);
            }
            pause(STEP);
        }
    }

    /** Does nothing for a time. */
    public static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new LabException("interrupted", e);
        }
    }
}
