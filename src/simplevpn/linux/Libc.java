package simplevpn.linux;

import static simplevpn.linux.Linking.address;
import static simplevpn.linux.Linking.broken;
import static simplevpn.linux.Linking.call;
import static simplevpn.linux.Linking.link;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/**
 * Every call into libc, as a method with the man page's name; how they are made is in {@link Linking}.
 *
 * <p>Each method returns what the call returned, or −errno. Asking for errno makes the JDK allocate an object per call,
 * which only a compiler better than C1 removes; so the calls that carry packets do not ask. They say −1 for every
 * failure: nearly always it means "not now", and for the rest the {@link Poller} reports an error on that descriptor,
 * whose cause is then asked for.
 */
public final class Libc {
    private static final MemorySegment ACCEPT4 = address("accept4");
    private static final MemorySegment BIND = address("bind");
    private static final MemorySegment CLOSE = address("close");
    private static final MemorySegment CONNECT = address("connect");
    private static final MemorySegment DUP2 = address("dup2");
    private static final MemorySegment EPOLL_CREATE1 = address("epoll_create1");
    private static final MemorySegment EPOLL_CTL = address("epoll_ctl");
    private static final MemorySegment EVENTFD = address("eventfd");
    private static final MemorySegment FCHMOD = address("fchmod");
    private static final MemorySegment FCHOWN = address("fchown");
    private static final MemorySegment FLOCK = address("flock");
    private static final MemorySegment FREEADDRINFO = address("freeaddrinfo");
    private static final MemorySegment FSYNC = address("fsync");
    private static final MemorySegment GETPID = address("getpid");
    private static final MemorySegment GETRANDOM = address("getrandom");
    private static final MemorySegment GETRLIMIT = address("getrlimit");
    private static final MemorySegment GETSOCKOPT = address("getsockopt");
    private static final MemorySegment INET_NTOP = address("inet_ntop");
    private static final MemorySegment INOTIFY_ADD_WATCH = address("inotify_add_watch");
    private static final MemorySegment INOTIFY_INIT1 = address("inotify_init1");
    private static final MemorySegment IOCTL = address("ioctl");
    private static final MemorySegment ISATTY = address("isatty");
    private static final MemorySegment LISTEN = address("listen");
    private static final MemorySegment MKDIR = address("mkdir");
    private static final MemorySegment OPEN = address("open");
    private static final MemorySegment POLL = address("poll");
    private static final MemorySegment PWRITE = address("pwrite");
    private static final MemorySegment READ = address("read");
    private static final MemorySegment READLINK = address("readlink");
    private static final MemorySegment RENAME = address("rename");
    private static final MemorySegment SEND = address("send");
    private static final MemorySegment SETRLIMIT = address("setrlimit");
    private static final MemorySegment SETSOCKOPT = address("setsockopt");
    private static final MemorySegment SIGACTION = address("sigaction");
    private static final MemorySegment SIGNAL = address("signal");
    private static final MemorySegment SOCKET = address("socket");
    private static final MemorySegment STATX = address("statx");
    private static final MemorySegment UNLINK = address("unlink");
    private static final MemorySegment WRITE = address("write");
    private static final MethodHandle CLOCK_GETTIME = link("clock_gettime");
    private static final MethodHandle GETADDRINFO = link("getaddrinfo");
    private static final MethodHandle EPOLL_WAIT = link("epoll_wait");
    private static final MethodHandle TRY_EPOLL_CTL = link("epoll_ctl");
    private static final MethodHandle TRY_READ = link("read");
    private static final MethodHandle TRY_WRITE = link("write");
    private static final MethodHandle SETPRIORITY = link("setpriority");

    /** What slow lines alone need: linked when there is one. */
    private static final class Sending {
        private static final MethodHandle SEND = link("send");
    }

    /** Mode of what is made: to be read and written by its owner. */
    private static final int OWNER_ALONE = 0600;

    private Libc() {
    }

    /* ---- the packets' way: compiled in place, since these handles are constants where they are used ---- */

    /**
     * read(2) of at most {@code length} bytes to byte {@code at}, from a descriptor that does not block.
     *
     * @return bytes read, 0 at the end of a stream, or −1: nothing there now, or a failure, which the poller then
     *         reports
     */
    static int tryRead(int fd, Buffer buffer, int at, int length) {
        long address = buffer.range(at, length);
        try {
            return (int) TRY_READ.invokeExact((long) fd, address, (long) length, 0L);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /**
     * write(2) of {@code length} bytes from byte {@code at}, to a descriptor that does not block; for any thread.
     *
     * @return bytes written, perhaps fewer, or −1: no room now, or a failure, which the poller then reports
     */
    public static int tryWrite(int fd, Buffer buffer, int at, int length) {
        long address = buffer.range(at, length);
        try {
            return (int) TRY_WRITE.invokeExact((long) fd, address, (long) length, 0L);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /**
     * send(2) of {@code length} bytes from byte {@code at}, to a descriptor that does not block.
     *
     * @return bytes sent, perhaps fewer, or −1 as with {@link #tryWrite}
     */
    static int trySend(int fd, Buffer buffer, int at, int length, int flags) {
        long address = buffer.range(at, length);
        try {
            return (int) Sending.SEND.invokeExact((long) fd, address, (long) length, (long) flags);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /** clock_gettime(2) into a {@code struct timespec}; 0, as with every clock that the kernel has. */
    public static int clock_gettime(int clock, Buffer time) {
        try {
            return (int) CLOCK_GETTIME.invokeExact((long) clock, time.address, 0L, 0L);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /**
     * epoll_wait(2).
     *
     * @param events room for {@code struct epoll_event}s ({@link Abi#EPOLL_SIZE} bytes each)
     * @param millis how long to wait, −1 for ever
     * @return the number of events, or −1 when a signal interrupted it, the only way in which it can fail on a sound
     *         descriptor
     */
    static int epoll_wait(int epoll, Buffer events, int millis) {
        try {
            return (int) EPOLL_WAIT.invokeExact((long) epoll, events.address, (long) (events.size / Abi.EPOLL_SIZE),
                    (long) millis);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /**
     * epoll_ctl(2) with a {@code struct epoll_event} at the beginning of {@code event}.
     *
     * @return 0, or −1 when it failed, which a change of what is watched already does only on a closed descriptor
     */
    static int tryEpollCtl(int epoll, int operation, int fd, Buffer event) {
        try {
            return (int) TRY_EPOLL_CTL.invokeExact((long) epoll, (long) operation, (long) fd, event.address);
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
        length.nativeOrder.putInt(0, peer.size);
        return call(ACCEPT4, fd, peer.address, length.address, Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC);
    }

    /** bind(2) to the {@code struct sockaddr} in the first {@code length} bytes of {@code name}. */
    public static int bind(int fd, Buffer name, int length) {
        return call(BIND, fd, name.range(0, length), length);
    }

    /** close(2); never repeated, since the descriptor is gone even when a signal interrupts the call. */
    public static int close(int fd) {
        return call(CLOSE, fd);
    }

    /** connect(2) to the {@code struct sockaddr} in the first {@code length} bytes of {@code name}. */
    public static int connect(int fd, Buffer name, int length) {
        return call(CONNECT, fd, name.range(0, length), length);
    }

    /** dup2(2). */
    static int dup2(int fd, int as) {
        return call(DUP2, fd, as);
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

    /** Where eventfd_write(3) is. */
    static long eventfd_write() {
        return address("eventfd_write").address();
    }

    /** freeaddrinfo(3) of the list that begins at {@code address}. */
    static void freeaddrinfo(long address) {
        call(FREEADDRINFO, address);
    }

    /**
     * getaddrinfo(3); blocks while a name server is asked. For any thread.
     *
     * @param node name or address, zero-terminated, or {@code null} for the wildcard
     * @param service the port in decimal digits, zero-terminated
     * @param hints a {@code struct addrinfo}
     * @param list receives the address of the first {@code struct addrinfo}, a word
     * @return 0, or a negative EAI_ number (netdb.h)
     */
    static int getaddrinfo(Buffer node, Buffer service, Buffer hints, Buffer list) {
        try {
            return (int) GETADDRINFO.invokeExact(node == null ? 0 : node.address, service.address, hints.address,
                    list.address);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /** fsync(2). */
    static int fsync(int fd) {
        return call(FSYNC, fd);
    }

    /** getpid(2). */
    public static int getpid() {
        return call(GETPID, 0);
    }

    /** getrandom(2) of as many bytes as the buffer has, at most 256; waits until the kernel has gathered enough. */
    static int getrandom(Buffer bytes) {
        return call(GETRANDOM, bytes.address, bytes.size, 0);
    }

    /** getrlimit(2) into a {@code struct rlimit}. */
    public static int getrlimit(int resource, Buffer limit) {
        return call(GETRLIMIT, resource, limit.address);
    }

    /** getsockopt(2) into {@code value}, at most its size; how many bytes it has goes to {@code length}. */
    static int getsockopt(int fd, int level, int option, Buffer value, Buffer length) {
        length.nativeOrder.putInt(0, value.size);
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

    /** inotify_add_watch(2). Allocates memory for the path. */
    static int inotify_add_watch(int fd, String path, int events) {
        Buffer name = string(path);
        int result = call(INOTIFY_ADD_WATCH, fd, name.address, events);
        name.free();
        return result;
    }

    /** inotify_init1(2), non-blocking and close-on-exec. */
    static int inotify_init1() {
        return call(INOTIFY_INIT1, Abi.IN_NONBLOCK | Abi.IN_CLOEXEC);
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
    public static int isatty(int fd) {
        return call(ISATTY, fd);
    }

    /** listen(2). */
    static int listen(int fd, int backlog) {
        return call(LISTEN, fd, backlog);
    }

    /** open(2); a file that is made is for its owner alone. Allocates memory for the path. */
    public static int open(String path, int flags) {
        Buffer name = string(path);
        int result = call(OPEN, name.address, flags, OWNER_ALONE);
        name.free();
        return result;
    }

    /** mkdir(2) for its owner alone. Allocates memory for the path. */
    public static int mkdir(String path) {
        Buffer name = string(path);
        int result = call(MKDIR, name.address, OWNER_ALONE | 0100);
        name.free();
        return result;
    }

    /** fchmod(2). */
    static int fchmod(int fd, int mode) {
        return call(FCHMOD, fd, mode);
    }

    /** fchown(2). */
    static int fchown(int fd, int user, int group) {
        return call(FCHOWN, fd, user, group);
    }

    /** flock(2). */
    public static int flock(int fd, int operation) {
        return call(FLOCK, fd, operation);
    }

    /** pwrite(2) of {@code length} bytes to the beginning of a file. */
    public static int pwrite(int fd, Buffer buffer, int length) {
        return call(PWRITE, fd, buffer.range(0, length), length);
    }

    /** poll(2) of one {@code struct pollfd}; returns how many descriptors are ready, 0 or 1. */
    static int poll(Buffer descriptor, int millis) {
        return call(POLL, descriptor.address, 1, millis);
    }

    /**
     * read(2) of at most {@code length} bytes to byte {@code at}.
     *
     * @return bytes read, 0 at the end of a file or stream, or −errno
     */
    public static int read(int fd, Buffer buffer, int at, int length) {
        return call(READ, fd, buffer.range(at, length), length);
    }

    /** readlink(2): where a symbolic link leads, or {@code null} when that cannot be told. Allocates. */
    static String readlink(String path) {
        Buffer name = string(path);
        Buffer target = Buffer.temporary(Abi.PATH_MAX);
        int length = call(READLINK, name.address, target.address, target.size);
        byte[] bytes = new byte[Math.max(0, length)];
        target.bytes.get(0, bytes);
        name.free();
        target.free();
        return length < 0 ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    /** rename(2). Allocates memory for the paths. */
    static int rename(String from, String to) {
        Buffer old = string(from);
        Buffer name = string(to);
        int result = call(RENAME, old.address, name.address);
        old.free();
        name.free();
        return result;
    }

    /** send(2) of {@code length} bytes from byte {@code at}. */
    static int send(int fd, Buffer buffer, int at, int length, int flags) {
        return call(SEND, fd, buffer.range(at, length), length, flags);
    }

    /** setpriority(2) of the calling thread alone; for any thread. Returns 0, or −1 when it may not. */
    public static int setpriority(int nice) {
        try {
            return (int) SETPRIORITY.invokeExact((long) Abi.PRIO_PROCESS, 0L, (long) nice, 0L);
        } catch (Throwable t) {
            throw broken(t);
        }
    }

    /** setrlimit(2) from a {@code struct rlimit}. */
    public static int setrlimit(int resource, Buffer limit) {
        return call(SETRLIMIT, resource, limit.address);
    }

    /** setsockopt(2) with the first {@code length} bytes of {@code value}. */
    static int setsockopt(int fd, int level, int option, Buffer value, int length) {
        return call(SETSOCKOPT, fd, level, option, value.range(0, length), length);
    }

    /** sigaction(2) with a {@code struct sigaction}. */
    static int sigaction(int number, Buffer action) {
        return call(SIGACTION, number, action.address);
    }

    /** signal(2): what becomes of a signal, here only {@link Abi#SIG_IGN}. */
    static void signal(int number, int handler) {
        call(SIGNAL, number, handler);
    }

    /** socket(2). */
    public static int socket(int family, int type, int protocol) {
        return call(SOCKET, family, type, protocol);
    }

    /** statx(2) of what is at a path, or of an open file with an empty path, into a {@code struct statx}. */
    static int statx(int fd, String path, Buffer status) {
        Buffer name = string(path);
        int result = call(STATX, fd, name.address, Abi.AT_EMPTY_PATH, Abi.STATX_BASIC_STATS, status.address);
        name.free();
        return result;
    }

    /** unlink(2). Allocates memory for the path. */
    public static int unlink(String path) {
        Buffer name = string(path);
        int result = call(UNLINK, name.address);
        name.free();
        return result;
    }

    /** write(2) of {@code length} bytes from byte {@code at}; may block. */
    public static int write(int fd, Buffer buffer, int at, int length) {
        return call(WRITE, fd, buffer.range(at, length), length);
    }

    /** A call that a run makes once or seldom, by the name of its man page, with four words. */
    static int once(String name, long a, long b, long c, long d) {
        return call(address(name), a, b, c, d);
    }

    /** The same with six words. */
    static int once(String name, long a, long b, long c, long d, long e, long f) {
        return call(address(name), a, b, c, d, e, f);
    }

    /** A zero-terminated copy of {@code text} in UTF-8, to be freed. */
    static Buffer string(String text) {
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        Buffer copy = Buffer.temporary(encoded.length + 1);
        copy.bytes.put(0, encoded);
        return copy;
    }
}
