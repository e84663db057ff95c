package simplevpn.net;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import simplevpn.base.Failure;
import simplevpn.harness.Host;
import simplevpn.harness.Wait;
import simplevpn.tls.Key;
import simplevpn.tls.OtherSide;

/** Many clients on one host, each with a key of its own, that connect and reconnect as cli does, and are idle then. */
final class Crowd {
    private static final int FIRST_PAUSE = 1000;
    private static final int LONGEST_PAUSE = 30_000;

    private final Host from;
    private final Host server;
    private final List<SSLContext> contexts = new ArrayList<>();
    private final StringBuilder peers = new StringBuilder();
    private final AtomicInteger attempts = new AtomicInteger();

    Crowd(Host from, Host server, int size) throws GeneralSecurityException, Failure {
        this.from = from;
        this.server = server;
        for (int i = 0; i < size; i++) {
            Key key = OtherSide.key(i);
            contexts.add(OtherSide.context(key));
            peers.append(key.pin()).append(" c").append(i).append('\n');
        }
    }

    /** The lines of a server's file for them. */
    String peers() {
        return peers.toString();
    }

    /** How often they tried in all. */
    int attempts() {
        return attempts.get();
    }

    /** All of them begin to connect now; returns after how many milliseconds each was in, the quickest first. */
    long[] join(int seconds) throws InterruptedException {
        long begin = System.nanoTime();
        long[] times = new long[contexts.size()];
        CountDownLatch in = new CountDownLatch(times.length);
        for (int i = 0; i < times.length; i++) {
            int number = i;
            Thread.ofPlatform().daemon().start(() -> {
                joinOne(number);
                times[number] = (System.nanoTime() - begin) / 1_000_000;
                in.countDown();
            });
        }
        if (!in.await(seconds, TimeUnit.SECONDS)) {
            throw new AssertionError(in.getCount() + " clients are not in after " + seconds + " s");
        }
        Arrays.sort(times);
        return times;
    }

    private void joinOne(int number) {
        Random random = new Random(number);
        for (int pause = FIRST_PAUSE;; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
            attempts.incrementAndGet();
            try {
                SSLSocket socket = (SSLSocket) contexts.get(number).getSocketFactory().createSocket(
                        from.connect(server.outer4, ClassicClient.PORT), "x", 1, true);
                socket.getOutputStream().write(Frames.request(random, "0.0.0.0"));
                if (socket.getInputStream().readNBytes(Frames.HEADER).length == Frames.HEADER) {
                    return;
                }
            } catch (IOException e) {
                // Turned away: again later.
            }
            Wait.pause(pause / 2 + random.nextInt(pause / 2));
        }
    }
}
