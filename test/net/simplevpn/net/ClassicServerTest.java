package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** ./cli towards a server of 2013, and towards extended servers that do what ./srv never does. */
final class ClassicServerTest extends Vpn {

    /** A classic server's first answer is taken, with the netmask and MTU that go with it, and packets flow. */
    @Test
    void takesTheAddressOfAClassicServer() throws IOException {
        new ClassicServer(hub);
        client(east);
        assertEquals(16, east.tunnel().orElseThrow().prefix());
        assertEquals("10.0.0.2", address(east));
        assertEquals(1400, east.mtu(east.tunnel().orElseThrow().device()));
        east.pingAll(SERVER, 5, "-s", "1372");
    }

    /** Every answer after the first is ignored, even one with another address. */
    @Test
    void secondAnswerIsIgnored() throws IOException {
        new ClassicServer(hub, request -> Frames.join(ClassicServer.answer(request, Frames.address("10.0.5.1")),
                ClassicServer.answer(request, Frames.address("10.0.5.2"))));
        client(east);
        east.awaitPing(SERVER, 60);
        assertEquals("10.0.5.1", address(east));
    }

    /** Two clients meet through a server that forwards reads, not packets, also after bursts that it cut. */
    @Test
    void clientsMeetThroughAClassicServer() throws Exception {
        ClassicServer server = new ClassicServer(hub);
        client(east);
        client(west);
        String to = address(west);
        east.pingAll(to, 5, "-s", "1372");
        for (int i = 0; i < 4; i++) {
            east.ping(to, "-c", "60", "-l", "60", "-s", "1000", "-w", "1");
            east.awaitPing(to, 60);
        }
        assertEquals(2, server.connections(), "both connections were kept");
    }

    /** The request is that of PROTOCOL.md, table 2.1, in which classic servers find nothing unusual. */
    @Test
    void requestSaysWhatIsOffered() throws Exception {
        ClassicServer server = new ClassicServer(hub);
        client(east, "-a", "10.0.44.4");
        byte[] request = server.awaitPeer(20).awaitRequest(20);
        assertEquals(Frames.HEADER, request.length);
        assertEquals(0x45, request[0]);
        assertEquals(0, request[1] & ~7, "feature bits that nobody defined");
        assertEquals(0, Frames.u16(request, 2));
        assertEquals(0x5632, Frames.u16(request, 4));
        assertTrue(!Arrays.equals(new byte[6], Arrays.copyOfRange(request, 6, 12)), "a token was drawn");
        assertEquals(Frames.address("10.0.44.4"), Frames.source(request));
        assertEquals(0, Frames.destination(request));
        assertEquals("10.0.44.4", address(east));
    }

    /** A stream that was cut anywhere costs packets, but neither the connection nor the tunnel. */
    @Test
    void damagedStreamIsSurvived() throws Exception {
        ClassicServer server = new ClassicServer(hub);
        Program client = client(east);
        ClassicServer.Peer peer = server.awaitPeer(20);
        byte[] packet = Frames.echo("10.0.0.9", address(east), 1, 600);
        for (int cut : new int[] {1, 19, 20, 21, 300, 627}) {
            peer.send(Arrays.copyOf(packet, cut));
            east.awaitPing(SERVER, 60);
            peer.send(Arrays.copyOfRange(packet, cut, packet.length));
            east.awaitPing(SERVER, 60);
        }
        for (int length : new int[] {1, 20, 1500, 60_000}) {
            peer.send(ClassicServer.debris(length, length));
            east.awaitPing(SERVER, 60);
        }
        assertEquals(1, server.connections(), "the connection was kept");
        assertTrue(client.alive());
    }

    /** An address that no host can have is not taken: the client says so and disconnects, to try again later. */
    @Test
    void unusableAddressIsNotTaken() throws Exception {
        Iterator<String> addresses = List.of("127.0.0.1", "239.1.1.1", "0.1.2.3", "10.0.0.9").iterator();
        ClassicServer server = new ClassicServer(hub,
                request -> ClassicServer.answer(request, Frames.address(addresses.next())));
        Program client = client(east);
        assertEquals("10.0.0.9", address(east));
        assertEquals(4, server.connections());
        client.awaitLine("127\\.0\\.0\\.1", 60);
    }

    /** Options that do not fit make the answer invalid; options of unknown types are skipped and the others obeyed. */
    @Test
    void optionsAreChecked() throws Exception {
        byte[] beyondTheFrame = {1, 4, -1, -1};
        byte[] shortNetmask = {1, 3, -1, -1, -1};
        byte[] valid = {(byte) 200, 2, 9, 9, 1, 4, -1, -1, -1, 0, (byte) 201, 0, 3, 2, 0x05, 0x14};
        Iterator<byte[]> options = List.of(beyondTheFrame, shortNetmask, valid).iterator();
        ClassicServer server = new ClassicServer(hub,
                request -> ClassicServer.extendedAnswer("10.3.0.7", options.next()));
        client(east);
        assertEquals("10.3.0.7", address(east));
        assertEquals(24, east.tunnel().orElseThrow().prefix());
        assertEquals(0x0514, east.mtu(east.tunnel().orElseThrow().device()));
        assertEquals(3, server.connections());
    }

    /** A lost connection is made anew, with the same token and a request for the same address, and the device stays. */
    @Test
    void reconnectAsksForTheSameAddress() throws Exception {
        ClassicServer server = new ClassicServer(hub);
        client(east);
        ClassicServer.Peer first = server.awaitPeer(20);
        byte[] request = first.awaitRequest(20);
        String device = east.run("ip", "-o", "-4", "addr").ok().output();
        first.close();
        byte[] again = server.awaitPeer(30).awaitRequest(20);
        assertEquals(Frames.address("10.0.0.2"), Frames.source(again));
        assertEquals(ClassicClient.hex(Arrays.copyOf(request, 12)), ClassicClient.hex(Arrays.copyOf(again, 12)));
        east.awaitPing(SERVER, 60);
        assertEquals(device, east.run("ip", "-o", "-4", "addr").ok().output(), "the same device with the same index");
    }

    /** The pushed times rule: a keepalive after that much idleness, and a new connection when nothing answers it. */
    @Test
    void keepaliveFollowsTheServersTimes() throws Exception {
        byte[] fast = {1, 4, -1, -1, -1, 0, 4, 4, 0, 1, 0, 3};
        ClassicServer server = new ClassicServer(hub, request -> ClassicServer.extendedAnswer("10.3.0.7", fast));
        client(east);
        ClassicServer.Peer first = server.awaitPeer(20);
        Wait.until("keepalives beyond the timeout", 60,
                () -> first.reads.stream().filter(Frames::isKeepalive).count() >= 5);
        assertEquals(1, server.connections(), "answered keepalives keep the connection");
        first.mute();
        assertEquals(Frames.address("10.3.0.7"), Frames.source(server.awaitPeer(20).awaitRequest(20)));
    }
}
