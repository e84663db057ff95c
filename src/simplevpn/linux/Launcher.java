package simplevpn.linux;

import simplevpn.base.Failure;

/** Starts other programs. {@link Spawner} lets the kernel do it; tests bring one of their own. */
public interface Launcher {
    /**
     * Starts a program, and does not wait for it.
     *
     * @param words the path of its file, and its arguments
     * @param environment all of its environment, each {@code NAME=value}
     * @throws Failure names the file, and what to do
     */
    Running launch(String[] words, String[] environment) throws Failure;

    /** A program that was started, until {@link #close}. */
    interface Running {
        /** A descriptor that is readable once the program has ended, for the {@link Poller}; negative for none. */
        int exit();

        /** The descriptor at which its output can be read, for the {@link Poller}. */
        int output();

        /**
         * Reads what it wrote, without waiting.
         *
         * @return bytes read to the buffer's beginning, 0 at the end, or −1 when there is nothing now
         */
        int read(Buffer to);

        /** Whether it has ended; from then on {@link #status} says how. */
        boolean hasEnded();

        /** How it ended: its exit status, 0 to 255, or −N when signal N killed it. */
        int status();

        /** Kills it, and what it started that is of its process group still (SIGKILL). */
        void kill();

        /** Nobody reads what it writes any more: writing ends it (SIGPIPE, pipe(7)). */
        void closeOutput();

        /** Gives back what is left once it has ended. */
        void close();
    }
}
