package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.protocol.Packet;
import simplevpn.protocol.Wire;

/**
 * What was read of a connection but not cut into frames yet, while another one uses the {@link Inbox}: an incomplete
 * frame as a rule. Of a frame that is thrown away nothing is kept but how much of it is to come.
 */
final class Remainder implements Pool.Holder {
    private final Link link;
    private final Loop loop;
    private Buffer buffer;
    private int length;
    /** Bytes to come of a frame that is thrown away. */
    private int skipped;

    Remainder(Link link, Loop loop) {
        this.link = link;
        this.loop = loop;
    }

    /**
     * Keeps bytes. Without memory for them the frames are dropped, also the one that has not come whole.
     *
     * @return false when there is no memory even for what cannot be dropped: the connection is of no use any more then
     */
    boolean keep(Buffer source, int at, int end) {
        int from = at;
        buffer = loop.budget.memory.take(end - at, this);
        if (buffer == null) {
            from = abandon(source, at, end);
            if (from == end) {
                return true;
            }
            buffer = loop.budget.memory.take(end - from, this);
        }
        if (buffer == null) {
            return false;
        }
        length = end - from;
        buffer.copy(0, source, from, length);
        return true;
    }

    /** Copies what was kept to byte {@code at}, and keeps nothing any more; returns how many bytes. */
    int takeBack(Buffer target, int at) {
        if (buffer == null) {
            return 0;
        }
        target.copy(at, buffer, 0, length);
        clear();
        return length;
    }

    /** Others need the memory more: what was kept is dropped, but for the few bytes that cannot be. */
    @Override
    public void release() {
        int from = abandon(buffer, 0, length);
        int left = length - from;
        Buffer smaller = left == 0 ? null : loop.budget.memory.exchange(buffer, left, this);
        if (smaller != null) {
            smaller.copy(0, buffer, from, left);
        }
        clear();
        buffer = smaller;
        length = left;
        if (left > 0 && smaller == null) {
            link.giveUpWithoutMemory();
        }
    }

    /**
     * Drops the frames in bytes that were read, also the one that has not come whole; returns where those few bytes
     * begin that do not tell yet what they are, or tell that the stream is damaged.
     */
    private int abandon(Buffer bytes, int at, int end) {
        int tag = link.framing().tag;
        int next = at;
        while (next < end) {
            int verdict = loop.inbox.verdict(bytes, next + tag, end);
            int kind = Wire.kind(verdict);
            if (kind == Wire.INCOMPLETE || kind == Wire.DAMAGED) {
                return Math.max(next, end - Wire.TAG - Packet.MAX_HEADER);
            }
            link.dropped();
            next += tag + Wire.length(verdict);
        }
        skipped = next - end;
        return end;
    }

    /** Begins to throw a frame away, of which so many bytes have come; returns that. */
    int skipFrame(int frame, int come) {
        skipped = frame - come;
        return come;
    }

    /** Goes on with that: how many of the bytes that have come are to be thrown away. */
    int skip(int come) {
        int now = Math.min(skipped, come);
        skipped -= now;
        return now;
    }

    /** Gives the memory back. */
    void clear() {
        if (buffer != null) {
            loop.budget.memory.give(buffer, this);
            buffer = null;
        }
    }
}
