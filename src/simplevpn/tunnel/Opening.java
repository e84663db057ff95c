package simplevpn.tunnel;

import simplevpn.linux.Buffer;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;
import simplevpn.proxy.Negotiation;
import simplevpn.proxy.Negotiation.Verdict;

/**
 * Says on a connection to a proxy what there is to be said. It reads single bytes: what is behind the last one is the
 * server's, and stays for who uses the connection then.
 */
final class Opening {
    /** Bytes of one write. */
    private static final int SIZE = 512;
    private static final Buffer BUFFER = Buffer.permanent(SIZE);

    private final Stream stream;
    private final Negotiation negotiation;
    /** What is to be written, and from where on. */
    private byte[] output;
    private int at;

    /** @param stream a connection that stands, with no layer over it */
    Opening(Stream stream, Negotiation negotiation) {
        this.stream = stream;
        this.negotiation = negotiation;
        output = negotiation.begin();
    }

    /**
     * Goes on as far as it can.
     *
     * @param failed whether the connection has failed, and gives no more than it has
     * @return {@link Verdict#MORE} when there is no more for now, or what came of it
     */
    Verdict goOn(boolean failed) {
        Verdict verdict = Verdict.MORE;
        while (verdict == Verdict.MORE && (write() || failed)) {
            int result = stream.read(BUFFER, 0, 1);
            if (result == Stream.END || (result == 0 && failed)) {
                return negotiation.ended();
            }
            if (result == 0) {
                return Verdict.MORE;
            }
            verdict = negotiation.take(BUFFER.bytes.get(0) & 255);
            if (verdict == Verdict.SEND) {
                output = negotiation.output();
                at = 0;
                verdict = Verdict.MORE;
            }
        }
        return verdict;
    }

    /** Writes as far as there is room; returns whether all is written. */
    private boolean write() {
        int taken = 1;
        while (at < output.length && taken > 0) {
            int length = Math.min(SIZE, output.length - at);
            BUFFER.bytes.put(0, output, at, length);
            taken = stream.write(BUFFER, 0, length);
            at += taken;
        }
        return at == output.length;
    }

    /** What the poller has to look for: nothing is read before all is written. */
    int interest() {
        return at < output.length ? Poller.WRITE : Poller.READ;
    }
}
