package simplevpn.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Native memory seen two ways: through {@link #bytes} for parsing, by {@link #address} for libc.
 *
 * <p>Both are made once, so that neither a packet nor a call allocates. Parsing goes through a {@code ByteBuffer}
 * because that is as fast as a {@code MemorySegment} under a compiler and much faster under an interpreter.
 */
public final class Buffer {
    /** Big-endian view of the whole memory; only its absolute methods are used. */
    public final ByteBuffer bytes;
    /** The same bytes in the processor's byte order, as the kernel's structures want them. */
    public final ByteBuffer nativeOrder;
    /** Where the memory begins. */
    final long address;
    /** Size in bytes. */
    public final int size;

    private final Arena arena;

    private Buffer(Arena arena, MemorySegment memory) {
        this.arena = arena;
        this.bytes = memory.asByteBuffer();
        this.nativeOrder = bytes.duplicate().order(ByteOrder.nativeOrder());
        this.address = memory.address();
        this.size = (int) memory.byteSize();
    }

    /** Zeroed memory of {@code size} bytes that lives as long as the process. */
    public static Buffer permanent(int size) {
        return new Buffer(Arena.global(), Arena.global().allocate(size, Long.BYTES));
    }

    /** Zeroed memory of {@code size} bytes for the calling thread alone, until {@link #free}. */
    @SuppressWarnings("MustBeClosed") // free() closes it
    public static Buffer temporary(int size) {
        Arena arena = Arena.ofConfined();
        return new Buffer(arena, arena.allocate(size, Long.BYTES));
    }

    /** {@code size} bytes that libc owns, at {@code address}: to be read before libc gets them back. */
    @SuppressWarnings("restricted")
    static Buffer at(long address, int size) {
        return new Buffer(Arena.global(), MemorySegment.ofAddress(address).reinterpret(size));
    }

    /** Gives the memory of a temporary buffer back; the buffer must not be used again. */
    public void free() {
        arena.close();
    }

    /**
     * Checks a range before libc is told to touch it, since an address knows no bounds.
     *
     * @return the address of byte {@code at}
     * @throws IndexOutOfBoundsException if the {@code length} bytes from {@code at} are not all inside
     */
    long range(int at, int length) {
        if ((at | length | size - length - at) < 0) {
            throw new IndexOutOfBoundsException("bytes " + at + " to " + ((long) at + length) + " of " + size);
        }
        return address + at;
    }

    /** The pointer at byte {@code at}. */
    public long word(int at) {
        return Abi.WORD == Long.BYTES ? nativeOrder.getLong(at) : nativeOrder.getInt(at) & 0xffff_ffffL;
    }

    /** Stores a pointer at byte {@code at}. */
    public void word(int at, long pointer) {
        if (Abi.WORD == Long.BYTES) {
            nativeOrder.putLong(at, pointer);
        } else {
            nativeOrder.putInt(at, (int) pointer);
        }
    }

    /** Copies {@code length} bytes from byte {@code from} of {@code source} to byte {@code at}; ranges may overlap. */
    public void copy(int at, Buffer source, int from, int length) {
        bytes.put(at, source.bytes, from, length);
    }
}
