package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** What the tests of src/PROTOCOL.md's options share: messages with options, and the examples of its tables. */
abstract class PageOptions {
    static final int HEADER = 20;
    static final byte[] MTU = {3, 2, 5, 20};

    final ProtocolPage page;
    final Random random = new Random(2002);

    PageOptions() throws IOException {
        page = new ProtocolPage();
    }

    /** An extended answer with these options. */
    byte[] answer(byte[]... options) {
        return withOptions(Arrays.copyOf(page.dump("2.2").bytes(), HEADER), options);
    }

    static byte[] withOptions(byte[] message, byte[]... options) {
        int length = message.length + Arrays.stream(options).mapToInt(option -> option.length).sum();
        ByteBuffer all = ByteBuffer.allocate(length).put(message);
        Arrays.stream(options).forEach(all::put);
        return all.putShort(2, (short) length).array();
    }

    static byte[] option(int type, byte[] value) {
        return ByteBuffer.allocate(2 + value.length).put((byte) type).put((byte) value.length).put(value).array();
    }

    boolean valid(int type, byte[] value) {
        return Product.read(answer(option(type, value))).invalid() == null;
    }

    /** The examples of a table by their types, each with the type and a length that its row says. */
    Map<Integer, byte[]> examples(String table) {
        Map<Integer, byte[]> examples = new TreeMap<>();
        for (Map<String, String> row : page.table(table)) {
            byte[] option = HexFormat.of().parseHex(row.get("example").replaceAll("[` ]", ""));
            int length = option.length - 2;
            assertEquals(Integer.parseInt(row.get("type")), option[0], row.toString());
            assertEquals(length, option[1] & 255, row.toString());
            assertTrue(isLength(row, length), () -> length + " bytes are none of " + row.get("length"));
            examples.put(Integer.parseInt(row.get("type")), option);
        }
        return examples;
    }

    static boolean isLength(Map<String, String> row, int length) {
        return Arrays.stream(row.get("length").split(" or ")).map(ProtocolPage::range)
                .anyMatch(range -> length >= range[0] && length <= range[1]);
    }
}
