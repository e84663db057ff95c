package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;

/** Who has which IPv6 address, where packets go, and what is answered to those that go nowhere. */
class HubIpv6Test {
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final long SECOND = 1_000_000_000L;

    private final Random random = new Random(4443);
    private final ByteBuffer packet = ByteBuffer.allocateDirect(70_000);
    private final ByteBuffer out = ByteBuffer.allocateDirect(1300);
    private final Hub<Product.Client> hub = new Hub<>(Network.ofIpv4(0x0a000000, 28), 1400, 60, 5, 13, Wire.OFFLOAD, 0);
    private Product.Client one;
    private Product.Client two;

    @BeforeEach
    void clients() throws Failure {
        hub.carryIpv6(Network.parseAny(PREFIX + "/64"));
        one = client(7);
        two = client(7);
    }

    private Product.Client client(int features) {
        Product.Reply reply = Product.ask(hub, Product.request(features, 0, 0));
        return reply.peer();
    }

    private int packet(byte[] p, String from, String to) {
        packet.put(5, p);
        int at = 13;
        for (String text : new String[] {from, to}) {
            Address address = Address.parse(text);
            packet.putLong(at, address.high()).putLong(at + 8, address.low());
            at += 16;
        }
        return p.length;
    }

    private int packet(String from, String to) {
        return packet(ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20), from, to);
    }

    /** Only who offers IPv6 gets it, with or without offload framing; the addresses follow those of IPv4. */
    @Test
    void answers() {
        for (String[] row : new String[][] {{"0", "STREAM"}, {"1", "OFFLOAD"}, {"2", "STREAM"}, {"3", "OFFLOAD"},
            {"4", "STREAM_IPV6"}, {"5", "OFFLOAD_IPV6"}, {"6", "STREAM_IPV6"}, {"255", "OFFLOAD_IPV6"}}) {
            Product.Client client = new Product.Client(1);
            Admission.Outcome<Product.Client> outcome = hub.admit(client,
                    ByteBuffer.wrap(Product.request(Integer.parseInt(row[0]), 0, 0x0a000007)), 0, 0);
            Answer answer = outcome.answer();
            assertEquals(row[1], outcome.framing().name(), row[0]);
            assertEquals(outcome.framing().features, answer.features);
            assertEquals(row[1].endsWith("IPV6") ? PREFIX + "a00:7/64 " + PREFIX + "a00:1" : "null/0 null",
                    answer.address6 + "/" + answer.length6 + " " + answer.server6);
            hub.leave(client, 0);
            hub.forget(1);
        }
        Framing all = Framing.extended(Wire.OFFLOAD | Wire.OFFLOAD_UDP | Wire.IPV6_INSIDE);
        assertTrue(all.carriesIpv6() && all.carriesUdpSegments() && all.tag == Wire.TAG);
        assertFalse(Framing.CLASSIC.carriesIpv6());
    }

    /** Packets go to whom the address belongs; a client sends from its own and no other. */
    @Test
    void packets() {
        packet(PREFIX + "a00:2", PREFIX + "a00:3");
        assertSame(two, hub.destination(packet, 5));
        assertTrue(hub.maySend(one, packet, 5));
        assertFalse(hub.maySend(two, packet, 5));
        assertFalse(hub.maySend(new Product.Client(1), packet, 5), "who has no address sends nothing");
        for (String from : new String[] {"fd12:3456:789a:2::a00:2", "fd12:3456:789a:1:1:0:a00:2", PREFIX + "1:a00:2",
            "::a00:2", "fd12:3456:789a:1:8000::a00:2"}) {
            packet(from, PREFIX + "a00:3");
            assertFalse(hub.maySend(one, packet, 5), from);
        }
        for (String to : new String[] {PREFIX, PREFIX + "a00:4", PREFIX + "1:a00:3", "fd12:3456:789a:1:1:0:a00:3",
            PREFIX + "a00:f", PREFIX + "a00:10"}) {
            packet(PREFIX + "a00:2", to);
            assertNull(hub.destination(packet, 5), to);
            assertFalse(hub.isBeyond(packet, 5), to + ": the host would send it back");
        }
        for (String to : new String[] {PREFIX + "a00:1", "fd12:3456:789a:2::a00:3", "2001:db8::a00:3",
            "64:ff9b::a00:3"}) {
            packet(PREFIX + "a00:2", to);
            assertNull(hub.destination(packet, 5), to);
            assertTrue(hub.isBeyond(packet, 5), to);
        }
    }

    /** An answer that is sound, quotes as much as fits 1,280 bytes, and says why. */
    private void assertAnswers(int code, Product.Client from, int length, String answerer) {
        int size = hub.unreachable(from, packet, 5, length, out, 3, 1000 * SECOND);
        assertEquals(Math.min(1280, 48 + length), size);
        byte[] answer = ReferencePackets.bytes(out, 3, size);
        assertEquals(size - 40, ReferencePackets.get16(answer, 4));
        assertEquals("58 64", answer[6] + " " + answer[7]);
        assertEquals(Address.parse(answerer), Ipv6Packet.source(out, 3));
        assertEquals(Ipv6Packet.sourceLow(packet, 5), Ipv6Packet.destinationLow(out, 3));
        assertEquals(Ipv6Packet.sourceHigh(packet, 5), Ipv6Packet.destinationHigh(out, 3));
        assertEquals("1 " + code, answer[40] + " " + answer[41]);
        assertEquals(0, ReferencePackets.get32(answer, 44));
        assertEquals(65535, ReferencePackets.sum(answer, 40, size, ReferencePackets.pseudoSum(answer)));
        assertArrayEquals(ReferencePackets.bytes(packet, 5, size - 48), ReferencePackets.bytes(out, 51, size - 48));
    }

    /** Nobody there, and nobody for IPv6 there: told by the server to a client, by the address itself to this host. */
    @Test
    void unreachable() {
        int length = packet(PREFIX + "a00:2", PREFIX + "a00:9");
        assertAnswers(3, one, length, PREFIX + "a00:1");
        length = packet(PREFIX + "a00:1", PREFIX + "a00:9");
        assertAnswers(3, null, length, PREFIX + "a00:9");
        length = packet(PREFIX + "a00:2", PREFIX + "a00:3");
        assertAnswers(0, one, length, PREFIX + "a00:1");
        for (int payload : new int[] {0, 1, 1184, 1185, 1400, 60_000}) {
            length = packet(ReferencePackets.packet6(random, ReferencePackets.UDP, 0, payload), PREFIX + "a00:2",
                    PREFIX + "a00:9");
            assertAnswers(3, one, length, PREFIX + "a00:1");
        }
    }

    private int answersTo(Product.Client from, int length, int times, long now) {
        int answers = 0;
        for (int i = 0; i < times; i++) {
            answers += hub.unreachable(from, packet, 5, length, out, 3, now) > 0 ? 1 : 0;
        }
        return answers;
    }

    /** Answers are as many as those over IPv4, for each client together with these. */
    @Test
    void limits() {
        int length = packet(PREFIX + "a00:2", PREFIX + "a00:9");
        assertEquals(50, answersTo(one, length, 1000, 0));
        assertEquals(50, answersTo(two, length, 1000, 0));
        assertEquals(50, answersTo(null, length, 1000, 0));
        assertEquals(20, answersTo(one, length, 1000, SECOND));
        byte[] four = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 20);
        ReferencePackets.set32(four, 12, 0x0a000002);
        ReferencePackets.set32(four, 16, 0x0a000009);
        packet.put(5, four);
        assertEquals(0, answersTo(one, four.length, 1000, SECOND));
    }

    /** RFC 4443, 2.4 (e): no error about an error, also behind extension headers, nor where that cannot be told. */
    @Test
    void errorsAreNotAnswered() {
        for (int type = 0; type < 256; type++) {
            byte[] p = ReferencePackets.packet6(random, 58, 0, 20);
            p[40] = (byte) type;
            int length = packet(p, PREFIX + "a00:2", PREFIX + "a00:9");
            boolean answered = type >= 128 && type != 137;
            assertEquals(answered ? 1 : 0, answersTo(one, length, 1, (1000L + type) * SECOND), "type " + type);
            p = ReferencePackets.packet6(random, 58, 0, 20, 0, 60);
            p[72] = (byte) type;
            length = packet(p, PREFIX + "a00:2", PREFIX + "a00:9");
            assertEquals(answered ? 1 : 0, answersTo(one, length, 1, (1000L + type) * SECOND), "type " + type);
        }
        byte[] later = ReferencePackets.packet6(random, 58, 0, 20, 44);
        ReferencePackets.set16(later, 42, 8);
        assertEquals(0, answersTo(one, packet(later, PREFIX + "a00:2", PREFIX + "a00:9"), 1, 9000 * SECOND));
        byte[] empty = ReferencePackets.packet6(random, 58, 0, 0);
        assertEquals(0, answersTo(one, packet(empty, PREFIX + "a00:2", PREFIX + "a00:9"), 1, 9000 * SECOND));
    }
}
