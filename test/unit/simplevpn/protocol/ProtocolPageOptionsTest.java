package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.protocol.Product.Reply;
import simplevpn.protocol.Product.Told;

/** The options of src/PROTOCOL.md, those that are not built too, and its table of who gets which address. */
class ProtocolPageOptionsTest extends PageOptions {
    ProtocolPageOptionsTest() throws IOException {
    }

    /** Tables 2.3 and 5.2: every length of every type, and values near the bounds, are valid to the code if to them. */
    @Test
    void optionsOfAnAnswer() {
        List<Map<String, String>> rows = new ArrayList<>(page.table("2.3"));
        rows.addAll(page.table("5.2"));
        assertEquals(List.of("1", "2", "3", "4", "5", "6", "7", "8", "9"),
                rows.stream().map(row -> row.get("type")).toList());
        for (Map<String, String> row : rows) {
            int type = Integer.parseInt(row.get("type"));
            int[] range = ProtocolPage.range(row.get("length"));
            String when = row.get("valid when");
            int[] seen = new int[2];
            for (int length = 0; length < 256; length++) {
                boolean fits = length >= range[0] && length <= range[1];
                for (int i = 0; i < (fits && range[0] == range[1] ? 20_000 : 10); i++) {
                    byte[] value = value(length);
                    boolean expected = fits && page.holds(when, valueFields(type, value));
                    assertEquals(expected, valid(type, value),
                            () -> "option " + row + " with " + HexFormat.of().formatHex(value));
                    seen[fits ? expected ? 1 : 0 : 1]++;
                }
            }
            assertTrue(seen[1] > 100 && (seen[0] > 100 || when.equals("always")), row + ": " + Arrays.toString(seen));
        }
        assertNotNull(Product.read(answer(option(6, new byte[3]))).refusal());
    }

    /** A value of masks, prefix lengths, and numbers at the bounds that some type has. */
    private byte[] value(int length) {
        byte[] value = new byte[length];
        random.nextBytes(value);
        for (int at = 0; at + 1 < length; at += 2) {
            int[] bounds = {0, 1, 2, 67, 68, 69, 255, 256, 65535, random.nextInt(65536)};
            ReferencePackets.set16(value, at, bounds[random.nextInt(bounds.length)]);
        }
        if (length >= 4 && random.nextBoolean()) {
            int prefix = random.nextInt(33);
            long mask = -1L << (32 - prefix) & 0xffff_ffffL;
            ReferencePackets.set32(value, 0, random.nextBoolean() ? mask : mask & random.nextInt());
            if (length > 4) {
                value[4] = (byte) (random.nextInt(4) == 0 ? 31 + random.nextInt(4) : prefix - random.nextInt(2));
            }
            if (length == 17) {
                int longest = random.nextInt(130);
                for (int i = 0; i < 16; i++) {
                    int kept = Math.clamp(longest - 8L * i, 0, 8);
                    value[i] = (byte) (random.nextInt(256) & (0xff00 >> kept));
                }
                value[16] = (byte) (longest - random.nextInt(2) + random.nextInt(2));
            }
        }
        return value;
    }

    /** The networks of table 5.1. */
    private List<Network> networks() {
        List<Network> networks = new ArrayList<>();
        for (Map<String, String> row : page.table("5.1")) {
            try {
                networks.add(Network.parseAny(row.get("network")));
            } catch (Failure e) {
                throw new AssertionError(row.toString(), e);
            }
        }
        return networks;
    }

    private ToLongFunction<String> valueFields(int type, byte[] value) {
        return name -> switch (name) {
            case "prefix length" -> type > 6 ? value[16] & 255
                    : type == 5 ? value[4] & 255 : Long.bitCount(ProtocolPage.number(value, 0, 4));
            case "ones only in front" -> {
                long zeros = ~ProtocolPage.number(value, 0, 4) & 0xffff_ffffL;
                yield (zeros & zeros + 1) == 0 ? 1 : 0;
            }
            case "not in table 5.1" -> {
                Address address = Address.ofIpv6(ProtocolPage.number(value, 0, 8), ProtocolPage.number(value, 8, 8));
                yield networks().stream().noneMatch(network -> network.contains(address)) ? 1 : 0;
            }
            case "no bit behind the prefix" -> {
                if (type > 6) {
                    BigInteger behind = new BigInteger(1, Arrays.copyOf(value, 16)).shiftLeft(value[16] & 255);
                    yield behind.mod(BigInteger.ONE.shiftLeft(128)).signum() == 0 ? 1 : 0;
                }
                long behind = ProtocolPage.number(value, 0, 4) << Math.min(value[4] & 255, 32) & 0xffff_ffffL;
                yield behind == 0 ? 1 : 0;
            }
            case "MTU", "idle" -> ProtocolPage.number(value, 0, 2);
            case "timeout" -> ProtocolPage.number(value, 2, 2);
            default -> throw new AssertionError("nobody knows what this is: " + name);
        };
    }

    /** An answer may end behind each option, and nowhere else. */
    @Test
    void answersThatEndWithinAnOption() {
        byte[] whole = page.dump("2.2").bytes();
        Set<Integer> ends = page.dump("2.2").fields().stream().filter(field -> field.name().startsWith("option "))
                .map(field -> field.at()).collect(Collectors.toSet());
        for (int length = HEADER; length < whole.length; length++) {
            byte[] cut = withOptions(Arrays.copyOf(whole, length));
            assertEquals(ends.contains(length), Product.read(cut).invalid() == null, "cut to " + length + " bytes");
        }
    }

    /** Of an option that comes twice the last one counts; types that nobody knows change nothing, however long. */
    @Test
    void repeatedAndUnknownOptions() {
        byte[] other = {3, 2, 4, 0};
        assertEquals(1024, Product.read(answer(MTU, other)).mtu());
        Told plain = Product.read(answer(MTU));
        for (int type = 0; type < 256; type++) {
            if (type < 1 || type > 13) {
                for (int length : new int[] {0, 1, 4, 255}) {
                    assertEquals(plain, Product.read(answer(option(type, new byte[length]), MTU)), "option " + type);
                }
            }
        }
    }

    /** Table 6.3: what is not built is skipped today, so that a server may send it once it is. */
    @Test
    void optionsThatAreNotBuiltAreSkipped() {
        Map<Integer, byte[]> examples = examples("6.3");
        assertEquals(Set.of(34), examples.keySet());
        Told plain = Product.read(answer(MTU));
        examples.forEach((type, option) ->
                assertEquals(plain, Product.read(answer(option, MTU)), "option " + type));
    }

    /** Tables 6.2 and 6.3: a request with options is one message, and its address is as if it had none. */
    @Test
    void optionsOfARequest() {
        byte[] request = page.dump("2.1").bytes();
        byte[] expected = Product.ask(Product.server(1500, 60, Product.OFFLOAD), request).bytes();
        assertEquals(Set.of(32, 33), examples("6.2").keySet());
        Map<Integer, byte[]> all = examples("6.3");
        all.putAll(examples("6.2"));
        all.forEach((type, option) -> {
            byte[] wish = withOptions(request, option);
            assertEquals("address message, " + wish.length, Product.verdict(wish, false));
            assertArrayEquals(expected, Product.ask(Product.server(1500, 60, Product.OFFLOAD), wish).bytes());
        });
    }

    /**
     * Dump 4.1: the request of a client with an invitation, as it is written, and its secret as it is found, wherever.
     */
    @Test
    void enrolment() {
        byte[] dump = page.dump("4.1").bytes();
        byte[] secret = Arrays.copyOfRange(dump, HEADER + 2, dump.length);
        ByteBuffer written = ByteBuffer.allocate(dump.length);
        Wire.request(written, 0, (int) page.dump("2.1").value("offered features"), 0x0123_4567_89abL, 0);
        assertEquals(dump.length, Wire.enrolment(written, 0, secret));
        assertArrayEquals(dump, written.array());
        assertEquals("address message, " + dump.length, Product.verdict(dump, false));
        byte[] request = page.dump("2.1").bytes();
        byte[] option = Arrays.copyOfRange(dump, HEADER, dump.length);
        byte[] other = option(32, new byte[] {'x'});
        for (byte[] enrolment : List.of(dump, withOptions(request, other, option),
                withOptions(request, option, other))) {
            assertArrayEquals(secret, Wire.secret(ByteBuffer.wrap(enrolment), 0));
        }
        byte[] shorter = option(35, new byte[15]);
        byte[] cut = withOptions(request, Arrays.copyOf(option, 17));
        byte[] classic = withOptions(page.dump("1.1").bytes(), option);
        for (byte[] none : List.of(request, withOptions(request, other), withOptions(request, shorter), cut, classic,
                withOptions(request, new byte[] {35}))) {
            assertNull(Wire.secret(ByteBuffer.wrap(none), 0));
        }
        assertTrue(page.prose.contains("with the words `" + Answer.NO_INVITATION + "`"));
    }

    /** What a row says of the parts of its value adds up to the length that it says. */
    @Test
    void partsOfValues() {
        Pattern part = Pattern.compile("\\((\\d+) bytes?\\b");
        int seen = 0;
        for (String table : List.of("2.3", "5.2", "6.1", "6.2", "6.3")) {
            for (Map<String, String> row : page.table(table)) {
                int sum = part.matcher(row.get("value")).results().mapToInt(p -> Integer.parseInt(p.group(1))).sum();
                if (sum != 0) {
                    assertEquals(row.get("length"), String.valueOf(sum), row.toString());
                    seen++;
                }
            }
        }
        assertEquals(4, seen, "rows that tell parts");
    }

    /**
     * Table 2.4, carried out beside the code for clients of every kind that come and go, in a network of few addresses,
     * with limits that are lower than their number, or higher.
     */
    @Test
    void whoGetsWhichAddress() {
        Map<String, Integer> decided = new HashMap<>();
        for (int round = 0; round < 1000; round++) {
            Places places = new Places(3 + random.nextInt(4), 1 + random.nextInt(6));
            Hub<Product.Client> server = Product.smallServer(29, places.all, places.ofOneSource);
            for (int i = 0; i < 30; i++) {
                boolean extended = random.nextBoolean();
                long token = random.nextInt(3);
                long asked = random.nextInt(3) == 0 ? 0 : Product.NETWORK + random.nextInt(10);
                int source = 1 + random.nextInt(2);
                byte[] request = Product.request(0, token, asked);
                if (!extended) {
                    request[4] = 0;
                }
                long wanted = places.ask(asked, extended ? token : 0, source);
                Map<String, String> row = page.decide("2.4", places);
                decided.merge(row.get("row"), 1, Integer::sum);
                Reply reply = Product.ask(server, request, source);
                Holder holder = places.holders.get(wanted);
                assertSame(row.get("outcome").equals("taken over") ? holder.peer : null, reply.displaced());
                assertOutcome(row, reply, wanted, extended, places);
                places.hold(reply);
                if (random.nextInt(4) == 0 && !places.holders.isEmpty()) {
                    Product.leave(server, places.leave(places.holders.keySet().iterator().next()));
                }
            }
        }
        page.assertNumbered("2.4", 10);
        for (Map<String, String> row : page.table("2.4")) {
            assertTrue(decided.getOrDefault(row.get("row"), 0) > 100, "row " + row + " never decided");
        }
    }

    private record Holder(Product.Client peer, long token, long source) { }

    /** Who holds which address, for whom which are kept, and what is true of a request. */
    private static final class Places implements ToLongFunction<String> {
        private final int all;
        private final int ofOneSource;
        private final Map<Long, Holder> holders = new HashMap<>();
        private final Map<Long, Holder> kept = new LinkedHashMap<>();
        /** By token: what was held last, as long as it is kept. */
        private final Map<Long, Long> last = new HashMap<>();
        private long wanted;
        private long token;
        private long source;

        Places(int all, int ofOneSource) {
            this.all = all;
            this.ofOneSource = ofOneSource;
        }

        /** Takes a request; returns the address that it is one for, 0 for any. */
        long ask(long address, long known, long from) {
            token = known;
            source = from;
            wanted = address != 0 || token == 0 ? address : last.getOrDefault(token, 0L);
            return wanted;
        }

        void hold(Reply reply) {
            if (reply.address() != 0) {
                forget(reply.address());
                holders.put(reply.address(), new Holder(reply.peer(), token, source));
            }
        }

        private void forget(long address) {
            kept.remove(address);
            last.values().remove(address);
        }

        Product.Client leave(long address) {
            Holder holder = holders.remove(address);
            if (kept.size() == Math.min(all, 5)) {
                forget(kept.keySet().iterator().next());
            }
            kept.put(address, holder);
            last.put(holder.token, address);
            return holder.peer;
        }

        private boolean isKeptForIt() {
            Holder owner = kept.get(wanted);
            return owner != null && owner.token == token && (token != 0 || owner.source == source);
        }

        private long ofSource() {
            return Stream.concat(holders.values().stream(), kept.values().stream())
                    .filter(holder -> holder.source == source).count();
        }

        @Override
        public long applyAsLong(String name) {
            long offset = wanted - Product.NETWORK;
            Holder holder = holders.get(wanted);
            boolean holds = switch (name) {
                case "wanted address held under the request's token" ->
                    holder != null && token != 0 && holder.token == token;
                case "no place for one more client" -> holders.size() >= Math.min(all, 8 - 3);
                case "wanted address kept for this client" -> isKeptForIt();
                case "no place for one more from this source" -> ofSource() >= ofOneSource;
                case "wanted address outside the network" -> offset < 0 || offset > 7;
                case "wanted address reserved" -> offset == 0 || offset == 1 || offset == 7;
                case "wanted address held" -> holder != null;
                case "wanted address kept" -> kept.containsKey(wanted);
                case "wanted address" -> wanted != 0;
                default -> throw new AssertionError("nobody knows what this is: " + name);
            };
            return name.equals("wanted address") ? wanted : holds ? 1 : 0;
        }
    }

    private static void assertOutcome(Map<String, String> row, Reply reply, long wanted, boolean extended,
            Places places) {
        switch (row.get("outcome")) {
            case "taken over", "wanted address" -> assertEquals(wanted, reply.address(), row.toString());
            case "any free address" -> {
                long offset = reply.address() - Product.NETWORK;
                boolean free = !places.holders.containsKey(reply.address());
                assertTrue(offset > 1 && offset < 7 && free, row.toString());
                if (places.kept.containsKey(reply.address())) {
                    assertEquals(5, places.holders.size() + places.kept.size(), "all that nobody holds are kept");
                    assertEquals(places.kept.keySet().iterator().next(), reply.address(), "the one kept first");
                }
            }
            case "refused" -> {
                assertEquals(0, reply.address(), row.toString());
                assertEquals(extended, reply.bytes().length > 0, "only an extended client is told: " + row);
                if (extended) {
                    assertNotEquals("", Product.read(reply.bytes()).refusal());
                }
            }
            default -> throw new AssertionError("nobody knows this outcome: " + row);
        }
        if (!row.get("outcome").equals("refused")) {
            assertNull(Product.read(reply.bytes()).refusal(), row.toString());
        }
    }
}
