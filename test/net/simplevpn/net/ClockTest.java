package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Command;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/**
 * A client whose clock is wrong asks the kernel to set it by the server's, with what that takes, and nothing more. No
 * clock is set here: a filter of system calls answers in the kernel's place. On a board it is ({@code BoardTest}).
 */
final class ClockTest extends KeyedVpn {
    private static final String OTHER = "4711:4712";
    private static final String NONE = "0000000000000000";
    private static final String NET_ADMIN = "0000000000001000"; // linux/capability.h
    private static final String AND_SYS_TIME = "0000000002001000";
    private static final long MINUTE = 60;

    @BeforeEach
    void compile() {
        Command.run(60, "sh", "-c", "cd \"$1\" && cc -O2 -Wall -Wextra -Werror -o \"$0\" test/net/deny-clock.c",
                file("deny-clock"), Lab.TOP.toString()).ok();
    }

    /** A client on a machine whose clock shows that time; setting it ends with an errno, or 0. */
    private Program at(String time, int errno, String... more) {
        String[] words = Command.words(List.of("-s", hub.outer4, "--set-clock", "--user", OTHER),
                with("east.key", more)).toArray(String[]::new);
        Program client = lan.start(east, Command.words(List.of(lan.file("deny-clock").toString(),
                String.valueOf(errno), "/usr/bin/env", "LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1",
                "FAKETIME=@" + time, "FAKETIME_DONT_FAKE_MONOTONIC=1", Lab.TOP.resolve("cli").toString()), words));
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        return client;
    }

    private static Set<String> capabilities(Program program) {
        return new TreeSet<>(program.threads("CapEff"));
    }

    /** From 1970 to the server's time, by a user who may do that and no more. */
    @Test
    void fromTheBeginning() {
        keyed();
        Program client = at("1970-01-01 00:01:00", 0);
        client.awaitLine("the clock was set by the server's, \\d+ s forward", 60);
        Matcher told = Pattern.compile("server's, (\\d+) s forward").matcher(client.log());
        assertTrue(told.find());
        long real = System.currentTimeMillis() / 1000;
        long set = Long.parseLong(told.group(1)) + MINUTE;
        assertTrue(Math.abs(real - set) < 2 * MINUTE, set + " was set, and it is " + real);
        assertEquals(Set.of(NONE, AND_SYS_TIME), capabilities(client));
        assertEquals(Set.of(NONE, AND_SYS_TIME), new TreeSet<>(client.threads("CapPrm")));
        assertEquals(Set.of(NONE), Set.copyOf(client.threads("CapAmb")));
    }

    /** Where it must not be set, that is told once, and packets are carried. */
    @Test
    void denied() {
        Program server = keyed();
        Program client = at("1970-01-01 00:01:00", 1);
        client.awaitLine("the clock stays wrong: clock_settime: EPERM .*CAP_SYS_TIME", 60);
        server.kill();
        keyed();
        east.awaitPing(SERVER, 60);
        assertEquals(1, client.lines().stream().filter(line -> line.contains("clock")).count(), client::log);
    }

    /** A clock that may be right is left alone, and what setting it takes is given up at the start. */
    @Test
    void rightClock() {
        keyed();
        Program client = at("2100-06-01 12:00:00", 0, "--up", "/bin/true");
        assertEquals(Set.of(NONE, NET_ADMIN), capabilities(client));
        assertFalse(client.said("the clock"), client::log);
    }
}
