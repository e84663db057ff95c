package simplevpn.tls;

import simplevpn.linux.Stream;

/**
 * Ciphertext of one connection that the stream below has not taken yet. What was encrypted has to be written whole and
 * in order: the other end counts its records.
 */
final class Unsent {
    private final Stream below;
    private final Records records;
    private byte[] bytes = Records.NOTHING;
    private int at;

    Unsent(Stream below, Records records) {
        this.below = below;
        this.records = records;
    }

    /** Writes what was encrypted last, and keeps what is not taken; returns whether all of it was. */
    boolean put() {
        int length = records.out.position();
        int written = records.write(below, records.out.array(), 0, length);
        if (written < length) {
            bytes = records.copyOut(written, length);
            at = 0;
        }
        return written == length;
    }

    /** Writes what is kept; returns whether all of it was taken. */
    boolean flush() {
        if (!isEmpty()) {
            at += records.write(below, bytes, at, bytes.length);
            if (at == bytes.length) {
                clear();
            }
        }
        return isEmpty();
    }

    /** Whether nothing is kept. */
    boolean isEmpty() {
        return bytes == Records.NOTHING;
    }

    /** Forgets it. */
    void clear() {
        bytes = Records.NOTHING;
    }
}
