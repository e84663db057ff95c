package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Network;

/** Part 6 of src/PROTOCOL.md: what clients are told of names and the time, and what they say of their own name. */
class ProtocolPageNamesTest extends PageOptions {
    ProtocolPageNamesTest() throws IOException {
    }

    /** Table 6.1: each length of each type, and letters of all kinds, are valid to the code if to the table. */
    @Test
    void moreOptionsOfAnAnswer() {
        assertEquals(Set.of(10, 11, 12, 13), examples("6.1").keySet());
        for (Map<String, String> row : page.table("6.1")) {
            int type = Integer.parseInt(row.get("type"));
            String letters = switch (row.get("valid when")) {
                case "always" -> "[\\x00-\\xff]*";
                case "ASCII" -> "[\\x00-\\x7f]*";
                case "letters, digits, `-` and `.` alone" -> "[A-Za-z0-9.-]*";
                default -> throw new AssertionError("nobody knows what this is: " + row);
            };
            for (int length = 0; length < 256; length++) {
                for (int i = 0; i < 256; i++) {
                    byte[] value = new byte[length];
                    Arrays.fill(value, (byte) 'a');
                    if (length > 0) {
                        value[random.nextInt(length)] = (byte) i;
                    }
                    boolean expected = isLength(row, length)
                            && new String(value, StandardCharsets.ISO_8859_1).matches("(?s)" + letters);
                    assertEquals(expected, valid(type, value), () -> row + HexFormat.of().formatHex(value));
                }
            }
        }
    }

    /** Name servers as they come, as many as are used; domain and name; and nothing of all that when nobody says it. */
    @Test
    void namesThatAreTold() {
        Map<Integer, byte[]> examples = examples("6.1");
        byte[] ipv6 = option(10, HexFormat.of().parseHex("20010db8000000000000000000000001"));
        Answer told = read(examples.get(10), ipv6, examples.get(11), examples.get(13), examples.get(10),
                examples.get(10), examples.get(10));
        assertEquals("[10.0.0.1, 2001:db8::1, 10.0.0.1, 10.0.0.1]", Arrays.toString(told.nameServers));
        assertText("at most (\\d+) name servers", Answer.MOST_NAME_SERVERS);
        assertEquals("vpn.test", told.domain);
        assertEquals("board", told.name);
        assertEquals(0, told.clock);
        assertEquals(0x6800_0000L, read(examples.get(12)).clock);
        Answer plain = read(MTU);
        assertEquals(0, plain.nameServers.length);
        assertNull(plain.domain);
        assertNull(plain.name);
    }

    private Answer read(byte[]... options) {
        byte[] answer = answer(options);
        return Answer.read(ByteBuffer.wrap(answer), 0, answer.length);
    }

    private void assertText(String regex, long expected) {
        var found = Pattern.compile(regex).matcher(page.prose);
        assertTrue(found.find(), regex);
        assertEquals(expected, Long.parseLong(found.group(1)));
    }

    /** What a server writes is what a client reads, all of it at its longest, and in the order of the page. */
    @Test
    void namesThatAreWritten() {
        byte[] request = page.dump("2.1").bytes().clone();
        request[1] |= Product.IPV6;
        Hub<Product.Client> server = Product.server6(1500, 60, Product.OFFLOAD);
        Answer answer = server.admit(new Product.Client(1), ByteBuffer.wrap(request), 0, 0).answer();
        answer.nameServers = new Address[Answer.MOST_NAME_SERVERS];
        Arrays.fill(answer.nameServers, Address.parse("2001:db8::1"));
        answer.clock = Long.MAX_VALUE;
        answer.domain = "d".repeat(253);
        answer.name = "n".repeat(63);
        answer.routes = new Network[] {Network.ofIpv4(0xc0a80100, 24), new Network(Address.ofIpv6(5L << 61, 0), 3),
            Network.ofIpv4(0xc0a80200, 24)};
        ByteBuffer b = ByteBuffer.allocate(Answer.MAX_LENGTH);
        int length = answer.write(b, 0, ByteBuffer.wrap(request), 0);
        Answer read = Answer.read(b, 0, length);
        assertNull(read.invalid);
        assertEquals(answer.domain, read.domain);
        assertEquals(answer.name, read.name);
        assertEquals(answer.clock, read.clock);
        assertEquals(List.of(answer.nameServers), List.of(read.nameServers));
        assertEquals(List.of(answer.routes), List.of(read.routes));
        List<Integer> types = new ArrayList<>();
        for (int at = HEADER; at < length; at += 2 + (b.get(at + 1) & 255)) {
            types.add((int) b.get(at));
        }
        assertEquals(List.of(1, 2, 3, 4, 7, 8, 10, 10, 10, 10, 11, 12, 13, 5, 9, 5), types);
    }

    /** An answer has so many bytes and no more. */
    @Test
    void longestAnswer() {
        byte[] filler = option(200, new byte[255]);
        byte[][] options = new byte[16][];
        Arrays.fill(options, filler);
        options[15] = option(200, new byte[4096 - HEADER - 15 * filler.length - 2]);
        byte[] longest = answer(options);
        assertEquals(4096, longest.length);
        assertText("An answer has at most (\\d+) bytes", longest.length);
        assertNull(Product.read(longest).invalid());
        options[15] = option(200, new byte[4097 - HEADER - 15 * filler.length - 2]);
        assertEquals(Rule.ANSWER_LENGTH, Product.read(answer(options)).invalid());
    }

    private static byte[] named(String name) {
        return option(32, name.getBytes(StandardCharsets.US_ASCII));
    }

    /** Dump 6.1: a second request as it is written, and the name that is found in it, if it is one. */
    @Test
    void ownName() {
        byte[] dump = page.dump("6.1").bytes();
        ByteBuffer written = ByteBuffer.allocate(dump.length);
        Wire.request(written, 0, (int) page.dump("6.1").value("offered features"), 0x0123_4567_89abL, 0x0a00_0002);
        assertEquals(dump.length, Wire.wish(written, 0, "board"));
        assertArrayEquals(dump, written.array());
        assertEquals("board", Wire.ownName(written, 0));
        byte[] request = page.dump("2.1").bytes();
        byte[] example = examples("6.2").get(32);
        assertEquals("board", Wire.ownName(ByteBuffer.wrap(withOptions(request, examples("6.3").get(34), example)), 0));
        for (byte[] none : List.of(request, withOptions(page.dump("1.1").bytes(), example),
                withOptions(request, option(32, new byte[0])), withOptions(request, named("a b")),
                withOptions(request, named("x".repeat(64))),
                withOptions(request, Arrays.copyOf(example, 4)))) {
            assertNull(Wire.ownName(ByteBuffer.wrap(none), 0));
        }
    }

    private static byte[] times(int idle, int timeout) {
        return option(33, ByteBuffer.allocate(4).putShort((short) idle).putShort((short) timeout).array());
    }

    /** Option 33 as it is written behind a name or alone, and found; what type 4 could not say is no wish. */
    @Test
    void wishedTimes() {
        byte[] example = examples("6.2").get(33);
        assertArrayEquals(times(240, 300), example);
        byte[] request = page.dump("2.1").bytes();
        byte[] both = withOptions(request, named("board"), example);
        ByteBuffer written = ByteBuffer.allocate(both.length);
        Wire.request(written, 0, (int) page.dump("2.1").value("offered features"), 0x0123_4567_89abL, 0);
        Wire.wish(written, 0, "board");
        assertEquals(both.length, Wire.wish(written, 0, 240, 300));
        assertArrayEquals(both, written.array());
        assertEquals("board", Wire.ownName(written, 0));
        assertEquals(240 << 16 | 300, Wire.times(written, 0));
        assertEquals(0xffff_ffff, Wire.times(ByteBuffer.wrap(withOptions(request, times(0xffff, 0xffff))), 0));
        byte[][] nothing = {request, withOptions(request, times(0, 60)), withOptions(request, times(61, 60)),
            withOptions(request, option(33, new byte[3])), withOptions(page.dump("1.1").bytes(), example)};
        for (byte[] none : nothing) {
            assertEquals(0, Wire.times(ByteBuffer.wrap(none), 0));
        }
        assertText("an idle time of at most (\\d+) s", Silence.LONGEST_IDLE);
        assertText("but at least (\\d+) s more than idle", Silence.ANSWER_TIME);
    }
}
