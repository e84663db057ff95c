package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.linux.Errno;
import simplevpn.linux.Handler;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;
import simplevpn.linux.Way;
import simplevpn.proxy.Negotiation;

/**
 * Connects to one of a server's addresses (RFC 8305, 5): the next one is begun when one has failed, or has not answered
 * for a quarter of a second; two at most are in the making at once. The first that stands wins, the other is closed.
 *
 * <p>Of a proxy in front of the server the addresses are those that are raced. The first connection that stands is the
 * only one on which it is asked for another to the server: that one wins, or the next address has its turn.
 */
final class Race extends Timer {
    private static final long SECOND = 1_000_000_000L;
    /** How long until another address is tried beside the first. */
    private static final long STAGGER = SECOND / 4;
    /** How long one address may take to connect. */
    private static final long CONNECT_TIME = 10 * SECOND;
    /** And how long a proxy may take after that, which tries addresses of its own: some for a minute, in vain. */
    static final long PROXY_TIME = 20 * SECOND;

    private final Loop loop;
    private final Owner owner;
    private final Attempt[] attempts = new Attempt[2];
    private Target target;
    private Candidate[] candidates = {};
    /** Why the last address was of no use. */
    private String why;

    /** Who wants a connection. */
    interface Owner {
        /** The lookup of a server's name that took its time has ended. */
        void lookedUp(Target server) throws Failure;

        /** A connection stands. */
        void won(Stream stream, Candidate candidate) throws Failure;

        /** A proxy is connected to, and is asked for the server now. */
        default void asking(Stream proxy) {
        }

        /** None of the addresses is of use, or those that are left are not. */
        void lost(String why) throws Failure;
    }

    /** A connection in the making. */
    private final class Attempt extends Timer implements Handler {
        private Stream stream;
        private Candidate candidate;
        /** What is said to a proxy; {@code null} without one. */
        private Negotiation negotiation;
        /** While that is being said. */
        private Opening opening;

        /** Begins it; returns whether it did not fail at once. */
        boolean begin(Candidate to) throws Failure {
            to.tried = true;
            candidate = to;
            negotiation = target.negotiation();
            return connect();
        }

        private boolean connect() throws Failure {
            try {
                candidate.way = target.wayAround(candidate);
                stream = target.connector.connect(candidate.address);
            } catch (Failure e) {
                why = e.getMessage();
                return false;
            }
            loop.poller.add(stream.fd(), Poller.WRITE, this);
            loop.timers.set(this, loop.now() + CONNECT_TIME);
            return true;
        }

        boolean isRunning() {
            return stream != null;
        }

        /** Takes the stream away from here: it is closed, or somebody else's. */
        Stream take() {
            Stream taken = stream;
            loop.poller.remove(taken.fd());
            loop.timers.cancel(this);
            stream = null;
            opening = null;
            return taken;
        }

        /** The attempt has ended, or a proxy has something to say. */
        @Override
        public void ready(boolean writable, boolean failed) throws Failure {
            if (opening != null) {
                open(failed);
                return;
            }
            int error = stream.error();
            if (error < 0) {
                fail(Errno.failure("connect " + peer(), error, "").getMessage());
            } else if (negotiation == null) {
                win();
            } else {
                cancelBut(this);
                loop.timers.set(this, loop.now() + PROXY_TIME);
                opening = new Opening(stream.raw(), negotiation);
                owner.asking(stream);
                open(false);
            }
        }

        private void win() throws Failure {
            Stream winner = take();
            cancelBut(null);
            owner.won(winner, candidate);
        }

        /** Goes on with what is said to the proxy. */
        private void open(boolean failed) throws Failure {
            Negotiation.Verdict verdict = opening.goOn(failed);
            if (verdict == Negotiation.Verdict.DONE) {
                win();
            } else if (verdict == Negotiation.Verdict.AGAIN) {
                take().close();
                if (!connect() && !goOn()) {
                    owner.lost(why);
                }
            } else if (verdict == Negotiation.Verdict.MORE) {
                loop.poller.change(stream.fd(), opening.interest());
            } else {
                for (int i = 0; verdict == Negotiation.Verdict.REFUSED && i < candidates.length; i++) {
                    candidates[i].tried = true;
                }
                fail(peer() + " " + negotiation.why());
            }
        }

        private String peer() {
            return (negotiation == null ? "" : "proxy ") + stream.peer();
        }

        @Override
        protected void expired(long now) throws Failure {
            fail(opening != null
                    ? peer() + " has not connected to " + negotiation.server() + " in " + PROXY_TIME / SECOND + " s"
                    : peer() + " cannot be reached: no answer to the connection attempt in " + CONNECT_TIME / SECOND
                            + " s");
        }

        private void fail(String reason) throws Failure {
            why = reason;
            take().close();
            if (!goOn()) {
                owner.lost(why);
            }
        }
    }

    Race(Loop loop, Owner owner) {
        this.loop = loop;
        this.owner = owner;
    }

    /**
     * Begins with the first of a server's addresses.
     *
     * @return whether something is in the making; if not, {@link #why} says why
     */
    boolean begin(Target to) throws Failure {
        target = to;
        candidates = to.found;
        why = to.why();
        for (Candidate candidate : candidates) {
            candidate.tried = false;
        }
        return goOn();
    }

    /** Goes on with the next address, if there is one: what was won was of no use. Returns as {@link #begin} does. */
    boolean goOn() throws Failure {
        boolean running = isRunning();
        int slot = attempts[0] == null || !attempts[0].isRunning() ? 0 : 1;
        if (attempts[slot] == null) {
            attempts[slot] = new Attempt();
        }
        for (int i = 0; i < candidates.length && !attempts[slot].isRunning(); i++) {
            if (!candidates[i].tried && attempts[slot].begin(candidates[i]) && !running && isAnyLeft()) {
                loop.timers.set(this, loop.now() + STAGGER);
            }
        }
        return isRunning();
    }

    private boolean isAnyLeft() {
        for (Candidate candidate : candidates) {
            if (!candidate.tried) {
                return true;
            }
        }
        return false;
    }

    private boolean isRunning() {
        return (attempts[0] != null && attempts[0].isRunning()) || (attempts[1] != null && attempts[1].isRunning());
    }

    /** Another one beside the first. */
    @Override
    protected void expired(long now) throws Failure {
        goOn();
    }

    /** Whether another way than that of a connection in the making is there now. */
    boolean hasOtherWay() {
        for (Attempt attempt : attempts) {
            if (attempt != null && attempt.isRunning()) {
                Way way = target.way(attempt.candidate);
                if (way != null && attempt.candidate.way != null && way.isOther(attempt.candidate.way)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Closes what is in the making: another time it may be tried again. */
    void cancel() {
        cancelBut(null);
    }

    /** The same of all but one. */
    private void cancelBut(Attempt one) {
        loop.timers.cancel(this);
        for (Attempt attempt : attempts) {
            if (attempt != null && attempt != one && attempt.isRunning()) {
                attempt.candidate.tried = false;
                attempt.take().close();
            }
        }
    }

    /** Why the last address was of no use, or the name. */
    String why() {
        return why;
    }
}
