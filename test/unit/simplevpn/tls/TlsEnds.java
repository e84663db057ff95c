package simplevpn.tls;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Random;
import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** Two ends that encrypt, over a connection that takes and gives as little at a time as a test likes. */
abstract class TlsEnds {
    private static final int SIZE = 256 * 1024;
    private static final Buffer OUT = Buffer.permanent(SIZE);
    private static final Buffer IN = Buffer.permanent(SIZE);

    private final MemoryKernel kernel = new MemoryKernel();
    final Random random = new Random(4);
    final ArrayDeque<TlsStream> computing = new ArrayDeque<>();
    final Key serverKey = key(1);
    final Key clientKey = key(2);
    MemoryStream[] below;
    End client;
    End server;

    static Key key(int number) {
        byte[] seed = new byte[Key.SEED];
        seed[0] = (byte) number;
        try {
            return Key.of("test", Key.pem(seed));
        } catch (Failure e) {
            throw new AssertionError(e);
        }
    }

    /** One end, with what it has to send and what came to it. */
    static final class End {
        final TlsStream stream;
        final Buffer out = OUT;
        private final Buffer in = IN;
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        byte[] toSend = {};
        int sent;
        private boolean ended;

        End(TlsStream stream) {
            this.stream = stream;
            stream.calls((writable, failed) -> { });
        }

        /** Does what a link would do; returns whether anything came or went. */
        boolean turn(int most) {
            boolean busy = false;
            if (stream.holdsOutput()) {
                stream.flush();
            }
            int length = Math.min(toSend.length - sent, most);
            if (length > 0) {
                out.bytes.put(0, toSend, sent, length);
                int taken = stream.write(out, 0, length);
                sent += taken;
                busy = taken > 0;
            }
            int came = ended ? Stream.END : stream.read(in, 0, SIZE);
            ended |= came == Stream.END;
            for (int i = 0; i < came; i++) {
                received.write(in.bytes.get(i));
            }
            return busy || came > 0;
        }
    }

    void connect(int room, Credentials ofClient, Credentials ofServer) {
        below = MemoryStream.pair(kernel, MemoryKernel.endpoint(0x0a000001, 1), MemoryKernel.endpoint(0x0a000002, 2),
                room);
        Handshakes handshakes = new Handshakes() {
            @Override
            public boolean add(TlsStream stream) {
                return computing.add(stream);
            }

            @Override
            public boolean isIdle() {
                return computing.isEmpty();
            }
        };
        client = new End(new TlsStream(below[0], ofClient, new Records(), handshakes));
        server = new End(new TlsStream(below[1], ofServer, new Records(), handshakes));
    }

    Credentials ofClient(Pin... pins) throws Failure {
        return Credentials.ofClient(clientKey, pins, true, null);
    }

    /** Each end does what there is to do; returns whether anything was. */
    boolean turn(int most) throws Failure {
        boolean busy = client.turn(most);
        busy |= server.turn(most);
        for (TlsStream stream = computing.poll(); stream != null; stream = computing.poll()) {
            stream.compute();
            stream.computed();
            busy = true;
        }
        return busy;
    }

    /** Lets both ends go on until nothing happens any more. */
    void run(int most) throws Failure {
        for (int idle = 0; idle < 10_000;) {
            idle = turn(most) ? 0 : idle + 1;
            if (client.sent == client.toSend.length && server.sent == server.toSend.length && idle > 3000) {
                return;
            }
            if (client.stream.why() != null && server.stream.why() != null) {
                return;
            }
        }
    }

    byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
