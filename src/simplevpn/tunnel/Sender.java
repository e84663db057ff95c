package simplevpn.tunnel;

import java.util.Arrays;
import simplevpn.linux.Buffer;
import simplevpn.protocol.Framing;
import simplevpn.protocol.Offload;
import simplevpn.protocol.Segmenter;
import simplevpn.protocol.Wire;

/**
 * Carries packets to links in as few writes as possible.
 *
 * <p>Packets that lie side by side and go to one link are a batch, which leaves in one write, from where it is. When
 * the next packet lies elsewhere or goes elsewhere, a short batch is copied to its link's outbox to wait for company,
 * and {@link #flush} writes each such link once at the end of the loop's turn. What a link cannot take as it is, an
 * unfinished checksum or a super-packet, is finished here on the way.
 */
public final class Sender {
    /** A batch is written from where it is when it has at least so many bytes. */
    private static final int WORTH_A_WRITE = 16 * 1024;
    /** Room for several segments in a batch, and for the longest packet that only needs its checksum. */
    private static final int SCRATCH = 128 * 1024;
    /** The MTU of the network unless told otherwise, bytes. */
    public static final int MTU = 1500;

    private final Segmenter segmenter = new Segmenter();
    private int mtu = MTU;
    private Buffer scratch;

    /** Links with something to write at the end of the turn. */
    private Link[] queued = new Link[16];
    private int queuedCount;

    /** The batch: whose it is, and where; not written yet. */
    private Link to;
    private Buffer source;
    private int begin;
    private int end;
    private int frames;
    private long now;

    Sender() {
    }

    /** What a packet that is finished here has at most from now on, bytes. */
    public void setMtu(int most) {
        mtu = most;
    }

    /** A turn of the loop begins. */
    void turn(long time) {
        now = time;
    }

    /**
     * Carries one packet.
     *
     * @param from where it is, with room for the link's tag before it that is not needed any more, except by the batch;
     *         it must stay until {@link #endBatch}
     * @param tag its tag, checked
     * @return false when it is too long for a classic peer, and dropped
     */
    public boolean packet(Link link, Buffer from, int at, int length, int tag) {
        Framing framing = link.framing();
        // A large frame of which only a part could be written would need more memory for its rest than everybody may
        // have.
        if (tag != 0 && (framing.tag == 0 || !Offload.whole(from.bytes, at, tag, framing.carriesUdpSegments())
                || ((tag & Offload.SEGMENT) != 0 && !link.mayQueue(length)))) {
            return finish(link, from, at, length, tag);
        }
        if (framing.isClassic() && length > Framing.CLASSIC_MTU) {
            link.refuse(length);
            return false;
        }
        link.packetsOut++;
        link.bytesOut += length;
        int frame = at - framing.tag;
        if (to != link || source != from || end != frame) {
            endBatch(false);
            to = link;
            source = from;
            begin = frame;
            frames = 0;
        }
        if (framing.tag != 0) {
            from.bytes.putInt(frame, tag);
        }
        end = at + length;
        frames++;
        if (framing.isClassic() && frames == Budget.CLASSIC_BATCH) {
            endBatch(false);
        }
        return true;
    }

    private boolean finish(Link link, Buffer from, int at, int length, int tag) {
        if (scratch == null) {
            scratch = Buffer.permanent(SCRATCH);
        }
        int most = link.framing().isClassic() ? Math.min(mtu, Framing.CLASSIC_MTU) : mtu;
        int room = segmenter.begin(from.bytes, at, length, tag, most);
        for (;;) {
            int next = (source == scratch && to != null ? end : 0) + Wire.TAG;
            if (next + room > SCRATCH) {
                endBatch(false);
                next = Wire.TAG;
            }
            // Packets for a link without tags lie side by side; the gap in front of the first does no harm.
            next -= Wire.TAG - link.framing().tag;
            int segment = segmenter.next(scratch.bytes, next);
            if (segment == 0 || !packet(link, scratch, next, segment, 0)) {
                return segment == 0;
            }
        }
    }

    /** Where the next packet would join the batch, in {@code from}; or {@code otherwise}. For whoever can choose. */
    int besideBatch(Buffer from, int otherwise) {
        return to != null && source == from ? end + to.framing().tag : otherwise;
    }

    /**
     * Writes or queues the batch, so that its bytes are not needed any more.
     *
     * @param last whether no more come in this turn, so that waiting for company is of no use
     */
    public void endBatch(boolean last) {
        Link link = to;
        if (link == null) {
            return;
        }
        to = null;
        int length = end - begin;
        boolean worthIt = last || link.framing().isClassic() || length >= WORTH_A_WRITE || !link.mayQueue(length);
        if (worthIt && link.outbox.isEmpty()) {
            link.send(source, begin, length, now);
        } else {
            link.queue(source, begin, length, now);
            flushLater(link);
        }
    }

    private void flushLater(Link link) {
        if (link.queued || link.isFull()) {
            return;
        }
        if (queuedCount == queued.length) {
            queued = Arrays.copyOf(queued, 2 * queuedCount);
        }
        link.queued = true;
        queued[queuedCount++] = link;
    }

    /** Writes what was queued. */
    void flush() {
        for (int i = 0; i < queuedCount; i++) {
            Link link = queued[i];
            queued[i] = null;
            link.queued = false;
            link.flush(now);
        }
        queuedCount = 0;
    }

    /** Forgets the batch of a link that is closed. */
    void release(Link link) {
        if (to == link) {
            to = null;
        }
    }
}
