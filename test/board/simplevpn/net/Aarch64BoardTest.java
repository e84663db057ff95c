package simplevpn.net;

/** A Cortex-A53. */
final class Aarch64BoardTest extends BoardTest {
    Aarch64BoardTest() {
        super("aarch64");
    }
}
