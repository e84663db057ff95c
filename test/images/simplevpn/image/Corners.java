package simplevpn.image;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What no test of the programs comes to but by chance or by a fault in them. It runs in an image, which has of the
 * class library what the programs reach, so it calls nothing that they do not call.
 */
final class Corners {
    private static final int THREADS = 4;
    private static final int ENTRIES = 100_000;

    private Corners() { }

    /** Prints what is asked for, or ends with a stack trace. */
    public static void main(String[] words) throws InterruptedException {
        switch (words[0]) {
            case "contention" -> contention();
            case "bounds" -> bounds();
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    /** Threads meet in one table, as those of classes and types are. */
    private static void contention() throws InterruptedException {
        Map<Object, String> table = new ConcurrentHashMap<>();
        Thread[] threads = new Thread[THREADS];
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread() {
                @Override
                public void run() {
                    for (int entry = 0; entry < ENTRIES; entry++) {
                        table.put(new Object(), "");
                    }
                }
            };
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println(Integer.toString(table.size()));
    }

    /** Memory beside a segment. */
    private static void bounds() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(Integer.BYTES);
            System.out.println(Long.toString(segment.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)));
        } catch (IndexOutOfBoundsException e) {
            System.out.println(e.getMessage());
        }
    }
}
