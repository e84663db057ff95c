package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;
import simplevpn.tls.Pin;

class OptionsTest {
    private static final String SEE_HELP = " (prog --help shows all options)";

    @TempDir
    private Path folder;

    private static Options options() {
        return new Options("prog", "Usage: prog")
                .add('p', "port", "PORT", "a number")
                .add('n', "name", "NAME", "a text")
                .add('v', "verbose", null, "a switch")
                .add((char) 0, "once", null, "a switch without a letter")
                .add((char) 0, "config", "FILE", "a file")
                .add('u', "udp", null, null);
    }

    private static Options parse(String... words) throws Failure {
        Options options = options();
        options.parse(words);
        return options;
    }

    private static void assertWrong(String message, String... words) {
        Failure failure = assertThrows(Failure.class, () -> parse(words));
        assertEquals(message + SEE_HELP, failure.getMessage());
        assertEquals(2, failure.status);
    }

    private String file(String content) throws Exception {
        return Files.writeString(folder.resolve("file"), content).toString();
    }

    /** The four ways to give a value, with a letter and with a name. */
    @Test
    void spellings() throws Failure {
        for (String words : new String[] {"-p 1", "-p1", "--port 1", "--port=1"}) {
            assertEquals(1, parse(words.split(" ")).number("port", 1, 9, 5), words);
        }
        assertEquals("a=b", parse("--name=a=b").text("name"));
        assertEquals("=b", parse("-n=b").text("name"));
        assertEquals("-v", parse("-n", "-v").text("name"));
        assertEquals("", parse("--name=").text("name"));
    }

    /** Switches are given or not; what was not given has its default; of two values the last counts. */
    @Test
    void givenOrNot() throws Failure {
        Options options = parse("-v", "--once", "-p", "3", "-p4");
        assertTrue(options.given("verbose"));
        assertTrue(options.given("once"));
        assertFalse(options.given("name"));
        assertNull(options.text("name"));
        assertEquals(4, options.number("port", 1, 9, 5));
        assertEquals(5, parse().number("port", 1, 9, 5));
    }

    /** Words that are no options, options that there are not, values where none belong or none are. */
    @Test
    void wrongWords() {
        assertWrong("stray: not understood, since options begin with a dash", "-v", "stray");
        assertWrong("-: not understood, since options begin with a dash", "-");
        assertWrong(": not understood, since options begin with a dash", "");
        assertWrong("-x: there is no such option", "-x");
        assertWrong("--nope: there is no such option", "--nope=1");
        assertWrong("--: there is no such option", "--");
        assertWrong("--por: there is no such option", "--por", "1");
        assertWrong("--p: there is no such option", "--p", "1");
        assertWrong("-vp: -v takes no value", "-vp");
        assertWrong("--once=yes: --once takes no value", "--once=yes");
        assertWrong("-p: needs a value, PORT", "-v", "-p");
        assertWrong("--name: needs a value, NAME", "--name");
    }

    private static void assertBad(String message, String... words) throws Failure {
        Options options = parse(words);
        Failure failure = assertThrows(Failure.class, () -> options.number("port", 1, 65535, 7));
        assertEquals(message + ": must be a number from 1 to 65535" + SEE_HELP, failure.getMessage());
        assertEquals(2, failure.status);
    }

    /** A number is decimal digits within its bounds; the message has the user's own spelling. */
    @Test
    void numbers() throws Exception {
        assertEquals(1, parse("-p1").number("port", 1, 65535, 7));
        assertEquals(65535, parse("-p65535").number("port", 1, 65535, 7));
        assertEquals(80, parse("-p00080").number("port", 1, 65535, 7));
        assertBad("-p 0", "-p0");
        assertBad("--port 65536", "--port=65536");
        assertBad("--port 4294967297", "--port", "4294967297");
        assertBad("-p 18446744073709551617", "-p", "18446744073709551617");
        assertBad("-p -1", "-p", "-1");
        assertBad("-p +1", "-p", "+1");
        assertBad("-p 1x", "-p", "1x");
        assertBad("-p  1", "-p", " 1");
        assertBad("-p \u0661", "-p", "\u0661");
        assertBad("--port ", "--port=");
        String path = file("# nothing\nport 99999\n");
        assertBad(path + " line 2: port 99999", "--config", path);
    }

    /** A config file has names with or without an equals sign, comments, empty lines, and line ends of either kind. */
    @Test
    void configFile() throws Exception {
        String path = file("# all of it\n\n  port = 7 # seven\r\n\tname=a b\r\n verbose\r\nonce #\n");
        Options options = parse("--config", path);
        assertEquals(7, options.number("port", 1, 9, 5));
        assertEquals("a b", options.text("name"));
        assertTrue(options.given("verbose"));
        assertTrue(options.given("once"));
        assertEquals(8, parse("--config=" + file("\ufeffport 8")).number("port", 1, 9, 5), "a byte order mark");
        assertEquals(8, parse("--config=" + file("port 8")).number("port", 1, 9, 5));
        assertEquals("=x", parse("--config", file("name==x")).text("name"));
        assertNull(parse("--config", file("")).text("name"));
    }

    /** The command line wins wherever it names the file; within the file the last line does. */
    @Test
    void commandLineWins() throws Exception {
        String path = file("port 2\nport 3\nname file\n");
        assertEquals(1, parse("-p1", "--config", path).number("port", 1, 9, 5));
        Options options = parse("--config", path, "-n", "line");
        assertEquals("line", options.text("name"));
        assertEquals(3, options.number("port", 1, 9, 5));
    }

    private void assertWrongFile(String message, String content) throws Exception {
        String path = file(content);
        assertWrong(path + message, "--config", path);
    }

    /**
     * What is wrong in a config file is told with the file's name and the line, also where the command line would win.
     */
    @Test
    void wrongConfigFiles() throws Exception {
        assertWrongFile(" line 2: nope: there is no such option in a config file", "port 1\nnope 1\n");
        assertWrongFile(" line 1: --port: there is no such option in a config file", "--port 1\n");
        assertWrongFile(" line 1: p: there is no such option in a config file", "p 1\n");
        assertWrongFile(" line 1: config: there is no such option in a config file", "config other\n");
        assertWrongFile(" line 1: : there is no such option in a config file", "= 1\n");
        assertWrongFile(" line 3: verbose takes no value", "\n\nverbose yes");
        assertWrongFile(" line 1: port needs a value, PORT", "port =\n");
        assertWrongFile(" line 1: port needs a value, PORT", "port # 1\n");
        String path = file("verbose 1\n");
        assertWrong(path + " line 1: verbose takes no value", "-v", "--config", path);
    }

    /** Some options may be given several times, or with commas between; of others the last one counts. */
    @Test
    void severalTimes() throws Exception {
        Options options = options().add((char) 0, "key", "FILE", "files").several();
        options.parse(new String[] {"--key", "a", "-p1", "--key=b,c", "-p2"});
        assertArrayEquals(new String[] {"a", "b", "c"}, options.texts("key"));
        assertEquals(2, options.number("port", 1, 9, 5));
        assertArrayEquals(new String[] {}, options().add((char) 0, "key", "FILE", "files").several().texts("key"));
        Options fromFile = options().add((char) 0, "key", "FILE", "files").several();
        fromFile.parse(new String[] {"--key", "x", "--config", file("key a\nkey b\n")});
        assertArrayEquals(new String[] {"x"}, fromFile.texts("key"), "the command line wins");
        Options twoLines = options().add((char) 0, "key", "FILE", "files").several();
        twoLines.parse(new String[] {"--config", file("key a\nkey b\n")});
        assertArrayEquals(new String[] {"a", "b"}, twoLines.texts("key"));
    }

    private static Options servers(String... words) throws Failure {
        Options options = new Options("prog", "Usage: prog").add('s', "server", "HOST", "").several()
                .add('p', "pin", "PIN", "").severalOf("server").add((char) 0, "config", "FILE", "");
        options.parse(words);
        return options;
    }

    private static String places(Options options) {
        StringBuilder places = new StringBuilder();
        for (char place : options.places("pin").toCharArray()) {
            places.append((int) place);
        }
        return options.texts("pin").length == places.length() ? places.toString() : "as many as there are values";
    }

    /** What belongs to the value of another option that was said last: on the command line, in a file, and mixed. */
    @Test
    void belongsToAnother() throws Exception {
        assertEquals("", places(servers("-s", "a")));
        assertEquals("0", places(servers("-p", "x", "-s", "a")));
        assertEquals("00112", places(servers("-p", "x,y", "-s", "a", "-p1", "-p2", "-s", "b", "-p", "3")));
        assertEquals("3", places(servers("-s", "a,b,c", "-p", "x")));
        String file = file("pin x\nserver a\npin y\nserver b\npin z\n");
        assertEquals("012", places(servers("--config", file)));
        assertEquals("000", places(servers("-s", "c", "-s", "d", "--config", file)), "of servers that are not meant");
        assertEquals("0", places(servers("-p", "x", "--config", file)));
        Options options = servers("-s", "a", "-p", "x");
        options.unset("server");
        options.unset("pin");
        options.set("server", "b");
        options.set("pin", "y");
        assertEquals("1", places(options));
    }

    private static ClientSettings client(String... words) throws Failure {
        Options options = ClientSettings.options();
        options.parse(words);
        return new ClientSettings(options);
    }

    /** Servers as people write them: with a port or without, IPv6 in brackets if there is one. */
    @Test
    void remotes() throws Failure {
        StringBuilder found = new StringBuilder();
        for (Remote remote : client("-s", "hub", "-s", "192.0.2.1:443,[2001:db8::1]:8443", "-s", "2001:db8::1",
                "-s[::1]", "-s", "h\u00fcb:1", "-p", "2003").servers) {
            found.append(remote.host).append(' ').append(remote.port).append(", ");
        }
        assertEquals("hub 2003, 192.0.2.1 443, 2001:db8::1 8443, 2001:db8::1 2003, ::1 2003, h\u00fcb 1, ",
                found.toString());
        for (String wrong : new String[] {"", "hub:", "hub:0", "hub:65536", "hub:x", ":443", "[::1", "[::1]x", "[]:1",
            "[::1]:", "a/b"}) {
            assertThrows(Failure.class, () -> client("-s", wrong), wrong);
        }
    }

    /** A pin in front of all servers is for each of them, one behind a server for that one. */
    @Test
    void pinsOfServers() throws Failure {
        String[] pins = new String[3];
        for (int i = 0; i < pins.length; i++) {
            pins[i] = Pin.hashing(new byte[] {(byte) i}).toString();
        }
        Remote[] servers = client("--key", "k", "--server-pin", pins[0], "-s", "a", "--server-pin", pins[1], "-s", "b",
                "--server-pin", pins[2], "-s", "c").servers;
        assertEquals(pins[0] + pins[1], servers[0].pins[0] + "" + servers[0].pins[1]);
        assertEquals(pins[0] + pins[2], servers[1].pins[0] + "" + servers[1].pins[1]);
        assertEquals(1, servers[2].pins.length);
        servers = client("--key", "k", "--server-pin", pins[0], "-s", "a", "-s", "b").servers;
        assertTrue(servers[0].pins == servers[1].pins, "what is the same is made once");
    }

    /** Which of several values is wrong is told with the line that it is on. */
    @Test
    void lineOfSeveral() throws Exception {
        String path = file("server a\nserver b,c\nserver d,:1,e\nserver f\n");
        Failure failure = assertThrows(Failure.class, () -> client("--config", path));
        assertTrue(failure.getMessage().startsWith(path + " line 3: server :1: must be"), failure.getMessage());
        failure = assertThrows(Failure.class, () -> client("-s", "a", "--server", "b,:1"));
        assertTrue(failure.getMessage().startsWith("--server :1: must be"), failure.getMessage());
    }

    /** A file that cannot be a config file is not read for ever, one just small enough is read to its end. */
    @Test
    void longConfigFiles() throws Exception {
        assertWrongFile(": a config file has less than 65536 bytes", "#".repeat(65536));
        assertWrong("/dev/zero: a config file has less than 65536 bytes", "--config", "/dev/zero");
        String path = file("#".repeat(65528) + "\nport 6");
        assertEquals(6, parse("--config", path).number("port", 1, 9, 5));
    }

    /** Zeros, as a flash has them after a loss of power, are no empty file: what was wanted is lost, which is told. */
    @Test
    void zeros() throws Exception {
        String path = file("port 6\n" + "\0".repeat(4000));
        Failure failure = assertThrows(Failure.class, () -> parse("--config", path));
        assertEquals(path + ": has bytes of 0, and is no text: was it written when the power failed?",
                failure.getMessage());
        assertEquals(2, failure.status);
    }

    /** A file that cannot be read is told with the call and the reason, and is no wrong word: status 1. */
    @Test
    void missingConfigFile() {
        Failure failure = assertThrows(Failure.class, () -> parse("--config", folder + "/none"));
        assertEquals("open " + folder + "/none: ENOENT (No such file or directory)", failure.getMessage());
        assertEquals(1, failure.status);
        failure = assertThrows(Failure.class, () -> parse("--config", folder.toString()));
        assertTrue(failure.getMessage().startsWith("read " + folder + ": "), failure.getMessage());
        assertEquals(1, failure.status);
    }

    /** The help has a line for each option but the hidden ones. */
    @Test
    void help() {
        assertEquals("""
                Usage: prog

                  -p, --port PORT               a number
                  -n, --name NAME               a text
                  -v, --verbose                 a switch
                      --once                    a switch without a letter
                      --config FILE             a file
                """, options().help());
    }

    private static Options common(String... words) throws Failure {
        Options options = Settings.common(new Options("prog", "Usage: prog"));
        options.parse(words);
        return options;
    }

    /** UDP, which the programs of 2013 had, is answered with one clear line, from the config file too. */
    @Test
    void udp() throws Exception {
        String message = "-u: UDP is not offered, this tunnel runs over TCP only; leave -u out";
        for (String[] words : new String[][] {{"-u"}, {"--udp"}, {"-q", "-u"}, {"--config", file("udp\n")}}) {
            Failure failure = assertThrows(Failure.class, () -> Program.isAnswered(common(), "prog", words));
            assertEquals(message, failure.getMessage());
            assertEquals(2, failure.status);
        }
    }

    private static ServerSettings server(String... words) throws Failure {
        Options options = ServerSettings.options();
        options.parse(words);
        return new ServerSettings(options);
    }

    /** IPv6 addresses to give away: none without keys, else of a network of 64 bits, said or made of a key's pin. */
    @Test
    void network6() throws Failure {
        Pin pin = Pin.of(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
        Pin another = Pin.of(new byte[] {1, 2, 3, 4, 5, 6, (byte) 0xff, 8, 9, 10});
        assertNull(server().network6(null));
        assertEquals("fd01:203:405:607::/64", server().network6(pin).toString());
        assertEquals("fd01:203:405:6ff::/64", server().network6(another).toString());
        assertNull(server("--network6", "none").network6(pin));
        for (Pin any : new Pin[] {pin, null}) {
            assertEquals("2001:db8::/64", server("--network6", "2001:db8::/64").network6(any).toString());
        }
        for (String wrong : new String[] {"", "x", "10.0.0.0/16", "fd00::/48", "fd00::/65", "fd00::", "fd00::1/64",
            "fe80::/64", "ff02::/64", "::/64", "None"}) {
            Failure failure = assertThrows(Failure.class, () -> server("--network6", wrong), wrong);
            assertEquals("--network6 " + wrong + ": must be an IPv6 network with a length of 64, such as"
                    + " fd12:3456:789a:1::/64, or none (srv --help shows all options)", failure.getMessage());
            assertEquals(2, failure.status);
        }
    }

    /** Who reaches whom is one of three words; the addresses for who asks for any are a part of the network. */
    @Test
    void betweenClients() throws Failure {
        assertEquals(ServerSettings.YES, server().betweenClients);
        assertEquals(ServerSettings.YES, server("--between-clients", "yes").betweenClients);
        assertEquals(ServerSettings.NO, server("--between-clients", "no").betweenClients);
        assertEquals(ServerSettings.KERNEL, server("--between-clients=kernel").betweenClients);
        assertFalse(server().exportRoutes);
        assertTrue(server("--export-routes").exportRoutes);
        assertEquals("10.0.0.0/16", server().dynamic.toString());
        assertEquals("10.0.4.0/22", server("--dynamic", "10.0.4.0/22").dynamic.toString());
        String[][] wrong = {{"--between-clients", "", "yes, no or kernel"},
            {"--between-clients", "No", "yes, no or kernel"},
            {"--dynamic", "10.1.0.0/24", "a part of the network 10.0.0.0/16"},
            {"--dynamic", "10.0.0.0/15", "a part of the network 10.0.0.0/16"}};
        for (String[] words : wrong) {
            Failure failure = assertThrows(Failure.class, () -> server(words[0], words[1]));
            assertEquals(words[0] + " " + words[1] + ": must be " + words[2] + " (srv --help shows all options)",
                    failure.getMessage());
        }
    }

    /** What belongs to IPv4 alone takes nothing else: addresses, pools, and where clients come from. */
    @Test
    void ipv4Alone() {
        for (String[] words : new String[][] {{"-n", "fd00::/16"}, {"--allow-plain", "fd00::/64"}}) {
            Failure failure = assertThrows(Failure.class, () -> server(words));
            assertTrue(failure.getMessage().contains("must be an IPv4 network"), failure.getMessage());
        }
        Options options = ClientSettings.options();
        assertThrows(Failure.class, () -> {
            options.parse(new String[] {"-s", "h", "-a", "fd00::1"});
            options.address("address");
        });
    }

    /** Interface names are those that the kernel accepts; without one it chooses. */
    @Test
    void interfaceNames() throws Failure {
        assertEquals("tun%d", new Settings(common()).interfaceName());
        for (String name : new String[] {"a", "vpn0", "tun%d", "fifteen-bytes-x", "..."}) {
            assertEquals(name, new Settings(common("-i", name)).interfaceName());
        }
        for (String name : new String[] {"", "sixteen-bytes-xx", "a/b", "a:b", "a b", ".", "..", "a\tb", "ä",
            "a\u007f"}) {
            Options options = common("--interface", name);
            Failure failure = assertThrows(Failure.class, () -> new Settings(options).interfaceName());
            assertEquals("--interface " + name
                    + ": an interface name has 1 to 15 characters, without spaces, slashes and colons"
                    + SEE_HELP, failure.getMessage());
            assertEquals(2, failure.status);
        }
    }
}
