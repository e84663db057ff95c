package simplevpn.tls;

import java.util.Arrays;

/**
 * As much of ASN.1's distinguished encoding (X.690) as keys and a certificate need: elements of a tag, a length and a
 * value, inside of each other.
 */
final class Der {
    static final int INTEGER = 0x02;
    static final int BIT_STRING = 0x03;
    static final int OCTET_STRING = 0x04;
    static final int OBJECT_ID = 0x06;
    static final int UTF8_STRING = 0x0c;
    static final int UTC_TIME = 0x17;
    static final int GENERALIZED_TIME = 0x18;
    static final int SEQUENCE = 0x30;
    static final int SET = 0x31;
    /** The elements [0] and [1] of a context of their own. */
    static final int CONTEXT_0 = 0xa0;
    static final int CONTEXT_1 = 0xa1;

    private final byte[] bytes;
    private final int end;
    private int at;

    /** Reads what lies one behind the other in {@code bytes}. */
    Der(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private Der(byte[] bytes, int at, int end) {
        this.bytes = bytes;
        this.at = at;
        this.end = end;
    }

    /** Whether an element with that tag is next. */
    boolean isNext(int tag) {
        return at < end && (bytes[at] & 0xff) == tag;
    }

    /** Goes into the next element. */
    Der into(int tag) {
        int length = header(tag);
        Der inside = new Der(bytes, at, at + length);
        at += length;
        return inside;
    }

    /** The value of the next element. */
    byte[] value(int tag) {
        int length = header(tag);
        at += length;
        return Arrays.copyOfRange(bytes, at - length, at);
    }

    /** @throws IllegalArgumentException if something else is next, or more than there is */
    private int header(int tag) {
        if (!isNext(tag)) {
            throw new IllegalArgumentException("no element " + tag);
        }
        at++;
        int length = next();
        if (length >= 0x80) {
            int digits = length & 0x7f;
            length = 0;
            for (int i = 0; i < digits && length < 1 << 16; i++) {
                length = length << 8 | next();
            }
        }
        if (length > end - at) {
            throw new IllegalArgumentException("an element of " + length + " bytes");
        }
        return length;
    }

    private int next() {
        if (at == end) {
            throw new IllegalArgumentException("it ends early");
        }
        return bytes[at++] & 0xff;
    }

    /** One element, of a tag and the values that its value is put together from: less than 64 KiB in all. */
    static byte[] element(int tag, byte[]... values) {
        int length = 0;
        for (byte[] value : values) {
            length += value.length;
        }
        int header = length < 0x80 ? 2 : length < 0x100 ? 3 : 4;
        byte[] element = new byte[header + length];
        element[0] = (byte) tag;
        if (header == 2) {
            element[1] = (byte) length;
        } else {
            element[1] = (byte) (0x80 | header - 2);
            element[header - 2] = (byte) (header == 4 ? length >> 8 : 0x81);
            element[header - 1] = (byte) length;
        }
        int at = header;
        for (byte[] value : values) {
            System.arraycopy(value, 0, element, at, value.length);
            at += value.length;
        }
        return element;
    }

    /** A bit string of whole bytes. */
    static byte[] bits(byte[] value) {
        return element(BIT_STRING, new byte[1], value);
    }
}
