package simplevpn.harness;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One host of a {@link Lab}: a network namespace. Commands run on it through {@code ip netns exec}; sockets of this
 * very VM are made on it by a thread that enters the namespace. They are closed with the lab; a test closes one only
 * where that is what it is about.
 */
public final class Host {
    private static final int TIMEOUT = 15_000;

    /** With a deadline the usual ping ends at the first answer; those of inetutils and busybox have no such thing. */
    private static final String[] ONE_OF_FIVE = Command.run(20, "ping", "-V").output().contains("iputils")
            ? new String[] {"-c", "1", "-i", "0.2", "-w", "1"} : new String[] {"-c", "5", "-i", "0.2", "-W", "1"};

    /** {@code ip -o -4 addr}: "3: tun0    inet 10.0.0.2/16 brd 10.0.255.255 scope global tun0\ ..." */
    private static final Pattern INET = Pattern.compile(
            "^\\d+: (?!lo\\b|eth\\d\\b)(\\S+)\\s+inet ([\\d.]+)(?: peer [\\d.]+)?/(\\d+)", Pattern.MULTILINE);

    private static final Pattern INET6 = Pattern.compile(
            "^\\d+: (?!lo\\b|eth\\d\\b)\\S+\\s+inet6 ([0-9a-f:]+/\\d+)", Pattern.MULTILINE);

    /** The network namespace. */
    public final String namespace;
    /** What is special in its addresses. */
    public final int number;
    /** Its address outside of any tunnel: 192.0.2.{@link #number}. */
    public final String outer4;
    /** The same for IPv6, which only a {@link Lan} has. */
    public final String outer6;

    private final Collection<Closeable> sockets = new ConcurrentLinkedQueue<>();

    Host(String namespace, int number) {
        this.namespace = namespace;
        this.number = number;
        outer4 = "192.0.2." + number;
        outer6 = "fd00:2::" + number;
    }

    /** An interface other than lo and eth0, eth1, … that has an IPv4 address: the tunnel's. */
    public record Tunnel(String device, String address, int prefix) { }

    /** This host's end of the tunnel, if it has one and that has its address. */
    public Optional<Tunnel> tunnel() {
        Matcher line = INET.matcher(run("ip", "-o", "-4", "addr").ok().output());
        return line.find()
                ? Optional.of(new Tunnel(line.group(1), line.group(2), Integer.parseInt(line.group(3))))
                : Optional.empty();
    }

    /** The IPv6 address of this host's end of the tunnel, with its prefix length, if it has one beyond its link. */
    public Optional<String> tunnel6() {
        Matcher line = INET6.matcher(run("ip", "-o", "-6", "addr", "show", "scope", "global").ok().output());
        return line.find() ? Optional.of(line.group(1)) : Optional.empty();
    }

    /** The MTU of an interface. */
    public int mtu(String device) {
        return Integer.parseInt(run("cat", "/sys/class/net/" + device + "/mtu").ok().output().strip());
    }

    /** Runs a command on this host to its end. */
    public Command.Result run(String... command) {
        return run(40, command);
    }

    /** The same for a command that takes longer. */
    public Command.Result run(int seconds, String... command) {
        return Command.run(seconds, inside(command));
    }

    /** The words of a command that runs another one on this host, in the same process. */
    List<String> inside(String... command) {
        return Command.words(List.of("ip", "netns", "exec", namespace), command);
    }

    /** What {@code ping} prints and its status: 0 when anything was answered. */
    public Command.Result ping(String address, String... options) {
        List<String> command = Command.words(List.of("ping", "-n"), options);
        return run(Command.words(command, address).toArray(String[]::new));
    }

    /**
     * Pings so many times, one after the other; fails when one of them is not answered within 10 seconds. A ping that
     * sends more than one gives the last no longer than two round trips of those before it, whatever its -W is: on a
     * machine that has much to do that is no loss.
     */
    public void pingAll(String address, int times, String... options) {
        String[] one = Command.words(List.of("-c", "1", "-W", "10"), options).toArray(String[]::new);
        for (int i = 0; i < times; i++) {
            ping(address, one).ok();
        }
    }

    /** Whether one of five pings within a second is answered. */
    public boolean reaches(String address) {
        return ping(address, ONE_OF_FIVE).status() == 0;
    }

    /** Fails unless the address answers within the time, however many pings are lost before. */
    public void awaitPing(String address, int seconds) {
        Wait.until("an answer from " + address + " to " + this, seconds, () -> reaches(address));
    }

    private static StandardProtocolFamily family(String address) {
        return address.indexOf(':') < 0 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
    }

    /** A TCP connection from this host; reads that find nothing for 15 seconds fail. */
    public Socket connect(String address, int port) throws IOException {
        Socket socket = Namespace.inside(namespace, () -> SocketChannel.open(family(address))).socket();
        sockets.add(socket);
        socket.connect(new InetSocketAddress(address, port), TIMEOUT);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT);
        return socket;
    }

    /**
     * Runs something in a new thread on this host: socket channels that it opens are this host's, and are its to close.
     */
    public <T> T inside(Callable<T> action) throws IOException {
        return Namespace.inside(namespace, action);
    }

    /** A socket that listens on this host; the system chooses the port when it is 0. */
    public ServerSocket listen(String address, int port) throws IOException {
        ServerSocket socket =
                Namespace.inside(namespace, () -> ServerSocketChannel.open(family(address))).socket();
        sockets.add(socket);
        socket.bind(new InetSocketAddress(address, port));
        return socket;
    }

    /** A socket on this host that receives datagrams. */
    public DatagramChannel datagrams(String address, int port) throws IOException {
        DatagramChannel socket =
                Namespace.inside(namespace, () -> DatagramChannel.open(StandardProtocolFamily.INET));
        sockets.add(socket);
        return socket.bind(new InetSocketAddress(address, port));
    }

    /** The next connection to one of this host's listening sockets. */
    public Socket accept(ServerSocket listener) throws IOException {
        Socket socket = listener.accept();
        sockets.add(socket);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** Ends whatever still lives in the namespace: what runs in it, and this VM's sockets. */
    void clear() {
        Command.run(30, "ip", "netns", "pids", namespace).output().lines().filter(line -> line.matches("\\d+"))
                .map(Long::valueOf).flatMap(pid -> ProcessHandle.of(pid).stream())
                .forEach(ProcessHandle::destroyForcibly);
        for (Closeable socket : sockets) {
            try {
                socket.close();
            } catch (IOException e) {
                throw new LabException("closing a socket on " + this, e);
            }
        }
    }

    @Override
    public String toString() {
        return namespace;
    }
}
