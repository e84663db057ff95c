package simplevpn.linux;

import simplevpn.base.Failure;

/** What this machine's processor says of itself (proc(5), /proc/cpuinfo). */
public final class Processor {
    private static final int MOST = 1 << 16;

    private Processor() {
    }

    /** Whether it has instructions for AES. Whoever has no /proc has none. */
    public static boolean hasAes() {
        try {
            String text = TextFile.beginning("/proc/cpuinfo", MOST);
            return text.contains(" aes ") || text.contains(" aes\n");
        } catch (Failure e) {
            return false;
        }
    }
}
