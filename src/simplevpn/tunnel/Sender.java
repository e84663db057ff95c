package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.protocol.Offload;
import simplevpn.protocol.Segmenter;
import simplevpn.protocol.Wire;

/**
 * Carries packets to links in as few writes as possible.
 *
 * <p>Packets that lie in a row and go to one link leave in one write, from where they are. When the row breaks, a short
 * one is copied to its link's outbox to wait for company, and {@link #flush} writes each such link once at the end of
 * the loop's turn. What a link cannot take as it is, an unfinished checksum or a super-packet, is finished here on the
 * way.
 */
public final class Sender {
    /** Frames in a row are written from where they are when they have at least so many bytes. */
    private static final int WORTH_A_WRITE = 16 * 1024;
    /** Room for several segments in a row, and for the longest packet that only needs its checksum. */
    private static final int SCRATCH = 128 * 1024;

    /** What a classic peer takes at most. */
    private static final int CLASSIC_MTU = 1500;

    private final int mtu;
    private final Segmenter segmenter = new Segmenter();
    private Buffer scratch;

    /** Links with something to write at the end of the turn. */
    private Link[] queued = new Link[16];
    private int queuedCount;

    /** The frames in a row: whose they are and where; not written yet. */
    private Link to;
    private Buffer row;
    private int begin;
    private int end;
    private long now;

    /** @param mtu what a packet that is finished here has at most, bytes */
    public Sender(int mtu) {
        this.mtu = mtu;
    }

    /** A turn of the loop begins, at {@link System#nanoTime}. */
    public void turn(long now) {
        this.now = now;
    }

    /**
     * Carries one packet.
     *
     * @param source where it is, with room for the link's prefix before it that is not needed any more, except by the
     *         row; it must stay until {@link #endRow}
     * @param prefix its offload prefix, checked
     */
    public void packet(Link link, Buffer source, int at, int length, int prefix) {
        if (prefix != 0 && (link.prefix == 0 || !Offload.whole(source.bytes, at, prefix, link.offloadUdp))) {
            finish(link, source, at, length, prefix);
            return;
        }
        if (link.frameBySend && length > CLASSIC_MTU) {
            link.outbox.drop();
            return;
        }
        link.packetsOut++;
        link.bytesOut += length;
        int frame = at - link.prefix;
        if (to != link || row != source || end != frame) {
            endRow(false);
            to = link;
            row = source;
            begin = frame;
        }
        if (link.prefix != 0) {
            source.bytes.putInt(frame, prefix);
        }
        end = at + length;
    }

    private void finish(Link link, Buffer source, int at, int length, int prefix) {
        if (scratch == null) {
            scratch = Buffer.permanent(SCRATCH);
        }
        int most = link.frameBySend ? Math.min(mtu, CLASSIC_MTU) : mtu;
        int room = segmenter.begin(source.bytes, at, length, prefix, most);
        for (;;) {
            int next = (row == scratch && to != null ? end : 0) + Wire.PREFIX;
            if (next + room > SCRATCH) {
                endRow(false);
                next = Wire.PREFIX;
            }
            // Packets for a link without prefix lie side by side; the gap in front of the first does no harm.
            next -= Wire.PREFIX - link.prefix;
            int segment = segmenter.next(scratch.bytes, next);
            if (segment == 0) {
                return;
            }
            packet(link, scratch, next, segment, 0);
        }
    }

    /** Where the next packet would join the row, in {@code source}; or {@code otherwise}. For whoever can choose. */
    public int joining(Buffer source, int otherwise) {
        return to != null && row == source ? end + to.prefix : otherwise;
    }

    /**
     * Writes or queues the frames in a row, so that their bytes are not needed any more.
     *
     * @param last whether no more come in this turn, so that waiting for company is of no use
     */
    public void endRow(boolean last) {
        Link link = to;
        if (link == null) {
            return;
        }
        to = null;
        int length = end - begin;
        if (link.outbox.isEmpty() && (last || link.frameBySend || length >= WORTH_A_WRITE)) {
            link.send(row, begin, length, now);
        } else {
            link.queue(row, begin, length, now);
            flushLater(link);
        }
    }

    private void flushLater(Link link) {
        if (link.queued || link.waiting()) {
            return;
        }
        if (queuedCount == queued.length) {
            Link[] more = new Link[2 * queuedCount];
            System.arraycopy(queued, 0, more, 0, queuedCount);
            queued = more;
        }
        link.queued = true;
        queued[queuedCount++] = link;
    }

    /** Writes what was queued. */
    public void flush() {
        for (int i = 0; i < queuedCount; i++) {
            Link link = queued[i];
            queued[i] = null;
            link.queued = false;
            link.flush(now);
        }
        queuedCount = 0;
    }

    /** Forgets the row of a link that is closed. */
    public void release(Link link) {
        if (to == link) {
            to = null;
        }
    }
}
