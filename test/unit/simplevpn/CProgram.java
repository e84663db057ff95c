package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Asks this machine's C compiler what expressions are worth: the second opinion on what the product knows of C
 * headers.
 */
final class CProgram {
    private CProgram() {
    }

    /**
     * @param head what comes before {@code main}: the headers
     * @param expressions C expressions of integer type, by name
     * @return their values, by the same names
     */
    static Map<String, Integer> evaluate(String head, Map<String, String> expressions) throws Exception {
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
            run("cc", "-o", program.toString(), text.toString());
            Map<String, Integer> values = new HashMap<>();
            for (String line : run(program.toString()).lines().toList()) {
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

    private static String run(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes());
            assertEquals(0, process.waitFor(), command[0] + " failed:\n" + output);
            return output;
        } catch (IOException e) {
            return fail("this test needs a C compiler and the C library's headers: " + e.getMessage());
        }
    }
}
