package simplevpn.tunnel;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import simplevpn.base.Log;

/** What tests share that look at the lines of the log. */
abstract class Logged {
    /** What was said, without the program's name. */
    final List<String> log = new ArrayList<>();

    @BeforeEach
    void listen() {
        Log.to(line -> log.add(line.substring("test: ".length())));
        Log.start("test", Log.EVENTS, false);
    }

    @AfterEach
    void speakAgain() {
        Log.to(line -> {
            System.err.println(line);
            return true;
        });
    }
}
