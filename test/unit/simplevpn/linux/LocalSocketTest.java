package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;

/** Sockets at a path: for their owner alone, one program each, and what is left of dead ones is in nobody's way. */
class LocalSocketTest {
    @TempDir
    private Path folder;

    private String path() {
        return folder.resolve("tun0.sock").toString();
    }

    /** It is there for its owner alone, and gone when it is closed. */
    @Test
    void ownersAlone() throws Exception {
        LocalSocket socket = LocalSocket.listen(path());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(path()))));
        assertNull(socket.accept());
        assertEquals(-Errno.EAGAIN, socket.error());
        Files.createFile(folder.resolve("other"));
        assertTrue(Files.getPosixFilePermissions(folder.resolve("other")).size() > 2, "the mask is as it was");
        socket.close();
        assertFalse(Files.exists(Path.of(path())));
    }

    /** One that somebody answers at is left to him; one that nobody does is replaced. */
    @Test
    void oneProgram() throws Failure {
        LocalSocket first = LocalSocket.listen(path());
        assertNull(LocalSocket.listen(path()));
        // As the kernel does for a program that is killed.
        Libc.close(first.fd());
        LocalSocket second = LocalSocket.listen(path());
        assertNotNull(second);
        second.close();
    }

    /** Whoever keeps the folder's lock keeps nobody from starting: there is no socket then, which is told. */
    @Test
    void lockedFolder() throws Failure {
        FolderLock lock = new FolderLock(path(), true);
        Failure failure = assertThrows(Failure.class, () -> LocalSocket.listen(path()));
        assertTrue(failure.getMessage().contains("flock"), failure.getMessage());
        lock.close();
        LocalSocket.listen(path()).close();
    }

    /** What a killed program left goes, also by who does not listen there; a socket that answers stays. */
    @Test
    void cleared() throws Failure {
        LocalSocket socket = LocalSocket.listen(path());
        LocalSocket.clear(path());
        assertTrue(Files.exists(Path.of(path())));
        Libc.close(socket.fd());
        LocalSocket.clear(path());
        assertFalse(Files.exists(Path.of(path())));
        LocalSocket.clear(path());
    }

    /** What is asked comes in and what is answered goes out, however long; nobody there is told as that. */
    @Test
    void asked() throws Exception {
        assertNull(LocalSocket.ask(path(), "x\n", 10));
        LocalSocket socket = LocalSocket.listen(path());
        String long1 = "0123456789".repeat(50_000);
        String[] question = new String[1];
        Thread answering = Thread.ofPlatform().start(() -> {
            Stream stream = null;
            while (stream == null) {
                stream = socket.accept();
            }
            Buffer buffer = Buffer.permanent(long1.length());
            int length = 0;
            while (length == 0) {
                length = stream.read(buffer, 0, buffer.size);
            }
            byte[] bytes = new byte[length];
            buffer.bytes.get(0, bytes);
            question[0] = new String(bytes, StandardCharsets.UTF_8);
            buffer.bytes.put(0, long1.getBytes(StandardCharsets.UTF_8));
            for (int at = 0; at < long1.length();) {
                at += stream.write(buffer, at, long1.length() - at);
            }
            stream.close();
        });
        assertEquals(long1, new String(LocalSocket.ask(path(), "how?\n", 10_000), StandardCharsets.UTF_8));
        answering.join();
        assertEquals("how?\n", question[0]);
        Failure silent = assertThrows(Failure.class, () -> LocalSocket.ask(path(), "x\n", 10));
        assertTrue(silent.getMessage().contains("does not answer"), silent.getMessage());
        socket.close();
    }

    /** A folder that is not there, and a path that is too long, are told. */
    @Test
    void impossible() {
        assertThrows(Failure.class, () -> LocalSocket.listen(folder + "/none/tun0.sock"));
        assertThrows(Failure.class, () -> LocalSocket.listen(folder + "/" + "x".repeat(100)));
        assertNull(LocalSocket.name("tun0"));
        assertNull(LocalSocket.name("/" + "x".repeat(108)));
        assertNotNull(LocalSocket.name("/" + "x".repeat(106)));
    }

    /** The names in a folder are all found, however many there are, and no others. */
    @Test
    void names() throws Exception {
        assertEquals(List.of(), Folder.names(folder + "/none", ".sock"));
        TreeSet<String> expected = new TreeSet<>();
        for (int i = 0; i < 1500; i++) {
            String name = "interface" + i;
            Files.createFile(folder.resolve(name + ".sock"));
            expected.add(name);
        }
        Files.createFile(folder.resolve("token"));
        Files.createFile(folder.resolve(".sock"));
        List<String> found = Folder.names(folder.toString(), ".sock");
        assertEquals(expected.size(), found.size());
        assertEquals(expected, new TreeSet<>(found));
        Failure file = assertThrows(Failure.class, () -> Folder.names(folder + "/token", ".sock"));
        assertTrue(file.getMessage().contains("ENOTDIR"), file.getMessage());
    }
}
