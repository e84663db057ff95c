package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Ipv4;
import simplevpn.base.Log;
import simplevpn.base.Ratelimit;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;
import simplevpn.linux.Poller;
import simplevpn.linux.Tcp;
import simplevpn.linux.Tun;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Keepalive;
import simplevpn.protocol.Lease;
import simplevpn.protocol.Offload;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Dialer;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Link;
import simplevpn.tunnel.Pool;
import simplevpn.tunnel.Sender;

/**
 * {@code cli}: one connection to a server, and this host's TUN interface at its other end.
 *
 * <p>The interface, its address and routes outlive the connection: while the client reconnects, which it does for ever,
 * the applications' own connections only see packets get lost.
 */
public final class Client {
    private static final String USAGE = """
            Usage: cli -s HOST [OPTION]...
            Joins a private network: connects to a server (srv), asks it for an address, and carries this
            host's packets.""";

    /* What the connection is doing. */
    private static final int WAITING = 0;
    private static final int CONNECTING = 1;
    private static final int ASKING = 2;
    private static final int RUNNING = 3;

    private static final int DEVICE_BATCH = 128;
    private static final int READ_BATCH = 4;
    private static final long POOL_LIMIT = 16L << 20;
    /** MTU towards a classic server, so that its reads find whole packets in the outer segments. */
    private static final int CLASSIC_MTU = 1400;
    private static final long SECOND = 1_000_000_000L;
    /** How long one address of the server may take to connect, and a server to answer the address request. */
    private static final long CONNECT_TIME = 10 * SECOND;
    private static final long ANSWER_TIME = 10 * SECOND;
    private static final long SHRINK_INTERVAL = 10 * SECOND;

    private final String host;
    private final Lease lease;
    private final int wantedMtu;
    private final int wantedTimeout;
    private final boolean once;
    /** Drawn once per run: by it a server knows this client again. */
    private final long token;

    private final Dialer dialer;
    private final Poller poller = new Poller();
    private final Device device;
    private final Pool memory = new Pool(POOL_LIMIT);
    private final Inbox inbox = new Inbox(true);
    private final Sender sender = new Sender(Daemon.MTU);
    private final Buffer message = Buffer.permanent(Inbox.HEADROOM + Wire.HEADER);
    private final Ratelimit details;
    /** The service manager that wants to hear of this program, or {@code null}. */
    private final Notify notify;

    private int state = WAITING;
    private Link link;
    private boolean extended;
    private Keepalive keepalive;
    private boolean deviceWatched;
    /** Until when the server has to connect or answer. */
    private long deadline;
    private long now = System.nanoTime();
    private long nextShrink = now + SHRINK_INTERVAL;

    /** Frames that were not written to the device, or bytes of a damaged stream. */
    private long refused;
    private long resyncs;

    private Client(Options options) throws Failure {
        if (!options.given("server")) {
            throw options.wrong("-s HOST is missing: which server to connect to");
        }
        host = options.text("server");
        if (host.isEmpty()) {
            throw options.bad("server", "must be a host name or an address");
        }
        int port = options.number("port", 1, 65535, Daemon.PORT);
        wantedMtu = options.number("mtu", Daemon.MIN_MTU, Daemon.MAX_MTU, 0);
        wantedTimeout = options.number("timeout", 2, 65535, 0);
        once = options.given("once");
        int fixedAddress = Lease.fixedAddress(options, "address");
        Daemon.chooseCongestion(options);
        token = randomToken();
        dialer = new Dialer(host, port, token, now);
        details = new Ratelimit(1, 10, now);
        device = new Device(Tun.open(Daemon.interfaceName(options)), !options.given("no-offload"));
        lease = new Lease(fixedAddress != 0 ? fixedAddress : device.tun.netdevice.fixedAddress());
        poller.add(device.tun.fd, 0);
        notify = Daemon.serviceManager(now);
        tell("looking for " + host);
    }

    /** Starts the program; see {@code cli --help}. */
    public static void main(String[] words) {
        Options options = Daemon.common(new Options("cli", USAGE)
                .add('s', "server", "HOST", "name or address of the server")
                .add('a', "address", "ADDRESS", "ask for this address (default: any)")
                .add((char) 0, "once", null, "try once to connect, and end with status 4 if that fails"));
        Log.start("cli", Log.EVENTS);
        int status = 0;
        try {
            if (!Daemon.parse(options, "cli", words)) {
                Client client = new Client(options);
                Daemon.endOnSignal(client.poller);
                client.loop();
            }
        } catch (Failure | RuntimeException | Error e) {
            status = Daemon.report(e);
        }
        Daemon.end(status);
    }

    /** 48 random bits, never 0 (urandom(4)). */
    private static long randomToken() throws Failure {
        Buffer bytes = Buffer.permanent(Long.BYTES);
        int fd = Libc.open("/dev/urandom", Abi.O_CLOEXEC);
        int result = fd < 0 ? fd : Libc.read(fd, bytes, 0, 6);
        if (result < 0) {
            throw Failure.of("read /dev/urandom", result, "");
        }
        Libc.close(fd);
        long token = bytes.bytes.getLong(0) >>> 16;
        return token == 0 ? 1 : token;
    }

    private void loop() throws Failure {
        while (!poller.woken()) {
            turn();
        }
        if (notify != null) {
            notify.stopping();
        }
        device.tun.close();
        Log.event("ended by a signal" + (state == RUNNING ? "; " + counts() : ""));
    }

    /**
     * One turn of the loop: waits for something to be ready or for the next deadline; carries the server's frames to the
     * device and the device's packets to the server; sees whose time is over.
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
            } else if (link != null && fd == link.tcp.fd) {
                serve(poller.writable(i), poller.failed(i));
            }
        }
        if (device.answering && state == RUNNING) {
            // The kernel answers a ping or a segment at once: looking costs less than waiting to be told.
            fromDevice();
        }
        deadlines();
    }

    /* ---- connecting ---- */

    private void attempt() throws Failure {
        String failure = null;
        if (notify != null) {
            notify.alive(now);
        }
        try {
            dialer.lookUp();
        } catch (Failure e) {
            failure = e.getMessage();
        }
        // A name server may have taken its time.
        now = System.nanoTime();
        if (failure == null) {
            next(host + " has no address");
        } else {
            failed(failure);
        }
    }

    /**
     * Begins to connect to the next address of the server; when none is left, pauses because of what the last one did.
     */
    private void next(String why) throws Failure {
        closeLink();
        Tcp tcp;
        try {
            tcp = dialer.connect();
        } catch (Failure e) {
            failed(e.getMessage());
            return;
        }
        if (tcp == null) {
            failed(why);
            return;
        }
        poller.add(tcp.fd, Abi.EPOLLOUT);
        link = new Link(tcp, poller, memory);
        // Until it answers, a server may be a classic one, whatever the last one was.
        extended = false;
        state = CONNECTING;
        deadline = now + CONNECT_TIME;
    }

    private void connected() throws Failure {
        int result = link.tcp.error();
        if (result < 0) {
            next(Failure.of("connect " + link.tcp.peer, result, "").getMessage());
            return;
        }
        poller.change(link.tcp.fd, Abi.EPOLLIN);
        int length = Wire.request(message.bytes, Inbox.HEADROOM, device.features(), token, lease.wanted());
        link.sendMessage(message, length, now);
        state = ASKING;
        deadline = now + ANSWER_TIME;
    }

    private void failed(String why) throws Failure {
        closeLink();
        state = WAITING;
        if (once) {
            throw new Failure(Failure.UNREACHABLE, why);
        }
        tell("trying: " + why);
        dialer.pause(why, now);
    }

    private void closeLink() {
        if (link != null) {
            inbox.release(link);
            sender.release(link);
            link.close();
            link = null;
        }
        watchDevice(false);
    }

    /* ---- the address ---- */

    private void answer() throws Failure {
        Answer answer = new Answer(inbox.buffer.bytes, inbox.packet, inbox.packetLength);
        if (answer.invalid != null) {
            next(link.tcp.peer + ": " + answer.invalid);
        } else if (answer.refusal != null) {
            refused(answer.refusal);
        } else {
            join(answer);
        }
    }

    private void refused(String reason) throws Failure {
        String why = link.tcp.peer + " refused: " + reason;
        if (once || !lease.refused()) {
            throw new Failure(Failure.REFUSED, why);
        }
        next(why);
    }

    private void join(Answer answer) throws Failure {
        extended = answer.extended;
        link.frameBySend = !extended;
        // Whatever a server says it accepts: only what was offered is in force.
        int features = answer.features & device.features();
        boolean offload = (features & Wire.OFFLOAD) != 0;
        link.prefix = offload ? Wire.PREFIX : 0;
        link.offloadUdp = offload && (features & Wire.OFFLOAD_UDP) != 0;
        device.deliverOffloads(offload);
        int pushedMtu = !extended ? CLASSIC_MTU : answer.mtu != 0 ? answer.mtu : Daemon.MTU;
        int mtu = device.tun.netdevice.mtu(wantedMtu != 0 ? wantedMtu : pushedMtu);
        device.tun.netdevice.address(answer.address, answer.prefix);
        lease.granted(answer.address);
        device.tun.netdevice.routes(answer.routes, link.tcp.peer.ipv4());
        times(answer);
        state = RUNNING;
        dialer.succeeded();
        watchDevice(true);
        String control = link.settle();
        String what = "connected to " + link.tcp.peer + (extended ? "" : " (classic)") + ", address "
                + Ipv4.text(answer.address) + "/" + answer.prefix + " on " + device.tun.name;
        Log.event(what + ", MTU " + mtu + ", congestion control " + control);
        tell(what);
        if (notify != null) {
            notify.ready(now);
        }
    }

    private void times(Answer answer) {
        int timeout = wantedTimeout != 0 ? wantedTimeout : answer.timeout != 0 ? answer.timeout : Daemon.TIMEOUT;
        int idle = Math.max(1, timeout / 4);
        if (answer.idle != 0) {
            idle = Math.min(idle, answer.idle);
        }
        keepalive = new Keepalive(idle * SECOND, timeout * SECOND, now);
        link.tcp.giveUpAfter(timeout);
    }

    /* ---- from the server ---- */

    private void serve(boolean writable, boolean failed) throws Failure {
        if (state == CONNECTING) {
            connected();
            return;
        }
        if (failed) {
            link.error = link.tcp.error();
        } else if (writable) {
            link.flush(now);
        }
        Link serving = link;
        for (int i = 0; i < READ_BATCH && link == serving && link.error == 0 && (i == 0 || !inbox.drained); i++) {
            int result = inbox.fill(link);
            if (result == Tcp.END || result == 0 && failed) {
                lost("closed the connection");
                return;
            }
            if (result == 0) {
                return;
            }
            if (state == RUNNING) {
                keepalive.received(now);
            }
            frames(serving);
            device.flush();
        }
        if (link == serving && link.error != 0) {
            lost(Errno.text(-link.error));
        }
    }

    /** Handles the whole frames that were read, as long as they do not end this connection. */
    private void frames(Link serving) throws Failure {
        while (link == serving) {
            switch (inbox.next()) {
                case Wire.DATA -> {
                    if (state == RUNNING && toDevice()) {
                        link.packetsIn++;
                        link.bytesIn += inbox.packetLength;
                    } else {
                        refused++;
                    }
                }
                case Wire.ADDRESS -> {
                    if (state == ASKING) {
                        answer();
                    }
                }
                case Wire.KEEPALIVE -> {
                    // An answer to ours; that something came is already noted.
                }
                case Wire.IPV6 -> refused++;
                case Wire.INCOMPLETE -> {
                    return;
                }
                default -> damaged();
            }
        }
    }

    /** Hands the inbox's packet to the device; false when it is not sound or the kernel refuses it. */
    private boolean toDevice() {
        Buffer b = inbox.buffer;
        if (link.prefix == 0) {
            return device.join(b, inbox.packet, inbox.packetLength);
        }
        return Offload.check(b.bytes, inbox.packet, inbox.packetLength, inbox.prefix, link.offloadUdp)
                && device.write(b, inbox.packet, inbox.packetLength, inbox.prefix);
    }

    /**
     * A classic server cuts streams anywhere, so the next read may begin with a frame; any other server has to be
     * sound.
     */
    private void damaged() throws Failure {
        if (extended) {
            lost("sent a damaged stream");
            return;
        }
        int bytes = inbox.discard();
        resyncs++;
        if (Log.details() && details.pass(now)) {
            Log.event(link.tcp.peer + " sent a damaged stream, " + bytes + " bytes thrown away");
        }
    }

    /** The connection is of no use any more. */
    private void lost(String why) throws Failure {
        String what = link.tcp.peer + " " + why;
        if (state == ASKING) {
            if (!lease.hungUp()) {
                throw new Failure(Failure.REFUSED, what + " instead of giving " + Ipv4.text(lease.wanted())
                        + ": the address is taken, reserved or not in its network");
            }
            next(what);
            return;
        }
        Log.event(what + "; " + counts() + "; reconnecting");
        dialer.told(what);
        failed(what);
    }

    private String counts() {
        return link.counts() + ", refused " + refused + ", resyncs " + resyncs;
    }

    /* ---- from the device ---- */

    private void fromDevice() {
        if (!deviceWatched) {
            return;
        }
        Buffer b = device.buffer;
        for (int i = 0; i < DEVICE_BATCH; i++) {
            int at = sender.joining(b, Inbox.HEADROOM);
            if (!device.hasRoom(at)) {
                break;
            }
            int length = device.read(at);
            if (length == 0) {
                break;
            }
            if (length != Offload.DROP) {
                sender.packet(link, b, at, length, device.prefix);
                keepalive.sent(now);
            }
        }
        device.answering = false;
        sender.endRow(true);
        sender.flush();
    }

    /** Whether packets are read from the device: not without a connection. */
    private void watchDevice(boolean wanted) {
        if (wanted != deviceWatched) {
            deviceWatched = wanted;
            poller.change(device.tun.fd, wanted ? Abi.EPOLLIN : 0);
        }
    }

    /** What the service manager is told of this program. */
    private void tell(String status) {
        if (notify != null) {
            notify.status(status);
        }
    }

    /* ---- time ---- */

    private long untilDeadline() {
        long until = switch (state) {
            case WAITING -> dialer.untilAttempt(now);
            case RUNNING -> keepalive.untilClientActs(now);
            default -> deadline - now;
        };
        if (notify != null) {
            until = Math.min(until, notify.untilDue(now));
        }
        return memory.hasSpare() ? Math.min(until, nextShrink - now) : until;
    }

    private void deadlines() throws Failure {
        if (notify != null) {
            notify.act(now);
        }
        if (now - nextShrink >= 0) {
            memory.shrink();
            nextShrink = now + SHRINK_INTERVAL;
        }
        if (state == WAITING) {
            if (dialer.untilAttempt(now) <= 0) {
                attempt();
            }
        } else if (state == RUNNING) {
            if (keepalive.unanswered(now)) {
                lost("does not answer");
            } else if (keepalive.due(now)) {
                link.sendMessage(message, Wire.keepalive(message.bytes, Inbox.HEADROOM), now);
                keepalive.asked(now);
            }
        } else if (now - deadline >= 0) {
            next(link.tcp.peer + (state == CONNECTING
                    ? " cannot be reached: no answer to the connection attempt in " + CONNECT_TIME / SECOND + " s"
                    : " did not answer the address request in " + ANSWER_TIME / SECOND + " s"));
        }
    }
}
