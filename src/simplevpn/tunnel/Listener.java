package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Errno;
import simplevpn.linux.Poller;
import simplevpn.linux.Tcp;

/**
 * The socket on which a server listens, watched by its {@link Poller}, and left alone for a while when the kernel has
 * no descriptor or memory for a connection: asking again at once would only spin.
 */
public final class Listener {
    private static final long PAUSE = 1_000_000_000L;

    /** The socket. */
    public final Tcp tcp;
    private final Poller poller;
    private boolean paused;
    private long resumeAt;

    /** @param tcp a listening socket, which the poller does not watch yet */
    public Listener(Tcp tcp, Poller poller) throws Failure {
        this.tcp = tcp;
        this.poller = poller;
        poller.add(tcp.fd, Abi.EPOLLIN);
    }

    /** Takes a connection that waits, or {@code null}: there is none, or there is no room for it. */
    public Tcp accept(long now) {
        Tcp connection = tcp.accept();
        if (connection == null && tcp.refused != -Errno.EAGAIN && tcp.refused != -Errno.ECONNABORTED) {
            Log.event("accept: " + Errno.text(-tcp.refused) + ": no new connections for a second");
            paused = true;
            resumeAt = now + PAUSE;
            poller.change(tcp.fd, 0);
        }
        return connection;
    }

    /** Nanoseconds until {@link #resume} has something to do; {@link Long#MAX_VALUE} when it has nothing. */
    public long untilResumed(long now) {
        return paused ? resumeAt - now : Long.MAX_VALUE;
    }

    /** Ends a pause whose time is over. */
    public void resume(long now) {
        if (paused && now - resumeAt >= 0) {
            paused = false;
            poller.change(tcp.fd, Abi.EPOLLIN);
        }
    }
}
