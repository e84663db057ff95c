package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Asks this machine's C compiler what expressions are worth: the second opinion on what the product knows of C
 * headers.
 */
public final class CProgram {
    private CProgram() {
    }

    /**
     * Compiles a program for this machine and runs it.
     *
     * @param head what comes before {@code main}: the headers
     * @param expressions C expressions of integer type, by name
     * @return their values, by the same names
     */
    static Map<String, Integer> evaluate(String head, Map<String, String> expressions) throws Exception {
        return evaluate(head, expressions, "cc");
    }

    /**
     * The same for another processor.
     *
     * @param compiler for that processor
     * @param emulator the words of a command that runs what it makes
     */
    static Map<String, Integer> evaluate(String head, Map<String, String> expressions, String compiler,
            String... emulator) throws Exception {
        StringBuilder source = new StringBuilder("#define _GNU_SOURCE\n#include <stddef.h>\n#include <stdio.h>\n");
        source.append(head).append("int main(void) {\n");
        expressions.forEach((name, expression) ->
                source.append("printf(\"%s %d\\n\", \"" + name + "\", (int) (" + expression + "));\n"));
        source.append("return 0; }\n");
        Path folder = Files.createTempDirectory("simplevpn-test");
        Path text = folder.resolve("values.c");
        Path program = folder.resolve("values");
        try {
            Files.writeString(text, source);
            run(compiler, "-o", program.toString(), text.toString());
            Map<String, Integer> values = new HashMap<>();
            List<String> command = new ArrayList<>(List.of(emulator));
            command.add(program.toString());
            for (String line : run(command.toArray(String[]::new)).lines().toList()) {
                int space = line.indexOf(' ');
                values.put(line.substring(0, space), Integer.parseInt(line.substring(space + 1)));
            }
            return values;
        } finally {
            Files.deleteIfExists(text);
            Files.deleteIfExists(program);
            Files.delete(folder);
        }
    }

    /** What a command prints; fails unless it ends with status 0. */
    public static String run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), command[0] + " failed:\n" + output);
            return output;
        } catch (IOException e) {
            return fail("this test needs a C compiler and the C library's headers: " + e.getMessage());
        }
    }
}
