package simplevpn;

import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Names;
import simplevpn.linux.Stream;
import simplevpn.protocol.Answer;

/**
 * What a hook is told: variables of its environment, and nothing else but a PATH. A value of the other end's that has
 * other characters than addresses, names and lists of them have is left out: scripts are not always careful.
 */
final class HookEnvironment {
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final int MOST = 16;
    /** Beside letters and digits. */
    private static final String OTHERS = " .:/-+=_";

    private final String[] all = new String[MOST];
    private int count;

    /** With a path. */
    HookEnvironment() {
        String path = System.getenv("PATH");
        all[count++] = "PATH=" + (path == null || path.isEmpty() ? PATH : path);
    }

    /** What a client that is connected tells. */
    static HookEnvironment of(Answer answer, String device, int mtu) {
        return new HookEnvironment().putInterface(device).put("ADDRESS", answer.address)
                .put("LENGTH", answer.length).put("SERVER", answer.server)
                .putIpv6(answer.address6, answer.length6, answer.server6).put("MTU", mtu)
                .put("NAME", proper(answer.name)).put("DNS", list(answer.nameServers))
                .put("DOMAIN", proper(answer.domain));
    }

    private static String proper(String name) {
        return name != null && Names.isProper(name, Names.MAX_DOMAIN) ? name : null;
    }

    /** Adds the tunnel's interface, whose name is the word of whoever runs this program. */
    HookEnvironment putInterface(String name) {
        all[count++] = "INTERFACE=" + name;
        return this;
    }

    /** Adds a variable; {@code null} is none. */
    HookEnvironment put(String name, String value) {
        if (value != null && isSafe(value)) {
            all[count++] = name + "=" + value;
        }
        return this;
    }

    /** The same with numbers. */
    HookEnvironment put(String name, int value) {
        return put(name, String.valueOf(value));
    }

    /** The same with addresses. */
    HookEnvironment put(String name, Address address) {
        return put(name, address == null ? null : address.toString());
    }

    /** Adds what there is beside IPv4; an address of {@code null} is none. */
    HookEnvironment putIpv6(Address address, int length, Address server) {
        return address == null ? this : put("ADDRESS6", address).put("LENGTH6", length).put("SERVER6", server);
    }

    /** Adds where the other end of a connection is, and its key. */
    HookEnvironment putOther(Stream stream) {
        String endpoint = stream.peer().toString();
        String address = endpoint.substring(0, endpoint.lastIndexOf(':'));
        put("REMOTE", address.startsWith("[") ? address.substring(1, address.length() - 1) : address);
        return put("PIN", stream.pin());
    }

    /** What one hook is told. */
    String[] with(String hook, String reason) {
        String[] whole = Arrays.copyOf(all, count + 2);
        whole[count] = "HOOK=" + hook;
        whole[count + 1] = "REASON=" + reason;
        return whole;
    }

    /** Nothing in it means anything to a shell, and no command takes it for an option. */
    static boolean isSafe(String value) {
        char before = ' ';
        boolean safe = !value.isEmpty();
        for (int i = 0; safe && i < value.length(); i++) {
            char c = value.charAt(i);
            safe = Names.isLetterOrDigit(c) || (OTHERS.indexOf(c) >= 0 && (c != '-' || before != ' '));
            before = c;
        }
        return safe;
    }

    /** Addresses with blanks between them; {@code null} for none. */
    static String list(Address[] addresses) {
        StringBuilder text = new StringBuilder();
        for (Address address : addresses) {
            text.append(text.length() == 0 ? "" : " ").append(address);
        }
        return text.length() == 0 ? null : text.toString();
    }
}
