package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;

/**
 * Starts programs by posix_spawn(3), each as the leader of a session of its own: with /dev/null as standard input, a
 * pipe as standard and error output, no other descriptor, no signal blocked and each as it is by default.
 */
public final class Spawner implements Launcher {
    private static final String FILE_ACTIONS = "posix_spawn_file_actions_";
    private static final String ATTRIBUTES = "posix_spawnattr_";
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    /** What all of them have, a {@code posix_spawnattr_t}. */
    private final Buffer attributes = Buffer.permanent(Abi.SPAWNATTR_SIZE);
    /** A {@code posix_spawn_file_actions_t}. */
    private final Buffer actions = Buffer.permanent(Abi.SPAWN_FILE_ACTIONS_SIZE);
    private final Buffer nothing = Libc.string("/dev/null");
    private final Buffer number = Buffer.permanent(2 * Integer.BYTES);

    /** For the thread that runs the loop. */
    public Spawner() {
        Buffer signals = Buffer.temporary(Abi.SIGSET_SIZE);
        Libc.once(ATTRIBUTES + "init", attributes.address, 0, 0, 0);
        Libc.once(ATTRIBUTES + "setflags", attributes.address,
                Abi.POSIX_SPAWN_SETSID | Abi.POSIX_SPAWN_SETSIGDEF | Abi.POSIX_SPAWN_SETSIGMASK, 0, 0);
        Libc.once(ATTRIBUTES + "setsigmask", attributes.address, signals.address, 0, 0);
        for (int i = 0; i < signals.size; i++) {
            // Libc's own too, which sigfillset(3) would leave out, and which would be ignored then.
            signals.bytes.put(i, (byte) -1);
        }
        Libc.once(ATTRIBUTES + "setsigdefault", attributes.address, signals.address, 0, 0);
        signals.free();
    }

    @Override
    public Running launch(String[] words, String[] environment) throws Failure {
        int result = Libc.once("pipe2", number.address, Abi.O_CLOEXEC, 0, 0);
        if (result < 0) {
            throw Errno.failure("pipe2 for " + words[0], result, "");
        }
        int output = number.nativeOrder.getInt(0);
        int input = number.nativeOrder.getInt(Integer.BYTES);
        Libc.once("fcntl", output, Abi.F_SETFL, Abi.O_NONBLOCK, 0);
        result = spawn(words, environment, input);
        Libc.close(input);
        if (result != 0) {
            Libc.close(output);
            throw Errno.failure(words[0], -result, switch (result) {
                case Errno.EACCES -> "user " + Privileges.uid() + ", as whom this program runs, has to be able to"
                        + " execute it: chmod a+x " + words[0] + ", and the folders above";
                case Errno.ENOEXEC -> "a script begins with #!/bin/sh";
                default -> "";
            });
        }
        return new Child(number.nativeOrder.getInt(0), output);
    }

    /** Returns 0 with the process's number stored, or a positive errno. */
    private int spawn(String[] words, String[] environment, int output) {
        Libc.once(FILE_ACTIONS + "init", actions.address, 0, 0, 0);
        Libc.once(FILE_ACTIONS + "addopen", actions.address, 0, nothing.address, 0);
        Libc.once(FILE_ACTIONS + "adddup2", actions.address, output, STDOUT, 0);
        Libc.once(FILE_ACTIONS + "adddup2", actions.address, output, STDERR, 0);
        Libc.once(FILE_ACTIONS + "addclosefrom_np", actions.address, STDERR + 1, 0, 0);
        Buffer arguments = texts(words);
        Buffer variables = texts(environment);
        int result = Libc.once("posix_spawn", number.address, arguments.word(0), actions.address, attributes.address,
                arguments.address, variables.address);
        arguments.free();
        variables.free();
        Libc.once(FILE_ACTIONS + "destroy", actions.address, 0, 0, 0);
        return result;
    }

    /** An array of pointers to zero-terminated texts, a null pointer behind the last, and the texts themselves. */
    private static Buffer texts(String[] all) {
        byte[][] encoded = new byte[all.length][];
        int at = (all.length + 1) * Abi.WORD;
        int size = at;
        for (int i = 0; i < all.length; i++) {
            encoded[i] = all[i].getBytes(StandardCharsets.UTF_8);
            size += encoded[i].length + 1;
        }
        Buffer array = Buffer.temporary(size);
        for (int i = 0; i < all.length; i++) {
            array.word(i * Abi.WORD, array.address + at);
            array.bytes.put(at, encoded[i]);
            at += encoded[i].length + 1;
        }
        return array;
    }

    private static final class Child implements Running {
        private static final int EXITED = 0x7f;

        private final int process;
        private final int exit;
        private final int output;
        private boolean ended;
        private int status;

        Child(int process, int output) {
            this.process = process;
            this.output = output;
            // Linux 5.3; a filter of system calls may not know it either.
            exit = Libc.once("syscall", Abi.SYS_PIDFD_OPEN, process, 0, 0);
        }

        @Override
        public int exit() {
            return exit;
        }

        @Override
        public int output() {
            return output;
        }

        @Override
        public int read(Buffer to) {
            return Libc.tryRead(output, to, 0, to.size);
        }

        @Override
        public boolean hasEnded() {
            if (!ended) {
                Buffer word = Buffer.temporary(Integer.BYTES);
                int result = Libc.once("waitpid", process, word.address, Abi.WNOHANG, 0);
                int how = word.nativeOrder.getInt(0);
                word.free();
                // Where SIGCHLD was ignored before this program was started nobody can wait for it: it has ended then.
                ended = result != 0;
                status = (how & EXITED) == 0 ? how >> 8 & 0xff : -(how & EXITED);
            }
            return ended;
        }

        @Override
        public int status() {
            return status;
        }

        @Override
        public void kill() {
            if (!ended) {
                Libc.once("kill", -process, Abi.SIGKILL, 0, 0);
            }
        }

        @Override
        public void closeOutput() {
            Libc.close(output);
        }

        @Override
        public void close() {
            if (exit >= 0) {
                Libc.close(exit);
            }
        }
    }
}
