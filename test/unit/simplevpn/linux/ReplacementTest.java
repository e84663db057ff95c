package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;

/** A file that this program changes is never half of one, and stays what its owner made it. */
class ReplacementTest {
    @TempDir
    private Path folder;

    private static String mode(Path file) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    /**
     * Until it is committed nothing is seen of a text; then all, with the mode of before, and no trace of the way
     * there.
     */
    @Test
    void takesThePlace() throws Exception {
        Path file = Files.writeString(folder.resolve("a"), "old");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r-x"));
        Files.writeString(folder.resolve("a.new"), "left by a loss of power, and longer than what comes");
        Replacement replacement = new Replacement(file.toString(), "n\u00e4u");
        assertEquals("old", Files.readString(file));
        replacement.commit();
        assertEquals("n\u00e4u", Files.readString(file));
        assertEquals("rw-r--r-x", mode(file));
        assertFalse(Files.exists(folder.resolve("a.new")));
        new Replacement(file.toString(), "").commit();
        assertEquals(0, Files.size(file));
        new Replacement(file.toString(), "x").undo();
        assertEquals(0, Files.size(file));
        assertFalse(Files.exists(folder.resolve("a.new")));
    }

    /** A new file is for its owner alone. */
    @Test
    void newFile() throws Exception {
        Path file = folder.resolve("b");
        new Replacement(file.toString(), "x").commit();
        assertEquals("rw-------", mode(file));
    }

    /** Where a symbolic link leads, however it says so, there the file is replaced, and the link stays one. */
    @Test
    void links() throws Exception {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Path file = Files.writeString(inner.resolve("a"), "old");
        Path absolute = Files.createSymbolicLink(folder.resolve("absolute"), file);
        Path relative = Files.createSymbolicLink(folder.resolve("relative"), Path.of("inner/../absolute"));
        new Replacement(relative.toString(), "new").commit();
        assertEquals("new", Files.readString(file));
        assertTrue(Files.isSymbolicLink(absolute) && Files.isSymbolicLink(relative));
    }

    /** A failure names the file and what is in the way, and leaves the old text. */
    @Test
    void failures() throws Exception {
        Path file = Files.writeString(folder.resolve("a"), "old");
        Files.createDirectories(folder.resolve("a.new"));
        assertEquals("write " + file + ".new: EEXIST (File exists)",
                assertThrows(Failure.class, () -> new Replacement(file.toString(), "x")).getMessage());
        assertEquals("old", Files.readString(file));
        assertEquals("write /proc/no/file.new: ENOENT (No such file or directory)",
                assertThrows(Failure.class, () -> new Replacement("/proc/no/file", "x")).getMessage());
    }

    /** What is no file is not replaced by one: a device would be gone until the machine starts anew. */
    @Test
    void noFiles() {
        for (String path : new String[] {"/dev/null", folder.toString()}) {
            assertEquals(path + ": no file, but a folder, a pipe or a device",
                    assertThrows(Failure.class, () -> new Replacement(path, "x")).getMessage());
        }
    }
}
