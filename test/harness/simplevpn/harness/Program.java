package simplevpn.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/** A program that was started on a {@link Host} and may still run, with all that it printed. */
public final class Program {
    /** What no user may ever see; lines that begin with a time in brackets are a board's kernel's own. */
    private static final Pattern TRACE = Pattern.compile("^(?!\\[ *\\d+\\.\\d+] )"
            + "(.*(Exception|internal error|logging failed|OutOfMemory|A fatal error|java\\.lang\\.)|\\s+at \\S+\\("
            + "|WARNING:)",
            Pattern.MULTILINE);

    /** A host's programs have a folder for sockets in common, as on a machine of its own, and with no other host. */
    private static final String OWN_SOCKETS =
            "mkdir -p /run/simplevpn \"$0\" && mount --bind \"$0\" /run/simplevpn && exec \"$@\"";

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final String name;
    private final Process process;
    private final Thread reader;
    private boolean ended;
    private boolean dismissed;

    Program(Host host, Path runtimeFolder, List<String> command) {
        name = host + ": " + String.join(" ", command);
        // A shell's background job ignores SIGINT, and so would all that it starts. The input stays open as long as
        // this VM lives: programs that end with their input do not outlive it.
        process = Command.start(new ProcessBuilder(), Command.words(
                host.inside("sh", "-c", OWN_SOCKETS, runtimeFolder + "/sockets", "env", "--default-signal=INT",
                        "RUNTIME_DIRECTORY=" + runtimeFolder),
                command.toArray(String[]::new)));
        reader = Thread.ofPlatform().daemon().start(() -> {
            try (BufferedReader output =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                output.lines().forEach(lines::add);
            } catch (IOException | UncheckedIOException e) {
                lines.add("(output lost: " + e.getMessage() + ")");
            }
        });
    }

    /** The lines that it printed so far, to stdout and stderr. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    /** The same in one piece. */
    public String log() {
        return String.join("\n", lines);
    }

    /** Whether it printed a line with something that the regular expression finds. */
    public boolean said(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return lines.stream().anyMatch(line -> pattern.matcher(line).find());
    }

    /** The last line that it printed, which as a rule says why it did not work. */
    public String lastLine() {
        return lines.isEmpty() ? "it said nothing" : lines.getLast();
    }

    /** Waits for such a line. */
    public void awaitLine(String regex, int seconds) {
        await("a line with " + regex, seconds, () -> said(regex));
    }

    /** Waits for a condition, which cannot come true any more once this program has ended. */
    public void await(String what, int seconds, BooleanSupplier condition) {
        Wait.until(what, seconds, () -> {
            boolean alive = alive();
            if (condition.getAsBoolean()) {
                return true;
            }
            if (alive) {
                return false;
            }
            int status = awaitExit(1);
            // Only now is all read that it printed.
            if (condition.getAsBoolean()) {
                return true;
            }
            throw new LabException(name + " ended with status " + status + " before " + what + ": " + lastLine());
        });
    }

    /** Whether it still runs. */
    public boolean alive() {
        return process.isAlive();
    }

    /** The exit status of a program that ends by itself. */
    public int awaitExit(int seconds) {
        if (!Command.hasEnded(process, seconds)) {
            throw new LabException(name + " still runs after " + seconds + " s");
        }
        try {
            // Not without end: something that it forked may hold the other end of the pipe.
            reader.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            throw new LabException("interrupted", e);
        }
        ended = true;
        return process.exitValue();
    }

    /** Sends a signal, for example {@code INT}. */
    public void signal(String signal) {
        Command.run(20, "sh", "-c", "kill -" + signal + " " + process.pid()).ok();
    }

    /** Ends it with SIGKILL. */
    public void kill() {
        process.destroyForcibly();
        awaitExit(30);
    }

    /**
     * As a supervisor stops it: SIGTERM, which ends it with status 0. One that ends by itself at this moment, like a
     * board whose kernel panicked, is none the worse for it.
     */
    public void stop() {
        process.toHandle().destroy();
        int status = awaitExit(30);
        if (status != 0) {
            throw new LabException(name + " ended with status " + status + " after SIGTERM:\n" + log());
        }
    }

    /**
     * The end of each {@link Lab}: stops it if it still runs; whatever it went through, it never printed a stack trace,
     * nor did it ask for a class or a method that is not in its image.
     */
    void end() {
        if (dismissed) {
            return;
        }
        if (!ended && alive()) {
            stop();
        }
        if (TRACE.matcher(log()).find()) {
            throw new LabException(name + " printed what no user should see:\n" + log());
        }
        List<String> lacking = Watch.lacking(process.pid());
        if (!lacking.isEmpty()) {
            throw new LabException(name + " lacks what jlink/reach left out:\n" + String.join("\n", lacking));
        }
    }

    /** Ends a program that is not this project's, with all that it forked: SIGTERM, after three seconds SIGKILL. */
    public void dismiss() {
        dismissed = true;
        List<ProcessHandle> family = Command.family(process);
        family.forEach(ProcessHandle::destroy);
        for (ProcessHandle member : family) {
            try {
                member.onExit().get(3, TimeUnit.SECONDS);
            } catch (Exception e) {
                member.destroyForcibly();
            }
        }
        awaitExit(30);
    }

    /** Resident memory in KiB. */
    public long rss() {
        return Long.parseLong(status("VmRSS").replaceAll("\\D", ""));
    }

    /** A field of this process's status (proc_pid_status(5)). */
    public String status(String field) {
        return proc("status").getLast().lines().filter(line -> line.startsWith(field + ":")).findFirst()
                .orElseThrow(() -> new LabException(name + " has no " + field)).substring(field.length() + 1).strip();
    }

    /** A field of the status of each of this process's threads (proc_pid_task(5)) that does not end meanwhile. */
    public List<String> threads(String field) {
        List<String> values = new ArrayList<>();
        try (var tasks = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            for (Path task : tasks.toList()) {
                try (var lines = Files.lines(task.resolve("status"))) {
                    lines.filter(line -> line.startsWith(field + ":"))
                            .forEach(line -> values.add(line.substring(field.length() + 1).strip()));
                } catch (NoSuchFileException | UncheckedIOException e) {
                    // This one has ended.
                }
            }
        } catch (IOException e) {
            throw new LabException(name + ": " + e, e);
        }
        return values;
    }

    /** Its number. */
    public long pid() {
        return process.pid();
    }

    /**
     * What a file of /proc/PID has (proc(5)), for each process that this one forked and that does not end meanwhile,
     * and last for itself.
     */
    public List<String> proc(String file) {
        List<String> texts = new ArrayList<>();
        for (ProcessHandle member : Command.family(process)) {
            try {
                texts.add(Files.readString(Path.of("/proc", Long.toString(member.pid()), file)));
            } catch (IOException e) {
                if (member.pid() == process.pid()) {
                    throw new LabException(name + ": " + e, e);
                }
            }
        }
        return texts;
    }

    /** How many descriptors it has open. */
    public int descriptors() {
        try (var entries = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            return (int) entries.count();
        } catch (IOException e) {
            throw new LabException(name + ": " + e, e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
