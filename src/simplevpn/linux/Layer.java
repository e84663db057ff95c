package simplevpn.linux;

/** A stream on top of another one, whose descriptor, other end and ways through the network are its own. */
public abstract class Layer implements Stream {
    /** What carries this one's bytes. */
    protected final Stream below;

    /** @param below a connection, perhaps one that is still being made */
    protected Layer(Stream below) {
        this.below = below;
    }

    @Override
    public final int fd() {
        return below.fd();
    }

    @Override
    public final Endpoint peer() {
        return below.peer();
    }

    @Override
    public final Stream raw() {
        return below.raw();
    }

    @Override
    public final void giveUpAfter(int seconds) {
        below.giveUpAfter(seconds);
    }

    @Override
    public final boolean setCongestion(String name) {
        return below.setCongestion(name);
    }

    @Override
    public final String congestion() {
        return below.congestion();
    }

    @Override
    public final boolean allowFragments() {
        return below.allowFragments();
    }

    @Override
    public final void limitUnsent(int most) {
        below.limitUnsent(most);
    }

    @Override
    public final void limitRate(int most) {
        below.limitRate(most);
    }

    @Override
    public final boolean look(Line line) {
        return below.look(line);
    }
}
