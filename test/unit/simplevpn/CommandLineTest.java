package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Both programs as processes, as far as they come without a device: what they print, where, and their exit status.
 *
 * <p>Each command line ends with a wrong word that is looked at after the one in question: a program that overlooks
 * that one still ends.
 */
class CommandLineTest {
    private final List<Process> running = new ArrayList<>();

    private Process start(Class<?> program, String... words) throws Exception {
        return start(List.of(), program, words);
    }

    private Process start(List<String> vmOptions, Class<?> program, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-cp",
                new File(Server.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getPath()));
        command.addAll(vmOptions);
        command.add(program.getName());
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).start();
        running.add(process);
        return process;
    }

    /** A program that did not end is not left behind. */
    @AfterEach
    void end() {
        running.forEach(Process::destroyForcibly);
    }

    private static String text(InputStream stream) throws Exception {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    private static void assertEnds(Process process, int status, String output, String error) throws Exception {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running: " + process.info());
        assertEquals(error, text(process.getErrorStream()));
        assertEquals(output, text(process.getInputStream()));
        assertEquals(status, process.exitValue());
    }

    /** Runs the program once for each row, two at a time: words and what is wrong with them. */
    private void assertWrong(Class<?> program, String name, String last, String[][] rows) throws Exception {
        Process next = null;
        for (int i = 0; i < rows.length; i++) {
            Process process = i == 0 ? start(program, (rows[0][0] + last).split(" ")) : next;
            if (i + 1 < rows.length) {
                next = start(program, (rows[i + 1][0] + last).split(" "));
            }
            assertEnds(process, 2, "", name + ": " + rows[i][1] + System.lineSeparator());
        }
    }

    /** Everything that {@code srv} itself can find wrong with its words: one line, status 2. */
    @Test
    void wrongServerOptions() throws Exception {
        String help = " (srv --help shows all options)";
        String length = ": must end in a length from /8 to /30, such as 10.0.0.0/16" + help;
        String network = ": must be an IPv4 network and its length, such as 10.0.0.0/16" + help;
        String command = ": must be the path of a program, and perhaps arguments, with blanks between" + help;
        String host = ": no host can have addresses of this network" + help;
        assertWrong(Server.class, "srv", " -l nowhere", new String[][] {
            {"-p 0", "-p 0: must be a number from 1 to 65535" + help},
            {"--mtu 575", "--mtu 575: must be a number from 576 to 65535" + help},
            {"-t 1", "-t 1: must be a number from 2 to 65535" + help},
            {"-c 0", "-c 0: must be a number from 1 to 16777216" + help},
            {"-n 10.0.0.0", "-n 10.0.0.0" + length},
            {"-n 10.0.0.0/", "-n 10.0.0.0/" + length},
            {"-n 10.0.0.0/7", "-n 10.0.0.0/7" + length},
            {"-n 10.0.0.0/31", "-n 10.0.0.0/31" + length},
            {"-n 10.0.0.0/1x", "-n 10.0.0.0/1x" + length},
            {"-n 10.0.0.0/016x", "-n 10.0.0.0/016x" + length},
            {"-n 10.0.0/16", "-n 10.0.0/16" + network},
            {"-n x/16", "-n x/16" + network},
            {"-n 10.0.0.1/16",
                "-n 10.0.0.1/16: has bits set behind its length; the network is 10.0.0.0/16" + help},
            {"-n 0.0.0.0/8", "-n 0.0.0.0/8" + host},
            {"-n 127.1.0.0/16", "-n 127.1.0.0/16" + host},
            {"-n 224.0.0.0/8", "-n 224.0.0.0/8" + host},
            {"-i a/b", "-i a/b: an interface name has 1 to 15 characters, without spaces, slashes and colons" + help},
            {"--congestion none-such",
                "--congestion none-such: this kernel has no such congestion control, or does not allow it;"
                    + " /proc/sys/net/ipv4/tcp_available_congestion_control lists what it has" + help},
            {"--user no-such-user", "--user no-such-user: neither a user in /etc/passwd, nor UID or UID:GID" + help},
            {"--user 4294967295:1", "--user 4294967295:1: neither a user in /etc/passwd, nor UID or UID:GID" + help},
            {"--up hook", "--up hook" + command},
            {"--client-down hook", "--client-down hook" + command},
            {"--dns 10.0.0.1,::1",
                "--dns ::1: must be the address of a name server that clients reach" + help},
            {"--dns 1.0.0.1,1.0.0.2,1.0.0.3,1.0.0.4,1.0.0.5",
                "--dns 1.0.0.5: more than 4 are of no use" + help},
            {"--domain -x", "--domain -x: must be a name of letters, digits, dashes and dots, such as vpn.example.org"
                    + help},
            {"-q", "--listen nowhere: not an IPv4 or IPv6 address"},
            {"-x", "-x: there is no such option" + help},
            {"-u", "-u: UDP is not offered, this tunnel runs over TCP only; leave -u out"},
        });
    }

    /** Everything that {@code cli} itself can find wrong with its words: one line, status 2. */
    @Test
    void wrongClientOptions() throws Exception {
        String help = " (cli --help shows all options)";
        String address = ": must be an IPv4 address that a host can have, such as 10.0.0.7" + help;
        assertWrong(Client.class, "cli", " -i a/b", new String[][] {
            {"-v", "-s HOST is missing: which server to connect to" + help},
            {"--server=", "--server : must be a host name or an address, or HOST:PORT, or [ADDRESS]:PORT" + help},
            {"-s h:0", "-s h:0: must be a host name or an address, or HOST:PORT, or [ADDRESS]:PORT" + help},
            {"-s h --prefer last", "--prefer last: must be first or any" + help},
            {"-s h --mark 0", "--mark 0: must be a number from 1 to 4294967295, or from 0x1 to 0xffffffff" + help},
            {"-s h --bind a/b",
                "--bind a/b: an interface name has 1 to 15 characters, without spaces, slashes and colons" + help},
            {"-s h -p x", "-p x: must be a number from 1 to 65535" + help},
            {"-s h -m 65536", "-m 65536: must be a number from 576 to 65535" + help},
            {"-s h -t 65536", "-t 65536: must be a number from 2 to 65535" + help},
            {"-s h -a 10.0.0", "-a 10.0.0" + address},
            {"-s h -a 127.0.0.1", "-a 127.0.0.1" + address},
            {"-s h --address=255.255.255.255", "--address 255.255.255.255" + address},
            {"-s h --name a_b", "--name a_b: must be a name of letters, digits, dashes and dots, 63 at most" + help},
            {"-s h --down hook",
                "--down hook: must be the path of a program, and perhaps arguments, with blanks between" + help},
            {"-s h", "-i a/b: an interface name has 1 to 15 characters, without spaces, slashes and colons" + help},
            {"-s h -c 1", "-c: there is no such option" + help},
            {"-s h --udp", "-u: UDP is not offered, this tunnel runs over TCP only; leave -u out"},
        });
    }

    /** A port that another program has is no wrong word: status 1, and the line says what to do. */
    @Test
    void portInUse() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = Integer.toString(other.getLocalPort());
            assertEnds(start(Server.class, "-l", "127.0.0.1", "-p", port), 1, "", "srv: listen on 127.0.0.1:" + port
                    + ": EADDRINUSE (Address already in use): another program has this port; choose another with --port"
                    + System.lineSeparator());
        }
    }

    /** Help goes to the standard output and ends with 0; each option is set apart from what it does. */
    @Test
    void help() throws Exception {
        for (Class<?> program : List.of(Server.class, Client.class)) {
            String name = program == Server.class ? "srv" : "cli";
            Process help = start(program, "-p", "x", "--help");
            String text = text(help.getInputStream());
            assertTrue(text.startsWith("Usage: " + name + " "), text);
            assertTrue(text.contains("\n  -p, --port PORT               TCP port (default 2002)\n"), text);
            text.lines().dropWhile(line -> !line.isEmpty()).skip(1).forEach(line ->
                    assertTrue(line.matches("  (-.,|   ) --[a-z0-9-]+( \\[?[A-Z/0-9=]+]?)? {2,}[^ ].{0,85}"), line));
            assertEnds(help, 0, "", "");
        }
    }

    /**
     * {@code --version} tells what a report of a fault needs: the program, the target, the VM and its release, the
     * variant of the runtime where it has one, whether the class-data archive is in use, which nothing else shows, and
     * the C library as the launcher has chosen it.
     */
    @Test
    void version() throws Exception {
        String target = System.getProperty("os.arch").replace("amd64", "x86_64");
        String release = "Java " + System.getProperty("java.runtime.version") + ", "
                + System.getProperty("java.vm.name") + ", ";
        for (String archive : List.of("in use", "not in use")) {
            boolean used = archive.equals("in use");
            Process process = start(List.of(used ? "-Xshare:on" : "-Xshare:off", "-Dsimplevpn.runtime=tiny",
                    used ? "-Dsimplevpn.libc=bundled" : "-Dsimplevpn.libc="),
                    used ? Server.class : Client.class, "--version");
            List<String> lines = text(process.getInputStream()).lines().toList();
            assertEquals(5, lines.size(), lines::toString);
            assertEquals("simplevpn " + Version.NUMBER + " (" + (used ? "srv" : "cli") + "), " + target, lines.get(0));
            assertTrue(lines.get(1).startsWith(release) && lines.get(1).endsWith(", runtime tiny"), lines.get(1));
            assertEquals("class-data archive " + archive, lines.get(2));
            assertTrue(lines.get(4).matches("C library: glibc 2\\.\\d+, " + (used ? "bundled" : "the system's")),
                    lines.get(4));
            assertEnds(process, 0, "", "");
        }
        Process plain = start(Client.class, "--version");
        assertFalse(text(plain.getInputStream()).contains("runtime"), "a variant that there is not");
        assertEnds(plain, 0, "", "");
    }

    /** --version tells with which cipher this VM is fast: AES needs instructions, and a VM that uses them. */
    @Test
    void ciphers() throws Exception {
        String aes = "ciphers: AES-GCM by the processor";
        String other = "ciphers: ChaCha20-Poly1305, since AES-GCM would be Java code, slower";
        String processor = Files.readString(Path.of("/proc/cpuinfo"));
        String fast = processor.matches("(?s).* aes[ \n].*") && processor.matches("(?s).* (pclmulqdq|pmull)[ \n].*")
                ? aes : other;
        // The options of a program with keys on a JDK's VM, of one without, of the tiny VM, and of interpreters.
        assertEquals(fast, cipherLine("-XX:TieredStopAtLevel=4"));
        assertEquals(fast, cipherLine("-Dsimplevpn.runtime=stock"));
        assertEquals(fast, cipherLine("-Dsimplevpn.runtime=tiny"));
        assertEquals(other, cipherLine("-Xshare:auto"));
        assertEquals(other, cipherLine("-Xint", "-Dsimplevpn.runtime=stock"));
    }

    private String cipherLine(String... vmOptions) throws Exception {
        Process process = start(List.of(vmOptions), Server.class, "--version");
        String output = text(process.getInputStream());
        assertEnds(process, 0, "", "");
        return output.lines().skip(3).findFirst().orElse("");
    }
}
