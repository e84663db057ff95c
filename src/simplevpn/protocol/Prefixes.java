package simplevpn.protocol;

import simplevpn.base.Address;

/**
 * Which networks are behind clients: the longest one that an address is in counts. Immutable.
 *
 * <p>They lie in an array by their first addresses. The last one that begins at an address or before it either has the
 * address in it, or is itself in those that do: each knows the smallest network that it is in. So it takes one binary
 * search, and a step or two.
 */
public final class Prefixes {
    private static final long LOW = 0xffff_ffffL;

    /** Turned, numbers without a sign have the order of those with one. */
    private static final long TURN = Long.MIN_VALUE;

    /** The first and the last address of each, both in two halves, turned. */
    private final long[] firstHigh;
    private final long[] firstLow;
    private final long[] lastHigh;
    private final long[] lastLow;
    private final long[] owners;
    /** The smallest network that each is in, or −1. */
    private final int[] around;

    /** @param sites sorted, each network once */
    public Prefixes(Site... sites) {
        int count = sites.length;
        firstHigh = new long[count];
        firstLow = new long[count];
        lastHigh = new long[count];
        lastLow = new long[count];
        owners = new long[count];
        around = new int[count];
        for (int i = 0; i < count; i++) {
            Address first = sites[i].network.address();
            Address last = sites[i].network.last();
            firstHigh[i] = first.high() ^ TURN;
            firstLow[i] = Site.low(first) ^ TURN;
            lastHigh[i] = last.high() ^ TURN;
            lastLow[i] = Site.low(last) ^ TURN;
            owners[i] = sites[i].owner;
            int outer = i - 1;
            while (outer >= 0 && isBehind(outer, firstHigh[i], firstLow[i])) {
                outer = around[outer];
            }
            around[i] = outer;
        }
    }

    /** Whether an address, turned, is behind the end of a network. */
    private boolean isBehind(int i, long high, long low) {
        return lastHigh[i] < high || (lastHigh[i] == high && lastLow[i] < low);
    }

    /** Whose network an IPv4 address is in, host order: as {@link Site} has it, or 0 for nobody's. */
    long owner(int ipv4) {
        return find(TURN, (Site.MAPPED | (ipv4 & LOW)) ^ TURN);
    }

    /** The same of an IPv6 address, given in halves. */
    long owner(long high, long low) {
        return find(high ^ TURN, low ^ TURN);
    }

    private long find(long high, long low) {
        int from = 0;
        int to = owners.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (firstHigh[middle] < high || (firstHigh[middle] == high && firstLow[middle] <= low)) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        int found = from - 1;
        while (found >= 0 && isBehind(found, high, low)) {
            found = around[found];
        }
        return found < 0 ? 0 : owners[found];
    }

    /** The number of the smallest other network that one of them is in, or −1. */
    public int around(int network) {
        return around[network];
    }
}
