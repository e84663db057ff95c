package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.harness.Image;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** The user's own programs, started by the real ones: well-behaved scripts, and others. */
final class HooksTest extends Vpn {
    /** Makes a script in a folder in which everybody may write, and returns its path. */
    private String script(String name, String... lines) {
        Path path = lan.write(name, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
        hub.run("chmod", "755", path.toString()).ok();
        hub.run("chmod", "777", path.getParent().toString()).ok();
        return file(name);
    }

    private List<String> read(String name) throws IOException {
        Path path = lan.file(name);
        return Files.exists(path) ? Files.readAllLines(path) : List.of();
    }

    private void await(Program program, String name, int lines) {
        program.await(lines + " lines in " + name, 60, () -> {
            try {
                return read(name).size() >= lines;
            } catch (IOException e) {
                return false;
            }
        });
    }

    /**
     * Connected, lost, connected again and ended: each time one script, which is the user that the program became, has
     * the capability to set up a network, no descriptor of others, and knows what there is to know.
     */
    @Test
    void upAndDown() throws IOException {
        String hook = script("hook", "here=${0%/*}", "what=\"$HOOK $REASON $1 $ADDRESS/$LENGTH $INTERFACE\"",
                "what=\"$what $SERVER $MTU $REMOTE ${DNS:-none} ${DOMAIN:-none} $(id -u)\"",
                "echo \"$what $(ls /proc/self/fd | tr '\\n' ' ')\" >>$here/told",
                "[ $HOOK = down ] || ip route replace 198.51.100.0/24 dev \"$INTERFACE\"", "echo \"$HOOK is done\"");
        Program server = server("--dns", "10.0.0.1", "--dns", "10.0.0.9", "--domain", "vpn.test");
        Program client = client(east, "--up", hook + "  word", "--down", hook + " other");
        await(client, "told", 1);
        client.awaitLine("up: up is done", 60);
        assertTrue(east.run("ip", "route").output().contains("198.51.100.0/24 dev tun0"));
        server.stop();
        client.awaitLine("down: down is done", 60);
        server("--domain", "other.test");
        await(client, "told", 3);
        client.stop();
        String nobody = hub.run("id", "-u", "nobody").output().strip();
        // ls itself opens the fourth.
        String rest = nobody + " 0 1 2 3 ";
        String what = " 10.0.0.2/16 tun0 10.0.0.1 1500 192.0.2.1 ";
        assertEquals(List.of("up joined word" + what + "10.0.0.1 10.0.0.9 vpn.test " + rest,
                "down lost other" + what + "10.0.0.1 10.0.0.9 vpn.test " + rest,
                "up joined word" + what + "none other.test " + rest,
                "down ended other" + what + "none other.test " + rest), read("told"));
    }

    /** Scripts that hang, leave something running, write a megabyte, die, are not there: the tunnel does not care. */
    @Test
    void misbehaving() throws IOException {
        script("bad", "here=${0%/*}", "case $ADDRESS in",
                "*.2) echo $$ >$here/hangs; sleep 1000 & exec sleep 1000 ;;",
                "*.3) sleep 60 & echo $! >$here/leaves ;;",
                "*.4) head -c 1000000 /dev/zero | tr '\\0' x; echo; yes | head -n 100000; echo end >&2 ;;",
                "*.5) kill -SEGV $$ ;;", "*.6) exit 9 ;;", "*.7) cat; exit 4 ;;", "esac");
        Program server = server("--client-up", file("bad"), "--client-down", "/no/such");
        Program first = client(east);
        List<ClassicClient> more = new ArrayList<>();
        for (int i = 3; i <= 7; i++) {
            ClassicClient client = new ClassicClient(west, hub);
            assertEquals("10.0.0." + i, client.join());
            more.add(client);
        }
        server.awaitLine("client-up of 10\\.0\\.0\\.4: x{300}\\.\\.\\.", 60);
        server.awaitLine("client-up of 10\\.0\\.0\\.5 was killed by signal 11", 60);
        server.awaitLine("client-up of 10\\.0\\.0\\.6 ended with status 9", 60);
        server.awaitLine("client-up of 10\\.0\\.0\\.7 ended with status 4", 60);
        more.get(1).close();
        server.awaitLine("client-down of 10\\.0\\.0\\.4: /no/such: ENOENT \\(No such file or directory\\)", 60);
        long lines = server.lines().stream().filter(line -> line.contains(": y")).count();
        assertTrue(lines < 200, lines + " lines of one that writes without end");
        east.awaitPing(SERVER, 60);
        server.awaitLine("client-up of 10\\.0\\.0\\.2 has not ended after 3\\d s, and is killed", 60);
        Wait.until("the end of what hung", 60, () -> !Files.exists(Path.of("/proc/" + first(lan.file("hangs")))));
        String left = first(lan.file("leaves"));
        assertTrue(Files.exists(Path.of("/proc", left)), "what one leaves running stays");
        hub.run("kill", left).ok();
        east.awaitPing(SERVER, 60);
        assertFalse(first.said("lost|closed"), first::log);
        assertEquals(0, server.proc("stat").stream().filter(stat -> stat.contains(") Z ")).count(), "zombies");
    }

    private static String first(Path file) {
        try {
            return Files.readAllLines(file).get(0).strip();
        } catch (IOException | IndexOutOfBoundsException e) {
            return "self";
        }
    }

    /** A hundred clients that come and go, in any order: each one's programs take turns, and none is missing. */
    @Test
    void hundredClients() throws IOException {
        script("note", "echo \"$HOOK $ADDRESS\" >>\"${0%/*}/notes\"");
        Program server = server("--client-up", file("note"), "--client-down", file("note"));
        Random random = new Random(100);
        List<ClassicClient> there = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            if (there.size() < 100 && (there.isEmpty() || random.nextInt(3) > 0)) {
                ClassicClient client = new ClassicClient(west, hub);
                client.join();
                there.add(client);
            } else {
                there.remove(random.nextInt(there.size())).close();
            }
        }
        for (ClassicClient client : there) {
            client.close();
        }
        server.awaitLine("gone", 60);
        Wait.pause(1000);
        server.await("the programs of those who have gone", 60, () -> nobodyIsUp("notes"));
        server.stop();
        Map<String, String> last = new HashMap<>();
        List<String> notes = read("notes");
        assertTrue(notes.size() > 20, server::log);
        for (String note : notes) {
            String[] words = note.split(" ");
            String before = last.put(words[1], words[0]);
            assertEquals(words[0].equals("client-up") ? "client-down" : "client-up",
                    before == null ? "client-down" : before, note);
        }
        assertFalse(last.containsValue("client-up"), last::toString);
    }

    /** Whether the last that was noted of each address is its end. */
    private boolean nobodyIsUp(String name) {
        Map<String, String> last = new HashMap<>();
        try {
            read(name).forEach(note -> last.put(note.substring(note.indexOf(' ') + 1), note));
        } catch (IOException e) {
            return false;
        }
        return last.values().stream().allMatch(note -> note.startsWith("client-down"));
    }

    /** The end is waited for, and not for ever: a script has its seconds, what hangs is killed, the status is 0. */
    @Test
    void ends() {
        script("slow", "sleep 1", "ip -o -4 address show dev \"$INTERFACE\" >\"${0%/*}/$HOOK-$REASON\"");
        Program server = server("--up", file("slow"), "--down", file("slow"));
        server.await("the end of up", 60, () -> Files.exists(lan.file("up-joined")));
        server.stop();
        assertTrue(first(lan.file("down-ended")).contains("10.0.0.1/16"), server::log);
        server();
        Program client = client(east, "--down", script("hangs", "sleep 1000"));
        client.stop();
        assertTrue(client.said("down has not ended after 4 s, and is killed"), client::log);
    }

    /** Whoever wants none of this pays nothing for it: not a class is loaded. */
    @Test
    void costNothing() throws IOException {
        Program server = server();
        Program client = lan.start(east, Image.command(Image.OWN, List.of("-Xlog:class+load:file="
                + file("classes")), "Client", "-s", hub.outer4));
        awaitAddress(client, east);
        client.stop();
        server.stop();
        List<String> loaded = read("classes");
        assertTrue(loaded.stream().anyMatch(line -> line.contains("simplevpn.Client ")));
        assertEquals(List.of(), loaded.stream().filter(line -> line.matches(".*simplevpn\\.(linux\\.)?"
                + "(Hook|Spawner|Launcher|HostsFile).*")).toList());
    }
}
