package simplevpn;

import simplevpn.base.Failure;
import simplevpn.protocol.Sources;

/**
 * The connections that have no address, the oldest first. There are only so many, and of one source half of them: for
 * one more the oldest has to go, so that whoever is quick always gets his turn.
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

    /** Makes room for one of a source. */
    void makeRoom(long source) throws Failure {
        int mostOfOne = most / 2;
        if (sources.count(source) >= mostOfOne) {
            Peer first = oldest;
            while (first.source() != source) {
                first = first.newer;
            }
            first.giveWay(mostOfOne + " connections of one host without an address are the limit");
        } else if (count >= most) {
            oldest.giveWay(most + " connections without an address are the limit");
        }
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
