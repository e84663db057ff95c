package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import simplevpn.harness.Host;

/**
 * A server of 2013 without a TUN device, on 10.0.0.1: it takes what one read returned for one packet, answers requests
 * twice, returns keepalives, answers pings to itself, and forwards the rest to the connection of the first packet's
 * destination, whatever else the read returned and wherever it was cut. A test may give it another answer to requests.
 */
final class ClassicServer {
    static final String ADDRESS = "10.0.0.1";

    private final ServerSocket listener;
    private final UnaryOperator<byte[]> answer;
    private final BlockingQueue<Peer> arrivals = new LinkedBlockingQueue<>();
    private final AtomicInteger connections = new AtomicInteger();
    private final Map<Integer, Peer> byAddress = new ConcurrentHashMap<>();

    ClassicServer(Host host) throws IOException {
        this(host, classicAnswer());
    }

    ClassicServer(Host host, UnaryOperator<byte[]> answer) throws IOException {
        this.answer = answer;
        listener = host.listen(host.outer4, ClassicClient.PORT);
        Thread.ofPlatform().daemon().start(() -> accept(host));
    }

    /** The next connection that a client has made. */
    Peer awaitPeer(int seconds) throws InterruptedException {
        Peer peer = arrivals.poll(seconds, TimeUnit.SECONDS);
        assertTrue(peer != null, "no connection within " + seconds + " s");
        return peer;
    }

    /** Connections made so far. */
    int connections() {
        return connections.get();
    }

    private void accept(Host host) {
        try {
            while (true) {
                Peer peer = new Peer(host.accept(listener));
                connections.incrementAndGet();
                arrivals.add(peer);
                Thread.ofPlatform().daemon().start(peer::serve);
            }
        } catch (IOException e) {
            // The listener was closed with its host, which ends the server.
        }
    }

    /** Address 10.0.0.2, 10.0.0.3, ... or the wanted one; every other field as in the request; all of it twice. */
    private static UnaryOperator<byte[]> classicAnswer() {
        int[] last = {Frames.address(ADDRESS)};
        return request -> {
            synchronized (last) {
                int wanted = Frames.source(request);
                byte[] answer = answer(request, wanted == 0 ? ++last[0] : wanted);
                return Frames.join(answer, answer);
            }
        };
    }

    static byte[] answer(byte[] request, int address) {
        byte[] answer = request.clone();
        ByteBuffer.wrap(answer).putInt(12, 0).putInt(16, address);
        return answer;
    }

    /** An extended answer with the given bytes for its options. */
    static byte[] extendedAnswer(String address, byte[] options) {
        return ByteBuffer.allocate(Frames.HEADER + options.length).put((byte) 0x45).put((byte) 0)
                .putShort((short) (Frames.HEADER + options.length)).putShort((short) 0x5633).put(new byte[10])
                .putInt(Frames.address(address)).put(options).array();
    }

    /** One connection. */
    final class Peer {
        private final Socket socket;
        /** All that came, read by read. */
        final BlockingQueue<byte[]> reads = new LinkedBlockingQueue<>();
        private final BlockingQueue<byte[]> requests = new LinkedBlockingQueue<>();
        private volatile boolean mute;

        private Peer(Socket socket) {
            this.socket = socket;
        }

        byte[] awaitRequest(int seconds) throws InterruptedException {
            byte[] request = requests.poll(seconds, TimeUnit.SECONDS);
            assertTrue(request != null, "no request within " + seconds + " s");
            return request;
        }

        synchronized void send(byte[] bytes) {
            try {
                socket.getOutputStream().write(bytes);
            } catch (IOException e) {
                // The client has gone; what one sends to it is lost.
            }
        }

        /** From now on nothing is answered, as when the path has died. */
        void mute() {
            mute = true;
        }

        void close() throws IOException {
            socket.close();
        }

        private void serve() {
            byte[] buffer = new byte[2048];
            try (socket) {
                InputStream in = socket.getInputStream();
                for (int length = in.read(buffer); length > 0; length = in.read(buffer)) {
                    byte[] read = Arrays.copyOf(buffer, length);
                    reads.add(read);
                    handle(read);
                }
            } catch (IOException e) {
                // The connection was reset or closed: this thread's end.
            }
        }

        private void handle(byte[] read) {
            if (mute || read.length < Frames.HEADER) {
                return;
            }
            int destination = Frames.destination(read);
            if (Frames.isKeepalive(read)) {
                send(read);
            } else if (destination == 0 && Frames.u16(read, 2) == 0) {
                byte[] bytes = answer.apply(Arrays.copyOf(read, Frames.HEADER));
                if (bytes.length >= Frames.HEADER) {
                    byAddress.put(Frames.destination(bytes), this);
                }
                send(bytes);
                requests.add(read);
            } else if (destination == Frames.address(ADDRESS)) {
                int length = Frames.u16(read, 2);
                if (length <= read.length && length > Frames.HEADER && Frames.isEcho(read)) {
                    send(Frames.reply(Arrays.copyOf(read, length)));
                }
            } else if (byAddress.containsKey(destination)) {
                byAddress.get(destination).send(read);
            }
        }
    }

    /** Bytes that are no frame: what is left when a stream was cut anywhere. */
    static byte[] debris(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        bytes[0] = 0x17;
        return bytes;
    }
}
