package simplevpn;

import simplevpn.linux.Stream;
import simplevpn.tunnel.Link;

/** How a program is, for one who asks ({@link Status}). The fields are those of README.md. */
abstract class Report {
    static final long SECOND = 1_000_000_000L;
    private static final Stream.Line LINE = new Stream.Line();

    /**
     * Adds what comes next; as much as one turn of the loop can spare.
     *
     * @return whether that is all
     */
    abstract boolean tell(Lines to, long now);

    /** Disconnects a client by its name, address or pin; returns {@code null}, or why not. */
    abstract String kick(String who);

    /** What a connection has carried, and what it runs over. */
    static Lines put(Lines to, Link link) {
        Stream stream = link.stream;
        to.put("received_packets", link.packetsIn).put("received_bytes", link.bytesIn)
                .put("sent_packets", link.sentPackets()).put("sent_bytes", link.sentBytes())
                .put("dropped_packets", link.droppedFrames());
        if (stream.look(LINE)) {
            to.put("round_trip_us", LINE.roundTrip).put("retransmitted_segments", LINE.retransmitted)
                    .put("rate_bytes", LINE.rate);
        }
        return to.put("congestion", stream.congestion()).put("cipher", stream.cipher()).put("pin", stream.pin());
    }
}
