package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArmAbiTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));

    /** Every constant, offset and size on each processor's own VM is what the compiler for that processor says. */
    @ParameterizedTest
    @CsvSource({"aarch64, aarch64-linux-gnu-gcc", "armhf, arm-linux-gnueabihf-gcc"})
    void everyNumberIsTheCompilers(String target, String compiler) throws Exception {
        String emulate = TOP.resolve("jlink/emulate").toString();
        String java = TOP.resolve("build/" + target + "/image/bin/java").toString();
        // The image has neither JUnit nor test classes, nor what it takes to load them from elsewhere: the VM does it.
        // What only they call of the class library is where link has unpacked that.
        String lines = CProgram.run(emulate, target, java, "-Xshare:off", "--patch-module", "java.base="
                + TOP.resolve("build/" + target + "/base/classes"), "-Xbootclasspath/a:" + TOP.resolve("build/classes")
                + ":" + TOP.resolve("build/test/unit"), "simplevpn.linux.AbiNumbers");
        Map<String, Integer> numbers = new HashMap<>();
        for (String line : lines.lines().filter(line -> line.startsWith("Abi ")).toList()) {
            String[] words = line.split(" ");
            numbers.put(words[1], Integer.parseInt(words[2]));
        }
        assertEquals(AbiNumbers.all().keySet(), numbers.keySet());
        AbiTest.assertCompilers(numbers, compiler, emulate, target);
    }
}
