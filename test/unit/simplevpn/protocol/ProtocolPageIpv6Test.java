package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Ipv6;
import simplevpn.base.Network;
import simplevpn.protocol.ProtocolPage.Dump;

/** Part 5 of src/PROTOCOL.md: which IPv6 packets are dropped, one in offload framing, and the answer's options. */
class ProtocolPageIpv6Test {
    private static final int TAG = 4;
    private static final int GSO_TCPV6 = 4;
    private static final HexFormat HEX = HexFormat.of();

    private final ProtocolPage page;
    private final Random random = new Random(2460);

    ProtocolPageIpv6Test() throws IOException {
        page = new ProtocolPage();
    }

    private static byte[] bytes(Address address) {
        return ByteBuffer.allocate(16).putLong(address.high()).putLong(address.low()).array();
    }

    /** An address at the end of a network, in it or behind it. */
    private static Address near(Network network, boolean first, int offset) {
        long high = network.address().high();
        long low = network.address().low();
        if (!first) {
            int behind = 128 - network.length();
            high |= behind > 64 ? (1L << (behind - 64)) - 1 : 0;
            low |= behind >= 64 ? -1 : (1L << behind) - 1;
        }
        long moved = low + offset;
        long carry = offset < 0 && low == 0 ? -1 : offset > 0 && moved == 0 ? 1 : 0;
        return Address.ofIpv6(high + carry, moved);
    }

    /** Table 5.1: at both ends of each network, in source and destination, receivers drop what the table says. */
    @Test
    void droppedNetworks() throws Failure {
        List<Network> networks = new ArrayList<>();
        for (Map<String, String> row : page.table("5.1")) {
            networks.add(Network.parseAny(row.get("network")));
        }
        int[] seen = new int[2];
        for (Network network : networks) {
            for (boolean first : new boolean[] {true, false}) {
                for (int offset = -2; offset <= 2; offset++) {
                    Address address = near(network, first, offset);
                    boolean dropped = networks.stream().anyMatch(each -> each.contains(address));
                    for (int at : new int[] {8, 24}) {
                        byte[] packet = ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20);
                        System.arraycopy(bytes(address), 0, packet, at, 16);
                        byte[] tagged = ByteBuffer.allocate(TAG + packet.length).put(TAG, packet).array();
                        assertEquals(!dropped, Product.takes(tagged, true), address + " at " + at);
                        seen[dropped ? 1 : 0]++;
                    }
                }
            }
        }
        assertTrue(seen[0] > 10 && seen[1] > 10, Arrays.toString(seen));
    }

    /** Numbers in the text are those of the code. */
    @Test
    void numbersInTheText() {
        assertEquals(Ipv6.MIN_MTU, number("an MTU of less than (\\d+), neither"));
        assertEquals(Packet.MAX_LENGTH, number("a packet of more than (\\d+) bytes in all"));
        assertEquals(Icmpv6.ADDRESS_UNREACHABLE, number("address unreachable \\(type 1, code (\\d)\\)"));
        assertEquals(Icmpv6.NO_ROUTE, number("no route to destination \\(type 1, code (\\d)\\)"));
    }

    private int number(String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(page.prose);
        assertTrue(matcher.find(), "the page does not say: " + pattern);
        return Integer.parseInt(matcher.group(1));
    }

    /** Dump 5.1: tag and checksum are those of what the kernel delivers, receivers take it, and it is cut in two. */
    @Test
    void superPacket() {
        Dump dump = page.dump("5.1");
        Matcher caption = Pattern.compile("TCP super-packet of two segments .* come (\\d+) bytes of payload")
                .matcher(page.captions.get("Dump 5.1"));
        assertTrue(caption.matches(), page.captions.get("Dump 5.1"));
        byte[] tagged = Arrays.copyOf(dump.bytes(), dump.bytes().length + Integer.parseInt(caption.group(1)));
        byte[] packet = Arrays.copyOfRange(tagged, TAG, tagged.length);
        assertEquals(packet.length - 40, dump.value("payload length"));
        assertEquals("IPv6 packet, " + packet.length, Product.verdict(packet, false));
        assertTrue(Product.takes(tagged, false));
        int size = (int) dump.value("segment size");
        assertArrayEquals(Arrays.copyOf(tagged, TAG), Product.tagOfDelivered(packet, GSO_TCPV6, size, 40, 16));
        assertEquals(dump.value("unfinished checksum"), ReferencePackets.pseudoSum(packet));
        assertArrayEquals(ReferencePackets.unfinished(packet), packet);
        List<byte[]> expected = ReferencePackets.segments(packet, size);
        assertEquals(2, expected.size());
        assertEquals(expected.stream().map(HEX::formatHex).toList(),
                Product.finished(tagged, 1500).stream().map(HEX::formatHex).toList());
    }

    /** Dump 5.2: the answer that a server writes, and what a client reads in it. */
    @Test
    void answer() {
        Dump answer = page.dump("5.2");
        byte[] request = page.dump("2.1").bytes().clone();
        request[1] = Product.IPV6;
        assertArrayEquals(answer.bytes(), Product.ask(Product.server6(1500, 60, 0), request).bytes());
        assertEquals("fd12:3456:789a:1::a00:2/64, fd12:3456:789a:1::a00:1, []", Product.read6(answer.bytes()));
        byte[] without = answer.bytes().clone();
        without[1] = 0;
        assertEquals("null/64, null, []", Product.read6(without));
        assertEquals(0x0a000002, Product.read(without).address());
    }
}
