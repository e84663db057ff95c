package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.linux.Acceptor;
import simplevpn.linux.Errno;
import simplevpn.linux.Handler;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;

/**
 * Takes the connections that come in, and leaves them alone for a while when the kernel has no descriptor or memory for
 * one: asking again at once would only spin.
 */
public final class Listener implements Handler {
    private static final long PAUSE = 1_000_000_000L;

    private final Loop loop;
    private final Acceptor acceptor;
    private final Owner owner;

    private final Timer resume = new Timer() {
        @Override
        protected void expired(long now) {
            loop.poller.change(acceptor.fd(), Poller.READ);
        }
    };

    /** Who wants the connections. */
    public interface Owner {
        /** Takes a connection, or closes it. */
        void accepted(Stream stream);
    }

    /** @param acceptor a socket that listens, and that no poller watches yet */
    public Listener(Loop loop, Acceptor acceptor, Owner owner) throws Failure {
        this.loop = loop;
        this.acceptor = acceptor;
        this.owner = owner;
        loop.poller.add(acceptor.fd(), Poller.READ, this);
    }

    /** Should the heap be full against all reckoning, there are no new connections for a while. */
    @Override
    public void ready(boolean writable, boolean failed) {
        try {
            accept();
        } catch (OutOfMemoryError e) {
            loop.budget.useReserve();
            rest("no memory");
        }
    }

    private void accept() {
        for (int i = 0; i < Budget.ACCEPTS; i++) {
            Stream stream = acceptor.accept();
            if (stream == null) {
                int error = acceptor.error();
                if (error != -Errno.EAGAIN && error != -Errno.ECONNABORTED) {
                    rest(Errno.text(-error));
                }
                return;
            }
            owner.accepted(stream);
        }
    }

    private void rest(String why) {
        loop.budget.logStranger("accept: " + why + ": no new connections for a second", loop.now());
        loop.poller.change(acceptor.fd(), 0);
        loop.timers.set(resume, loop.now() + PAUSE);
    }
}
