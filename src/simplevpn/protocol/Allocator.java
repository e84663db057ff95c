package simplevpn.protocol;

import java.util.ArrayList;
import java.util.List;
import simplevpn.base.Network;

/**
 * The address pool of one network: who holds which address, for whom those are kept whose holder was there a moment
 * ago, and how many of both there are for each source, which is where a client connects from.
 *
 * <p>Addresses are {@code int}s in host order. The network's first address (its name), its last (broadcast) and the
 * server's own, the first after the name, are reserved. What a network costs depends on the leases alone, however large
 * it is.
 *
 * @param <H> who can hold an address
 */
final class Allocator<H> {
    private final int network;
    private final int netmask;
    private final Table<H> holders = new Table<>();
    private final Table<Kept> kept = new Table<>();
    /** Of those kept, what each owner had last. */
    private final Table<Kept> owned = new Table<>();
    private final Sources sources = new Sources();
    /** Whose those are that are nobody else's. */
    final Reservations reservations = new Reservations();
    /** Those kept, in the order in which their time ends; a ring through this one. */
    private final Kept ends = new Kept(0, 0, 0, 0);
    /** Offsets in the network: the first address that {@link #dynamic} gives, and the first behind those. */
    private int first;
    private int end;
    /** The one from which the search for a free address goes on. */
    private int cursor;

    /** An address that is kept for whoever had it. */
    private static final class Kept {
        private final int address;
        private final long owner;
        private final long source;
        private final long until;
        private Kept before = this;
        private Kept behind = this;

        Kept(int address, long owner, long source, long until) {
            this.address = address;
            this.owner = owner;
            this.source = source;
            this.until = until;
        }
    }

    /** @param of the network that the addresses are of, with a length of 8 to 30 */
    Allocator(Network of) {
        if (of.length() < 8 || of.length() > 30) {
            throw new IllegalArgumentException("network " + of);
        }
        netmask = of.netmask();
        network = of.address().ipv4();
        giveFrom(of);
    }

    /** {@link #dynamic} gives addresses of this part of the network alone from now on. */
    void giveFrom(Network part) {
        int offset = part.address().ipv4() - network;
        first = Math.max(2, offset);
        end = Math.min(~netmask, offset + ~part.netmask() + 1);
        cursor = first;
    }

    /** The server's own address: the first of the network. */
    int own() {
        return network + 1;
    }

    /** How many clients can hold an address at once. */
    int capacity() {
        return ~netmask - 2;
    }

    /** How many hold one now. */
    int leased() {
        return holders.size();
    }

    /** All who hold one, in any order. */
    List<H> all() {
        List<H> all = new ArrayList<>(holders.size());
        holders.addTo(all);
        return all;
    }

    /** Whether an address belongs to the network, reserved ones included. */
    boolean contains(int address) {
        return (address & netmask) == network;
    }

    /** Whether an address is the network's broadcast address. */
    boolean broadcast(int address) {
        return address == (network | ~netmask);
    }

    /** Whether no client may have an address: outside the network, its name, its broadcast, the server's own. */
    boolean reserved(int address) {
        return !contains(address) || address == network || address == own() || broadcast(address);
    }

    /** Who holds an address, or {@code null}; any address may be asked about. */
    H holder(int address) {
        return holders.get(address);
    }

    /** How many addresses are held from a source or kept for one of its clients. */
    int held(long source) {
        return sources.count(source);
    }

    /** Whether an address is kept at the time {@code now}. */
    boolean isKept(int address, long now) {
        forgetUntil(now);
        return kept.get(address) != null;
    }

    /** Whether an address is kept for this owner at the time {@code now}. */
    boolean isKeptFor(int address, long owner, long now) {
        return isKept(address, now) && kept.get(address).owner == owner;
    }

    /** The address that this owner had last, as long as it is kept at the time {@code now}; otherwise 0. */
    int keptFor(long owner, long now) {
        forgetUntil(now);
        Kept entry = owned.get(owner);
        return entry == null ? 0 : entry.address;
    }

    /**
     * Leases any free address of those that are given so ({@link #giveFrom}). The search goes on where the last one
     * ended, so that an address just given back is not soon given away: its holder may only be reconnecting. Those that
     * are kept for somebody come last, those first whose time ends first.
     *
     * @return the address, or 0 when the pool is empty
     */
    int dynamic(H holder, long source, long now) {
        if (leased() == capacity()) {
            return 0;
        }
        forgetUntil(now);
        int address = free();
        if (address != 0) {
            put(address, holder, source);
        }
        return address;
    }

    private int free() {
        // When all are kept, there is no need to look at each.
        int looks = leased() + kept.size() >= capacity() ? 0 : end - first;
        for (int i = 0; i < looks; i++) {
            if (cursor >= end) {
                cursor = first;
            }
            int address = network + cursor++;
            if (holders.get(address) == null && kept.get(address) == null && reservations.owner(address) == 0) {
                return address;
            }
        }
        Kept oldest = ends.behind;
        while (oldest != ends && (oldest.address - network < first || oldest.address - network >= end)) {
            oldest = oldest.behind;
        }
        return oldest.address;
    }

    /** Whether {@link #dynamic} would find one. */
    boolean hasFree(long now) {
        forgetUntil(now);
        int before = cursor;
        boolean found = leased() < capacity() && free() != 0;
        cursor = before;
        return found;
    }

    /** Fixes an address for a client, whoever else it was kept for. */
    void fix(int address, long identity) {
        Kept entry = kept.get(address);
        if (entry != null) {
            forget(entry);
        }
        reservations.fix(address, identity);
    }

    /**
     * Leases a certain address.
     *
     * @return whether it was free and may be leased
     */
    boolean fixed(int address, H holder, long source) {
        if (reserved(address) || holder(address) != null) {
            return false;
        }
        put(address, holder, source);
        return true;
    }

    private void put(int address, H holder, long source) {
        Kept entry = kept.get(address);
        if (entry != null) {
            forget(entry);
        }
        holders.put(address, holder);
        sources.add(source);
    }

    /** Ends a lease, made from that source; does nothing for an address that nobody holds. */
    void release(int address, long source) {
        if (holders.remove(address)) {
            sources.remove(source);
        }
    }

    /**
     * Ends a lease, and keeps the address for whoever had it.
     *
     * @param owner by what it is known again
     * @param source from which the lease was made
     * @param until when that ends
     * @param most how many may be kept at once: the one whose time ends first gives way
     */
    void keep(int address, long owner, long source, long until, int most) {
        holders.remove(address);
        if (kept.size() >= most) {
            forget(ends.behind);
        }
        Kept entry = new Kept(address, owner, source, until);
        // The last one, unless addresses are kept for a shorter time than they were.
        Kept behind = ends;
        while (behind.before != ends && behind.before.until - until > 0) {
            behind = behind.before;
        }
        entry.before = behind.before;
        entry.behind = behind;
        behind.before.behind = entry;
        behind.before = entry;
        kept.put(address, entry);
        owned.put(owner, entry);
    }

    private void forgetUntil(long now) {
        while (ends.behind != ends && now - ends.behind.until >= 0) {
            forget(ends.behind);
        }
    }

    private void forget(Kept entry) {
        entry.before.behind = entry.behind;
        entry.behind.before = entry.before;
        kept.remove(entry.address);
        if (owned.get(entry.owner) == entry) {
            owned.remove(entry.owner);
        }
        sources.remove(entry.source);
    }
}
