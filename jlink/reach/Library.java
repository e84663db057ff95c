import java.io.IOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.reflect.AccessFlag;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The class files that there are, what the VM's libraries know of them by name, and what the rules say about them. */
final class Library {
    /** A class file, and what is known to be used of it. Names are those of class files: java/lang/Object. */
    static final class Type {
        final String name;
        final ClassModel model;
        /** One of the program's, of which everything is wanted. */
        final boolean own;
        /** By name and descriptor. */
        final Map<String, Method> methods = new LinkedHashMap<>();
        final List<Type> subtypes = new ArrayList<>();
        /** Methods that are called of an object of this type, as name and descriptor. */
        final Set<String> calls = new HashSet<>();
        /** Classes that its code has as constants, and texts: together they may be methods that are looked up. */
        final Set<String> literals = new HashSet<>();
        final Set<String> strings = new HashSet<>();
        /** It is there, whatever else is. */
        boolean kept;
        /** There are objects of it. */
        boolean made;
        boolean initialized;
        /** The VM or one of its libraries knows it by name. */
        boolean known;
        /** Reflection looks into it. */
        boolean reflected;
        /** For the log: who needed it first. */
        String why;
        private Set<Type> above;

        private Type(ClassModel model, boolean own) {
            this.name = model.thisClass().asInternalName();
            this.model = model;
            this.own = own;
            for (MethodModel method : model.methods()) {
                Method made = new Method(this, method);
                methods.put(made.key, made);
            }
        }

        boolean has(AccessFlag flag) {
            return model.flags().has(flag);
        }
    }

    /** A method of a class file. */
    static final class Method {
        final Type type;
        final MethodModel model;
        final String name;
        final String descriptor;
        final String key;
        /** Its code may run. */
        boolean reached;
        /** It has to be there, since a call names it, but what runs is always what overrides it. */
        boolean named;
        String why;

        private Method(Type type, MethodModel model) {
            this.type = type;
            this.model = model;
            name = model.methodName().stringValue();
            descriptor = model.methodType().stringValue();
            key = name + descriptor;
        }

        boolean has(AccessFlag flag) {
            return model.flags().has(flag);
        }

        @Override
        public String toString() {
            return type.name + "." + key;
        }
    }

    /** Libraries of java.base that are in the image; a JDK may have more. */
    private static final Pattern LIBRARIES =
            Pattern.compile("lib(jvm|java|jli|jimage|net|nio|zip|fallbackLinker)\\.so");
    private static final int LONGEST_NAME = 200;

    private final Map<String, Type> types = new TreeMap<>();
    private final Set<String> nativeNames = new HashSet<>();
    private final List<Pattern> cuts = new ArrayList<>();
    private final List<Pattern> wholes = new ArrayList<>();
    private final Set<String> nulls = new HashSet<>();
    private final Set<String> empties = new HashSet<>();
    private final Map<String, Boolean> cutNames = new HashMap<>();
    /** Classes whose texts name others that are not wanted for that alone. */
    final Set<String> tables = new HashSet<>();
    /** Classes that are made by their name. */
    final List<String> keeps = new ArrayList<>();

    Type type(String name) {
        return types.get(name);
    }

    /** All types, sorted by name. */
    Collection<Type> types() {
        return types.values();
    }

    /** Reads all class files of a folder. */
    void readClasses(Path folder, boolean own) throws IOException {
        for (Path file : files(folder)) {
            if (file.toString().endsWith(".class")) {
                ClassModel model = ClassFile.of().parse(Files.readAllBytes(file));
                if (!model.isModuleInfo()) {
                    Type type = new Type(model, own);
                    types.put(type.name, type);
                }
            }
        }
    }

    /** When all are read. */
    void relate() {
        for (Type type : types.values()) {
            for (Type direct : directlyAbove(type)) {
                direct.subtypes.add(type);
            }
        }
    }

    /** Reads jlink/reach/rules, of which sections of other targets do not count. */
    void readRules(Path file, String target) throws IOException {
        boolean counts = true;
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith("[")) {
                counts = line.equals("[" + target + "]");
            } else if (counts && !line.isEmpty() && !line.startsWith("#")) {
                String[] words = line.split(" ");
                switch (words[0]) {
                    case "keep" -> keeps.add(words[1]);
                    case "whole" -> wholes.add(glob(words[1]));
                    case "table" -> tables.add(words[1]);
                    case "null" -> nulls.add(words[1]);
                    case "empty" -> empties.add(words[1]);
                    case "cut" -> cuts.add(glob(words[1]));
                    default -> throw new IllegalArgumentException(file + ": " + line);
                }
            }
        }
    }

    private static Pattern glob(String glob) {
        return Pattern.compile(glob.replace(".", "\\.").replace("$", "\\$").replace("**", "\1").replace("*", "[^/.]*")
                .replace("\1", "[^.]*"));
    }

    /**
     * Reads which names the VM and its libraries have: whatever ends with a zero. In libjvm each name lies for itself;
     * in the others a linker may have laid one into the end of another.
     */
    void readNames(Path folder) throws IOException {
        for (Path file : files(folder)) {
            String library = file.getFileName().toString();
            if (LIBRARIES.matcher(library).matches()) {
                names(Files.readAllBytes(file), !library.equals("libjvm.so"));
            }
        }
    }

    private void names(byte[] bytes, boolean ends) {
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] <= ' ') {
                if (bytes[i] == 0 && i - start > 1 && i - start <= LONGEST_NAME) {
                    String text = new String(bytes, start, i - start, StandardCharsets.ISO_8859_1);
                    int last = ends ? text.length() : 1;
                    for (int from = 0; from < last; from++) {
                        nativeNames.add(text.substring(from));
                    }
                }
                start = i + 1;
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> walk = Files.walk(folder)) {
            return walk.filter(Files::isRegularFile).sorted().toList();
        }
    }

    boolean isNative(String name) {
        return nativeNames.contains(name);
    }

    /**
     * Whether the VM or a library may call a method of a class that it knows. Of what its compilers replace by machine
     * code it has the names too, without calling it.
     */
    boolean isNative(Method method) {
        return nativeNames.contains(method.name) && nativeNames.contains(method.descriptor)
                && method.model.findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
                        .flatMap(all -> all.annotations().stream())
                        .noneMatch(one -> one.className().stringValue().endsWith("/IntrinsicCandidate;"));
    }

    /** Whether a rule keeps the walk out of a class. */
    boolean isCut(String name) {
        return cutNames.computeIfAbsent(name, unknown -> cuts.stream().anyMatch(cut -> cut.matcher(unknown).matches()));
    }

    boolean isCut(Method method) {
        return isCut(method.type.name) || isCut(method.type.name + "." + method.name);
    }

    /** Whether a static method takes null for its first argument, whatever it is given. */
    boolean isNulled(Method method) {
        return nulls.contains(method.type.name + "." + method.name);
    }

    /** Whether a method that returns nothing does nothing. */
    boolean isEmptied(Method method) {
        return empties.contains(method.type.name + "." + method.name);
    }

    boolean isWhole(String name) {
        return wholes.stream().anyMatch(whole -> whole.matcher(name).matches());
    }

    /** The class above, or null. */
    Type superclass(Type type) {
        return type.model.superclass().map(entry -> types.get(entry.asInternalName())).orElse(null);
    }

    private List<Type> directlyAbove(Type type) {
        List<Type> found = new ArrayList<>();
        if (superclass(type) != null) {
            found.add(superclass(type));
        }
        for (ClassEntry entry : type.model.interfaces()) {
            if (types.containsKey(entry.asInternalName())) {
                found.add(types.get(entry.asInternalName()));
            }
        }
        return found;
    }

    /** The type and all that it is one of, the nearest first. */
    Set<Type> above(Type type) {
        if (type.above == null) {
            type.above = new LinkedHashSet<>();
            ArrayDeque<Type> open = new ArrayDeque<>(List.of(type));
            while (!open.isEmpty()) {
                Type next = open.poll();
                if (type.above.add(next)) {
                    open.addAll(directlyAbove(next));
                }
            }
        }
        return type.above;
    }
}
