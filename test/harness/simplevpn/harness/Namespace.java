package simplevpn.harness;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Brings a thread of this very VM into a network namespace (setns(2)): a socket belongs to the namespace of the thread
 * that made it. Needs {@code --enable-native-access}, unlike the rest of the harness.
 */
final class Namespace {
    private static final MethodHandle OPEN = handle("open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SETNS = handle("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final int O_RDONLY_CLOEXEC = 0x80000; // asm-generic/fcntl.h
    private static final int CLONE_NEWNET = 0x40000000; // linux/sched.h

    private Namespace() { }

    /** Runs the action in a new thread within the namespace, which ends with it: a thread holds its namespace. */
    static <T> T inside(String name, Callable<T> action) throws IOException {
        FutureTask<T> task = new FutureTask<>(() -> {
            enter(name);
            return action.call();
        });
        Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (ExecutionException | InterruptedException e) {
            throw new IOException("in namespace " + name, e);
        }
    }

    private static void enter(String name) {
        try (Arena arena = Arena.ofConfined()) {
            int fd = (int) OPEN.invokeExact(arena.allocateFrom("/run/netns/" + name), O_RDONLY_CLOEXEC);
            int result = (int) SETNS.invokeExact(fd, CLONE_NEWNET);
            int closed = (int) CLOSE.invokeExact(fd);
            if (fd < 0 || result != 0 || closed != 0) {
                throw new LabException("setns " + name + " failed: fd " + fd + ", result " + result);
            }
        } catch (Throwable e) {
            throw new LabException("entering namespace " + name, e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(String function, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(function).orElseThrow(), type, options);
    }
}
