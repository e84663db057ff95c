package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is found out about lines of which the NAT remembers a silent connection for a while. */
class AutoKeepaliveTest {
    private static final int USUAL = 15;

    /** Lets silences of the wanted lengths come and go on such a line, and returns their lengths. */
    private static List<Integer> silences(AutoKeepalive auto, int memory, int count) {
        List<Integer> silences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int silence = auto.wanted();
            silences.add(silence);
            if (silence <= memory) {
                auto.answered(silence);
            } else {
                auto.died(silence);
            }
        }
        return silences;
    }

    /** It is doubled while answers come, up to half an hour. */
    @Test
    void lineThatRemembers() {
        AutoKeepalive auto = new AutoKeepalive(USUAL, 0, 0);
        assertEquals(List.of(15, 30, 60, 120, 240, 480, 960, 1800, 1800, 1800),
                silences(auto, Integer.MAX_VALUE, 10));
        assertTrue(auto.isSettled());
        assertEquals(0, auto.failed());
    }

    /** Two dead connections, one step back, and none from then on, whatever the NAT's memory is. */
    @ParameterizedTest
    @CsvSource({"30, 30, 60", "59, 30, 60", "60, 60, 120", "300, 240, 480", "350, 240, 480", "900, 480, 960",
        "1799, 960, 1800"})
    void oneStepBack(int memory, int found, int failed) {
        AutoKeepalive auto = new AutoKeepalive(USUAL, 0, 0);
        List<Integer> silences = silences(auto, memory, 100);
        assertEquals(2, silences.stream().filter(silence -> silence > memory).count());
        assertEquals(found, silences.get(99));
        assertEquals(found, auto.survived());
        assertEquals(failed, auto.failed());
        assertTrue(auto.isSettled());
    }

    /** What was found out earlier is begun with; what cannot be is not. */
    @Test
    void remembered() {
        assertEquals(List.of(240, 240), silences(new AutoKeepalive(USUAL, 240, 480), 300, 2));
        assertEquals(List.of(480, 960), silences(new AutoKeepalive(USUAL, 240, 0), 1000, 2));
        for (AutoKeepalive none : List.of(new AutoKeepalive(USUAL, 0, 0), new AutoKeepalive(USUAL, 2000, 0),
                new AutoKeepalive(USUAL, 240, 120), new AutoKeepalive(USUAL, -5, 7), new AutoKeepalive(USUAL, 3, 0))) {
            assertEquals(USUAL, none.wanted());
            assertFalse(none.isSettled());
        }
    }

    /** A connection that dies for another reason changes nothing of what had worked; twice in a row is a reason. */
    @Test
    void strikes() {
        AutoKeepalive auto = new AutoKeepalive(USUAL, 240, 480);
        auto.died(240);
        auto.answered(240);
        auto.died(240);
        assertEquals(240, auto.wanted());
        auto.died(240);
        assertEquals(120, auto.wanted());
        assertEquals(240, auto.failed());
        auto.died(15);
        auto.died(15);
        assertEquals(120, auto.wanted(), "a silence that was shorter says nothing");
    }

    /** One longer silence that was not outlived may have had another reason: it is tried again, and then forgotten. */
    @Test
    void onceIsNoReason() {
        AutoKeepalive auto = new AutoKeepalive(USUAL, 240, 0);
        auto.died(480);
        assertEquals(480, auto.wanted());
        assertEquals(0, auto.failed());
        auto.answered(480);
        auto.died(960);
        assertEquals(0, auto.failed());
        auto.answered(15);
        auto.died(960);
        assertEquals(960, auto.failed(), "a short silence says nothing about a long one");
        assertEquals(480, auto.wanted());
    }

    /** Silences that end before their time, by somebody's packet, count with the length that they had. */
    @Test
    void cutShort() {
        AutoKeepalive auto = new AutoKeepalive(USUAL, 240, 0);
        auto.died(300);
        auto.died(400);
        assertEquals(400, auto.failed());
        assertEquals(240, auto.wanted());
        auto.died(130);
        auto.died(200);
        assertEquals(200, auto.failed(), "the line forgets sooner than it did");
        assertEquals(120, auto.wanted());
    }

    /** A line that is dead from the beginning leaves the server's own time, which is tried on. */
    @Test
    void deadFromTheBeginning() {
        AutoKeepalive auto = new AutoKeepalive(USUAL, 0, 0);
        for (int i = 0; i < 5; i++) {
            auto.died(USUAL);
            assertEquals(USUAL, auto.wanted());
        }
        auto.answered(USUAL);
        assertEquals(2 * USUAL, auto.wanted());
    }

    /** No more is wanted than the server grants, nor less than it wants of anybody. */
    @Test
    void limitedByServer() {
        AutoKeepalive auto = new AutoKeepalive(USUAL, 60, 0);
        auto.limited(100);
        assertEquals(100, auto.wanted());
        auto.answered(100);
        assertEquals(100, auto.wanted());
        assertTrue(auto.isSettled());
        auto.limited(1);
        assertEquals(USUAL, auto.wanted());
        assertTrue(auto.isSettled(), "that of an older server");
    }

    /** The figures of the formula: 20 or 40 bytes of IP and 32 of TCP three times, two frames, 22 of TLS for each. */
    @Test
    void costs() {
        assertEquals((3 * 52 + 2 * 24) * 10_800, AutoKeepalive.monthly(240, 24, false, false));
        assertEquals((3 * 52 + 2 * 46) * 10_800, AutoKeepalive.monthly(240, 24, false, true));
        assertEquals((3 * 72 + 2 * 46) * 172_800, AutoKeepalive.monthly(15, 24, true, true));
        assertEquals((3 * 52 + 2 * 20) * 1_440, AutoKeepalive.monthly(1800, 20, false, false));
    }
}
