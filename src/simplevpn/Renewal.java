package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Ratelimit;
import simplevpn.protocol.Answer;
import simplevpn.tunnel.Target;
import simplevpn.tunnel.Timer;

/**
 * What becomes another one while a client's connection stands: what the server says anew of routes, name servers and
 * domain, asked or not (PROTOCOL.md, part 6), and what the user says of options. It keeps a server's last words too.
 */
final class Renewal extends Timer {
    private static final long SECOND = 1_000_000_000L;

    private final Client client;
    /** A server that says something else each time does not keep this host at work. */
    private final Ratelimit limit;
    /** What the server has said that is in force. */
    private Answer told;
    /** What the server has said since, the newest of it, for which it was too early; or {@code null}. */
    private Answer newest;
    /** Why the server ends the connection, in its words, and how many reads it took to hear them; or {@code null}. */
    private String dismissal;
    private int readsOfIt;

    Renewal(Client client) {
        this.client = client;
        limit = new Ratelimit(1, 10, client.loop.now());
    }

    /** The connection stands, with this answer. */
    void began(Answer answer) {
        told = answer;
        newest = null;
        dismissal = null;
    }

    /**
     * The server has said what is in force now; all but routes, name servers and domain is as it was. Of what comes too
     * fast the newest counts, a moment later.
     */
    void heard(Answer answer) throws Failure {
        if (answer.isRefusal() && told.extended) {
            dismissal = answer.refusal;
            readsOfIt = client.link.reads();
        } else if (answer.isOfSame(told)) {
            newest = answer;
            if (!isSet()) {
                takeNewest(client.loop.now());
            }
        }
    }

    /** Whether the last thing that came over the connection is that its server ends it. */
    boolean isDismissed() {
        return client.isJoined() && dismissal != null && client.link.reads() == readsOfIt;
    }

    /** Why the connection has come to its end: for this reason, unless the server has given one. */
    String reason(String otherwise) {
        if (!isDismissed()) {
            return otherwise;
        }
        return "has ended this connection: " + dismissal + (dismissal.startsWith(Answer.CONNECTED_AGAIN)
                ? " (two machines with one key? see --join)" : "");
    }

    /** It is not too early any more. */
    @Override
    protected void expired(long now) throws Failure {
        if (client.isJoined() && newest != null) {
            takeNewest(now);
        }
    }

    private void takeNewest(long now) throws Failure {
        Answer answer = newest;
        if (!answer.isNews(told)) {
            newest = null;
            return;
        }
        if (!limit.pass(now)) {
            client.loop.timers.set(this, now + SECOND);
            return;
        }
        newest = null;
        answer.address6 = told.address6;
        // Those of the first answer: what a wish was granted is no time for an answer.
        answer.idle = told.idle;
        answer.timeout = told.timeout;
        try {
            client.device.setup.leadInside(answer, client.dialer.exposed(), client.dialer.nameServers());
        } catch (Failure e) {
            client.loop.budget.logPeer(e.getMessage(), now);
            return;
        }
        int mtu = client.device.setup.apply(answer, client.settings.mtu);
        client.loop.budget.logPeer(client.link.stream.peer() + " tells other routes or name servers", now);
        boolean others = answer.hasOtherNames(told);
        told = answer;
        if (others && client.settings.hasHooks()) {
            client.presence.down("changed");
            client.presence.startUp(HookEnvironment.of(answer, client.device.name(), mtu)
                    .putOther(client.link.stream));
        }
    }

    /**
     * What {@link Reload#OF_CLIENT} names is as these settings say from now on; all else is as it was.
     *
     * @param targets the servers that they name
     */
    void take(ClientSettings next, Target... targets) throws Failure {
        ClientSettings before = client.settings;
        client.settings = next;
        client.presence.take(next);
        if (next.saysOtherName(before)) {
            client.name = next.name();
        }
        if (next.saysOtherServers(before)) {
            client.dialer.use(targets, next.prefersFirst, place(before, next));
            if (client.isJoined()) {
                client.dialer.joined();
            }
        }
        if (client.isJoined()) {
            if (next.timeout != before.timeout) {
                client.beginTimes(told);
                client.wish(told);
            }
            client.wishes.ask(told.name == null ? client.name : null);
        }
    }

    /** Where the server that is connected to stands now, or −1: it may not be one any more, or its key is another. */
    private int place(ClientSettings before, ClientSettings next) {
        Remote server = before.servers[client.dialer.server()];
        String shown = client.link == null ? null : client.link.stream.pin();
        for (int i = 0; i < next.servers.length; i++) {
            Remote other = next.servers[i];
            if (other.isAt(server) && (!other.hasOtherPins(server) || other.mayShow(shown))) {
                return i;
            }
        }
        return -1;
    }
}
