package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;
import simplevpn.linux.Abi;
import simplevpn.linux.Errno;
import simplevpn.linux.Libc;

/** What makes a client that is started again the one that it was. */
class TokenFileTest {
    @TempDir
    private Path folder;

    private long token() throws Failure {
        return TokenFile.token(folder.toString(), null);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("token"), text);
    }

    /** A token that is there is used; it is held by one client at a time, and another draws one for itself. */
    @Test
    void oneClientAtATime() throws Exception {
        file("0123456789ab");
        assertEquals(0x0123456789abL, token());
        // The descriptor of before is still open, as that of a running client is.
        assertNotEquals(0x0123456789abL, token());
        assertEquals("0123456789ab", Files.readString(folder.resolve("token")));
    }

    /** One that is drawn is written down, for the owner's eyes only, and is what the next run finds. */
    @Test
    void drawn() throws Exception {
        long token = token();
        Path file = folder.resolve("token");
        assertEquals(token, Long.parseLong(Files.readString(file), 16));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        int fd = Libc.open(file.toString(), Abi.O_RDWR);
        assertTrue(fd >= 0);
        assertEquals(-Errno.EAGAIN, Libc.flock(fd, Abi.LOCK_EX | Abi.LOCK_NB), "it is locked");
        Libc.close(fd);
    }

    /** A file of something else, as a full disk leaves it, is overwritten. */
    @Test
    void damaged() throws Exception {
        for (String text : new String[] {"", "0123456789a", "0123456789ag", "000000000000"}) {
            Files.deleteIfExists(folder.resolve("token"));
            file(text);
            long token = token();
            assertEquals(token, Long.parseLong(Files.readString(folder.resolve("token")), 16), text);
        }
    }

    /** Where there is no place for it, a token is drawn all the same. */
    @Test
    void noPlace() throws Exception {
        String nowhere = folder.resolve("nowhere").toString();
        assertNotEquals(TokenFile.token(nowhere, null), TokenFile.token(nowhere, null));
    }
}
