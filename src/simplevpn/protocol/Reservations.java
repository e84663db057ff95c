package simplevpn.protocol;

/**
 * Which addresses belong to which clients of those that are known by name: those that the server's owner fixed for
 * them, and those that they were given once. Nobody else is given such an address, whether its client is there or not.
 * What is fixed comes first, for as long as it is.
 */
final class Reservations {
    private Table<Reservation> fixed = new Table<>();
    /** What was given, both ways. */
    private final Table<Reservation> byAddress = new Table<>();
    private final Table<Reservation> byIdentity = new Table<>();

    /** An address, and whose it is. */
    private static final class Reservation {
        private final int address;
        private final long identity;

        Reservation(int address, long identity) {
            this.address = address;
            this.identity = identity;
        }
    }

    /** Whose an address is; 0 for nobody's. */
    long owner(int address) {
        Reservation found = fixed.get(address);
        if (found == null) {
            found = byAddress.get(address);
        }
        return found == null ? 0 : found.identity;
    }

    /** The address that a client was given; 0 when it was given none, or when that is fixed for another by now. */
    int address(long identity) {
        Reservation found = byIdentity.get(identity);
        return found == null || owner(found.address) != identity ? 0 : found.address;
    }

    /** Fixes an address for a client. */
    void fix(int address, long identity) {
        fixed.put(address, new Reservation(address, identity));
    }

    /** Nothing is fixed any more. */
    void unfix() {
        fixed = new Table<>();
    }

    /** An address is given to a client, instead of the one that it had; whose it was before does not matter. */
    void give(int address, long identity) {
        remove(identity);
        Reservation before = byAddress.get(address);
        if (before != null) {
            remove(before.identity);
        }
        Reservation reservation = new Reservation(address, identity);
        byAddress.put(address, reservation);
        byIdentity.put(identity, reservation);
    }

    /** A client has no address any more. */
    void remove(long identity) {
        Reservation before = byIdentity.get(identity);
        if (before != null) {
            byIdentity.remove(identity);
            byAddress.remove(before.address);
        }
    }
}
