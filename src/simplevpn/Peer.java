package simplevpn;

import java.nio.ByteBuffer;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Errno;
import simplevpn.linux.Stream;
import simplevpn.protocol.Admission;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Member;
import simplevpn.protocol.Packet;
import simplevpn.protocol.Rule;
import simplevpn.protocol.Silence;
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
    /** How many seconds a connection may take to ask for an address. */
    private static final int ASK_TIME = 10;

    /** Its frames. */
    final Link link;
    /** What hooks are told of it; {@code null} before, and where there are none. */
    Hooks.Stay stay;
    /** Where it stands among the server's {@link Strangers}. */
    Peer older;
    Peer newer;

    private final Server server;
    private final Loop loop;
    /** When it connected. */
    final long since;
    /** The {@link ServerReport} that it was told in last. */
    int told;
    private Silence silence;
    private State state = State.CONNECTED;
    /** What the server's owner calls it, or {@code null}. */
    private String name;
    /** How many keepalives of the read that is counted here were returned. */
    private int echoes;
    private int echoedRead;

    private final Timer deadline = new Timer() {
        @Override
        protected void expired(long now) throws Failure {
            silence.resumed(loop.resumed());
            if (untilTimeout(now) <= 0) {
                // What has come counts, though nobody read it yet.
                link.ready(false, false);
            }
            long left = untilTimeout(now);
            if (state == State.GONE) {
                return;
            }
            if (left > 0) {
                loop.timers.set(this, now + left);
            } else if (state == State.JOINED) {
                abort("timed out: silent for " + silence.timeout() + " s");
            } else {
                abort("timed out: " + Rule.NOT_ASKED);
            }
        }
    };

    /**
     * @param stream a connection that was accepted
     * @throws Failure if it cannot be watched; it is not closed then
     */
    Peer(Server server, Stream stream) throws Failure {
        super(stream.peer().source());
        this.server = server;
        loop = server.loop;
        since = loop.now();
        silence = new Silence(server.timeout(), since);
        link = Link.open(loop, stream, this);
        stream.giveUpAfter(ASK_TIME);
        loop.timers.set(deadline, since + ASK_TIME * SECOND);
    }

    private long untilTimeout(long now) {
        return state == State.JOINED ? silence.untilSilent(now) : ASK_TIME * SECOND - (now - since);
    }

    /* ---- what comes ---- */

    @Override
    public void heard() {
        silence.received(loop.now());
    }

    @Override
    public void data() {
        Inbox in = loop.inbox;
        Buffer b = in.buffer;
        if (!server.hub.maySend(this, b.bytes, in.packet)) {
            reject();
            if (Log.details() && mayAnswer(loop.now())) {
                Log.event(this + " rejected: a packet from " + Packet.sourceText(b.bytes, in.packet) + ": "
                        + Rule.SOURCE);
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
                hearName();
                hearTimes();
                loop.timers.set(deadline, loop.now() + untilTimeout(loop.now()));
                send(server.complete(server.hub.answer(this, link.framing()), this));
            }
        }
    }

    @Override
    public void skipped() {
        reject();
        String rule = loop.inbox.rule;
        if (rule != null && Log.details() && mayAnswer(loop.now())) {
            Log.event(this + " rejected: " + rule);
        }
    }

    @Override
    public void damaged() {
        Inbox in = loop.inbox;
        boolean tls = state == State.CONNECTED && link.stream.pin() == null && in.isTlsRecord();
        close(tls ? "speaks TLS, and this server has no key (see srv --key)"
                : Rule.broken(in.broken()));
    }

    @Override
    public void lost(int error) {
        if (error == 0) {
            close("gone");
        } else if (link.stream.why() != null) {
            close("gone: " + link.stream.why());
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
        String unknown = server.gate.refusal(this, in.buffer.bytes, in.packet);
        if (unknown != null) {
            send(Answer.refusing(unknown));
            close("refused: " + unknown + server.gate.advice(this));
            return;
        }
        Admission.Outcome<Peer> outcome = server.hub.admit(this, in.buffer.bytes, in.packet, loop.now());
        if (outcome.answer().refusal != null) {
            send(outcome.answer());
            close("refused: " + outcome.answer().refusal);
            return;
        }
        state = State.ASKED;
        silence = new Silence(server.timeout(), loop.now());
        server.joined(this);
        server.gate.joined(name, address());
        Peer displaced = outcome.displaced();
        if (displaced != null) {
            displaced.giveUpTo(link.stream.peer());
        }
        hearTimes();
        Framing framing = outcome.framing();
        String congestion = link.chooseCongestion(server.congestion());
        String whose = name == null ? " (" : " to " + name + " (";
        String kind = Wire.wanted(in.buffer.bytes, in.packet) == 0 ? "dynamic" : "static";
        loop.budget.logPeer(link.stream.peer() + " assigned " + address() + whose
                + (displaced != null ? "taken over" : kind) + (framing.isClassic() ? ", classic, " : ", ") + congestion
                + ")", loop.now());
        send(server.complete(outcome.answer(), this));
        if (framing.tag > 0 && !link.hasWrittenAll()) {
            // What waits is in the old framing.
            close(Rule.broken(Rule.UNREAD));
            return;
        }
        link.setFraming(framing);
        link.trust();
        state = State.JOINED;
        link.stream.giveUpAfter(server.timeout());
        loop.timers.set(deadline, loop.now() + silence.timeout() * SECOND);
        server.came(this);
        hearName();
    }

    /** The request that the inbox is at may say what the client calls itself. */
    private void hearName() {
        String own = server.wantsNames() ? Wire.ownName(loop.inbox.buffer.bytes, loop.inbox.packet) : null;
        if (own != null) {
            server.named(this, own);
        }
    }

    /** The request that the inbox is at may say how long its client would like to be silent. */
    private void hearTimes() {
        int times = Wire.times(loop.inbox.buffer.bytes, loop.inbox.packet);
        if (times != 0) {
            silence.grant(times, server.timeout());
        }
    }

    /** Tells it the times that it has for keepalives. */
    void tellTimes(Answer answer) {
        answer.idle = silence.idle();
        answer.timeout = silence.timeout();
    }

    /** Sends an answer to the request that the inbox is at. */
    private void send(Answer answer) {
        Inbox in = loop.inbox;
        int length = answer.write(loop.message.bytes, Inbox.HEADROOM, in.buffer.bytes, in.packet);
        if (length > 0) {
            link.sendMessage(loop.message, length, loop.now());
        }
    }

    /**
     * Sends what its answer would be now, though it has not asked (PROTOCOL.md, part 6): a client that knows more than
     * the classic protocol takes it, or ignores it.
     *
     * @return false when too much waits for it, so that it has to be done later
     */
    boolean tellAgain() {
        if (state != State.JOINED || link.framing().isClassic()) {
            return true;
        }
        return tell(server.complete(server.hub.answer(this, link.framing()), this));
    }

    /** Sends an extended client an answer that it has not asked for, if there is room; returns whether there was. */
    private boolean tell(Answer answer) {
        ByteBuffer b = loop.message.bytes;
        Wire.request(b, Inbox.HEADROOM, 0, 0, 0);
        int length = answer.write(b, Inbox.HEADROOM, b, Inbox.HEADROOM);
        boolean fits = link.takesMessage(length);
        if (fits) {
            link.sendMessage(loop.message, length, loop.now());
        }
        return fits;
    }

    /** Whether its packets are carried. */
    boolean isJoined() {
        return state == State.JOINED;
    }

    /** Nanoseconds since anything came from it. */
    long silence(long now) {
        return silence.silence(now);
    }

    /** What the server's owner calls it, or {@code null}. */
    String name() {
        return name;
    }

    /** Its key is that of a client that the server's owner knows. */
    void identify(Peers.Known known) {
        name = known.name;
        identify(known.identity, known.address);
    }

    /* ---- the end ---- */

    /** What is known of its key has changed: it goes, if that is not what it joined with. */
    void stillKnown(Peers.Known known, String file) {
        if (known == null) {
            close("gone: its key is not in " + file + " any more");
        } else if (!known.name.equals(name)) {
            close("gone: its name is " + known.name + " now");
        } else if (known.address != null && !known.address.equals(address())) {
            close("gone: its address is " + known.address + " now");
        }
    }

    /** It came without a key, from a place where that is not enough any more. */
    void needsKey() {
        close("gone: its address is in no network of --allow-plain any more");
    }

    /** Its address is fixed for another, unless that is the same by name. */
    void makeRoomFor(Peers.Known owner) {
        if (!owner.name.equals(name)) {
            close("gone: its address is that of " + owner.name + " now");
        }
    }

    /**
     * The same client has its place now. As a rule this connection is dead; if not, two machines have one key, and its
     * user reads why it ends. A token is a program's own.
     */
    private void giveUpTo(Endpoint another) {
        String why = Answer.CONNECTED_AGAIN + another;
        if (state == State.JOINED && link.stream.pin() != null && !link.framing().isClassic()) {
            tell(Answer.refusing(why));
        }
        close("gone: " + why);
    }

    /** The server's owner wants that. */
    void kick() {
        close("gone: disconnected by srv --kick");
    }

    /** Another connection needs its place, unless it has just asked for an address. */
    void giveWay(String why) throws Failure {
        link.ready(false, false);
        if (state == State.CONNECTED) {
            abort("gave way to another: " + why);
        }
    }

    /** Ends a connection whose other end does not read. */
    private void abort(String why) {
        gone(why);
        link.reset();
        server.left(this);
    }

    private void close(String why) {
        gone(why);
        link.close();
        server.left(this);
    }

    private void gone(String why) {
        if (address() == null) {
            loop.budget.logStranger(this + " " + why, loop.now());
        } else {
            loop.budget.logPeer(this + " " + why + "; " + link.counts() + ", rejected " + rejected()
                    + (prohibited() == 0 ? "" : ", prohibited " + prohibited()), loop.now());
        }
        if (state == State.JOINED) {
            server.went(this);
        }
        state = State.GONE;
        loop.timers.cancel(deadline);
    }

    /** Its outer address, and its VPN address if it has one. */
    @Override
    public String toString() {
        if (address() == null) {
            return link.stream.peer().toString();
        }
        return link.stream.peer() + " (" + address() + (name == null ? ")" : ", " + name + ")");
    }
}
