package simplevpn.tls;

import java.nio.ByteBuffer;
import java.util.Arrays;
import simplevpn.base.Greeting;
import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;

/**
 * The memory in which records are read, decrypted, encrypted and written: one for all connections, as with the loop's
 * inbox. The JDK encrypts fastest in arrays, which libc cannot be given: hence both.
 */
public final class Records {
    /** No bytes. */
    static final byte[] NOTHING = {};
    static final ByteBuffer EMPTY = ByteBuffer.allocate(0);
    /** Bytes of data in a record, at most (RFC 8446, 5.1). */
    static final int PLAIN = 1 << 14;
    /** Bytes that are encrypted before they are written: the longest frame, nearly, in full records. */
    static final int MOST_OUT = 4 * PLAIN;

    private static final int HEADER = 5;
    /** Bytes that a record is longer than its data, at most: 261 (RFC 8446, 5.2); the JDK wants room for more. */
    private static final int OVERHEAD = 512;
    /** Bytes of a whole record, at most. */
    static final int LONGEST = PLAIN + OVERHEAD;
    /** The least kind of a record, the one that a connection begins with, and the greatest (RFC 8446, 5.1). */
    private static final int FIRST_KIND = 20;
    private static final int HANDSHAKE = 22;
    private static final int LAST_KIND = 23;
    /** The first byte of an address request. */
    private static final int REQUEST = 0x45;
    /** The JDK makes records a few bytes shorter than they may be: one more than {@link #MOST_OUT} would need. */
    static final int SIZE = 5 * LONGEST;

    /** What was read, from its position to its limit. */
    final ByteBuffer in = ByteBuffer.allocate(SIZE).limit(0);
    /** What was encrypted, up to its position. */
    final ByteBuffer out = ByteBuffer.allocate(SIZE);
    private final Buffer raw = Buffer.permanent(SIZE);
    private TlsStream owner;
    private boolean filled;
    /** A view of the buffer that was asked for last. */
    private Buffer viewed;
    private ByteBuffer view;

    /** Makes a connection the one whose records are read: what was read of the one before is kept there. */
    void open(TlsStream stream) {
        if (owner == stream) {
            return;
        }
        if (owner != null && in.hasRemaining()) {
            owner.kept = Arrays.copyOfRange(in.array(), in.position(), in.limit());
        }
        owner = stream;
        System.arraycopy(stream.kept, 0, in.array(), 0, stream.kept.length);
        in.position(0).limit(stream.kept.length);
        stream.kept = NOTHING;
    }

    /** Forgets a connection that is closed. */
    void release(TlsStream stream) {
        if (owner == stream) {
            owner = null;
            in.position(0).limit(0);
        }
    }

    /**
     * Reads once, behind what is there.
     *
     * @param most bytes that may lie here afterwards
     * @return bytes read, 0, or {@link Stream#END}
     */
    int fill(Stream from, int most) {
        byte[] array = in.array();
        int length = in.remaining();
        System.arraycopy(array, in.position(), array, 0, length);
        int result = from.read(raw, 0, most - length);
        if (result > 0) {
            raw.bytes.get(0, array, length, result);
        }
        in.position(0).limit(length + Math.max(0, result));
        filled = result == most - length;
        return result;
    }

    /** Whether the last {@link #fill} had room for no more. */
    boolean wasFilled() {
        return filled;
    }

    /** Whether there is a whole record, or one that no record can be. */
    boolean holdsRecord() {
        int length = in.remaining();
        return length >= HEADER && (length >= recordLength() || recordLength() > LONGEST);
    }

    private int recordLength() {
        return HEADER + (in.getShort(in.position() + HEADER - 2) & 0xffff);
    }

    /** Whether what comes next is no record. */
    boolean isNoRecord() {
        int kind = in.hasRemaining() ? in.get(in.position()) : FIRST_KIND;
        return kind < FIRST_KIND || kind > LAST_KIND;
    }

    /** Of what is no record, the words of a text for a client's people; empty for anything else. */
    String said(boolean client) {
        String text = client ? Greeting.of(in, in.position(), in.limit()) : null;
        return text == null ? "" : ", but says " + text;
    }

    /** Whether what comes next is no record that a connection begins with. */
    boolean isNoHandshake() {
        return in.hasRemaining() && in.get(in.position()) != HANDSHAKE;
    }

    /** Whether what comes next is a request without TLS. */
    boolean isRequest() {
        return in.hasRemaining() && in.get(in.position()) == REQUEST;
    }

    /** Moves what was read to a buffer as it is; returns how many bytes. */
    int moveTo(Buffer buffer, int at, int length) {
        int moved = Math.min(length, in.remaining());
        buffer.bytes.put(at, in.array(), in.position(), moved);
        in.position(in.position() + moved);
        return moved;
    }

    /** Forgets what was encrypted. */
    void begin() {
        out.clear();
    }

    /** Bytes of a buffer, to be encrypted or decrypted to. */
    ByteBuffer plain(Buffer buffer, int at, int length) {
        if (viewed != buffer) {
            viewed = buffer;
            view = buffer.bytes.duplicate();
        }
        return view.limit(at + length).position(at);
    }

    /** Writes bytes of an array; returns how many were taken. */
    int write(Stream to, byte[] array, int from, int end) {
        raw.bytes.put(0, array, from, end - from);
        return to.write(raw, 0, end - from);
    }

    /** What was encrypted and not taken. */
    byte[] copyOut(int from, int end) {
        return Arrays.copyOfRange(out.array(), from, end);
    }
}
