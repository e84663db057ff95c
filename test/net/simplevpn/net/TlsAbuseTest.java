package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import simplevpn.harness.Host;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;
import simplevpn.tls.Key;
import simplevpn.tls.OtherSide;

/** What strangers try to take from those whose keys a server knows: they do not get it, and nothing of it stays. */
final class TlsAbuseTest extends Vpn {
    private static final String WEST = "10.0.0.8";
    /** Until the server has tidied up behind a crowd, and the allocator has given back what it had. */
    private static final int TIDY = 25_000;
    private static final int BYTES = 20_000_000;

    private final Host away = lan.host(3);
    private SSLContext known;

    TlsAbuseTest() {
        super("away");
    }

    private Program keyed() throws Exception {
        String[] pins = new String[3];
        for (int i = 0; i < pins.length; i++) {
            Program keygen = lan.start(hub, "cli", "--keygen", key(i));
            assertEquals(0, keygen.awaitExit(30));
            pins[i] = keygen.lastLine();
        }
        Key own = OtherSide.key(1);
        known = OtherSide.context(own);
        Files.writeString(lan.file("peers"), pins[1] + " east\n" + pins[2] + " west " + WEST + "\n" + own.pin()
                + " other\n");
        Program server = server("--key", key(0), "--peers", file("peers"));
        client(east, "--key", key(1), "--server-pin", pins[0]);
        client(west, "--key", key(2), "--server-pin", pins[0]);
        return server;
    }

    private String key(int number) {
        return file("key" + number);
    }

    private static int goal(Attack.Kind kind) {
        return switch (kind) {
            case SILENT -> 5000;
            case RESETS -> 100_000;
            case SLOW -> 5;
            case UNKNOWN, NEW_KEYS, AGAIN -> 30;
            default -> 2000;
        };
    }

    /** One after the other, while others transfer data: it arrives intact, and a client who comes then gets in. */
    @Test
    @Timeout(value = 400, unit = TimeUnit.SECONDS)
    void whileOthersTalk() throws Exception {
        Program server = keyed();
        new Transfer(east, west, WEST, BYTES).await(60);
        int descriptors = server.descriptors();
        for (Attack.Kind kind : Attack.Kind.values()) {
            attack(kind, Math.max(5, goal(kind) / 10));
        }
        Wait.pause(TIDY);
        long before = server.rss();
        StringBuilder times = new StringBuilder();
        for (Attack.Kind kind : Attack.Kind.values()) {
            attack(kind, goal(kind));
            long begin = System.nanoTime();
            join();
            times.append(' ').append(kind).append(' ').append(
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).append(',');
            server.await("the descriptors of before " + kind, 60, () -> server.descriptors() == descriptors);
        }
        System.out.println("    a new client is in, ms after the end of" + times.substring(0, times.length() - 1));
        server.await("the memory of before, " + before + " KiB and a tenth", 60,
                () -> server.rss() < before * 11 / 10);
        assertTrue(server.lines().size() < 1000, () -> server.lines().size() + " lines");
    }

    private void attack(Attack.Kind kind, int times) throws Exception {
        try (Attack attack = new Attack(kind, away, hub)) {
            do {
                new Transfer(east, west, WEST, BYTES).await(120);
            } while (attack.count() < times);
        }
    }

    /** Somebody whom the server knows asks for an address, from where the attacks come too. */
    private void join() throws IOException {
        byte[] request = Frames.request(new Random(1), "0.0.0.0");
        try (SSLSocket socket = (SSLSocket) known.getSocketFactory().createSocket(
                away.connect(hub.outer4, ClassicClient.PORT), "x", 1, true)) {
            socket.getOutputStream().write(request);
            assertEquals(Frames.HEADER, socket.getInputStream().readNBytes(Frames.HEADER).length);
        }
    }

    /** A thousand clients behind one router come back at once after the server was started again: all get in. */
    @Test
    @Timeout(value = 400, unit = TimeUnit.SECONDS)
    void crowdComesBack() throws Exception {
        Crowd crowd = new Crowd(away, hub, 1000);
        Files.writeString(lan.file("peers"), crowd.peers());
        Program keygen = lan.start(hub, "cli", "--keygen", key(0));
        assertEquals(0, keygen.awaitExit(30));
        List<String> words = List.of("--key", key(0), "--peers", file("peers"), "-t", "600");
        for (int i = 0; i < 2; i++) {
            Program server = server(words.toArray(String[]::new));
            crowd.join(180);
            server.kill();
        }
    }
}
