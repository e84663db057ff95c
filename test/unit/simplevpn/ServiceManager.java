package simplevpn;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Libc;

/** The receiving end of sd_notify(3), as a service manager has it: a unix datagram socket, and what came there. */
public final class ServiceManager implements AutoCloseable {
    private static final int MOST = 4096;

    private final int fd;
    private final Buffer text = Buffer.permanent(MOST);
    private final List<String> messages = new ArrayList<>();

    /** @param name a path that does not exist yet, or an abstract name that begins with {@code @} */
    public ServiceManager(String name) {
        byte[] path = name.getBytes(StandardCharsets.UTF_8);
        Buffer address = Buffer.permanent(Abi.SUN_PATH + path.length);
        address.nativeOrder.putShort(Abi.SUN_FAMILY, (short) Abi.AF_UNIX);
        address.bytes.put(Abi.SUN_PATH, path);
        if (path[0] == '@') {
            address.bytes.put(Abi.SUN_PATH, (byte) 0);
        }
        fd = Libc.socket(Abi.AF_UNIX, Abi.SOCK_DGRAM | Abi.SOCK_NONBLOCK | Abi.SOCK_CLOEXEC, 0);
        int result = Libc.bind(fd, address, address.size);
        if (fd < 0 || result < 0) {
            throw new AssertionError("a unix socket at " + name + ": " + fd + ", " + result);
        }
    }

    /** All messages so far. */
    public List<String> messages() {
        for (int length = Libc.read(fd, text, 0, MOST); length > 0; length = Libc.read(fd, text, 0, MOST)) {
            byte[] message = new byte[length];
            text.bytes.get(0, message);
            messages.add(new String(message, StandardCharsets.UTF_8));
        }
        return List.copyOf(messages);
    }

    /** All messages since this was last asked. */
    public List<String> news() {
        int before = messages.size();
        return messages().subList(before, messages.size());
    }

    @Override
    public void close() {
        Libc.close(fd);
    }
}
