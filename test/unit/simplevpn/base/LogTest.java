package simplevpn.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogTest {
    private final PrintStream stderr = System.err;
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @BeforeEach
    void catchLines() {
        Log.to(Log.SYSTEM_ERR);
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void letGo() {
        System.setErr(stderr);
        Log.to(Log.SYSTEM_ERR);
        Log.start("test", Log.EVENTS, false);
    }

    private List<String> lines() {
        List<String> lines = written.toString(StandardCharsets.UTF_8).lines().toList();
        written.reset();
        return lines;
    }

    /** What is written depends on the level; an error is, whatever it is. */
    @Test
    void levels() {
        for (int level : new int[] {Log.QUIET, Log.EVENTS, Log.DETAILS}) {
            Log.start("prog", level, false);
            Log.event("an event");
            Log.error("an error");
            assertEquals(level == Log.DETAILS, Log.details());
            List<String> both = List.of("prog: an event", "prog: an error");
            assertEquals(level == Log.QUIET ? both.subList(1, 2) : both, lines());
        }
    }

    /** On a terminal each line begins with the time. */
    @Test
    void terminal() {
        Log.start("prog", Log.EVENTS, true);
        Log.event("an event");
        List<String> lines = lines();
        assertEquals(1, lines.size());
        assertTrue(lines.getFirst().matches("[012]\\d:[0-5]\\d:[0-5]\\dZ prog: an event"), lines::toString);
    }

    /** One event is one line, whoever said the words in it. */
    @Test
    void oneLine() {
        Log.start("prog", Log.EVENTS, false);
        Log.event("a\nb\rc\t\u001b[31mred\u009b");
        Log.event("turned \u202eround\u2066 broken\u2028here\u2029 hidden\u200b\ufeff, but Ünï 😀 stays");
        assertEquals(List.of("prog: a b c  [31mred ", "prog: turned  round  broken here  hidden  , but Ünï 😀 stays"),
                lines());
    }

    /** What nobody takes is not waited for, but counted, and how much it was is the next thing that is told. */
    @Test
    void nobodyReads() {
        List<String> taken = new ArrayList<>();
        boolean[] reads = {true};
        Log.to(line -> reads[0] && taken.add(line));
        Log.start("prog", Log.EVENTS, false);
        Log.event("event 0");
        reads[0] = false;
        Log.event("event 1");
        Log.error("event 2");
        reads[0] = true;
        Log.event("event 3");
        Log.event("event 4");
        assertEquals(List.of("prog: event 0", "prog: 2 lines are missing here: nobody read the log", "prog: event 3",
                "prog: event 4"), taken);
    }

    /**
     * What others can cause without end is written as often as the limit lets it, and how much was left out is told.
     */
    @Test
    void limited() {
        Log.start("prog", Log.EVENTS, false);
        Ratelimit limit = new Ratelimit(1, 2, 0);
        for (int i = 0; i < 5; i++) {
            Log.event("event " + i, limit, 0);
        }
        Log.event("event 5", limit, 1_000_000_000L);
        Log.event("event 6", limit, 2_000_000_000L);
        assertEquals(List.of("prog: event 0", "prog: event 1", "prog: event 5 (3 such lines before it left out)",
                "prog: event 6"), lines());
    }
}
