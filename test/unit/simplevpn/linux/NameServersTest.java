package simplevpn.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NameServersTest {
    /** Name servers, with what may stand behind them. */
    @Test
    void nameServers() {
        assertEquals("[192.0.2.53, 2001:db8::53, 198.51.100.53]", Arrays.toString(NameServers.parse("""
                # nameserver 192.0.2.1
                search example
                nameserver\t192.0.2.53 # of the house
                nameserver fe80::1%eth0
                nameserver 2001:db8::53
                nameserver 198.51.100.53""")));
        assertEquals(0, NameServers.parse(null).length);
    }
}
