package simplevpn.harness;

import java.nio.file.Path;
import java.util.List;

/** The programs of another build than ./srv and ./cli: those of the image that make linked for a processor. */
public final class Image {
    /** The target that this machine is. */
    public static final String OWN =
            System.getProperty("os.arch").replace("amd64", "x86_64").replaceFirst("arm$", "armhf");

    private Image() { }

    /** The image's folder. */
    public static Path folder(String target) {
        return Lab.TOP.resolve("build").resolve(target).resolve("image");
    }

    /**
     * The command of a program; of another processor's, under emulation.
     *
     * @param target whose image: {@code x86_64}, {@code aarch64} or {@code armhf}
     * @param options of the VM, beside those that the image has inside
     * @param main {@code Server} or {@code Client}
     */
    public static List<String> command(String target, List<String> options, String main, String... arguments) {
        List<String> command = Command.words(List.of(Lab.TOP.resolve("jlink/emulate").toString(), target,
                folder(target).resolve("bin/java").toString()), options.toArray(String[]::new));
        return Command.words(Command.words(command, "-m", "simplevpn/simplevpn." + main), arguments);
    }
}
