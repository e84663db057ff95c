package simplevpn;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.base.Names;
import simplevpn.linux.HostName;
import simplevpn.linux.Replacement;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Timer;

/**
 * Which client has which name, in a file that name servers read (hosts(5)): a line for each client that is connected,
 * {@code ADDRESS NAME.DOMAIN NAME}, and another for its IPv6 address if it has one. What the server's owner calls a
 * client counts first. The name that a client without one says that it has is its own words: only its first part is
 * taken, once, and none that means something elsewhere.
 */
final class HostsFile {
    /** Nanoseconds from one writing to the next, however many clients come and go. */
    private static final long INTERVAL = 1_000_000_000L;
    /** Bytes that the file may have. */
    private static final int MOST = 1 << 20;
    /** What no client may call itself: programs look for these names, and believe who has them. */
    private static final Set<String> TAKEN = Set.of("localhost", "localhost6", "ip6-localhost",
            "ip6-loopback", "wpad", "isatap", "broadcasthost");

    private final Loop loop;
    private final String path;
    private String domain;
    private final Address own;
    private final Address own6;
    private final String ownName;
    private final Gate gate;
    /** By address, those who came first in front. */
    private final LinkedHashMap<Address, Named> clients = new LinkedHashMap<>();
    private long next;
    private boolean told;

    private final Timer write = new Timer() {
        @Override
        protected void expired(long now) {
            write();
        }
    };

    /**
     * A name, and whose word it is.
     *
     * @param ipv6 the client's other address, or {@code null}
     * @param name in letters that need no care; {@code null} while there is none
     * @param known whether the server's owner gave it
     */
    private record Named(Address ipv6, String name, boolean known) {
    }

    /**
     * Writes the file anew, without any client.
     *
     * @param domain of the names, or {@code null}
     * @param own this host's address on the VPN
     * @param own6 its IPv6 address there, or {@code null}
     * @param gate knows the names that are somebody's, connected or not
     */
    HostsFile(Loop loop, String path, String domain, Address own, Address own6, Gate gate) throws Failure {
        this.loop = loop;
        this.path = path;
        this.domain = domain;
        this.own = own;
        this.own6 = own6;
        this.gate = gate;
        ownName = firstPart(HostName.own());
        new Replacement(path, text(), true).commit();
        next = loop.now() + INTERVAL;
    }

    /**
     * A client has an address.
     *
     * @param ipv6 its IPv6 address, or {@code null}
     * @param name if the server's owner gave it one, or else {@code null}
     */
    void came(Address address, Address ipv6, String name) {
        clients.put(address, new Named(ipv6, name, name != null));
        change();
    }

    /** A client without a name says that this is its own. */
    void named(Address address, String name) {
        Named before = clients.get(address);
        String part = firstPart(name);
        if (before != null && !before.known && part != null && !part.equals(before.name)) {
            clients.put(address, new Named(before.ipv6, part, false));
            change();
        }
    }

    /** The names are in this domain from now on, or, when {@code null}, in none. */
    void setDomain(String name) {
        if (!Objects.equals(name, domain)) {
            domain = name;
            change();
        }
    }

    /** A client is gone. */
    void went(Address address) {
        if (clients.remove(address) != null) {
            change();
        }
    }

    /** The server ends: nobody is there any more. */
    void end() {
        clients.clear();
        loop.timers.cancel(write);
        write();
    }

    private void change() {
        if (!write.isSet()) {
            loop.timers.set(write, Math.max(next, loop.now()));
        }
    }

    private void write() {
        next = loop.now() + INTERVAL;
        try {
            new Replacement(path, text(), true).commit();
            told = false;
        } catch (Failure e) {
            // Once: a full disk stays one for a while. Another change tries again.
            if (!told) {
                told = true;
                Log.event(e.getMessage() + "; name servers see the names of before");
            }
        }
    }

    private String text() {
        StringBuilder text = new StringBuilder("# Written by simplevpn's srv: who is connected.\n");
        Set<String> used = new HashSet<>();
        lines(text, true, used);
        gate.addNames(used);
        if (ownName != null && used.add(ownName)) {
            lines(text, own, own6, ownName);
        }
        lines(text, false, used);
        return text.toString();
    }

    private void lines(StringBuilder text, boolean known, Set<String> used) {
        for (Map.Entry<Address, Named> client : clients.entrySet()) {
            Named named = client.getValue();
            if (named.name != null && named.known == known && text.length() < MOST
                    && used.add(named.name.toLowerCase(Locale.ROOT))) {
                lines(text, client.getKey(), named.ipv6, named.name);
            }
        }
    }

    private void lines(StringBuilder text, Address address, Address ipv6, String name) {
        line(text, address, name);
        if (ipv6 != null) {
            line(text, ipv6, name);
        }
    }

    /** The long name is the first, which is the one that an address stands for. */
    private void line(StringBuilder text, Address address, String name) {
        text.append(address).append(' ');
        if (domain != null) {
            text.append(name).append('.').append(domain).append(' ');
        }
        text.append(name).append('\n');
    }

    /** A name up to its first dot, in small letters; {@code null} for one that is none. */
    static String firstPart(String name) {
        int dot = name.indexOf('.');
        String part = (dot < 0 ? name : name.substring(0, dot)).toLowerCase(Locale.ROOT);
        boolean digits = true;
        for (int i = 0; i < part.length(); i++) {
            digits &= part.charAt(i) >= '0' && part.charAt(i) <= '9';
        }
        // A number alone would be an address to some programs (inet_aton(3)).
        boolean number = digits || part.startsWith("0x");
        return number || !Names.isProper(part, Names.MAX_NAME) || TAKEN.contains(part) ? null : part;
    }
}
