package simplevpn.protocol;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import simplevpn.base.Address;
import simplevpn.base.Network;
import simplevpn.linux.Abi;
import simplevpn.tunnel.KernelHeaders;

/** What the tests of src/PROTOCOL.md ask of the product, bytes in and bytes out: the one place that knows its names. */
final class Product {
    static final int OFFLOAD = Wire.OFFLOAD;
    static final int OFFLOAD_UDP = Wire.OFFLOAD_UDP;
    static final int IPV6 = Wire.IPV6_INSIDE;
    /** The first half of the IPv6 addresses of the servers made here that have any: fd12:3456:789a:1::/64. */
    static final long NETWORK6 = 0xfd12_3456_789a_0001L;
    /** The network of the servers made here, 10.0.0.0, with a prefix of this length unless told otherwise. */
    static final int NETWORK = 0x0a00_0000;
    static final int PREFIX = 16;

    private static final List<String> KINDS =
            List.of("incomplete", "keepalive", "address message", "data", "IPv6 packet", "damaged");
    private static final int TAG = Wire.TAG;
    private static final int NEEDS_CHECKSUM = 1;
    private static final int LARGEST = 65535;

    private Product() {
    }

    /* ---- frames ---- */

    /** What the bytes are, in the page's words, and the frame's length: {@code keepalive, 20}. */
    static String verdict(byte[] frame, boolean toClient) {
        int verdict = Wire.frame(ByteBuffer.wrap(frame), 0, frame.length, toClient);
        return KINDS.get(Wire.kind(verdict)) + ", " + Wire.length(verdict);
    }

    static byte[] keepalive() {
        ByteBuffer b = dirty(Wire.HEADER);
        return Arrays.copyOf(b.array(), Wire.keepalive(b, 0));
    }

    static byte[] request(int features, long token, long wanted) {
        ByteBuffer b = dirty(Wire.HEADER);
        return Arrays.copyOf(b.array(), Wire.request(b, 0, features, token, (int) wanted));
    }

    /** A buffer in which a byte that is not written shows. */
    private static ByteBuffer dirty(int size) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) 0xee);
        return ByteBuffer.wrap(bytes);
    }

    /* ---- a client that reads an answer ---- */

    /** What a client reads in an answer; {@code invalid} and {@code refusal} are null when there is no such thing. */
    record Told(boolean extended, int features, long address, int prefix, int mtu, int idle, int timeout,
            List<Integer> routes, String refusal, String invalid) { }

    static Told read(byte[] answer) {
        Answer a = Answer.read(ByteBuffer.wrap(answer), 0, answer.length);
        long address = a.address == null ? 0 : a.address.ipv4() & 0xffff_ffffL;
        List<Integer> routes = new ArrayList<>();
        for (Network route : a.routes) {
            routes.add(route.address().ipv4());
            routes.add(route.length());
        }
        return new Told(a.extended, a.features, address, a.length, a.mtu, a.idle, a.timeout, routes, a.refusal,
                a.invalid);
    }

    /** What else a client reads that offered IPv6: its address and prefix length, the server's address, the routes. */
    static String read6(byte[] answer) {
        Answer a = Answer.read(ByteBuffer.wrap(answer), 0, answer.length);
        a.limitTo(OFFLOAD | OFFLOAD_UDP | IPV6);
        return a.address6 + "/" + a.length6 + ", " + a.server6 + ", " + List.of(a.routes);
    }

    /* ---- a server that answers ---- */

    /** What a request came to: the bytes sent, none when the connection is only closed; the address, 0 if refused. */
    record Reply(byte[] bytes, long address, Client peer, Client displaced) { }

    /** A client without a connection. */
    static final class Client extends Member {
        Client(long source) {
            super(source);
        }
    }

    static Hub<Client> server(int mtu, int timeout, int features) {
        return new Hub<>(Network.ofIpv4(NETWORK, PREFIX), mtu, timeout, LARGEST, LARGEST, features, 0);
    }

    /** The same with IPv6 inside. */
    static Hub<Client> server6(int mtu, int timeout, int features) {
        Hub<Client> server = server(mtu, timeout, features);
        server.carryIpv6(new Network(Address.ofIpv6(NETWORK6, 0), 64));
        return server;
    }

    static Hub<Client> smallServer(int prefix, int maxClients, int maxPerSource) {
        return new Hub<>(Network.ofIpv4(NETWORK, prefix), 1500, 60, maxClients, maxPerSource, 0, 0);
    }

    /** The first request of a new connection. */
    static Reply ask(Hub<Client> server, byte[] bytes) {
        return ask(server, bytes, 1);
    }

    /** The same from a source of that number. */
    static Reply ask(Hub<Client> server, byte[] bytes, long source) {
        ByteBuffer request = ByteBuffer.wrap(bytes);
        ByteBuffer reply = dirty(Answer.MAX_LENGTH);
        Client client = new Client(source);
        Admission.Outcome<Client> outcome = server.admit(client, request, 0, 0);
        int length = outcome.answer().write(reply, 0, request, 0);
        return new Reply(Arrays.copyOf(reply.array(), length), client.ipv4 & 0xffff_ffffL, client, outcome.displaced());
    }

    static void leave(Hub<Client> server, Client client) {
        server.leave(client, 0);
    }

    /* ---- offload framing ---- */

    /** Whether a receiver takes a packet with a tag in front of it. */
    static boolean takes(byte[] tagged, boolean udp) {
        return Offload.check(ByteBuffer.wrap(tagged), TAG, tagged.length - TAG, tag(tagged), udp);
    }

    private static int tag(byte[] tagged) {
        return ByteBuffer.wrap(tagged).getInt(0);
    }

    /** The tag of a packet that the device delivers with a checksum to be finished at {@code start + offset}. */
    static byte[] tagOfDelivered(byte[] packet, int gsoType, int gsoSize, int start, int offset) {
        ByteBuffer b = ByteBuffer.allocate(Abi.VNET_SIZE + packet.length).put(Abi.VNET_SIZE, packet)
                .order(ByteOrder.nativeOrder()).put((byte) NEEDS_CHECKSUM).put((byte) gsoType).putShort((short) 0)
                .putShort((short) gsoSize).putShort((short) start).putShort((short) offset)
                .order(ByteOrder.BIG_ENDIAN);
        return ByteBuffer.allocate(TAG).putInt(KernelHeaders.tag(b, Abi.VNET_SIZE, packet.length)).array();
    }

    /** What a peer without offload framing gets of a packet with a tag in front of it. */
    static List<byte[]> finished(byte[] tagged, int mtu) {
        Segmenter segmenter = new Segmenter();
        ByteBuffer to = ByteBuffer.allocate(LARGEST);
        segmenter.begin(ByteBuffer.wrap(tagged), TAG, tagged.length - TAG, tag(tagged), mtu);
        List<byte[]> packets = new ArrayList<>();
        for (int length = segmenter.next(to, 0); length != 0; length = segmenter.next(to, 0)) {
            packets.add(Arrays.copyOf(to.array(), length));
        }
        return packets;
    }

    /* ---- numbers ---- */

    /** A number that a class of the product keeps to itself. */
    static long constant(String type, String name) {
        try {
            Field field = Class.forName(type).getDeclaredField(name);
            field.setAccessible(true);
            return ((Number) field.get(null)).longValue();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(type + "." + name, e);
        }
    }

    static long leastSegment() {
        return Offload.MIN_SEGMENT;
    }

    static long closedUntilGivenUp() {
        return Lease.PATIENCE;
    }
}
