package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** What strangers, and clients that behave badly, try to take from others: they do not get it. */
final class AbuseTest extends Vpn {
    /** The first bytes of an IPv6 packet as long as there are, which is skipped and never stored. */
    private static final byte[] LONG_IPV6 = {0x60, 0, 0, 0, (byte) 0xff, (byte) 0xff};
    private static final int ALMOST_ALL = 65_500;

    /**
     * Strangers in the middle of the longest frames, and in front of any: a client that is in the middle of one of its
     * own stays, and so do the packets of others.
     */
    @Test
    void strangersInTheMiddleOfFrames() throws IOException {
        Program server = server();
        client(east);
        ClassicClient careful = new ClassicClient(west, hub);
        String address = careful.join();
        List<Socket> strangers = new ArrayList<>();
        for (int i = 0; i < 280; i++) {
            Socket stranger = west.connect(hub.outer4, ClassicClient.PORT);
            if (i < 130) {
                stranger.getOutputStream().write(Arrays.copyOf(LONG_IPV6, LONG_IPV6.length + ALMOST_ALL));
            } else {
                stranger.getOutputStream().write(0x45);
            }
            strangers.add(stranger);
        }
        byte[] packet = Frames.echo(address, SERVER, 7, 1000);
        careful.send(Arrays.copyOf(packet, 300));
        east.pingAll(SERVER, 20);
        careful.send(Arrays.copyOfRange(packet, 300, packet.length));
        assertTrue(Frames.isEchoReply(careful.receive(), 7), server::log);
        for (Socket stranger : strangers) {
            stranger.close();
        }
    }

    /** One host that connects as often as it can leaves room for others; that costs no line in the log for each. */
    @Test
    void connectionsWithoutEnd() throws IOException {
        Program server = lan.start(hub, List.of("sh", "-c", "ulimit -n 300 && exec \"$0\"",
                Lab.TOP.resolve("srv").toString()));
        server.awaitLine("listening on", 60);
        for (int i = 0; i < 400; i++) {
            west.connect(hub.outer4, ClassicClient.PORT);
        }
        client(east);
        east.awaitPing(SERVER, 60);
        for (int i = 0; i < 2000; i++) {
            try (ClassicClient again = new ClassicClient(west, hub, i)) {
                again.ask("0.0.0.0");
                again.socket.setSoLinger(true, 0);
            }
        }
        assertTrue(server.lines().size() < 2200, () -> server.lines().size() + " lines");
        east.awaitPing(SERVER, 60);
    }

    /** A server that stood still, stopped or on a machine that slept, gives up nobody who was there all the time. */
    @Test
    void serverStandsStill() throws IOException {
        Program server = server("-t", "4");
        client(east, "-t", "60");
        ClassicClient other = new ClassicClient(west, hub);
        String address = other.join();
        server.signal("STOP");
        Wait.pause(6000);
        other.send(Frames.echo(address, SERVER, 3, 10));
        server.signal("CONT");
        assertTrue(Frames.isEchoReply(other.receive(), 3), server::log);
        east.awaitPing(SERVER, 60);
        assertFalse(server.said("timed out"), server::log);
    }

    /** A log that nobody reads stops nothing: the pipe is full before the first line. */
    @Test
    void logThatNobodyReads() {
        Program server = lan.start(hub, List.of("sh", "-c",
                "(head -c 65536 /dev/zero; exec \"$0\" -v 2>&1) | sleep 60", Lab.TOP.resolve("srv").toString()));
        Wait.until("an address on the server's device", 60, () -> hub.tunnel().isPresent());
        Program client = lan.start(east, List.of("sh", "-c",
                "(head -c 65536 /dev/zero; exec \"$0\" -v -s \"$1\" 2>&1) | sleep 60",
                Lab.TOP.resolve("cli").toString(), hub.outer4));
        client.await("an address on the client's device", 60, () -> east.tunnel().isPresent());
        east.awaitPing(SERVER, 60);
        client.dismiss();
        server.dismiss();
    }
}
