package simplevpn.report;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Tells of a run of tests while it goes on: a line for each test class, and the reason of each failure. What was
 * skipped or aborted has failed, and so has what surrounds tests when it fails, such as a {@code @BeforeAll}.
 *
 * <p>Each outcome also goes into a file at once, as a line {@code passed} or {@code failed}, and {@code finished} when
 * the run is over: test/run counts these, and sees from them whether this VM ended early.
 */
public final class Report implements TestExecutionListener {
    private static final class Tally {
        final long started = System.nanoTime();
        int passed;
        int failed;
    }

    private final PrintStream out;
    private final Path outcomes;
    /** The test classes that are under way. */
    private final Map<TestIdentifier, Tally> running = new LinkedHashMap<>();
    private final Tally total = new Tally();
    private TestPlan plan;
    private boolean interrupted;

    /**
     * A report on a run that is about to start.
     *
     * @param out where the lines go
     * @param outcomes the file for the outcomes, which is empty
     */
    public Report(PrintStream out, Path outcomes) {
        this.out = out;
        this.outcomes = outcomes;
    }

    @Override
    public synchronized void testPlanExecutionStarted(TestPlan tests) {
        plan = tests;
    }

    @Override
    public synchronized void executionStarted(TestIdentifier test) {
        if (isClass(test)) {
            running.put(test, new Tally());
        }
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
        count(test, "SKIPPED", reason);
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
            count(test, result.getStatus().name(), result.getThrowable().map(Report::trace).orElse("for no reason"));
        } else if (test.isTest()) {
            count(test, null, null);
        }
        Tally tally = running.remove(test);
        if (tally != null && !interrupted) {
            line(test, tally);
        }
    }

    @Override
    public synchronized void testPlanExecutionFinished(TestPlan tests) {
        if (!interrupted) {
            record("finished");
        }
    }

    /** The VM ends: tells what is known. What fails from now on fails because of that. */
    public synchronized void interrupt() {
        interrupted = true;
        running.forEach(this::line);
    }

    /** Whether there were tests, and all passed. */
    public synchronized boolean allPassed() {
        return total.failed == 0 && total.passed > 0;
    }

    /** Counts what has passed, or failed in some way for some reason. */
    private void count(TestIdentifier test, String failure, String reason) {
        if (interrupted) {
            return;
        }
        record(failure == null ? "passed" : "failed");
        Tally tally = running.getOrDefault(classOf(test), new Tally());
        if (failure == null) {
            tally.passed++;
            total.passed++;
        } else {
            tally.failed++;
            total.failed++;
            out.println(failure + ": " + path(test) + "\n" + reason.indent(4).stripTrailing());
        }
    }

    private void record(String outcome) {
        try {
            Files.writeString(outcomes, outcome + "\n", StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void line(TestIdentifier testClass, Tally tally) {
        if (tally.passed + tally.failed > 0) {
            out.println(testClass.getDisplayName() + ": " + tally.passed + " passed, " + tally.failed + " failed, "
                    + (System.nanoTime() - tally.started) / 1_000_000_000 + " s");
        }
    }

    /** Whether it is a class of tests: what stands right below the engine, which has no parent. */
    private boolean isClass(TestIdentifier test) {
        return plan.getParent(test).filter(parent -> plan.getParent(parent).isEmpty()).isPresent();
    }

    /** The class that a test is in; for the engine itself, the engine. */
    private TestIdentifier classOf(TestIdentifier test) {
        return isClass(test) ? test : plan.getParent(test).map(this::classOf).orElse(test);
    }

    /** The class, the method, and further what one method makes many tests of. */
    private String path(TestIdentifier test) {
        return isClass(test) ? test.getDisplayName()
                : plan.getParent(test).map(parent -> path(parent) + " > ").orElse("") + test.getDisplayName();
    }

    /** The stack trace, without JUnit's own methods. */
    private static String trace(Throwable reason) {
        StringWriter trace = new StringWriter();
        reason.printStackTrace(new PrintWriter(trace));
        return trace.toString().lines().filter(line -> !line.contains("\tat org.junit."))
                .collect(Collectors.joining("\n"));
    }
}
