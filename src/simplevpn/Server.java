package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Ipv4;
import simplevpn.base.Log;
import simplevpn.base.Network;
import simplevpn.base.Ratelimit;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Poller;
import simplevpn.linux.Tcp;
import simplevpn.linux.Tun;
import simplevpn.protocol.Admission;
import simplevpn.protocol.Allocator;
import simplevpn.protocol.Offload;
import simplevpn.protocol.Packet;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Link;
import simplevpn.tunnel.Listener;
import simplevpn.tunnel.Pool;
import simplevpn.tunnel.Sender;

/**
 * {@code srv}: the hub. Clients connect to it, get an address each, and everything that they and this host send to one
 * another goes through its one loop.
 */
public final class Server {
    private static final String USAGE = """
            Usage: srv [OPTION]...
            Runs a private network: listens on one TCP port, gives each client (cli) an address, and carries
            packets between the clients and this host.""";

    private static final Network NETWORK = new Network(0x0a000000, 16);

    /** Packets of the device, and reads of one connection, that one turn handles before it looks at the others. */
    private static final int DEVICE_BATCH = 128;
    private static final int READ_BATCH = 4;
    private static final int ACCEPT_BATCH = 64;
    /** Bytes that may wait for all connections together. */
    private static final long POOL_LIMIT = 16L << 20;
    /** A SYN's MSS to and from classic clients: their reads should find whole packets in the outer segments. */
    private static final int CLASSIC_MSS = 1360;
    /** Descriptors that are not a client's: standard streams, the VM's files, device, poller, listener. */
    private static final int OTHER_DESCRIPTORS = 32;
    /** Bytes of the heap to reckon with for one connection: twice what was measured. */
    private static final int HEAP_PER_CONNECTION = 1024;
    private static final long SECOND = 1_000_000_000L;
    /** How long a connection may take to ask for an address. */
    private static final long ASK_TIME = 10 * SECOND;
    private static final long SHRINK_INTERVAL = 10 * SECOND;

    private final int timeout;
    private final int maxConnections;

    private final Admission admission;
    private final Allocator<Peer> pool;
    private final Poller poller;
    private final Device device;
    private final Listener listener;
    private final Pool memory = new Pool(POOL_LIMIT);
    private final Inbox inbox = new Inbox(false);
    private final Sender sender;
    private final Buffer message = Buffer.permanent(Inbox.HEADROOM + Wire.MAX_ANSWER);
    private final Ratelimit strangers;
    private final Ratelimit answers;
    /** The service manager that wants to hear of this program, or {@code null}. */
    private final Notify notify;

    /** Connections by descriptor. */
    private Peer[] peers = new Peer[64];
    private int connections;

    private long now = System.nanoTime();
    private long nextDeadline = now + Long.MAX_VALUE / 2;
    private long nextShrink = now + SHRINK_INTERVAL;

    private Server(Options options) throws Failure {
        int port = options.number("port", 1, 65535, Daemon.PORT);
        int wantedMtu = options.number("mtu", Daemon.MIN_MTU, Daemon.MAX_MTU, Daemon.MTU);
        timeout = options.number("timeout", 2, 65535, Daemon.TIMEOUT);
        Network network = options.given("network") ? Network.parse(options, "network") : NETWORK;
        String name = Daemon.interfaceName(options);
        int fitHeap = (int) Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / HEAP_PER_CONNECTION);
        maxConnections = Math.max(1, Math.min(Daemon.raiseDescriptorLimit() - OTHER_DESCRIPTORS, fitHeap));
        int maxClients = options.number("max-clients", 1, 1 << 24, maxConnections);
        strangers = new Ratelimit(20, 100, now);
        answers = new Ratelimit(20, 50, now);

        Daemon.chooseCongestion(options);
        Tcp socket = Tcp.listen(options.text("listen"), port);
        poller = new Poller();
        device = new Device(Tun.open(name), !options.given("no-offload"));
        int mtu = device.tun.netdevice.mtu(wantedMtu);
        admission = new Admission(network, mtu, timeout, maxClients, device.features());
        pool = admission.pool;
        sender = new Sender(mtu);
        device.tun.netdevice.address(pool.own(), network.prefix());
        listener = new Listener(socket, poller);
        poller.add(device.tun.fd, Abi.EPOLLIN);
        Log.event("listening on " + listener.tcp.peer + ", network " + network
                + ", this host is " + Ipv4.text(pool.own()) + " on " + device.tun.name
                + ", at most " + admission.maxClients() + " clients");
        notify = Daemon.serviceManager(now);
        if (notify != null) {
            tellOfClients();
            notify.ready(now);
        }
    }

    /** Starts the program; see {@code srv --help}. */
    public static void main(String[] words) {
        Options options = Daemon.common(new Options("srv", USAGE)
                .add('l', "listen", "ADDRESS", "listen on this IPv4 or IPv6 address (default: all)")
                .add('n', "network", "NETWORK/LENGTH", "addresses to give away (default 10.0.0.0/16)")
                .add('c', "max-clients", "COUNT", "how many clients at once (default: as many as can be)"));
        Log.start("srv", Log.EVENTS);
        int status = 0;
        try {
            if (!Daemon.parse(options, "srv", words)) {
                Server server = new Server(options);
                Daemon.endOnSignal(server.poller);
                server.loop();
            }
        } catch (Failure | RuntimeException | Error e) {
            status = Daemon.report(e);
        }
        Daemon.end(status);
    }

    private void loop() throws Failure {
        while (!poller.woken()) {
            turn();
        }
        if (notify != null) {
            notify.stopping();
        }
        device.tun.close();
        for (Peer peer : peers) {
            if (peer != null) {
                close(peer, "closed");
            }
        }
        Log.event("ended by a signal");
    }

    /**
     * One turn of the loop: waits for something to be ready or for the next deadline; carries the device's packets to
     * clients, takes new connections, reads each client's frames and carries them where they go; writes what was queued
     * for several clients; sees whose time is over.
     *
     * <p>A method of its own, since the VM compiles what is called often much earlier than what loops for ever.
     */
    private void turn() throws Failure {
        int ready = poller.await(untilDeadline());
        now = System.nanoTime();
        sender.turn(now);
        for (int i = 0; i < ready; i++) {
            int fd = poller.fd(i);
            if (fd == device.tun.fd) {
                if (poller.failed(i)) {
                    device.tun.check();
                }
                fromDevice();
            } else if (fd == listener.tcp.fd) {
                accept();
            } else if (fd < peers.length && peers[fd] != null) {
                serve(peers[fd], poller.writable(i), poller.failed(i));
            }
        }
        if (device.answering) {
            // The kernel answers a ping or a segment at once: looking costs less than waiting to be told.
            fromDevice();
        }
        sender.flush();
        deadlines();
    }

    /* ---- from the device ---- */

    private void fromDevice() {
        Buffer b = device.buffer;
        for (int i = 0; i < DEVICE_BATCH; i++) {
            // Right behind the packets that wait to be written, as if this one went the same way, which it often does.
            int at = sender.joining(b, Inbox.HEADROOM);
            if (!device.hasRoom(at)) {
                sender.endRow(false);
                at = Inbox.HEADROOM;
            }
            int length = device.read(at);
            if (length == 0) {
                break;
            }
            if (length == Offload.DROP) {
                continue;
            }
            int destination = Packet.destination(b.bytes, at);
            Peer to = pool.holder(destination);
            if (to != null) {
                forward(null, to, b, at, length, device.prefix);
            } else if (!pool.contains(destination) || !pool.reserved(destination)) {
                unreachable(null, b, at, length);
            }
        }
        device.answering = false;
        sender.endRow(true);
    }

    /* ---- from clients ---- */

    private void accept() {
        for (int i = 0; i < ACCEPT_BATCH; i++) {
            Tcp tcp = listener.accept(now);
            if (tcp == null) {
                return;
            }
            if (connections >= maxConnections) {
                tellOfStranger(tcp.peer + " turned away: " + connections
                        + " connections are as many as the limits of descriptors and memory allow");
                tcp.close();
                continue;
            }
            tcp.giveUpAfter(timeout);
            try {
                poller.add(tcp.fd, Abi.EPOLLIN);
            } catch (Failure e) {
                tellOfStranger(tcp.peer + " turned away: " + e.getMessage());
                tcp.close();
                continue;
            }
            if (tcp.fd >= peers.length) {
                Peer[] more = new Peer[Math.max(tcp.fd + 1, 2 * peers.length)];
                System.arraycopy(peers, 0, more, 0, peers.length);
                peers = more;
            }
            Peer peer = new Peer(new Link(tcp, poller, memory), timeout * SECOND, now);
            peers[tcp.fd] = peer;
            connections++;
            deadlineIn(ASK_TIME);
            tellOfStranger(peer + " connected");
        }
    }

    /** An event of a connection that has no address: anybody can cause these, so they are rate-limited. */
    private void tellOfStranger(String line) {
        if (strangers.pass(now)) {
            long leftOut = strangers.takeRefused();
            Log.event(leftOut == 0 ? line : line + " (" + leftOut + " such lines before it left out)");
        }
    }

    private void serve(Peer peer, boolean writable, boolean failed) {
        Link link = peer.link;
        if (failed) {
            link.error = link.tcp.error();
        } else if (writable) {
            link.flush(now);
        }
        for (int i = 0; i < READ_BATCH && link.error == 0 && (i == 0 || !inbox.drained); i++) {
            int result = inbox.fill(link);
            if (result == Tcp.END || result == 0 && failed) {
                close(peer, "gone");
                return;
            }
            if (result == 0) {
                break;
            }
            peer.keepalive.received(now);
            boolean sound = frames(peer);
            sender.endRow(true);
            device.flush();
            if (!sound) {
                return;
            }
        }
        if (link.error != 0) {
            close(peer, "gone: "
                    + (link.error == -Errno.ENOBUFS ? "no memory for its frames" : Errno.text(-link.error)));
        }
    }

    /** Handles the whole frames that were read; false when the connection was closed. */
    private boolean frames(Peer peer) {
        for (;;) {
            switch (inbox.next()) {
                case Wire.DATA -> data(peer);
                case Wire.KEEPALIVE -> {
                    if (inbox.prefix == 0) {
                        peer.link.send(inbox.buffer, inbox.frame, inbox.frameLength, now);
                    } else {
                        peer.refused++;
                    }
                }
                case Wire.ADDRESS -> {
                    if (inbox.prefix != 0) {
                        peer.refused++;
                    } else if (Wire.isRequest(inbox.buffer.bytes, inbox.packet) && !request(peer)) {
                        return false;
                    }
                }
                case Wire.IPV6 -> peer.refused++;
                case Wire.INCOMPLETE -> {
                    return true;
                }
                default -> {
                    close(peer, "protocol error: not this protocol, or a damaged stream");
                    return false;
                }
            }
        }
    }

    private void data(Peer peer) {
        Buffer b = inbox.buffer;
        int at = inbox.packet;
        int length = inbox.packetLength;
        int prefix = inbox.prefix;
        if (peer.address == 0 || Packet.source(b.bytes, at) != peer.address) {
            peer.refused++;
            if (Log.details() && peer.mayAnswer(now)) {
                Log.event(peer + " refused: a packet from " + Ipv4.text(Packet.source(b.bytes, at)));
            }
            return;
        }
        if (!Offload.check(b.bytes, at, length, prefix, peer.link.offloadUdp)) {
            peer.refused++;
            return;
        }
        peer.link.packetsIn++;
        peer.link.bytesIn += length;
        if (!peer.extended) {
            Packet.clampMss(b.bytes, at, length, CLASSIC_MSS, false);
        }
        int destination = Packet.destination(b.bytes, at);
        Peer to = pool.holder(destination);
        if (to != null) {
            forward(peer, to, b, at, length, prefix);
        } else if (pool.contains(destination) && !pool.reserved(destination)) {
            unreachable(peer, b, at, length);
        } else {
            // The kernel's packet header is written over the end of the frame before, which may still wait in the row.
            sender.endRow(false);
            if (peer.link.prefix == 0) {
                device.join(b, at, length);
            } else {
                device.write(b, at, length, prefix);
            }
        }
    }

    /* ---- to clients ---- */

    private void forward(Peer from, Peer to, Buffer source, int at, int length, int prefix) {
        if (from != null && from.link.prefix < to.link.prefix) {
            // The prefix is written over the end of the frame before, which the device may still keep back.
            device.flush();
        }
        if (!to.extended && (from == null || from.extended)) {
            Packet.clampMss(source.bytes, at, length, CLASSIC_MSS, prefix != 0);
        }
        sender.packet(to.link, source, at, length, prefix);
    }

    /** Answers a packet for an address that nobody has with ICMP host unreachable, unless too many such came. */
    private void unreachable(Peer peer, Buffer source, int at, int length) {
        if (peer == null ? !answers.pass(now) : !peer.mayAnswer(now)) {
            return;
        }
        // To this host the answer comes from the address that is missing: the kernel takes no packet from its own
        // address.
        int from = peer == null ? Packet.destination(source.bytes, at) : pool.own();
        int answer = Packet.hostUnreachable(source.bytes, at, length, from, message.bytes, Inbox.HEADROOM);
        if (answer == 0) {
            return;
        }
        if (peer == null) {
            device.write(message, Inbox.HEADROOM, answer, 0);
        } else {
            sendMessage(peer, answer);
        }
    }

    /** Sends what is in {@link #message} behind the headroom. */
    private void sendMessage(Peer peer, int length) {
        peer.link.sendMessage(message, length, now);
    }

    /* ---- addresses ---- */

    /** Answers an address request; false when it was refused and the connection closed. */
    private boolean request(Peer peer) {
        Buffer b = inbox.buffer;
        int at = inbox.packet;
        Link link = peer.link;
        if (peer.address == 0) {
            admission.decide(peer, b.bytes, at);
            if (admission.refusal != null) {
                sendMessage(peer, admission.refuse(b.bytes, at, message.bytes, Inbox.HEADROOM));
                close(peer, "refused: " + admission.refusal);
                return false;
            }
            Peer displaced = admission.displaced;
            if (displaced != null) {
                close(displaced, "gone: the same client connected again from " + link.tcp.peer);
            }
            link.frameBySend = !peer.extended;
            deadlineIn(timeout * SECOND);
            String control = link.settle();
            String how = displaced != null ? "taken over" : Wire.wanted(b.bytes, at) == 0 ? "dynamic" : "static";
            Log.event(link.tcp.peer + " assigned " + Ipv4.text(peer.address) + " (" + how
                    + (peer.extended ? ", " : ", classic, ") + control + ")");
            tellOfClients();
        }
        sendMessage(peer, admission.answer(peer, b.bytes, at, message.bytes, Inbox.HEADROOM));
        if ((peer.features & Wire.OFFLOAD) != 0 && link.prefix == 0) {
            if (!link.outbox.isEmpty()) {
                // What waits is in the old framing: this client sends without reading what it gets.
                close(peer, "protocol error: asks for an address but does not read");
                return false;
            }
            // In force from the first frame after the answer.
            link.prefix = Wire.PREFIX;
            link.offloadUdp = (peer.features & Wire.OFFLOAD_UDP) != 0;
        }
        return true;
    }

    /* ---- ends ---- */

    private void close(Peer peer, String why) {
        if (peer.address == 0) {
            tellOfStranger(peer + " " + why);
        } else {
            Log.event(peer + " " + why + "; " + peer.counts());
        }
        sender.release(peer.link);
        if (pool.holder(peer.address) == peer) {
            pool.release(peer.address);
            tellOfClients();
        }
        inbox.release(peer.link);
        peers[peer.link.tcp.fd] = null;
        connections--;
        peer.link.close();
    }

    private void tellOfClients() {
        if (notify != null) {
            notify.status("listening on " + listener.tcp.peer + ", " + Ipv4.text(pool.own()) + " on " + device.tun.name
                    + ", clients: " + pool.leased());
        }
    }

    private void deadlineIn(long nanos) {
        if (nextDeadline - now > nanos) {
            nextDeadline = now + nanos;
        }
    }

    private long untilDeadline() {
        long until = Math.min(nextDeadline - now, listener.untilResumed(now));
        if (memory.isUsed()) {
            until = Math.min(until, nextShrink - now);
        }
        if (notify != null) {
            until = Math.min(until, notify.untilDue(now));
        }
        return until > Long.MAX_VALUE / 4 ? Long.MAX_VALUE : until;
    }

    /**
     * Looks through all connections, but only when the earliest of their deadlines has come: no oftener than every few
     * seconds.
     */
    private void deadlines() {
        if (notify != null) {
            notify.act(now);
        }
        listener.resume(now);
        if (now - nextShrink >= 0) {
            for (Peer peer : peers) {
                if (peer != null) {
                    peer.link.tidy(now);
                }
            }
            memory.shrink();
            nextShrink = now + SHRINK_INTERVAL;
        }
        if (now - nextDeadline < 0) {
            return;
        }
        nextDeadline = now + Long.MAX_VALUE / 2;
        for (int fd = 0; fd < peers.length; fd++) {
            Peer peer = peers[fd];
            if (peer == null) {
                continue;
            }
            long left = peer.address == 0 ? ASK_TIME - (now - peer.since) : peer.keepalive.untilSilent(now);
            if (left <= 0) {
                close(peer, "timed out: " + (peer.address == 0 ? "did not ask for an address in "
                        + ASK_TIME / SECOND + " s" : "silent for " + timeout + " s"));
            } else {
                deadlineIn(left);
            }
        }
    }
}
