package simplevpn.tls;

import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

/** What is run when an image is linked comes to its end, and tells by an error what cannot be. */
class RehearsalTest {
    @Test
    void comesToItsEnd() throws Exception {
        Rehearsal.main(new String[] {"simplevpn.Server"});
        assertThrows(ClassNotFoundException.class, () -> Rehearsal.main(new String[] {"simplevpn.Gone"}));
    }
}
