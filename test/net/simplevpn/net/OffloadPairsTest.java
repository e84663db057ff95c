package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Program;

/** Offload framing between real kernels and towards raw clients: in force where both ends can, finished where not. */
final class OffloadPairsTest extends Vpn {
    private static final long BYTES = 20_000_000;
    private static final int MTU = 1500;
    private static final String ANY = "0.0.0.0";

    /** How a client's log tells at its end what it carried. */
    private static final Pattern COUNTS = Pattern.compile(
            "received (\\d+) packets, (\\d+) bytes; sent (\\d+) packets, (\\d+) bytes");

    /**
     * Streams between any two kinds of clients arrive byte for byte, both directions at once; packets larger than the
     * MTU travel exactly where all who handle them have offload framing.
     */
    @ParameterizedTest(name = "server {0}, one client {1}, the other {2}")
    @CsvSource({"true, true, true", "true, true, false", "true, false, true", "true, false, false",
            "false, true, true"})
    void clientsExchangeStreams(boolean server, boolean one, boolean other) throws Exception {
        server(options(server));
        Program first = client(east, options(one));
        Program second = client(west, options(other));
        new Transfer(east, west, address(west), BYTES).await(60);
        assertSizes(first, server && one, server && one && other);
        assertSizes(second, server && other, server && one && other);
    }

    /** The same between the server's own host and clients of both kinds. */
    @ParameterizedTest(name = "server {0}, client {1}")
    @CsvSource({"true, true", "true, false", "false, true"})
    void clientAndServerExchangeStreams(boolean server, boolean one) throws Exception {
        server(options(server));
        Program client = client(east, options(one));
        new Transfer(east, hub, SERVER, BYTES).await(60);
        assertSizes(client, server && one, server && one);
    }

    /** What a client with offload framing gets from one with it: super-packets whose prefix says the truth. */
    @Test
    void superPacketsArriveWhole() throws Exception {
        server();
        client(east);
        ExtendedClient raw = new ExtendedClient(west, hub, 1);
        ExtendedClient.Answer answer = raw.handshake(ExtendedClient.OFFLOAD, ANY);
        assertEquals(ExtendedClient.OFFLOAD, answer.features(), "accepted features");
        AtomicInteger large = new AtomicInteger();
        Sink.receive(east, raw, answer.address(), packet -> {
            assertPrefix(raw.prefix(), packet);
            large.addAndGet(packet.length > MTU ? 1 : 0);
        });
        assertTrue(large.get() > 10, () -> "packets larger than the MTU: " + large);
        raw.assertAlive();
    }

    /** The same from one without it: no packet exceeds the MTU, none has a segment size. */
    @Test
    void senderWithoutOffloadMakesNoSuperPackets() throws Exception {
        server();
        client(east, "--no-offload");
        ExtendedClient raw = new ExtendedClient(west, hub, 1);
        Sink.receive(east, raw, raw.handshake(ExtendedClient.OFFLOAD, ANY).address(), packet -> {
            assertEquals(0, raw.prefix(), "prefix of a packet from a client that finishes its own");
            assertFinished(packet);
        });
    }

    /** A server without offloads accepts none, and the frames stay classic. */
    @Test
    void serverWithoutOffloadAcceptsNoFraming() throws IOException {
        server("--no-offload");
        ExtendedClient raw = new ExtendedClient(west, hub, 1);
        assertEquals(0, raw.handshake(ExtendedClient.OFFLOAD, ANY).features(), "accepted features");
        raw.assertAlive();
    }

    /** Super-packets from a client and from the server's host reach a classic client as finished small packets. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void classicClientGetsFinishedPackets(boolean fromClient) throws Exception {
        server();
        client(east);
        ClassicClient raw = new ClassicClient(west, hub);
        Sink.receive(fromClient ? east : hub, raw, raw.join(), OffloadPairsTest::assertFinished);
        raw.assertAlive();
    }

    /** The same towards an extended client that did not offer offload framing. */
    @Test
    void extendedClientWithoutFeatureGetsFinishedPackets() throws Exception {
        server();
        client(east);
        ExtendedClient raw = new ExtendedClient(west, hub, 1);
        Sink.receive(east, raw, raw.join(), OffloadPairsTest::assertFinished);
    }

    /** A TCP super-packet and a UDP packet made by hand: each part that comes out is what a kernel would have sent. */
    @Test
    void packetsMadeByHandAreFinishedForClassicClients() throws IOException {
        server();
        ExtendedClient from = new ExtendedClient(east, hub, 1);
        ClassicClient to = new ClassicClient(west, hub);
        String source = from.handshake(ExtendedClient.OFFLOAD, ANY).address();
        String destination = to.join();
        byte[] payload = new byte[10_001];
        new Random(7).nextBytes(payload);
        byte[] tcp = Transport.tcp(source, destination, 5000, 80, -3000, 9, Transport.ACK | Transport.PSH, payload);
        byte[] udp = Transport.udp(source, destination, 5000, new byte[] {1, 2, 3});
        from.sendPrefixed(ExtendedClient.prefixed(Transport.UNFINISHED | 1000, Transport.unfinished(tcp)),
                ExtendedClient.prefixed(Transport.UNFINISHED, Transport.unfinished(udp)));
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        while (joined.size() < payload.length) {
            byte[] packet = to.receive();
            assertFinished(packet);
            assertEquals(-3000 + joined.size(), Transport.sequence(packet));
            joined.writeBytes(Transport.payload(packet));
            boolean last = joined.size() == payload.length;
            assertEquals(last ? 1 : 1000, Transport.payload(packet).length);
            assertEquals(last ? Transport.ACK | Transport.PSH : Transport.ACK, Transport.flags(packet));
        }
        assertArrayEquals(payload, joined.toByteArray());
        assertArrayEquals(udp, to.receive());
    }

    private static String[] options(boolean offload) {
        return offload ? new String[0] : new String[] {"--no-offload"};
    }

    /**
     * The mean size of a packet in each direction exceeds the MTU, which only super-packets can do, or does not. Stops
     * the client, which tells it at its end.
     */
    static void assertSizes(Program client, boolean largeSent, boolean largeReceived) {
        client.stop();
        Matcher counts = COUNTS.matcher(client.log());
        assertTrue(counts.find(), () -> "no counts in\n" + client.log());
        long received = Long.parseLong(counts.group(2)) / Long.parseLong(counts.group(1));
        long sent = Long.parseLong(counts.group(4)) / Long.parseLong(counts.group(3));
        assertEquals(largeSent, sent > MTU, () -> "mean size of the packets sent is " + sent);
        assertEquals(largeReceived, received > MTU, () -> "mean size of the packets received is " + received);
    }

    private static void assertPrefix(int prefix, byte[] packet) {
        assertTrue(Frames.headerChecksumOk(packet), () -> "header checksum of " + ClassicClient.hex(packet));
        if (prefix == 0) {
            assertFinished(packet);
            return;
        }
        assertEquals(Transport.UNFINISHED, prefix & 0xffff_0000, "flags");
        assertTrue(Transport.isUnfinished(packet), "the checksum field holds the pseudo-header's sum");
        int segment = prefix & 0xffff;
        int payload = Transport.payload(packet).length;
        assertEquals(packet.length > MTU, segment != 0, "a segment size stands before super-packets");
        assertTrue(segment == 0
                        || (segment >= 48 && segment < payload && packet.length - payload + segment <= MTU),
                () -> "segment size " + segment + " for a payload of " + payload);
    }

    private static void assertFinished(byte[] packet) {
        assertTrue(packet.length <= MTU, () -> "length " + packet.length);
        assertTrue(Frames.headerChecksumOk(packet), () -> "header checksum of " + ClassicClient.hex(packet));
        assertTrue(Transport.isFinished(packet), () -> "TCP or UDP checksum of " + ClassicClient.hex(packet));
    }
}
