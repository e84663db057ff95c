package simplevpn;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.base.Failure;

/** What the tests of servers and clients with keys in memory share: their files, and programs that use these. */
abstract class KeyedWorldTest extends WorldTest {
    @TempDir
    Path folder;
    String serverPin;

    @BeforeEach
    void keys() throws Exception {
        serverPin = key("srv");
        Files.writeString(file("peers"), "");
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    String key(String name) throws Failure {
        return KeyFiles.generate(file(name).toString()).pin().toString();
    }

    /** A client that is known by a key of that name; returns the pin. */
    String known(String name, String... address) throws Exception {
        String pin = key(name);
        Files.writeString(file("peers"), Files.readString(file("peers")) + pin + " " + name + " "
                + String.join(" ", address) + "\n");
        return pin;
    }

    World.Hub server(String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("--key", file("srv").toString(), "--peers",
                file("peers").toString()));
        all.addAll(List.of(words));
        return world.hub(all.toArray(String[]::new));
    }

    World.Board board(String key, String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("--key", file(key).toString()));
        all.addAll(List.of(words));
        return world.board(1, all.toArray(String[]::new));
    }

    World.Board pinned(String key, String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("--server-pin", serverPin));
        all.addAll(List.of(words));
        return board(key, all.toArray(String[]::new));
    }

    static String address(World.Board board) {
        return board.device.address == null ? null : board.device.address.toString();
    }

    static String quoted(String text) {
        return Pattern.quote(text);
    }
}
