package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Command;
import simplevpn.harness.Image;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;

/** What jlink/reach leaves out of java.base is missed by nothing that fails: each error has its message. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
final class ErrorPathsTest extends Vpn {
    private static final int START = 180;
    private static final int FEW = 7;
    /** What only a VM says that lacks something. */
    private static final Pattern LACKS = Pattern.compile("Exception|Error\\b|java[./]lang|\tat |no such method");

    /** Each class of the programs is there with all that it is made of, and both kinds of cipher shake hands. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void allClassesLoad(String target) throws IOException {
        Path classes = Lab.TOP.resolve("build/classes");
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.walk(classes.resolve("simplevpn"))) {
            files.map(file -> classes.relativize(file).toString()).filter(name -> name.endsWith(".class"))
                    .forEach(name -> names.add(name.replace('/', '.').replaceFirst("\\.class$", "")));
        }
        assertFalse(names.isEmpty());
        List<String> command = Image.command(target, List.of(), "tls.Rehearsal", names.toArray(String[]::new));
        Command.run(START, command.toArray(String[]::new)).ok();
    }

    /** Options, files, keys, names and hosts that are wrong. */
    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64", "armhf"})
    void eachErrorHasItsMessage(String target) {
        String garbage = lan.write("garbage", "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n")
                .toString();
        hub.run("openssl", "genrsa", "-out", lan.file("rsa").toString(), "2048").ok();
        hub.run("chmod", "600", garbage, lan.file("rsa").toString()).ok();
        String wrong = lan.write("wrong.conf", "nonsense 1\n").toString();
        String key = lan.file("own.key").toString();
        assertEquals(0, end(target, "Server", "--keygen", key));
        String rsa = lan.file("rsa").toString();
        String[][] server = {{"--nonsense"}, {"--key", garbage, "--peers", garbage}, {"--network", "10.0.0/x"},
            {"--key", key, "--peers", garbage}, {"--key", rsa, "--peers", garbage}, {"--config", wrong},
            {"--status", "nowhere0"}, {"-p", "99999"}, {"-p", "x"}, {"--mtu", "1"}, {"--network6", "fe80::/129"},
            {"--config", "/nowhere"}, {"--keygen", key}, {"--keygen", "/nowhere/key"}, {"--pin", garbage},
            {"--key", "/nowhere", "--peers", garbage}, {"--key", key, "--peers", "/nowhere"},
            {"--user", "nobody-there"},
            {"--congestion", "nowhere"}, {"-i", "far-too-long-a-name"}, {"--invite", "a b"}, {"--push-route", "x"},
            {"--client-up", "nowhere"}, {"--kick", "x"}};
        fail(target, "Server", server);
        String[][] client = {{"-s", hub.outer4, "--once"}, {"-s", "no-such-host.invalid", "--once"},
            {"-s", hub.outer4, "--check"}, {"--join", garbage}, {"-s", hub.outer4, "--server-pin", "x"},
            {"-s", hub.outer4, "--proxy", "socks5://" + hub.outer4 + ":9", "--check"}, {},
            {"-s", hub.outer4, "-p", "0"},
            {"-s", "no-such-host.invalid", "--check"}, {"-s", hub.outer4, "-a", "x"}, {"--join", "x"},
            {"-s", hub.outer4, "--proxy", "ftp://x"},
            {"-s", hub.outer4, "--proxy", "http://" + hub.outer4 + ":9", "--once"},
            {"-s", hub.outer4, "--key", key, "--server-pin", garbage},
            {"-s", hub.outer4, "--bind", "nowhere0", "--once"}};
        fail(target, "Client", client);
    }

    /** All of them, or under emulation, where each takes its time, the first few. */
    private void fail(String target, String main, String[]... all) {
        int count = target.equals(Image.OWN) ? all.length : FEW;
        for (String[] arguments : Arrays.copyOf(all, count)) {
            assertNotEquals(0, end(target, main, arguments), () -> String.join(" ", arguments));
        }
    }

    private int end(String target, String main, String... arguments) {
        Program program = lan.start(hub, Image.command(target, List.of(), main, arguments));
        int status = program.awaitExit(START);
        assertFalse(LACKS.matcher(program.log()).find(), () -> String.join(" ", arguments) + ": " + program.log());
        return status;
    }
}
