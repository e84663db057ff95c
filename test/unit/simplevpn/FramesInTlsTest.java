package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.memory.MemoryStream;
import simplevpn.tls.Credentials;
import simplevpn.tls.Handshakes;
import simplevpn.tls.Key;
import simplevpn.tls.Pin;
import simplevpn.tls.Records;
import simplevpn.tls.TlsStream;

/** Frames of somebody who has a key, and sends whatever he likes: only he is harmed by it. */
class FramesInTlsTest extends WorldTest {
    private static final int ROUNDS = 150;
    private static final Buffer OUT = Buffer.permanent(1 << 16);
    private static final Buffer IN = Buffer.permanent(1 << 16);

    @TempDir
    private Path folder;
    private final List<TlsStream> computing = new ArrayList<>();
    private int joined;

    /** In each round a new connection with the same key, a request as a rule, then frames of all kinds and none. */
    @Test
    void onlyHeIsHarmed() throws Exception {
        Key serverKey = key("srv");
        Key bad = key("bad");
        Files.writeString(folder.resolve("peers"), bad.pin() + " bad\n" + key("one").pin() + " one\n");
        World.Hub hub = world.hub("--key", folder.resolve("srv").toString(), "--peers",
                folder.resolve("peers").toString());
        World.Board one = world.board(1, "--key", folder.resolve("one").toString(), "--server-pin",
                serverKey.pin().toString());
        Credentials credentials = Credentials.ofClient(bad, new Pin[] {serverKey.pin()}, true, null);
        for (int i = 0; i < ROUNDS * Fuzz.TIMES; i++) {
            MemoryStream below = world.acceptor.connect();
            TlsStream stream = new TlsStream(below, credentials, new Records(), handshakes());
            stream.calls((writable, failed) -> { });
            for (int turn = 0; turn < 6; turn++) {
                turn(stream, new byte[0]);
            }
            turn(stream, random.nextInt(10) == 0 ? frame() : request());
            for (int frames = random.nextInt(20); frames > 0 && !below.other().isClosed(); frames--) {
                turn(stream, frame());
            }
            stream.close();
            world.run();
            assertTrue(hub.failure == null && one.failure == null, world.log());
            one.device.receive();
        }
        assertTrue(joined > ROUNDS / 2, joined + " of the connections got an address");
        world.pass(World.SECOND);
        assertEquals(1, hub.server.hub.clients());
        while (one.device.receive() != null || hub.device.receive() != null) { }
        assertReaches(one, hub);
        assertReaches(hub, one);
    }

    private Key key(String name) throws Failure {
        return KeyFiles.generate(folder.resolve(name).toString());
    }

    private Handshakes handshakes() {
        return new Handshakes() {
            @Override
            public boolean add(TlsStream stream) {
                return computing.add(stream);
            }

            @Override
            public boolean isIdle() {
                return computing.isEmpty();
            }
        };
    }

    /** Everybody does what there is to do, the last one after he has written some bytes. */
    private void turn(TlsStream stream, byte[] bytes) throws Failure {
        OUT.bytes.put(0, bytes);
        stream.write(OUT, 0, bytes.length);
        world.pass(World.SECOND / 50);
        joined += stream.read(IN, 0, 1 << 16) >= 20 && bytes.length >= 20 ? 1 : 0;
        for (TlsStream next : List.copyOf(computing)) {
            computing.remove(next);
            next.compute();
            next.computed();
        }
    }

    private byte[] request() {
        return hex(random.nextBoolean() ? DYNAMIC : "45000000 56320000 %08x %08x 00000000"
                .formatted(random.nextInt(), random.nextInt(3) == 0 ? 0x0a000000 | random.nextInt(20) : 0));
    }

    /** A packet, in whichever framing, of which a byte may be another; or bytes. */
    private byte[] frame() {
        byte[] frame = switch (random.nextInt(6)) {
            case 0 -> hex(KEEPALIVE);
            case 1 -> request();
            case 2 -> tcp("10.0.0." + random.nextInt(5), "10.0.0." + random.nextInt(5), random.nextInt(3000));
            case 3 -> udp("10.0.0." + random.nextInt(5), "10.0.0." + random.nextInt(5), random.nextInt(1400));
            default -> new byte[1 + random.nextInt(2000)];
        };
        if (frame.length % 7 == 0) {
            random.nextBytes(frame);
        } else if (random.nextInt(3) == 0) {
            frame[random.nextInt(Math.min(frame.length, 40))] = (byte) random.nextInt();
        }
        return random.nextBoolean() ? tagged(random.nextInt(4) == 0 ? random.nextInt() : 0, frame) : frame;
    }
}
