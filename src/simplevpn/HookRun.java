package simplevpn;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Buffer;
import simplevpn.linux.Handler;
import simplevpn.linux.Launcher;
import simplevpn.linux.Poller;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Timer;

/** A place for one of the {@link Hooks} that run: its output goes to the log, and it ends in time, or is killed. */
final class HookRun implements Handler {
    private static final long SECOND = 1_000_000_000L;
    /** How often a kernel that cannot tell when one ends is asked (before Linux 5.3), nanoseconds. */
    private static final long LOOK = SECOND / 10;
    private static final Buffer READ = Buffer.permanent(4096);
    /** What may be left in a pipe, in reads. */
    private static final int REST = 16;

    private final Hooks hooks;
    /** What runs here, or {@code null}. */
    private Hooks.Job job;
    private Launcher.Running process;
    private long since;
    private long deadline;
    private boolean killed;
    private boolean reads;
    /** Whether the poller tells when it has ended. */
    private boolean watched;
    private int output;
    /** The line that has not ended. */
    private final byte[] line = new byte[Budget.HOOK_LINE];
    private int length;
    private boolean cut;

    private final Timer look = new Timer() {
        @Override
        protected void expired(long now) {
            if (process.hasEnded()) {
                end();
                return;
            }
            if (now >= deadline && !killed) {
                killed = true;
                process.kill();
                Log.event(job + " has not ended after " + (now - since) / SECOND + " s, and is killed");
            }
            lookLater(now);
        }
    };

    private final Handler exit = new Handler() {
        @Override
        public void ready(boolean writable, boolean failed) {
            if (process.hasEnded()) {
                end();
            }
        }
    };

    HookRun(Hooks hooks) {
        this.hooks = hooks;
    }

    boolean isFree() {
        return job == null;
    }

    /** Whether one runs here that is about somebody. */
    boolean isOf(String who) {
        return job != null && job.stay().isOf(who);
    }

    /** Starts one; what cannot be started is told, and is over. */
    void start(Hooks.Job what, Launcher launcher, long latest) {
        long now = hooks.loop.now();
        try {
            process = launcher.launch(what.words(), what.environment());
        } catch (Failure e) {
            hooks.loop.budget.logPeer(what + ": " + e.getMessage(), now);
            return;
        }
        job = what;
        since = now;
        deadline = Math.min(now + Budget.HOOK_TIME, latest);
        killed = false;
        output = 0;
        watched = false;
        reads = true;
        try {
            hooks.loop.poller.add(process.output(), Poller.READ, this);
            if (process.exit() >= 0) {
                hooks.loop.poller.add(process.exit(), Poller.READ, exit);
                watched = true;
            }
        } catch (Failure e) {
            Log.event(what + ": " + e.getMessage());
        }
        lookLater(now);
    }

    private void lookLater(long now) {
        hooks.loop.timers.set(look, killed || !watched ? now + LOOK : deadline);
    }

    /** It has to end earlier. */
    void endBy(long time) {
        if (job != null && time < deadline) {
            deadline = time;
            lookLater(hooks.loop.now());
        }
    }

    /** There is output. */
    @Override
    public void ready(boolean writable, boolean failed) {
        read();
    }

    /** Reads once; returns whether there may be more. */
    private boolean read() {
        int count = process.read(READ);
        for (int i = 0; i < count; i++) {
            put(READ.bytes.get(i));
        }
        output += Math.max(0, count);
        if (count == 0 || output >= Budget.HOOK_OUTPUT) {
            if (count != 0) {
                Log.event(job + " has written " + output + " bytes: nobody reads more of it");
            }
            stopReading();
        }
        return count > 0 && reads;
    }

    private void put(byte b) {
        if (b == '\n') {
            tell();
        } else if (length < line.length) {
            line[length++] = b;
        } else {
            cut = true;
        }
    }

    private void tell() {
        if (length > 0) {
            String text = new String(line, 0, length, StandardCharsets.UTF_8);
            Log.event(job + ": " + text + (cut ? "..." : ""), hooks.lines, hooks.loop.now());
        }
        length = 0;
        cut = false;
    }

    private void stopReading() {
        if (reads) {
            reads = false;
            hooks.loop.poller.remove(process.output());
            process.closeOutput();
        }
    }

    private void end() {
        for (int i = 0; reads && i < REST && read(); i++) { }
        tell();
        stopReading();
        int status = process.status();
        if (status != 0 && !killed) {
            hooks.loop.budget.logPeer(job + (status > 0 ? " ended with status " + status
                    : " was killed by signal " + -status), hooks.loop.now());
        }
        if (process.exit() >= 0) {
            hooks.loop.poller.remove(process.exit());
        }
        process.close();
        hooks.loop.timers.cancel(look);
        job = null;
        process = null;
        hooks.startNext();
    }
}
