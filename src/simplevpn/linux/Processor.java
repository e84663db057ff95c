package simplevpn.linux;

import simplevpn.base.Failure;

/** What this machine's processor says of itself (proc(5), /proc/cpuinfo), and what the Java VM makes of it. */
public final class Processor {
    private static final int MOST = 1 << 16;

    private Processor() {
    }

    /**
     * Whether AES-GCM is computed by the processor's instructions for it, and not by Java code: it has them, and this
     * VM uses them. Whoever has no /proc has none.
     */
    public static boolean computesAes() {
        return vmUsesInstructions() && hasAes();
    }

    private static boolean hasAes() {
        try {
            return hasAes(TextFile.beginning("/proc/cpuinfo", MOST));
        } catch (Failure e) {
            return false;
        }
    }

    /**
     * GCM's other half is a multiplication without carry, an instruction of its own, PCLMULQDQ or PMULL: virtual
     * machines are given AES alone, by Proxmox say, and there Java code would make GCM slower than ChaCha20-Poly1305.
     *
     * @param cpuinfo the file's beginning
     */
    static boolean hasAes(String cpuinfo) {
        return has(cpuinfo, "aes") && (has(cpuinfo, "pclmulqdq") || has(cpuinfo, "pmull"));
    }

    private static boolean has(String cpuinfo, String flag) {
        return cpuinfo.contains(' ' + flag + ' ') || cpuinfo.contains(' ' + flag + '\n');
    }

    /**
     * The VM of {@code make runtime} does so by a patch of ours, a JDK's by its large compiler, with which it is
     * started when there are keys. On 32-bit ARM no VM does, nor does an interpreter anywhere.
     */
    private static boolean vmUsesInstructions() {
        String runtime = System.getProperty("simplevpn.runtime");
        String info = System.getProperty("java.vm.info");
        if (System.getProperty("os.arch").equals("arm") || info.contains("interpreted")) {
            return false;
        }
        // Of other builds' VMs the quick compiler alone is told in this way.
        return "tiny".equals(runtime) || "stock".equals(runtime) || !info.contains("emulated-client");
    }
}
