package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Command;
import simplevpn.harness.Image;
import simplevpn.harness.Program;

/** What the images need of a system, and that the archive of classes in them is in use. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class ImageTest extends Vpn {
    private static final int START = 60;
    /** How programs and libraries begin (elf(5)). */
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};
    /** The C library's minor version, 2.34: what the oldest supported systems have. */
    private static final int NEWEST_GLIBC = 34;
    /** What every system with the GNU C library has. */
    private static final Pattern GLIBC = Pattern.compile(
            "lib(c\\.so\\.6|m\\.so\\.6|dl\\.so\\.2|pthread\\.so\\.0|rt\\.so\\.1)|ld-linux\\S*");

    /** {@code readelf --dynamic}: " 0x01 (NEEDED)  Shared library: [libc.so.6]" */
    private static final Pattern NEEDED = Pattern.compile("\\(NEEDED\\).*\\[(\\S+)]");
    /**
     * {@code readelf --version-info}: "  000000: Version: 1  File: libc.so.6  Cnt: 6", and of each such file lines as
     * "  0x0010:   Name: GLIBC_2.17  Flags: none  Version: 5".
     */
    private static final Pattern VERSION = Pattern.compile(
            "^ +(?:[0-9a-fx]+: Version: \\d+ +File: (\\S+)|0x[0-9a-f]+: +Name: (\\S+))", Pattern.MULTILINE);
    private static final Pattern GLIBC_VERSION = Pattern.compile("GLIBC_2\\.(\\d+)(\\.\\d+)?");

    @TempDir
    private Path folder;

    /** The image runs where the C library is 2.34 or newer, whatever other libraries are there or not. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void needsAnOldGlibcAlone(String target) throws IOException {
        List<Path> programs = programs(target);
        Set<String> own = programs.stream().map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        assertTrue(own.contains("java") && own.contains("libjvm.so"), () -> "found only " + own);
        List<String> wrong = new ArrayList<>();
        int versions = 0;
        for (Path file : programs) {
            String needs = Command.run(20, "readelf", "--wide", "--dynamic", "--version-info", file.toString()).ok()
                    .output();
            for (Matcher needed = NEEDED.matcher(needs); needed.find(); ) {
                if (!own.contains(needed.group(1)) && !GLIBC.matcher(needed.group(1)).matches()) {
                    wrong.add(file + " needs " + needed.group(1));
                }
            }
            String library = "";
            for (Matcher version = VERSION.matcher(needs); version.find(); ) {
                if (version.group(1) != null) {
                    library = version.group(1);
                } else if (!own.contains(library)) {
                    versions++;
                    Matcher glibc = GLIBC_VERSION.matcher(version.group(2));
                    if (!glibc.matches() || Integer.parseInt(glibc.group(1)) > NEWEST_GLIBC) {
                        wrong.add(file + " needs " + version.group(2) + " of " + library);
                    }
                }
            }
        }
        assertTrue(versions > programs.size(), "readelf told too few versions: " + versions);
        assertEquals(List.of(), wrong);
    }

    /** Both programs, started as always, have their classes from the archive: a VM that cannot use it says nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void classesComeFromTheArchive(String target) throws IOException {
        Program server = lan.start(hub, Image.command(target, logTo("server"), "Server"));
        server.awaitLine("listening on", START);
        Program client = lan.start(east, Image.command(target, logTo("client"), "Client", "-s", hub.outer4));
        client.awaitLine("connected to", START);
        // Not what comes at a signal: the JDK then prepares for logging that, and finds nothing to log.
        assertArchived("server");
        assertArchived("client");
    }

    /** A start that insists on the archive does not fail. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void archiveCanBeInsistedOn(String target) {
        List<String> command = Image.command(target, List.of("-Xshare:on"), "Server", "--version");
        String output = Command.run(START, command.toArray(String[]::new)).ok().output();
        assertTrue(output.contains("sharing"), output);
    }

    private List<String> logTo(String name) {
        return List.of("-Xlog:class+load:file=" + folder.resolve(name));
    }

    /** Classes that the VM makes while it runs have another source; they cannot be in an archive. */
    private void assertArchived(String name) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve(name));
        List<String> missed = lines.stream().filter(line -> line.contains(" source: jrt:/")).toList();
        long archived = lines.stream().filter(line -> line.contains(" source: shared objects file")).count();
        assertTrue(archived > 100, () -> name + " had " + archived + " classes from the archive");
        assertTrue(missed.size() * 50L < archived, () -> name + " had " + archived
                + " classes from the archive, and these from elsewhere:\n" + String.join("\n", missed));
    }

    private static List<Path> programs(String target) throws IOException {
        List<Path> programs = new ArrayList<>();
        try (var files = Files.walk(Image.folder(target))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                try (InputStream input = Files.newInputStream(file)) {
                    if (Arrays.equals(input.readNBytes(ELF.length), ELF)) {
                        programs.add(file);
                    }
                }
            }
        }
        return programs;
    }
}
