package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Users by name and number: what /etc/passwd may have in it, and what it may not make of a user. */
class UserTest {
    private static final String PASSWD = """
            root:x:0:0:root:/root:/bin/sh
            # a comment: of: some: systems
            +::::::
            short:x:7
            nouid:x::8::/:
            nogid:x:8::8:/:
            letters:x:1a:8::/:
            minus:x:-1:8::/:
            unchanged:x:4294967295:8::/:
            group:x:8:4294967295::/:
            long:x:00000000000000000000009:9::/:
            :x:5:5:no name:/:

            bin:x:10:20::/:
            bin:x:11:21:the second of a name:/:
            nobody:*:65534:65533:nobody:/nonexistent:/usr/sbin/nologin
            last:x:4294967294:4294967294""";

    private static String find(String passwd, String word) {
        User user = User.find(passwd, word);
        return user == null ? "none" : user.name + " " + user.uid + " " + user.gid;
    }

    /** Names, numbers with the group that the file has for them, and numbers alone are users. */
    @ParameterizedTest
    @CsvSource({"root, root 0 0", "bin, bin 10 20", "nobody, nobody 65534 65533", "long, long 9 9", "0, root 0 0",
        "10, bin 10 20", "11, bin 11 21", "1000, 1000 1000 1000", "1000:50, 1000:50 1000 50", "0:7, 0:7 0 7",
        "65534:0, 65534:0 65534 0", "4294967294, 4294967294 4294967294 4294967294"})
    void users(String word, String user) {
        assertEquals(user, find(PASSWD, word));
    }

    /** Nobody becomes a user of a damaged line, and least of all the one that changes nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"", "+", "#", "short", "nouid", "nogid", "letters", "minus", "unchanged", "group", "last",
        "nob", "nobodyx", "Root", "4294967295", "4294967296", "18446744073709551616", "-1", "1:", ":1", "1:2:3",
        "1:4294967295", "root:0", "0x0", " 0", "1 "})
    void noUsers(String word) {
        assertEquals("none", find(PASSWD, word));
    }

    /** A file without lines has no names. */
    @Test
    void empty() {
        assertNull(User.find("", "nobody"));
        assertNull(User.find("\n\n::\n", "nobody"));
        assertEquals("7 7 7", find("", "7"));
    }
}
