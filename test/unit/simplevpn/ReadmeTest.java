package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import simplevpn.base.Ipv4;
import simplevpn.protocol.Wire;

/** The README's frames, from which people write clients, against the code that reads them. */
class ReadmeTest {
    private static final int STATIC = 0x0a000064;

    /** Protects those who copy the dynamic request: it has to be a classic request for any address. */
    @Test
    void theDynamicRequestIsOne() throws IOException {
        ByteBuffer frame = dump("dynamic request");
        request(frame);
        assertEquals(0, Wire.wanted(frame, 0));
    }

    /** Protects those who copy the static request: it has to ask for the address that the text names. */
    @Test
    void theStaticRequestAsksForItsAddress() throws IOException {
        ByteBuffer frame = dump("static request");
        request(frame);
        assertEquals(STATIC, Wire.wanted(frame, 0));
        assertTrue(readme().contains(Ipv4.text(STATIC)));
    }

    /** Protects those who copy the keepalive: it has to be the one that this program sends. */
    @Test
    void theKeepaliveIsOurs() throws IOException {
        ByteBuffer ours = ByteBuffer.allocate(Wire.HEADER);
        Wire.keepalive(ours, 0);
        ByteBuffer frame = dump("keepalive");
        assertEquals(ours, frame);
        assertEquals(Wire.KEEPALIVE, Wire.kind(Wire.frame(frame, 0, Wire.HEADER, false)));
    }

    private static void request(ByteBuffer frame) {
        int verdict = Wire.frame(frame, 0, Wire.HEADER, false);
        assertEquals(Wire.ADDRESS, Wire.kind(verdict));
        assertEquals(Wire.HEADER, Wire.length(verdict));
        assertTrue(Wire.isRequest(frame, 0));
        assertFalse(Wire.isExtendedRequest(frame, 0));
    }

    /** The tables of options are complete and up to date: they name what {@code --help} names, letters included. */
    @Test
    void optionsAreThoseOfTheHelp() throws IOException {
        String all = readme();
        String section = all.substring(all.indexOf("## Options"), all.indexOf("A config file has the long names"));
        String[] tables = section.split("`srv` alone:|`cli` alone:");
        List<Set<String>> named = new ArrayList<>();
        for (Options options : List.of(ServerSettings.options(), ClientSettings.options())) {
            named.add(options(options.help()));
        }
        Set<String> common = options(tables[0]);
        for (int i = 0; i < 2; i++) {
            Set<String> both = new TreeSet<>(common);
            both.addAll(options(tables[1 + i]));
            assertEquals(named.get(i), both);
        }
    }

    /** What the table of symptoms quotes is what the programs say: each quotation stands in one of their texts. */
    @Test
    void symptomsAreWhatTheProgramsSay() throws IOException {
        String all = readme();
        int begin = all.indexOf("\n## When something is in the way\n");
        List<String> rows = all.substring(begin, all.indexOf("\n## ", begin + 1)).lines()
                .filter(line -> line.startsWith("| ")).skip(1).map(line -> line.split("\\|")[1]).toList();
        assertTrue(rows.size() >= 12, rows::toString);
        StringBuilder said = new StringBuilder();
        Path top = Path.of(System.getProperty("simplevpn.top"), "src");
        try (Stream<Path> files = Files.walk(top)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
                said.append(Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", ""));
            }
        }
        int quoted = 0;
        for (String row : rows) {
            for (MatchResult quote : Pattern.compile("`([^`]+)`").matcher(row).results().toList()) {
                String words = quote.group(1);
                if (!Set.of("srv", "cli").contains(words)) {
                    quoted++;
                    assertTrue(Pattern.compile("\"[^\"\n]*" + Pattern.quote(words)).matcher(said).find(), words);
                }
            }
        }
        assertTrue(quoted >= 20, () -> "only so much is quoted in " + rows);
    }

    /** A link to a section of the page leads to one. */
    @Test
    void linksLeadToSections() throws IOException {
        Set<String> anchors = new TreeSet<>();
        readme().lines().filter(line -> line.startsWith("#")).forEach(line -> anchors.add(
                line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9 -]", "").replace(' ', '-')));
        for (MatchResult link : Pattern.compile("\\]\\(#([^)]*)\\)").matcher(readme()).results().toList()) {
            assertTrue(anchors.contains(link.group(1)), link::group);
        }
    }

    /** What begins with dashes where an option stands, in a line of the help or in the first cell of a row. */
    private static Set<String> options(String text) {
        Set<String> found = new TreeSet<>();
        Pattern option = Pattern.compile("--?[a-z][a-z0-9-]*");
        text.lines().filter(line -> line.matches("( {2}-|\\| `-| {6}--).*"))
                .map(line -> line.startsWith("|") ? line.split("\\|")[1] : line.split(" {2,}")[1])
                .forEach(line -> option.matcher(line).results().forEach(name -> found.add(name.group())));
        return found;
    }

    /** The bytes under a title of their own line. */
    private static ByteBuffer dump(String title) throws IOException {
        List<String> lines = readme().lines().map(String::strip).toList();
        int at = lines.indexOf(title);
        assertTrue(at >= 0, "README.md has no dump with the title " + title);
        byte[] bytes = HexFormat.of().parseHex(lines.get(at + 1).replace(" ", ""));
        assertEquals(Wire.HEADER, bytes.length);
        return ByteBuffer.wrap(bytes);
    }

    private static String readme() throws IOException {
        return Files.readString(Path.of(System.getProperty("simplevpn.top"), "README.md"));
    }
}
