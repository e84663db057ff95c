package simplevpn.protocol;

import simplevpn.base.Network;

/**
 * The address pool of one network: who holds which address.
 *
 * <p>Addresses are {@code int}s in host order. The network's first address (its name), its last (broadcast) and the
 * server's own, the first after the name, are reserved. Holders are kept in pages of 256 that come into being with
 * their first lease, so that a lookup costs two array accesses however many clients there are, and a /8 costs no more
 * memory than its leases need.
 *
 * @param <H> who can hold an address
 */
final class Allocator<H> {
    private static final int PAGE_BITS = 8;
    private static final int PAGE = 1 << PAGE_BITS;

    private final int network;
    private final int netmask;
    private final Object[][] pages;
    private final int[] used;
    private int leased;
    /** Offset in the network from which the search for a free address goes on. */
    private int cursor;

    /** @param of the network that the addresses are of, with a length of 8 to 30 */
    Allocator(Network of) {
        if (of.length() < 8 || of.length() > 30) {
            throw new IllegalArgumentException("network " + of);
        }
        netmask = of.netmask();
        network = of.address().ipv4();
        int count = (~netmask >>> PAGE_BITS) + 1;
        pages = new Object[count][];
        used = new int[count];
        cursor = 2;
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
        return leased;
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
    @SuppressWarnings("unchecked")
    H holder(int address) {
        if (!contains(address)) {
            return null;
        }
        int offset = address - network;
        Object[] page = pages[offset >>> PAGE_BITS];
        return page == null ? null : (H) page[offset & PAGE - 1];
    }

    /**
     * Leases any free address. The search goes on where the last one ended, so that an address just given back is not
     * soon given away: its holder may only be reconnecting.
     *
     * @return the address, or 0 when the pool is empty
     */
    int dynamic(H holder) {
        if (leased == capacity()) {
            return 0;
        }
        for (;;) {
            if (cursor >= ~netmask) {
                cursor = 2;
            }
            int page = cursor >>> PAGE_BITS;
            if (used[page] == PAGE) {
                cursor = (page + 1) << PAGE_BITS;
            } else if (holder(network + cursor) != null) {
                cursor++;
            } else {
                int address = network + cursor++;
                put(address, holder);
                return address;
            }
        }
    }

    /**
     * Leases a certain address.
     *
     * @return whether it was free and may be leased
     */
    boolean fixed(int address, H holder) {
        if (reserved(address) || holder(address) != null) {
            return false;
        }
        put(address, holder);
        return true;
    }

    private void put(int address, H holder) {
        int offset = address - network;
        int page = offset >>> PAGE_BITS;
        if (pages[page] == null) {
            pages[page] = new Object[PAGE];
        }
        pages[page][offset & PAGE - 1] = holder;
        used[page]++;
        leased++;
    }

    /** Ends a lease; does nothing for an address that nobody holds. */
    void release(int address) {
        if (holder(address) == null) {
            return;
        }
        int offset = address - network;
        int page = offset >>> PAGE_BITS;
        pages[page][offset & PAGE - 1] = null;
        leased--;
        if (--used[page] == 0) {
            pages[page] = null;
        }
    }
}
