import java.io.IOException;
import java.lang.classfile.Annotation;
import java.lang.classfile.Attribute;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassHierarchyResolver.ClassHierarchyInfo;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodBuilder;
import java.lang.classfile.MethodElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.ConstantValueAttribute;
import java.lang.classfile.attribute.EnclosingMethodAttribute;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.attribute.InnerClassesAttribute;
import java.lang.classfile.attribute.NestMembersAttribute;
import java.lang.classfile.attribute.PermittedSubclassesAttribute;
import java.lang.classfile.attribute.RuntimeInvisibleAnnotationsAttribute;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.classfile.attribute.SignatureAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/**
 * Writes the classes that are kept, with what is reached of them: no other methods, no static fields that nothing
 * names, no names of sources and lines, and of annotations those that the VM knows.
 */
final class Strip {
    private static final CodeTransform FIRST_IS_NULL = new CodeTransform() {
        @Override
        public void atStart(CodeBuilder builder) {
            builder.aconst_null().astore(0);
        }

        @Override
        public void accept(CodeBuilder builder, CodeElement element) {
            builder.with(element);
        }
    };

    private final Library library;
    private final Predicate<String> usedFields;
    /**
     * For java.base. The VM does not verify what it loads itself, so it needs no maps of the stack; and without them it
     * takes two megabytes less.
     */
    private final ClassFile base = ClassFile.of(ClassFile.StackMapsOption.DROP_STACK_MAPS,
            ClassFile.DebugElementsOption.DROP_DEBUG, ClassFile.LineNumbersOption.DROP_LINE_NUMBERS,
            ClassFile.ConstantPoolSharingOption.NEW_POOL, ClassFile.DeadCodeOption.KEEP_DEAD_CODE);
    private final ClassFile own = ClassFile.of(ClassFile.DebugElementsOption.DROP_DEBUG,
            ClassFile.LineNumbersOption.DROP_LINE_NUMBERS, ClassFile.ConstantPoolSharingOption.NEW_POOL,
            ClassFile.ClassHierarchyResolverOption.of(hierarchy()));

    /** With a test of static fields, given as class.name, whether anything may use them. */
    Strip(Library library, Predicate<String> usedFields) {
        this.library = library;
        this.usedFields = usedFields;
    }

    private ClassHierarchyResolver hierarchy() {
        return wanted -> {
            String name = wanted.descriptorString();
            Library.Type type = library.type(name.substring(1, name.length() - 1));
            if (type == null) {
                return null;
            }
            ClassDesc above = type.model.superclass().map(ClassEntry::asSymbol).orElse(null);
            return type.has(AccessFlag.INTERFACE)
                    ? ClassHierarchyInfo.ofInterface() : ClassHierarchyInfo.ofClass(above);
        };
    }

    /** Writes either java.base's classes to a folder, or the program's own. */
    void write(boolean own, Path folder) throws IOException {
        for (Library.Type type : library.types()) {
            if (type.kept && type.own == own) {
                Path file = folder.resolve(type.name + ".class");
                Files.createDirectories(file.getParent());
                Files.write(file, (own ? this.own : base).transformClass(type.model,
                        (builder, element) -> part(type, builder, element)));
            }
        }
    }

    private void part(Library.Type type, ClassBuilder builder, ClassElement element) {
        switch (element) {
            case MethodModel method -> method(type, builder, method);
            case FieldModel field -> field(type, builder, field);
            case InnerClassesAttribute inner -> {
                List<InnerClassInfo> some = inner.classes().stream().filter(one -> isMember(type, one)).toList();
                if (!some.isEmpty()) {
                    builder.with(InnerClassesAttribute.of(some));
                }
            }
            case NestMembersAttribute members -> {
                List<ClassEntry> some = members.nestMembers().stream().filter(this::isKept).toList();
                if (!some.isEmpty()) {
                    builder.with(NestMembersAttribute.of(some));
                }
            }
            case PermittedSubclassesAttribute subclasses -> builder.with(PermittedSubclassesAttribute.of(
                    subclasses.permittedSubclasses().stream().filter(this::isKept).toList()));
            // Tables of hashes that have become trees ask what a key may be compared with.
            case SignatureAttribute unused when !isComparable(type) -> { }
            case SourceFileAttribute unused -> { }
            case EnclosingMethodAttribute unused -> { }
            case RuntimeInvisibleAnnotationsAttribute unused -> { }
            default -> builder.with(element);
        }
    }

    private boolean isComparable(Library.Type type) {
        return library.above(type).contains(library.type("java/lang/Comparable"));
    }

    /** What both of two classes have to say that one is declared in the other. */
    private boolean isMember(Library.Type type, InnerClassInfo inner) {
        return inner.outerClass().isPresent() && isKept(inner.innerClass())
                && (inner.innerClass().asInternalName().equals(type.name)
                || inner.outerClass().get().asInternalName().equals(type.name));
    }

    private boolean isKept(ClassEntry entry) {
        Library.Type type = library.type(entry.asInternalName());
        return type != null && type.kept;
    }

    private void method(Library.Type type, ClassBuilder builder, MethodModel method) {
        Library.Method known = type.methods.get(method.methodName().stringValue() + method.methodType().stringValue());
        if (known.reached || known.named) {
            builder.transformMethod(method, (inner, part) -> methodPart(known, inner, part));
        }
    }

    private void methodPart(Library.Method known, MethodBuilder builder, MethodElement part) {
        switch (part) {
            case CodeModel unused when library.isEmptied(known) -> builder.withCode(CodeBuilder::return_);
            case CodeModel code when known.reached -> builder.transformCode(code,
                    library.isNulled(known) ? FIRST_IS_NULL : CodeTransform.ACCEPT_ALL);
            // The VM wants it to be there, and runs what overrides it. Else it throws an error that has its name.
            case CodeModel unused -> builder.withFlags(known.model.flags().flagsMask()
                    & ~(ClassFile.ACC_FINAL | ClassFile.ACC_SYNCHRONIZED | ClassFile.ACC_STRICT)
                    | ClassFile.ACC_ABSTRACT);
            case RuntimeVisibleAnnotationsAttribute all -> {
                if (!known(all).isEmpty()) {
                    builder.with(RuntimeVisibleAnnotationsAttribute.of(known(all)));
                }
            }
            case Attribute<?> unused -> { }
            default -> builder.with(part);
        }
    }

    private void field(Library.Type type, ClassBuilder builder, FieldModel field) {
        String name = field.fieldName().stringValue();
        boolean used = !field.flags().has(AccessFlag.STATIC) || usedFields.test(type.name + "." + name)
                || type.known && library.isNative(name);
        if (!used) {
            return;
        }
        builder.transformField(field, (inner, part) -> {
            switch (part) {
                case ConstantValueAttribute constant -> inner.with(constant);
                case RuntimeVisibleAnnotationsAttribute all -> {
                    if (!known(all).isEmpty()) {
                        inner.with(RuntimeVisibleAnnotationsAttribute.of(known(all)));
                    }
                }
                case Attribute<?> unused -> { }
                default -> inner.with(part);
            }
        });
    }

    private List<Annotation> known(RuntimeVisibleAnnotationsAttribute all) {
        return all.annotations().stream().filter(one -> library.isNative(one.className().stringValue())).toList();
    }
}
