package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.linux.CProgram;

/** The patched VMs encrypt as a stock JDK does, whatever the length, the place and the mode. */
class CiphersTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));
    private static final String JDK = System.getProperty("java.home") + "/bin/";

    @TempDir
    private static Path classes;

    @BeforeAll
    static void compile() throws InterruptedException {
        CProgram.run(JDK + "javac", "-d", classes.toString(), TOP.resolve("jlink/patches/Ciphers.java").toString());
    }

    /** What each VM has to say after it was built is what a stock JDK says. */
    @Test
    void answers() throws Exception {
        assertEquals(Files.readString(TOP.resolve("jlink/patches/answers")), stock("1000", "1"));
    }

    @ParameterizedTest
    @CsvSource({"x86_64, 3000, 2", "x86_64, 3000, 3", "aarch64, 1000, 4", "armhf, 500, 5"})
    void sameAsAStockJdk(String target, String rounds, String seed) throws InterruptedException {
        assertEquals(stock(rounds, seed), CProgram.run(TOP.resolve("jlink/emulate").toString(), target,
                TOP.resolve("build/" + target + "/image/bin/java").toString(), "-Xshare:off", "--add-modules",
                "simplevpn", "-Xbootclasspath/a:" + classes, "Ciphers", "results", rounds, seed));
    }

    private static String stock(String rounds, String seed) throws InterruptedException {
        return CProgram.run(JDK + "java", "-cp", classes.toString(), "Ciphers", "results", rounds, seed);
    }
}
