package simplevpn.linux;

/**
 * One connection's bytes in both directions, on a descriptor that does not block: {@link Tcp}, or TLS over it. Nothing
 * in here waits, and nothing fails but by {@link #error}.
 */
public interface Stream {
    /** {@link #read}'s result at the end of the stream. */
    int END = -1;

    /** The descriptor, for the {@link Poller}. */
    int fd();

    /** The other end, or who it stands for. */
    Endpoint peer();

    /** The other end only passes bytes on, as a load balancer does, for this one: {@link #peer} from now on. */
    default void standsFor(Endpoint behind) {
    }

    /** What the descriptor itself carries: this stream, or the one below all layers. */
    default Stream raw() {
        return this;
    }

    /**
     * Reads what has come.
     *
     * @return bytes read to byte {@code at}, at most {@code length}; 0 when there is nothing, perhaps because of an
     *         {@link #error}; or {@link #END}
     */
    int read(Buffer buffer, int at, int length);

    /**
     * Writes what there is room for.
     *
     * @return bytes taken from byte {@code at} on, perhaps fewer than {@code length}; 0 when there is no room, perhaps
     *         because of an {@link #error}
     */
    int write(Buffer buffer, int at, int length);

    /** Names the one who is called when the stream can go on without anything on the descriptor; most never can. */
    default void calls(Handler owner) {
    }

    /** Whether it reads what the descriptor has; not while something is computed before it can go on. */
    default boolean takesInput() {
        return true;
    }

    /** Whether bytes can be read that the descriptor does not show, so that a poller would wait in vain. */
    boolean holdsInput();

    /**
     * Whether it takes bytes as soon as the descriptor does; not while it shakes hands, which only needs to be read.
     */
    default boolean takesOutput() {
        return true;
    }

    /**
     * Whether it has taken bytes that the descriptor has not: they go with the next {@link #write} or {@link #flush}.
     */
    boolean holdsOutput();

    /** Writes what it holds, as far as there is room. */
    void flush();

    /** Why it is of no use any more, −errno; told once. 0 as long as it works. */
    int error();

    /** The same in words of its own, or {@code null} where {@link #error} says all. */
    default String why() {
        return null;
    }

    /** The pin of the key that the other end has proven to have; {@code null} where nobody proves anything. */
    default String pin() {
        return null;
    }

    /** The cipher suite by its name in RFC 8446; {@code null} where nothing is encrypted. */
    default String cipher() {
        return null;
    }

    /** Whether it shakes hands, or has done so, and that was work: one that gives way to another one wastes it. */
    default boolean hasBegun() {
        return false;
    }

    /** How many seconds data may stay unacknowledged before the connection is given up. */
    void giveUpAfter(int seconds);

    /** Sets the congestion control by its kernel name; returns whether the kernel has it and allows it. */
    boolean setCongestion(String name);

    /** The kernel name of the congestion control in force; empty when it cannot be told. */
    String congestion();

    /** Lets routers cut its packets, where they can; returns whether the kernel allows it. */
    boolean allowFragments();

    /**
     * Keeps short what the kernel has taken and not sent yet, as a slow line wants it: what is written next waits
     * behind that.
     *
     * @param most bytes of one write, at least 1; 0 for a line that is fast enough to send all at once
     */
    void limitUnsent(int most);

    /** Bounds the rate at which the kernel sends, bytes per second; 0 for no bound. */
    void limitRate(int most);

    /** Looks at the line; returns whether it could be looked at, with the figures in {@code line}. */
    boolean look(Line line);

    /**
     * Closes the descriptor at once, with all that waits in the kernel thrown away: for those who would keep it there
     * by never reading.
     */
    void reset();

    /** Closes the descriptor; the kernel still tries to deliver what waits. */
    void close();

    /** What TCP knows of the line that a connection runs over. */
    final class Line {
        /** How often in a row the oldest segment was sent again, with nothing coming back. */
        public int repetitions;
        /** Segments sent again so far. */
        public int retransmitted;
        /** The smoothed round-trip time, and the least ever seen, microseconds. */
        public int roundTrip;
        public int leastRoundTrip;
        /** Bytes that the other end has acknowledged so far, and that the kernel has taken and not sent yet. */
        public long acknowledged;
        public int unsent;
        /** Bytes per second that came through last, 0 where the kernel does not say. */
        public long rate;
    }
}
