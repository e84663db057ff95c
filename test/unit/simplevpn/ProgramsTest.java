package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.base.Failure;
import simplevpn.base.Ipv4;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** Server and clients, whole, in memory: who joins, and what is carried. */
class ProgramsTest extends WorldTest {
    /** Two clients and the server's host each have an address and reach each other, in both directions. */
    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 5 * SECOND, Long.MIN_VALUE})
    void everybodyReachesEverybody(long clock) throws Failure {
        world.close();
        world = new World(clock);
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        World.Board two = world.board(2, "-a", "10.0.7.7");
        assertEquals("10.0.0.1/16, 10.0.0.2/16, 10.0.7.7/16", hub.device.address + "/" + hub.device.length + ", "
                + one.device.address + "/" + one.device.length + ", " + two.device.address + "/" + two.device.length);
        assertTrue(one.device.up && two.device.up && hub.device.up);
        for (int i = 0; i < 3; i++) {
            assertCarries(one.device, two.device, udp("10.0.0.2", "10.0.7.7", 100));
            assertCarries(two.device, one.device, udp("10.0.7.7", "10.0.0.2", 1));
            assertCarries(one.device, hub.device, udp("10.0.0.2", HUB, 1400));
            assertCarries(hub.device, two.device, udp(HUB, "10.0.7.7", 0));
            assertCarries(one.device, hub.device, udp("10.0.0.2", "192.168.1.1", 10));
            world.pass(7 * SECOND);
        }
        assertSaid("192.0.2.2:50000 assigned 10.0.0.2 \\(dynamic, cubic\\)");
        assertSaid("192.0.2.2:50000 assigned 10.0.7.7 \\(static, cubic\\)");
        assertSaid("connected to 192.0.2.1:2002, address 10.0.7.7/16 on tun0, MTU 1500, congestion control cubic");
    }

    /** What the server was told about the network is what clients have; what a client was told goes before that. */
    @Test
    void settingsArePushed() throws Failure {
        world.hub("-n", "192.168.77.0/24", "-m", "1380", "-t", "20");
        World.Board one = world.board(1);
        World.Board two = world.board(2, "-m", "1300", "-t", "8");
        assertEquals("192.168.77.2/24 1380 20", settings(one));
        assertEquals("192.168.77.3/24 1300 8", settings(two));
    }

    private static String settings(World.Board board) {
        return board.device.address + "/" + board.device.length + " " + board.device.mtu + " "
                + board.connector.last().patience;
    }

    /** A super-packet travels whole between those that agreed on it, and in segments of its size to others. */
    @Test
    void superPackets() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        World.Board plain = world.board(3, "--no-offload");
        byte[] packet = tcp("10.0.0.2", "10.0.0.3", 5000);
        one.device.send(SUPER_PACKET, ReferencePackets.unfinished(packet));
        world.run();
        assertArrayEquals(SUPER_PACKET, two.device.nextHeader());
        assertArrayEquals(ReferencePackets.unfinished(packet), two.device.receive());

        byte[] toPlain = tcp("10.0.0.2", "10.0.0.4", 5000);
        one.device.send(SUPER_PACKET, ReferencePackets.unfinished(toPlain));
        world.run();
        // Side by side as they came, its device gets them joined again; the segment size is what remains of the way.
        assertArrayEquals(SUPER_PACKET, plain.device.nextHeader());
        assertArrayEquals(ReferencePackets.unfinished(toPlain), plain.device.receive());

        hub.device.send(SUPER_PACKET, ReferencePackets.unfinished(tcp(HUB, "10.0.0.2", 3000)));
        world.run();
        assertArrayEquals(SUPER_PACKET, one.device.nextHeader());
        assertEquals(1 << 0 | 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6, one.device.offloads,
                "TUN_F_CSUM, TSO4, TSO6, USO4, USO6");
        assertEquals(0, plain.device.offloads);
    }

    /** A client that comes again before its old connection was missed takes its address over, by its token. */
    @Test
    void takeover() throws Failure {
        World.Hub hub = world.hub();
        World.Board board = world.board(77);
        board.connector.last().cutLine();
        world.pass(2 * SECOND);
        assertEquals("10.0.0.2", board.device.address.toString());
        assertSaid(".* assigned 10.0.0.2 \\(taken over, cubic\\)");
        assertSaid(".*\\(10.0.0.2\\) gone: the same client connected again from .*");
        assertEquals(1, hub.server.hub.clients());
        assertCarries(board.device, hub.device, udp("10.0.0.2", HUB, 10));
        World.Board other = world.board(78, "-a", "10.0.0.2", "--once");
        assertEquals(Failure.REFUSED, other.failure.status, "another token takes nothing");
    }

    /** A client that is started again has the address that it had, by its token, whoever came meanwhile. */
    @Test
    void startedAgain() throws Failure {
        world.hub();
        World.Board board = world.board(77);
        assertEquals("10.0.0.2", board.device.address.toString());
        board.kill();
        world.run();
        assertEquals("10.0.0.3", world.board(78).device.address.toString());
        assertEquals("10.0.0.2", world.board(77).device.address.toString());
        assertSaid(".* assigned 10.0.0.2 \\(dynamic, cubic\\)");
    }

    /** A packet for an address that nobody has is answered to its sender, wherever it is, but not without end. */
    @Test
    void unreachable() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        one.device.send(udp("10.0.0.2", "10.0.0.99", 10));
        hub.device.send(udp(HUB, "10.0.0.98", 10));
        world.run();
        byte[] answer = one.device.receive();
        assertEquals("1 3 1 10.0.0.1", answer[9] + " " + answer[20] + " " + answer[21] + " "
                + Ipv4.text((int) ReferencePackets.get32(answer, 12)));
        answer = hub.device.receive();
        assertEquals("1 3 1 10.0.0.98", answer[9] + " " + answer[20] + " " + answer[21] + " "
                + Ipv4.text((int) ReferencePackets.get32(answer, 12)));
        for (int i = 0; i < 1000; i++) {
            one.device.send(udp("10.0.0.2", "10.0.0.99", 10));
            hub.device.send(udp(HUB, "10.0.0.98", 10));
        }
        world.run();
        int[] answers = new int[2];
        while (one.device.receive() != null) {
            answers[0]++;
        }
        while (hub.device.receive() != null) {
            answers[1]++;
        }
        assertArrayEquals(new int[] {49, 49}, answers);
        hub.device.send(udp(HUB, "10.0.255.255", 10));
        world.run();
        assertNull(hub.device.receive(), "a broadcast is not answered");
    }

    /** Idle clients keep their connections for ever, and send no more than a keepalive each quarter of the timeout. */
    @Test
    void idleClientsStay() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        int writes = one.connector.last().writes;
        world.pass(3600 * SECOND);
        assertEquals(1, one.connector.begun.size());
        assertEquals(240, one.connector.last().writes - writes);
        assertCarries(hub.device, one.device, udp(HUB, "10.0.0.2", 10));
    }

    /**
     * Wherever a connection fills up, in either direction, packets and keepalives arrive whole once there is room:
     * nothing is torn, and nobody is disconnected.
     */
    @Test
    void fullAtEachByte() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        MemoryStream client = one.connector.last();
        for (int room = 0; room < 500; room++) {
            client.room(room);
            client.other().room(room);
            List<byte[]> up = new ArrayList<>();
            List<byte[]> down = new ArrayList<>();
            one.ended = true;
            hub.ended = true;
            for (int i = 0; i < 4; i++) {
                up.add(udp("10.0.0.2", HUB, 60));
                down.add(udp(HUB, "10.0.0.2", 61));
                one.device.send(up.get(i));
                hub.device.send(down.get(i));
            }
            one.ended = false;
            world.run();
            hub.ended = false;
            client.room(1 << 16);
            client.other().room(1 << 16);
            world.run();
            assertAll(up, hub.device, room);
            assertAll(down, one.device, room);
        }
        assertEquals(1, one.connector.begun.size());
    }

    /** All are there and no others; those of one flow may go past those of another. */
    private static void assertAll(List<byte[]> packets, MemoryDevice device, int room) {
        List<byte[]> left = new ArrayList<>(packets);
        for (int i = 0; i < packets.size(); i++) {
            byte[] packet = device.receive();
            assertTrue(left.removeIf(one -> Arrays.equals(one, packet)), "with room for " + room + " bytes");
        }
        assertNull(device.receive());
    }

    /** Everything works through reads and writes of any size, down to single bytes. */
    @Test
    void narrowConnections() throws Failure {
        World.Hub hub = world.hub();
        for (int most = 1; most < 60; most++) {
            World.Board board = world.new Board(most, "-s", "hub");
            board.connector.slow = true;
            world.run();
            MemoryStream stream = board.connector.last();
            stream.mostPerRead = most;
            stream.mostPerWrite = most;
            stream.other().mostPerRead = most;
            stream.connecting = false;
            world.run();
            // Not before: a server does not wait for an answer to be taken.
            stream.other().mostPerWrite = most;
            String address = board.device.address.toString();
            assertCarries(board.device, hub.device, udp(address, HUB, 30));
            assertCarries(hub.device, board.device, udp(HUB, address, 31));
            board.kill();
            world.run();
        }
        assertEquals(0, hub.server.hub.clients());
    }

    /** A device that is gone ends the program; both give theirs back when they are ended. */
    @Test
    void ends() throws Failure {
        World.Hub hub = world.hub();
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        two.device.exists = false;
        world.run();
        assertEquals(Failure.SYSTEM, two.failure.status);
        one.client.end();
        one.ended = true;
        assertTrue(one.device.closed);
        assertSaid("ended by a signal; received 0 packets, .*");
        world.run();
        hub.server.end();
        assertTrue(hub.device.closed);
        assertSaid(".*\\(10.0.0.3\\) closed; .*");
        assertSaid("ended by a signal; tun0 refused 0 packets; of those that it sent, 0 could not be carried, .*");
    }
}
