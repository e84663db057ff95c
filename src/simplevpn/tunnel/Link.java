package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Handler;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Offload;
import simplevpn.protocol.Rule;
import simplevpn.protocol.Wire;

/**
 * One connection's two byte streams, cut into frames: what one side of the tunnel says to the other, whoever is the
 * server.
 *
 * <p>Incoming bytes go through the loop's {@link Inbox}, and each frame to the {@link Receiver}; this keeps only an
 * incomplete frame while other connections use the inbox. Outgoing frames are written at once when nothing waits,
 * otherwise they go to the {@link Outbox}, and the {@link Poller} is asked to say when the stream takes more.
 */
public final class Link implements Handler {
    /** So many bytes of one frame are a sign of life too: a packet's worth, since a frame may take a slow line long. */
    private static final int SIGN_OF_LIFE = 1500;
    /** Once is no wonder: what was written in the same turn may have taken the room. */
    private static final int FRUITLESS = 8;

    /** The bytes. */
    public final Stream stream;
    /** Packets and their bytes, received and to be sent: what the outbox drops of these is counted there. */
    public long packetsIn;
    public long bytesIn;
    long packetsOut;
    long bytesOut;

    /** What was read and not cut yet. */
    final Remainder remainder;
    /** What waits. */
    final Outbox outbox;
    /** Whether {@link Sender} will flush it. */
    boolean queued;
    /** Whether the loop will call it again without an event. */
    boolean calledAgain;
    /** Where it stands among the loop's links. */
    int index;

    private final Loop loop;
    /** Whom its frames are for. */
    final Receiver receiver;
    /** Whether the line is looked after, and may get another congestion control. */
    private boolean watched;
    private boolean adapts;
    /** What does so; made when data is sent for the first time, so that thousands of idle clients do without. */
    private LineWatch line;
    /** Whether whole frames were left for the next turn. */
    private boolean leftover;
    /** Bytes that came since the last sign of life. */
    private int unheard;
    private int reads;
    private long servedTurn = -1;
    private int framesThisTurn;
    private boolean trusted;
    /** What the poller watches the descriptor for. */
    private int interest;
    /** How often in a row the stream took nothing when the poller had said that it would. */
    private int fruitless;
    /** Whether that was too often, so that the poller is not asked for a while. */
    private boolean stalled;
    /** Why this connection is of no use any more, −errno; 0 while it is. */
    private int error;
    private boolean closed;

    private Link(Loop loop, Stream stream, Receiver receiver) throws Failure {
        this.loop = loop;
        this.stream = stream;
        this.receiver = receiver;
        interest = Poller.READ;
        remainder = new Remainder(this, loop);
        outbox = new Outbox(loop.budget.memory);
        loop.poller.add(stream.fd(), interest, this);
        stream.calls(this);
        loop.add(this);
    }

    /**
     * A link over a connection that stands.
     *
     * @throws Failure if the poller cannot watch it; the stream is not closed then
     */
    public static Link open(Loop loop, Stream stream, Receiver receiver) throws Failure {
        return new Link(loop, stream, receiver);
    }

    /** How frames lie on it, in both directions. */
    public Framing framing() {
        return outbox.framing;
    }

    /** How frames lie on it from now on. Nothing may wait that lies otherwise. */
    public void setFraming(Framing framing) {
        outbox.framing = framing;
    }

    /**
     * Gives the connection its congestion control.
     *
     * @param chosen its name, or {@code null} for one that fits the line
     * @return the name of the one in force
     */
    public String chooseCongestion(String chosen) {
        adapts = Congestion.begin(stream, chosen);
        watched = true;
        line = null;
        return stream.congestion();
    }

    /** The other end is one whose data frames are carried: what is not whole of them yet is kept. */
    public void trust() {
        trusted = true;
    }

    /* ---- in ---- */

    /** Should the heap be full against all reckoning, this connection ends, which makes room, and not the program. */
    @Override
    public void ready(boolean writable, boolean failed) throws Failure {
        try {
            serve(writable, failed);
        } catch (OutOfMemoryError e) {
            loop.budget.useReserve();
            if (!closed) {
                receiver.lost(-Errno.ENOMEM);
            }
        }
    }

    private void serve(boolean writable, boolean failed) throws Failure {
        if (failed) {
            error = stream.error();
        } else if (writable && !flush(loop.now()) && isFull() && ++fruitless == FRUITLESS) {
            // No memory in the kernel, say: it would go on saying that there is room.
            fruitless = 0;
            stalled = true;
            loop.stall();
            watch();
        }
        // The other end may have said why, before it broke a connection off.
        if ((error == 0 || (failed && watched)) && servedTurn != loop.turns()) {
            servedTurn = loop.turns();
            read(failed);
        }
        if (closed) {
            return;
        }
        // A handshake may have ended, so that what waits may go.
        watch();
        if (error == 0 && stream.why() != null) {
            error = stream.error();
        }
        if (error != 0) {
            receiver.lost(error);
        } else if (leftover || stream.holdsInput()) {
            loop.callAgain(this);
        }
    }

    /** Reads and hands on as much as one turn allows. */
    private void read(boolean failed) throws Failure {
        framesThisTurn = 0;
        long writesBefore = loop.budget.writes;
        loop.inbox.open(this);
        if (leftover) {
            receive(writesBefore);
        }
        for (int i = 0; i < Budget.READS && !leftover && !closed && (i == 0 || !loop.inbox.isDrained()); i++) {
            int result = loop.inbox.fill();
            if (result == Stream.END || (result == 0 && failed)) {
                receiver.lost(error);
                return;
            }
            if (result == 0) {
                return;
            }
            reads++;
            unheard += result;
            receive(writesBefore);
        }
    }

    /** Hands on whole frames, as long as they do not end this connection, and the turn's budget lasts. */
    private void receive(long writesBefore) throws Failure {
        leftover = false;
        int kind = loop.inbox.next();
        if (kind != Wire.INCOMPLETE || unheard >= SIGN_OF_LIFE) {
            unheard = 0;
            receiver.heard();
        }
        while (kind != Wire.INCOMPLETE) {
            switch (kind) {
                case Wire.DATA -> data();
                case Wire.KEEPALIVE -> receiver.keepalive();
                case Wire.ADDRESS -> receiver.addressMessage();
                case Wire.IPV6 -> receiver.skipped();
                default -> receiver.damaged();
            }
            if (closed) {
                break;
            }
            framesThisTurn++;
            if (framesThisTurn >= Budget.FRAMES || loop.budget.writes - writesBefore >= Budget.WRITES) {
                leftover = true;
                break;
            }
            kind = loop.inbox.next();
        }
        loop.sender.endBatch(true);
        loop.device.flush();
    }

    private void data() {
        Inbox in = loop.inbox;
        if (Offload.check(in.buffer.bytes, in.packet, in.packetLength, in.tag, framing().carriesUdpSegments())) {
            receiver.data();
        } else {
            in.rule = Rule.TAG;
            receiver.skipped();
        }
    }

    /** How many reads brought something so far. */
    public int reads() {
        return reads;
    }

    /** Whether a frame that has not arrived whole is worth keeping, by its kind and its length without a tag. */
    boolean wants(int kind, int length) {
        return kind != Wire.IPV6 && (trusted || (kind == Wire.ADDRESS && length <= Budget.STRANGER_MESSAGE));
    }

    /** A frame that had come was dropped, since others needed the memory more. */
    void dropped() {
        leftover = false;
        loop.inbox.rule = null;
        receiver.skipped();
    }

    /** There is no memory even for what cannot be dropped. */
    void giveUpWithoutMemory() {
        giveUp(-Errno.ENOBUFS);
    }

    /* ---- out ---- */

    /**
     * Sends whole data frames that lie one behind the other, in this connection's framing: at once as far as the stream
     * takes them, the rest when it does.
     */
    void send(Buffer source, int at, int length, long now) {
        int end = at + length;
        int next = outbox.isEmpty() && error == 0 ? write(source, at, end, now) : at;
        if (next < end) {
            queue(source, next, end - next, now);
        } else {
            look(now);
        }
        watch();
    }

    /** Counts a packet that the peer cannot take. */
    public void refuse(int length) {
        packetsOut++;
        bytesOut += length;
        outbox.drop(framing().tag + length);
    }

    /** Sends the packet of {@code length} bytes that lies in {@code message} behind {@link Inbox#HEADROOM}. */
    public void sendPacket(Buffer message, int length, long now) {
        packetsOut++;
        bytesOut += length;
        send(message, putTag(message), framing().tag + length, now);
    }

    /** Sends the message of {@code length} bytes that lies in {@code message} behind {@link Inbox#HEADROOM}. */
    public void sendMessage(Buffer message, int length, long now) {
        sendControl(message, putTag(message), framing().tag + length, now);
    }

    /** Whether there is room for a message of that many bytes now. */
    public boolean takesMessage(int length) {
        return outbox.isEmpty() || outbox.takesControl(framing().tag + length);
    }

    /** Puts the tag of a frame that is no packet to be finished; returns where the frame begins. */
    private int putTag(Buffer message) {
        int at = Inbox.HEADROOM - framing().tag;
        if (framing().tag > 0) {
            message.bytes.putInt(at, 0);
        }
        return at;
    }

    /** Sends one whole control frame, its tag included: before all data that waits, and never dropped for it. */
    public void sendControl(Buffer source, int at, int length, long now) {
        if (!outbox.isEmpty() || error != 0 || write(source, at, at + length, now) == at) {
            outbox.addControl(source, at, length);
        }
        watch();
    }

    private void look(long now) {
        if (line == null && watched) {
            line = new LineWatch(loop, stream, outbox, adapts);
        }
        if (line != null) {
            line.look(now);
        }
    }

    /** Whether all that was sent was written. */
    public boolean hasWrittenAll() {
        return outbox.isEmpty();
    }

    /** Puts whole data frames to what waits, to be written by {@link #flush}. */
    void queue(Buffer source, int at, int length, long now) {
        look(now);
        outbox.expire(now);
        int end = at + length;
        int next = at;
        while (next < end) {
            int frame = frameLength(source, next);
            if ((isFull() && outbox.addSparse(source, next, frame, now)) || outbox.add(source, next, frame, now)) {
                next += frame;
                continue;
            }
            // Without memory to wait in, it may still go at once.
            if (!isFull()) {
                flush(now);
            }
            int written = outbox.isEmpty() && error == 0 ? write(source, next, next + frame, now) : next;
            if (written == next) {
                outbox.drop(frame);
                next += frame;
            } else {
                next = written;
                watch();
            }
        }
    }

    /** Whether frames can wait without others having to make room for them. */
    boolean mayQueue(int length) {
        return loop.budget.memory.hasRoom(length);
    }

    /** Writes what waits, as far as the stream takes it; returns whether anything may have been written. */
    boolean flush(long now) {
        if (closed) {
            return false;
        }
        boolean held = stream.holdsOutput();
        stream.flush();
        outbox.expire(now);
        int before = outbox.size();
        boolean room = true;
        while (room && error == 0 && !outbox.isEmpty()) {
            loop.budget.writes++;
            room = outbox.writeTo(stream);
        }
        watch();
        boolean taken = held || outbox.size() < before;
        if (taken) {
            fruitless = 0;
        }
        return taken;
    }

    /** The stream that took nothing may take something now. */
    void tryAgain() {
        stalled = false;
        watch();
    }

    /** From time to time: drops what waited too long even if nothing new comes, and gives the memory back. */
    void tidy(long now) {
        outbox.expire(now);
        outbox.tidy();
        watch();
    }

    /** Whether the stream is full, and the loop will hear when it is not. */
    boolean isFull() {
        return stalled || (interest & Poller.WRITE) != 0;
    }

    /**
     * Writes frames straight from where they are.
     *
     * @return where the first frame begins of which nothing was written
     */
    private int write(Buffer source, int at, int end, long now) {
        int next = at;
        while (next < end) {
            int stop = framing().isClassic() ? next + frameLength(source, next) : end;
            loop.budget.writes++;
            int written = next + stream.write(source, next, stop - next);
            if (written < stop) {
                int whole = next;
                while (whole < written) {
                    whole += frameLength(source, whole);
                }
                if (whole > written && !outbox.addRest(source, written, whole - written, now)) {
                    giveUpWithoutMemory();
                }
                return whole;
            }
            next = stop;
        }
        return end;
    }

    private int frameLength(Buffer source, int at) {
        return framing().tag + Wire.knownLength(source.bytes, at + framing().tag);
    }

    /** Gives the connection up, but not from within whatever found out: the loop does soon. */
    private void giveUp(int why) {
        error = why;
        loop.callAgain(this);
    }

    private void watch() {
        boolean writes = !stalled && (stream.holdsOutput() || (!outbox.isEmpty() && stream.takesOutput()));
        int wanted = (stream.takesInput() ? Poller.READ : 0) | (writes ? Poller.WRITE : 0);
        if (wanted != interest) {
            interest = wanted;
            if (!loop.poller.change(stream.fd(), wanted)) {
                giveUp(-Errno.EBADF);
            }
        }
    }

    /** What was carried, for the end of the connection. */
    public String counts() {
        return "received " + packetsIn + " packets, " + bytesIn + " bytes; sent " + sentPackets() + " packets, "
                + sentBytes() + " bytes; dropped " + (droppedFrames() + outbox.waitingPackets());
    }

    /** How many packets were written. */
    public long sentPackets() {
        return packetsOut - outbox.droppedPackets() - outbox.waitingPackets();
    }

    /** Their bytes. */
    public long sentBytes() {
        return bytesOut - outbox.droppedBytes() - outbox.waitingBytes();
    }

    /** How many packets and control frames were dropped, and not written. */
    public long droppedFrames() {
        return outbox.droppedPackets() + outbox.droppedControl();
    }

    /** Whether it is closed. */
    public boolean isClosed() {
        return closed;
    }

    /** The program ends. */
    void end() {
        receiver.ended();
        if (!closed) {
            close();
        }
    }

    /** Closes the stream and gives all memory back. */
    public void close() {
        release();
        stream.close();
    }

    /** The same with all thrown away that the kernel still has of it. */
    public void reset() {
        release();
        stream.reset();
    }

    private void release() {
        closed = true;
        loop.remove(this);
        loop.poller.remove(stream.fd());
        outbox.clear();
        remainder.clear();
    }
}
