package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lists of classes in the images' archives (jlink/classes) are of this program, not of an older one. */
class ClassListTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));

    private static List<String> lines(String target) throws IOException {
        return Files.readAllLines(TOP.resolve("jlink/classes/" + target));
    }

    private static Set<String> listed(String target) throws IOException {
        return lines(target).stream().map(line -> line.startsWith("@cp ") ? line.split(" ")[1] : line)
                .filter(line -> line.startsWith("simplevpn/")).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> compiled() throws IOException {
        Path classes = TOP.resolve("build/classes");
        try (var files = Files.walk(classes)) {
            return files.map(file -> classes.relativize(file).toString()).filter(name -> name.startsWith("simplevpn/"))
                    .filter(name -> name.endsWith(".class")).map(name -> name.substring(0, name.length() - 6))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /**
     * All classes of the programs are listed, and no others: one from elsewhere would cost each start time, and a
     * program that is another user by then may not be able to load it at all.
     */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void allClassesAreListed(String target) throws IOException {
        assertEquals(compiled(), listed(target), "make classlist TARGET=" + target + " records them anew");
    }

    /** The class that makes the VM open its last file is one that it has to unpack. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void oneClassIsNot(String target) throws IOException {
        assertFalse(lines(target).stream().anyMatch(line -> line.contains("java/util/zip/Adler32")));
    }
}
