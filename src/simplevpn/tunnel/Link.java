package simplevpn.tunnel;

import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Congestion;
import simplevpn.linux.Errno;
import simplevpn.linux.Poller;
import simplevpn.linux.Tcp;
import simplevpn.protocol.Wire;

/**
 * One connection's two byte streams, cut into frames: what one side of the tunnel says to the other, whoever is the
 * server.
 *
 * <p>Incoming bytes go through the loop's {@link Inbox}; this keeps only what the inbox has to put aside. Outgoing
 * frames are written at once when nothing waits, otherwise they go to the {@link Outbox}, and the {@link Poller} is
 * asked to say when the socket takes more.
 */
public final class Link {
    /** The socket. */
    public final Tcp tcp;
    /** Bytes in front of each frame: 0, or {@link Wire#PREFIX} once offload framing is in force. */
    public int prefix;
    /** Whether UDP super-packets may go to this peer and come from it as they are. */
    public boolean offloadUdp;
    /** Whether the peer takes one read for one packet, so that each frame needs a send of its own. */
    public boolean frameBySend = true;
    /** What waits. */
    public final Outbox outbox;
    /** Whether {@link Sender} will flush it. */
    boolean queued;
    /** Why this connection is of no use any more, −errno; 0 while it is. */
    public int error;

    /** Data frames and their bytes, as IPv4 packets, received and sent. */
    public long packetsIn;
    public long bytesIn;
    long packetsOut;
    long bytesOut;

    private final Poller poller;
    private final Pool pool;
    private Congestion congestion;
    private Buffer aside;
    private int asideLength;
    private boolean watched;
    private boolean closed;

    /**
     * @param tcp a connection that the poller watches for input
     */
    public Link(Tcp tcp, Poller poller, Pool pool) {
        this.tcp = tcp;
        this.poller = poller;
        this.pool = pool;
        outbox = new Outbox(pool);
    }

    /** The connection stands: gives it its congestion control, and returns the name. */
    public String settle() {
        congestion = new Congestion(tcp.fd);
        if (congestion.bbr()) {
            outbox.onLossyLine();
        }
        return congestion.toString();
    }

    /**
     * Keeps an incomplete frame's bytes while another connection uses the inbox. No memory for it shows in {@link
     * #error}.
     */
    void putAside(Buffer source, int at, int length) {
        aside = pool.take(length);
        if (aside == null) {
            fail(-Errno.ENOBUFS);
            return;
        }
        aside.copy(0, source, at, length);
        asideLength = length;
    }

    /** Copies what was put aside to byte {@code at}; returns how many bytes. */
    int takeBack(Buffer target, int at) {
        int length = asideLength;
        if (aside != null) {
            target.copy(at, aside, 0, length);
            pool.give(aside);
            aside = null;
            asideLength = 0;
        }
        return length;
    }

    /**
     * Sends whole frames that lie one behind the other, in this connection's framing: at once as far as the socket
     * takes them, the rest when it does. A failure shows in {@link #error}.
     *
     * @param now {@link System#nanoTime}
     */
    public void send(Buffer source, int at, int length, long now) {
        int end = at + length;
        int next = outbox.isEmpty() && error == 0 ? write(source, at, end, now) : at;
        if (next < end) {
            queue(source, next, end - next, now);
        }
        if (congestion != null && congestion.look(now)) {
            outbox.onLossyLine();
            Log.event(tcp.peer + " loses segments without a queue: congestion control " + congestion);
        }
        watch();
    }

    /**
     * Sends the message of {@code length} bytes that lies in {@code message} behind {@link Inbox#HEADROOM}, as a frame;
     * none if 0.
     */
    public void sendMessage(Buffer message, int length, long now) {
        if (length > 0) {
            if (prefix > 0) {
                message.bytes.putInt(Inbox.HEADROOM - prefix, 0);
            }
            send(message, Inbox.HEADROOM - prefix, prefix + length, now);
        }
    }

    /** Puts whole frames to what waits, to be written by {@link #flush}. */
    void queue(Buffer source, int at, int length, long now) {
        outbox.expire(now, prefix);
        int end = at + length;
        int next = at;
        while (next < end) {
            int frame = frameLength(source, next);
            outbox.add(source, next, frame, now);
            next += frame;
        }
    }

    /** Writes what waits, as far as the socket takes it. A failure shows in {@link #error}. */
    public void flush(long now) {
        if (closed) {
            return;
        }
        outbox.expire(now, prefix);
        boolean room = true;
        while (room && error == 0 && !outbox.isEmpty()) {
            Buffer buffer = outbox.buffer();
            int head = outbox.head();
            int length = outbox.size();
            if (frameBySend) {
                length = outbox.rest() > 0 ? outbox.rest() : frameLength(buffer, head);
            }
            int result = tcp.write(buffer, head, length);
            room = result == length;
            if (result > 0) {
                outbox.taken(result, prefix);
            }
        }
        watch();
    }

    /** From time to time: drops what waited too long even if nothing new comes, and gives the memory back. */
    public void tidy(long now) {
        outbox.expire(now, prefix);
        outbox.tidy();
        watch();
    }

    /** Whether the socket is full, and the loop will hear when it is not. */
    boolean waiting() {
        return watched;
    }

    /**
     * Writes frames straight from where they are.
     *
     * @return where the first frame begins of which nothing was written
     */
    private int write(Buffer source, int at, int end, long now) {
        int next = at;
        while (next < end) {
            int stop = frameBySend ? next + frameLength(source, next) : end;
            int written = next + tcp.write(source, next, stop - next);
            if (written < stop) {
                int whole = next;
                while (whole < written) {
                    whole += frameLength(source, whole);
                }
                if (whole > written && !outbox.addRest(source, written, whole - written, now)) {
                    fail(-Errno.ENOBUFS);
                }
                return whole;
            }
            next = stop;
        }
        return end;
    }

    private int frameLength(Buffer source, int at) {
        return prefix + Wire.knownLength(source.bytes, at + prefix);
    }

    /** Gives the connection up: asks for an event at once, so that the loop meets {@link #error}. */
    private void fail(int result) {
        error = result;
        watch();
    }

    private void watch() {
        boolean wanted = !outbox.isEmpty() || error != 0;
        if (wanted != watched) {
            watched = wanted;
            if (!poller.change(tcp.fd, wanted ? Abi.EPOLLIN | Abi.EPOLLOUT : Abi.EPOLLIN)) {
                error = -Errno.EBADF;
            }
        }
    }

    /** What was carried, for the end of the connection. */
    public String counts() {
        return "received " + packetsIn + " packets, " + bytesIn + " bytes; sent " + packetsOut + " packets, " + bytesOut
                + " bytes; dropped " + outbox.dropped();
    }

    /** Closes the socket and gives all memory back. */
    public void close() {
        closed = true;
        tcp.close();
        outbox.clear();
        if (aside != null) {
            pool.give(aside);
            aside = null;
        }
    }
}
