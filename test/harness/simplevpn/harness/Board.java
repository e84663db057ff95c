package simplevpn.harness;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A board that boots in qemu-system in the place of one of a {@link Lan}'s hosts: it has that host's outer address. Its
 * console are the lines of {@link #console}. Once it has started, two services of it answer (test/board/network).
 */
public final class Board {
    /** Sends back whatever comes. */
    private static final int ECHO = 7;
    private static final int SHELL = 23;
    /** Milliseconds; a first handshake takes an emulated board half a minute, and a minute on a loaded machine. */
    private static final int PATIENCE = 120_000;
    /** What a board says that will not come up: the kernel, or the VM on it. */
    private static final Pattern END = Pattern.compile("Kernel panic|Out of memory|Unable to mount|can't execute"
            + "|Exception in thread");

    /** The emulator: its lines are the board's console. */
    public final Program console;
    private final Host neighbour;
    private final Host place;
    private final String target;
    private final int megabytes;
    private final String program;
    private final long start = System.nanoTime();

    /**
     * Turns a board on.
     *
     * @param neighbour the host from which the board's services are used
     * @param place the host whose place it takes
     * @param program {@code srv} or {@code cli}: what its init script starts
     */
    public Board(Lan lan, Host neighbour, Host place, String target, int megabytes, String program) {
        this(lan, neighbour, place, target, megabytes, program, "");
    }

    /** The same with a clock that begins at a date, YYYY-MM-DD. */
    public Board(Lan lan, Host neighbour, Host place, String target, int megabytes, String program, String date) {
        this.neighbour = neighbour;
        this.place = place;
        this.target = target;
        this.megabytes = megabytes;
        this.program = program;
        console = lan.start(place, "test/board/boot", target, Integer.toString(megabytes), program, place.outer4,
                date);
    }

    /** Waits for a condition; fails at once when it cannot come true any more. */
    public void await(String what, int seconds, BooleanSupplier condition) {
        console.await(what, seconds, () -> {
            console.lines().stream().filter(line -> END.matcher(line).find()).findFirst().ifPresent(line -> {
                throw new LabException("before " + what + " the board said: " + line);
            });
            return condition.getAsBoolean();
        });
    }

    /** Prints a line about this board, with the time since it was turned on. */
    public void tell(String line) {
        System.out.println("  " + target + ", " + megabytes + " MB, " + program + ": after "
                + (System.nanoTime() - start) / 1_000_000_000L + " s " + line);
    }

    /** What commands print, run by the board's shell. */
    public String ask(String commands) throws IOException {
        try (Socket shell = neighbour.connect(place.outer4, SHELL)) {
            shell.setSoTimeout(PATIENCE);
            shell.getOutputStream().write((commands + " 2>&1\n").getBytes(StandardCharsets.US_ASCII));
            shell.shutdownOutput();
            return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The board's own ping: three packets, three answers. */
    public void ping(String address) throws IOException {
        String output = ask("ping -c 3 -w 20 " + address);
        require(output.contains("3 packets transmitted, 3 packets received"), output);
    }

    /** A stream to the board's address in the tunnel and back: both directions at once, each byte compared. */
    public void echo(String address, int bytes) throws Exception {
        byte[] sent = new byte[bytes];
        new Random(bytes).nextBytes(sent);
        try (Socket socket = neighbour.connect(address, ECHO)) {
            socket.setSoTimeout(PATIENCE);
            FutureTask<Void> sending = new FutureTask<>(() -> {
                socket.getOutputStream().write(sent);
                socket.shutdownOutput();
                return null;
            });
            Thread.ofPlatform().daemon().start(sending);
            byte[] received = socket.getInputStream().readNBytes(bytes);
            require(received.length == bytes, "the stream ended after " + received.length + " bytes");
            int wrong = Arrays.mismatch(sent, received);
            require(wrong == -1, "wrong bytes from byte " + wrong + " on");
            require(socket.getInputStream().read() == -1, "more came back than was sent");
            sending.get();
        } catch (ExecutionException e) {
            throw new LabException("sending to " + address, e.getCause());
        }
    }

    /** Resident memory of the program that the board runs, in KiB. */
    public int resident() throws IOException {
        return number(ask("cat /proc/$(pidof java ld.so)/status"), "VmRSS");
    }

    /** What of the memory the VM has, what is left, and what the kernel has: before the first program, and by now. */
    public String memory() throws IOException {
        String facts = ask("dmesg | grep -o 'Memory: .* available'; cat /proc/meminfo;"
                + " grep VmRSS /proc/$(pidof java ld.so)/status");
        int before = megabytes * 1024 - number(facts, "MemTotal");
        int kernel = before + number(facts, "Slab") + number(facts, "KernelStack") + number(facts, "PageTables")
                + number(facts, "VmallocUsed") + number(facts, "Percpu");
        return "VM " + megabytes(number(facts, "VmRSS")) + ", available " + megabytes(number(facts, "MemAvailable"))
                + ", kernel " + megabytes(kernel) + " of which " + megabytes(before) + " at its start ("
                + facts.lines().findFirst().orElseThrow() + ")";
    }

    private static int number(String facts, String name) {
        Matcher line = Pattern.compile("^" + name + ":\\s+(\\d+) kB", Pattern.MULTILINE).matcher(facts);
        require(line.find(), "no " + name + " in\n" + facts);
        return Integer.parseInt(line.group(1));
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new LabException(otherwise);
        }
    }

    private static String megabytes(int kibibytes) {
        return kibibytes / 1024 + "." + kibibytes % 1024 * 10 / 1024 + " MB";
    }
}
