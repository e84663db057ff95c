package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;

/** The manual pages and completions: they say what the programs do, whatever options these have, and nothing else. */
class PagesTest {
    private static final Path TOP = Path.of(System.getProperty("simplevpn.top"));
    private static final Pattern HELP = Pattern.compile("(?m)^ {2}(?:-([a-z]), | {4})--([a-z0-9-]+)");
    private static final Pattern ITEM = Pattern.compile("(?m)^\\.It (?:Fl ([a-z]) , )?Fl -([a-z0-9-]+)");
    private static final Pattern LINE = Pattern.compile("(?m)^\\.It Cm ([a-z0-9-]+)");
    private static final Pattern SAMPLE = Pattern.compile("(?m)^#([a-z][a-z0-9-]*)(?: \\S*)?$");

    @TempDir
    private Path folder;

    @BeforeEach
    void made() throws Exception {
        made(ServerSettings.options().help(), ClientSettings.options().help());
    }

    private void made(String srv, String cli) throws Exception {
        Path help = Files.createDirectories(folder.resolve("help"));
        Files.writeString(help.resolve("srv.help"), srv);
        Files.writeString(help.resolve("cli.help"), cli);
        assertEquals("", run(TOP.resolve("jlink/pages/make").toString(), folder.toString(), help.toString()));
    }

    private String run(String... words) throws Exception {
        Process process = new ProcessBuilder(words).directory(folder.toFile()).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), said);
        return said;
    }

    private String page(String name) throws IOException {
        return Files.readString(folder.resolve(name));
    }

    /** Each option with its letter, as often as it comes. */
    private static List<String> all(Pattern pattern, String text) {
        List<String> found = new ArrayList<>();
        for (MatchResult match : pattern.matcher(text).results().toList()) {
            found.add((match.group(1) == null ? "" : match.group(1)) + "/" + match.group(2));
        }
        return found;
    }

    private static Set<String> names(Pattern pattern, String text) {
        return new TreeSet<>(pattern.matcher(text).results().map(match -> match.group(1)).toList());
    }

    /** What the programs print for {@code --help} is in their pages, each once and in that order, and no other. */
    @Test
    void pagesHaveTheOptionsOfTheHelp() throws IOException {
        assertEquals(all(HELP, ServerSettings.options().help()), all(ITEM, page("srv.8")));
        assertEquals(all(HELP, ClientSettings.options().help()), all(ITEM, page("cli.8")));
    }

    /** The page about config files has what the samples have. */
    @Test
    void theConfigPageHasTheOptionsOfTheSamples() throws IOException {
        String page = page("simplevpn.conf.5");
        int srv = page.indexOf(".Xr simplevpn-srv 8\nalone:");
        int cli = page.indexOf(".Xr simplevpn-cli 8\nalone:");
        String[] parts = {page.substring(srv, cli), page.substring(cli)};
        for (int i = 0; i < 2; i++) {
            Set<String> own = names(LINE, page.substring(0, srv));
            own.addAll(names(LINE, parts[i]));
            assertEquals(names(SAMPLE, Files.readString(TOP.resolve("buildroot-package/package/simplevpn")
                    .resolve(i == 0 ? "srv.conf" : "cli.conf"))), own);
        }
    }

    /** The exit statuses are those that the programs have: all of them the client's, the first three the server's. */
    @Test
    void exitStatusesAreThoseOfTheProgram() throws Exception {
        Set<String> all = new TreeSet<>(Set.of("0"));
        for (Field field : Failure.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
                all.add(field.get(null).toString());
            }
        }
        assertEquals(all, statuses("cli.8"));
        assertEquals(Set.of("0", "" + Failure.SYSTEM, "" + Failure.USAGE, "" + Failure.NOT_RUNNING), statuses("srv.8"));
    }

    private Set<String> statuses(String name) throws IOException {
        String page = page(name);
        int at = page.indexOf(".Sh EXIT STATUS");
        return names(Pattern.compile("(?m)^\\.It ([0-9]+)$"), page.substring(at, page.indexOf(".Sh", at + 1)));
    }

    /** What README says of one option is in its page, without Markdown; other pages that are named are there. */
    @Test
    void pagesSayWhatTheReadmeSays() throws IOException {
        String page = page("cli.8");
        assertTrue(page.contains("For a line with a router that drops large packets"), page);
        assertTrue(page.replace('\n', ' ').contains("\\(lqAll my traffic through home\\(rq in README.md"), page);
        assertTrue(page("srv.8").contains(".It Fl -between-clients Cm yes | Cm no | Cm kernel\n"), page("srv.8"));
        for (String name : List.of("srv.8", "cli.8", "simplevpn.conf.5")) {
            Pattern left = Pattern.compile("`|\\]\\(#|[^\\n -~]|@[A-Z]+( [a-z]+)?@");
            assertFalse(left.matcher(page(name)).find(), page(name));
            for (MatchResult other : Pattern.compile("\\.Xr (\\S+ \\d)").matcher(page(name)).results().toList()) {
                assertTrue(Set.of("simplevpn-srv 8", "simplevpn-cli 8", "simplevpn.conf 5").contains(other.group(1)),
                        other.group());
            }
        }
    }

    /** Options of tomorrow need nothing but their line in the help, whatever letters that has. */
    @Test
    void anyOptionIsTaken() throws Exception {
        Options options = ClientSettings.options()
                .add('z', "zeal", "HOW[:MUCH]",
                        "it's [a|b]: \\n `x` $(true) \"y\", --as --said. And " + "more ".repeat(30))
                .add((char) 0, "dot", "FILE", ".Sh is no request")
                .add((char) 0, "bare", null, "'tis none either");
        made(ServerSettings.options().help(), options.help());
        String page = page("cli.8");
        assertEquals(all(HELP, options.help()), all(ITEM, page));
        assertTrue(page.contains(".It Fl -dot Ar FILE\n\\&.Sh is no request\n"), page);
        assertTrue(page.contains(".It Fl -bare\n\\&'tis none either\n"), page);
        assertTrue(page.contains("[a|b]: \\en \\fBx\\fP $(true) \"y\", \\-\\-as \\-\\-said.\nAnd more more "), page);
        assertTrue(page.lines().noneMatch(line -> line.endsWith(" ") || line.length() > 110), page);
        run("bash", "-n", folder.resolve("bash/simplevpn-cli").toString());
        assertEquals("--zeal", completed("cli", "--ze"));
        assertTrue(completed("cli", "--dot", "").contains("help"));
    }

    /** Bash is offered options, and for the value of some of them what it can be, also behind =. */
    @Test
    void bashCompletes() throws Exception {
        assertEquals("--prefer", completed("cli", "--pre"));
        assertEquals("first any", completed("cli", "--prefer", ""));
        assertEquals("first", completed("cli", "--prefer", "=", "f"));
        assertEquals("first any", completed("cli", "--prefer", "="));
        assertEquals("kernel", completed("srv", "--between-clients", "k"));
        assertEquals("lo", completed("cli", "-i", "lo"));
        assertEquals("help", completed("srv", "--key", "he"));
        assertEquals("", completed("srv", "--port", ""));
        assertEquals("--peers", completed("srv", "--port", "443", "--pee"));
        assertEquals(List.of(completed("srv", "").split(" ")),
                HELP.matcher(ServerSettings.options().help()).results().map(match -> "--" + match.group(2)).toList());
    }

    /** What bash offers for the last of some words. */
    private String completed(String... words) throws Exception {
        String script = ". '" + folder.resolve("bash/simplevpn-" + words[0]) + "' && compopt() { :; } && complete -p "
                + words[0] + " simplevpn-" + words[0] + " >/dev/null && COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))"
                + " && _simplevpn_" + words[0] + " && echo \"${COMPREPLY[*]}\"";
        List<String> command = new ArrayList<>(List.of("bash", "--norc", "-c", script, "-"));
        command.addAll(List.of(words));
        return run(command.toArray(new String[0])).strip();
    }
}
