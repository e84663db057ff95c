package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

class ErrnoTest {
    /** Every error number has the C headers' value, and a text that begins with its own name. */
    @Test
    void namesAndNumbers() throws Exception {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        Map<String, String> names = new LinkedHashMap<>();
        for (Field field : Errno.class.getDeclaredFields()) {
            if (field.getType() == int.class) {
                numbers.put(field.getName(), field.getInt(null));
                names.put(field.getName(), field.getName());
            }
        }
        assertEquals(CProgram.evaluate("#include <errno.h>\n", names), numbers);
        numbers.forEach((name, number) -> {
            String text = Errno.text(number);
            assertTrue(text.matches(name + " \\([A-Z][A-Za-z/ -]+\\)"), text);
        });
    }

    /** A number without a name is still told. */
    @Test
    void unknownNumbers() {
        assertEquals("errno 999", Errno.text(999));
        assertEquals("errno 0", Errno.text(0));
    }

    /** A failed call names itself, its object and the error, and says what to do only when that is known. */
    @Test
    void failures() {
        Failure failure = Errno.failure("TUNSETIFF tun0", -16, "name another one");
        assertEquals("TUNSETIFF tun0: EBUSY (Device or resource busy): name another one", failure.getMessage());
        assertEquals(1, failure.status);
        assertEquals("read x: EIO (Input/output error)", Errno.failure("read x", -5, "").getMessage());
    }

    /** libc's errors arrive as negative numbers: the call that failed is the one whose errno is told. */
    @Test
    void errnoOfCalls() {
        assertEquals(-Errno.EBADF, Libc.close(-1));
        assertEquals(-Errno.ENOENT, Libc.open("/does/not/exist", 0));
        assertEquals(-Errno.ENAMETOOLONG, Libc.open("x".repeat(300), 0));
        assertEquals(-Errno.EAFNOSUPPORT, Libc.socket(9999, Abi.SOCK_STREAM, 0));
        assertEquals(-Errno.EBADF, Libc.close(-1));
    }
}
