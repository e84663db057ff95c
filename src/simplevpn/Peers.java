package simplevpn;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Names;
import simplevpn.base.Network;
import simplevpn.linux.TextFile;
import simplevpn.protocol.Site;
import simplevpn.tls.Pin;

/**
 * The clients that a server knows: a text of lines {@code PIN NAME [ADDRESS] [net=NETWORK]...}, with comments behind
 * {@code #}. A name may have two pins, while its key is being changed for another.
 */
final class Peers {
    static final int MAX_FILE = 1 << 20;
    /** Letters of a word in a message. */
    private static final int MAX_SHOWN = 80;
    private static final int MAX_NAME = Names.MAX_NAME;
    /** What a word begins with that is a network behind the client. */
    private static final String NET = "net=";
    /** What a name is. */
    static final String NAMES = "a name has letters, digits, dashes and dots, " + MAX_NAME + " at most";

    private final HashMap<String, Known> byPin = new HashMap<>();
    private final HashMap<String, Known> byName = new HashMap<>();
    private final HashMap<String, Known> byAddress = new HashMap<>();
    /** All networks behind clients, sorted; {@code null} for none. */
    Site[] sites;

    /** A client that the server knows. */
    static final class Known {
        final String pin;
        final String name;
        /** The number of the name, of 62 bits and more. */
        final long identity;
        /** The one that it has to have, or {@code null} for any. */
        Address address;

        Known(String pin, String name, long identity) {
            this.pin = pin;
            this.name = name;
            this.identity = identity;
        }
    }

    private Peers() {
    }

    /**
     * Reads a file.
     *
     * @param own networks of the VPN itself, which are behind nobody
     * @throws Failure names the line that cannot be read
     */
    static Peers read(String path, Network... own) throws Failure {
        return parse(path, text(path), own);
    }

    private static String text(String path) throws Failure {
        return checked(path, TextFile.readRegular(path, MAX_FILE));
    }

    private static String checked(String path, String text) throws Failure {
        if (text == null || text.length() >= MAX_FILE) {
            throw new Failure(Failure.USAGE, path + ": a peers file has less than " + MAX_FILE + " bytes");
        }
        return text;
    }

    /**
     * Reads a text.
     *
     * @param path for messages
     */
    static Peers parse(String path, String text, Network... own) throws Failure {
        Peers peers = new Peers();
        List<Site> sites = new ArrayList<>(0);
        int number = 0;
        int begin = text.startsWith(Options.BYTE_ORDER_MARK) ? Options.BYTE_ORDER_MARK.length() : 0;
        for (String line : text.substring(begin).split("\n")) {
            number++;
            int comment = line.indexOf('#');
            String where = path + " line " + number;
            try {
                List<String> words = words(comment < 0 ? line : line.substring(0, comment));
                int end = words.size();
                while (end > 2 && words.get(end - 1).startsWith(NET)) {
                    end--;
                }
                Known known = peers.add(words.subList(0, end));
                for (String net : words.subList(end, words.size())) {
                    sites.add(Site.of(Sites.network(net.substring(NET.length()), own), known.identity, where));
                }
            } catch (Failure e) {
                throw new Failure(Failure.USAGE, where + ": " + e.getMessage());
            }
        }
        peers.sites = sites.isEmpty() ? null : Sites.sorted(sites);
        return peers;
    }

    /** The words of a line. */
    static List<String> words(String line) {
        List<String> words = new ArrayList<>(4);
        int at = 0;
        while (at < line.length()) {
            int begin = at;
            while (at < line.length() && line.charAt(at) > ' ') {
                at++;
            }
            if (at > begin) {
                words.add(line.substring(begin, at));
            }
            at++;
        }
        return words;
    }

    /** Adds the client of a line, which it returns; {@code null} for none. */
    private Known add(List<String> words) throws Failure {
        if (words.isEmpty()) {
            return null;
        }
        String pin = words.get(0);
        if (Pin.parse(pin) == null) {
            String shown = pin.length() > MAX_SHOWN ? pin.substring(0, MAX_SHOWN) + "..." : pin;
            throw new Failure(Failure.USAGE, shown + ": no pin, which is sha256: and 44 letters (see cli --pin)");
        }
        if (words.size() < 2 || words.size() > 3) {
            throw new Failure(Failure.USAGE, "a line is PIN NAME [ADDRESS] [net=NETWORK]...");
        }
        Known known = new Known(pin, words.get(1), identity(words.get(1)));
        if (words.size() == 3) {
            known.address = Address.parseIpv4(words.get(2));
            if (known.address == null || !known.address.isHost()) {
                throw new Failure(Failure.USAGE, words.get(2) + ": no address that a host can have");
            }
        }
        if (byPin.put(pin, known) != null) {
            throw new Failure(Failure.USAGE, pin + ": this pin is in an earlier line too");
        }
        Known other = byName.putIfAbsent(known.name, known);
        if (other != null && (known.address == null ? other.address != null : !known.address.equals(other.address))) {
            throw new Failure(Failure.USAGE, known.name + ": has another address in an earlier line");
        }
        Known owner = known.address == null ? null : byAddress.putIfAbsent(known.address.toString(), known);
        if (owner != null && !owner.name.equals(known.name)) {
            throw new Failure(Failure.USAGE, known.address + ": is the address of " + owner.name + " too");
        }
        return known;
    }

    /** A name's number: a hash, so that it is the same each time, with a bit that tokens do not have. */
    private static long identity(String name) throws Failure {
        if (!isName(name)) {
            throw new Failure(Failure.USAGE, name + ": " + NAMES);
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.US_ASCII));
            long number = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                number = number << 8 | (hash[i] & 0xff);
            }
            return number >>> 2 | 1L << 62;
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether a client can be called that. */
    static boolean isName(String text) {
        return Names.isName(text, MAX_NAME);
    }

    /** A text of peers with one more line at its end. */
    static String with(String path, String line) throws Failure {
        String text = text(path);
        return checked(path, (text.isEmpty() || text.endsWith("\n") ? text : text + "\n") + line + "\n");
    }

    /** The client with a pin, or {@code null}. */
    Known find(String pin) {
        return byPin.get(pin);
    }

    /** The client with a name or a pin, or {@code null}. */
    Known named(String nameOrPin) {
        Known known = byName.get(nameOrPin);
        return known != null ? known : find(nameOrPin);
    }

    /** All of them, by pin. */
    Iterable<Known> all() {
        return byPin.values();
    }

    /** How many names there are. */
    int size() {
        return byName.size();
    }

    /** Whether there is a client by that name. */
    boolean has(String name) {
        return byName.get(name) != null;
    }
}
