package simplevpn.tunnel;

import simplevpn.linux.Buffer;

/** Where packets of this host's own go: what a program does with what its TUN interface delivers. */
public interface Router {
    /**
     * Takes one packet on its way.
     *
     * @param packet where it is; it must stay until {@link Sender#endBatch}
     * @param tag its tag, which is sound
     */
    void route(Buffer packet, int at, int length, int tag);
}
