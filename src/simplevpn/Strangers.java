package simplevpn;

import simplevpn.base.Failure;
import simplevpn.protocol.Sources;

/**
 * The connections that have no address, the oldest first. There are only so many, and of one source half of them: for
 * one more the oldest has to go, so that whoever is quick always gets his turn.
 *
 * <p>Handshakes that have begun are not wasted for others of the same source: should a thousand clients behind one
 * router come back at once, each that begins also ends. But a source with many gives way to one that has fewer.
 */
final class Strangers {
    private final int most;
    private final Sources sources = new Sources();
    private Peer oldest;
    private Peer newest;
    private int count;

    /** @param most how many there may be, at least 2 */
    Strangers(int most) {
        this.most = most;
    }

    /** Makes room for one of a source; returns {@code null}, or why there is none. */
    String makeRoom(long source) throws Failure {
        int mostOfOne = most / 2;
        int own = sources.count(source);
        if (own >= mostOfOne) {
            String why = mostOfOne + " connections of one host without an address are the limit";
            Peer first = oldest;
            while (first != null && (first.source() != source || first.link.stream.hasBegun())) {
                first = first.newer;
            }
            if (first == null) {
                return why;
            }
            first.giveWay(why);
        } else if (count >= most) {
            Peer first = oldest;
            while (first != null && sources.count(first.source()) <= own) {
                first = first.newer;
            }
            (first != null ? first : oldest).giveWay(most + " connections without an address are the limit");
        }
        return null;
    }

    /** A connection came. */
    void add(Peer peer) {
        sources.add(peer.source());
        count++;
        peer.older = newest;
        if (newest == null) {
            oldest = peer;
        } else {
            newest.newer = peer;
        }
        newest = peer;
    }

    /** One has an address, or is closed. One that was never added, for lack of memory, is none. */
    void remove(Peer peer) {
        if (peer.older == null && peer != oldest) {
            return;
        }
        sources.remove(peer.source());
        count--;
        if (peer.older == null) {
            oldest = peer.newer;
        } else {
            peer.older.newer = peer.newer;
        }
        if (peer.newer == null) {
            newest = peer.older;
        } else {
            peer.newer.older = peer.older;
        }
        peer.older = null;
        peer.newer = null;
    }
}
