package simplevpn.protocol;

/**
 * Which addresses belong to which clients of those that are known by name: those that the server's owner gave them, and
 * those that they were given once. Nobody else is given such an address, whether its client is there or not.
 */
final class Reservations {
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
        Reservation found = byAddress.get(address);
        return found == null ? 0 : found.identity;
    }

    /** The address of a client; 0 when it has none. */
    int address(long identity) {
        Reservation found = byIdentity.get(identity);
        return found == null ? 0 : found.address;
    }

    /** Gives an address to a client, instead of the one that it had; whose it was before does not matter. */
    void put(int address, long identity) {
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
