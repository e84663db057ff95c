package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** What a client with offload framing may not do to anybody, whatever it writes into prefixes and packets. */
final class FuzzTest extends Vpn {
    private static final int BATCH = 200;
    private static final int BATCHES = 150;
    private static final int WARM_UP = 15;
    private static final int MTU = 1500;
    /** The number of the echo request that ends what the classic client reads. */
    private static final int LAST = 0x6c61;
    /** Its length. */
    private static final int LENGTH = 36;
    /** KiB: less than 300 bytes per frame, and more than the heap and the compiler may still take after the warm-up. */
    private static final long MAX_GROWTH = 8_000;

    private final Random random = new Random(3);
    private final byte[] noise = new byte[1 << 17];

    /**
     * 30,000 frames with sound IPv4 headers and everything else random, to the server, a real client, a raw classic one
     * and nobody: the connection goes on, so do the others, what reaches the classic one is small and sound, no process
     * complains or grows.
     */
    @Test
    void randomFramesHarmNobody() throws Exception {
        random.nextBytes(noise);
        Program server = server();
        Program client = client(east);
        new Transfer(east, hub, SERVER, 20_000_000).await(60);
        ExtendedClient fuzzer = new ExtendedClient(west, hub, 1);
        ExtendedClient.Answer answer = fuzzer.handshake(ExtendedClient.OFFLOAD, "0.0.0.0");
        assertEquals(ExtendedClient.OFFLOAD, answer.features(), "accepted features");
        ClassicClient classic = new ClassicClient(west, hub);
        String own = answer.address();
        String witness = classic.join();
        AtomicInteger seen = new AtomicInteger();
        FutureTask<Void> reading = new FutureTask<>(() -> witness(classic, seen), null);
        Thread.ofPlatform().daemon().start(reading);
        String[] targets = {SERVER, address(east), witness, "10.0.123.45"};

        fuzz(fuzzer, own, targets, WARM_UP);
        long serverBefore = server.rss();
        long clientBefore = client.rss();
        fuzz(fuzzer, own, targets, BATCHES);
        assertGrowth(server, serverBefore);
        assertGrowth(client, clientBefore);

        Wait.until("an echo request at the classic client", 60, () -> {
            echo(fuzzer, own, witness, LAST);
            return reading.isDone();
        });
        reading.get(1, TimeUnit.SECONDS);
        assertTrue(seen.get() > BATCHES, () -> "of all this the classic client saw only " + seen + " packets");
        echo(fuzzer, own, SERVER, 1);
        fuzzer.receiveReply(1);
        echo(fuzzer, own, address(east), 2);
        fuzzer.receiveReply(2);
        new Transfer(east, hub, SERVER, 20_000_000).await(60);
        assertEquals(1, client.lines().stream().filter(line -> line.contains("connected to")).count(), client::log);
    }

    private void fuzz(ExtendedClient fuzzer, String own, String[] targets, int batches) throws IOException {
        for (int i = 0; i < batches; i++) {
            byte[][] frames = new byte[BATCH][];
            for (int k = 0; k < BATCH; k++) {
                byte[] packet = packet(own, targets[random.nextInt(targets.length)]);
                frames[k] = ExtendedClient.prefixed(prefix(), packet);
            }
            fuzzer.sendPrefixed(frames);
            fuzzer.assertAlive();
        }
    }

    /** None, an unfinished checksum, a super-packet's, or 4 bytes of anything. */
    private int prefix() {
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> Transport.UNFINISHED;
            case 2, 3 -> Transport.UNFINISHED | random.nextInt(MTU);
            default -> random.nextInt();
        };
    }

    /** A packet that passes as one: IPv4 header with options, length and checksum right, the rest as luck has it. */
    private byte[] packet(String own, String target) {
        int header = chance(3) ? 20 + 4 * random.nextInt(11) : 20;
        int room = chance(12) ? 65_535 - header : chance(2) ? MTU - header : 80;
        byte[] packet = new byte[header + random.nextInt(room + 1)];
        System.arraycopy(noise, random.nextInt(noise.length - packet.length), packet, 0, packet.length);
        int protocol = new int[] {Frames.TCP, Frames.TCP, Transport.UDP, Frames.ICMP, random.nextInt(256)}
                [random.nextInt(5)];
        ByteBuffer.wrap(packet).put(0, (byte) (0x40 | header / 4)).putShort(2, (short) packet.length)
                .putShort(6, (short) (chance(8) ? random.nextInt() : 0x4000)).put(8, (byte) (chance(8) ? 1 : 64))
                .put(9, (byte) protocol).putInt(12, Frames.address(chance(20) ? SERVER : own))
                .putInt(16, Frames.address(target)).putShort(10, (short) 0);
        transport(packet, header, protocol);
        ByteBuffer.wrap(packet).putShort(10, (short) ~headerSum(packet, header));
        return packet;
    }

    /** Mostly a TCP or UDP header that fits, so that the frame gets past the first check that would refuse it. */
    private void transport(byte[] packet, int header, int protocol) {
        int length = packet.length - header;
        ByteBuffer b = ByteBuffer.wrap(packet);
        if (protocol == Frames.TCP && length >= 20 && !chance(6)) {
            int words = 5 + random.nextInt(Math.min(11, length / 4 - 4));
            b.putShort(header + 2, (short) ClassicClient.PORT).put(header + 12, (byte) (words << 4));
        } else if (protocol == Transport.UDP && length >= 8 && !chance(6)) {
            b.putShort(header + 4, (short) length);
        }
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private static int headerSum(byte[] packet, int header) {
        int sum = 0;
        for (int i = 0; i < header; i += 2) {
            sum += Frames.u16(packet, i);
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return (sum & 0xffff) + (sum >>> 16);
    }

    /** Reads what reaches the classic client up to the last echo request. */
    private static void witness(ClassicClient classic, AtomicInteger seen) {
        try {
            byte[] packet;
            do {
                packet = classic.receive();
                check(packet);
                seen.incrementAndGet();
            } while (packet.length != LENGTH || !Frames.isEcho(packet) || Frames.u16(packet, 26) != LAST);
        } catch (IOException e) {
            throw new AssertionError("reading as the classic client", e);
        }
    }

    private static void check(byte[] packet) {
        assertTrue(packet != null, "the classic client was disconnected");
        assertTrue(packet.length <= MTU, () -> "length " + packet.length);
        assertTrue(Frames.headerChecksumOk(packet), () -> "header of " + ClassicClient.hex(packet));
    }

    private static void echo(ExtendedClient from, String source, String destination, int number) {
        try {
            from.send(Frames.echo(source, destination, number, LENGTH - 28));
        } catch (IOException e) {
            throw new AssertionError("sending an echo request", e);
        }
    }

    private static void assertGrowth(Program program, long before) {
        long growth = program.rss() - before;
        assertTrue(growth < MAX_GROWTH, () -> program + " grew by " + growth + " KiB");
    }
}
