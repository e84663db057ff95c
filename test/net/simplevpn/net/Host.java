package simplevpn.net;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One host of a {@link Lan}: a network namespace with the interface eth0. Commands run on it through
 * {@code ip netns exec}; sockets of this very JVM are made on it by a thread that enters the namespace, since a socket
 * belongs to the namespace of the thread that made it. They are closed with the {@link Lan}; a test closes one only
 * where that is what it is about.
 */
final class Host {
    private static final MethodHandle OPEN = handle("open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SETNS = handle("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final int O_RDONLY_CLOEXEC = 0x80000; // asm-generic/fcntl.h
    private static final int CLONE_NEWNET = 0x40000000; // linux/sched.h
    private static final int TIMEOUT = 15_000;

    /** {@code ip -o -4 addr}: "3: tun0    inet 10.0.0.2/16 brd 10.0.255.255 scope global tun0\ ..." */
    private static final Pattern INET = Pattern.compile(
            "^\\d+: (?!lo\\b|eth0\\b)(\\S+)\\s+inet ([\\d.]+)(?: peer [\\d.]+)?/(\\d+)", Pattern.MULTILINE);
    private static final Pattern MTU = Pattern.compile(" mtu (\\d+) ");

    private final Collection<Closeable> sockets = new ConcurrentLinkedQueue<>();
    final String name;
    final int number;
    final String outer4;
    final String outer6;

    Host(String name, int number) {
        this.name = name;
        this.number = number;
        outer4 = "192.0.2." + number;
        outer6 = "fd00:2::" + number;
    }

    /** An interface other than lo and eth0 that has an IPv4 address: the tunnel's. */
    record Tunnel(String device, String address, int prefix) { }

    Optional<Tunnel> tunnel() {
        Matcher line = INET.matcher(run("ip", "-o", "-4", "addr").ok().output());
        return line.find()
                ? Optional.of(new Tunnel(line.group(1), line.group(2), Integer.parseInt(line.group(3))))
                : Optional.empty();
    }

    int mtu(String device) {
        Matcher line = MTU.matcher(run("ip", "-o", "link", "show", device).ok().output());
        if (!line.find()) {
            throw new AssertionError("no mtu of " + device + " on " + this);
        }
        return Integer.parseInt(line.group(1));
    }

    Lan.Result run(String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(List.of(command));
        return new Lan.Command("", all.toArray(String[]::new)).run(40);
    }

    /** What {@code ping} prints and its status: 0 when anything was answered. */
    Lan.Result ping(String address, String... options) {
        List<String> command = new ArrayList<>(List.of("ping", "-n", "-w", "10"));
        command.addAll(List.of(options));
        command.add(address);
        return run(command.toArray(String[]::new));
    }

    /** Fails unless the address answers within the time, however many pings are lost before. */
    void awaitPing(String address, int seconds) {
        run("ping", "-n", "-i", "0.2", "-c", "1", "-w", Integer.toString(seconds), address).ok();
    }

    /** A TCP connection from this host; reads that find nothing for 15 seconds fail. */
    Socket connect(String address, int port) throws IOException {
        Socket socket = inside(() -> SocketChannel.open(StandardProtocolFamily.INET)).socket();
        sockets.add(socket);
        socket.connect(new InetSocketAddress(address, port), TIMEOUT);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT);
        return socket;
    }

    ServerSocket listen(String address, int port) throws IOException {
        ServerSocket socket = inside(() -> ServerSocketChannel.open(StandardProtocolFamily.INET)).socket();
        sockets.add(socket);
        socket.bind(new InetSocketAddress(address, port));
        return socket;
    }

    /** The next connection to one of this host's listening sockets. */
    Socket accept(ServerSocket listener) throws IOException {
        Socket socket = listener.accept();
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** Closes all sockets that were made here: a socket holds its namespace. */
    void closeSockets() {
        for (Closeable socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Runs the action in a new thread within the namespace, which ends with it: a thread holds its namespace. */
    private <T> T inside(Callable<T> action) throws IOException {
        FutureTask<T> task = new FutureTask<>(() -> {
            enter();
            return action.call();
        });
        Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (Exception e) {
            throw new IOException("in namespace " + name, e);
        }
    }

    private void enter() {
        try (Arena arena = Arena.ofConfined()) {
            int fd = (int) OPEN.invokeExact(arena.allocateFrom("/run/netns/" + name), O_RDONLY_CLOEXEC);
            int result = (int) SETNS.invokeExact(fd, CLONE_NEWNET);
            int closed = (int) CLOSE.invokeExact(fd);
            if (fd < 0 || result != 0 || closed != 0) {
                throw new AssertionError("setns " + name + " failed: fd " + fd + ", result " + result);
            }
        } catch (Throwable e) {
            throw new AssertionError("entering namespace " + name, e);
        }
    }

    /** Kills whatever still runs on this host: only what a test started there can. */
    void killAll() {
        String pids = new Lan.Command("", "ip", "netns", "pids", name).run(10).output();
        pids.lines().filter(line -> line.matches("\\d+")).map(Long::valueOf)
                .flatMap(pid -> ProcessHandle.of(pid).stream()).forEach(ProcessHandle::destroyForcibly);
    }

    @Override
    public String toString() {
        return name;
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(String function, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(function).orElseThrow(), type, options);
    }
}
