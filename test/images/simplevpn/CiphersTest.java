package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
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
                TOP.resolve("build/" + target + "/image/bin/java").toString(), "-Xshare:off", "--patch-module",
                whole(target), "--add-modules", "simplevpn", "-Xbootclasspath/a:" + classes, "Ciphers", "results",
                rounds, seed));
    }

    /** What --version says of AES is what the VM does: calls that it compiles become calls of machine code, or not. */
    @ParameterizedTest
    @CsvSource({"x86_64", "aarch64", "armhf"})
    void versionTellsTheTruth(String target) throws InterruptedException {
        String emulate = TOP.resolve("jlink/emulate").toString();
        String java = TOP.resolve("build/" + target + "/image/bin/java").toString();
        String version = CProgram.run(emulate, target, java, "-m", "simplevpn/simplevpn.Server", "--version");
        String compiled = CProgram.run(emulate, target, java, "-Xshare:off", "--patch-module", whole(target),
                "--add-modules", "simplevpn", "-XX:+PrintCompilation", "-XX:+PrintInlining",
                "-Xbootclasspath/a:" + classes, "Ciphers", "results", "400", "1");
        boolean called = Pattern.compile("GaloisCounterMode::implGCMCrypt0 .*intrinsic").matcher(compiled).find();
        assertEquals(called, version.contains("\nciphers: AES-GCM by the processor\n"), version);
    }

    /** The class library as it was before link left out what only this test calls. */
    private static String whole(String target) {
        return "java.base=" + TOP.resolve("build/" + target + "/base/classes");
    }

    private static String stock(String rounds, String seed) throws InterruptedException {
        return CProgram.run(JDK + "java", "-cp", classes.toString(), "Ciphers", "results", rounds, seed);
    }
}
