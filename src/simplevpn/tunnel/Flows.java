package simplevpn.tunnel;

import java.nio.ByteBuffer;
import simplevpn.protocol.Packet;

/**
 * Which flows have packets waiting in a queue, so that one of a flow that has none there can go past the others: a
 * ping, a name lookup or a key stroke does not wait for a bulk transfer (the sparse flows of RFC 8290). Flows are told
 * apart by a small hash; two that share one only lose the privilege.
 */
final class Flows {
    private static final int BITS = 5;
    /** How many bytes may go past before as many of the others went: no flow has to wait for ever. */
    private static final int CREDIT = 8192;

    /** Where the last byte of each flow is, counted from the first byte that was ever added; it may overflow. */
    private final int[] last = new int[1 << BITS];
    private int added;
    private int credit = CREDIT;

    /**
     * Whether a packet that comes may go past those that wait; then it is counted as one that does.
     *
     * @param waiting bytes that wait
     */
    boolean goesPast(ByteBuffer packet, int at, int length, int waiting) {
        if (length > credit || last[index(packet, at)] - (added - waiting) > 0) {
            return false;
        }
        credit -= length;
        return true;
    }

    /** A packet is added behind those that wait. */
    void add(ByteBuffer packet, int at, int length) {
        addRest(length);
        last[index(packet, at)] = added;
    }

    /** The rest of a packet waits, which goes before anything else. */
    void addRest(int length) {
        added += length;
    }

    /** Bytes of those that waited are gone. */
    void left(int bytes) {
        credit = Math.min(CREDIT, credit + bytes);
    }

    private static int index(ByteBuffer packet, int at) {
        return Packet.flow(packet, at) >>> (Integer.SIZE - BITS);
    }
}
