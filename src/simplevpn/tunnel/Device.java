package simplevpn.tunnel;

import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Errno;
import simplevpn.linux.PacketDevice;
import simplevpn.protocol.Coalescer;
import simplevpn.protocol.Offload;
import simplevpn.protocol.Packet;
import simplevpn.protocol.Wire;

/**
 * The TUN interface as the loops use it: packets come and go with their tag, whatever the kernel can do.
 *
 * <p>Where the kernel offers it, packets travel whole: a TCP super-packet of up to 64 KiB is one read and one write,
 * and checksums that nobody needs are not computed. The kernel's own packet header never leaves this class.
 */
public final class Device {
    /** {@link #read}'s result for a packet that cannot be carried. */
    static final int DROP = -1;
    private static final int BASIC_OFFLOADS = Abi.TUN_F_CSUM | Abi.TUN_F_TSO4 | Abi.TUN_F_TSO6;
    private static final int UDP_OFFLOADS = Abi.TUN_F_USO4 | Abi.TUN_F_USO6;
    /** More packets than wait in the interface as a rule. */
    private static final int MOST_WAITING = 4096;

    /** The settings of the interface. */
    public final InterfaceSetup setup;

    /** Packets read from the interface, one behind the other. */
    final Buffer buffer = Buffer.permanent(256 * 1024);
    /** The tag of the packet that was read last. */
    int tag;

    /**
     * Whether a packet was handed to the kernel since the last {@link #read} found none: its answer may be there
     * already.
     */
    boolean answering;

    private final PacketDevice kernel;
    private final boolean framing;
    /** Whether the interface takes unfinished checksums and TCP super-packets. */
    private final boolean offload;
    /** Whether it takes UDP super-packets as well (Linux 6.2). */
    private final boolean offloadUdp;
    private boolean delivering;
    /** Packets that the kernel did not take. */
    private long refused;
    /** Whether IPv6 packets of this host's are carried. */
    private boolean ipv6;
    /** Packets of this host that are not carried, or damaged; and those that waited while there was no connection. */
    private long notCarried;
    private long outdated;
    /** Joins plain packets that come side by side; made when the first one comes. */
    private Coalescer coalescer;
    private Buffer joined;
    /** Where the packet lies that the coalescer holds as it came. */
    private Buffer held;

    /**
     * @param kernel an interface with packet headers ({@link PacketDevice#header}) or without
     * @param framing whether peers may be offered offload framing
     */
    public Device(PacketDevice kernel, boolean framing) {
        this.kernel = kernel;
        this.framing = framing;
        setup = new InterfaceSetup(kernel);
        int result = kernel.header() == 0 ? -Errno.EINVAL : kernel.setOffload(BASIC_OFFLOADS);
        offload = result >= 0;
        int udp = offload ? kernel.setOffload(BASIC_OFFLOADS | UDP_OFFLOADS) : result;
        offloadUdp = udp >= 0;
        delivering = offload;
        if (kernel.header() == 0) {
            Log.event("TUNSETIFF " + kernel.name() + ": this kernel offers no IFF_VNET_HDR: going on without offloads");
        } else if (!offload) {
            Log.event("TUNSETOFFLOAD " + kernel.name() + ": " + Errno.text(-result) + ": going on without offloads");
        } else if (!offloadUdp && Log.details()) {
            Log.event("TUNSETOFFLOAD " + kernel.name() + ", USO4: " + Errno.text(-udp)
                    + ": going on without UDP super-packets, which need Linux 6.2");
        }
        deliverOffloads(framing);
    }

    /** The interface's name. */
    public String name() {
        return kernel.name();
    }

    int fd() {
        return kernel.fd();
    }

    /** The number by which the kernel knows the interface. */
    int index() {
        return kernel.index();
    }

    /** The feature bits of the handshake that this interface can keep. */
    public int features() {
        return !offload || !framing ? 0 : offloadUdp ? Wire.OFFLOAD | Wire.OFFLOAD_UDP : Wire.OFFLOAD;
    }

    /**
     * Whether the kernel may deliver super-packets and unfinished checksums from now on; those that wait already come
     * as they are.
     */
    public void deliverOffloads(boolean wanted) {
        if (offload && wanted != delivering) {
            kernel.setOffload(!wanted ? 0 : offloadUdp ? BASIC_OFFLOADS | UDP_OFFLOADS : BASIC_OFFLOADS);
            delivering = wanted;
        }
    }

    /**
     * Whether IPv6 packets of this host's are carried from now on. Those of one link alone never are: the kernel sends
     * some by itself.
     */
    public void carryIpv6(boolean wanted) {
        ipv6 = wanted;
    }

    /** Whether a packet of any length has room in {@link #buffer} from byte {@code at}. */
    boolean hasRoom(int at) {
        return buffer.size - at >= Packet.MAX_LENGTH;
    }

    /**
     * Reads one packet to byte {@code at} of {@link #buffer}, the bytes before it left as they are.
     *
     * @param at at least {@link Inbox#HEADROOM}
     * @return its length; 0 when none is waiting; {@link #DROP} for one that cannot be carried
     */
    int read(int at) {
        int header = kernel.header();
        if (header == 0) {
            tag = 0;
            return checked(at, kernel.read(buffer, at, Packet.MAX_LENGTH));
        }
        // The kernel's header has to stand right before the packet, where the packet read before may end.
        long front = buffer.bytes.getLong(at - Abi.VNET_SIZE);
        short back = buffer.bytes.getShort(at - Abi.VNET_SIZE + Long.BYTES);
        int length = kernel.read(buffer, at - header, header + Packet.MAX_LENGTH) - header;
        if (length > 0) {
            tag = VnetHeader.tag(buffer.bytes, at, length);
        }
        buffer.bytes.putLong(at - Abi.VNET_SIZE, front);
        buffer.bytes.putShort(at - Abi.VNET_SIZE + Long.BYTES, back);
        return checked(at, length);
    }

    private int checked(int at, int length) {
        if (length <= 0) {
            return 0;
        }
        if (tag != VnetHeader.DROP && (ipv6 || !Packet.isIpv6(buffer.bytes, at))
                && Wire.isData(buffer.bytes, at, length)) {
            return length;
        }
        notCarried++;
        return DROP;
    }

    /** Throws away what waits to be read. */
    void discard() {
        long notCarriedBefore = notCarried;
        int packets = 0;
        while (packets < MOST_WAITING && read(Inbox.HEADROOM) != 0) {
            packets++;
        }
        notCarried = notCarriedBefore;
        outdated += packets;
    }

    /**
     * Hands one packet to the kernel. The {@link Abi#VNET_SIZE} bytes before it are overwritten.
     *
     * @param tag its tag, sound, with nothing that {@link #features} does not have; 0 for a plain packet
     * @return whether the kernel took it
     */
    public boolean write(Buffer source, int at, int length, int tag) {
        int header = kernel.header();
        answering = true;
        if (header != 0) {
            VnetHeader.write(source.bytes, at, length, tag);
        }
        boolean taken = kernel.write(source, at - header, header + length);
        if (!taken) {
            refused++;
        }
        return taken;
    }

    /** What was dropped here, for the end of the program. */
    public String counts() {
        return name() + " refused " + refused + " packets; of those that it sent, " + notCarried
                + " could not be carried, " + outdated + " were out of date";
    }

    /**
     * Hands over one packet that a peer sent, together with those of its flow that come right behind it: one
     * super-packet costs the kernel much less than its parts do. It stays until {@link #flush} at the latest, and the
     * bytes of it and of the {@link Abi#VNET_SIZE} before it must stay until then.
     *
     * @param tag its tag, sound
     * @return false when the kernel refused a packet
     */
    public boolean deliver(Buffer source, int at, int length, int tag) {
        if (!offload) {
            return write(source, at, length, tag);
        }
        if (coalescer == null) {
            joined = Buffer.permanent(Inbox.HEADROOM + Packet.MAX_LENGTH);
            coalescer = new Coalescer(joined.bytes, Inbox.HEADROOM, offloadUdp);
        }
        boolean single = (tag & Offload.SEGMENT) == 0;
        boolean taken = true;
        if (coalescer.isHolding()) {
            if (single && coalescer.add(source.bytes, at, length, tag != 0)) {
                return true;
            }
            taken = flush();
        }
        if (single && coalescer.add(source.bytes, at, length, tag != 0)) {
            held = source;
            return taken;
        }
        return write(source, at, length, tag) && taken;
    }

    /** Hands over what {@link #deliver} keeps back; returns false when the kernel refused it. */
    public boolean flush() {
        int length = coalescer == null ? 0 : coalescer.flush();
        if (length == 0) {
            return true;
        }
        Buffer from = coalescer.buffer() == joined.bytes ? joined : held;
        return write(from, coalescer.at(), length, coalescer.tag());
    }

    /** The poller reports that the interface failed. */
    void check() throws Failure {
        kernel.check();
    }

    /** Gives the interface back. */
    public void close() {
        kernel.close();
    }
}
