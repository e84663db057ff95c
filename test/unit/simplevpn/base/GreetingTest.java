package simplevpn.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Protects who reads what met a client in place of its server: words if they are words, and nothing else. */
class GreetingTest {
    private static String of(String text) {
        byte[] bytes = ("xx" + text).getBytes(StandardCharsets.ISO_8859_1);
        return Greeting.of(ByteBuffer.wrap(bytes), 2, bytes.length);
    }

    /** The first line of a text, cut. */
    @Test
    void firstLine() {
        assertEquals("SSH-2.0-OpenSSH_9.2", of("SSH-2.0-OpenSSH_9.2\r\n"));
        assertEquals("220 mail ESMTP", of("220 mail ESMTP\n250 more"));
        assertEquals("a".repeat(60), of("a".repeat(5000)));
    }

    /** An answer of HTTP says where it leads to. */
    @Test
    void redirects() {
        assertEquals("HTTP/1.1 302 Found to http://portal.example/?a=1",
                of("HTTP/1.1 302 Found\r\nServer: x\r\nLocation:  http://portal.example/?a=1\r\n\r\n"));
        assertEquals("HTTP/1.0 400 Bad Request", of("HTTP/1.0 400 Bad Request\r\nServer: x\r\n\r\n"));
        assertEquals("HTTP/1.1 302 Found to http://x", of("HTTP/1.1 302 Found\nLOCATION:http://x"));
    }

    /** What is no text is not shown. */
    @Test
    void noText() {
        assertNull(of(""));
        assertNull(of("\r\nHTTP/1.1"));
        assertNull(of("ab"));
        assertNull(of("\u0016\u0003\u0001xyz"));
        assertNull(of("caf\u00e9"));
    }
}
