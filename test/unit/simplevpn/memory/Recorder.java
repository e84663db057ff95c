package simplevpn.memory;

import java.util.ArrayList;
import java.util.List;
import simplevpn.protocol.Wire;
import simplevpn.tunnel.Inbox;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Receiver;

/** A receiver that keeps what it gets. */
public class Recorder implements Receiver {
    /** A frame: what it is, its tag, and its bytes without it. */
    public record Frame(int kind, int tag, byte[] bytes) {
    }

    private final Loop loop;
    public final List<Frame> frames = new ArrayList<>();
    /** How often something came, and what else happened, in words. */
    public int heard;
    public final List<String> events = new ArrayList<>();

    /** A receiver of frames that lie in this loop's inbox. */
    public Recorder(Loop loop) {
        this.loop = loop;
    }

    private void record(int kind) {
        Inbox in = loop.inbox;
        if (in.frame < Inbox.HEADROOM || in.packet - in.frame != in.frameLength - in.packetLength) {
            throw new AssertionError("frame at " + in.frame + ", packet at " + in.packet);
        }
        byte[] bytes = new byte[in.packetLength];
        in.buffer.bytes.get(in.packet, bytes);
        frames.add(new Frame(kind, in.tag, bytes));
    }

    @Override
    public void heard() {
        heard++;
    }

    @Override
    public void data() {
        record(Wire.DATA);
    }

    @Override
    public void keepalive() {
        record(Wire.KEEPALIVE);
    }

    @Override
    public void addressMessage() {
        record(Wire.ADDRESS);
    }

    /** Of what is thrown away the bytes need not be there. */
    @Override
    public void skipped() {
        frames.add(new Frame(Wire.IPV6, 0, new byte[0]));
    }

    @Override
    public void damaged() {
        events.add("damaged, " + loop.inbox.discard() + " bytes");
    }

    @Override
    public void lost(int error) {
        events.add("lost " + error);
    }

    @Override
    public void ended() {
        events.add("ended");
    }
}
