package simplevpn.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** What {@link Report} tells and counts of tests that end in every way: an error there would hide all others. */
class ReportTest {
    private static Report report;

    @TempDir
    Path folder;

    /** Runs the tests of a class; its outcomes and what was printed have to match. */
    private void assertReport(Class<?> tests, boolean allPassed, String outcomes, String printed) throws Exception {
        Path file = Files.createFile(folder.resolve("outcomes"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        report = new Report(new PrintStream(out, true, StandardCharsets.UTF_8), file);
        LauncherFactory.create().execute(
                LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests)).build(), report);
        assertEquals(outcomes, String.join(" ", Files.readAllLines(file)));
        String text = out.toString(StandardCharsets.UTF_8).replace("ReportTest$", "");
        assertTrue(text.matches("(?s)" + printed), () -> "printed was:\n" + text);
        assertEquals(allPassed, report.allPassed());
    }

    /** Tests of a method with parameters count one by one. */
    @Test
    void passed() throws Exception {
        assertReport(Passing.class, true, "passed passed passed finished", "Passing: 3 passed, 0 failed, \\d+ s\n");
    }

    static class Passing {
        @Test
        void one() {
        }

        @ParameterizedTest
        @ValueSource(ints = {2, 3})
        void more(int number) {
            assertTrue(number > 1);
        }
    }

    /** The reason comes with what was added to it, such as the programs' logs, and with its cause. */
    @Test
    void failed() throws Exception {
        assertReport(Failing.class, false, "failed finished",
                "FAILED: Failing > fails\\(\\)\n"
                        + "    java.lang.IllegalStateException: the reason\n.*ReportTest.java:\\d+.*"
                        + "    \tSuppressed: java.lang.AssertionError: the log\n.*"
                        + "    Caused by: java.lang.RuntimeException: the cause\n.*"
                        + "\nFailing: 0 passed, 1 failed, \\d+ s\n");
    }

    static class Failing {
        @Test
        void fails() {
            IllegalStateException reason = new IllegalStateException("the reason", new RuntimeException("the cause"));
            reason.addSuppressed(new AssertionError("the log"));
            throw reason;
        }
    }

    /** An assumption that does not hold, and a test that is not run, are no success. */
    @Test
    void abortedAndSkipped() throws Exception {
        assertReport(Aborting.class, false, "failed failed finished",
                "(?=.*ABORTED: Aborting > assumes\\(\\)\n    .*: not here\n)"
                        + "(?=.*SKIPPED: Aborting > off\\(\\)\n    later\n)"
                        + ".*\nAborting: 0 passed, 2 failed, \\d+ s\n");
    }

    static class Aborting {
        @Test
        void assumes() {
            assumeTrue(false, "not here");
        }

        @Test
        @Disabled("later")
        void off() {
        }
    }

    /** A class that is not run at all counts once. */
    @Test
    void skippedClass() throws Exception {
        assertReport(Off.class, false, "failed finished", "SKIPPED: Off\n    never\n");
    }

    @Disabled("never")
    static class Off {
        @Test
        void one() {
        }
    }

    /** What surrounds the tests of a class fails before any of them starts. */
    @Test
    void failedBeforeAll() throws Exception {
        assertReport(Unprepared.class, false, "failed finished",
                "FAILED: Unprepared\n    .*: not prepared\n.*\nUnprepared: 0 passed, 1 failed, \\d+ s\n");
    }

    static class Unprepared {
        @BeforeAll
        static void prepare() {
            fail("not prepared");
        }

        @Test
        void one() {
        }

        @Test
        void two() {
        }
    }

    /** A run without tests is no success. */
    @Test
    void nothing() throws Exception {
        assertReport(String.class, false, "finished", "");
    }

    /** What fails because the VM ends is not told, but what was known before; and the run is not over. */
    @Test
    void interrupted() throws Exception {
        assertReport(Interrupted.class, true, "passed", "Interrupted: 1 passed, 0 failed, \\d+ s\n");
    }

    static class Interrupted {
        @ParameterizedTest
        @ValueSource(ints = {1, 2})
        void ends(int number) {
            if (number == 2) {
                report.interrupt();
                fail("only because of that");
            }
        }
    }
}
