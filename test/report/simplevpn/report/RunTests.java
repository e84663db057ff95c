package simplevpn.report;

import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClasspathRoots;

import java.nio.file.Path;
import java.util.Set;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the tests that were compiled into a folder. Only classes that say so run at the same time. */
public final class RunTests {
    private RunTests() {
    }

    /**
     * Ends with status 0 when there are tests and all pass.
     *
     * @param args the folder, the file for the outcomes (see {@link Report}), and a regular expression for the names
     *     of the classes in it, without their packages
     */
    public static void main(String[] args) {
        Report report = new Report(System.out, Path.of(args[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(report::interrupt));
        LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClasspathRoots(Set.of(Path.of(args[0]))))
                .filters(includeClassNamePatterns("(.*\\.)?" + args[2]))
                .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                .build(), report);
        // Threads that a test has left behind do not keep this VM.
        System.exit(report.allPassed() ? 0 : 1);
    }
}
