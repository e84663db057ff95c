package simplevpn.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import simplevpn.base.Failure;
import simplevpn.harness.Host;
import simplevpn.harness.Wait;
import simplevpn.tls.OtherSide;

/** What one host does to a server with keys, again and again until it is told to end. */
final class Attack implements AutoCloseable {
    private static final int MOST_OPEN = 5000;
    private static final int RECORD = 1 << 14;

    /** In which way. */
    enum Kind {
        /** Connections that send nothing. */
        SILENT,
        /** Handshakes of which a byte comes each second. */
        SLOW,
        /** Connections that are reset at once. */
        RESETS,
        /** Random bytes behind the first message of a handshake. */
        RUBBISH,
        /** Handshakes that nobody goes on with. */
        LEFT,
        /** Whole handshakes, with a key that the server does not know. */
        UNKNOWN,
        /** The longest records, of which the last byte is missing. */
        LONGEST,
        /** New keys without end behind a handshake. */
        NEW_KEYS,
        /** A second handshake on a connection that has one, and an older version's. */
        AGAIN
    }

    private final Kind kind;
    private final Host from;
    private final InetSocketAddress server;
    private final SSLContext stranger;
    private final byte[] hello;
    private final byte[] olderHello;
    private final Random random = new Random(12);
    private final ArrayDeque<SocketChannel> open = new ArrayDeque<>();
    private final Pace pace;
    private final FutureTask<Void> task;
    private volatile boolean ending;
    private final AtomicInteger count = new AtomicInteger();

    /** How fast. */
    interface Pace {
        /** Comes behind each time. */
        void rest() throws InterruptedException;
    }

    /** Begins, as fast as it can. */
    Attack(Kind kind, Host from, Host server) throws GeneralSecurityException, IOException, Failure {
        this(kind, from, server, () -> { });
    }

    /** Begins. */
    Attack(Kind kind, Host from, Host server, Pace pace) throws GeneralSecurityException, IOException, Failure {
        this.kind = kind;
        this.pace = pace;
        this.from = from;
        this.server = new InetSocketAddress(server.outer4, ClassicClient.PORT);
        stranger = OtherSide.context(OtherSide.key(666));
        hello = hello(stranger, "TLSv1.3");
        olderHello = hello(stranger, "TLSv1.2");
        task = new FutureTask<>(() -> from.inside(this::run));
        Thread.ofPlatform().daemon().start(task);
    }

    /** The first message of a handshake. */
    static byte[] hello(SSLContext context, String version) throws SSLException {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        engine.setEnabledProtocols(new String[] {version});
        ByteBuffer message = ByteBuffer.allocate(2 * RECORD);
        engine.wrap(ByteBuffer.allocate(0), message);
        return Arrays.copyOf(message.array(), message.position());
    }

    /** How often it was done so far. */
    int count() {
        return count.get();
    }

    private Void run() throws IOException, InterruptedException {
        while (!ending) {
            try {
                once();
            } catch (IOException e) {
                // The server closed it, or there is no port left for the moment.
                Thread.sleep(1);
            }
            count.incrementAndGet();
            pace.rest();
        }
        while (!open.isEmpty()) {
            open.poll().close();
        }
        return null;
    }

    private void once() throws IOException {
        switch (kind) {
            case SILENT -> connect(MOST_OPEN);
            case SLOW -> slow();
            case RESETS -> reset(connect(MOST_OPEN));
            case RUBBISH -> write(connect(400), hello, bytes(500));
            case LEFT -> write(connect(400), hello);
            case UNKNOWN -> unknown();
            case LONGEST -> write(connect(400), longest());
            case NEW_KEYS -> newKeys();
            default -> again();
        }
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** One more connection; the oldest one is closed when there are too many. */
    private SocketChannel connect(int most) throws IOException {
        if (open.size() >= most) {
            open.poll().close();
        }
        SocketChannel channel = SocketChannel.open(server);
        open.add(channel);
        return channel;
    }

    private static void write(SocketChannel to, byte[]... parts) throws IOException {
        for (byte[] part : parts) {
            to.write(ByteBuffer.wrap(part));
        }
    }

    private void reset(SocketChannel channel) throws IOException {
        open.removeLast();
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    /** A hundred connections that stand at the same byte get the next one. */
    private void slow() throws IOException {
        for (int i = 0; i < 100; i++) {
            connect(100);
        }
        for (int at = 0; at < hello.length && !ending; at++) {
            for (SocketChannel channel : open) {
                channel.write(ByteBuffer.wrap(hello, at, 1));
            }
            count.incrementAndGet();
            Wait.pause(1000);
        }
    }

    /** A record with one message, but for its last byte. */
    private static byte[] longest() {
        ByteBuffer record = ByteBuffer.allocate(5 + RECORD - 1);
        record.put(new byte[] {22, 3, 1}).putShort((short) RECORD);
        record.put(new byte[] {1, 0}).putShort((short) (RECORD - 4));
        return record.array();
    }

    private SSLSocket tls() throws IOException {
        SocketChannel channel = connect(20);
        SSLSocket socket = (SSLSocket) stranger.getSocketFactory().createSocket(channel.socket(), "x", 1, true);
        socket.startHandshake();
        return socket;
    }

    private void unknown() throws IOException {
        try (SSLSocket socket = tls()) {
            socket.getOutputStream().write(Frames.request(random, "0.0.0.0"));
            // Words that refuse it, or the end.
            socket.getInputStream().readAllBytes();
        }
        open.removeLast();
    }

    private void newKeys() throws IOException {
        try (SSLSocket socket = tls()) {
            for (int i = 0; i < 1000; i++) {
                socket.startHandshake();
            }
        } finally {
            open.removeLast();
        }
    }

    private void again() throws IOException {
        write(connect(20), olderHello);
        tls();
        write(open.getLast(), hello);
    }

    @Override
    public void close() throws IOException {
        ending = true;
        try {
            task.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException(kind + " from " + from, e);
        }
    }
}
