package simplevpn;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.FolderLock;
import simplevpn.linux.Replacement;
import simplevpn.linux.TextFile;
import simplevpn.tls.Pin;

/**
 * The invitations that may still be used: lines {@code HASH EXPIRES NAME [ADDRESS]} in a file beside that with the
 * peers. Of a secret there is only the hash, as a {@link Pin}; the time is in seconds since 1970. The server's owner
 * adds and withdraws, and the server takes away what was used: whoever changes the file holds the folder's lock
 * meanwhile.
 */
final class Invitations implements AutoCloseable {
    private static final String SUFFIX = ".invitations";
    private static final int MAX_FILE = 1 << 20;
    private static final int WORDS = 3;

    /**
     * How long one that has expired is kept, seconds: a clock that was wrong for a moment costs none.
     */
    private static final long KEPT = 30 * 86_400L;

    /** Those that have not been used, and not expired long ago. */
    final List<Invited> all = new ArrayList<>();
    private final String path;
    private final FolderLock lock;

    /** One that may still be used. */
    static final class Invited {
        /** Of its secret. */
        final String hash;
        /** Seconds since 1970. */
        final long expires;
        final String name;
        /** The one that the client shall have, or {@code null} for any. */
        final Address address;

        Invited(String hash, long expires, String name, Address address) {
            this.hash = hash;
            this.expires = expires;
            this.name = name;
            this.address = address;
        }

        /** Whether it may be used at a time, seconds since 1970. */
        boolean isGood(long now) {
            return expires > now;
        }

        /** How a line of peers goes on behind the pin. */
        String client() {
            return address == null ? name : name + " " + address;
        }
    }

    /**
     * Reads the file, if there is one.
     *
     * @param peers the file with the peers, to which they belong
     * @param mayWait whether to wait until nobody else changes them
     * @param now seconds since 1970
     */
    Invitations(String peers, boolean mayWait, long now) throws Failure {
        path = peers + SUFFIX;
        lock = new FolderLock(path, mayWait);
        boolean whole = false;
        try {
            if (TextFile.exists(path)) {
                read(now);
            }
            whole = true;
        } finally {
            if (!whole) {
                lock.close();
            }
        }
    }

    private void read(long now) throws Failure {
        String text = TextFile.readRegular(path, MAX_FILE);
        if (text == null) {
            throw tooLong();
        }
        int number = 0;
        for (String line : text.split("\n")) {
            number++;
            List<String> words = Peers.words(line);
            if (!words.isEmpty()) {
                Invited invited = invited(words);
                if (invited == null) {
                    throw new Failure(Failure.USAGE, path + " line " + number
                            + ": a line is HASH EXPIRES NAME [ADDRESS], and srv --invite writes it");
                }
                if (invited.expires + KEPT > now) {
                    all.add(invited);
                }
            }
        }
    }

    private Failure tooLong() {
        return new Failure(Failure.USAGE, path + ": a file of invitations has less than " + MAX_FILE + " bytes");
    }

    /** What a line says, or {@code null} when it says nothing of the kind. */
    private static Invited invited(List<String> words) {
        if (words.size() < WORDS || words.size() > WORDS + 1 || Pin.parse(words.get(0)) == null) {
            return null;
        }
        Address address = words.size() > WORDS ? Address.parseIpv4(words.get(WORDS)) : null;
        if ((address == null) != (words.size() == WORDS)) {
            return null;
        }
        try {
            return new Invited(words.get(0), Long.parseLong(words.get(1)), words.get(2), address);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** The one that a secret belongs to and that may still be used, or {@code null}. */
    Invited find(byte[] secret, long now) {
        // Hashes are compared, so that how long it takes tells nothing about a secret.
        String hash = Pin.hashing(secret).toString();
        for (Invited invited : all) {
            if (invited.hash.equals(hash) && invited.isGood(now)) {
                return invited;
            }
        }
        return null;
    }

    /** Whether there is one for a name that may still be used. */
    boolean isPromised(String name, long now) {
        for (Invited invited : all) {
            if (invited.name.equals(name) && invited.isGood(now)) {
                return true;
            }
        }
        return false;
    }

    /** Withdraws all of a name; returns whether there was one. */
    boolean withdraw(String name) {
        boolean found = false;
        for (Iterator<Invited> i = all.iterator(); i.hasNext();) {
            if (i.next().name.equals(name)) {
                i.remove();
                found = true;
            }
        }
        return found;
    }

    /** Writes them beside the file, of which they take the place when that is committed. */
    Replacement replacement() throws Failure {
        StringBuilder text = new StringBuilder();
        for (Invited invited : all) {
            text.append(invited.hash).append(' ').append(invited.expires).append(' ').append(invited.client())
                    .append('\n');
        }
        if (text.length() >= MAX_FILE) {
            throw tooLong();
        }
        return new Replacement(path, text.toString());
    }

    /** Others may change them. */
    @Override
    public void close() {
        lock.close();
    }
}
