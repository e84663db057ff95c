package simplevpn;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;

/**
 * Every call into libc: one handle per call, next to a method with the man page's name.
 *
 * <p>Each method returns what the call returned, or −errno. A read or write that a signal interrupted is made again; the
 * other calls here cannot be interrupted, but for epoll_wait, whose caller wants to know. Nothing here allocates per call,
 * except where a method says so.
 *
 * <p>All arguments travel as words ({@code size_t}), pointers included: in every calling convention that this program runs
 * on they take the same registers as the {@code int} or pointer that the C declaration names, and the callee looks at the
 * bits it declared. So five shapes serve all calls (the first link of a shape costs milliseconds), and no
 * {@code MemorySegment} is made to pass an address. Results are the low 32 bits, enough for a descriptor, a count of at
 * most a buffer, and −1.
 *
 * <p>errno is caught in one place, so only the thread that runs the loop may call; {@link #wake} alone is for any thread.
 */
final class Libc {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final int ERRNO_OFFSET = (int) Linker.Option.captureStateLayout()
            .byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final Buffer STATE = Buffer.permanent((int) Linker.Option.captureStateLayout().byteSize());

    private static final MethodHandle ACCEPT4 = link("accept4", 4);
    private static final MethodHandle BIND = link("bind", 3);
    private static final MethodHandle CLOSE = link("close", 1);
    private static final MethodHandle CONNECT = link("connect", 3);
    private static final MethodHandle EPOLL_CREATE1 = link("epoll_create1", 1);
    private static final MethodHandle EPOLL_CTL = link("epoll_ctl", 4);
    private static final MethodHandle EPOLL_WAIT = link("epoll_wait", 4);
    private static final MethodHandle EVENTFD = link("eventfd", 2);
    private static final MethodHandle FREEADDRINFO = link("freeaddrinfo", 1);
    private static final MethodHandle GETADDRINFO = link("getaddrinfo", 4);
    private static final MethodHandle GETRLIMIT = link("getrlimit", 2);
    private static final MethodHandle GETSOCKNAME = link("getsockname", 3);
    private static final MethodHandle GETSOCKOPT = link("getsockopt", 5);
    private static final MethodHandle INET_NTOP = link("inet_ntop", 4);
    private static final MethodHandle IOCTL = link("ioctl", 3, Linker.Option.firstVariadicArg(2));
    private static final MethodHandle ISATTY = link("isatty", 1);
    private static final MethodHandle LISTEN = link("listen", 2);
    private static final MethodHandle OPEN = link("open", 3, Linker.Option.firstVariadicArg(2));
    private static final MethodHandle READ = link("read", 3);
    private static final MethodHandle SETRLIMIT = link("setrlimit", 2);
    private static final MethodHandle SETSOCKOPT = link("setsockopt", 5);
    private static final MethodHandle SOCKET = link("socket", 3);
    private static final MethodHandle WRITE = link("write", 3);

    /** {@code write} with a place of its own for errno: the one call that other threads may make. */
    private static final MethodHandle WRITE_ELSEWHERE =
            find("write", 3).bindTo(MemorySegment.ofBuffer(Buffer.permanent(STATE.size).bytes));

    private Libc() {
    }

    /* ---- linking ---- */

    private static MethodHandle link(String name, int arity, Linker.Option... options) {
        return find(name, arity, options).bindTo(MemorySegment.ofBuffer(STATE.bytes));
    }

    /** A handle of type (state, long × arity) → int; the longs are narrowed where a word is 4 bytes. */
    @SuppressWarnings("restricted")
    private static MethodHandle find(String name, int arity, Linker.Option... options) {
        MemoryLayout[] words = new MemoryLayout[arity];
        for (int i = 0; i < arity; i++) {
            words[i] = LINKER.canonicalLayouts().get("size_t");
        }
        Linker.Option[] all = new Linker.Option[options.length + 1];
        all[0] = ERRNO;
        System.arraycopy(options, 0, all, 1, options.length);
        MethodHandle handle = LINKER.downcallHandle(LINKER.defaultLookup().find(name).get(),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, words), all);
        if (Abi.WORD == Long.BYTES) {
            return handle;
        }
        MethodType type = handle.type();
        for (int i = 1; i <= arity; i++) {
            type = type.changeParameterType(i, long.class);
        }
        return MethodHandles.explicitCastArguments(handle, type);
    }

    /** −errno for a result of −1, otherwise the result. */
    private static int result(int returned) {
        return returned == -1 ? -STATE.host.getInt(ERRNO_OFFSET) : returned;
    }

    /** A downcall handle throws nothing of its own: what arrives here is the VM's own trouble. */
    private static Error broken(Throwable t) {
        return t instanceof Error e ? e : new AssertionError(t);
    }

    private static int call(MethodHandle handle, long a) {
        try {
            return result((int) handle.invokeExact(a));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    private static int call(MethodHandle handle, long a, long b) {
        try {
            return result((int) handle.invokeExact(a, b));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    private static int call(MethodHandle handle, long a, long b, long c) {
        try {
            return result((int) handle.invokeExact(a, b, c));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    private static int call(MethodHandle handle, long a, long b, long c, long d) {
        try {
            return result((int) handle.invokeExact(a, b, c, d));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    private static int call(MethodHandle handle, long a, long b, long c, long d, long e) {
        try {
            return result((int) handle.invokeExact(a, b, c, d, e));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /* ---- the packets' way: compiled in place, since these handles are constants where they are used ---- */

    /**
     * read(2) of at most {@code length} bytes to byte {@code at}.
     *
     * @return bytes read, 0 at the end of a stream, or −errno (−EAGAIN: nothing there now)
     */
    static int read(int fd, Buffer buffer, int at, int length) {
        long address = buffer.range(at, length);
        int result;
        try {
            do {
                result = result((int) READ.invokeExact((long) fd, address, (long) length));
            } while (result == -Errno.EINTR);
        } catch (Throwable t) {
            throw broken(t);
        }
        return result;
    }

    /**
     * write(2) of {@code length} bytes from byte {@code at}.
     *
     * @return bytes written, perhaps fewer, or −errno (−EAGAIN: no room now)
     */
    static int write(int fd, Buffer buffer, int at, int length) {
        long address = buffer.range(at, length);
        int result;
        try {
            do {
                result = result((int) WRITE.invokeExact((long) fd, address, (long) length));
            } while (result == -Errno.EINTR);
        } catch (Throwable t) {
            throw broken(t);
        }
        return result;
    }

    /**
     * epoll_wait(2).
     *
     * @param events room for {@code struct epoll_event}s ({@link Abi#EPOLL_SIZE} bytes each)
     * @param millis how long to wait, −1 for ever
     * @return the number of events, or −errno; −EINTR too, since the time to wait has changed by then
     */
    static int epoll_wait(int epoll, Buffer events, int millis) {
        try {
            return result((int) EPOLL_WAIT.invokeExact((long) epoll, events.address,
                    (long) (events.size / Abi.EPOLL_SIZE), (long) millis));
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /** write(2) of the 8 bytes of an eventfd's increment, for any one other thread. */
    static void wake(int eventfd, Buffer one) {
        try {
            int ignored = (int) WRITE_ELSEWHERE.invokeExact((long) eventfd, one.address, (long) Long.BYTES);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /* ---- set-up and the rest ---- */

    /**
     * accept4(2), non-blocking and close-on-exec.
     *
     * @param peer receives the peer's {@code struct sockaddr}, at most its size
     * @param length 4 bytes for the address's length
     */
    static int accept4(int fd, Buffer peer, Buffer length) {
        length.host.putInt(0, peer.size);
        return call(ACCEPT4, fd, peer.address, length.address, Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC);
    }

    /** bind(2) to the {@code struct sockaddr} in the first {@code length} bytes of {@code name}. */
    static int bind(int fd, Buffer name, int length) {
        return call(BIND, fd, name.range(0, length), length);
    }

    /** close(2); never repeated, since the descriptor is gone even when a signal interrupts the call. */
    static int close(int fd) {
        return call(CLOSE, fd);
    }

    /** connect(2) to the {@code struct sockaddr} in the first {@code length} bytes of {@code name}. */
    static int connect(int fd, Buffer name, int length) {
        return call(CONNECT, fd, name.range(0, length), length);
    }

    /** epoll_create1(2), close-on-exec. */
    static int epoll_create1() {
        return call(EPOLL_CREATE1, Abi.EPOLL_CLOEXEC);
    }

    /** epoll_ctl(2) with a {@code struct epoll_event} at the beginning of {@code event}. */
    static int epoll_ctl(int epoll, int operation, int fd, Buffer event) {
        return call(EPOLL_CTL, epoll, operation, fd, event.address);
    }

    /** eventfd(2), counting from 0, non-blocking and close-on-exec. */
    static int eventfd() {
        return call(EVENTFD, 0, Abi.EFD_NONBLOCK | Abi.EFD_CLOEXEC);
    }

    /** freeaddrinfo(3) of the list that begins at {@code address}. */
    static void freeaddrinfo(long address) {
        call(FREEADDRINFO, address);
    }

    /**
     * getaddrinfo(3); blocks while a name server is asked. Allocates memory for the two strings.
     *
     * @param node name or address, or {@code null} for the wildcard
     * @param service the port in decimal digits
     * @param hints a {@code struct addrinfo}
     * @param list receives the address of the first {@code struct addrinfo}, a word
     * @return 0, or a negative EAI_ number (netdb.h), which is no −errno
     */
    static int getaddrinfo(String node, String service, Buffer hints, Buffer list) {
        Buffer name = node == null ? null : string(node);
        Buffer port = string(service);
        int result = call(GETADDRINFO, name == null ? 0 : name.address, port.address, hints.address, list.address);
        if (name != null) {
            name.free();
        }
        port.free();
        return result;
    }

    /** getrlimit(2) into a {@code struct rlimit}. */
    static int getrlimit(int resource, Buffer limit) {
        return call(GETRLIMIT, resource, limit.address);
    }

    /** getsockname(2), arguments as {@link #accept4}. */
    static int getsockname(int fd, Buffer name, Buffer length) {
        length.host.putInt(0, name.size);
        return call(GETSOCKNAME, fd, name.address, length.address);
    }

    /** getsockopt(2) into {@code value}, at most its size; how many bytes it has goes to {@code length}. */
    static int getsockopt(int fd, int level, int option, Buffer value, Buffer length) {
        length.host.putInt(0, value.size);
        return call(GETSOCKOPT, fd, level, option, value.address, length.address);
    }

    /** inet_ntop(3) of the address at byte {@code at} of {@code source}, as text. Allocates the text. */
    static String inet_ntop(int family, Buffer source, int at) {
        Buffer text = Buffer.temporary(46);
        call(INET_NTOP, family, source.range(at, family == Abi.AF_INET ? 4 : 16), text.address, text.size);
        StringBuilder address = new StringBuilder(text.size);
        for (int i = 0; text.bytes.get(i) != 0; i++) {
            address.append((char) text.bytes.get(i));
        }
        text.free();
        return address.toString();
    }

    /** ioctl(2) with a structure as its argument. */
    static int ioctl(int fd, int request, Buffer argument) {
        return call(IOCTL, fd, request, argument.address);
    }

    /** ioctl(2) with a number as its argument. */
    static int ioctl(int fd, int request, int argument) {
        return call(IOCTL, fd, request, argument);
    }

    /** isatty(3): 1 for a terminal, otherwise −errno or 0. */
    static int isatty(int fd) {
        return call(ISATTY, fd);
    }

    /** listen(2). */
    static int listen(int fd, int backlog) {
        return call(LISTEN, fd, backlog);
    }

    /** open(2) without creating anything. Allocates memory for the path. */
    static int open(String path, int flags) {
        Buffer name = string(path);
        int result = call(OPEN, name.address, flags, 0);
        name.free();
        return result;
    }

    /** setrlimit(2) from a {@code struct rlimit}. */
    static int setrlimit(int resource, Buffer limit) {
        return call(SETRLIMIT, resource, limit.address);
    }

    /** setsockopt(2) with the first {@code length} bytes of {@code value}. */
    static int setsockopt(int fd, int level, int option, Buffer value, int length) {
        return call(SETSOCKOPT, fd, level, option, value.range(0, length), length);
    }

    /** socket(2). */
    static int socket(int family, int type, int protocol) {
        return call(SOCKET, family, type, protocol);
    }

    /** A zero-terminated copy of {@code text} in UTF-8, to be freed. */
    private static Buffer string(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        Buffer copy = Buffer.temporary(encoded.length + 1);
        copy.bytes.put(0, encoded);
        return copy;
    }
}
