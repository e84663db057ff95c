package simplevpn.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.linux.CProgram;

/** What jlink/reach keeps is enough also for what only chance, or a fault of the programs, comes to. */
class CornersTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));

    private static String run(String target, String option, String corner) throws InterruptedException {
        return CProgram.run(TOP.resolve("jlink/emulate").toString(), target,
                TOP.resolve("build/" + target + "/image/bin/java").toString(), option, "--add-modules", "simplevpn",
                "-cp", TOP.resolve("build/test/images").toString(), "simplevpn.image.Corners", corner);
    }

    /** Threads that change a table at the same time: what each of them has for that is there. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void threadsMeet(String target) throws InterruptedException {
        assertEquals("400000\n", run(target, "-Xmx64m", "contention"));
    }

    /** The VM calls methods that nobody else calls, also private ones, when a thread ends: none of them is lacking. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void threadsEnd(String target, @TempDir Path folder) throws InterruptedException, IOException {
        Path log = folder.resolve("thrown");
        run(target, "-Xlog:exceptions:file=" + log, "bounds");
        String thrown = Files.readString(log);
        assertTrue(thrown.contains("IndexOutOfBoundsException"), thrown);
        assertFalse(thrown.contains("'exit' '()V' in 'java/lang/Thread'"), thrown);
        assertFalse(thrown.contains("AbstractMethodError"), thrown);
    }

    /** Memory beside a segment's is told with its bounds, which are numbers in no language. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void boundsAreTold(String target) throws InterruptedException {
        String told = run(target, "-Xmx64m", "bounds");
        assertTrue(told.matches("Out of bound access on segment .*; new offset = 0; new length = 8\n"), told);
    }
}
