package simplevpn.harness;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Commands of the machine that run to their end, which is bounded in time. Their environment is the one of this VM:
 * what must not reach them test/compile takes out of it.
 */
public final class Command {
    private Command() { }

    /**
     * How a command ended.
     *
     * @param output what it printed, to stdout and stderr
     */
    public record Result(String command, int status, String output) {
        /** This result, unless the command failed. */
        public Result ok() {
            if (status != 0) {
                throw new LabException(command + " ended with status " + status + ": " + output.strip());
            }
            return this;
        }
    }

    /** The words of a command: some, and then more. */
    public static List<String> words(List<String> some, String... more) {
        List<String> words = new ArrayList<>(some);
        words.addAll(List.of(more));
        return words;
    }

    /** Runs a command without input; fails when it has not ended within the time. */
    public static Result run(int seconds, String... words) {
        return run(seconds, List.of(words));
    }

    static Result run(int seconds, List<String> words) {
        return run(String.join(" ", words), seconds, words);
    }

    /** Runs a script of the shell that ends with the first command that fails; then this fails too. */
    public static void script(String name, String script, String... arguments) {
        run(name, 60, words(List.of("sh", "-e", "-c", script), arguments)).ok();
    }

    private static Result run(String name, int seconds, List<String> words) {
        Process process = start(new ProcessBuilder().redirectInput(new File("/dev/null")), words);
        Thread watchdog = Thread.startVirtualThread(() -> {
            if (!hasEnded(process, seconds)) {
                // Its children too: they hold the pipe that is read below.
                family(process).forEach(ProcessHandle::destroyForcibly);
            }
        });
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            watchdog.join();
            if (status == 128 + 9) {
                throw new LabException(
                        name + " was killed, or did not end within " + seconds + " s: " + output.strip());
            }
            return new Result(name, status, output);
        } catch (IOException | InterruptedException e) {
            process.destroyForcibly();
            throw new LabException("waiting for " + name, e);
        }
    }

    /** Starts a command in a session of its own: Ctrl-C is for this VM, whose shutdown hook ends what it started. */
    static Process start(ProcessBuilder builder, List<String> words) {
        try {
            return builder.command(words(List.of("setsid"), words.toArray(String[]::new))).redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new LabException(String.join(" ", words) + ": " + e.getMessage(), e);
        }
    }

    /** A process, after all that it forked. */
    static List<ProcessHandle> family(Process process) {
        List<ProcessHandle> family = new ArrayList<>(process.descendants().toList());
        family.add(process.toHandle());
        return family;
    }

    static boolean hasEnded(Process process, int seconds) {
        try {
            return process.waitFor(seconds, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new LabException("interrupted", e);
        }
    }
}
