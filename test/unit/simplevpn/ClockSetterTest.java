package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;
import simplevpn.linux.Stream;

/** Whose clock is set, to what, and by whom: one that can only be wrong, by a server that has shown its key. */
class ClockSetterTest extends KeyedWorldTest {
    /** A machine whose clock this test has instead of the real one. */
    private static final class Watch extends ClockSetter {
        private final List<Long> settings = new ArrayList<>();
        private long time;
        private boolean refuses;

        Watch(long time) {
            this.time = time;
        }

        @Override
        long now() {
            return time;
        }

        @Override
        void set(long seconds) throws Failure {
            if (refuses) {
                throw new Failure(Failure.SYSTEM, "clock_settime: EPERM");
            }
            settings.add(seconds);
            time = seconds;
        }
    }

    /** A client with such a watch, connected to a server whose clock is this machine's. */
    private World.Board connect(Watch watch) throws Exception {
        World.Board board = world.new Board(1, "-s", "hub", "--key", file("one").toString(), "--server-pin", serverPin,
                "--set-clock");
        board.client.clock = watch;
        world.pass(World.SECOND);
        assertEquals("10.0.0.2", address(board));
        return board;
    }

    private static long real() {
        return System.currentTimeMillis() / 1000;
    }

    /** A board that begins in 1970 has the server's time once it is connected, and is not touched again. */
    @Test
    void fromTheBeginning() throws Exception {
        known("one");
        World.Hub hub = server();
        Watch watch = new Watch(17);
        long from = real();
        assertTrue(watch.isNeeded());
        connect(watch);
        assertEquals(1, watch.settings.size());
        assertTrue(watch.time >= from && watch.time <= real(), watch.settings.toString());
        assertSaid("the clock was set by the server's, \\d+ s forward");
        assertFalse(watch.isNeeded());
        hub.kill();
        server();
        world.pass(60 * World.SECOND);
        assertEquals(1, watch.settings.size());
    }

    /** A clock that shows the day of the release or a later one is left alone, however wrong it may be. */
    @Test
    void rightClocksAreNotTouched() throws Exception {
        known("one");
        server();
        assertTrue(Version.RELEASED <= real(), "the release is not in the future");
        assertEquals(0, Version.RELEASED % 86_400);
        assertTrue(new Watch(Version.RELEASED - 1).isNeeded());
        for (long time : new long[] {Version.RELEASED, Version.RELEASED + 1, real(), Long.MAX_VALUE}) {
            Watch watch = new Watch(time);
            assertFalse(watch.isNeeded());
            connect(watch).kill();
            assertEquals(List.of(), watch.settings);
        }
        assertFalse(world.log().contains("clock"), world.log());
    }

    /** What the system does not allow is told once, and the tunnel works all the same. */
    @Test
    void notAllowed() throws Exception {
        known("one");
        World.Hub hub = server();
        Watch watch = new Watch(17);
        watch.refuses = true;
        connect(watch);
        hub.kill();
        server();
        world.pass(60 * World.SECOND);
        assertEquals(1, world.log().lines().filter(line -> line.contains("clock")).count());
        assertSaid("the clock stays wrong: clock_settime: EPERM");
        assertEquals(17, watch.time);
    }

    /** A server whose own clock is wrong sets nobody's, until one comes that knows better; that is told once. */
    @Test
    void wrongServers() {
        Watch watch = new Watch(17);
        for (long time : new long[] {Long.MIN_VALUE, -1, 1, 18, Version.RELEASED - 1,
            Version.RELEASED + 101L * 366 * 86_400, Long.MAX_VALUE}) {
            watch.hear(time);
        }
        watch.hear(0);
        assertEquals(List.of(), watch.settings);
        assertEquals(1, world.log().lines().filter(line -> line.contains("are both wrong: 17 and ")).count());
        assertTrue(watch.isNeeded());
        watch.hear(Version.RELEASED);
        assertEquals(List.of(Version.RELEASED), watch.settings);
    }

    /** Without TLS anybody on the way could say what time it is: nothing of it is heard, and the option is refused. */
    @Test
    void withoutTls() throws Exception {
        World.Board board = world.new Board(1, "-s", "hub");
        Watch watch = new Watch(17);
        board.client.clock = watch;
        world.run();
        Stream server = world.acceptor.accept();
        board.connector.last().other().put(hex("45030024 56330000 00000001 00000000 0a000002 0104 ffff0000"
                + "0c08 00000000 6b000000"));
        world.run();
        assertEquals("10.0.0.2", server == null ? null : address(board));
        assertEquals(List.of(), watch.settings);
        assertTrue(watch.isNeeded());
        Failure failure = assertThrows(Failure.class, () -> world.new Board(1, "-s", "hub", "--set-clock"));
        assertEquals(Failure.USAGE, failure.status);
    }
}
