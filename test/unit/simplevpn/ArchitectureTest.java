package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * The rules of the house (src/README.md), held over the sources: who may know whom, where functions are linked and the
 * clock is read, and how long things get. Over sources and not bytecode, where constants are inlined.
 */
class ArchitectureTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));
    private static final int MAX_FILE = 500;
    private static final int MAX_METHOD = 60;

    /** What the classes of each package may import of ours. */
    private static final Map<String, Set<String>> MAY_IMPORT = Map.of(
            "simplevpn",
            Set.of("simplevpn.tls", "simplevpn.tunnel", "simplevpn.proxy", "simplevpn.protocol", "simplevpn.linux",
                    "simplevpn.base"),
            "simplevpn.tls", Set.of("simplevpn.linux", "simplevpn.base"),
            "simplevpn.tunnel", Set.of("simplevpn.proxy", "simplevpn.protocol", "simplevpn.linux", "simplevpn.base"),
            "simplevpn.proxy", Set.of("simplevpn.base"),
            "simplevpn.protocol", Set.of("simplevpn.base"),
            "simplevpn.linux", Set.of("simplevpn.base"),
            "simplevpn.base", Set.of());

    private static final Pattern PACKAGE = Pattern.compile("^package ([\\w.]+);", Pattern.MULTILINE);
    private static final Pattern NAMED = Pattern.compile("\\bsimplevpn(?:\\.[a-z]\\w*)*(?=\\.[A-Z*])");

    private static List<Path> sources(String folder) throws IOException {
        try (var files = Files.walk(TOP.resolve(folder))) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static String packageOf(String source) {
        Matcher line = PACKAGE.matcher(source);
        return line.find() ? line.group(1) : "";
    }

    /** The files of the product whose text has a match, the top of the tree left out. */
    private static Set<String> filesWith(String regex) throws IOException {
        Pattern pattern = Pattern.compile(regex);
        Set<String> found = new TreeSet<>();
        for (Path file : sources("src")) {
            if (pattern.matcher(Files.readString(file)).find()) {
                found.add(TOP.relativize(file).toString());
            }
        }
        return found;
    }

    /** Arrows between packages only point downwards, in imports and in qualified names, comments included. */
    @Test
    void directions() throws IOException {
        List<String> wrong = new ArrayList<>();
        int packages = 0;
        for (Path file : sources("src")) {
            String source = Files.readString(file);
            String own = packageOf(source);
            if (file.endsWith("module-info.java")) {
                continue;
            }
            assertTrue(MAY_IMPORT.containsKey(own), () -> own + ": a package that the table does not know");
            packages += file.endsWith("package-info.java") ? 1 : 0;
            NAMED.matcher(source).results().map(name -> name.group()).distinct()
                    .filter(name -> !name.equals(own) && !MAY_IMPORT.get(own).contains(name))
                    .forEach(name -> wrong.add(TOP.relativize(file) + " names " + name));
        }
        assertEquals(List.of(), wrong);
        assertEquals(MAY_IMPORT.size(), packages, "each package says what it is in its package-info.java");
    }

    /** Functions are linked and called in one place each, and native memory is seen in one more. */
    @Test
    void foreign() throws IOException {
        assertEquals(Set.of("src/simplevpn/linux/Buffer.java", "src/simplevpn/linux/Libc.java",
                        "src/simplevpn/linux/Linking.java"),
                filesWith("java\\.lang\\.foreign\\.|java\\.lang\\.foreign;"));
    }

    /** Time is read by the loop and passed on; the wall clock is for who reads a log, and for what expires. */
    @Test
    void clocks() throws IOException {
        assertEquals(Set.of("src/simplevpn/tunnel/Loop.java"), filesWith("CLOCK_BOOTTIME, "));
        assertEquals(Set.of(), filesWith("nanoTime\\("));
        assertEquals(Set.of("src/simplevpn/base/Log.java", "src/simplevpn/InviteCommand.java"),
                filesWith("currentTimeMillis\\(|java\\.time\\."));
    }

    /**
     * The kernel is reached through libc alone: no sockets, channels, files or processes of the JDK's. Two of its types
     * are in signatures of its cryptography.
     */
    @Test
    void noOtherWayToTheKernel() throws IOException {
        assertEquals(Set.of(), filesWith("java\\.(net|io|nio\\.channels|nio\\.file)\\.(?!Socket;|ByteArrayInputStream;)"
                + "|ProcessBuilder"));
    }

    /** The protocol and the kernel's side write no log, and print nothing. */
    @Test
    void whoLogs() throws IOException {
        Set<String> logging = filesWith("\\bLog\\.(event|error)\\(|System\\.(out|err)");
        assertEquals(Set.of(), new TreeSet<>(logging.stream()
                .filter(file -> file.contains("/protocol/") || file.contains("/proxy/") || file.contains("/linux/"))
                .toList()));
    }

    /** Nothing leaves the module: the programs are no library. */
    @Test
    void exportsNothing() throws IOException {
        String module = Files.readString(TOP.resolve("src/module-info.java"));
        assertTrue(!module.contains("exports ") && !module.contains("requires "), module);
    }

    /** No file is longer than what one person reads at once, no method longer than a screen, tests included. */
    @Test
    void lengths() throws IOException {
        List<String> tooLong = new ArrayList<>();
        List<Path> all = new ArrayList<>(sources("src"));
        all.addAll(sources("test"));
        for (Path file : all) {
            long lines = Files.readString(file).lines().count();
            if (lines > MAX_FILE) {
                tooLong.add(TOP.relativize(file) + " has " + lines + " lines");
            }
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavacTask task = (JavacTask) compiler.getTask(null, null, null, List.of("-proc:none"), null,
                compiler.getStandardFileManager(null, null, null).getJavaFileObjectsFromPaths(all));
        SourcePositions positions = Trees.instance(task).getSourcePositions();
        int[] methods = new int[1];
        for (CompilationUnitTree unit : task.parse()) {
            LineMap map = unit.getLineMap();
            new TreeScanner<Void, Object>() {
                @Override
                public Void visitMethod(MethodTree method, Object nothing) {
                    methods[0]++;
                    long lines = map.getLineNumber(positions.getEndPosition(unit, method))
                            - map.getLineNumber(positions.getStartPosition(unit, method)) + 1;
                    if (lines > MAX_METHOD) {
                        tooLong.add(unit.getSourceFile().getName() + ": " + method.getName() + ", " + lines + " lines");
                    }
                    return super.visitMethod(method, nothing);
                }
            }.scan(unit, null);
        }
        assertEquals(List.of(), tooLong);
        assertTrue(methods[0] > 500, "the parser found only " + methods[0] + " methods");
    }
}
