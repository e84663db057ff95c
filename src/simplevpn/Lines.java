package simplevpn;

import java.nio.charset.StandardCharsets;
import simplevpn.linux.Buffer;
import simplevpn.linux.Stream;

/** Lines that {@link Status} tells, on their way: fields with tabs between, each {@code key=value}. */
final class Lines {
    /** Bytes that wait at most, and that a line can have. */
    static final int SIZE = 32 * 1024;
    private static final int LONGEST = 2048;
    /** Bytes of a text. */
    private static final int LONGEST_TEXT = 256;
    private static final int DIGITS = 20;

    final Buffer buffer;
    private int at;
    private int end;

    Lines(int size) {
        buffer = Buffer.temporary(size);
    }

    /** Whether there is room for another line, whatever is in it. */
    boolean hasRoom() {
        return buffer.size - end >= LONGEST;
    }

    /** Whether nothing waits. */
    boolean isEmpty() {
        return at == end;
    }

    /** Begins a line. */
    Lines begin(String kind) {
        append(kind, LONGEST_TEXT);
        return this;
    }

    /** Adds a number to the line. */
    Lines put(String key, long number) {
        begin(key, '=');
        long rest = Math.abs(number);
        if (number < 0) {
            buffer.bytes.put(end++, (byte) '-');
        }
        int digits = 1;
        for (long power = 10; digits < DIGITS - 1 && rest >= power; power *= 10) {
            digits++;
        }
        for (int i = digits - 1; i >= 0; i--) {
            buffer.bytes.put(end + i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
        end += digits;
        return this;
    }

    /** Adds a text, if there is one: of what could end a field or line nothing is left in it. */
    Lines put(String key, String text) {
        if (text != null) {
            begin(key, '=');
            append(text, LONGEST_TEXT);
        }
        return this;
    }

    private void begin(String key, char then) {
        buffer.bytes.put(end++, (byte) '\t');
        append(key, LONGEST_TEXT);
        buffer.bytes.put(end++, (byte) then);
    }

    private void append(String text, int most) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, most);
        for (int i = 0; i < length; i++) {
            byte b = bytes[i];
            buffer.bytes.put(end + i, b >= 0 && b < ' ' ? (byte) ' ' : b);
        }
        end += length;
    }

    /** The line has all that it shall have. */
    void end() {
        buffer.bytes.put(end++, (byte) '\n');
    }

    /** Writes what waits, as far as there is room; returns whether nothing waits any more. */
    boolean writeTo(Stream stream) {
        at += stream.write(buffer, at, end - at);
        if (at < end) {
            return false;
        }
        at = 0;
        end = 0;
        return true;
    }

    /** Nobody wants them any more. */
    void free() {
        buffer.free();
    }
}
