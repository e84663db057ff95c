package simplevpn.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import simplevpn.Fuzz;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryStream;

/** Somebody between two ends changes what they send: no byte comes out that was not put in, and nothing breaks. */
class TlsFuzzTest extends TlsEnds {
    private static final int ROUNDS = 200;
    private static final int LENGTH = 60_000;

    private int ended;
    private int unharmed;

    /** Once in each connection, at any time from its first byte to its last, in either direction. */
    @Test
    void changedOnTheWay() throws Failure {
        for (int i = 0; i < ROUNDS * Fuzz.TIMES; i++) {
            round(i);
        }
        assertTrue(ended > ROUNDS / 4 && unharmed > 0, ended + " ended, " + unharmed + " were not harmed");
    }

    private void round(int number) throws Failure {
        connect(1 << 20, ofClient(serverKey.pin()), Credentials.ofServer(serverKey));
        client.toSend = bytes(LENGTH);
        server.toSend = bytes(LENGTH);
        int when = random.nextInt(24);
        int kind = random.nextInt(6);
        boolean toServer = random.nextBoolean();
        for (int turn = 0; turn < 60; turn++) {
            if (turn == when) {
                change(toServer ? below[1] : below[0], toServer ? below[0] : below[1], kind);
            }
            turn(4000);
        }
        // What is taken for the beginning of a record that is not whole is found out when more comes.
        client.toSend = join(client.toSend, bytes(LENGTH));
        server.toSend = join(server.toSend, bytes(LENGTH));
        for (int turn = 0; turn < 30; turn++) {
            turn(4000);
        }
        String what = "round " + number + ", change " + kind + " in turn " + when + " to server " + toServer;
        assertPrefix(client, server, what);
        assertPrefix(server, client, what);
        boolean all = client.received.size() == 2 * LENGTH && server.received.size() == 2 * LENGTH;
        boolean told = client.stream.why() != null || server.stream.why() != null;
        // A handshake of which a part is missing ends at its deadline.
        assertTrue(all || told || client.stream.pin() == null || server.stream.pin() == null, what);
        ended += told ? 1 : 0;
        unharmed += all && !told ? 1 : 0;
        client.stream.close();
        server.stream.close();
    }

    /** Changes the bytes that are on their way. */
    private void change(MemoryStream at, MemoryStream from, int kind) {
        byte[] bytes = at.take();
        if (bytes.length == 0) {
            return;
        }
        int middle = random.nextInt(bytes.length);
        byte[] head = Arrays.copyOf(bytes, middle);
        byte[] tail = Arrays.copyOfRange(bytes, middle, bytes.length);
        byte[] other = bytes(1 + random.nextInt(100));
        switch (kind) {
            case 0 -> bytes[middle] ^= (byte) (1 << random.nextInt(8));
            case 1 -> bytes = head;
            case 2 -> bytes = tail;
            case 3 -> bytes = join(bytes, bytes);
            case 4 -> bytes = join(tail, head);
            default -> bytes = join(join(head, other), tail);
        }
        from.put(bytes);
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static void assertPrefix(End from, End to, String what) {
        byte[] received = to.received.toByteArray();
        assertEquals(-1, Arrays.mismatch(received, Arrays.copyOf(from.toSend, received.length)), what);
    }
}
