package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.linux.Stream;

/**
 * Finds out, while another server carries the packets, that the first one is there again: it is connected to from time
 * to time, which says no word, and has to answer several times in a row. Each return that comes to nothing makes that
 * twice as many.
 */
final class Preference extends Timer implements Race.Owner {
    /** How often to ask, nanoseconds, and how many answers in a row make a server one that is there. */
    private static final long INTERVAL = 30_000_000_000L;
    private static final int ANSWERS = 3;
    private static final int MOST_ANSWERS = 48;

    private final Loop loop;
    private final Target first;
    private final Pauses pauses;
    private final Dialer owner;
    private final Race race;
    private int answers;
    private int needed = ANSWERS;
    private boolean asks;

    /** @param pauses whose jitter it shares */
    Preference(Loop loop, Target first, Pauses pauses, Dialer owner) {
        this.loop = loop;
        this.first = first;
        this.pauses = pauses;
        this.owner = owner;
        race = new Race(loop, this);
    }

    /** Another server carries the packets. */
    void begin() {
        answers = 0;
        asks = true;
        askLater();
    }

    /** It does not any more. */
    void end() {
        asks = false;
        race.cancel();
        loop.timers.cancel(this);
    }

    /** The first server carried packets for a while. */
    void worked() {
        needed = ANSWERS;
    }

    private void askLater() {
        loop.timers.set(this, loop.now() + pauses.jittered(INTERVAL));
    }

    @Override
    protected void expired(long now) throws Failure {
        if (first.lookUp(this)) {
            lookedUp(first);
        } else {
            // Should the name server say nothing.
            askLater();
        }
    }

    @Override
    public void lookedUp(Target target) throws Failure {
        if (asks) {
            loop.timers.cancel(this);
            if (!race.begin(first)) {
                lost(race.why());
            }
        }
    }

    @Override
    public void won(Stream stream, Candidate candidate) throws Failure {
        stream.close();
        if (++answers < needed) {
            askLater();
            return;
        }
        needed = Math.min(2 * needed, MOST_ANSWERS);
        end();
        owner.firstAnswers();
    }

    @Override
    public void lost(String why) {
        answers = 0;
        askLater();
    }
}
