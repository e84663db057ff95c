package simplevpn.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What is thrown in a VM, caught or not. A class, method or field that jlink/reach left out, and that something asks
 * for, is an error in a program that goes on as if nothing had happened. Only tests look, which test/run tells by
 * {@code simplevpn.watched}: measurements have the programs as they are.
 */
final class Watch {
    /** The VM itself asks for methods that may be there, and for Object's by an interface: with a whole JDK too. */
    private static final Pattern LACKS = Pattern.compile("Exception <a 'java/lang/(NoSuchMethodError"
            + "|NoSuchFieldError|AbstractMethodError|IncompatibleClassChangeError|IllegalAccessError"
            + "|NoClassDefFoundError|ExceptionInInitializerError|UnsatisfiedLinkError|VerifyError|ClassFormatError)'"
            + "(?!.*(java\\.lang\\.invoke\\.\\w+\\$Holder\\.|: Found class java\\.lang\\.Object, but interface))");
    private static final boolean ON = Boolean.getBoolean("simplevpn.watched");
    private static final Path FOLDER = Lab.TOP.resolve("build/watched");
    private static final Path LOGS = FOLDER.resolve("thrown");

    private static boolean made;

    private Watch() { }

    /** The path of one of the top folder's programs; that of ./srv and ./cli, where a VM that tells is beside it. */
    static Path program(String name) {
        if (!(ON && (name.equals("srv") || name.equals("cli")))) {
            return Lab.TOP.resolve(name);
        }
        synchronized (Watch.class) {
            try {
                if (!made) {
                    make();
                    made = true;
                }
            } catch (IOException e) {
                throw new LabException("making " + FOLDER, e);
            }
        }
        return FOLDER.resolve(name);
    }

    private static void make() throws IOException {
        Path image = Image.folder(Image.OWN);
        Path java = FOLDER.resolve(Lab.TOP.relativize(image)).resolve("bin/java");
        Command.run(60, "rm", "-rf", FOLDER.toString()).ok();
        Files.createDirectories(LOGS);
        Files.createDirectories(java.getParent());
        Files.writeString(java, """
                #!/bin/sh
                exec '%s/bin/java' -Xlog:exceptions:file='%s/%%p':none:filecount=0 "$@"
                """.formatted(image, LOGS));
        Command.run(20, "chmod", "755", java.toString()).ok();
        // The archives' place, as the launcher knows it.
        Files.createSymbolicLink(java.getParent().resolveSibling("lib"), image.resolve("lib"));
        for (String launcher : List.of("srv", "cli")) {
            Files.copy(Lab.TOP.resolve(launcher), FOLDER.resolve(launcher), StandardCopyOption.COPY_ATTRIBUTES);
        }
    }

    /** What a process that has ended lacked, one line each; nothing for one that was not watched. */
    static List<String> lacking(long pid) {
        Path log = LOGS.resolve(Long.toString(pid));
        if (!ON || !Files.exists(log)) {
            return List.of();
        }
        try {
            List<String> lacking = Files.readAllLines(log).stream().filter(line -> LACKS.matcher(line).find()).toList();
            Files.delete(log);
            return lacking;
        } catch (IOException e) {
            throw new LabException("reading " + log, e);
        }
    }
}
