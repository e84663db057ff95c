package simplevpn;

import simplevpn.base.Failure;
import simplevpn.base.Greeting;
import simplevpn.base.Log;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Entropy;
import simplevpn.linux.Epoll;
import simplevpn.linux.Errno;
import simplevpn.linux.Handler;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;
import simplevpn.linux.TcpConnector;
import simplevpn.linux.Way;
import simplevpn.protocol.Answer;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Rule;
import simplevpn.protocol.Wire;
import simplevpn.tls.HandshakeThread;
import simplevpn.tunnel.Device;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Link;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Probe;
import simplevpn.tunnel.Receiver;
import simplevpn.tunnel.Target;
import simplevpn.tunnel.Timer;

/**
 * {@code cli --check}: goes the client's way step by step, without an interface of its own, and says of each step how
 * it went and, where one fails, why and what to do. Of several servers the next one is tried then.
 *
 * <p>Next to a client that runs with the same key it stops before it asks for an address: it would take that one's
 * place; so it does where this host has the address already that it would ask for.
 */
final class Check implements Receiver, Handler, Probe.Owner {
    private static final long SECOND = 1_000_000_000L;
    /** How long a proxy may take: a little longer than the client's time, at whose end the probe says why. */
    private static final int PROXY_SECONDS = (int) (Probe.PROXY_TIME / SECOND) + 1;
    /** How long each stage may take, in the order of {@link CheckReport#STAGES}. */
    private static final int[] SECONDS = {4, 4, 4, PROXY_SECONDS, 5, 4, 4, 8, 3};
    /** How long all of it may take with one server, beside a proxy's time. */
    private static final long ALL = 19 * SECOND;

    private final ClientSettings settings;
    private final Loop loop;
    private final Target[] targets;
    private final CheckReport report;
    /** Another one than a client's that runs. */
    private final long token;
    /** Whether such a client has the same key or, without one, the address that is asked for. */
    private final boolean running;
    /** When all of it has to be over with this server. */
    private long end;

    private int server;
    private Probe probe;
    private int stage;
    private long began;
    /** The server's address that is connected to, and the connection: the link's once there is one. */
    private Stream stream;
    private Link link;
    /** What is tried with the address; {@code null} before. */
    private CheckTraffic traffic;
    private int status;
    private boolean done;

    private final Timer deadline = new Timer() {
        @Override
        protected void expired(long now) throws Failure {
            late();
        }
    };

    /**
     * @param token 48 random bits, not 0
     * @param running whether a client of this machine uses the same key now or, without one, the address asked for
     */
    Check(ClientSettings settings, Loop loop, Target[] targets, CheckReport report, long token, boolean running) {
        this.settings = settings;
        this.loop = loop;
        this.targets = targets;
        this.report = report;
        this.token = token;
        this.running = running;
    }

    /** Runs it as a program; returns the exit status. */
    static int run(ClientSettings settings, boolean json) throws Failure {
        if (!Log.details()) {
            Log.start("cli", Log.QUIET, false);
        }
        Loop loop = new Loop(new Epoll(), new Device(new NoDevice(), false), true, 1);
        Target[] targets = new Targets(settings, new TcpConnector(settings.mss, settings.bind, settings.mark),
                settings.key == null ? null : new HandshakeThread(loop.poller, 1, 0)).of(settings);
        boolean running = settings.key != null ? KeyFiles.isUsed(settings.key)
                : settings.address != null && Endpoint.isOwn(settings.address);
        Program.confine(settings.user, false, false);
        CheckReport report = new CheckReport(new Log.Output() {
            @Override
            public boolean write(String line) {
                System.out.println(line);
                return !System.out.checkError();
            }
        }, json);
        Check check = new Check(settings, loop, targets, report, Entropy.bits48(), running);
        check.begin();
        loop.run();
        report.end();
        return check.status();
    }

    /** The exit status: 0, or {@link CheckReport#FIRST_STATUS} and the number of the stage that failed last. */
    int status() {
        return status;
    }

    /** Whether there is nothing more to be found out. */
    boolean isDone() {
        return done;
    }

    /* ---- stages ---- */

    /** Begins with the next server. */
    void begin() throws Failure {
        probe = new Probe(loop, this, targets[server]);
        end = loop.lookAtClock() + ALL;
        enter(CheckReport.NAME);
        probe.lookUp();
    }

    private void enter(int next) {
        stage = next;
        began = loop.lookAtClock();
        limit(began);
    }

    /** The present stage may take its time from then on. */
    private void limit(long from) {
        loop.timers.set(deadline, Math.min(from + SECONDS[stage] * SECOND, end));
    }

    private void passed(String text) {
        report.passed(stage, loop.lookAtClock() - began, text);
    }

    /** The present stage, or the one that turns out to be the reason, is not passed: goes on with the next server. */
    private void fail(int which, String text, String remedy) throws Failure {
        report.failed(which, loop.lookAtClock() - began, text, remedy);
        status = CheckReport.FIRST_STATUS + which;
        hangUp();
        if (++server < targets.length) {
            begin();
        } else {
            finish();
        }
    }

    /** Closes what there is. */
    private void hangUp() {
        loop.timers.cancel(deadline);
        probe.giveUp();
        if (traffic != null) {
            traffic.end();
            traffic = null;
        }
        if (link != null) {
            link.close();
        } else if (stream != null) {
            loop.poller.remove(stream.fd());
            stream.close();
        }
        link = null;
        stream = null;
    }

    private void finish() {
        hangUp();
        done = true;
        loop.end();
    }

    /** The present stage takes too long. */
    private void late() throws Failure {
        long seconds = (loop.now() - began + SECOND / 2) / SECOND;
        String silent = " in " + seconds + " s";
        switch (stage) {
            case CheckReport.NAME -> fail(stage, probe + ": the name server does not answer" + silent,
                    CheckAdvice.name("not answer"));
            case CheckReport.TCP -> fail(stage, probe + " does not answer" + silent, CheckAdvice.tcp(""));
            case CheckReport.PROXY -> fail(stage, probe + " is not connected to" + silent, CheckAdvice.proxy(""));
            case CheckReport.TLS -> fail(stage, stream.peer() + " does not go on with the handshake" + silent,
                    CheckAdvice.SILENT);
            case CheckReport.KEY, CheckReport.ADDRESS -> fail(CheckReport.ADDRESS, stream.peer()
                    + " does not answer the address request" + silent, CheckAdvice.SILENT);
            default -> fail(stage, "not done" + silent, CheckAdvice.SLOW);
        }
    }

    /* ---- name, route, TCP ---- */

    @Override
    public void named(Endpoint[] addresses) throws Failure {
        StringBuilder text = new StringBuilder(probe.toString());
        for (int i = 0; i < addresses.length; i++) {
            String address = addresses[i].address().toString();
            if (i > 0 || !address.equals(probe.toString())) {
                text.append(i == 0 ? " is " : ", ").append(address);
            }
        }
        passed(text.toString());
        enter(CheckReport.ROUTE);
        if (!probe.connect()) {
            fail(stage, probe.why(), CheckAdvice.ROUTE);
            return;
        }
        Way way = probe.way();
        passed(way == null ? "there is one; which, this process is not told (AF_NETLINK)"
                : "through " + way.device() + ", from " + way);
        long connecting = began;
        enter(CheckReport.TCP);
        began = connecting;
    }

    @Override
    public void failed(String why) throws Failure {
        fail(stage, why, stage == CheckReport.NAME ? CheckAdvice.name(why)
                : stage == CheckReport.PROXY ? CheckAdvice.proxy(why) : CheckAdvice.tcp(why));
    }

    @Override
    public void asking(Stream proxy, Way way) {
        if (stage == CheckReport.TCP) {
            passed("proxy " + proxy.peer() + (way == null ? "" : " from " + way));
            end += PROXY_SECONDS * SECOND;
            enter(CheckReport.PROXY);
        } else {
            limit(loop.now());
        }
    }

    @Override
    public void connected(Stream connection, Way way) throws Failure {
        stream = connection;
        passed(stage == CheckReport.PROXY ? probe.toString() : stream.peer() + (way == null ? "" : " from " + way));
        if (settings.key == null) {
            report.skipped(CheckReport.TLS, "without --key whoever is on the way can read");
            ask();
            return;
        }
        enter(CheckReport.TLS);
        stream.calls(this);
        loop.poller.add(stream.fd(), Poller.READ, this);
        ready(false, false);
    }

    /* ---- TLS ---- */

    /** The handshake goes on. */
    @Override
    public void ready(boolean writable, boolean failed) throws Failure {
        if (link != null || stream == null) {
            return;
        }
        stream.flush();
        stream.read(loop.message, 0, 0);
        int error = stream.error();
        if (stream.why() != null) {
            insecure(stream.why());
        } else if (error != 0 || failed) {
            insecure(Errno.text(error == 0 ? Errno.ECONNRESET : -error));
        } else if (stream.takesOutput()) {
            secured();
        } else {
            loop.poller.change(stream.fd(), (stream.takesInput() ? Poller.READ : 0)
                    | (stream.holdsOutput() ? Poller.WRITE : 0));
        }
    }

    private void insecure(String why) throws Failure {
        String shown = stream.pin();
        if (why.contains(Greeting.HTTP)) {
            fail(CheckReport.PROXY, stream.peer() + " " + why, CheckAdvice.PORTAL);
        } else if (shown == null) {
            fail(stage, stream.peer() + " " + why, CheckAdvice.tls(why));
        } else if (settings.servers[targets[server].server()].pins.length == 0) {
            fail(stage, "--server-pin is missing; " + stream.peer() + " shows key " + shown,
                    "if srv --pin FILE says the same there, add --server-pin " + shown);
        } else {
            fail(stage, stream.peer() + " shows key " + shown + ", not that of --server-pin",
                    CheckAdvice.INTERCEPTED);
        }
    }

    private void secured() throws Failure {
        passed(stream.pin() + " as --server-pin says");
        loop.poller.remove(stream.fd());
        ask();
    }

    /* ---- key, address ---- */

    /** The request, without an invitation's secret: that one is not used up. */
    private void ask() throws Failure {
        if (running) {
            boolean isKey = settings.key != null;
            report.skipped(isKey ? CheckReport.KEY : CheckReport.ADDRESS, (isKey
                    ? "a client runs here with this key, whose place a request would take"
                    : "this host has " + settings.address + " already, so a client runs here with it")
                    + "; end it to check the rest");
            status = 0;
            finish();
            return;
        }
        enter(CheckReport.KEY);
        Stream connection = stream;
        link = Link.open(loop, connection, this);
        link.trust();
        int length = Wire.request(loop.message.bytes, Inbox.HEADROOM, 0, token,
                settings.address == null ? 0 : settings.address.ipv4());
        link.sendMessage(loop.message, length, loop.now());
    }

    @Override
    public void addressMessage() throws Failure {
        if (traffic != null) {
            return;
        }
        Answer answer = Answer.read(loop.inbox.buffer.bytes, loop.inbox.packet, loop.inbox.packetLength);
        answer.limitTo(0);
        settings.limit(answer);
        if (answer.refusal != null) {
            refused(answer.refusal);
            return;
        }
        if (settings.key != null) {
            passed(answer.name == null ? "the server knows this client" : "the server knows this client as \""
                    + answer.name + "\"");
        }
        stage = CheckReport.ADDRESS;
        if (answer.invalid != null) {
            fail(stage, stream.peer() + " " + Rule.broken(answer.invalid), CheckAdvice.DIFFERENT);
        } else if (answer.address.equals(stream.peer().address())) {
            fail(stage, stream.peer() + " gives this host its own address", CheckAdvice.OTHER_NETWORK);
        } else {
            passed(answer.address + "/" + answer.length + (answer.extended ? "" : ", from a server of 2013"));
            link.setFraming(answer.extended ? Framing.extended(answer.features) : Framing.CLASSIC);
            enter(CheckReport.BULK);
            traffic = new CheckTraffic(this, settings, loop, link, answer);
            traffic.begin();
        }
    }

    private void refused(String why) throws Failure {
        boolean isKey = CheckAdvice.isAboutKey(why);
        if (!isKey && settings.key != null) {
            passed("the server knows this client");
        }
        fail(isKey ? CheckReport.KEY : CheckReport.ADDRESS, "refused: " + why,
                isKey && settings.joining != null ? CheckAdvice.JOIN : CheckAdvice.refusal(why));
    }

    /* ---- bulk, forward ---- */

    /** The traffic goes through; the next stage is entered. */
    void trafficPassed(String text) {
        passed(text);
        if (stage == CheckReport.BULK) {
            enter(CheckReport.FORWARD);
        } else {
            status = 0;
            finish();
        }
    }

    /** The last stage is none here. */
    void trafficSkipped(String text) {
        report.skipped(stage, text);
        status = 0;
        finish();
    }

    /** It does not. */
    void trafficFailed(String text, String remedy) throws Failure {
        fail(stage, text, remedy);
    }

    @Override
    public void heard() {
        // What has come, its own call tells.
    }

    @Override
    public void data() {
        if (traffic != null) {
            traffic.data();
        }
    }

    @Override
    public void keepalive() {
        if (traffic != null) {
            traffic.keepalive();
        }
    }

    @Override
    public void skipped() {
        // An IPv6 packet, of which none was agreed on.
    }

    @Override
    public void damaged() throws Failure {
        strange(loop.inbox.discard());
    }

    /** What has come, of that many bytes, is no frame. */
    private void strange(int length) throws Failure {
        String text = Greeting.of(loop.inbox.buffer.bytes, Inbox.HEADROOM, Inbox.HEADROOM + length);
        if (traffic != null) {
            fail(stage, stream.peer() + " sends a damaged stream", CheckAdvice.DIFFERENT);
        } else if (text != null && text.startsWith(Greeting.HTTP)) {
            fail(CheckReport.PROXY, stream.peer() + " says " + text, CheckAdvice.PORTAL);
        } else {
            fail(CheckReport.ADDRESS, stream.peer() + " is no server of this VPN" + (text == null ? ""
                    : ", but says " + text), CheckAdvice.DIFFERENT);
        }
    }

    @Override
    public void lost(int error) throws Failure {
        int left = traffic == null ? loop.inbox.discard() : 0;
        String why = link.stream.why() != null ? link.stream.why() : error == 0 ? "closed the connection"
                : Errno.text(-error);
        if (left > 0) {
            strange(left);
        } else if (traffic == null) {
            fail(CheckReport.ADDRESS, stream.peer() + " " + why + " instead of giving an address",
                    CheckAdvice.closed(true));
        } else {
            fail(stage, stream.peer() + " " + why, CheckAdvice.closed(false));
        }
    }
}
