package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.tunnel.Timers;

class NotifyTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    private Path folder;
    private String path;
    private ServiceManager manager;
    private Timers timers;

    @BeforeEach
    void listen() {
        path = folder.resolve("notify").toString();
        manager = new ServiceManager(path);
    }

    @AfterEach
    void close() {
        manager.close();
        Log.start("test", Log.EVENTS, false);
    }

    private Supervisor to(String socket, String microseconds, String process, long now) {
        timers = new Timers();
        return Notify.to(socket, microseconds, process, timers, now);
    }

    /** Ready is said at once and once; of descriptions that come fast the last is told a second later. */
    @Test
    void readyAndStatus() throws Failure {
        Supervisor notify = to(path, null, null, 0);
        assertEquals(Long.MAX_VALUE, timers.untilNext(0));
        timers.run(0);
        assertEquals(List.of(), manager.news());
        notify.status("looking");
        assertEquals(0, timers.untilNext(0));
        timers.run(0);
        assertEquals(List.of("STATUS=looking"), manager.news());
        notify.status("connected");
        assertEquals(SECOND - 5, timers.untilNext(5));
        notify.ready(5);
        timers.run(5);
        assertEquals(List.of("READY=1\nSTATUS=connected"), manager.news());
        notify.status("lost");
        notify.status("connected");
        notify.status("again");
        notify.ready(6);
        timers.run(6);
        assertEquals(List.of(), manager.news());
        timers.run(5 + SECOND);
        assertEquals(List.of("STATUS=again"), manager.news());
        notify.status("again");
        assertEquals(Long.MAX_VALUE, timers.untilNext(5 + SECOND), "a description that did not change is due");
        notify.stopping();
        assertEquals(List.of("STOPPING=1\nSTATUS=ending"), manager.news());
    }

    /** A server's words in a description cannot become messages of their own, MAINPID say, nor be without end. */
    @Test
    void foreignWords() throws Failure {
        Supervisor notify = to(path, null, null, 0);
        notify.status("refused: no\nMAINPID=1" + "x".repeat(1000));
        timers.run(0);
        String message = manager.news().get(0);
        assertTrue(message.startsWith("STATUS=refused: no MAINPID=1x") && message.length() == 512, message);
    }

    /** A sign of life goes out at half of the time allowed, for the process that is meant and no other. */
    @Test
    void watchdog() throws Failure {
        String own = Long.toString(ProcessHandle.current().pid());
        for (String process : new String[] {null, "", own}) {
            to(path, "3000000", process, 7);
            assertEquals(0, timers.untilNext(7));
            timers.run(7);
            assertEquals(List.of("WATCHDOG=1"), manager.news());
            assertEquals(3 * SECOND / 2, timers.untilNext(7));
            timers.run(7 + SECOND);
            assertEquals(List.of(), manager.news());
            timers.run(7 + 3 * SECOND / 2);
            assertEquals(List.of("WATCHDOG=1"), manager.news());
            assertEquals(3 * SECOND / 2, timers.untilNext(7 + 3 * SECOND / 2));
        }
        to(path, "3000000", own + "1", 0);
        assertEquals(Long.MAX_VALUE, timers.untilNext(0));
        for (String microseconds : new String[] {null, "", "0", "-1", "3s", "1".repeat(16)}) {
            to(path, microseconds, null, 0);
            assertEquals(Long.MAX_VALUE, timers.untilNext(0), microseconds);
        }
    }

    /** An abstract name works as a path does. */
    @Test
    void abstractName() throws Failure {
        String name = "@simplevpn-test-" + ProcessHandle.current().pid();
        try (ServiceManager other = new ServiceManager(name)) {
            Supervisor notify = to(name, null, null, 0);
            notify.ready(0);
            timers.run(0);
            assertEquals(List.of("READY=1\nSTATUS="), other.messages());
        }
    }

    /** A service manager that is gone costs a try a second, and hears all when it is back under the same name. */
    @Test
    void vanishedServiceManager() throws Exception {
        Supervisor notify = to(path, "2000000", null, 0);
        manager.close();
        Files.delete(Path.of(path));
        notify.ready(0);
        timers.run(0);
        assertEquals(SECOND, timers.untilNext(0));
        manager = new ServiceManager(path);
        timers.run(SECOND);
        assertEquals(Set.of("READY=1\nSTATUS=", "WATCHDOG=1"), Set.copyOf(manager.news()));
        Files.delete(Path.of(path));
        assertInstanceOf(Notify.class, to(path, null, null, 0), "a service manager may come later");
    }

    /** A full socket does not block: what could not be said is said when there is room. */
    @Test
    void fullSocket() throws Failure {
        Supervisor notify = to(path, "2", null, 0);
        long now = 0;
        for (int i = 0; i < 5000; i++) {
            now += SECOND;
            timers.run(now);
        }
        notify.ready(now);
        timers.run(now);
        List<String> before = manager.news();
        assertTrue(before.size() < 5000 && !before.contains("READY=1\nSTATUS="), () -> before.size() + " messages");
        timers.run(now + SECOND);
        assertTrue(manager.news().contains("READY=1\nSTATUS="));
    }

    /** Other kinds of sockets than unix ones are left alone, with a word about it. */
    @Test
    void unknownSockets() {
        Log.start("test", Log.QUIET, false);
        for (String socket : new String[] {"vsock:2:9999", "notify", "/", "@", "/" + "x".repeat(107)}) {
            assertSame(Supervisor.class, to(socket, null, null, 0).getClass(), socket);
        }
        assertInstanceOf(Notify.class, to("/" + "x".repeat(106), null, null, 0));
    }
}
