package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryStream;

/** What connections without an address can take from others: nothing. */
class StrangersTest extends WorldTest {
    private static final int ROUNDS = 50;

    /** A connection from a host of its own. */
    private MemoryStream from(int host) {
        return world.acceptor.connect(MemoryKernel.endpoint(0xc6336400 | host, 50_000));
    }

    @BeforeEach
    void manyConnectionsNeedLittle() {
        world.acceptor.room = 1000;
    }

    private static long open(List<MemoryStream> streams) {
        return streams.stream().filter(stream -> !stream.other().isClosed()).count();
    }

    /** However many connections one host holds, another always gets in, and so does one of its own neighbours. */
    @Test
    void oneHostCannotTakeAllConnections() throws Failure {
        world.new Hub(300);
        List<MemoryStream> flood = new ArrayList<>();
        for (int round = 1; round <= ROUNDS; round++) {
            for (int i = 0; i < 100; i++) {
                flood.add(world.acceptor.connect());
            }
            MemoryStream good = round % 2 == 0 ? from(round) : world.acceptor.connect();
            world.run();
            good.put(hex(DYNAMIC));
            world.run();
            assertFalse(good.other().isClosed(), "round " + round);
            assertEquals(20, good.take().length, "round " + round);
        }
        assertEquals(300 / 4 / 2, open(flood));
        assertSaid("192.0.2.99:40000 gave way to another: 37 connections of one host without an address are the limit");
    }

    /** Many hosts together have a bound too, and the one that has waited longest goes first. */
    @Test
    void theOldestGoesFirst() throws Failure {
        world.new Hub(300);
        List<MemoryStream> all = new ArrayList<>();
        for (int host = 1; host <= 100; host++) {
            all.add(from(host));
            world.run();
        }
        for (int i = 0; i < 100; i++) {
            assertEquals(i < 25, all.get(i).other().isClosed(), "host " + i);
        }
        assertSaid("198.51.100.1:50000 gave way to another: 75 connections without an address are the limit");
    }

    /** A request that has arrived is read before its sender has to give way. */
    @Test
    void whatHasArrivedIsReadFirst() throws Failure {
        world.new Hub(300);
        MemoryStream good = from(1);
        world.run();
        for (int host = 2; host < 76; host++) {
            from(host);
        }
        world.run();
        good.put(hex(DYNAMIC));
        MemoryStream next = from(76);
        world.run();
        assertEquals(20, good.take().length);
        assertFalse(good.other().isClosed());
        assertFalse(next.other().isClosed());
    }

    /** Clients leave room for newcomers: of all the connections that there can be a quarter is for strangers. */
    @Test
    void clientsLeaveRoom() throws Failure {
        World.Hub hub = world.new Hub(100, "--max-per-source", "1000");
        assertEquals(75, hub.server.hub.maxClients());
        for (int i = 0; i < 75; i++) {
            MemoryStream client = world.acceptor.connect();
            client.put(hex(DYNAMIC));
            world.run();
            assertEquals(20, client.take().length);
        }
        MemoryStream more = world.acceptor.connect();
        more.put(hex("45000000 56320000 00000007 00000000 00000000"));
        world.run();
        assertTrue(new String(more.take(), StandardCharsets.UTF_8)
                .contains("the server is full, 75 clients are its limit"));
    }

    /**
     * Clients are as many as the user says, even if more would be possible, and one host has all but a sixteenth of
     * them.
     */
    @Test
    void placesOfOneHost() throws Failure {
        World.Hub hub = world.hub("-c", "32");
        assertEquals(32, hub.server.hub.maxClients());
        for (int i = 0; i < 32; i++) {
            MemoryStream client = world.acceptor.connect();
            client.put(hex(DYNAMIC));
            world.run();
            assertEquals(i < 30 ? 20 : 0, client.take().length);
        }
        MemoryStream other = from(1);
        other.put(hex(DYNAMIC));
        world.run();
        assertEquals(20, other.take().length);
    }

    /**
     * Connecting, asking and breaking off in a loop takes no addresses from others, however often: those that are kept
     * for somebody count, until their time is over.
     */
    @Test
    void addressesAreNotUsedUp() throws Failure {
        world.hub("-n", "10.0.0.0/28");
        for (int i = 0; i < 1000; i++) {
            MemoryStream client = world.acceptor.connect();
            client.put(hex("45000000 56320000 %08x 00000000 00000000".formatted(i + 1)));
            world.run();
            client.close();
            world.run();
        }
        MemoryStream other = from(1);
        other.put(hex(DYNAMIC));
        world.run();
        assertEquals(20, other.take().length);
        world.pass(60 * SECOND);
        MemoryStream again = world.acceptor.connect();
        again.put(hex(DYNAMIC));
        world.run();
        assertEquals(20, again.take().length);
    }

    /** Whatever clients and strangers do, the log grows by a few lines a second. */
    @Test
    void theLogIsBounded() throws Failure {
        world.hub();
        int lines = 0;
        for (int second = 0; second < 100; second++) {
            for (int i = 0; i < 100; i++) {
                MemoryStream client = world.acceptor.connect();
                client.put(hex(DYNAMIC));
                world.run();
                client.close();
                world.run();
            }
            world.pass(SECOND);
            lines += second < 20 ? 0 : world.news().size();
        }
        assertTrue(lines <= 80 * 6 + 1100, "lines in 80 s: " + lines);
    }
}
