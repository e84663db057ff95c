package simplevpn;

/** What to do about what {@code cli --check} finds: the words of a failure in, a remedy out. */
final class CheckAdvice {
    static final String ROUTE = "is the line up, and is there a route? (ip route)";
    static final String PORTAL = "a portal or proxy answers in its place: log in there with a browser, or ask its"
            + " owner";
    static final String SILENT = "something on the way holds it back: try another port on both sides, such as"
            + " --port 443";
    static final String SLOW = "the line is slow or loses much: try again, and look at it without the tunnel";
    static final String INTERCEPTED = "somebody on the way decrypts, or the server's key is another one: compare with"
            + " srv --pin FILE there";
    static final String DIFFERENT = "another program is at this port: check -s and --port";
    static final String OTHER_NETWORK = "give the server another network with srv --network";
    static final String JOIN = "this device has not joined yet: start cli without --check, which uses the invitation";
    static final String LARGE = "a router on the way drops what is large: --mss 1220 here";
    static final String NO_CLIENTS = "with srv --between-clients kernel: sysctl -w net.ipv4.ip_forward=1 there, and see"
            + " its firewall (nft list ruleset)";
    static final String PROHIBITED = "leave srv --between-clients no out if clients shall meet, or see the firewall"
            + " there";
    static final String NO_FORWARDING = "on the machine that leads there: sysctl -w net.ipv4.ip_forward=1, and see its"
            + " firewall (nft list ruleset)";
    static final String NOT_THERE = "is the client connected that it is behind, and has the server a route?";

    private CheckAdvice() {
    }

    /** About a name. */
    static String name(String why) {
        return why.contains("not answer") ? "see /etc/resolv.conf, or give the server's address in place of its name"
                : "check the spelling of -s, or give the server's address";
    }

    /** About a connection. */
    static String tcp(String why) {
        if (why.contains("ECONNREFUSED")) {
            return "nobody listens there: does srv run, and is the port right?";
        }
        if (why.contains("UNREACH") || why.contains("ENETDOWN")) {
            return "is the server's machine on, and the line behind the next router up?";
        }
        return "the machine is off, or a firewall drops it: try another port, such as --port 443";
    }

    /** About a proxy that was reached. */
    static String proxy(String why) {
        if (why.contains("a portal that")) {
            return PORTAL;
        }
        if (why.contains("does not speak")) {
            return "another program is there: check --proxy";
        }
        if (why.contains("a login") || why.contains("password")) {
            return "--proxy http://USER@HOST:PORT and --proxy-password FILE, as the proxy's owner says";
        }
        return why.contains("not allow") ? "let the server have port 443 (srv --port 443), or ask the proxy's owner"
                : "check -s: the proxy does not get there; its owner can say why";
    }

    /** About a handshake. */
    static String tls(String why) {
        if (why.contains("does it have a key")) {
            return "start srv with --key, or cli without; or see whether something on the way closes TLS";
        }
        if (why.contains("does not speak")) {
            return DIFFERENT;
        }
        return "another TLS server is at this port, or something on the way takes part: check -s, --port and"
                + " --server-name";
    }

    /** Whether a refusal is one of the key: the server's words (simplevpn.Gate). */
    static boolean isAboutKey(String refusal) {
        return refusal.startsWith("this server does not know key") || refusal.contains("with a key alone");
    }

    /** About a refusal. */
    static String refusal(String why) {
        if (why.contains("with a key alone")) {
            return "make a key (cli --keygen FILE), add its pin to the server's peers, and use --key and --server-pin";
        }
        if (isAboutKey(why)) {
            return "add a line to the server's peers: PIN NAME";
        }
        if (why.contains("full") || why.contains("belong to somebody") || why.contains("max-per-source")) {
            return "the server's owner can raise that limit";
        }
        return "leave -a out, or ask for another address"
                + (why.contains("taken") ? ": a client that runs has it" : "");
    }

    /** About a connection that ends. */
    static String closed(boolean atOnce) {
        return atOnce ? "a server of 2013 refuses so: leave -a out; one with keys wants --key; or another program is"
                + " there" : "the server ended, or something on the way closes connections: see the server's log";
    }
}
