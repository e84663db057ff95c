import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Opcode;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.instruction.ConstantInstruction.LoadConstantInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The walk from method to method. Each call leads to each method that it may end in, given the classes of which there
 * can be objects. Names in texts count as classes, and beside a class as methods, for reflection.
 */
final class Walk {
    private static final String STATIC_INITIALIZER = "<clinit>()V";
    private static final String VAR_HANDLE = "java/lang/invoke/VarHandle";

    private final Library library;
    private final ArrayDeque<Library.Method> queue = new ArrayDeque<>();
    private final Set<String> recorded;
    private final Set<String> fields = new HashSet<>();
    private final Set<String> texts = new HashSet<>();
    /** What rules kept the walk out of, and whom. */
    final Set<String> missing = new TreeSet<>();
    /** Who is being looked at, for the log. */
    String from;

    /**
     * With the classes that were loaded in recorded runs: they are there also where a rule keeps the walk out of them.
     */
    Walk(Library library, Collection<String> recorded) {
        this.library = library;
        this.recorded = Set.copyOf(recorded);
    }

    /** Goes on until there is nothing new. */
    void finish() {
        while (!queue.isEmpty()) {
            scan(queue.poll());
        }
    }

    /** Whether a static field, as class.name, is named by what was reached. */
    boolean isUsed(String field) {
        return fields.contains(field) || texts.contains(field.substring(field.indexOf('.') + 1));
    }

    /** The class is there with all that it is one of, though nothing of it may be called. Null: it is not, or cut. */
    Library.Type keep(String name) {
        String element = name.startsWith("[") ? name.substring(name.lastIndexOf('[') + 1) : name;
        if (element != name && element.endsWith(";")) {
            element = element.substring(1, element.length() - 1);
        }
        Library.Type type = library.type(element);
        if (type == null) {
            return null;
        }
        if (library.isCut(element) && !recorded.contains(element)) {
            missing.add(element + " <- " + from);
            return null;
        }
        if (!type.kept) {
            type.kept = true;
            type.why = from;
            library.above(type).forEach(above -> keep(above.name));
            around(type);
            natives(type);
        }
        return type;
    }

    /** The classes that have to agree with it about who is declared where. */
    private void around(Library.Type type) {
        type.model.findAttribute(Attributes.nestHost()).ifPresent(host -> keep(host.nestHost().asInternalName()));
        type.model.findAttribute(Attributes.innerClasses()).ifPresent(all -> all.classes().forEach(inner -> {
            if (inner.innerClass().asInternalName().equals(type.name)) {
                inner.outerClass().ifPresent(outer -> keep(outer.asInternalName()));
            }
        }));
    }

    /** What others than Java code may call of it, which is everything where they are not seen. */
    private void natives(Library.Type type) {
        boolean whole = type.own || library.isWhole(type.name);
        type.known = library.isNative(type.name);
        // A library that registers its functions insists on each method; others look when one is called.
        boolean registers = type.known || type.methods.containsKey("registerNatives()V");
        if (whole || type.known) {
            make(type);
            initialize(type);
        }
        for (Library.Method method : List.copyOf(type.methods.values())) {
            if (registers && method.has(AccessFlag.NATIVE)) {
                method.named = true;
            }
            if (whole || type.known && library.isNative(method)) {
                called(type, method);
            }
        }
    }

    private void describe(ClassDesc desc) {
        String text = desc.descriptorString();
        if (text.endsWith(";")) {
            keep(text.substring(text.indexOf('L') + 1, text.length() - 1));
        }
    }

    private void describe(MethodTypeDesc desc) {
        desc.parameterList().forEach(this::describe);
        describe(desc.returnType());
    }

    /** There are objects of it: calls of what it is one of end here too. */
    void make(Library.Type type) {
        if (type != null && !type.made) {
            type.made = true;
            for (Library.Type above : library.above(type)) {
                List.copyOf(above.calls).forEach(call -> select(type, call));
            }
        }
    }

    /** Its static initializer runs, and those above it. */
    void initialize(Library.Type type) {
        for (Library.Type above : library.above(type)) {
            if (!above.initialized) {
                above.initialized = true;
                reach(above.methods.get(STATIC_INITIALIZER));
                if (above.has(AccessFlag.ENUM)) {
                    // Sets and maps of its constants ask for them by reflection.
                    above.methods.values().stream().filter(method -> method.name.equals("values")).forEach(this::reach);
                }
            }
        }
    }

    private void reach(Library.Method method) {
        if (method == null || method.reached) {
            return;
        }
        if (library.isCut(method)) {
            missing.add(method.type.name + "." + method.name + " <- " + from);
        } else if (keep(method.type.name) != null && !method.reached) {
            method.reached = true;
            method.why = from;
            queue.add(method);
        }
    }

    /** A call names it, whatever runs then. */
    private void name(Library.Method method) {
        if (!library.isCut(method) && keep(method.type.name) != null) {
            method.named = true;
        }
    }

    /** Somebody calls it who is not seen. */
    private void called(Library.Type type, Library.Method method) {
        if (method.has(AccessFlag.STATIC) || method.name.equals("<init>")) {
            initialize(type);
            reach(method);
        } else if (method.has(AccessFlag.PRIVATE)) {
            // Nothing overrides it: it is not looked for in the object's class.
            reach(method);
        } else {
            virtual(type, method.key);
        }
        if (method.name.equals("<init>")) {
            make(type);
        }
    }

    /** The method that a call names: of a class above it before that of any interface (JVMS 5.4.3.3). */
    private Library.Method resolve(Library.Type type, String key) {
        for (Library.Type next = type; next != null; next = library.superclass(next)) {
            if (next.methods.containsKey(key)) {
                return next.methods.get(key);
            }
        }
        for (Library.Type above : library.above(type)) {
            if (above.methods.containsKey(key)) {
                return above.methods.get(key);
            }
        }
        return null;
    }

    /** A call that each object of a type answers in its own way. */
    private void virtual(Library.Type type, String key) {
        if (!type.calls.add(key)) {
            return;
        }
        Library.Method named = resolve(type, key);
        if (named != null) {
            name(named);
        }
        ArrayDeque<Library.Type> open = new ArrayDeque<>(List.of(type));
        Set<Library.Type> seen = new HashSet<>();
        while (!open.isEmpty()) {
            Library.Type next = open.poll();
            if (seen.add(next)) {
                if (next.made) {
                    select(next, key);
                }
                open.addAll(next.subtypes);
            }
        }
    }

    /** What a call ends in, in an object of a class. */
    private void select(Library.Type type, String key) {
        for (Library.Type next = type; next != null; next = library.superclass(next)) {
            Library.Method method = next.methods.get(key);
            if (method != null && !method.has(AccessFlag.STATIC) && !method.has(AccessFlag.PRIVATE)
                    && !method.has(AccessFlag.ABSTRACT)) {
                reach(method);
                if (method.has(AccessFlag.PUBLIC) || method.has(AccessFlag.PROTECTED)) {
                    return;
                }
                // One of the package may hide another package's, which is what runs then.
            }
        }
        for (Library.Type above : library.above(type)) {
            Library.Method method = above.methods.get(key);
            if (method != null && above.has(AccessFlag.INTERFACE)) {
                if (method.has(AccessFlag.ABSTRACT)) {
                    name(method);
                } else {
                    reach(method);
                }
            }
        }
    }

    private void invoke(String owner, String name, String descriptor, boolean special) {
        Library.Type type = owner.startsWith("[") ? library.type("java/lang/Object") : keep(owner);
        if (type == null) {
            return;
        }
        Library.Method method = resolve(type, name + descriptor);
        if (method == null) {
            polymorphic(type, name, MethodTypeDesc.ofDescriptor(descriptor));
        } else if (method.has(AccessFlag.STATIC)) {
            initialize(method.type);
            reach(method);
        } else if (special || method.has(AccessFlag.PRIVATE)) {
            reach(method);
        } else {
            virtual(type, name + descriptor);
        }
    }

    /** One native method for calls of all types (JVMS 2.9.3); those of variables go through one made for the types. */
    private void polymorphic(Library.Type type, String name, MethodTypeDesc descriptor) {
        describe(descriptor);
        for (Library.Method method : type.methods.values()) {
            if (method.name.equals(name)) {
                reach(method);
            }
        }
        if (type.name.equals(VAR_HANDLE)) {
            StringBuilder guard = new StringBuilder("guard_");
            descriptor.parameterList().forEach(parameter -> guard.append(basic(parameter)));
            guard.append('_').append(basic(descriptor.returnType()));
            methods("java/lang/invoke/VarHandleGuards", guard.toString());
        }
    }

    private static char basic(ClassDesc type) {
        return type.isPrimitive() ? type.descriptorString().charAt(0) : 'L';
    }

    private void constant(Library.Type user, ConstantDesc desc) {
        switch (desc) {
            case String text -> text(user, text);
            case ClassDesc type -> {
                describe(type);
                if (type.isClassOrInterface()) {
                    literal(user, name(type));
                }
            }
            case MethodTypeDesc type -> describe(type);
            case DirectMethodHandleDesc handle -> handle(handle);
            case DynamicConstantDesc<?> dynamic -> {
                constant(user, dynamic.bootstrapMethod());
                dynamic.bootstrapArgsList().forEach(argument -> constant(user, argument));
                describe(dynamic.constantType());
            }
            default -> { }
        }
    }

    private static String name(ClassDesc type) {
        String text = type.descriptorString();
        return type.isArray() ? text : text.substring(1, text.length() - 1);
    }

    private void handle(DirectMethodHandleDesc handle) {
        String owner = name(handle.owner());
        describe(handle.invocationType());
        field(owner, handle.methodName());
        switch (handle.kind()) {
            case GETTER, SETTER -> keep(owner);
            case STATIC_GETTER, STATIC_SETTER -> access(owner);
            case CONSTRUCTOR -> {
                make(access(owner));
                invoke(owner, "<init>", handle.lookupDescriptor(), true);
            }
            case SPECIAL, INTERFACE_SPECIAL -> invoke(owner, handle.methodName(), handle.lookupDescriptor(), true);
            default -> invoke(owner, handle.methodName(), handle.lookupDescriptor(), false);
        }
    }

    /** A class is initialized, if it is there. */
    private Library.Type access(String owner) {
        Library.Type type = keep(owner);
        if (type != null) {
            initialize(type);
        }
        return type;
    }

    private void text(Library.Type user, String text) {
        texts.add(text);
        String name = text.replace('.', '/');
        if (name.startsWith("L") && name.endsWith(";")) {
            name = name.substring(1, name.length() - 1);
        }
        if (name.indexOf('/') > 0 && library.type(name) != null && !library.tables.contains(user.name)) {
            byName(name);
            literal(user, name);
        }
        if (user.strings.add(text)) {
            user.literals.forEach(literal -> methods(literal, text));
        }
    }

    private void literal(Library.Type user, String name) {
        Library.Type type = access(name);
        if (type != null && !type.reflected) {
            reflected(type);
        }
        if (user.literals.add(name)) {
            user.strings.forEach(text -> methods(name, text));
        }
    }

    /** Something may ask for its members, for which the VM loads the types of all of them. */
    private void reflected(Library.Type type) {
        type.reflected = true;
        type.model.fields().forEach(field -> describe(field.fieldTypeSymbol()));
        for (Library.Method method : type.methods.values()) {
            if (method.reached) {
                describe(method.model.methodTypeSymbol());
            }
        }
    }

    /** Methods that may be looked up, all of a name. */
    private void methods(String owner, String name) {
        Library.Type type = library.isCut(owner) ? null : library.type(owner);
        if (type != null) {
            type.methods.values().stream().filter(method -> method.name.equals(name))
                    .forEach(method -> called(type, method));
        }
    }

    /** A class that is made by its name. */
    void byName(String name) {
        Library.Type type = access(name);
        if (type != null) {
            make(type);
            if (!type.reflected) {
                reflected(type);
            }
            methods(name, "<init>");
        }
    }

    private void field(String owner, String name) {
        if (library.type(owner) != null) {
            library.above(library.type(owner)).forEach(above -> fields.add(above.name + "." + name));
        }
    }

    private void scan(Library.Method method) {
        from = method.toString();
        method.type.literals.add(method.type.name);
        if (method.type.own || method.type.reflected) {
            describe(method.model.methodTypeSymbol());
        }
        if (!library.isEmptied(method)) {
            method.model.code().ifPresent(code -> code.forEach(element -> scan(method.type, element)));
        }
    }

    private void scan(Library.Type type, CodeElement element) {
        switch (element) {
            case FieldInstruction field -> field(type, field);
            case InvokeInstruction call -> {
                MemberRefEntry entry = call.method();
                if (type.own) {
                    describe(call.typeSymbol());
                }
                invoke(entry.owner().asInternalName(), entry.name().stringValue(), entry.type().stringValue(),
                        call.opcode() == Opcode.INVOKESPECIAL);
            }
            case InvokeDynamicInstruction call -> dynamic(type, call);
            case NewObjectInstruction made -> make(access(made.className().asInternalName()));
            case NewReferenceArrayInstruction made -> keep(made.componentType().asInternalName());
            case NewMultiArrayInstruction made -> keep(made.arrayType().asInternalName());
            case TypeCheckInstruction check -> keep(check.type().asInternalName());
            case LoadConstantInstruction load -> constant(type, load.constantValue());
            case ExceptionCatch caught -> caught.catchType().map(ClassEntry::asInternalName).ifPresent(this::keep);
            default -> { }
        }
    }

    private void field(Library.Type type, FieldInstruction field) {
        String owner = field.owner().asInternalName();
        field(owner, field.name().stringValue());
        if (type.own) {
            describe(field.typeSymbol());
        }
        if (field.opcode() == Opcode.GETSTATIC || field.opcode() == Opcode.PUTSTATIC) {
            access(owner);
        } else {
            keep(owner);
        }
    }

    /** What it makes is mostly an object of the interface that it returns, of a class that is not seen. */
    private void dynamic(Library.Type type, InvokeDynamicInstruction call) {
        describe(call.typeSymbol());
        if (call.typeSymbol().returnType().isClassOrInterface()) {
            make(keep(name(call.typeSymbol().returnType())));
        }
        constant(type, call.bootstrapMethod());
        call.bootstrapArgs().forEach(argument -> constant(type, argument));
    }
}
