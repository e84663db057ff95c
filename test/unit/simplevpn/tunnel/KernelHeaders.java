package simplevpn.tunnel;

import java.nio.ByteBuffer;

/** The door to what this package makes of the kernel's packet headers, for tests of others. */
public final class KernelHeaders {
    private KernelHeaders() {
    }

    /** The tag of a packet that the kernel delivered with its header in front. */
    public static int tag(ByteBuffer packet, int at, int length) {
        return VnetHeader.tag(packet, at, length);
    }
}
