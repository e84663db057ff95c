package simplevpn;

import simplevpn.base.Failure;
import simplevpn.linux.Abi;
import simplevpn.linux.Privileges;
import simplevpn.linux.Tcp;
import simplevpn.linux.Tun;
import simplevpn.linux.User;

/** What the user wants of either program: the common options, checked. */
class Settings {
    /** Seconds without a sign of life after which a peer is dead unless told otherwise. */
    static final int TIMEOUT = 60;
    static final int MIN_TIMEOUT = 2;

    private static final int PORT = 2002;
    private static final int MIN_MTU = 576;
    private static final int MAX_MTU = 65535;

    /** TCP port, 1 to 65535. */
    final int port;
    /** MTU in bytes; 0 when the user did not say. */
    final int mtu;
    /** The most bytes of a segment of the TCP connection; 0 for what the line has. */
    final int mss;
    /** Seconds without a sign of life after which a peer is dead, 2 to 65535; 0 when the user did not say. */
    final int timeout;
    /** Whether peers are offered offload framing. */
    final boolean offload;
    /** Who root becomes when everything is set up; {@code null} when somebody else started this program. */
    final User user;
    /** The words of the programs to start when this one is connected or listens, and when not any more, or null. */
    final String[] up;
    final String[] down;
    private final Options options;

    /** Reads the common options but those of {@link #interfaceName} and {@link #congestion}. */
    Settings(Options options) throws Failure {
        this.options = options;
        port = options.number("port", 1, 65535, PORT);
        mtu = options.number("mtu", MIN_MTU, MAX_MTU, 0);
        mss = options.number("mss", 88, 32767, 0);
        timeout = options.number("timeout", MIN_TIMEOUT, 65535, 0);
        offload = !options.given("no-offload");
        user = user();
        up = hook("up");
        down = hook("down");
    }

    /** The words of a program to start, or {@code null}: no shell sees them. */
    final String[] hook(String name) throws Failure {
        if (!options.given(name)) {
            return null;
        }
        String[] words = Peers.words(options.text(name)).toArray(new String[0]);
        if (words.length == 0 || words[0].indexOf('/') < 0) {
            throw options.bad(name, "must be the path of a program, and perhaps arguments, with blanks between");
        }
        return words;
    }

    /** Seconds without a sign of life after which a peer is dead, where the user did not say: others. */
    final int timeoutOr(int otherwise) {
        return timeout != 0 ? timeout : otherwise;
    }

    /** Whether any program is to be started. */
    boolean hasHooks() {
        return up != null || down != null;
    }

    private User user() throws Failure {
        String name = options.text("user");
        long own = Privileges.uid();
        if (name == null) {
            return own == 0 ? User.usual() : null;
        }
        User user = User.named(name);
        if (user == null) {
            throw options.bad("user", "neither a user in /etc/passwd, nor UID or UID:GID");
        }
        if (own != 0 && user.uid != own) {
            throw options.bad("user", "only root can become another user; leave it out");
        }
        return own == 0 ? user : null;
    }

    /** Adds the options that both programs have. */
    static Options common(Options options) {
        return options
                .add('p', "port", "PORT", "TCP port (default 2002)")
                .add('i', "interface", "NAME", "name of the TUN interface (default: the kernel's choice, tun0)")
                .add('m', "mtu", "BYTES", "MTU of the interface, 576 to 65535 (default 1500, or the server's)")
                .add('t', "timeout", "SECONDS", "a peer that is silent for so long is dead (default 60)")
                .add((char) 0, "keygen", "FILE", "make a new key in FILE, and print its pin")
                .add((char) 0, "pin", "FILE", "print the pin of the key in FILE")
                .add((char) 0, "mss", "BYTES", "of a segment of the TCP connection at most, 88 to 32767")
                .add((char) 0, "congestion", "NAME", "of the TCP connection (default auto: cubic, bbr on a lossy line)")
                .add((char) 0, "no-offload", null, "carry single finished packets only, no super-packets")
                .add((char) 0, "user", "NAME", "whom root becomes after set-up (default simplevpn or nobody)")
                .add((char) 0, "up", "COMMAND", "start it when the tunnel is up (a path and arguments, no shell)")
                .add((char) 0, "down", "COMMAND", "start it when the tunnel is not up any more")
                .add((char) 0, "status", "[INTERFACE]", "tell how the one that runs is, or all that run").alone()
                .add((char) 0, "json", null, "--status, --check: as JSON")
                .add((char) 0, "prometheus", null, "--status: as metrics, in the text format of Prometheus")
                .add((char) 0, "watch", null, "--status: anew each second, with rates, until Ctrl-C")
                .add('v', "verbose", null, "also tell about single packets")
                .add('q', "quiet", null, "tell nothing but what ends the program")
                .add((char) 0, "config", "FILE", "read options from FILE: their long names, one per line")
                .add((char) 0, "version", null, "print the version and the Java runtime")
                .add('h', "help", null, "print this")
                .add('u', "udp", null, null);
    }

    /** The name that the TUN interface shall have. */
    final String interfaceName() throws Failure {
        String name = interfaceName("interface");
        return name == null ? Tun.ANY_NAME : name;
    }

    /**
     * An interface name that the kernel can accept: 1 to 15 bytes, no slash, colon or space (linux/net/core/dev.c).
     *
     * @return {@code null} when the option was not given
     */
    final String interfaceName(String option) throws Failure {
        String name = options.text(option);
        if (name == null) {
            return null;
        }
        boolean good = !name.isEmpty() && name.length() < Abi.IFNAMSIZ && !name.equals(".") && !name.equals("..");
        for (int i = 0; good && i < name.length(); i++) {
            char c = name.charAt(i);
            good = c > ' ' && c < 127 && c != '/' && c != ':';
        }
        if (!good) {
            throw options.bad(option,
                    "an interface name has 1 to 15 characters, without spaces, slashes and colons");
        }
        return name;
    }

    /** The congestion control that all connections shall have, or {@code null} for one that fits the line. */
    final String congestion() throws Failure {
        String name = options.text("congestion");
        if (name == null || name.equals("auto")) {
            return null;
        }
        if (!Tcp.hasCongestion(name)) {
            throw options.bad("congestion", "this kernel has no such congestion control, or does not allow it;"
                    + " /proc/sys/net/ipv4/tcp_available_congestion_control lists what it has");
        }
        return name;
    }
}
