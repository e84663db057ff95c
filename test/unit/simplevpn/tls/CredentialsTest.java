package simplevpn.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import simplevpn.base.Failure;

/** What two ends agree on: the cipher that the client's processor is fast with, and a session to go on with. */
class CredentialsTest extends TlsEnds {
    private long created;

    private void meet(Credentials ofClient, Credentials ofServer) throws Failure {
        connect(1 << 20, ofClient, ofServer);
        client.toSend = bytes(10);
        server.toSend = bytes(10);
        run(10);
        assertNull(client.stream.why());
        assertEquals(10, server.received.size());
        created = client.stream.engine.getSession().getCreationTime();
    }

    /** A server would take AES first, and does as a client says that has no instructions for it. */
    @ParameterizedTest
    @CsvSource({"true, TLS_AES_128_GCM_SHA256", "false, TLS_CHACHA20_POLY1305_SHA256"})
    void cipher(boolean aesIsFast, String suite) throws Failure {
        Pin[] pins = {serverKey.pin()};
        meet(Credentials.ofClient(clientKey, pins, aesIsFast, null), Credentials.ofServer(serverKey));
        assertEquals(suite, client.stream.cipher());
        assertEquals(suite, server.stream.cipher());
    }

    /** The second connection goes on with the first one's session; one of another program has none to go on with. */
    @Test
    void resumption() throws Exception {
        Credentials ofServer = Credentials.ofServer(serverKey);
        Credentials ofClient = ofClient(serverKey.pin());
        meet(ofClient, ofServer);
        long first = created;
        Thread.sleep(5);
        meet(ofClient, ofServer);
        assertEquals(first, created);
        assertEquals(clientKey.pin().toString(), server.stream.pin(), "who it is was proven then");
        meet(ofClient(serverKey.pin()), ofServer);
        assertNotEquals(first, created);
    }
}
