package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The log's words for a broken rule: each leads to a place of src/PROTOCOL.md, and is said of frames that break it. */
class RuleTest {
    private static final Pattern WORDS = Pattern.compile(
            ".+ \\(PROTOCOL\\.md (\\d)(?:, table (\\d\\.\\d)(?:, row (\\w+))?|, \"(.+)\")\\)");

    private final ProtocolPage page;
    private final String text;

    RuleTest() throws IOException {
        page = new ProtocolPage();
        text = Files.readString(Path.of(System.getProperty("simplevpn.top"), "src/PROTOCOL.md"));
    }

    /** The text of a part from its heading to the next one of a part. */
    private String part(String number) {
        Matcher part = Pattern.compile("(?ms)^## " + number + "\\. .*?(?=^## |\\z)").matcher(text);
        assertTrue(part.find(), "part " + number);
        return part.group();
    }

    /** Every rule names a part, and in it a table, a row of it, or a heading. */
    @Test
    void everyRuleIsOnThePage() {
        List<String> rules = Arrays.stream(Rule.class.getFields())
                .filter(field -> Modifier.isStatic(field.getModifiers())).map(field -> {
                    try {
                        return (String) field.get(null);
                    } catch (IllegalAccessException e) {
                        throw new AssertionError(e);
                    }
                }).toList();
        assertTrue(rules.size() > 10, rules.toString());
        for (String rule : rules) {
            Matcher words = WORDS.matcher(rule);
            assertTrue(words.matches(), rule);
            String part = part(words.group(1));
            if (words.group(4) != null) {
                assertTrue(part.contains("\n### " + words.group(4) + "\n"), rule);
                continue;
            }
            assertTrue(part.contains("**Table " + words.group(2) + "**"), rule);
            String row = words.group(3);
            assertTrue(row == null || page.table(words.group(2)).stream().anyMatch(r -> r.get("row").equals(row)),
                    rule);
        }
        assertTrue(text.contains("more than 256 bytes") && text.contains("at most 4096 bytes"));
    }

    private static String broken(String bytes) {
        ByteBuffer b = ByteBuffer.wrap(HexFormat.of().parseHex(bytes.replace(" ", "")));
        assertEquals(Wire.DAMAGED, Wire.kind(Wire.frame(b, 0, b.limit(), true)), bytes);
        return Rule.ofFrame(b, 0);
    }

    /** What is no frame breaks a rule of table 1.2. */
    @Test
    void frames() {
        assertEquals(Rule.VERSION, broken("00".repeat(20)));
        assertEquals(Rule.VERSION, broken("16030100 c8010000 c40303a1 b2c3d4e5 f6071829"));
        assertEquals(Rule.HEADER_LENGTH, broken("44000020 00010000 40010000 0a000064 0a000001"));
        assertEquals(Rule.TOTAL_LENGTH, broken("45000013 00010000 40010000 0a000064 0a000001"));
        assertEquals(Rule.TOTAL_LENGTH, broken("45000013 00010000 40010000 0a000064 00000000"));
        assertEquals(Rule.CHECKSUM, broken("45000020 00014000 40012679 0a000064 0a000001"));
    }

    /** A message that is too long, which its header does not show. */
    @Test
    void longRequest() {
        ByteBuffer b = ByteBuffer.wrap(HexFormat.of().parseHex("4500700056320000000000000a00000000000000"));
        assertEquals(Wire.ADDRESS, Wire.kind(Wire.frame(b, 0, b.limit(), false)));
        assertEquals(Rule.LONG_REQUEST, Rule.ofFrame(b, 0));
        assertEquals("broke the protocol: " + Rule.LONG_REQUEST, Rule.broken(Rule.LONG_REQUEST));
    }
}
