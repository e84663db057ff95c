package simplevpn.linux;

import java.util.Locale;
import simplevpn.base.Failure;

/** What this host is connected to already (proc_pid_net(5)), and which interfaces somebody uses. */
public final class Connections {
    /** More than the lists have on machines with a client. */
    private static final int MOST = 1 << 20;
    private static final String ESTABLISHED = " 01 ";

    private Connections() {
    }

    /** Whether a connection from this host to an endpoint stands, or there are so many that nobody can tell. */
    public static boolean has(Endpoint to) throws Failure {
        boolean ipv4 = to.family == Abi.AF_INET;
        String path = ipv4 ? "/proc/self/net/tcp" : "/proc/self/net/tcp6";
        String list = TextFile.exists(path) ? TextFile.read(path, MOST) : "";
        return list == null || list.contains(entry(to, ipv4) + ESTABLISHED);
    }

    /** An endpoint as the list has it: words as this machine orders their bytes, and a port. */
    private static String entry(Endpoint of, boolean ipv4) {
        Buffer copy = Buffer.temporary(of.address.length);
        copy.bytes.put(0, of.address);
        int from = ipv4 ? Abi.SIN_ADDR : Abi.SIN6_ADDR;
        StringBuilder text = new StringBuilder(" ");
        for (int at = from; at < from + (ipv4 ? 1 : 4) * Integer.BYTES; at += Integer.BYTES) {
            hex(text, copy.nativeOrder.getInt(at), 2 * Integer.BYTES);
        }
        hex(text.append(':'), copy.bytes.getShort(Abi.SIN_PORT) & 0xffff, 2 * Short.BYTES);
        copy.free();
        return text.toString();
    }

    private static void hex(StringBuilder text, int number, int digits) {
        String hex = Integer.toHexString(number).toUpperCase(Locale.ROOT);
        for (int i = hex.length(); i < digits; i++) {
            text.append('0');
        }
        text.append(hex);
    }

    /** Whether a program is attached to a TUN interface of that name, which is up. */
    public static boolean isUsed(String name) {
        try {
            // Reading it is an error (EINVAL) while the interface is down.
            return "1\n".equals(TextFile.read("/sys/class/net/" + name + "/carrier", 16));
        } catch (Failure e) {
            return false;
        }
    }
}
