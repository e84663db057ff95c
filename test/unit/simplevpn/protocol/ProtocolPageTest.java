package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import simplevpn.protocol.Product.Reply;
import simplevpn.protocol.Product.Told;
import simplevpn.protocol.ProtocolPage.Dump;

/**
 * src/PROTOCOL.md is what the code does: its tables are carried out, row by row, beside the code, and its dumps are
 * written or read by the code. A table or dump that no test here knows fails, and so does one that is missing.
 */
class ProtocolPageTest {
    private static final Set<String> KNOWN = Set.of("Table 1.1", "Table 1.2", "Table 1.3", "Table 1.4", "Table 2.1",
            "Table 2.2", "Table 2.3", "Table 2.4", "Table 3.1", "Table 3.2", "Table 5.1", "Table 5.2", "Table 6.1",
            "Table 6.2", "Table 6.3", "Dump 1.1", "Dump 1.2", "Dump 1.3", "Dump 1.4", "Dump 1.5", "Dump 2.1",
            "Dump 2.2", "Dump 2.3", "Dump 2.4", "Dump 3.1", "Dump 3.2", "Dump 3.3", "Dump 4.1", "Dump 5.1", "Dump 5.2",
            "Dump 6.1");
    private static final int HEADER = 20;
    private static final int TAG = 4;
    private static final String BUT = "any but ";
    private static final int ALL_FEATURES = Product.OFFLOAD | Product.OFFLOAD_UDP;
    private static final long CLASSIC_MTU = Product.constant("simplevpn.protocol.Framing", "CLASSIC_MTU");
    private static final long SECOND = 1_000_000_000;

    private final ProtocolPage page;
    private final Random random = new Random(2002);

    ProtocolPageTest() throws IOException {
        page = new ProtocolPage();
    }

    /* ---- the page as a whole ---- */

    /** Nothing in the page goes untested, and nothing that is tested goes missing. */
    @Test
    void everyTableAndDumpIsKnown() {
        assertEquals(KNOWN, page.captions.keySet());
    }

    /** What is not built is marked, and nothing else is. */
    @Test
    void partsThatAreNotBuiltAreMarked() {
        assertEquals(Set.of("1", "2", "3", "4", "5", "6"), page.parts.keySet());
        page.parts.forEach((number, title) ->
                assertFalse(title.endsWith(ProtocolPage.NOT_BUILT), title));
        page.captions.forEach((caption, title) ->
                assertEquals(caption.equals("Table 6.3"), title.endsWith(ProtocolPage.NOT_BUILT), caption));
    }

    /** What the page, and comments in the sources, cite of the page is there. */
    @Test
    void citationsLeadSomewhere() throws IOException {
        assertTrue(assertCitations("the page", page.prose, "") > 20);
        int found = 0;
        for (String folder : List.of("src", "test")) {
            try (Stream<Path> files = Files.walk(Path.of(System.getProperty("simplevpn.top"), folder))) {
                for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                    String text = Files.readString(file).replaceAll("\\s+(?:\\* )?", " ");
                    found += assertCitations(file.toString(), text, "PROTOCOL\\.md, ");
                }
            }
        }
        assertTrue(found > 5, "only " + found + " citations found");
    }

    private int assertCitations(String where, String text, String before) {
        Matcher cited = Pattern.compile(before + "(part|table|dump) (\\d(?:\\.\\d)?)").matcher(text);
        int found = 0;
        for (; cited.find(); found++) {
            boolean there = switch (cited.group(1)) {
                case "part" -> page.parts.containsKey(cited.group(2));
                case "table" -> page.captions.containsKey("Table " + cited.group(2));
                default -> page.captions.containsKey("Dump " + cited.group(2));
            };
            assertTrue(there, where + " cites " + cited.group());
        }
        return found;
    }

    /** Numbers in the text are those of the code. */
    @Test
    void numbersInTheText() {
        assertText("server's port, (\\d+) unless told otherwise", Product.constant("simplevpn.Settings", "PORT"));
        assertText("not asked after (\\d+) s", Product.constant("simplevpn.Peer", "ASK_TIME"));
        assertText("of more than (\\d+) that come at once", Product.constant("simplevpn.tunnel.Budget", "ECHOES"));
        assertText("not answered after (\\d+) s", Product.constant("simplevpn.Client", "ANSWER_TIME") / SECOND);
        assertText("hangs up on that (\\d+) times in a row", Product.closedUntilGivenUp());
        assertText("at most (\\d+) a second", Product.constant("simplevpn.protocol.Member", "ANSWERS_PER_SECOND"));
        assertText("and (\\d+) at once", Product.constant("simplevpn.protocol.Member", "ANSWERS_AT_ONCE"));
        assertText("longer than (\\d+) bytes is dropped", CLASSIC_MTU);
        assertText("to a classic peer at most (\\d+)\\)", CLASSIC_MTU);
        assertText("an MTU of (\\d+), and", Product.constant("simplevpn.tunnel.InterfaceSetup", "CLASSIC_MTU"));
        assertText("classic clients to (\\d+) if larger", Product.constant("simplevpn.Server", "CLASSIC_MSS"));
        assertText("the \\*timeout\\*, (\\d+) s unless", Product.constant("simplevpn.Settings", "TIMEOUT"));
        assertText("the MTU, which is (\\d+)\\.", Product.constant("simplevpn.tunnel.Sender", "MTU"));
        assertText("not less than (\\d+) bytes", Product.leastSegment());
        assertText("follow from byte (\\d+) to the answer's total length", HEADER);
    }

    private void assertText(String pattern, long number) {
        assertEquals(number, Long.parseLong(text(pattern).group(1)), pattern);
    }

    private Matcher text(String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(page.prose);
        assertTrue(matcher.find(), "the page does not say: " + pattern);
        return matcher;
    }

    /** What a client does with a classic answer's address, for every first byte of it, and its netmask. */
    @Test
    void addressesInTheText() {
        byte[] answer = page.dump("1.3").bytes();
        long netmask = ProtocolPage.number(text("A classic answer's netmask is ([\\d.]+)\\.").group(1));
        assertEquals(netmask, -1L << (32 - Product.read(answer).prefix()) & 0xffff_ffffL);
        Matcher first = text("one that begins with (\\d+), (\\d+), or (\\d+) and more");
        for (int i = 0; i < 256; i++) {
            boolean refused = i == Integer.parseInt(first.group(1)) || i == Integer.parseInt(first.group(2))
                    || i >= Integer.parseInt(first.group(3));
            answer[16] = (byte) i;
            assertEquals(refused, Product.read(answer).invalid() != null, "an address that begins with " + i);
        }
    }

    /* ---- frames ---- */

    /** What table 1.2 speaks of, in a frame. */
    private ToLongFunction<String> frameFields(byte[] frame, boolean toClient) {
        return name -> switch (name) {
            case "to a client" -> toClient ? 1 : 0;
            case "header checksum right" -> {
                int header = (int) page.field(frame, "header length");
                yield ReferencePackets.sum(frame, 0, header, 0) == 0xffff ? 1 : 0;
            }
            default -> page.field(frame, name);
        };
    }

    /** Version and header length, which share a byte, share all of it. */
    @Test
    void theFirstByte() {
        for (int i = 0; i < 256; i++) {
            byte[] frame = {(byte) i};
            assertEquals(i, 16 * page.field(frame, "version") + page.field(frame, "header length") / 4);
        }
    }

    /** What a dump calls by a name of table 1.1 or 3.1 is where the table says; the tables have no other names. */
    @Test
    void fieldsAreWhereTheDumpsHaveThem() {
        Map<String, int[]> places = new HashMap<>();
        page.table("1.1").forEach(row -> places.put(row.get("field"), ProtocolPage.range(row.get("bytes"))));
        page.table("3.1").forEach(row -> places.put(row.get("field"), ProtocolPage.range(row.get("bytes"))));
        assertEquals(Set.of("version", "header length", "total length", "fragment", "protocol", "header checksum",
                "source", "destination", "flags", "reserved", "segment size"), places.keySet());
        Map<String, Integer> seen = new TreeMap<>();
        for (String caption : page.captions.keySet().stream().filter(c -> c.startsWith("Dump")).toList()) {
            int tag = caption.startsWith("Dump 3") ? TAG : 0;
            for (ProtocolPage.Field field : page.dump(caption.substring(5)).fields()) {
                int[] place = field.name().startsWith("bytes ") ? ProtocolPage.range(field.name().substring(6))
                        : places.get(field.name());
                if (place != null) {
                    int at = field.at() < tag ? field.at() : field.at() - tag;
                    assertArrayEquals(place, new int[] {at, at + field.bytes().length - 1}, caption + field.name());
                    seen.merge(field.name(), 1, Integer::sum);
                }
            }
        }
        assertEquals(Set.of("total length", "protocol", "header checksum", "source", "destination", "flags", "reserved",
                "segment size", "bytes 4–5"), seen.keySet());
        assertTrue(seen.values().stream().allMatch(count -> count >= 3), seen.toString());
    }

    /** Table 1.2, carried out as it stands, says the same as the code of frames that are near to every bound. */
    @Test
    void kindsOfFrames() {
        Map<String, Integer> decided = new TreeMap<>();
        for (int i = 0; i < 300_000; i++) {
            byte[] frame = randomFrame();
            boolean toClient = random.nextBoolean();
            ToLongFunction<String> fields = frameFields(frame, toClient);
            Map<String, String> row = page.decide("1.2", fields);
            decided.merge(row.get("row"), 1, Integer::sum);
            String length = row.get("its length");
            long expected = length.equals("–") ? 0 : ProtocolPage.sum(length, fields);
            assertEquals(row.get("it is") + ", " + expected, Product.verdict(frame, toClient),
                    () -> "row " + row + ": " + HexFormat.of().formatHex(frame) + (toClient ? " to a client" : ""));
        }
        for (Map<String, String> row : page.table("1.2")) {
            int count = decided.getOrDefault(row.get("row"), 0);
            assertTrue(count > 1000, "row " + row + " decided only " + count + " times");
        }
    }

    private byte[] randomFrame() {
        byte[] p = new byte[60];
        random.nextBytes(p);
        int words = random.nextInt(3) == 0 ? random.nextInt(16) : 5;
        p[0] = (byte) (pick(4, 4, 4, 6, random.nextInt(16)) << 4 | words);
        ReferencePackets.set16(p, 2, (int) pick(0, 1, 19, 20, 21, 4L * words - 1, 4L * words, 4L * words + 1, 65535,
                random.nextInt(65536)));
        ReferencePackets.set16(p, 4, (int) pick(0x5632, 0x5633, random.nextInt(65536)));
        for (int at = 12; at < 20; at += 4) {
            ReferencePackets.set32(p, at, pick(0, 1, 0x8000_0000L, 0xffff_ffffL, 0xffff_ffffL, 0xffff_fffeL,
                    random.nextInt() & 0xffff_ffffL));
        }
        if (words > 2 && random.nextInt(4) != 0) {
            ReferencePackets.set16(p, 10, 0);
            ReferencePackets.set16(p, 10, 65535 - ReferencePackets.sum(p, 0, 4 * words, 0));
        }
        return p;
    }

    private long pick(long... values) {
        return values[random.nextInt(values.length)];
    }

    /** Table 1.3: each example falls under the row that it is one of, and each row has one. */
    @Test
    void examplesOfFrames() {
        List<String> left = new ArrayList<>(page.table("1.2").stream().map(row -> row.get("row")).toList());
        for (Map<String, String> example : page.table("1.3")) {
            byte[] frame = hex(example.get("its first bytes"));
            String length = example.get("length").equals("–") ? "0" : example.get("length");
            List<String> senders = example.get("sent by").equals("either") ? List.of("client", "server")
                    : List.of(example.get("sent by"));
            for (String sender : senders) {
                boolean toClient = sender.equals("server");
                Map<String, String> row = page.decide("1.2", frameFields(frame, toClient));
                assertEquals(example.get("row"), row.get("row"), example.toString());
                assertEquals(row.get("it is") + ", " + length, Product.verdict(frame, toClient), example.toString());
            }
            left.remove(example.get("row"));
        }
        assertEquals(List.of(), left, "rows without an example");
    }

    private static byte[] hex(String cell) {
        return HexFormat.of().parseHex(cell.replaceAll("[` ]", ""));
    }

    /** The frames of part 1 are what their captions say, and the keepalive is the one that the client writes. */
    @Test
    void classicFrames() {
        for (String number : List.of("1.1", "1.2")) {
            Dump request = page.dump(number);
            assertEquals("address message, 20", Product.verdict(request.bytes(), false));
            assertMessages("1.4", request.bytes(), answerTo(request), request.value("wanted address"), Map.of());
        }
        assertEquals(0, page.dump("1.1").value("wanted address"), "dynamic");
        Dump answered = page.dump(caption("Dump 1.3", "Answer to dump (1\\.\\d)"));
        assertArrayEquals(page.dump("1.3").bytes(), answerTo(answered).bytes());
        assertEquals(page.dump("1.3").value("assigned address"), Product.read(page.dump("1.3").bytes()).address());
        assertEquals("address message, 20", Product.verdict(page.dump("1.3").bytes(), true));

        Dump data = page.dump("1.4");
        assertEquals("data, " + data.value("total length"), Product.verdict(data.bytes(), false));
        assertEquals(data.bytes().length, data.value("total length"));
        assertEquals(0xffff, ReferencePackets.sum(data.bytes(), HEADER, data.bytes().length, 0), "ICMP's checksum");
        assertArrayEquals(page.dump("1.5").bytes(), Product.keepalive());
        assertEquals("keepalive, 20", Product.verdict(page.dump("1.5").bytes(), false));
    }

    /** What a caption says in the pattern's group. */
    private String caption(String number, String pattern) {
        Matcher caption = Pattern.compile(pattern).matcher(page.captions.get(number));
        assertTrue(caption.matches(), number + ": " + page.captions.get(number));
        return caption.group(1);
    }

    private static Reply answerTo(Dump request) {
        return Product.ask(Product.server(1500, 60, ALL_FEATURES), request.bytes());
    }

    /* ---- requests and answers ---- */

    /** Table 1.4: whatever a classic request holds that the table allows, its answer has the table's bytes. */
    @Test
    void bytesOfClassicMessages() {
        for (int i = 0; i < 3000; i++) {
            long wanted = wanted();
            byte[] request = new byte[HEADER];
            byte[] excepted = new byte[HEADER];
            for (Map<String, String> row : page.table("1.4")) {
                String cell = row.get("request");
                if (cell.startsWith(BUT)) {
                    long exception = ProtocolPage.number(cell.substring(BUT.length()));
                    set(request, row.get("bytes"), exception + 1 + random.nextInt(0xffff));
                    set(excepted, row.get("bytes"), exception);
                } else {
                    long value = cell.equals("any") ? random.nextLong()
                            : cell.equals("wanted address") ? wanted : ProtocolPage.number(cell);
                    set(request, row.get("bytes"), value);
                    set(excepted, row.get("bytes"), value);
                }
            }
            Reply reply = Product.ask(Product.server(1500, 60, ALL_FEATURES), request);
            assertMessages("1.4", request, reply, wanted, Map.of());
            assertEquals(HEADER, reply.bytes().length);
            assertNotEquals(HEADER, Product.ask(Product.server(1500, 60, 0), excepted).bytes().length, "extended");
        }
    }

    private long wanted() {
        return random.nextInt(4) == 0 ? 0 : Product.NETWORK + 2 + random.nextInt(60_000);
    }

    private static void set(byte[] message, String bytes, long value) {
        int[] range = ProtocolPage.range(bytes);
        for (int i = range[1]; i >= range[0]; i--) {
            message[i] = (byte) (value >> (8 * (range[1] - i)));
        }
    }

    /** Table 2.1: an extended request is written, and answered, with the table's bytes. */
    @Test
    void bytesOfExtendedMessages() {
        for (int i = 0; i < 3000; i++) {
            long wanted = wanted();
            long token = random.nextLong() >>> 16;
            int offered = random.nextInt(256);
            int able = random.nextInt(ALL_FEATURES + 1);
            byte[] request = Product.request(offered, token, wanted);
            Reply reply = Product.ask(Product.server(1500, 60, able), request);
            assertMessages("2.1", request, reply, wanted, Map.of("offered features", (long) offered,
                    "session token", token, "accepted features", inForce(offered, able)));
            assertTrue(Product.read(reply.bytes()).extended());
            request[0] = (byte) (0x40 | random.nextInt(16));
            assertArrayEquals(reply.bytes(), Product.ask(Product.server(1500, 60, able), request).bytes(), "byte 0");
        }
    }

    private void assertMessages(String table, byte[] request, Reply reply, long wanted, Map<String, Long> more) {
        Map<String, Long> known = new HashMap<>(more);
        known.put("wanted address", wanted);
        known.put("total length", (long) reply.bytes().length);
        known.put("assigned address", reply.address());
        assertTrue(wanted == 0 || wanted == reply.address(), "what was wanted is assigned");
        assertEquals(reply.address(), Product.read(reply.bytes()).address());
        ToLongFunction<String> values = name -> Objects.requireNonNull(known.get(name), name);
        int next = 0;
        for (Map<String, String> row : page.table(table)) {
            int[] range = ProtocolPage.range(row.get("bytes"));
            assertEquals(next, range[0], "the rows of table " + table + " leave no byte out");
            next = range[1] + 1;
            assertCell(row.get("request"), request, range, request, values);
            assertCell(row.get("answer"), reply.bytes(), range, request, values);
        }
        assertEquals(HEADER, next);
    }

    private static void assertCell(String cell, byte[] message, int[] range, byte[] request,
            ToLongFunction<String> known) {
        int length = range[1] - range[0] + 1;
        if (!cell.startsWith("any")) {
            long expected = cell.equals("the request's") ? ProtocolPage.number(request, range[0], length)
                    : ProtocolPage.sum(cell, known);
            assertEquals(expected, ProtocolPage.number(message, range[0], length), cell + ", byte " + range[0]);
        }
    }

    /** Table 2.2: a server accepts the built features, the second only with the first, and no other bit. */
    @Test
    void features() {
        Map<Integer, String> states = new HashMap<>();
        for (Map<String, String> row : page.table("2.2")) {
            int bit = (int) ProtocolPage.number(row.get("bit"));
            states.put(bit, row.get("state"));
            int product = row.get("meaning").contains("(part 3)") ? Product.OFFLOAD
                    : row.get("meaning").startsWith("with 0x01: UDP super-packets") ? Product.OFFLOAD_UDP
                    : row.get("meaning").contains("(part 5)") ? Product.IPV6 : 0;
            assertEquals(product != 0, row.get("state").equals("built"), row.toString());
            assertTrue(product == 0 || product == bit, row.toString());
            assertTrue(product != 0 || row.get("state").equals(ProtocolPage.NOT_BUILT), row.toString());
        }
        assertEquals(Set.of(1, 2, 4), states.keySet());
        for (int bit = 1; bit < 256; bit <<= 1) {
            int known = "built".equals(states.get(bit)) ? bit : 0;
            assertEquals(bit & (Product.OFFLOAD | Product.IPV6), accepted(bit), "offered alone");
            assertEquals(known | Product.OFFLOAD, accepted(bit | Product.OFFLOAD), "offered with offload framing");
        }
    }

    private static int accepted(int offered) {
        Reply reply = Product.ask(Product.server6(1500, 60, ALL_FEATURES), Product.request(offered, 1, 0));
        return Product.read(reply.bytes()).features();
    }

    /** What of offered features is in force, where the server can do so much of them. */
    private static long inForce(int offered, int able) {
        int both = offered & able;
        return (both & Product.OFFLOAD) == 0 ? 0 : both;
    }

    /** The dumps of part 2: the client writes the request, the server the answer to it, and the client reads that. */
    @Test
    void extendedMessages() {
        Dump request = page.dump("2.1");
        assertArrayEquals(request.bytes(), Product.request((int) request.value("offered features"),
                request.value("session token"), request.value("wanted address")));
        Dump answer = page.dump("2.2");
        String able = caption("Dump 2.2", "Answer of `srv`, on a machine that can keep (0x0.) alone");
        assertArrayEquals(answer.bytes(), Product.ask(Product.server((int) answer.value("MTU"),
                (int) answer.value("timeout"), (int) ProtocolPage.number(able)), request.bytes()).bytes());
        assertEquals("address message, " + answer.value("total length"), Product.verdict(answer.bytes(), true));
        assertEquals(new Told(true, (int) answer.value("accepted features"), answer.value("assigned address"),
                Long.bitCount(answer.value("netmask")), (int) answer.value("MTU"), (int) answer.value("idle"),
                (int) answer.value("timeout"), List.of(), null, null), Product.read(answer.bytes()));

        for (String number : List.of("2.2", "2.3", "2.4")) {
            Dump dump = page.dump(number);
            for (Map<String, String> row : page.table("2.1")) {
                assertCell(row.get("answer"), dump.bytes(), ProtocolPage.range(row.get("bytes")), request.bytes(),
                        dump::value);
            }
        }
        Dump routes = page.dump("2.3");
        assertEquals("address message, " + routes.value("total length"), Product.verdict(routes.bytes(), true));
        assertEquals(routes.bytes().length, routes.value("total length"));
        assertEquals(new Told(true, (int) routes.value("accepted features"), routes.value("assigned address"),
                Product.PREFIX, 0, 0, 0, List.of((int) routes.value("network"), (int) routes.value("prefix length"),
                (int) routes.value("second network"), (int) routes.value("second prefix length")), null, null),
                Product.read(routes.bytes()));
    }

    /** Dump 2.4: the refusal that its caption speaks of, written and read. */
    @Test
    void refusal() {
        Dump refusal = page.dump("2.4");
        long wanted = ProtocolPage.number(caption("Dump 2.4",
                "Refusal of a request for ([\\d.]+) with the token of dump 2\\.1"));
        Hub<Product.Client> server = Product.server(1500, 60, ALL_FEATURES);
        Product.ask(server, Product.request(0, 1, wanted));
        byte[] request = Product.request(ALL_FEATURES, page.dump("2.1").value("session token"), wanted);
        assertArrayEquals(refusal.bytes(), Product.ask(server, request).bytes());
        assertEquals("address message, " + refusal.value("total length"), Product.verdict(refusal.bytes(), true));
        Told told = Product.read(refusal.bytes());
        assertNull(told.invalid());
        assertEquals(new String(refusal.bytes(), 22, 35, StandardCharsets.UTF_8), told.refusal());
        byte[] assigning = refusal.bytes().clone();
        assigning[16] = 10;
        assertNotNull(Product.read(assigning).refusal(), "every answer with option 6 is a refusal");
    }
}
