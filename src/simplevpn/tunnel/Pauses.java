package simplevpn.tunnel;

/** How long a client pauses between attempts, longer each time, and what it says about them: the same once. */
public final class Pauses {
    private static final long FIRST = 1_000_000_000L;
    private static final long LONGEST = 30_000_000_000L;

    private final Loop loop;
    private long length = FIRST;
    /** Why the last attempt came to nothing, as logged: the same again is no news. */
    private String logged = "";
    private long random;

    /** @param seed of the pauses' jitter */
    Pauses(Loop loop, long seed) {
        this.loop = loop;
        random = seed;
    }

    /** An attempt came to nothing: logs why, if it is news, and returns how long to pause, nanoseconds. */
    public long next(String why) {
        if (!why.equals(logged)) {
            logged = why;
            loop.budget.logPeer(why + "; trying again until it works", loop.now());
        }
        long pause = jittered(length);
        length = Math.min(2 * length, LONGEST);
        return pause;
    }

    /** Between half of a time and the whole of it, so that not all clients of a server come in the same moment. */
    long jittered(long time) {
        random = random * 6364136223846793005L + 1442695040888963407L;
        return time / 2 + (random >>> 1) % (time / 2);
    }

    /** A connection that worked was lost, for this reason, which is in the log already. */
    public void lost(String why) {
        logged = why;
    }

    /** The connection lasted: the next pause is a short one. */
    public void succeeded() {
        length = FIRST;
    }
}
