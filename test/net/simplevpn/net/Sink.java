package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.net.Socket;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import simplevpn.harness.Host;

/**
 * The receiving end of one TCP connection, played by hand on a raw client: answers the SYN, acknowledges what comes in
 * order, and shows the test every packet before anything has put it together.
 */
final class Sink {
    private static final int PORT = 80;
    private static final int BYTES = 2_000_000;

    private Sink() { }

    /** A real host sends a stream to the raw client, which has the address; each of its packets is checked. */
    static void receive(Host from, ClassicClient client, String address, Consumer<byte[]> check) throws Exception {
        byte[] stream = new byte[BYTES];
        new Random(6).nextBytes(stream);
        FutureTask<Void> sender = new FutureTask<>(() -> {
            Socket socket = from.connect(address, PORT);
            socket.getOutputStream().write(stream);
            socket.shutdownOutput();
            return null;
        });
        Thread.ofPlatform().daemon().start(sender);
        int first = 0;
        int done = 0;
        boolean ended = false;
        while (!ended) {
            byte[] packet = client.receive();
            assertNotNull(packet, "the server closed the connection");
            if (Frames.isKeepalive(packet) || packet[9] != Frames.TCP) {
                continue;
            }
            check.accept(packet);
            boolean syn = (Transport.flags(packet) & Transport.SYN) != 0;
            byte[] payload = Transport.payload(packet);
            if (syn) {
                first = Transport.sequence(packet) + 1;
            } else if (Transport.sequence(packet) - first == done) {
                assertArrayEquals(Arrays.copyOfRange(stream, done, done + payload.length), payload, "at byte " + done);
                done += payload.length;
                ended = (Transport.flags(packet) & Transport.FIN) != 0;
            }
            client.send(Transport.tcp(address, Frames.dotted(Frames.source(packet)), PORT,
                    Frames.u16(packet, Frames.HEADER), syn ? 7 : 8, first + done + (ended ? 1 : 0),
                    syn ? Transport.SYN | Transport.ACK : Transport.ACK, new byte[0]));
        }
        assertEquals(BYTES, done, "all has come before the end");
        sender.get(60, TimeUnit.SECONDS);
    }
}
