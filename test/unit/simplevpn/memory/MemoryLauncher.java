package simplevpn.memory;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import simplevpn.base.Failure;
import simplevpn.linux.Buffer;
import simplevpn.linux.Launcher;

/** Starts programs that do what a test says, and when it says so. */
public final class MemoryLauncher implements Launcher {
    private final MemoryKernel kernel;
    /** All that were started, in order. */
    public final List<Child> started = new ArrayList<>();
    /** How many of them run. */
    public int running;
    /** Whether this kernel tells when one ends, as Linux does since 5.3. */
    public boolean tellsEnds = true;
    /** Whether they end at once by themselves. */
    public boolean endAtOnce;
    /** Why nothing can be started, or {@code null}. */
    public String broken;

    /** A launcher whose programs have descriptors of a kernel. */
    public MemoryLauncher(MemoryKernel kernel) {
        this.kernel = kernel;
    }

    @Override
    public Running launch(String[] words, String[] environment) throws Failure {
        if (broken != null) {
            throw new Failure(Failure.SYSTEM, words[0] + ": " + broken);
        }
        Child child = new Child(words, environment);
        started.add(child);
        running++;
        if (endAtOnce) {
            child.end(0);
        }
        return child;
    }

    /** What was started so far: {@code HOOK ADDRESS REASON}. */
    public List<String> names() {
        return started.stream().map(child -> child.variable("HOOK") + " " + child.variable("ADDRESS") + " "
                + child.variable("REASON")).toList();
    }

    /** One of them. */
    public final class Child implements Running {
        /** How it was started. */
        public final List<String> words;
        private final Map<String, String> variables = new TreeMap<>();
        private final StringBuilder written = new StringBuilder();
        private final int output = kernel.open(new Pipe());
        private final int exit = kernel.open(new Exit());
        private boolean ended;
        private int status;
        private boolean eof;
        /** What was done to it. */
        public boolean killed;
        public boolean outputClosed;
        public boolean closed;

        Child(String[] words, String[] environment) {
            this.words = List.of(words);
            for (String variable : environment) {
                int equals = variable.indexOf('=');
                variables.put(variable.substring(0, equals), variable.substring(equals + 1));
            }
        }

        private final class Pipe implements MemoryKernel.Descriptor {
            @Override
            public boolean isReadable() {
                return written.length() > 0 || eof;
            }

            @Override
            public boolean hasFailed() {
                return eof;
            }
        }

        private final class Exit implements MemoryKernel.Descriptor {
            @Override
            public boolean isReadable() {
                return ended;
            }
        }

        /** What it was told, or {@code null}. */
        public String variable(String name) {
            return variables.get(name);
        }

        /** All the names that it was told something of. */
        public String variables() {
            return String.join(" ", variables.keySet());
        }

        /** It writes something. */
        public void write(String text) {
            written.append(text);
        }

        /** It writes nothing any more. */
        public void closeItsOutput() {
            eof = true;
        }

        /** It ends. */
        public void end(int how) {
            ended = true;
            status = how;
            running--;
        }

        @Override
        public int exit() {
            return tellsEnds ? exit : -1;
        }

        @Override
        public int output() {
            return output;
        }

        @Override
        public int read(Buffer to) {
            int count = Math.min(to.size, written.length());
            to.bytes.put(0, written.substring(0, count).getBytes(StandardCharsets.ISO_8859_1));
            written.delete(0, count);
            return count > 0 ? count : eof ? 0 : -1;
        }

        @Override
        public boolean hasEnded() {
            return ended;
        }

        @Override
        public int status() {
            return status;
        }

        @Override
        public void kill() {
            killed = true;
            if (!ended) {
                end(-9);
            }
        }

        @Override
        public void closeOutput() {
            outputClosed = true;
            kernel.close(output);
        }

        @Override
        public void close() {
            closed = true;
            kernel.close(exit);
        }
    }
}
