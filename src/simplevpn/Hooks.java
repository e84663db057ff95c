package simplevpn;

import java.util.ArrayDeque;
import java.util.Iterator;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Ratelimit;
import simplevpn.linux.Launcher;
import simplevpn.linux.Spawner;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Loop;

/**
 * Programs of the user's that are started when somebody comes or goes ({@code --up}, {@code --client-up}, …): several
 * at once, but of one client's one after the other, so that what is done is not undone before. Nobody waits for them
 * but at the end of this program. Without such options this class is not even loaded.
 *
 * <pre>
 *   Stay   WAITING ─ its turn → UP ─ goes → DOWN            goes while WAITING, or no place: LEFT_OUT
 * </pre>
 */
final class Hooks {
    /** How long what was killed may take to be gone, nanoseconds. */
    private static final long GRACE = 500_000_000L;

    final Loop loop;
    /** For what they write. */
    final Ratelimit lines;
    /** When all have to have ended, nanoseconds of the loop's clock. */
    private long latest = Long.MAX_VALUE;

    private final Launcher launcher;
    private final ArrayDeque<Job> waiting = new ArrayDeque<>();
    private final HookRun[] running = new HookRun[Budget.HOOKS];
    /** How many of those that wait are for somebody who has come. */
    private int ups;
    private int leftOut;

    /** Somebody who is there. */
    static final class Stay {
        private final String kind;
        private final String[] down;
        /** Those with the same one follow each other. */
        private final String who;
        private final HookEnvironment environment;
        private State state = State.WAITING;

        private Stay(String kind, String[] down, String who, HookEnvironment environment) {
            this.kind = kind;
            this.down = down;
            this.who = who;
            this.environment = environment;
        }

        boolean isOf(String other) {
            return who.equals(other);
        }
    }

    private enum State {
        /** The program for its coming has not been started. */
        WAITING,
        /** It has, or there is none. */
        UP,
        /** There is no turn for it, nor for the one for its going. */
        LEFT_OUT,
        /** It has gone. */
        DOWN
    }

    /**
     * A program that is to be started.
     *
     * @param stay whose coming or going it is for
     * @param name of the option
     * @param words path and arguments
     * @param environment of it
     */
    record Job(Stay stay, String name, String[] words, String[] environment) {
        /** As the log says it. */
        @Override
        public String toString() {
            return stay.who.isEmpty() ? name : name + " of " + stay.who;
        }
    }

    /** Those that the kernel starts: made here, since who names the kernel's launcher would have it loaded. */
    static Hooks of(Loop loop) {
        return new Hooks(loop, new Spawner());
    }

    /** Starts none yet. */
    Hooks(Loop loop, Launcher launcher) {
        this.loop = loop;
        this.launcher = launcher;
        lines = new Ratelimit(Budget.HOOK_LINES_PER_SECOND, Budget.HOOK_LINES_AT_ONCE, loop.now());
        for (int i = 0; i < running.length; i++) {
            running[i] = new HookRun(this);
        }
    }

    /**
     * Somebody has come.
     *
     * @param kind in front of the options' names: {@code "client-"}, or nothing for this program itself
     * @param up the words of the program for that, {@code null} for none
     * @param down the same for when he goes
     * @param who name or address; empty for this program itself
     * @param environment what both are told, but for their name and the reason
     */
    Stay came(String kind, String[] up, String[] down, String who, HookEnvironment environment) {
        Stay stay = new Stay(kind, down, who, environment);
        // Without a program for coming nothing holds back those who come and go faster than the other one runs.
        int others = up == null ? waiting.size() : ups;
        if (others >= Budget.WAITING_HOOKS) {
            stay.state = State.LEFT_OUT;
            leftOut++;
            loop.budget.logPeer(kind + (up == null ? "down of " : "up of ") + who + " is left out, since " + others
                    + " others wait; " + leftOut + " were so far", loop.now());
        } else if (up == null) {
            stay.state = State.UP;
        } else {
            ups++;
            String name = kind + "up";
            waiting.add(new Job(stay, name, up, environment.with(name, "joined")));
            startNext();
        }
        return stay;
    }

    /** He has gone: {@code lost}, {@code gone} or {@code ended}. */
    void went(Stay stay, String reason) {
        if (stay.state == State.UP && stay.down != null) {
            String name = stay.kind + "down";
            waiting.add(new Job(stay, name, stay.down, stay.environment.with(name, reason)));
        } else if (stay.state == State.WAITING) {
            // Nothing was done that would have to be undone.
            ups--;
            for (Iterator<Job> all = waiting.iterator(); all.hasNext();) {
                if (all.next().stay == stay) {
                    all.remove();
                }
            }
        }
        stay.state = State.DOWN;
        startNext();
    }

    /** Starts those that have to wait for nobody, the oldest first, as long as there is place. */
    void startNext() {
        for (HookRun run : running) {
            while (run.isFree()) {
                Job job = next();
                if (job == null) {
                    return;
                }
                if (job.stay.state == State.WAITING) {
                    job.stay.state = State.UP;
                    ups--;
                }
                run.start(job, launcher, latest);
            }
        }
    }

    private Job next() {
        for (Iterator<Job> all = waiting.iterator(); all.hasNext();) {
            Job job = all.next();
            boolean free = true;
            for (HookRun run : running) {
                free &= !run.isOf(job.stay.who);
            }
            if (free) {
                all.remove();
                return job;
            }
        }
        return null;
    }

    /** This program ends: those that run or wait may go on for a moment, in which its loop turns. */
    void finish() {
        latest = loop.lookAtClock() + Budget.LAST_HOOK_TIME;
        for (HookRun run : running) {
            run.endBy(latest);
        }
        while (isBusy() && loop.lookAtClock() < latest + GRACE) {
            if (loop.now() >= latest && !waiting.isEmpty()) {
                Log.event(waiting.size() + " hooks are left out, since this program ends");
                waiting.clear();
            }
            try {
                loop.step();
            } catch (Failure e) {
                // What has ended this program does so again: the device is gone, say. Nobody watches it any more.
                loop.forgetDevice();
            }
        }
        // This program's own has its time after those of clients.
        latest = Long.MAX_VALUE;
    }

    private boolean isBusy() {
        boolean busy = !waiting.isEmpty();
        for (HookRun run : running) {
            busy |= !run.isFree();
        }
        return busy;
    }
}
