package simplevpn.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * How functions of libc are linked and called.
 *
 * <p>All arguments travel as words ({@code size_t}), pointers included: in every calling convention that this program
 * runs on they take the same registers as the {@code int} or pointer that the C declaration names, and the callee looks
 * at the bits it declared. Words too many, as zeros, lie where a callee does not look, and a variadic one (ioctl, open)
 * finds whole numbers where others do. So two shapes serve all calls, one with errno and one without: linking a shape
 * costs tens of milliseconds and half a hundred generated classes. No {@code MemorySegment} is made to pass an address.
 * Results are the low 32 bits, enough for a descriptor, a count of at most a buffer, and −1.
 *
 * <p>errno is caught in one place, so only the thread that runs the loop may call what returns it.
 */
final class Linking {
    private static final Linker LINKER = Linker.nativeLinker();
    /** Bytes of {@code size_t}, which are those of {@code long} and of a pointer too: 8, or 4 on armhf. */
    static final int WORD = (int) LINKER.canonicalLayouts().get("size_t").byteSize();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final int ERRNO_OFFSET = (int) Linker.Option.captureStateLayout()
            .byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final Buffer STATE = Buffer.permanent((int) Linker.Option.captureStateLayout().byteSize());
    private static final MemorySegment STATE_SEGMENT = MemorySegment.ofBuffer(STATE.bytes);

    /** Calls a function with six words, behind a segment for errno. */
    private static final MethodHandle CALL = linkAny();

    private Linking() {
    }

    /** Where a function of libc is. */
    static MemorySegment address(String name) {
        return LINKER.defaultLookup().find(name).get();
    }

    private static FunctionDescriptor words(int arity) {
        MemoryLayout[] words = new MemoryLayout[arity];
        for (int i = 0; i < arity; i++) {
            words[i] = LINKER.canonicalLayouts().get("size_t");
        }
        return FunctionDescriptor.of(ValueLayout.JAVA_INT, words);
    }

    /** A handle of type (address, segment for errno, long × 6) → int. */
    @SuppressWarnings("restricted")
    private static MethodHandle linkAny() {
        return widened(LINKER.downcallHandle(words(6), ERRNO), 6);
    }

    /** A handle of type (long × 4) → int. */
    @SuppressWarnings("restricted")
    static MethodHandle link(String name) {
        return widened(LINKER.downcallHandle(address(name), words(4)), 4);
    }

    /** The last arguments of a handle as longs, which are narrowed where a word is 4 bytes. */
    private static MethodHandle widened(MethodHandle handle, int arity) {
        if (WORD == Long.BYTES) {
            return handle;
        }
        MethodType type = handle.type();
        for (int i = type.parameterCount() - arity; i < type.parameterCount(); i++) {
            type = type.changeParameterType(i, long.class);
        }
        return MethodHandles.explicitCastArguments(handle, type);
    }

    /** −errno for a result of −1, otherwise the result. */
    private static int result(int returned) {
        return returned == -1 ? -STATE.nativeOrder.getInt(ERRNO_OFFSET) : returned;
    }

    /** A downcall handle throws nothing of its own: what arrives here is the VM's own trouble. */
    static Error broken(Throwable t) {
        return t instanceof Error e ? e : new AssertionError(t);
    }

    /** Calls a function with words, those that it has no use for as zeros; returns what it returned, or −errno. */
    static int call(MemorySegment function, long a) {
        return call(function, a, 0, 0, 0, 0, 0);
    }

    /** The same. */
    static int call(MemorySegment function, long a, long b) {
        return call(function, a, b, 0, 0, 0, 0);
    }

    /** The same. */
    static int call(MemorySegment function, long a, long b, long c) {
        return call(function, a, b, c, 0, 0, 0);
    }

    /** The same. */
    static int call(MemorySegment function, long a, long b, long c, long d) {
        return call(function, a, b, c, d, 0, 0);
    }

    /** The same. */
    static int call(MemorySegment function, long a, long b, long c, long d, long e) {
        return call(function, a, b, c, d, e, 0);
    }

    /** The same. */
    static int call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try {
            return result((int) CALL.invokeExact(function, STATE_SEGMENT, a, b, c, d, e, f));
        } catch (Throwable t) {
            throw broken(t);
        }
    }
}
