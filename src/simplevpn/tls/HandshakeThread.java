package simplevpn.tls;

import java.util.ArrayDeque;
import simplevpn.base.Failure;
import simplevpn.linux.Event;
import simplevpn.linux.Handler;
import simplevpn.linux.Libc;
import simplevpn.linux.Poller;

/**
 * Where handshakes are computed, which takes milliseconds each: beside the loop, one after the other, in a thread that
 * ends when there is nothing to compute. What it has done the loop is told by an {@link Event}.
 *
 * <p>The JDK locks an engine while it computes: nothing else may touch the engine of a stream that is here.
 */
public final class HandshakeThread implements Handshakes, Handler, Runnable {
    /** Bytes of the thread's stack. */
    private static final long STACK = 512 * 1024;

    private final Event done;
    private final int most;
    private final int nice;
    private final ArrayDeque<TlsStream> waiting = new ArrayDeque<>();
    private final ArrayDeque<TlsStream> ready = new ArrayDeque<>();
    private boolean runs;

    /**
     * @param most how many may wait
     * @param nice by how much the thread stands back behind the loop where there is one processor for both, 0 to 19
     */
    public HandshakeThread(Poller poller, int most, int nice) throws Failure {
        this.most = most;
        this.nice = nice;
        done = new Event("handshakes");
        poller.add(done.fd(), Poller.READ, this);
    }

    @Override
    public boolean add(TlsStream stream) {
        synchronized (this) {
            if (waiting.size() >= most) {
                return false;
            }
            waiting.add(stream);
            if (runs) {
                return true;
            }
            runs = true;
        }
        try {
            Thread thread = new Thread(null, this, "handshakes", STACK, false);
            thread.setDaemon(true);
            thread.start();
        } catch (OutOfMemoryError e) {
            synchronized (this) {
                runs = false;
                waiting.remove(stream);
            }
            return false;
        }
        return true;
    }

    @Override
    public synchronized boolean isIdle() {
        return !runs;
    }

    /** Without memory it ends, and the handshake in question is one that nobody goes on with; the next begins anew. */
    @Override
    public void run() {
        Libc.setpriority(nice);
        try {
            for (TlsStream stream = next(null); stream != null; stream = next(stream)) {
                stream.compute();
            }
        } catch (OutOfMemoryError e) {
            synchronized (this) {
                runs = false;
            }
        }
    }

    /** Puts one aside that is done, and takes the next. */
    private TlsStream next(TlsStream before) {
        TlsStream next;
        synchronized (this) {
            if (before != null) {
                ready.add(before);
            }
            next = waiting.poll();
            runs = next != null;
        }
        if (before != null) {
            done.tell();
        }
        return next;
    }

    /** Some are done: their connections go on. */
    @Override
    public void ready(boolean writable, boolean failed) throws Failure {
        done.take();
        for (TlsStream stream = taken(); stream != null; stream = taken()) {
            stream.computed();
        }
    }

    private synchronized TlsStream taken() {
        return ready.poll();
    }
}
