package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import simplevpn.harness.Host;

/**
 * One TCP connection on which each end sends the other a pseudo-random stream, both directions at once, and checks
 * every byte of what arrives, its length and its end.
 */
final class Transfer {
    private static final int BLOCK = 65536;

    private final AtomicLong received = new AtomicLong();
    private final List<FutureTask<Void>> tasks;
    private final List<Socket> ends;

    /** Connects from one host to an address of the other and starts; the size is rounded down to whole blocks. */
    Transfer(Host from, Host to, String address, long bytes) throws IOException {
        long blocks = bytes / BLOCK;
        ServerSocket listener = to.listen(address, 0);
        Socket near = from.connect(address, listener.getLocalPort());
        Socket far = to.accept(listener);
        near.setSoTimeout(0);
        ends = List.of(near, far);
        tasks = List.of(new FutureTask<>(() -> send(near, 1, blocks), null),
                new FutureTask<>(() -> receive(far, 1, blocks), null),
                new FutureTask<>(() -> send(far, 2, blocks), null),
                new FutureTask<>(() -> receive(near, 2, blocks), null));
        tasks.forEach(task -> Thread.ofPlatform().daemon().start(task));
    }

    /** Bytes that have arrived at both ends so far. */
    long received() {
        return received.get();
    }

    /** Breaks it off. */
    void stop() throws IOException {
        for (Socket end : ends) {
            end.close();
        }
    }

    void await(int seconds) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (FutureTask<Void> task : tasks) {
            try {
                task.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                throw new AssertionError("transfer not complete after " + seconds + " s: " + received + " bytes", e);
            } catch (ExecutionException e) {
                throw new AssertionError("transfer failed after " + received + " bytes", e.getCause());
            }
        }
    }

    private static void send(Socket socket, long seed, long blocks) {
        try {
            OutputStream out = socket.getOutputStream();
            Stream stream = new Stream(seed);
            for (long i = 0; i < blocks; i++) {
                out.write(stream.next());
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new AssertionError("sending", e);
        }
    }

    private void receive(Socket socket, long seed, long blocks) {
        try {
            InputStream in = socket.getInputStream();
            Stream stream = new Stream(seed);
            byte[] block = new byte[BLOCK];
            for (long i = 0; i < blocks; i++) {
                assertEquals(BLOCK, in.readNBytes(block, 0, BLOCK), "stream ended early, in block " + i);
                assertEquals(-1, Arrays.mismatch(block, stream.next()), "first wrong byte in block " + i);
                received.addAndGet(BLOCK);
            }
            assertEquals(-1, in.read(), "more than was sent");
        } catch (IOException e) {
            throw new AssertionError("receiving", e);
        }
    }

    /** Marsaglia's xorshift64: fast enough not to be what a transfer waits for. */
    private static final class Stream {
        private final byte[] block = new byte[BLOCK];
        private final ByteBuffer longs = ByteBuffer.wrap(block);
        private long state;

        Stream(long seed) {
            state = seed;
        }

        byte[] next() {
            for (int i = 0; i < BLOCK; i += Long.BYTES) {
                state ^= state << 13;
                state ^= state >>> 7;
                state ^= state << 17;
                longs.putLong(i, state);
            }
            return block;
        }
    }
}
