package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** ./srv towards the programs of 2013: PROTOCOL.md, part 1 as seen by a raw socket. */
final class ClassicClientTest extends Vpn {
    private static final int CLASSIC_MSS = 1360;

    private Program server;

    @BeforeEach
    void startServer() {
        server = server();
    }

    /** Garbage in a request's unused fields neither confuses the server nor is altered: 20 bytes come back, no more. */
    @Test
    void answerIsTheRequestWithTheAddress() throws IOException {
        for (int seed = 0; seed < 20; seed++) {
            ClassicClient client = new ClassicClient(east, hub, seed);
            client.join();
            client.assertAlive();
        }
    }

    /** A request may arrive byte by byte. */
    @Test
    void requestMayBeSplitAnywhere() throws IOException {
        ClassicClient client = new ClassicClient(east, hub);
        byte[] request = Frames.request(new Random(5), "10.0.8.8");
        for (byte b : request) {
            client.send(new byte[] {b});
            Wait.pause(2);
        }
        assertEquals(Frames.address("10.0.8.8"), Frames.destination(client.answer(request)));
    }

    /** Keepalives come back unaltered, whatever is in their unused fields, version 0 and length 65535 included. */
    @Test
    void keepalivesAreReturnedUnaltered() throws IOException {
        ClassicClient client = new ClassicClient(east, hub);
        client.join();
        List<byte[]> keepalives = new ArrayList<>();
        Random garbage = new Random(15);
        for (int i = 0; i < 50; i++) {
            keepalives.add(Frames.keepalive(garbage));
        }
        byte[] odd = Frames.keepalive(garbage);
        ByteBuffer.wrap(odd).put(0, (byte) 0).putShort(2, (short) -1);
        keepalives.add(odd);
        byte[] likeIpv6 = Frames.keepalive(garbage);
        ByteBuffer.wrap(likeIpv6).put(0, (byte) 0x60).putShort(4, (short) 0x4000);
        keepalives.add(likeIpv6);
        client.send(keepalives.toArray(byte[][]::new));
        for (byte[] keepalive : keepalives) {
            assertArrayEquals(keepalive, client.receive());
        }
    }

    /** Data before an address was assigned goes nowhere and does not end the connection. */
    @Test
    void dataBeforeAnAddressIsDropped() throws IOException {
        ClassicClient early = new ClassicClient(east, hub);
        ClassicClient other = new ClassicClient(west, hub);
        String target = other.join();
        early.send(Frames.echo("10.0.9.9", target, 1, 100), Frames.echo("10.0.9.9", SERVER, 2, 100));
        assertEquals("10.0.9.9", early.ask("10.0.9.9"), "the next that comes is the answer, not an echo reply");
        early.send(Frames.echo("10.0.9.9", target, 3, 100));
        assertEquals(3, Frames.u16(other.receive(), 26), "the packet sent before the request never arrives");
    }

    /** Who has not asked for an address 10 s after connecting is disconnected, keepalives or not; who has, is not. */
    @Test
    void connectionWithoutRequestIsClosed() throws IOException {
        ClassicClient silent = new ClassicClient(east, hub);
        ClassicClient chatty = new ClassicClient(east, hub);
        ClassicClient member = new ClassicClient(east, hub);
        member.join();
        silent.socket.setSoTimeout(25_000);
        for (int i = 0; i < 8; i++) {
            chatty.sendKeepalive();
            Wait.pause(1000);
        }
        silent.assertClosed();
        chatty.assertClosed();
        member.assertAlive();
    }

    /** A damaged stream ends its own connection at once and no other one. */
    @Test
    void damagedStreamEndsOnlyItsOwnConnection() throws IOException {
        ClassicClient witness = new ClassicClient(west, hub);
        String target = witness.join();
        for (int kind = 0; kind < 5; kind++) {
            ClassicClient client = new ClassicClient(east, hub);
            byte[] damaged = Frames.echo(client.join(), target, 1, 60);
            switch (kind) {
                case 0 -> damaged[10] ^= 0x10; // header checksum
                case 1 -> damaged[0] = 0x55; // version 5
                case 2 -> damaged[0] = 0x44; // header length 16
                case 3 -> ByteBuffer.wrap(damaged).putShort(2, (short) 19); // shorter than its header
                default -> damaged = ClassicServer.debris(500, kind);
            }
            client.send(damaged);
            client.assertClosed();
        }
        witness.assertAlive();
        server.awaitLine("broke the protocol: ", 60);
    }

    /** IPv6 packets are skipped by their length, however they are split, and the connection goes on. */
    @Test
    void ipv6IsSkipped() throws IOException {
        ClassicClient client = new ClassicClient(east, hub);
        String address = client.join();
        int number = 0;
        for (int payload : new int[] {0, 1, 100, 1460, 65_000}) {
            byte[] stream = Frames.join(Frames.ipv6(payload), Frames.echo(address, SERVER, ++number, 20));
            int cut = Math.min(30, stream.length);
            client.send(Arrays.copyOf(stream, cut));
            Wait.pause(20);
            client.send(Arrays.copyOfRange(stream, cut, stream.length));
            client.receiveReply(number);
        }
    }

    /** An address message that is no request (it has a destination) is ignored. */
    @Test
    void addressMessageWithDestinationIsIgnored() throws IOException {
        ClassicClient client = new ClassicClient(east, hub);
        String address = client.join();
        client.send(ClassicServer.answer(Frames.request(new Random(1), "0.0.0.0"), Frames.address(address)));
        client.assertAlive();
    }

    /** A client sends from its own address only: neither the server's host nor another client hears a forged one. */
    @Test
    void forgedSourceIsDropped() throws IOException {
        ClassicClient liar = new ClassicClient(east, hub);
        ClassicClient victim = new ClassicClient(west, hub);
        ClassicClient target = new ClassicClient(west, hub);
        String own = liar.join();
        String forged = victim.join();
        String to = target.join();
        liar.send(Frames.echo(forged, to, 1, 30), Frames.echo("10.0.200.200", to, 2, 30),
                Frames.echo(SERVER, to, 3, 30), Frames.echo("192.0.2.77", to, 4, 30),
                Frames.echo(forged, SERVER, 5, 30), Frames.echo(own, to, 6, 30));
        assertEquals(6, Frames.u16(target.receive(), 26), "only the honest packet arrives");
        liar.assertAlive();
        victim.send(Frames.echo(forged, SERVER, 7, 30));
        assertTrue(Frames.isEchoReply(victim.receive(), 7), "no reply to what was sent in the victim's name");
    }

    /** A program that takes one read for one packet answers a real client's pings: no frame is cut or glued. */
    @Test
    void oneReadIsOnePacket() throws Exception {
        client(west);
        ClassicClient client = new ClassicClient(east, hub);
        String address = client.join();
        // The next one goes behind the answer: two that wait for a slow reader would be one read for any sender.
        FutureTask<Void> pings = new FutureTask<>(() -> west.pingAll(address, 40, "-s", "1200"), null);
        Thread.ofPlatform().daemon().start(pings);
        for (int answered = 0; answered < 40;) {
            byte[] packet = client.read();
            if (!Frames.isKeepalive(packet)) {
                assertEquals(packet.length, Frames.u16(packet, 2), "one whole packet");
                assertTrue(Frames.isEcho(packet), () -> ClassicClient.hex(packet));
                client.send(Frames.reply(packet));
                answered++;
            }
        }
        pings.get();
    }

    /** TCP connections to and from classic clients agree on segments that fit the outer connection's: MSS 1360. */
    @Test
    void mssIsLoweredForClassicClients() throws IOException {
        ClassicClient client = new ClassicClient(east, hub);
        ClassicClient other = new ClassicClient(west, hub);
        ExtendedClient extended = new ExtendedClient(west, hub, 0);
        ServerSocket listener = hub.listen(SERVER, 0);
        String address = client.join();
        client.send(Frames.syn(address, SERVER, listener.getLocalPort(), 1460));
        byte[] fromHost = client.receive();
        assertEquals(Frames.TCP, fromHost[9]);
        assertMss(CLASSIC_MSS, fromHost);
        String to = other.join();
        client.send(Frames.syn(address, to, 80, 1460));
        assertMss(CLASSIC_MSS, other.receive());
        client.send(Frames.syn(address, to, 80, 536));
        assertMss(536, other.receive());
        String extendedTo = extended.join();
        client.send(Frames.syn(address, extendedTo, 80, 1460));
        assertMss(CLASSIC_MSS, extended.receive());
        extended.send(Frames.syn(extendedTo, address, 80, 1460));
        byte[] toClassic = client.receive();
        while (Frames.source(toClassic) == Frames.address(SERVER)) {
            toClassic = client.receive(); // the first connection's SYN-ACK, repeated by the hub's kernel
        }
        assertMss(CLASSIC_MSS, toClassic);
    }

    /** What travels between two extended clients is not touched, a large MSS included. */
    @Test
    void packetsBetweenExtendedClientsAreUnaltered() throws IOException {
        ExtendedClient one = new ExtendedClient(east, hub, 1);
        ExtendedClient two = new ExtendedClient(west, hub, 2);
        String from = one.join();
        String to = two.join();
        byte[][] packets = {Frames.syn(from, to, 80, 1460), Frames.echo(from, to, 1, 1472),
                Frames.echo(from, to, 2, 0)};
        one.send(packets);
        for (byte[] packet : packets) {
            assertArrayEquals(packet, two.receive());
        }
    }

    /** A classic client's packets to an address that nobody has come back as ICMP host unreachable, not as silence. */
    @Test
    void unassignedAddressIsUnreachable() throws IOException {
        ClassicClient client = new ClassicClient(east, hub);
        byte[] packet = Frames.echo(client.join(), "10.0.123.45", 1, 50);
        client.send(packet);
        byte[] error = client.receive();
        assertEquals(Frames.ICMP, error[9]);
        assertEquals(0x0301, Frames.u16(error, Frames.HEADER), "type 3, code 1");
        assertTrue(Frames.headerChecksumOk(error));
        assertEquals(Frames.source(packet), Frames.destination(error));
        assertArrayEquals(Arrays.copyOf(packet, 28), Arrays.copyOfRange(error, 28, 56),
                "quotes the packet's header and 8 bytes");
    }

    /** A segment that the server keeps back, to join others to it, stays whole when a frame for another one follows. */
    @Test
    void segmentForTheServerBeforeAFrameForAnother() throws IOException {
        client(west);
        ClassicClient classic = new ClassicClient(east, hub);
        String own = classic.join();
        classic.send(Frames.segment(own, SERVER, 9, 100), Frames.datagram(own, address(west), 7, 100));
        byte[] reset;
        do {
            reset = classic.receive();
            assertTrue(reset != null, "closed before the answer to the segment");
        } while (reset[9] != Frames.TCP);
        assertEquals(Frames.address(SERVER), Frames.source(reset));
        assertEquals(0x04, reset[Frames.HEADER + 13] & 0x04, "RST: the segment arrived with a right checksum");
    }

    private static void assertMss(int expected, byte[] syn) {
        assertEquals(expected, Frames.mss(syn), () -> ClassicClient.hex(syn));
        assertTrue(Frames.tcpChecksumOk(syn), () -> "TCP checksum of " + ClassicClient.hex(syn));
    }
}
