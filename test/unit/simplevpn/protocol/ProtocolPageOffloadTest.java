package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import simplevpn.protocol.ProtocolPage.Dump;

/** Part 3 of src/PROTOCOL.md: the tag, what a receiver drops, and the dumps of frames with tags. */
class ProtocolPageOffloadTest {
    private static final int TAG = 4;
    private static final int HEADER = 20;
    private static final int IPV6_HEADER = 40;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int GSO_TCPV4 = 1;
    private static final int TCP_CHECKSUM = 16;
    private static final int UDP_CHECKSUM = 6;
    private static final HexFormat HEX = HexFormat.of();
    private static final Pattern EXAMPLE = Pattern.compile("dump (3\\.\\d) with (.+)");

    private final ProtocolPage page;
    private final Random random = new Random(2002);

    ProtocolPageOffloadTest() throws IOException {
        page = new ProtocolPage();
    }

    /** What table 3.2 speaks of: the fields of tables 1.1 and 3.1, and the numbers that stand above it. */
    private ToLongFunction<String> fields(byte[] tagged, boolean udp) {
        byte[] packet = Arrays.copyOfRange(tagged, TAG, tagged.length);
        boolean ipv6 = ReferencePackets.isIpv6(packet);
        int header = ipv6 ? IPV6_HEADER : (int) page.field(packet, "header length");
        long protocol = ipv6 ? packet[6] & 255 : page.field(packet, "protocol");
        int rest = ipv6 ? ReferencePackets.get16(packet, 4) : (int) page.field(packet, "total length") - header;
        int tcpHeader = rest > 12 ? 4 * ((packet[header + 12] & 255) >> 4) : 0;
        return name -> switch (name) {
            case "flags", "reserved", "segment size" -> {
                int[] range = ProtocolPage.range(tagRow(name).get("bytes"));
                yield ProtocolPage.number(tagged, range[0], range[1] - range[0] + 1);
            }
            case "rest" -> rest;
            case "TCP header" -> tcpHeader;
            case "UDP length" -> rest > 5 ? ProtocolPage.number(packet, header + 4, 2) : 0;
            case "payload" -> rest - (protocol == TCP ? tcpHeader : 8);
            case "protocol" -> protocol;
            case "fragment" -> ipv6 ? 0 : page.field(packet, name);
            case "0x02 not in force" -> udp ? 0 : 1;
            default -> page.field(packet, name);
        };
    }

    private Map<String, String> tagRow(String field) {
        return page.table("3.1").stream().filter(row -> row.get("field").equals(field)).findFirst()
                .orElseThrow(() -> new AssertionError("table 3.1 has no " + field));
    }

    /** Table 3.1: of all that the first two bytes of a tag could hold, a receiver takes what the table says. */
    @Test
    void theTag() {
        assertEquals(List.of("flags", "reserved", "segment size"),
                page.table("3.1").stream().map(row -> row.get("field")).toList());
        assertEquals("any that table 3.2 leaves", tagRow("segment size").get("may hold"));
        for (String field : List.of("flags", "reserved")) {
            int at = ProtocolPage.range(tagRow(field).get("bytes"))[0];
            List<Long> allowed = Arrays.stream(tagRow(field).get("may hold").split(", "))
                    .map(ProtocolPage::number).toList();
            for (long value = 0; value < 256; value++) {
                byte[] tagged = page.dump("3.2").bytes().clone();
                tagged[at] = (byte) value;
                assertEquals(allowed.contains(value), Product.takes(tagged, true), field + " " + value);
            }
        }
        assertArrayEquals(new int[] {2, 3}, ProtocolPage.range(tagRow("segment size").get("bytes")));
    }

    /** Table 3.2, carried out as it stands, drops what the code drops, and each of its rows is needed. */
    @Test
    void whatIsDropped() {
        Map<String, Integer> alone = new HashMap<>();
        int taken = 0;
        for (int i = 0; i < 300_000; i++) {
            byte[] tagged = randomFrame();
            boolean udp = random.nextBoolean();
            List<Map<String, String>> rows = page.holding("3.2", fields(tagged, udp));
            assertEquals(rows.isEmpty(), Product.takes(tagged, udp),
                    () -> HEX.formatHex(tagged) + ", 0x02 in force: " + udp + ", rows: " + rows);
            taken += rows.isEmpty() ? 1 : 0;
            if (rows.size() == 1) {
                alone.merge(rows.get(0).get("row"), 1, Integer::sum);
            }
        }
        page.assertNumbered("3.2", 13);
        for (Map<String, String> row : page.table("3.2")) {
            assertTrue(alone.getOrDefault(row.get("row"), 0) > 30, () -> "alone: " + new TreeMap<>(alone));
        }
        assertTrue(taken > 10_000, "only " + taken + " frames were taken");
    }

    /** A packet that is sound but for what table 3.2 speaks of, with a tag near to its bounds. */
    private byte[] randomFrame() {
        if (random.nextInt(3) == 0) {
            return randomFrame6();
        }
        int[] protocols = {TCP, TCP, TCP, TCP, UDP, UDP, UDP, UDP, 1, TCP + 1, UDP - 1, UDP + 1};
        int protocol = protocols[random.nextInt(protocols.length)];
        int options = random.nextInt(4) == 0 ? 4 * random.nextInt(11) : 0;
        byte[] p = ReferencePackets.packet(random, protocol, options, 4 * random.nextInt(11), random.nextInt(150));
        int transport = HEADER + options;
        if (random.nextInt(8) == 0) {
            int[] rests = {7, 8, 19, 20, 21, random.nextInt(p.length)};
            p = Arrays.copyOf(p, Math.min(p.length, transport + rests[random.nextInt(rests.length)]));
            ReferencePackets.set16(p, 2, p.length);
        }
        int[] fragments = {0x2000, 0x0001, 0x1fff, 0x8000, 0x4000, 0xc000};
        if (random.nextInt(8) == 0) {
            ReferencePackets.set16(p, 6, fragments[random.nextInt(fragments.length)]);
        }
        if (random.nextInt(8) == 0 && p.length > transport + 12) {
            p[transport + (protocol == TCP ? 12 : 5)] ^= (byte) (1 << random.nextInt(8));
        }
        return tagged(p, transport, protocol);
    }

    /** The same over IPv6, where part 5 says that the same rows hold. */
    private byte[] randomFrame6() {
        int[] protocols = {TCP, TCP, TCP, UDP, UDP, UDP, 43, 44, 58, TCP + 1, UDP - 1};
        int protocol = protocols[random.nextInt(protocols.length)];
        byte[] p = ReferencePackets.packet6(random, protocol, 4 * random.nextInt(11), random.nextInt(150));
        if (random.nextInt(8) == 0) {
            int[] rests = {7, 8, 19, 20, 21, random.nextInt(p.length)};
            p = Arrays.copyOf(p, Math.min(p.length, IPV6_HEADER + rests[random.nextInt(rests.length)]));
            ReferencePackets.set16(p, 4, p.length - IPV6_HEADER);
        }
        if (random.nextInt(8) == 0 && p.length > IPV6_HEADER + 12) {
            p[IPV6_HEADER + (protocol == TCP ? 12 : 5)] ^= (byte) (1 << random.nextInt(8));
        }
        return tagged(p, IPV6_HEADER, protocol);
    }

    private byte[] tagged(byte[] p, int transport, int protocol) {
        int payload = p.length - transport - (protocol == TCP && p.length > transport + 12
                ? 4 * (p[transport + 12] >> 4 & 15) : 8);
        int[] sizes = {0, 0, 1, 47, 48, 49, payload - 1, payload, payload + 1, random.nextInt(65536)};
        int flags = random.nextInt(8) == 0 ? random.nextInt(256) : random.nextInt(4) == 0 ? 0 : 1;
        int reserved = random.nextInt(16) == 0 ? 1 << random.nextInt(8) : 0;
        return ByteBuffer.allocate(TAG + p.length).put((byte) flags).put((byte) reserved)
                .putShort((short) sizes[random.nextInt(sizes.length)]).put(p).array();
    }

    /** Table 3.2's examples: each is dropped by its own row alone. */
    @Test
    void examplesOfWhatIsDropped() {
        for (Map<String, String> row : page.table("3.2")) {
            byte[] tagged = example(row.get("example"));
            List<Map<String, String>> rows = page.holding("3.2", fields(tagged, false));
            assertEquals(List.of(row), rows, HEX.formatHex(tagged, 0, HEADER));
            assertEquals(false, Product.takes(tagged, false), row.toString());
            assertEquals("data, " + (tagged.length - TAG),
                    Product.verdict(Arrays.copyOfRange(tagged, TAG, tagged.length), false), row.toString());
        }
    }

    /** A dump of part 3 with bytes replaced as the example says, cut to its total length, its header checksum right. */
    private byte[] example(String text) {
        Matcher example = EXAMPLE.matcher(text);
        assertTrue(example.matches(), text);
        byte[] tagged = whole(example.group(1));
        for (String change : example.group(2).split(", ")) {
            String[] bytesAndPlace = change.split(" at ");
            byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(bytesAndPlace[0]);
            System.arraycopy(bytes, 0, tagged, Integer.parseInt(bytesAndPlace[1]), bytes.length);
        }
        tagged = Arrays.copyOf(tagged, TAG + ReferencePackets.get16(tagged, TAG + 2));
        ReferencePackets.set16(tagged, TAG + 10, 0);
        ReferencePackets.set16(tagged, TAG + 10, 65535 - ReferencePackets.sum(tagged, TAG, TAG + HEADER, 0));
        return tagged;
    }

    /** A dump's bytes, and the payload behind them that it leaves out. */
    private byte[] whole(String number) {
        Dump dump = page.dump(number);
        return Arrays.copyOf(dump.bytes(), TAG + (int) dump.value("total length"));
    }

    /** Dump 3.1: the client's keepalive with a tag of zero. */
    @Test
    void keepaliveWithATag() {
        byte[] expected = ByteBuffer.allocate(TAG + HEADER).put(TAG, Product.keepalive()).array();
        assertArrayEquals(expected, page.dump("3.1").bytes());
    }

    /** Dumps 3.2 and 3.3: their tags and checksums are those of what the kernel delivers, and receivers take them. */
    @Test
    void unfinishedPackets() {
        assertDump("3.2", 0, UDP_CHECKSUM);
        assertDump("3.3", GSO_TCPV4, TCP_CHECKSUM);
        assertEquals(page.dump("3.2").bytes().length, TAG + page.dump("3.2").value("total length"));
        byte[] udp = whole("3.2");
        assertFinished(List.of(ReferencePackets.finished(packet(udp))), Product.finished(udp, 1500));
    }

    private void assertDump(String number, int gsoType, int checksum) {
        Dump dump = page.dump(number);
        byte[] tagged = whole(number);
        byte[] packet = packet(tagged);
        assertArrayEquals(Arrays.copyOf(tagged, TAG),
                Product.tagOfDelivered(packet, gsoType, (int) dump.value("segment size"), HEADER, checksum), number);
        assertTrue(Product.takes(tagged, false), number);
        assertEquals("data, " + dump.value("total length"), Product.verdict(packet, false));
        assertEquals(dump.value("unfinished checksum"), ReferencePackets.pseudoSum(packet), number);
        assertEquals(ReferencePackets.checksumField(packet), dump.fields().stream()
                .filter(field -> field.name().equals("unfinished checksum")).findFirst().orElseThrow().at() - TAG);
    }

    /** Dump 3.3: as many segments as its caption says, of the size that its tag says, with as much payload in all. */
    @Test
    void superPacket() {
        Dump dump = page.dump("3.3");
        byte[] tagged = whole("3.3");
        int size = (int) dump.value("segment size");
        Matcher caption = Pattern.compile("TCP super-packet of two segments: .* come (\\d+) bytes of payload")
                .matcher(page.captions.get("Dump 3.3"));
        assertTrue(caption.matches(), page.captions.get("Dump 3.3"));
        assertEquals(Integer.parseInt(caption.group(1)), tagged.length - dump.bytes().length);
        List<byte[]> expected = ReferencePackets.segments(packet(tagged), size);
        assertEquals(2, expected.size());
        assertFinished(expected, Product.finished(tagged, 1500));
    }

    private static byte[] packet(byte[] tagged) {
        return Arrays.copyOfRange(tagged, TAG, tagged.length);
    }

    private static void assertFinished(List<byte[]> expected, List<byte[]> packets) {
        assertEquals(expected.stream().map(HEX::formatHex).toList(),
                packets.stream().map(HEX::formatHex).toList());
    }
}
