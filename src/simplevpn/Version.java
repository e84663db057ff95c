package simplevpn;

import simplevpn.linux.CLibrary;
import simplevpn.linux.Processor;

/** What {@code --version} tells: which program this is, on which Java runtime it runs, and how that encrypts. */
final class Version {
    /** The version of both programs. */
    static final String NUMBER = "1.0.0";
    /** The day of its release, 2026-11-29, seconds since 1970: a clock that shows an earlier time is wrong. */
    static final long RELEASED = 1_795_910_400L;

    private Version() {
    }

    /**
     * Five lines: the program and the target that it was built for; the Java release, the VM with its compiler, and
     * the variant of the runtime if it is one of ours; whether the class-data archive is in use; which cipher it
     * prefers with keys, and why; the C library, and whose it is.
     */
    static String text(String program) {
        String info = System.getProperty("java.vm.info");
        String variant = System.getProperty("simplevpn.runtime");
        return "simplevpn " + NUMBER + " (" + program + "), " + target(System.getProperty("os.arch")) + '\n'
                + "Java " + System.getProperty("java.runtime.version") + ", " + System.getProperty("java.vm.name")
                + ", " + info + (variant == null ? "" : ", runtime " + variant) + '\n'
                + "class-data archive " + (info.contains("sharing") ? "in use" : "not in use") + '\n'
                + "ciphers: " + (Processor.computesAes() ? "AES-GCM by the processor"
                        : "ChaCha20-Poly1305, since AES-GCM would be Java code, slower") + '\n'
                + "C library: " + CLibrary.text() + '\n';
    }

    /** A target's name as the build has it, where Java calls the processor otherwise. */
    private static String target(String processor) {
        return switch (processor) {
            case "amd64" -> "x86_64";
            case "arm" -> "armhf";
            default -> processor;
        };
    }
}
