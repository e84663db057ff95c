package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;
import simplevpn.protocol.Rule;
import simplevpn.protocol.Wire;

/**
 * The loop's one receive buffer, and the cutting of what was read into frames.
 *
 * <p>All connections read into it in turn. What one has not come to yet, an incomplete frame as a rule, stays where it
 * is as long as the same connection reads on; only when another one needs the buffer are the bytes kept in their {@link
 * Link}. A frame that nobody wants is not kept at all: its bytes are thrown away as they come.
 */
public final class Inbox {
    /** Free bytes in front of the first frame, so that a device's packet header can be put before a packet. */
    public static final int HEADROOM = 16;
    private static final int TLS_HANDSHAKE = 22;
    /** Several of the longest frames, so that one read brings more than one. */
    private static final int SIZE = 256 * 1024;

    /** The bytes read. */
    public final Buffer buffer = Buffer.permanent(SIZE);

    private final boolean fromServer;
    private Link owner;
    private int at;
    private int end;
    private boolean drained;

    /** Where the current frame begins, its tag included, and its whole length. */
    public int frame;
    public int frameLength;
    /** Where the current frame's packet or message begins, and its length. */
    public int packet;
    public int packetLength;
    /** Its tag, not checked yet; 0 without offload framing. */
    public int tag;
    /** Of a frame that is skipped: the rule of PROTOCOL.md for that; {@code null} where it was for want of memory. */
    public String rule;

    /** @param fromServer whether a server sent what is read here */
    Inbox(boolean fromServer) {
        this.fromServer = fromServer;
    }

    /** Makes a connection the one whose bytes are cut: takes back what is kept of it. */
    void open(Link link) {
        if (owner == link) {
            return;
        }
        if (owner != null && at < end && !owner.remainder.keep(buffer, at, end)) {
            owner.giveUpWithoutMemory();
        }
        owner = link;
        at = HEADROOM;
        end = HEADROOM + link.remainder.takeBack(buffer, HEADROOM);
    }

    /**
     * Reads once from the connection that the inbox is open for, behind what is left of it.
     *
     * @return bytes read, 0 when nothing is there now, or {@link Stream#END}
     */
    int fill() {
        if (at == end) {
            at = HEADROOM;
            end = HEADROOM;
        } else if (end > SIZE / 2) {
            buffer.copy(HEADROOM, buffer, at, end - at);
            end -= at - HEADROOM;
            at = HEADROOM;
        }
        int room = SIZE - end;
        int result = owner.stream.read(buffer, end, room);
        if (result > 0) {
            end += result;
            at += owner.remainder.skip(end - at);
        }
        drained = result < room && !owner.stream.holdsInput();
        return result;
    }

    /** Whether the last {@link #fill} took all that was there: the next one would find nothing. */
    boolean isDrained() {
        return drained;
    }

    /**
     * Goes to the next frame of the connection that the inbox is open for.
     *
     * @return its kind, {@link Wire#DATA} for an IPv6 packet too where both sides agreed on it; {@link Wire#INCOMPLETE}
     *         when it has not arrived whole, {@link Wire#DAMAGED} when there is none, or a message that is far too
     *         long; {@link Wire#IPV6} for any other frame that has not arrived whole and is not wanted: it is thrown
     *         away
     */
    int next() {
        int front = owner.framing().tag;
        int verdict = Wire.frame(buffer.bytes, at + front, end, fromServer);
        int kind = Wire.kind(verdict);
        int length = Wire.length(verdict);
        if (kind == Wire.IPV6 && owner.framing().carriesIpv6()) {
            kind = Wire.DATA;
        }
        if (kind == Wire.INCOMPLETE || kind == Wire.DAMAGED) {
            return kind;
        }
        if (length > end - at - front) {
            if (owner.wants(kind, length)) {
                return Wire.INCOMPLETE;
            }
            if (kind == Wire.ADDRESS) {
                return Wire.DAMAGED;
            }
            at += owner.remainder.skipFrame(front + length, end - at);
            rule = kind == Wire.IPV6 ? Rule.IPV6 : Rule.SOURCE;
            return Wire.IPV6;
        }
        if (kind == Wire.IPV6) {
            rule = Rule.IPV6;
        }
        frame = at;
        frameLength = front + length;
        packet = at + front;
        packetLength = length;
        tag = front == 0 ? 0 : buffer.bytes.getInt(at);
        at += frameLength;
        return kind;
    }

    /** The rule of PROTOCOL.md that what comes next breaks, when {@link #next} says that it is damaged. */
    public String broken() {
        return Rule.ofFrame(buffer.bytes, at + owner.framing().tag);
    }

    /** What {@link Wire#frame} says of bytes that were read here. */
    int verdict(Buffer bytes, int from, int to) {
        return Wire.frame(bytes.bytes, from, to, fromServer);
    }

    /** Whether what was not cut yet begins as a handshake of TLS does (RFC 8446, 5.1). */
    public boolean isTlsRecord() {
        return at < end && buffer.bytes.get(at) == TLS_HANDSHAKE;
    }

    /** Throws away what was read and not cut yet; returns how many bytes that was. */
    public int discard() {
        int length = end - at;
        at = end;
        return length;
    }

    /** Forgets a connection that is closed. */
    void release(Link link) {
        if (owner == link) {
            owner = null;
        }
    }
}
