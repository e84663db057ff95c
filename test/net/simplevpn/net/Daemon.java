package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;

/** A ./srv or ./cli that runs on a {@link Host}, with all that it printed. */
final class Daemon {
    static final Path TOP = Path.of(System.getProperty("simplevpn.top"));

    /** What no user may ever see; lines that begin with a time in brackets are a board's kernel's own. */
    private static final Pattern TRACE = Pattern.compile("^(?!\\[ *\\d+\\.\\d+] )"
            + "(.*(Exception|internal error|OutOfMemory|A fatal error)|\\s+at \\S+\\(|WARNING:)", Pattern.MULTILINE);

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final String name;
    private final Process process;
    private final Thread reader;
    private boolean ended;

    Daemon(Host host, List<String> command) {
        name = host + ": " + String.join(" ", command);
        // A shell's background job ignores SIGINT, and so would all that it starts.
        List<String> all = new ArrayList<>(
                List.of("ip", "netns", "exec", host.name, "env", "--default-signal=INT"));
        all.addAll(command);
        try {
            process = new ProcessBuilder(all).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reader = Thread.ofPlatform().daemon().start(() -> {
            try (BufferedReader output =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                output.lines().forEach(lines::add);
            } catch (IOException | UncheckedIOException e) {
                lines.add("(output lost: " + e.getMessage() + ")");
            }
        });
    }

    List<String> lines() {
        return List.copyOf(lines);
    }

    String log() {
        return String.join("\n", lines);
    }

    boolean said(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return lines.stream().anyMatch(line -> pattern.matcher(line).find());
    }

    void awaitLine(String regex, int seconds) {
        await("a line with " + regex, seconds, () -> said(regex));
    }

    /** Waits for a condition, which cannot come true any more once this daemon has ended. */
    void await(String what, int seconds, BooleanSupplier condition) {
        until(what, seconds, () -> {
            boolean alive = process.isAlive();
            if (condition.getAsBoolean()) {
                return true;
            }
            if (!alive) {
                throw new AssertionError(name + " ended with status " + process.exitValue() + " before " + what);
            }
            return false;
        });
    }

    static void until(String what, int seconds, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within " + seconds + " s: " + what);
            }
            pause(30);
        }
    }

    static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    boolean alive() {
        return process.isAlive();
    }

    /** The exit status of a daemon that ends by itself. */
    int awaitExit(int seconds) {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                throw new AssertionError(name + " still runs after " + seconds + " s");
            }
            reader.join();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        ended = true;
        return process.exitValue();
    }

    void signal(String signal) {
        new Lan.Command("", "sh", "-c", "kill -" + signal + " " + process.pid()).run(5).ok();
    }

    void kill() {
        process.destroyForcibly();
        awaitExit(10);
    }

    /** As a supervisor stops it: SIGTERM, which ends it with status 0. */
    void stop() {
        signal("TERM");
        assertEquals(0, awaitExit(10), () -> "exit status of " + name + " after SIGTERM\n" + log());
    }

    /** The end of each test: stops it if it still runs; whatever it went through, it never printed a stack trace. */
    void end() {
        if (!ended && alive()) {
            stop();
        }
        assertFalse(TRACE.matcher(log()).find(), () -> name + " printed what no user should see:\n" + log());
    }

    /** Resident memory in KiB. */
    long rss() {
        return Long.parseLong(status("VmRSS").replaceAll("\\D", ""));
    }

    /** A field of this process's status (proc_pid_status(5)). */
    String status(String field) {
        try (var status = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return status.filter(line -> line.startsWith(field + ":")).findFirst().orElseThrow()
                    .substring(field.length() + 1).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int descriptors() {
        try (var entries = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            return (int) entries.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
