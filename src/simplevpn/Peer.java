package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Stream;
import simplevpn.protocol.Admission;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Keepalive;
import simplevpn.protocol.Member;
import simplevpn.protocol.Packet;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Link;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Receiver;
import simplevpn.tunnel.Timer;

/**
 * One connection to the server: a stranger that has to ask for an address, then a client whose packets are carried.
 *
 * <pre>
 *                  request           answer sent
 *   CONNECTED ───────────────→ ASKED ───────────→ JOINED
 *       │ refused, rubbish,      │ not read         │ silent, closed, rubbish,
 *       │ closed, 10 s           │                  │ connected anew
 *       └────────────────────────┴────────→ GONE ←──┘
 * </pre>
 */
final class Peer extends Member implements Receiver {
    /** What the connection is. */
    enum State {
        /** It has no address, and may send nothing but a request and keepalives. */
        CONNECTED,
        /** It has an address, and its answer is being sent in the framing of before. */
        ASKED,
        /** Its framing is in force, and packets are carried. */
        JOINED,
        /** It is closed. */
        GONE
    }

    private static final long SECOND = 1_000_000_000L;
    /** How long a connection may take to ask for an address. */
    private static final long ASK_TIME = 10 * SECOND;

    /** Its frames. */
    final Link link;

    private final Server server;
    private final Loop loop;
    private final long since;
    private final Keepalive keepalive;
    private State state = State.CONNECTED;
    /** How many keepalives of the read that is counted here were returned. */
    private int echoes;
    private int echoedRead;

    private final Timer deadline = new Timer() {
        @Override
        protected void expired(long now) {
            long left = state == State.JOINED ? keepalive.untilSilent(now) : ASK_TIME - (now - since);
            if (left <= 0) {
                close("timed out: " + (state == State.JOINED ? "silent for " + server.timeout() + " s"
                        : "did not ask for an address in " + ASK_TIME / SECOND + " s"));
            } else {
                loop.timers.set(this, now + left);
            }
        }
    };

    /**
     * @param stream a connection that was accepted
     * @throws Failure if it cannot be watched; it is not closed then
     */
    Peer(Server server, Stream stream) throws Failure {
        this.server = server;
        loop = server.loop;
        since = loop.now();
        long timeout = server.timeout() * SECOND;
        keepalive = new Keepalive(timeout / 4, timeout, since);
        link = Link.open(loop, stream, this);
        loop.timers.set(deadline, since + ASK_TIME);
    }

    /* ---- what comes ---- */

    @Override
    public void heard() {
        keepalive.received(loop.now());
    }

    @Override
    public void data() {
        Inbox in = loop.inbox;
        Buffer b = in.buffer;
        if (!server.hub.maySend(this, b.bytes, in.packet)) {
            reject();
            if (Log.details() && mayAnswer(loop.now())) {
                Log.event(this + " rejected: a packet from " + Packet.sourceText(b.bytes, in.packet));
            }
            return;
        }
        link.packetsIn++;
        link.bytesIn += in.packetLength;
        server.route(this, b, in.packet, in.packetLength, in.tag);
    }

    /** Keepalives come back as they are; more of them in one read than an honest client has say no more. */
    @Override
    public void keepalive() {
        Inbox in = loop.inbox;
        if (in.tag != 0) {
            reject();
            return;
        }
        if (echoedRead != link.reads()) {
            echoedRead = link.reads();
            echoes = 0;
        }
        if (echoes < Budget.ECHOES) {
            echoes++;
            link.sendControl(in.buffer, in.frame, in.frameLength, loop.now());
        }
    }

    @Override
    public void addressMessage() {
        Inbox in = loop.inbox;
        if (in.tag != 0) {
            reject();
        } else if (Wire.isRequest(in.buffer.bytes, in.packet)) {
            if (state == State.CONNECTED) {
                join();
            } else if (mayAnswer(loop.now())) {
                send(server.hub.answer(this, link.framing()));
            }
        }
    }

    @Override
    public void skipped() {
        reject();
    }

    @Override
    public void damaged() {
        close("protocol error: not this protocol, or a damaged stream");
    }

    @Override
    public void lost(int error) {
        if (error == 0) {
            close("gone");
        } else {
            close("gone: " + (error == -Errno.ENOBUFS ? "no memory for its frames" : Errno.text(-error)));
        }
    }

    @Override
    public void ended() {
        close("closed");
    }

    /* ---- addresses ---- */

    /** The first request: an address, the answer, and the framing that both agreed on. */
    private void join() {
        Inbox in = loop.inbox;
        Admission.Outcome<Peer> outcome = server.hub.admit(this, in.buffer.bytes, in.packet);
        if (outcome.answer().refusal != null) {
            send(outcome.answer());
            close("refused: " + outcome.answer().refusal);
            return;
        }
        state = State.ASKED;
        Peer displaced = outcome.displaced();
        if (displaced != null) {
            displaced.close("gone: the same client connected again from " + link.stream.peer());
        }
        Framing framing = outcome.framing();
        String congestion = link.chooseCongestion(server.congestion());
        String kind = Wire.wanted(in.buffer.bytes, in.packet) == 0 ? "dynamic" : "static";
        Log.event(link.stream.peer() + " assigned " + address() + " (" + (displaced != null ? "taken over" : kind)
                + (framing.isClassic() ? ", classic, " : ", ") + congestion + ")");
        server.clientsChanged();
        send(outcome.answer());
        if (framing.tag > 0 && !link.hasWrittenAll()) {
            // What waits is in the old framing.
            close("protocol error: asks for an address but does not read");
            return;
        }
        link.setFraming(framing);
        link.trust();
        state = State.JOINED;
        loop.timers.set(deadline, loop.now() + server.timeout() * SECOND);
    }

    /** Sends an answer to the request that the inbox is at. */
    private void send(Answer answer) {
        Inbox in = loop.inbox;
        int length = answer.write(loop.message.bytes, Inbox.HEADROOM, in.buffer.bytes, in.packet);
        if (length > 0) {
            link.sendMessage(loop.message, length, loop.now());
        }
    }

    /* ---- the end ---- */

    private void close(String why) {
        if (address() == null) {
            loop.budget.logStranger(this + " " + why, loop.now());
        } else {
            Log.event(this + " " + why + "; " + link.counts() + ", rejected " + rejected());
        }
        state = State.GONE;
        loop.timers.cancel(deadline);
        link.close();
        server.left(this);
    }

    /** Its outer address, and its VPN address if it has one. */
    @Override
    public String toString() {
        return address() == null ? link.stream.peer().toString() : link.stream.peer() + " (" + address() + ")";
    }
}
