package simplevpn;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Ratelimit;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Stream;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Keepalive;
import simplevpn.protocol.Lease;
import simplevpn.protocol.Rule;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Dialer;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Link;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Receiver;
import simplevpn.tunnel.Router;
import simplevpn.tunnel.Target;
import simplevpn.tunnel.Timer;

/**
 * {@code cli}: one connection to a server, and this host's TUN interface at its other end.
 *
 * <p>The interface, its address and routes outlive the connection: while the client reconnects, which it does for ever,
 * the applications' own connections only see packets get lost.
 *
 * <pre>
 *           time          connected          answer
 *   PAUSED ──────→ DIALING ────────→ ASKING ────────→ JOINED
 *     ↑             │    ↑             │                 │ closed, damaged,
 *     │ none works  │    └─────────────┤ the next one    │ no answer
 *     └─────────────┴──────────────────┴─────────────────┘
 * </pre>
 *
 * <p>When there is a better way, or server, ASKING and JOINED end in DIALING at once.
 */
public final class Client implements Router, Receiver, Dialer.Owner {
    /** What the connection is doing. */
    enum State {
        /** There is none, until it is time for the next attempt. */
        PAUSED,
        /** A server is looked for: the dialer's work. */
        DIALING,
        /** The address request is sent. */
        ASKING,
        /** Packets are carried. */
        JOINED
    }

    private static final long SECOND = 1_000_000_000L;
    /** A connection that was joined for so long is one that worked. */
    private static final long LASTING = 10 * SECOND;
    /** The same of one that its server ended: twice the longest pause, or two clients with one key never calm down. */
    private static final long UNDISTURBED = 60 * SECOND;
    /** How long a server may take to answer the address request. */
    private static final long ANSWER_TIME = 10 * SECOND;

    ClientSettings settings;
    final Loop loop;
    final Device device;
    /** What others here are told of it. */
    final Presence presence;
    final Dialer dialer;
    private final Renewal renewal;
    private final Lease lease;
    /** By it a server knows this client again. */
    final long token;
    private final Ratelimit details;
    /** The invitation that is to be used, until the server has taken it; or {@code null}. */
    private Joining joining;
    private boolean confined;
    /** What it says that it is called, or {@code null}. */
    String name;
    /** Who sets the machine's clock, or {@code null}. */
    ClockSetter clock;
    /** What it asks a server for that has let it in. */
    final Wishes wishes;

    State state = State.PAUSED;
    /** The connection; {@code null} while PAUSED or DIALING. */
    Link link;
    Keepalive keepalive;
    /** What its server said last when it let it in. */
    Answer answer;
    /** The feature bits that its server was offered. */
    int offered;
    /** When it was joined. */
    long joined;

    /** Frames that were not written to the device, and how often a damaged stream was picked up again. */
    long rejected;
    private long resyncs;

    /** When it is time for what the state does next. */
    private final Timer deadline = new Timer() {
        @Override
        protected void expired(long now) throws Failure {
            proceed(now);
        }
    };

    /**
     * @param token 48 random bits, not 0
     * @param confined whether this process has given up already what it does not need to be allowed
     */
    Client(ClientSettings settings, Loop loop, Target[] targets, Supervisor supervisor, long token,
            boolean confined) {
        this.settings = settings;
        this.loop = loop;
        presence = new Presence(settings, loop, supervisor);
        this.token = token;
        joining = settings.joining;
        this.confined = confined;
        device = loop.device;
        device.setup.begin(settings.defaultRoute);
        dialer = new Dialer(loop, this, targets, settings.prefersFirst, token);
        lease = new Lease(settings.address != null ? settings.address : device.setup.fixedAddress());
        details = new Ratelimit(1, 10, loop.now());
        renewal = new Renewal(this);
        wishes = new Wishes(settings, loop, token);
        loop.setRouter(this);
        loop.timers.set(deadline, loop.now());
        presence.tell("looking for " + targets[0]);
    }

    /** Starts the program; see {@code cli --help}. */
    public static void main(String[] words) {
        int status = 0;
        try {
            Options options = ClientSettings.options();
            if (!Program.isAnswered(options, "cli", words)) {
                ClientSettings settings = new ClientSettings(options);
                if (options.given("check")) {
                    status = Check.run(settings, options.given("json"));
                } else {
                    ClientProgram.run(words, options, settings);
                }
            }
        } catch (Failure | RuntimeException | Error e) {
            status = Program.report(e);
        }
        Program.end(status);
    }

    /** Whether packets are carried. */
    boolean isJoined() {
        return state == State.JOINED;
    }

    /** Whether an invitation is to be used yet. */
    boolean isJoining() {
        return joining != null;
    }

    /** What {@link Reload#OF_CLIENT} names is as these settings say from now on, which name these servers. */
    void take(ClientSettings next, Target... targets) throws Failure {
        renewal.take(next, targets);
    }

    /** The program ends. */
    void end() {
        presence.end();
        String counts = state == State.JOINED ? "; " + counts() : "";
        loop.close();
        Log.event("ended by a signal" + counts + "; " + device.counts());
    }

    /** The time of the state is over. */
    private void proceed(long now) throws Failure {
        if (state == State.PAUSED) {
            state = State.DIALING;
            dialer.attempt();
        } else if (state == State.JOINED) {
            keepAlive(now);
        } else {
            next(link.stream.peer() + " timed out: " + Rule.NOT_ANSWERED);
        }
    }

    /* ---- connecting ---- */

    /** The connection was of no use, for this reason. */
    private void next(String why) throws Failure {
        closeLink();
        state = State.DIALING;
        dialer.next(why);
    }

    @Override
    public void connected(Stream stream) throws Failure {
        link = Link.open(loop, stream, this);
        link.trust();
        Address wanted = lease.wanted();
        offered = device.features() | (device.setup.hasIpv6(settings.mtu) ? Wire.IPV6_INSIDE : 0);
        int length = Wire.request(loop.message.bytes, Inbox.HEADROOM, offered, token,
                wanted == null ? 0 : wanted.ipv4());
        if (joining != null) {
            length = Wire.enrolment(loop.message.bytes, Inbox.HEADROOM, joining.secret);
        }
        link.sendMessage(loop.message, length, loop.now());
        state = State.ASKING;
        loop.timers.set(deadline, loop.now() + ANSWER_TIME);
    }

    @Override
    public void unreachable(String why) throws Failure {
        if (settings.once) {
            device.setup.endDetours();
            throw new Failure(Failure.UNREACHABLE, why);
        }
        pause(why);
    }

    /** The next attempt is made after a pause. */
    private void pause(String why) {
        state = State.PAUSED;
        if (!dialer.isLookingUp()) {
            device.setup.endDetours();
        }
        presence.tell("trying: " + why);
        loop.timers.set(deadline, loop.now() + dialer.pauses.next(why));
    }

    /** There is a way that was not there before: it had better be tried now. */
    @Override
    public void hopeful() {
        loop.timers.set(deadline, loop.now());
    }

    /** Another connection would be a better one: this one's packets go over that in a moment. */
    @Override
    public void outdated(String why) throws Failure {
        String what = link.stream.peer() + " " + why;
        if (state == State.JOINED) {
            leave(what);
        }
        closeLink();
        state = State.DIALING;
        dialer.again();
    }

    private void closeLink() {
        presence.down("lost");
        if (link != null) {
            link.close();
            link = null;
            dialer.closed();
        }
        loop.timers.cancel(deadline);
        loop.readDevice(false);
    }

    /* ---- the address ---- */

    @Override
    public void addressMessage() throws Failure {
        Answer answer = Answer.read(loop.inbox.buffer.bytes, loop.inbox.packet, loop.inbox.packetLength);
        answer.limitTo(offered);
        settings.limit(answer);
        if (state == State.JOINED) {
            if (Wire.token(loop.inbox.buffer.bytes, loop.inbox.packet) == token) {
                // No news that has met the wish on the line.
                wishes.answered(answer);
            }
            renewal.heard(answer);
            watchLine();
        } else if (answer.invalid != null) {
            next(link.stream.peer() + " " + Rule.broken(answer.invalid));
        } else if (answer.refusal != null) {
            refused(answer.refusal);
        } else if (answer.address.equals(link.stream.peer().address())) {
            next(link.stream.peer() + " gives this host its own address: nothing would reach it any more");
        } else {
            join(answer);
        }
    }

    private void refused(String reason) throws Failure {
        String why = link.stream.peer() + " refused: " + reason;
        boolean useless = joining != null && reason.equals(Answer.NO_INVITATION);
        boolean hopeless = !lease.refused(reason) || settings.once || useless;
        if (hopeless && settings.servers.length == 1) {
            throw new Failure(Failure.REFUSED, why);
        }
        next(why);
    }

    private void join(Answer given) throws Failure {
        answer = given;
        try {
            device.setup.leadInside(answer, dialer.exposed(), dialer.nameServers());
        } catch (Failure e) {
            next(e.getMessage());
            return;
        }
        Framing framing = answer.extended ? Framing.extended(answer.features) : Framing.CLASSIC;
        link.setFraming(framing);
        device.deliverOffloads(framing.tag > 0);
        device.carryIpv6(framing.carriesIpv6());
        int mtu = device.setup.apply(answer, settings.mtu);
        loop.sender.setMtu(mtu);
        lease.granted(answer.address);
        beginTimes(answer);
        state = State.JOINED;
        joined = loop.now();
        loop.readDevice(true);
        dialer.joined();
        String congestion = link.chooseCongestion(settings.congestion);
        String what = "connected to " + link.stream.peer() + dialer.role() + (framing.isClassic() ? " (classic)" : "")
                + ", address " + answer.address + "/" + answer.length
                + (answer.address6 == null ? "" : " and " + answer.address6 + "/" + answer.length6)
                + " on " + device.name();
        loop.budget.logPeer(what + ", MTU " + mtu + ", congestion control " + congestion, loop.now());
        presence.up(what);
        if (clock != null && link.stream.pin() != null) {
            clock.hear(answer.clock);
        }
        if (joining != null) {
            joining.done();
            joining = null;
        }
        if (!confined) {
            confined = true;
            Program.confine(settings.user, settings.hasHooks(), clock != null && clock.isNeeded());
        }
        renewal.began(answer);
        wish(answer);
        if (settings.hasHooks()) {
            presence.startUp(HookEnvironment.of(answer, device.name(), mtu).putOther(link.stream));
        }
    }

    /* ---- keepalives ---- */

    /** Tells the server what this client wishes, which has let it in by an answer. */
    void wish(Answer answer) {
        wishes.joined(link, answer, offered, keepalive, dialer.network(), name);
    }

    /** As if something had just been sent and received. */
    void beginTimes(Answer answer) {
        int pushed = answer.timeout != 0 ? Math.max(Settings.MIN_TIMEOUT, answer.timeout) : Settings.TIMEOUT;
        int timeout = settings.timeoutOr(pushed);
        keepalive = Keepalive.ofClient(timeout, answer, loop.now());
        link.stream.giveUpAfter(timeout);
        watchLine();
    }

    private void keepAlive(long now) throws Failure {
        keepalive.resumed(loop.resumed());
        if (keepalive.unanswered(now) || keepalive.isForgotten(now)) {
            // What has come counts, though nobody read it yet.
            link.ready(false, false);
        }
        if (state != State.JOINED) {
            return;
        }
        if (keepalive.isForgotten(now)) {
            lost("has heard nothing for the timeout: this program stood still");
            return;
        }
        if (keepalive.unanswered(now)) {
            lost("does not answer");
            return;
        }
        if (keepalive.due(now)) {
            device.setup.aroundStill(dialer.exposed());
            link.sendMessage(loop.message, Wire.keepalive(loop.message.bytes, Inbox.HEADROOM), now);
            keepalive.asked(now);
        }
        watchLine();
    }

    private void watchLine() {
        loop.timers.set(deadline, loop.now() + keepalive.untilClientActs(loop.now()));
    }

    @Override
    public void heard() {
        if (state == State.JOINED) {
            wishes.heard();
            keepalive.received(loop.now());
        }
    }

    /** An answer to ours; that something came is noted already. */
    @Override
    public void keepalive() {
    }

    /* ---- packets ---- */

    /** From this host to the server. */
    @Override
    public void route(Buffer packet, int at, int length, int tag) {
        loop.sender.packet(link, packet, at, length, tag);
        if (keepalive.sent(loop.now())) {
            watchLine();
        }
    }

    /** From the server to this host. */
    @Override
    public void data() {
        Inbox in = loop.inbox;
        if (state == State.JOINED && device.deliver(in.buffer, in.packet, in.packetLength, in.tag)) {
            link.packetsIn++;
            link.bytesIn += in.packetLength;
        } else {
            rejected++;
        }
    }

    @Override
    public void skipped() {
        rejected++;
    }

    /* ---- the end of a connection ---- */

    /**
     * A classic server cuts streams anywhere, so the next read may begin with a frame; any other server has to be
     * sound. Until it answers, a server may be a classic one.
     */
    @Override
    public void damaged() throws Failure {
        if (!link.framing().isClassic()) {
            lost(Rule.broken(loop.inbox.broken()));
            return;
        }
        String rule = loop.inbox.broken();
        int bytes = loop.inbox.discard();
        resyncs++;
        if (Log.details() && details.pass(loop.now())) {
            Log.event(link.stream.peer() + " " + Rule.broken(rule) + "; " + bytes + " bytes thrown away");
        }
    }

    @Override
    public void lost(int error) throws Failure {
        String why = link.stream.why();
        if (error == 0 && state == State.JOINED) {
            // The end has come over the line, which is not a forgetful one then.
            keepalive.received(loop.now());
        }
        if (why == null) {
            lost(renewal.reason(error == 0 ? "closed the connection" : Errno.text(-error)));
            return;
        }
        String shown = link.stream.pin();
        if (shown != null && settings.servers[dialer.server()].pins.length == 0) {
            throw new Failure(Failure.UNPINNED, link.stream.peer() + " shows key " + shown
                    + "; if srv --pin FILE says the same there, add --server-pin " + shown);
        }
        if (state == State.ASKING) {
            next(link.stream.peer() + " " + why);
        } else {
            lost(renewal.reason(why));
        }
    }

    private void lost(String why) throws Failure {
        String what = link.stream.peer() + " " + why;
        if (state == State.ASKING) {
            Address wanted = lease.wanted();
            lease.hungUp();
            next(wanted == null ? what : what + " instead of giving " + wanted
                    + ", as a classic one does when the address is taken, reserved or not in its network");
            return;
        }
        wishes.lost();
        leave(what);
        closeLink();
        dialer.pauses.lost(what);
        unreachable(what);
    }

    /** A connection that carried packets is given up. */
    private void leave(String what) {
        loop.budget.logPeer(what + "; " + counts() + "; reconnecting", loop.now());
        if (loop.now() - joined >= (renewal.isDismissed() ? UNDISTURBED : LASTING)) {
            dialer.succeeded();
        }
    }

    private String counts() {
        return link.counts() + ", rejected " + rejected + ", resyncs " + resyncs;
    }
}
