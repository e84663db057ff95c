package simplevpn.tls;

import java.nio.ByteBuffer;
import java.security.PublicKey;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Handler;
import simplevpn.linux.Layer;
import simplevpn.linux.Stream;

/**
 * TLS 1.3 over another stream (PROTOCOL.md, part 4).
 *
 * <pre>
 *                  both keys are proven
 *   SHAKING_HANDS ──────────────────────→ OPEN        each of these → ENDED by the other end, or FAILED
 *          │       a server reads 0x45
 *          └────────────────────────────→ PLAIN
 * </pre>
 *
 * <p>What is written is encrypted at once, as many full records as were given, and what the stream below does not take
 * of them waits here; until that is gone nothing more is taken. So no packet grows old behind the encryption, where
 * none can be dropped any more.
 */
public final class TlsStream extends Layer {
    /** What the connection is doing. */
    private enum State { SHAKING_HANDS, OPEN, PLAIN, ENDED, FAILED }

    /** Records without data that may come, of handshakes, tickets and new keys, and for how much data one more. */
    private static final int IDLE_RECORDS = 32;
    private static final int DATA_OF_IDLE_RECORD = 1 << 20;
    /** Records of one read: however short they are, others have their turn. */
    private static final int RECORDS = 64;
    private static final String TOO_MANY = "too many handshakes at once";
    private static final String NO_TLS = "does not speak TLS";
    /** What a client can do that came to a web server on the same port. */
    private static final String OTHER_SERVER = "; behind a proxy, --server-name says which server is meant";

    private final Credentials credentials;
    private final Records records;
    private final Handshakes handshakes;
    /** Made when the handshake begins: who connects and is silent, or needs none, costs nothing. */
    SSLEngine engine;
    private boolean begun;
    private Handler owner;
    private State state = State.SHAKING_HANDS;
    /** Whether the engine is {@link Handshakes}' now, and must not be touched. */
    private boolean computes;
    /** Whether it was, and there is something to go on with. */
    private boolean computed;
    /** Whether what is read is to tell only whether the other end is still there. */
    private boolean looks;
    /** Why what had to be computed could not be, or {@code null}. */
    private volatile String broken;
    private volatile boolean closed;
    /** What was read of it and has not come to a whole record, while other connections use the records' memory. */
    byte[] kept = Records.NOTHING;
    private final Unsent unsent;
    /** Plaintext that is encrypted before any of it is written. */
    private int burst = Records.MOST_OUT;
    private boolean mayHoldMore;
    /** Whether bytes that came without TLS still lie among the records. */
    private boolean holdsPlain;
    private int idleRecords;
    /** Bytes of data that came since one more was allowed. */
    private int data;
    private Pin peer;
    private String why;

    /** @param below a connection, perhaps one that is still being made */
    public TlsStream(Stream below, Credentials credentials, Records records, Handshakes handshakes) {
        super(below);
        this.credentials = credentials;
        this.records = records;
        this.handshakes = handshakes;
        unsent = new Unsent(below, records);
    }

    /* ---- in ---- */

    @Override
    public int read(Buffer buffer, int at, int length) {
        if (state == State.SHAKING_HANDS) {
            shakeHands();
        }
        if (state == State.PLAIN) {
            return readPlain(buffer, at, length);
        }
        if (state != State.OPEN) {
            return state == State.ENDED ? END : 0;
        }
        records.open(this);
        int total = 0;
        int count = 0;
        boolean filled = false;
        while (count < RECORDS && state == State.OPEN && length - total >= Records.LONGEST) {
            if (!records.holdsRecord()) {
                if (filled || !fill()) {
                    break;
                }
                filled = true;
                continue;
            }
            total += unwrap(records.plain(buffer, at + total, length - total));
            count++;
        }
        // That the other end has ended is told by the next call, if this one has data.
        mayHoldMore = state == State.ENDED
                || (state == State.OPEN && (records.holdsRecord() || (filled && records.wasFilled())));
        return total == 0 && state == State.ENDED ? END : total;
    }

    private int readPlain(Buffer buffer, int at, int length) {
        if (!holdsPlain) {
            return below.read(buffer, at, length);
        }
        holdsPlain = false;
        records.open(this);
        return records.moveTo(buffer, at, length);
    }

    /** Reads once from below; whether something came. */
    private boolean fill() {
        int result = records.fill(below, state == State.SHAKING_HANDS ? Records.LONGEST : Records.SIZE);
        if (result == END) {
            if (state == State.SHAKING_HANDS) {
                fail("closed the connection in the handshake"
                        + (credentials.isClient() ? ": does it have a key (srv --key)?" : ""));
            } else {
                state = State.ENDED;
            }
        }
        return result > 0;
    }

    /** Decrypts one record; returns how many bytes of data were in it. */
    private int unwrap(ByteBuffer to) {
        try {
            SSLEngineResult result = engine.unwrap(records.in, to);
            count(result.bytesProduced());
            if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                state = State.ENDED;
            } else if (result.getStatus() != SSLEngineResult.Status.OK) {
                fail("sends a record that is too long");
            } else if (idleRecords > IDLE_RECORDS) {
                // Of a message that comes in parts the engine copies all that it has for each of them.
                fail("sends too many records without data (PROTOCOL.md 4)");
            } else if (state == State.OPEN && result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                answer();
            }
            return result.bytesProduced();
        } catch (SSLException | RuntimeException | LinkageError e) {
            fail(e);
            return 0;
        }
    }

    private void count(int bytes) {
        data += bytes;
        if (bytes == 0) {
            idleRecords++;
        } else if (data >= DATA_OF_IDLE_RECORD) {
            data -= DATA_OF_IDLE_RECORD;
            idleRecords = Math.max(0, idleRecords - 1);
        }
    }

    /** What the engine has to say by itself: parts of a handshake, an alert, the answer to a change of keys. */
    private boolean answer() {
        if (!unsent.flush()) {
            return false;
        }
        try {
            records.begin();
            engine.wrap(Records.EMPTY, records.out);
            return unsent.put();
        } catch (SSLException | RuntimeException | LinkageError e) {
            fail(e);
            return false;
        }
    }

    /* ---- the handshake ---- */

    /** Goes on as far as it can. */
    private void shakeHands() {
        computed = false;
        if (looks) {
            look();
        } else if (!begun) {
            beginHandshake();
        }
        while (state == State.SHAKING_HANDS && begun && !computes) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> letCompute();
                case NEED_WRAP -> {
                    if (!answer()) {
                        return;
                    }
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    records.open(this);
                    if (records.isNoRecord()) {
                        fail(NO_TLS + records.said(credentials.isClient()));
                    } else if (records.holdsRecord()) {
                        unwrap(Records.EMPTY);
                    } else if (!fill()) {
                        return;
                    }
                }
                default -> open();
            }
        }
    }

    /** Makes the engine; in a server {@link #compute} does, when a record has come and it is this one's turn. */
    private void beginHandshake() {
        if (credentials.isClient()) {
            compute();
            begun = broken == null;
        } else if (!computes) {
            records.open(this);
            if (!records.holdsRecord()) {
                fill();
            }
            if (records.isRequest()) {
                state = State.PLAIN;
                holdsPlain = true;
            } else if (records.isNoHandshake()) {
                fail(NO_TLS);
            } else if (records.holdsRecord() && state == State.SHAKING_HANDS) {
                letCompute();
            }
        }
        if (broken != null) {
            fail(broken);
        }
    }

    private void letCompute() {
        computes = handshakes.add(this);
        if (!computes) {
            fail(TOO_MANY);
        }
    }

    private void open() {
        try {
            PublicKey key = engine.getSession().getPeerCertificates()[0].getPublicKey();
            if (!Key.isTaken(key)) {
                fail("shows a key that is neither Ed25519 nor EC P-256");
                return;
            }
            peer = Pin.of(key);
            state = State.OPEN;
            idleRecords = 0;
        } catch (SSLException | RuntimeException | LinkageError e) {
            fail(e);
        }
    }

    /** What a handshake has to compute, its beginning too; by the thread of {@link Handshakes}. */
    public void compute() {
        if (closed) {
            // Whoever has gone in the meantime costs no more.
            return;
        }
        try {
            if (engine == null) {
                engine = credentials.engine();
                engine.beginHandshake();
            }
            for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
                task.run();
            }
        } catch (SSLException | RuntimeException | Error e) {
            broken = "the handshake could not be computed: " + e;
        }
    }

    /**
     * Whether the other end has gone while this one waited for its handshake to be computed, which nothing else tells:
     * it is not read from meanwhile. Then it fails, and is not to be computed. By the loop's thread. Whoever sent as
     * much as may be kept of it is not asked.
     */
    public boolean hasLeft() throws Failure {
        looks = true;
        owner.ready(false, false);
        looks = false;
        return closed || state != State.SHAKING_HANDS;
    }

    private void look() {
        records.open(this);
        if (records.in.remaining() < Records.LONGEST) {
            fill();
        }
        if (state != State.SHAKING_HANDS) {
            computes = false;
        }
    }

    /** It cannot be computed now. */
    public void refused() throws Failure {
        broken = TOO_MANY;
        computed();
    }

    /** That is done, by the loop's thread. */
    public void computed() throws Failure {
        computes = false;
        if (!closed) {
            begun = true;
            computed = true;
            if (broken != null) {
                fail(broken);
            }
            owner.ready(false, false);
        }
    }

    /* ---- out ---- */

    @Override
    public int write(Buffer buffer, int at, int length) {
        if (state == State.SHAKING_HANDS) {
            shakeHands();
        }
        if (state == State.PLAIN) {
            return below.write(buffer, at, length);
        }
        if (state != State.OPEN || !unsent.flush()) {
            return 0;
        }
        int total = 0;
        try {
            while (total < length && state == State.OPEN && unsent.isEmpty()) {
                int part = Math.min(length - total, burst);
                ByteBuffer plain = records.plain(buffer, at + total, part);
                records.begin();
                while (plain.hasRemaining()) {
                    // A record may be one of the engine's own: that of new keys, which it takes now and then.
                    if (engine.wrap(plain, records.out).bytesProduced() == 0) {
                        fail("TLS takes no more data");
                        return total;
                    }
                }
                total += part;
                burst = unsent.put() ? Records.MOST_OUT : Records.PLAIN;
            }
        } catch (SSLException | RuntimeException | LinkageError e) {
            fail(e);
        }
        return total;
    }

    @Override
    public void flush() {
        if (unsent.flush() && state == State.SHAKING_HANDS) {
            shakeHands();
        }
    }

    /* ---- what its owner asks ---- */

    @Override
    public void calls(Handler owner) {
        this.owner = owner;
    }

    @Override
    public boolean holdsInput() {
        return state == State.SHAKING_HANDS ? computed : mayHoldMore;
    }

    @Override
    public boolean takesInput() {
        return !computes;
    }

    @Override
    public boolean takesOutput() {
        return state != State.SHAKING_HANDS;
    }

    @Override
    public boolean holdsOutput() {
        return !unsent.isEmpty();
    }

    @Override
    public boolean hasBegun() {
        return begun;
    }

    /** Whether nobody needs it any more. */
    public boolean isClosed() {
        return closed;
    }

    /** Also that of a server which was refused for it. */
    @Override
    public String pin() {
        return peer == null ? null : peer.toString();
    }

    @Override
    public String cipher() {
        return peer == null ? null : engine.getSession().getCipherSuite();
    }

    @Override
    public int error() {
        int error = below.error();
        return error != 0 ? error : state == State.FAILED ? -Errno.EPROTO : 0;
    }

    @Override
    public String why() {
        return why;
    }

    /**
     * The JDK's own errors too, and classes that the image leaves out: whatever it stumbles over came from the other
     * end.
     */
    private void fail(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof Credentials.Unpinned unpinned) {
                peer = unpinned.shown;
                fail("shows key " + peer + ", which is not pinned" + OTHER_SERVER);
                return;
            }
        }
        boolean astray = credentials.isClient() && state == State.SHAKING_HANDS;
        fail("TLS: " + e.getMessage() + (astray ? OTHER_SERVER : ""));
    }

    private void fail(String reason) {
        if (state != State.FAILED) {
            state = State.FAILED;
            why = reason;
        }
    }

    @Override
    public void reset() {
        release();
        below.reset();
    }

    /** With an alert that tells the other end, if there is room for it. */
    @Override
    public void close() {
        if (engine != null && !computes && unsent.flush()) {
            try {
                engine.closeOutbound();
                // One record as a rule: the alert that says why, or that this is the end.
                for (int i = 0; i < 2 && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && answer(); i++) { }
            } catch (RuntimeException e) {
                fail(e);
            }
        }
        release();
        below.close();
    }

    private void release() {
        closed = true;
        kept = Records.NOTHING;
        unsent.clear();
        records.release(this);
    }
}
