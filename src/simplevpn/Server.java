package simplevpn;

/**
 * {@code srv}: the hub. Clients connect to it, get an address each, and everything that they and this host send to one another goes
 * through its one loop.
 */
public final class Server {
    private static final String USAGE = """
            Usage: srv [OPTION]...
            Runs a private network: listens on one TCP port, gives each client (cli) an address, and carries
            packets between the clients and this host.""";

    /** Packets of the device, and reads of one connection, that one turn handles before it looks at the others. */
    private static final int DEVICE_BATCH = 128;
    private static final int READ_BATCH = 4;
    private static final int ACCEPT_BATCH = 64;
    /** Packets that wait in the device until the loop reads them. */
    private static final int DEVICE_QUEUE = 50;
    /** Bytes that may wait for one client, and for all connections together. */
    private static final int OUTBOX_LIMIT = 256 * 1024;
    private static final long POOL_LIMIT = 16L << 20;
    /** Frames in a row for one client are written from where they are when they have at least so many bytes. */
    private static final int WORTH_A_WRITE = 16 * 1024;
    /** A SYN's MSS to and from classic clients: their reads should find whole packets in the outer segments. */
    private static final int CLASSIC_MSS = 1360;
    /** Descriptors that are not a client's: standard streams, the VM's files, device, poller, listener. */
    private static final int OTHER_DESCRIPTORS = 32;
    private static final long SECOND = 1_000_000_000L;
    /** How long a connection may take to ask for an address. */
    private static final long ASK_TIME = 10 * SECOND;
    /** How long to leave the listener alone when the kernel has no room for a connection. */
    private static final long ACCEPT_PAUSE = SECOND;
    private static final long SHRINK_INTERVAL = 10 * SECOND;

    private final int mtu;
    private final int timeout;
    private final int prefixLength;
    private final int maxClients;
    private final int maxConnections;

    private final Allocator<Peer> pool;
    private final Poller poller;
    private final Tun tun;
    private final Tcp listener;
    private final Pool memory = new Pool(POOL_LIMIT);
    private final Inbox inbox = new Inbox(false);
    private final Buffer packets = Buffer.permanent(256 * 1024);
    private final Buffer message = Buffer.permanent(Inbox.HEADROOM + Wire.MAX_ANSWER);
    private final Ratelimit strangers;
    private final Ratelimit answers;

    /** Connections by descriptor. */
    private Peer[] peers = new Peer[64];
    private int connections;
    /** Links to flush at the end of the turn, since frames for several were queued in it. */
    private Peer[] queued = new Peer[16];
    private int queuedCount;

    /** The frames in a row that go to one client: where they are, not written yet. */
    private Peer runTo;
    private Buffer run;
    private int runAt;
    private int runEnd;

    private long now = System.nanoTime();
    private long nextDeadline = now + Long.MAX_VALUE / 2;
    private long nextShrink = now + SHRINK_INTERVAL;
    private boolean accepting = true;
    private long acceptAgain;

    private Server(Options options) throws Failure {
        int port = options.number("port", 1, 65535, Daemon.PORT);
        mtu = options.number("mtu", 576, 65535, 1500);
        timeout = options.number("timeout", 2, 65535, Daemon.TIMEOUT);
        int network = network(options);
        prefixLength = prefixLength(options);
        pool = new Allocator<>(network, prefixLength);
        String device = Daemon.interfaceName(options);
        int descriptors = Math.max(1, Daemon.raiseDescriptorLimit() - OTHER_DESCRIPTORS);
        maxClients = options.number("max-clients", 1, 1 << 24, Math.min(pool.capacity(), descriptors));
        maxConnections = descriptors;
        strangers = new Ratelimit(20, 100, now);
        answers = new Ratelimit(20, 50, now);

        listener = Tcp.listen(options.text("listen"), port);
        poller = new Poller();
        tun = Tun.open(device);
        tun.configure(pool.own(), prefixLength, mtu, DEVICE_QUEUE);
        poller.add(listener.fd, Abi.EPOLLIN);
        poller.add(tun.fd, Abi.EPOLLIN);
        Log.event("listening on " + listener.peer + ", network " + Ipv4.text(network) + "/" + prefixLength + ", this host is "
                + Ipv4.text(pool.own()) + " on " + tun.name + ", at most " + maxClients + " clients");
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

    private static int network(Options options) throws Failure {
        if (!options.given("network")) {
            return 0x0a000000;
        }
        String text = options.text("network");
        int slash = text.indexOf('/');
        long network = Ipv4.parse(slash < 0 ? text : text.substring(0, slash));
        int length = prefixLength(options);
        if (network < 0) {
            throw options.bad("network", "must be an IPv4 network and its length, such as 10.0.0.0/16");
        }
        int name = (int) network & Ipv4.netmask(length);
        if (name != (int) network) {
            throw options.bad("network", "has bits set behind its length; the network is " + Ipv4.text(name) + "/" + length);
        }
        if (!Ipv4.host(name)) {
            throw options.bad("network", "no host can have addresses of this network");
        }
        return name;
    }

    private static int prefixLength(Options options) throws Failure {
        if (!options.given("network")) {
            return 16;
        }
        String text = options.text("network");
        int slash = text.indexOf('/');
        int length = 0;
        for (int i = slash + 1; slash > 0 && i < text.length() && i < slash + 4; i++) {
            char c = text.charAt(i);
            length = c >= '0' && c <= '9' ? length * 10 + c - '0' : 99;
        }
        if (length < 8 || length > 30) {
            throw options.bad("network", "must end in a length from /8 to /30, such as 10.0.0.0/16");
        }
        return length;
    }

    /* A turn of the loop: wait for something to be ready or for the next deadline; carry the device's packets to clients, take
     * new connections, read each client's frames and carry them where they go; write what was queued for several clients;
     * see whose time is over. */
    private void loop() throws Failure {
        while (!poller.woken()) {
            int ready = poller.await(untilDeadline());
            now = System.nanoTime();
            for (int i = 0; i < ready; i++) {
                int fd = poller.fd(i);
                if (fd == tun.fd) {
                    fromDevice();
                } else if (fd == listener.fd) {
                    accept();
                } else if (fd < peers.length && peers[fd] != null) {
                    serve(peers[fd], poller.ready(i));
                }
            }
            flushQueued();
            deadlines();
        }
        tun.close();
        Log.event("ended by a signal, " + connections + " connections closed");
    }

    /* ---- from the device ---- */

    private void fromDevice() throws Failure {
        int at = Inbox.HEADROOM;
        for (int i = 0; i < DEVICE_BATCH; i++) {
            if (packets.size - at < mtu) {
                endRun(true);
                at = Inbox.HEADROOM;
            }
            int length = tun.read(packets, at, packets.size - at);
            if (length == 0) {
                break;
            }
            int verdict = Wire.frame(packets.bytes, at, at + length, false);
            if (Wire.kind(verdict) == Wire.DATA && Wire.length(verdict) == length) {
                at += fromDevice(at, length) ? length : 0;
            }
        }
        endRun(true);
    }

    /** Carries one packet of the device; false when nothing needs its bytes any more. */
    private boolean fromDevice(int at, int length) throws Failure {
        int destination = Packet.destination(packets.bytes, at);
        Peer to = pool.holder(destination);
        if (to != null) {
            forward(null, to, packets, at, length);
            return true;
        }
        if (!pool.contains(destination) || !pool.reserved(destination)) {
            unreachable(null, packets, at, length);
        }
        return false;
    }

    /* ---- from clients ---- */

    private void accept() throws Failure {
        for (int i = 0; i < ACCEPT_BATCH; i++) {
            Tcp tcp = listener.accept();
            if (tcp == null) {
                if (listener.refused != -Errno.EAGAIN && listener.refused != -Errno.ECONNABORTED) {
                    pauseAccepting();
                }
                return;
            }
            if (connections >= maxConnections) {
                if (strangers.pass(now)) {
                    Log.event(tcp.peer + " turned away: " + connections + " connections are as many as the descriptor limit allows");
                }
                tcp.close();
                continue;
            }
            poller.add(tcp.fd, Abi.EPOLLIN);
            if (tcp.fd >= peers.length) {
                Peer[] more = new Peer[Math.max(tcp.fd + 1, 2 * peers.length)];
                System.arraycopy(peers, 0, more, 0, peers.length);
                peers = more;
            }
            Peer peer = new Peer(new Link(tcp, poller, memory, OUTBOX_LIMIT), timeout * SECOND, now);
            peers[tcp.fd] = peer;
            connections++;
            deadlineIn(ASK_TIME);
            if (strangers.pass(now)) {
                Log.event(peer + " connected");
            }
        }
    }

    /** The kernel has no descriptor or memory for a connection: asking again at once would only spin. */
    private void pauseAccepting() {
        Log.event("accept: " + Errno.text(-listener.refused) + ": no new connections for a second");
        accepting = false;
        acceptAgain = now + ACCEPT_PAUSE;
        poller.change(listener.fd, 0);
        deadlineIn(ACCEPT_PAUSE);
    }

    private void serve(Peer peer, int ready) throws Failure {
        Link link = peer.link;
        if ((ready & Abi.EPOLLOUT) != 0) {
            link.flush();
        }
        for (int i = 0; i < READ_BATCH && link.error == 0; i++) {
            int result = inbox.fill(link);
            if (result == 0) {
                break;
            }
            if (result < 0) {
                close(peer, result == Tcp.END ? "gone" : "gone: " + Errno.text(-result));
                return;
            }
            peer.keepalive.received(now);
            boolean sound = frames(peer);
            endRun(true);
            if (!sound) {
                return;
            }
        }
        if (link.error != 0) {
            close(peer, "gone: " + (link.error == -Errno.ENOBUFS ? "no memory for its frames" : Errno.text(-link.error)));
        }
    }

    /** Handles the whole frames that were read; false when the connection was closed. */
    private boolean frames(Peer peer) throws Failure {
        for (;;) {
            switch (inbox.next()) {
                case Wire.DATA -> data(peer);
                case Wire.KEEPALIVE -> peer.link.send(inbox.buffer, inbox.frame, inbox.frameLength);
                case Wire.ADDRESS -> {
                    if (Wire.isRequest(inbox.buffer.bytes, inbox.packet) && !request(peer)) {
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

    private void data(Peer peer) throws Failure {
        Buffer b = inbox.buffer;
        int at = inbox.packet;
        int length = inbox.packetLength;
        if (peer.address == 0 || Packet.source(b.bytes, at) != peer.address) {
            peer.refused++;
            if (Log.details() && peer.mayAnswer(now)) {
                Log.event(peer + " refused: a packet from " + Ipv4.text(Packet.source(b.bytes, at)));
            }
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
            forward(peer, to, b, at, length);
        } else if (pool.contains(destination) && !pool.reserved(destination)) {
            unreachable(peer, b, at, length);
        } else {
            tun.write(b, at, length);
        }
    }

    /* ---- to clients ---- */

    /** Sends one packet to a client: in one write with those before and behind it, if they go to the same one. */
    private void forward(Peer from, Peer to, Buffer source, int at, int length) {
        if (!to.extended && (from == null || from.extended)) {
            Packet.clampMss(source.bytes, at, length, CLASSIC_MSS, false);
        }
        to.link.packetsOut++;
        to.link.bytesOut += length;
        int frame = at - to.link.prefix;
        if (runTo != to || run != source || runEnd != frame) {
            endRun(false);
            runTo = to;
            run = source;
            runAt = frame;
        }
        runEnd = at + length;
    }

    /**
     * Writes or queues the frames in a row.
     *
     * @param last whether no more come in this batch, so that waiting for company is of no use
     */
    private void endRun(boolean last) {
        if (runTo == null) {
            return;
        }
        Link link = runTo.link;
        int length = runEnd - runAt;
        if (link.outbox.isEmpty() && (last || link.frameBySend || length >= WORTH_A_WRITE)) {
            link.send(run, runAt, length);
        } else {
            link.queue(run, runAt, length);
            flushLater(runTo);
        }
        runTo = null;
    }

    private void flushLater(Peer peer) {
        if (peer.queued || peer.link.waiting()) {
            return;
        }
        if (queuedCount == queued.length) {
            Peer[] more = new Peer[2 * queuedCount];
            System.arraycopy(queued, 0, more, 0, queuedCount);
            queued = more;
        }
        peer.queued = true;
        queued[queuedCount++] = peer;
    }

    private void flushQueued() {
        for (int i = 0; i < queuedCount; i++) {
            Peer peer = queued[i];
            queued[i] = null;
            peer.queued = false;
            if (!peer.closed) {
                peer.link.flush();
            }
        }
        queuedCount = 0;
    }

    /** Answers a packet for an address that nobody has with ICMP host unreachable, unless too many such came. */
    private void unreachable(Peer peer, Buffer source, int at, int length) throws Failure {
        if (peer == null ? !answers.pass(now) : !peer.mayAnswer(now)) {
            return;
        }
        // To this host the answer comes from the address that is missing: the kernel takes no packet from its own address.
        int from = peer == null ? Packet.destination(source.bytes, at) : pool.own();
        int answer = Packet.hostUnreachable(source.bytes, at, length, from, message.bytes, Inbox.HEADROOM);
        if (answer == 0) {
            return;
        }
        if (peer == null) {
            tun.write(message, Inbox.HEADROOM, answer);
        } else {
            sendMessage(peer, answer);
        }
    }

    /** Sends what is in {@link #message} behind the headroom. */
    private void sendMessage(Peer peer, int length) {
        int prefix = peer.link.prefix;
        if (prefix > 0) {
            message.bytes.putInt(Inbox.HEADROOM - prefix, 0);
        }
        peer.link.send(message, Inbox.HEADROOM - prefix, prefix + length);
    }

    /* ---- addresses ---- */

    /** Answers an address request; false when it was refused and the connection closed. */
    private boolean request(Peer peer) {
        Buffer b = inbox.buffer;
        int at = inbox.packet;
        boolean extended = Wire.isExtendedRequest(b.bytes, at);
        if (peer.address == 0) {
            int wanted = Wire.wanted(b.bytes, at);
            long token = extended ? Wire.token(b.bytes, at) : 0;
            Peer holder = pool.holder(wanted);
            boolean takeover = holder != null && token != 0 && holder.token == token;
            String refusal = takeover ? null : refusal(wanted, holder);
            if (refusal != null) {
                refuse(peer, extended, refusal);
                return false;
            }
            if (takeover) {
                close(holder, "gone: the same client connected again from " + peer.link.tcp.peer);
            }
            peer.extended = extended;
            peer.link.frameBySend = !extended;
            peer.token = token;
            if (wanted == 0) {
                peer.address = pool.dynamic(peer);
            } else {
                pool.fixed(wanted, peer);
                peer.address = wanted;
            }
            deadlineIn(timeout * SECOND);
            Log.event(peer.link.tcp.peer + " assigned " + Ipv4.text(peer.address)
                    + (takeover ? " (taken over" : wanted == 0 ? " (dynamic" : " (static") + (extended ? ")" : ", classic)"));
        }
        sendMessage(peer, extended ? extendedAnswer(peer, at) : classicAnswer(peer, at));
        return true;
    }

    /** Why a request for an address cannot be granted, or {@code null}. */
    private String refusal(int wanted, Peer holder) {
        if (pool.leased() >= maxClients) {
            return "the server is full, " + maxClients + " clients are its limit";
        }
        if (wanted == 0) {
            return pool.leased() == pool.capacity() ? "no address is free" : null;
        }
        if (!pool.contains(wanted)) {
            return Ipv4.text(wanted) + " is not in the network " + Ipv4.text(pool.own() - 1) + "/" + prefixLength;
        }
        if (pool.reserved(wanted)) {
            return Ipv4.text(wanted) + " is reserved";
        }
        return holder != null ? Ipv4.text(wanted) + " is taken by another client" : null;
    }

    private int classicAnswer(Peer peer, int request) {
        return Wire.classicAnswer(message.bytes, Inbox.HEADROOM, inbox.buffer.bytes, request, peer.address);
    }

    private int extendedAnswer(Peer peer, int request) {
        int begin = Inbox.HEADROOM;
        int at = Wire.beginAnswer(message.bytes, begin, inbox.buffer.bytes, request, 0, peer.address);
        at = Wire.option4(message.bytes, at, Wire.NETMASK, Ipv4.netmask(prefixLength));
        at = Wire.option4(message.bytes, at, Wire.SERVER, pool.own());
        at = Wire.option2(message.bytes, at, Wire.MTU, mtu);
        at = Wire.option4(message.bytes, at, Wire.KEEPALIVE_TIMES, Math.max(1, timeout / 4) << 16 | timeout);
        return Wire.endAnswer(message.bytes, begin, at);
    }

    private void refuse(Peer peer, boolean extended, String reason) {
        if (extended) {
            int begin = Inbox.HEADROOM;
            int at = Wire.beginAnswer(message.bytes, begin, inbox.buffer.bytes, inbox.packet, 0, 0);
            sendMessage(peer, Wire.endAnswer(message.bytes, begin, Wire.reason(message.bytes, at, reason)));
        }
        close(peer, "refused: " + reason);
    }

    /* ---- ends ---- */

    private void close(Peer peer, String why) {
        if (peer.address != 0 || strangers.pass(now)) {
            Log.event(peer + " " + why + (peer.address == 0 ? "" : "; " + peer.counts()));
        }
        peer.closed = true;
        if (runTo == peer) {
            runTo = null;
        }
        pool.release(peer.address);
        inbox.release(peer.link);
        peers[peer.link.tcp.fd] = null;
        connections--;
        peer.link.close();
    }

    private void deadlineIn(long nanos) {
        if (nextDeadline - now > nanos) {
            nextDeadline = now + nanos;
        }
    }

    private long untilDeadline() {
        long until = nextDeadline - now;
        if (memory.hasSpare()) {
            until = Math.min(until, nextShrink - now);
        }
        return until > Long.MAX_VALUE / 4 ? Long.MAX_VALUE : until;
    }

    /** Looks through all connections, but only when the earliest of their deadlines has come: no oftener than every few seconds. */
    private void deadlines() {
        if (now - nextShrink >= 0) {
            memory.shrink();
            nextShrink = now + SHRINK_INTERVAL;
        }
        if (now - nextDeadline < 0) {
            return;
        }
        nextDeadline = now + Long.MAX_VALUE / 2;
        if (!accepting) {
            accepting = now - acceptAgain >= 0;
            if (accepting) {
                poller.change(listener.fd, Abi.EPOLLIN);
            } else {
                deadlineIn(acceptAgain - now);
            }
        }
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
