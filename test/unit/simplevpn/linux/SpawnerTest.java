package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;

/** Programs that are started, by the kernel itself. */
class SpawnerTest {
    private final Spawner spawner = new Spawner();
    private final Buffer buffer = Buffer.permanent(4096);

    @TempDir
    private Path folder;

    private Launcher.Running shell(String script, String... environment) throws Failure {
        return spawner.launch(new String[] {"/bin/sh", "-c", script}, environment);
    }

    /** All that it writes, to its end. */
    private String output(Launcher.Running process) throws Exception {
        StringBuilder text = new StringBuilder();
        for (int count = process.read(buffer); count != 0; count = process.read(buffer)) {
            if (count < 0) {
                Thread.sleep(5);
            } else {
                byte[] bytes = new byte[count];
                buffer.bytes.get(0, bytes);
                text.append(new String(bytes, StandardCharsets.UTF_8));
            }
        }
        process.closeOutput();
        return text.toString();
    }

    private static int end(Launcher.Running process) throws Exception {
        for (int i = 0; !process.hasEnded(); i++) {
            assertTrue(i < 4000, "it does not end");
            Thread.sleep(5);
        }
        process.close();
        return process.status();
    }

    private String run(String script, String... environment) throws Exception {
        Launcher.Running process = shell(script, environment);
        String text = output(process);
        assertEquals(0, end(process));
        return text;
    }

    /** It has the environment and arguments that it is given, each of them whole, and nothing else. */
    @Test
    void environmentAndArguments() throws Exception {
        assertEquals("A=b c\nB=\u00e4\n", run("exec /usr/bin/env | grep -v ^PWD= | sort", "A=b c", "B=\u00e4"));
        Launcher.Running process = spawner.launch(new String[] {"/usr/bin/printf", "%s|", "a b", "$A", "*"},
                new String[0]);
        assertEquals("a b|$A|*|", output(process));
        assertEquals(0, end(process));
    }

    /** It has no descriptor but the three, whatever this program has open; nothing to read, and one place to write. */
    @Test
    void descriptors() throws Exception {
        int leaking = Libc.open("/dev/null", 0);
        try {
            List<String> all = run("ls -l /proc/self/fd; cat; echo error >&2").lines().toList();
            List<String> open = all.stream().filter(line -> line.contains(" -> "))
                    .map(line -> line.replaceAll(".* (\\d+ -> [a-z/]+).*", "$1")).toList();
            assertEquals(List.of("0 -> /dev/null", "1 -> pipe", "2 -> pipe", "3 -> /proc/"), open);
            assertEquals("error", all.getLast());
        } finally {
            Libc.close(leaking);
        }
    }

    /** It leads a session of its own, and each signal is as it is by default, also those that this program ignores. */
    @Test
    void sessionAndSignals() throws Exception {
        Stderr.ignoreQuit();
        List<String> signals = run("exec cat /proc/self/status").lines()
                .filter(line -> line.matches("Sig(Blk|Ign|Cgt):.*")).toList();
        String[] ids = run("read p c s pp pg se rest </proc/$$/stat; echo $p $pg $se").strip().split(" ");
        assertEquals(ids[0], ids[1]);
        assertEquals(ids[0], ids[2]);
        assertEquals(List.of("SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "SigCgt:\t0000000000000000"),
                signals);
    }

    /** How it ended: by itself, with a status, or by a signal; a descriptor tells when. */
    @Test
    void howItEnds() throws Exception {
        Launcher.Running process = shell("exit 7");
        Epoll poller = new Epoll();
        boolean[] told = new boolean[1];
        assertTrue(process.exit() >= 0, "this kernel has pidfd_open(2)");
        poller.add(process.exit(), Poller.READ, (writable, failed) -> told[0] = true);
        for (int i = 0; i < 1000 && !told[0]; i++) {
            poller.await(20_000_000);
            poller.handle();
        }
        assertTrue(process.hasEnded());
        assertEquals(7, end(process));
        process.closeOutput();
        Launcher.Running killed = shell("kill -TERM $$");
        output(killed);
        assertEquals(-15, end(killed));
    }

    /** What is killed is gone with what it started. */
    @Test
    void killing() throws Exception {
        Launcher.Running process = shell("sleep 1000 & echo $!; wait");
        for (int count = 0; count <= 0; count = process.read(buffer)) {
            Thread.sleep(5);
        }
        byte[] line = new byte[buffer.size];
        buffer.bytes.get(0, line);
        String child = new String(line, StandardCharsets.US_ASCII).lines().findFirst().orElseThrow().strip();
        assertFalse(process.hasEnded());
        process.kill();
        assertEquals(-9, end(process));
        process.closeOutput();
        for (int i = 0; isAlive(child); i++) {
            assertTrue(i < 2000, "the child is still there");
            Thread.sleep(5);
        }
    }

    private static boolean isAlive(String process) {
        try {
            return !Files.readString(Path.of("/proc", process, "stat")).matches("(?s).*\\) [ZX] .*");
        } catch (IOException e) {
            return false;
        }
    }

    /** What cannot be started says why, and leaves no descriptor behind. */
    @Test
    void whatIsNoProgram() throws Exception {
        Path plain = Files.writeString(folder.resolve("plain"), "echo\n");
        assertMessage("/no/such: ENOENT (No such file or directory)", "/no/such");
        assertMessage(folder + ": EACCES (Permission denied): user " + Privileges.uid() + ", as whom this program runs,"
                + " has to be able to execute it: chmod a+x " + folder + ", and the folders above", folder.toString());
        assertTrue(plain.toFile().setExecutable(true));
        long before;
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            before = open.count();
        }
        assertMessage(plain + ": ENOEXEC (Exec format error): a script begins with #!/bin/sh", plain.toString());
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            assertEquals(before, open.count());
        }
    }

    private void assertMessage(String message, String path) {
        assertEquals(message, assertThrows(Failure.class,
                () -> spawner.launch(new String[] {path}, new String[0])).getMessage());
    }
}
