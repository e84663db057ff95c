package simplevpn;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;
import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Echo;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Packet;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Link;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Timer;

/**
 * What {@code cli --check} does with its address: pings to the server's own address, as packets of the tunnel, which
 * the server's kernel sends back; first a small one, then large ones in rounds that grow while the line is quick.
 * Behind each round goes a keepalive: it tells that all of it has arrived, also where the kernel answers no pings. Then
 * a ping with one hop left to whatever else shall be reached ({@link CheckForwarding}).
 */
final class CheckTraffic extends Timer {
    private static final long MILLISECOND = 1_000_000;
    /** How often it looks whether something is over. */
    private static final long LOOK = 20 * MILLISECOND;
    /** How long the first ping may come later than the keepalive. */
    private static final long FIRST = 800 * MILLISECOND;
    /** How long nothing comes back before it is lost. */
    private static final long QUIET = 4000 * MILLISECOND;
    /** After which time no round is begun, and which rounds are quick, or slow. */
    private static final long ENOUGH = 1200 * MILLISECOND;
    private static final long QUICK = 200 * MILLISECOND;
    private static final long SLOW = 400 * MILLISECOND;
    /** Silence that is worth a word. */
    private static final long STALL = 900 * MILLISECOND;
    /** Bytes of the first round and of all of them. */
    private static final int FIRST_ROUND = 6000;
    private static final int ALL = 256 * 1024;
    private static final int SMALL = 64;
    /** One of so many may get lost. */
    private static final int MAY_BE_LOST = 20;
    private static final int CLASSIC_MTU = 1400;
    static final int ID = 0x5632;

    private final Check check;
    private final ClientSettings settings;
    private final Loop loop;
    private final Link link;
    private final Answer answer;
    private final int own;
    private final int hub;
    private final int mtu;
    private final Buffer packet;

    /** Whether the server's kernel answers pings. */
    private boolean pings;
    /** The round: packets and bytes of it, those that came back, when it began, and whether the keepalive did. */
    private int round;
    private int packets;
    private int back;
    private long began;
    private boolean asked;
    private boolean kept;
    private long heard;
    /** All rounds: whether they are those of large packets, and when these began. */
    private boolean bulk;
    private long bulkBegan;
    private int sent;
    private int lost;
    private long stall;
    private CheckForwarding forwarding;
    private boolean ended;

    /** @param link in the framing that the answer says */
    CheckTraffic(Check check, ClientSettings settings, Loop loop, Link link, Answer answer) {
        this.check = check;
        this.settings = settings;
        this.loop = loop;
        this.link = link;
        this.answer = answer;
        own = answer.address.ipv4();
        hub = answer.server != null ? answer.server.ipv4() : answer.network().address().ipv4() + 1;
        // A ping that is larger than the other end's MTU is answered in fragments.
        int said = settings.mtu == 0 ? answer.mtu : answer.mtu == 0 ? settings.mtu
                : Math.min(settings.mtu, answer.mtu);
        said = said == 0 ? CLASSIC_MTU : said;
        mtu = answer.extended ? said : Math.min(said, Framing.CLASSIC_MTU);
        packet = Buffer.permanent(Inbox.HEADROOM + mtu);
    }

    /** Begins with a single small one. */
    void begin() {
        send(1, SMALL);
        loop.timers.set(this, loop.now() + LOOK);
    }

    /** No more of it. */
    void end() {
        ended = true;
        loop.timers.cancel(this);
    }

    /* ---- rounds ---- */

    private void send(int count, int length) {
        round++;
        packets = count;
        back = 0;
        asked = false;
        kept = false;
        began = loop.lookAtClock();
        heard = began;
        for (int i = 0; i < count; i++) {
            ping(length, Echo.ANYWHERE, round, hub);
        }
        ask();
    }

    /** Sends one ping, which is known again by a number. */
    void ping(int length, int hops, int number, int to) {
        Echo.request(packet.bytes, Inbox.HEADROOM, length, hops, ID, number, own, to);
        link.sendPacket(packet, length, loop.now());
    }

    /** A keepalive would overtake what waits here. */
    private void ask() {
        if (!asked && link.hasWrittenAll()) {
            asked = true;
            link.sendMessage(loop.message, Wire.keepalive(loop.message.bytes, Inbox.HEADROOM), loop.now());
        }
    }

    /** A keepalive is back. */
    void keepalive() {
        kept = true;
        progress();
    }

    /** A packet has come. */
    void data() {
        Inbox in = loop.inbox;
        int verdict = Echo.verdict(in.buffer.bytes, in.packet, in.packetLength, ID);
        if (verdict == Echo.NONE) {
            return;
        }
        if (forwarding != null) {
            forwarding.heard(verdict);
        } else if (Echo.kind(verdict) == Echo.REPLY && Echo.sequence(verdict) == round
                && Packet.source(in.buffer.bytes, in.packet) == hub) {
            back++;
            progress();
        }
    }

    private void progress() {
        long now = loop.lookAtClock();
        if (bulk) {
            stall = Math.max(stall, now - heard);
        }
        heard = now;
        // What comes next is decided outside of the frame that has come: it may end the connection.
        loop.timers.set(this, now);
    }

    @Override
    protected void expired(long now) throws Failure {
        if (forwarding != null) {
            forward(now);
            return;
        }
        ask();
        long quiet = now - heard;
        if (!bulk) {
            first(quiet);
        } else if (kept && (!pings || back == packets || quiet > FIRST)) {
            over(now);
        } else if (quiet > QUIET) {
            silent();
            return;
        }
        if (!ended) {
            loop.timers.set(this, now + LOOK);
        }
    }

    /** The small one: whether the kernel answers at all. */
    private void first(long quiet) throws Failure {
        if (back > 0 || (kept && quiet > FIRST)) {
            pings = back > 0;
            bulk = true;
            bulkBegan = loop.lookAtClock();
            send(Math.max(1, FIRST_ROUND / mtu), mtu);
        } else if (quiet > QUIET) {
            check.trafficFailed("the server gives an address, and then says nothing", CheckAdvice.SILENT);
        }
    }

    /** A round is over. */
    private void over(long now) throws Failure {
        sent += packets;
        lost += pings ? packets - back : 0;
        long took = now - began;
        if ((long) sent * mtu < ALL && now - bulkBegan < ENOUGH) {
            int next = took < QUICK ? 2 * packets : took > SLOW ? Math.max(1, packets / 2) : packets;
            send(Math.min(next, (ALL - sent * mtu + mtu - 1) / mtu), mtu);
            return;
        }
        if (lost * MAY_BE_LOST > sent) {
            check.trafficFailed(lost + " of " + sent + " packets of " + mtu + " bytes got lost", CheckAdvice.SLOW);
            return;
        }
        long micros = Math.max(1, (heard - bulkBegan) / 1000);
        long kbits = (long) sent * mtu * 8000 / micros;
        String rate = kbits < 10_000 ? kbits + " kbit/s" : kbits / 1000 + " Mbit/s";
        check.trafficPassed("MTU " + mtu + ", " + (long) sent * mtu / 1024 + " KiB there"
                + (pings ? " and back, " : ", back not tried: the server's host answers no pings; ") + rate
                + (lost == 0 ? "" : ", " + lost + " of " + sent + " packets lost")
                + (stall < STALL ? "" : "; stood still for " + stall / MILLISECOND + " ms, see --mss"));
        if (!ended) {
            forwarding = new CheckForwarding(this, answer, settings.defaultRoute, hub);
            forwarding.begin(loop.now());
        }
    }

    /** Large ones do not come back. */
    private void silent() throws Failure {
        Stream.Line line = new Stream.Line();
        boolean out = link.stream.look(line) && line.repetitions > 0;
        String rest = " of " + mtu + " bytes do not, small ones pass";
        check.trafficFailed(out || !kept ? "packets to the server" + rest : "packets from the server" + rest,
                CheckAdvice.LARGE);
    }

    /* ---- forwarding ---- */

    private void forward(long now) throws Failure {
        if (!forwarding.isOver(now)) {
            loop.timers.set(this, now + LOOK);
            return;
        }
        if (!answer.extended) {
            check.trafficSkipped("a server of 2013 does not say whom it forwards to");
        } else if (forwarding.failure() != null) {
            check.trafficFailed(forwarding.failure(), forwarding.remedy());
        } else if (forwarding.reached().isEmpty()) {
            check.trafficSkipped("there is nobody else to be reached");
        } else {
            check.trafficPassed("the server leads to " + forwarding.reached());
        }
    }

    /** The addresses of other clients that are tried: any will do, connected or not. */
    static int[] others(Answer answer, int own, int hub) {
        Network network = answer.network();
        int last = network.last().ipv4() - 1;
        int[] candidates = {last, own + 1, own - 1};
        int[] others = new int[candidates.length];
        int count = 0;
        for (int candidate : candidates) {
            boolean good = Ipv4.isHost(candidate) && network.contains(Address.ofIpv4(candidate))
                    && candidate != own && candidate != hub && candidate <= last
                    && candidate != network.address().ipv4() && (count == 0 || others[0] != candidate);
            if (good) {
                others[count++] = candidate;
            }
        }
        return Arrays.copyOf(others, count);
    }
}
