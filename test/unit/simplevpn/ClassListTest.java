package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lists of classes in the images' archives (jlink/classes) are of this program, not of an older one. */
class ClassListTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));

    /** What is only loaded in cases that the recorder does not play: a service manager, a resync. */
    private static final Set<String> SELDOM = Set.of("simplevpn/Notify", "simplevpn/Notify$1", "simplevpn/Notify$2",
            "simplevpn/Version", "simplevpn/linux/Errno", "simplevpn/protocol/Segmenter");

    private static Set<String> listed(String target) throws IOException {
        List<String> lines = Files.readAllLines(TOP.resolve("jlink/classes/" + target));
        return lines.stream().map(line -> line.startsWith("@cp ") ? line.split(" ")[1] : line)
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

    /** A class that was renamed or is gone would silently be loaded from elsewhere at each start, or not at all. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void listedClassesExist(String target) throws IOException {
        Set<String> listed = listed(target);
        assertTrue(listed.size() > 40, listed::toString);
        listed.removeAll(compiled());
        assertEquals(Set.of(), listed, "make classlist TARGET=" + target + " records them anew");
    }

    /** What the programs always load is listed for each target, or for none. */
    @Test
    void targetsAgree() throws IOException {
        Set<String> own = listed("x86_64");
        own.removeAll(SELDOM);
        for (String target : List.of("aarch64", "armhf")) {
            Set<String> other = listed(target);
            other.removeAll(SELDOM);
            assertEquals(own, other, "make classlist TARGET=" + target + " records them anew");
        }
    }
}
