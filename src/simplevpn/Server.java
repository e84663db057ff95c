package simplevpn;

import java.util.Arrays;
import java.util.Objects;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.linux.Acceptor;
import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Hub;
import simplevpn.protocol.Packet;
import simplevpn.protocol.Site;
import simplevpn.tunnel.Balancers;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Listener;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Router;
import simplevpn.tunnel.Sender;
import simplevpn.tunnel.Timer;

/**
 * {@code srv}: the hub of the network. Clients connect to it and get an address each; what one of them or this host
 * sends to another goes through its loop.
 */
public final class Server implements Router, Listener.Owner {
    /** A SYN's MSS to and from classic clients: their reads should find whole packets in the outer segments. */
    private static final int CLASSIC_MSS = 1360;

    final Loop loop;
    /** Who is where. */
    final Hub<Peer> hub;

    private ServerSettings settings;
    /** Seconds of silence after which those are dropped who connect from now on. */
    private int timeout;
    final int mtu;
    /** Whether all that clients send goes to the kernel, and whether no client reaches another. */
    private final boolean throughKernel;
    private final boolean apart;
    /** Whether the kernel may know where an address is that no client has here. */
    private final boolean asksKernel;
    /** This host's own IPv6 address on the VPN, or {@code null}. */
    Address own6;
    private final Acceptor acceptor;
    private final Supervisor supervisor;
    private final Strangers strangers;
    /** Who gets in. */
    final Gate gate;
    /** What the user has started when clients come and go, this program among them; {@code null} for nothing. */
    private Hooks hooks;
    private Hooks.Stay stay;
    /** The names of clients, for name servers; {@code null} when nobody wants them. */
    private HostsFile hosts;
    /** The networks behind clients and this host; {@code null} until there are any. */
    private Sites sites;
    /** Tells those who are there what has changed; {@code null} until something has. */
    private Announcement announcement;
    private boolean ending;
    /** How often somebody has asked how it is. */
    int reports;
    /** Connections since the heap was tidied up. */
    private int accepted;

    /** A crowd leaves a heap that is large and nearly empty, which the VM does not give back by itself. */
    private final Timer tidy = new Timer() {
        @Override
        protected void expired(long now) {
            // Of those who came meanwhile too much is left, unless they are few.
            boolean goesOn = accepted > Budget.CROWD + Budget.FEW;
            accepted = goesOn ? Budget.CROWD : 0;
            System.gc();
            if (goesOn) {
                loop.timers.set(this, now + Budget.AFTER_CROWD);
            }
        }
    };

    /** Sets the interface up, and takes connections from then on. */
    Server(ServerSettings settings, Loop loop, Acceptor acceptor, Gate gate, Supervisor supervisor) throws Failure {
        this.settings = settings;
        this.loop = loop;
        this.acceptor = acceptor;
        this.gate = gate;
        this.supervisor = supervisor;
        throughKernel = settings.betweenClients == ServerSettings.KERNEL;
        apart = settings.betweenClients == ServerSettings.NO;
        asksKernel = settings.exportRoutes && !apart;
        timeout = settings.timeoutOr(Settings.TIMEOUT);
        Device device = loop.device;
        mtu = device.setup.mtu(settings.mtu != 0 ? settings.mtu : Sender.MTU);
        boolean balanced = settings.balancers.length > 0;
        strangers = new Strangers(Math.max(2, loop.budget.strangers() - (balanced ? loop.budget.headers() : 0)));
        hub = new Hub<>(settings.network, mtu, timeout, maxClients(), settings.maxPerSource, device.features(),
                loop.now());
        hub.giveFrom(settings.dynamic);
        loop.sender.setMtu(mtu);
        device.setup.address(hub.own(), settings.network.length());
        device.setup.tellOverlap(settings.network);
        String networks = settings.network.toString();
        String own = hub.own().toString();
        Network network6 = settings.network6(gate.pin());
        if (network6 != null && device.setup.addressIpv6(hub.own(network6), network6.length(), mtu)) {
            own6 = hub.own(network6);
            hub.carryIpv6(network6);
            device.carryIpv6(true);
            networks += " and " + network6;
            own += " and " + own6;
        }
        if (settings.exportRoutes) {
            device.setup.leadToHosts();
        }
        tellForwarding();
        gate.guard(this, settings.network, own6 == null ? null : network6);
        loop.setRouter(this);
        loop.readDevice(true);
        new Listener(loop, acceptor, balanced ? new Balancers(loop, settings.balancers, this) : this);
        Log.event("listening on " + acceptor.address() + ", network " + networks + ", this host is " + own
                + " on " + device.name() + ", at most " + hub.maxClients() + " clients");
        gate.watch(loop);
        if (settings.hosts != null) {
            hosts = new HostsFile(loop, settings.hosts, settings.domain, hub.own(), own6, gate);
        }
        clientsChanged();
        supervisor.ready(loop.now());
    }

    private int maxClients() {
        int most = loop.budget.clients();
        return settings.maxClients != 0 ? Math.min(settings.maxClients, most) : most;
    }

    /** What {@link Reload#OF_SERVER} names is as these say from now on; all else is as it was. */
    void take(ServerSettings next) {
        boolean news = !Arrays.equals(next.nameServers, settings.nameServers)
                || !Objects.equals(next.domain, settings.domain);
        settings = next;
        timeout = settings.timeoutOr(Settings.TIMEOUT);
        hub.limit(timeout, maxClients(), settings.maxPerSource);
        gate.take(settings);
        if (hosts != null) {
            hosts.setDomain(settings.domain);
        }
        if (news) {
            announce();
        }
    }

    /** Clients that are there are told what they would be told now. */
    private void announce() {
        if (announcement == null) {
            announcement = new Announcement(loop);
        }
        announcement.begin(hub.members().toArray(new Peer[0]));
    }

    /** Where the kernel has a part in it, it has to forward; what is not set is told, and left to the owner. */
    private void tellForwarding() {
        if (!throughKernel && !settings.exportRoutes) {
            return;
        }
        boolean ipv4 = !loop.device.setup.forwards(false);
        boolean ipv6 = own6 != null && !loop.device.setup.forwards(true);
        if (ipv4 || ipv6) {
            String setting = settings.exportRoutes ? "ip_forward" : "conf." + loop.device.name() + ".forwarding";
            Log.event("this host does not forward packets" + (throughKernel ? ", so that no client reaches another"
                    : ", so that clients reach nobody beyond it") + "; as root: sysctl -w"
                    + (ipv4 ? " net.ipv4." + setting + "=1" : "") + (ipv6 ? " net.ipv6.conf.all.forwarding=1" : ""));
        }
    }

    /** Starts the program; see {@code srv --help}. */
    public static void main(String[] words) {
        int status = 0;
        try {
            Options options = ServerSettings.options();
            if (!Program.isAnswered(options, "srv", words)) {
                ServerSettings settings = new ServerSettings(options);
                if (!InviteCommand.isAnswered(options, settings)) {
                    ServerProgram.run(settings, new ServerReload(words, options, settings));
                }
            }
        } catch (Failure | RuntimeException | Error e) {
            status = Program.report(e);
        }
        Program.end(status);
    }

    /** Starts programs of the user's from now on. */
    void use(Hooks all) {
        hooks = all;
        int length = settings.network.length();
        stay = hooks.came("", settings.up, settings.down, "", new HookEnvironment()
                .putInterface(loop.device.name()).put("ADDRESS", hub.own()).put("LENGTH", length)
                .put("SERVER", hub.own()).putIpv6(own6, ServerSettings.PREFIX_LENGTH, own6).put("MTU", mtu));
    }

    /** The program ends: those who are connected have to go, and it goes last. */
    void endHooks() {
        if (hooks != null) {
            ending = true;
            loop.closeLinks();
            hooks.finish();
            hooks.went(stay, "ended");
            hooks.finish();
        }
    }

    /** The program ends. */
    void end() {
        supervisor.stopping();
        loop.close();
        if (hosts != null) {
            hosts.end();
        }
        Log.event("ended by a signal; " + loop.device.counts());
    }

    /** Behind clients are these networks from now on, or, when {@code null}, those that the settings say. */
    void lead(Site[] behind) {
        Site[] all = behind != null ? behind : settings.sites;
        if (sites == null && (all != null || settings.pushed.length > 0)) {
            sites = new Sites(hub, loop.device.setup, own6 != null, apart);
        }
        if (sites != null && sites.renew(settings.pushed, all != null ? all : new Site[0]) && hub.clients() > 0) {
            announce();
        }
    }

    /** Seconds of silence after which a client is dropped that connects now. */
    int timeout() {
        return timeout;
    }

    /** Where it listens. */
    String listens() {
        return acceptor.address().toString();
    }

    /** Bits of an address that say which network it is of. */
    int length() {
        return settings.network.length();
    }

    /** The congestion control that the user chose, or {@code null}. */
    String congestion() {
        return settings.congestion;
    }

    /* ---- packets ---- */

    /** From this host: to a client, or back as unreachable. */
    @Override
    public void route(Buffer packet, int at, int length, int tag) {
        Peer to = hub.destination(packet.bytes, at);
        if (to != null) {
            forward(null, to, packet, at, length, tag);
        } else {
            unreachable(null, packet, at, length);
        }
    }

    /**
     * From a client that may send it: to another client, to this host or beyond it, or back as unreachable. What goes
     * to the kernel and comes back from it is from this host then, and never given to it again.
     */
    void route(Peer from, Buffer packet, int at, int length, int tag) {
        if (from.link.framing().isClassic()) {
            Packet.clampMss(packet.bytes, at, length, CLASSIC_MSS, false);
        }
        Peer to = throughKernel ? null : hub.destination(packet.bytes, at);
        if (to == null || apart) {
            toKernel(from, to, packet, at, length, tag);
        } else if (to == from && !hub.isFor(to, packet.bytes, at)) {
            // It does not know what is behind it, and would send it back here until its time to live is over.
            unreachable(from, packet, at, length);
        } else {
            forward(from, to, packet, at, length, tag);
        }
    }

    /** What does not go from client to client here: to the kernel, or back as unreachable or prohibited. */
    private void toKernel(Peer from, Peer to, Buffer packet, int at, int length, int tag) {
        if (to == null && (throughKernel || asksKernel || hub.isBeyond(packet.bytes, at))) {
            // The kernel's packet header is written over the end of the frame before, which may still be in the batch.
            loop.sender.endBatch(false);
            loop.device.deliver(packet, at, length, tag);
        } else if (apart) {
            from.prohibit();
            answer(from, hub.prohibited(from, packet.bytes, at, length, loop.message.bytes, Inbox.HEADROOM,
                    loop.now()));
        } else {
            unreachable(from, packet, at, length);
        }
    }

    private void forward(Peer from, Peer to, Buffer packet, int at, int length, int tag) {
        if (!to.link.framing().carriesIpv6() && Packet.isIpv6(packet.bytes, at)) {
            to.link.refuse(length);
            unreachable(from, packet, at, length);
            return;
        }
        if (from != null && from.link.framing().tag < to.link.framing().tag) {
            // The tag is written over the end of the frame before, which the device may still keep back.
            loop.device.flush();
        }
        if (to.link.framing().isClassic() && (from == null || !from.link.framing().isClassic())) {
            Packet.clampMss(packet.bytes, at, length, CLASSIC_MSS, tag != 0);
        }
        if (!loop.sender.packet(to.link, packet, at, length, tag)) {
            Peer cause = cause(from, packet, at);
            answer(cause, hub.tooLong(cause, packet.bytes, at, length, loop.message.bytes, Inbox.HEADROOM,
                    loop.now()));
        }
    }

    private void unreachable(Peer from, Buffer packet, int at, int length) {
        Peer cause = cause(from, packet, at);
        answer(cause, hub.unreachable(cause, packet.bytes, at, length, loop.message.bytes, Inbox.HEADROOM,
                loop.now()));
    }

    /** Who is answered: a client also when its packet has gone through the kernel; {@code null} for this host. */
    private Peer cause(Peer from, Buffer packet, int at) {
        return from != null ? from : hub.source(packet.bytes, at);
    }

    /** Sends the packet of that length in the loop's message to whoever caused it; none if 0. */
    private void answer(Peer to, int length) {
        if (length == 0) {
            return;
        }
        if (to == null) {
            loop.device.write(loop.message, Inbox.HEADROOM, length, 0);
        } else {
            to.link.sendPacket(loop.message, length, loop.now());
        }
    }

    /* ---- clients ---- */

    @Override
    public void accepted(Stream stream) {
        if (ending) {
            stream.reset();
            return;
        }
        if (++accepted == Budget.CROWD) {
            loop.timers.set(tidy, loop.now() + Budget.AFTER_CROWD);
        }
        try {
            String full = strangers.makeRoom(stream.peer().source());
            if (full != null) {
                turnAway(stream, full);
                return;
            }
            Peer peer = new Peer(this, gate.enter(stream));
            strangers.add(peer);
            loop.budget.logStranger(peer + " connected", loop.now());
        } catch (Failure e) {
            turnAway(stream, e.getMessage());
        }
    }

    private void turnAway(Stream stream, String why) {
        loop.budget.logStranger(stream.peer() + " turned away: " + why, loop.now());
        stream.reset();
    }

    /** A connection has an address now. */
    void joined(Peer peer) {
        strangers.remove(peer);
        clientsChanged();
    }

    /** A connection is closed. */
    void left(Peer peer) {
        if (peer.address() == null) {
            strangers.remove(peer);
        } else if (hub.leave(peer, loop.now())) {
            clientsChanged();
        }
    }

    /** A client has its answer: from now on it is there for others than this program too. */
    void came(Peer peer) {
        Answer answer = hub.answer(peer, peer.link.framing());
        answer.name = peer.name();
        if (hosts != null) {
            hosts.came(answer.address, answer.address6, answer.name);
        }
        if (settings.exportRoutes) {
            loop.device.setup.leadToHost(answer.address, answer.address6);
        }
        if (hooks != null) {
            String who = answer.name != null ? answer.name : answer.address.toString();
            peer.stay = hooks.came("client-", settings.clientUp, settings.clientDown, who,
                    HookEnvironment.of(answer, loop.device.name(), mtu).putOther(peer.link.stream));
        }
    }

    /** A client that was there is not any more. */
    void went(Peer peer) {
        if (hosts != null) {
            hosts.went(peer.address());
        }
        if (settings.exportRoutes) {
            Answer answer = hub.answer(peer, peer.link.framing());
            loop.device.setup.leaveHost(answer.address, answer.address6);
        }
        if (peer.stay != null) {
            hooks.went(peer.stay, ending ? "ended" : "gone");
        }
    }

    /** Whether anybody wants to know what clients call themselves. */
    boolean wantsNames() {
        return hosts != null;
    }

    /** A client says what it calls itself. */
    void named(Peer peer, String name) {
        hosts.named(peer.address(), name);
    }

    /** Adds to an answer what the hub has no part in. */
    Answer complete(Answer answer, Peer peer) {
        if (answer.refusal == null) {
            peer.tellTimes(answer);
            answer.nameServers = settings.nameServers;
            answer.domain = settings.domain;
            answer.name = peer.name();
            answer.clock = peer.link.stream.pin() != null ? InviteCommand.now() : 0;
            peer.tellTimes(answer);
            if (sites != null) {
                sites.push(answer, peer);
            }
        }
        return answer;
    }

    /** One client more, or less. */
    private void clientsChanged() {
        supervisor.status("listening on " + acceptor.address() + ", " + hub.own() + " on " + loop.device.name()
                + ", clients: " + hub.clients());
    }
}
