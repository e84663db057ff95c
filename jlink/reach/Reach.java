import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What of java.base the programs can reach: jlink/link runs it, and leaves out the rest. From the program's own
 * classes, what the VM calls by name and what was loaded in recorded runs, {@link Walk} follows each call, so that a
 * message about an error finds its class as well as the way on which all goes well. What it cannot see is in
 * jlink/reach/rules.
 */
final class Reach {
    private final Library library;
    private final Walk walk;

    private Reach(Library library, Walk walk) {
        this.library = library;
        this.walk = walk;
    }

    /**
     * Runs it. Arguments: the target, or nothing for a VM that is not this project's; java.base's classes, the
     * program's, the rules, the list of recorded classes, a folder with the VM's libraries, a file that will say why
     * everything is kept, and if stripped classes are wanted, folders for those of java.base and of the program.
     */
    public static void main(String[] arguments) throws IOException {
        Library library = new Library();
        library.readClasses(Path.of(arguments[1]), false);
        library.readClasses(Path.of(arguments[2]), true);
        library.relate();
        library.readRules(Path.of(arguments[3]), arguments[0]);
        library.readNames(Path.of(arguments[5]));
        List<String> recorded = Files.readAllLines(Path.of(arguments[4])).stream().filter(line -> !line.startsWith("@"))
                .toList();
        Walk walk = new Walk(library, recorded);
        Reach reach = new Reach(library, walk);
        reach.run(recorded);
        try (Writer log = Files.newBufferedWriter(Path.of(arguments[6]))) {
            reach.log(log);
        }
        if (arguments.length > 7) {
            Strip strip = new Strip(library, walk::isUsed);
            strip.write(false, Path.of(arguments[7]));
            strip.write(true, Path.of(arguments[8]));
        }
    }

    private void run(List<String> recorded) {
        for (Library.Type type : library.types()) {
            // Errors that the VM throws may come at any time; what else it knows is of use when something leads there.
            if (type.own || library.isNative(type.name) && isThrowable(type)) {
                walk.from = type.own ? "the program" : "the VM";
                walk.keep(type.name);
            }
        }
        walk.from = "jlink/reach/rules";
        library.keeps.forEach(walk::byName);
        walk.finish();
        walk.from = "a recorded run";
        for (String name : recorded) {
            Library.Type type = walk.keep(name);
            if (type != null) {
                walk.initialize(type);
                walk.make(type);
            }
        }
        walk.finish();
        keepPackages();
    }

    private boolean isThrowable(Library.Type type) {
        return library.above(type).contains(library.type("java/lang/Throwable"));
    }

    /** A module cannot lose a package: of one that would be empty, a class stays. */
    private void keepPackages() {
        Map<String, Library.Type> first = new TreeMap<>();
        Set<String> present = new HashSet<>();
        for (Library.Type type : library.types()) {
            String name = type.name.substring(0, type.name.lastIndexOf('/'));
            first.putIfAbsent(name, type);
            if (type.kept) {
                present.add(name);
            }
        }
        first.forEach((name, type) -> {
            if (!present.contains(name)) {
                type.kept = true;
                type.why = "its package";
            }
        });
    }

    /** Lines of what is kept and who needed it first: classes (C), methods (M); and what is cut (X), of whose calls. */
    private void log(Writer log) throws IOException {
        for (Library.Type type : library.types()) {
            if (type.kept && !type.own) {
                log.write("C " + type.name + " <- " + type.why + "\n");
                for (Library.Method method : type.methods.values()) {
                    if (method.reached) {
                        log.write("M " + method + " <- " + method.why + "\n");
                    }
                }
            }
        }
        for (String line : walk.missing) {
            log.write("X " + line + "\n");
        }
    }
}
