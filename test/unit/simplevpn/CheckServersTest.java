package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static simplevpn.World.SECOND;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.linux.Errno;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryKernel;

/** Protects who runs {@code cli --check} with several servers: each one is tried, and what is told of it is its own. */
class CheckServersTest extends WorldTest {
    /** Lets it come to its end, beside a server whose host answers no pings; returns what was said. */
    private String finish(World.Checker checker) {
        for (int i = 0; i < 2000 && !checker.check.isDone(); i++) {
            world.pass(SECOND / 100);
        }
        assertTrue(checker.check.isDone(), () -> "it does not end: " + checker.said);
        return String.join("\n", checker.said);
    }

    /** The next one is tried, and the last one counts. */
    @Test
    void severalServers() throws Exception {
        world.hub();
        World.Checker checker = world.new Checker(false, "-s", "gone", "-s", "hub");
        MemoryAcceptor gone = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc0000209, 2002));
        gone.rejects = -Errno.ECONNREFUSED;
        checker.connector.add("gone", gone);
        checker.check.begin();
        String said = finish(checker);
        assertEquals(0, checker.check.status(), said);
        assertTrue(said.contains("name     ok          0 ms  gone is 192.0.2.9") && said.contains("ECONNREFUSED")
                && said.contains("forward  ok"), said);
    }

    /** One that is there, and is not asked for an address beside a client that runs, works. */
    @Test
    void skipped() throws Exception {
        world.hub();
        World.Checker checker = world.new Checker(true, "-s", "gone", "-s", "hub", "-a", "10.0.0.9");
        MemoryAcceptor gone = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc0000209, 2002));
        gone.rejects = -Errno.ECONNREFUSED;
        checker.connector.add("gone", gone);
        checker.check.begin();
        String said = finish(checker);
        assertTrue(said.contains("ECONNREFUSED") && checker.said.getLast().matches("address +skipped .*"), said);
        assertEquals(0, checker.check.status(), said);
    }

    /** However many of them are dead, each is tried, and told. */
    @Test
    void deadServers() throws Exception {
        world.hub();
        List<String> words = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            words.addAll(List.of("-s", "dead" + i));
        }
        words.addAll(List.of("-s", "hub"));
        World.Checker checker = world.new Checker(false, words.toArray(String[]::new));
        for (int i = 0; i < 7; i++) {
            MemoryAcceptor dead = new MemoryAcceptor(world.kernel, MemoryKernel.endpoint(0xc0000210 + i, 2002));
            dead.silent = true;
            checker.connector.add("dead" + i, dead);
        }
        checker.check.begin();
        world.pass(0);
        for (int i = 0; i < 7; i++) {
            world.pass(4 * SECOND);
        }
        String said = finish(checker);
        assertEquals(0, checker.check.status(), said);
        assertEquals(7, checker.said.stream().filter(line -> line.contains("does not answer in 4 s")).count(), said);
    }

    /** A name that is found when the next server has its turn is nothing to that one. */
    @Test
    void lateName() throws Exception {
        world.hub();
        World.Checker checker = world.new Checker(false, "-s", "late", "-s", "hub");
        checker.connector.namesAreSlow = true;
        checker.check.begin();
        world.pass(SECOND);
        world.pass(4 * SECOND);
        assertEquals(2, checker.connector.lookups.size());
        checker.connector.lookups.getFirst().answer();
        world.pass(SECOND / 100);
        assertEquals(1, checker.said.size(), () -> "the second name is not found yet: " + checker.said);
        checker.connector.lookups.getLast().answer();
        String said = finish(checker);
        assertEquals(0, checker.check.status(), said);
        assertTrue(said.matches("(?s)name +FAILED .*late: the name server .*\nname +ok .*hub is .*route +ok .*"), said);
        assertEquals(8, checker.said.size(), said);
        assertEquals(1, checker.connector.begun.size());
    }
}
