package simplevpn.memory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.Monitor;
import simplevpn.linux.PacketDevice;
import simplevpn.linux.Route;

/**
 * A TUN interface in memory: a test puts in what the host sends, and takes out what the host gets. As with the
 * kernel's, nothing goes through it while it is down, and only so much waits to be read.
 */
public final class MemoryDevice implements PacketDevice, MemoryKernel.Descriptor {
    /** Packets of the host's that wait at most. */
    private static final int QUEUE = 500;
    /** What the kernel numbers it with. */
    public static final int INDEX = 7;

    private final MemoryKernel kernel;
    private final int fd;
    private final Deque<byte[]> sent = new ArrayDeque<>();
    private final Deque<byte[]> received = new ArrayDeque<>();

    /** Bytes of the kernel's header in front of each packet. */
    public int header = Abi.VNET_SIZE;
    /** The TUN_F bits that the kernel knows, and those that are set. */
    public int offloadsKnown = -1;
    public int offloads;
    /** Whether settings may be changed, and the interface is there. */
    public boolean permitted = true;
    public boolean exists = true;

    public int mtu = 1500;
    public Address address;
    public int length;
    /** Whether its kernel has IPv6, and its IPv6 addresses with their lengths. */
    public boolean ipv6 = true;
    public final List<String> addresses6 = new ArrayList<>();
    /** Whether packets come and go. */
    public boolean up;
    public final List<Network> routes = new ArrayList<>();
    public boolean closed;
    /** Whether it is in the namespace of the program, and the routes of this host that lead elsewhere. */
    public boolean here = true;
    public final List<Route> others = new ArrayList<>();
    /** What tells of changes of it; {@code null} until somebody asks for that. Why nobody is told, or {@code null}. */
    public MemoryMonitor monitor;
    public String unwatched;
    /** Whether its host forwards what comes from it, of either version of IP. */
    public boolean forwards4 = true;
    public boolean forwards6 = true;
    /** Those at the time when its IPv4 address was replaced last, when the kernel drops its routes. */
    public String othersMeanwhile;
    /** How often somebody looked for a packet. */
    public int reads;

    /** An interface without settings. */
    public MemoryDevice(MemoryKernel kernel) {
        this.kernel = kernel;
        fd = kernel.open(this);
    }

    /**
     * The host sends a packet, with the kernel's header in front of it: a plain one has only zeros there. It is lost
     * while the interface is down, and when too many wait.
     */
    public void send(byte[] vnetHeader, byte[] packet) {
        if (!up || sent.size() == QUEUE) {
            return;
        }
        byte[] all = Arrays.copyOf(vnetHeader, header + packet.length);
        System.arraycopy(packet, 0, all, header, packet.length);
        sent.add(all);
    }

    /** The host sends a plain packet. */
    public void send(byte[] packet) {
        send(new byte[header], packet);
    }

    /** The next packet that the host got, without the kernel's header; {@code null} when there is none. */
    public byte[] receive() {
        byte[] all = received.poll();
        return all == null ? null : Arrays.copyOfRange(all, header, all.length);
    }

    /** The kernel's header of the packet that {@link #receive} gives next. */
    public byte[] nextHeader() {
        return Arrays.copyOf(received.element(), header);
    }

    /** How many packets of the host's wait to be read. */
    public int waiting() {
        return sent.size();
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public String name() {
        return "tun0";
    }

    @Override
    public int index() {
        return INDEX;
    }

    @Override
    public int header() {
        return header;
    }

    @Override
    public int setOffload(int features) {
        if ((features & ~offloadsKnown) != 0) {
            return -Errno.EINVAL;
        }
        offloads = features;
        return 0;
    }

    @Override
    public int read(Buffer buffer, int at, int limit) {
        Objects.checkFromIndexSize(at, limit, buffer.size);
        reads++;
        byte[] packet = sent.poll();
        if (packet == null) {
            return 0;
        }
        int count = Math.min(limit, packet.length);
        buffer.bytes.put(at, packet, 0, count);
        return count;
    }

    @Override
    public boolean write(Buffer buffer, int at, int length) {
        if (up) {
            byte[] packet = new byte[length];
            buffer.bytes.get(at, packet);
            received.add(packet);
        }
        return up;
    }

    @Override
    public void check() throws Failure {
        if (!exists) {
            throw new Failure(Failure.SYSTEM, "read tun0: EBADFD");
        }
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public int setMtu(int wanted) {
        if (!permitted) {
            return -Errno.EPERM;
        }
        if (wanted > 60000) {
            return -Errno.EINVAL;
        }
        mtu = wanted;
        return 0;
    }

    @Override
    public Address fixedAddress() {
        return permitted ? null : address;
    }

    @Override
    public boolean hasIpv6() {
        return ipv6;
    }

    @Override
    public boolean hasAddress(Address wanted, int wantedLength) {
        if (wanted.isIpv6()) {
            return addresses6.contains(wanted + "/" + wantedLength);
        }
        return wanted.equals(address) && wantedLength == length;
    }

    @Override
    public void setAddress(Address wanted, int wantedLength) throws Failure {
        if (!permitted) {
            throw new Failure(Failure.SYSTEM, "SIOCSIFADDR tun0: EPERM");
        }
        if (wanted.isIpv6() && !ipv6) {
            throw new Failure(Failure.SYSTEM, "RTM_NEWADDR " + wanted + "/" + wantedLength + " dev tun0: EACCES");
        }
        if (wanted.isIpv6()) {
            addresses6.add(wanted + "/" + wantedLength);
            return;
        }
        if (address != null) {
            routes.removeIf(route -> !route.isIpv6());
            othersMeanwhile = others.toString();
        }
        address = wanted;
        length = wantedLength;
    }

    @Override
    public void removeAddress(Address unwanted, int unwantedLength) {
        addresses6.remove(unwanted + "/" + unwantedLength);
    }

    @Override
    public void bringUp() {
        up = true;
    }

    @Override
    public void addRoute(Network network) throws Failure {
        if (!permitted) {
            throw new Failure(Failure.SYSTEM, "RTM_NEWROUTE " + network + " dev tun0: EPERM");
        }
        if (up && !routes.contains(network)) {
            routes.add(network);
        }
    }

    @Override
    public void removeRoute(Network network) {
        routes.remove(network);
    }

    @Override
    public void removeHostRoutes() {
        routes.removeIf(Network::isHost);
    }

    @Override
    public boolean forwards(boolean ofIpv6) {
        return ofIpv6 ? forwards6 : forwards4;
    }

    @Override
    public boolean isHere() {
        return here;
    }

    @Override
    public Network[] ownRoutes(boolean ofIpv6) {
        return routes.stream().filter(route -> route.isIpv6() == ofIpv6).toArray(Network[]::new);
    }

    @Override
    public Route[] otherRoutes(boolean ofIpv6) {
        // Those that lead nowhere are not told.
        return others.stream().filter(route -> route.network.isIpv6() == ofIpv6 && route.device != null)
                .toArray(Route[]::new);
    }

    @Override
    public boolean addRoute(Route route) throws Failure {
        if (!permitted) {
            throw new Failure(Failure.SYSTEM, "RTM_NEWROUTE " + route + ": EPERM");
        }
        boolean added = others.stream().noneMatch(other -> other.network.equals(route.network));
        if (added) {
            others.add(route);
        }
        return added;
    }

    @Override
    public boolean removeRoute(Route route) {
        return others.removeIf(other -> other.isLike(route) && other.metric == route.metric);
    }

    @Override
    public Monitor monitor() throws Failure {
        if (unwatched != null) {
            throw new Failure(Failure.SYSTEM, unwatched);
        }
        monitor = new MemoryMonitor(kernel);
        return monitor;
    }

    @Override
    public void close() {
        closed = true;
        kernel.close(fd);
    }

    @Override
    public boolean isReadable() {
        return !sent.isEmpty();
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public boolean hasFailed() {
        return !exists;
    }
}
