package simplevpn.linux;

import java.nio.charset.StandardCharsets;

/** This machine's own name (gethostname(2)). */
public final class HostName {
    /** More bytes than it has (HOST_NAME_MAX, limits.h). */
    private static final int MOST = 256;

    private HostName() {
    }

    /** The name, whatever letters it has. */
    public static String own() {
        Buffer text = Buffer.temporary(MOST);
        Libc.once("gethostname", text.address, MOST - 1, 0, 0);
        byte[] bytes = new byte[MOST];
        text.bytes.get(0, bytes);
        text.free();
        int length = 0;
        while (bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
