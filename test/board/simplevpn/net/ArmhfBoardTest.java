package simplevpn.net;

/** A Cortex-A15. */
final class ArmhfBoardTest extends BoardTest {
    ArmhfBoardTest() {
        super("armhf");
    }
}
