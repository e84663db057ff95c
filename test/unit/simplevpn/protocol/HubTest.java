package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;

/** Who gets which address, where packets go, from which sources, and what is answered to those that go nowhere. */
class HubTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int FEATURES = Wire.OFFLOAD | Wire.OFFLOAD_UDP;

    private static final class Client extends Member {
        Client() {
            super(1);
        }

        Client(long source) {
            super(source);
        }
    }

    private final Random random = new Random(4);
    private final ByteBuffer packet = ByteBuffer.allocateDirect(200);
    private final ByteBuffer out = ByteBuffer.allocateDirect(200);
    private final Hub<Client> hub = new Hub<>(Network.ofIpv4(0x0a000000, 28), 1400, 60, 5, 13, FEATURES, 0);

    private static ByteBuffer request(String digits) {
        byte[] bytes = HexFormat.of().parseHex(digits.replace(" ", ""));
        return ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
    }

    /** An extended request: offered features, token and wanted address, in hex digits. */
    private Admission.Outcome<Client> ask(Client client, String features, String token, String wanted) {
        return ask(client, features, token, wanted, 0);
    }

    private Admission.Outcome<Client> ask(Client client, String features, String token, String wanted, long now) {
        return hub.admit(client, request("45" + features + "0000 5632" + token + wanted + "00000000"), 0, now);
    }

    private Client client(String wanted) {
        Client client = new Client();
        assertNull(ask(client, "03", "000000000001", wanted).answer().refusal);
        return client;
    }

    private int packet(String from, String to) {
        byte[] p = ReferencePackets.packet(random, ReferencePackets.UDP, 0, 0, 20);
        ReferencePackets.set32(p, 12, Ipv4.parse(from));
        ReferencePackets.set32(p, 16, Ipv4.parse(to));
        packet.put(5, p);
        return p.length;
    }

    /** The answer says what is in force, and what both sides can do and no more. */
    @Test
    void answers() {
        assertEquals(5, hub.maxClients());
        assertEquals("10.0.0.1", hub.own().toString());
        for (String[] row : new String[][] {{"00", "STREAM"}, {"01", "OFFLOAD"}, {"02", "STREAM"},
            {"03", "OFFLOAD_UDP"}, {"ff", "OFFLOAD_UDP"}}) {
            Client client = new Client();
            Admission.Outcome<Client> outcome = ask(client, row[0], "000000000001", "00000000");
            Answer answer = outcome.answer();
            assertEquals(row[1], outcome.framing().name());
            assertEquals(outcome.framing().features, answer.features);
            assertEquals(client.address(), answer.address);
            assertEquals("28 10.0.0.1 1400 15 60",
                    answer.length + " " + answer.server + " " + answer.mtu + " " + answer.idle + " " + answer.timeout);
            assertNull(outcome.displaced());
            hub.leave(client, 0);
        }
        Client classic = new Client();
        ByteBuffer request = request("45030000 00000000 00000001 0a000007 00000000");
        Admission.Outcome<Client> outcome = hub.admit(classic, request, 0, 0);
        assertSame(Framing.CLASSIC, outcome.framing());
        assertEquals("10.0.0.7", classic.address().toString());
        assertEquals(1, hub.answer(classic, Framing.OFFLOAD).features, "asked again, what is in force");
    }

    /** The same token takes an address over, and the address is not given up with the old connection then. */
    @Test
    void takeover() {
        Client old = client("0a000005");
        Client stranger = new Client();
        assertEquals("10.0.0.5 is taken by another client",
                ask(stranger, "00", "000000000002", "0a000005").answer().refusal);
        assertEquals("10.0.0.5 is taken by another client",
                ask(stranger, "00", "000000000000", "0a000005").answer().refusal, "no token is nobody's");
        assertNull(stranger.address());
        Client again = new Client();
        assertSame(old, ask(again, "00", "000000000001", "0a000005").displaced());
        assertFalse(hub.leave(old, 0));
        packet("10.0.0.9", "10.0.0.5");
        assertSame(again, hub.destination(packet, 5));
        assertTrue(hub.leave(again, 0));
        assertFalse(hub.leave(again, 0));
        assertEquals(0, hub.clients());
    }

    /** An address is kept for its client for one timeout, by its token or, without one, by its source. */
    @Test
    void keptForItsClient() {
        Client extended = client("0a000005");
        assertTrue(hub.leave(extended, 7 * SECOND));
        Client other = new Client();
        assertEquals("10.0.0.5 is kept for the client that had it, for up to 60 s",
                ask(other, "00", "000000000002", "0a000005", 8 * SECOND).answer().refusal);
        assertEquals("10.0.0.5 is kept for the client that had it, for up to 60 s",
                ask(other, "00", "000000000000", "0a000005", 67 * SECOND - 1).answer().refusal, "the same source");
        Client same = new Client(2);
        assertNull(ask(same, "00", "000000000001", "0a000005", 67 * SECOND - 1).answer().refusal);
        hub.leave(same, 68 * SECOND);
        assertNull(ask(other, "00", "000000000002", "0a000005", 128 * SECOND).answer().refusal);
        Client classic = new Client();
        assertNull(classicAsks(classic, "0a000006", 200 * SECOND));
        hub.leave(classic, 200 * SECOND);
        assertEquals("10.0.0.6 is kept for the client that had it, for up to 60 s",
                classicAsks(new Client(2), "0a000006", 201 * SECOND));
        assertNull(classicAsks(new Client(), "0a000006", 201 * SECOND));
    }

    /** Who asks for any address has the one of before, by its token, as long as that is kept, and not longer. */
    @Test
    void anyAddressIsTheOneOfBefore() {
        Client client = new Client();
        ask(client, "00", "000000000007", "00000000", 0);
        assertEquals("10.0.0.2", client.address().toString());
        hub.leave(client, 0);
        Client again = new Client();
        ask(again, "00", "000000000007", "00000000", 60 * SECOND - 1);
        assertEquals("10.0.0.2", again.address().toString());
        hub.leave(again, 60 * SECOND);
        Client late = new Client();
        ask(late, "00", "000000000007", "00000000", 120 * SECOND);
        assertEquals("10.0.0.3", late.address().toString());
    }

    private String classicAsks(Client client, String wanted, long now) {
        return hub.admit(client, request("45000000 00000000 00000000" + wanted + "00000000"), 0, now).answer().refusal;
    }

    /** One source has all places but a sixteenth, unless told otherwise; what is kept for its clients counts. */
    @Test
    void placesOfOneSource() {
        Hub<Client> small = new Hub<>(Network.ofIpv4(0x0a000000, 27), 1400, 60, 16, 0, FEATURES, 0);
        ByteBuffer dynamic = request("45000000 00000000 00000000 00000000 00000000");
        Client last = null;
        for (int i = 0; i < 15; i++) {
            last = new Client();
            assertNull(small.admit(last, dynamic, 0, 0).answer().refusal);
        }
        String refusal = "as many addresses as one host may have, 15, are given to this one (see --max-per-source)";
        assertEquals(refusal, small.admit(new Client(), dynamic, 0, 0).answer().refusal);
        assertNull(small.admit(new Client(2), dynamic, 0, 0).answer().refusal);
        small.leave(last, 0);
        assertEquals(refusal, small.admit(new Client(), dynamic, 0, 60 * SECOND - 1).answer().refusal);
        assertNull(small.admit(new Client(), dynamic, 0, 60 * SECOND).answer().refusal);
    }

    /** A full server takes nobody but who takes over. */
    @Test
    void full() {
        for (int i = 2; i < 7; i++) {
            client("0a00000" + i);
        }
        assertEquals("the server is full, 5 clients are its limit",
                ask(new Client(), "00", "000000000009", "00000000").answer().refusal);
        assertNull(ask(new Client(), "00", "000000000001", "0a000003").answer().refusal);
        assertEquals(5, hub.clients());
    }

    /** Packets go to whom the address belongs; a client sends from its own and no other. */
    @Test
    void packets() {
        Client one = client("0a000002");
        Client two = client("0a000003");
        packet("10.0.0.2", "10.0.0.3");
        assertSame(two, hub.destination(packet, 5));
        assertTrue(hub.maySend(one, packet, 5));
        assertFalse(hub.maySend(two, packet, 5));
        assertFalse(hub.isBeyond(packet, 5));
        packet("0.0.0.0", "10.0.0.4");
        assertNull(hub.destination(packet, 5));
        assertFalse(hub.maySend(new Client(), packet, 5), "who has no address sends nothing");
        assertFalse(hub.isBeyond(packet, 5), "somebody may have it one day");
        for (String to : new String[] {"10.0.0.0", "10.0.0.1", "10.0.0.15", "10.0.0.16", "192.168.1.1", "224.0.0.1"}) {
            packet("10.0.0.2", to);
            assertNull(hub.destination(packet, 5), to);
            assertTrue(hub.isBeyond(packet, 5), to);
        }
    }

    private int answersTo(Client from, int length, int times, long now) {
        int answers = 0;
        for (int i = 0; i < times; i++) {
            answers += hub.unreachable(from, packet, 5, length, out, 3, now) > 0 ? 1 : 0;
        }
        return answers;
    }

    /** Nobody there: told by the server to a client, by the missing address to this host; each with its own limit. */
    @Test
    void unreachable() {
        Client one = client("0a000002");
        Client two = client("0a000003");
        int length = packet("10.0.0.2", "10.0.0.9");
        assertEquals(28 + length, hub.unreachable(one, packet, 5, length, out, 3, 0));
        assertEquals("10.0.0.1", Ipv4.text(Packet.source(out, 3)));
        assertEquals(49, answersTo(one, length, 1000, 0));
        assertEquals(50, answersTo(two, length, 1000, 0));
        length = packet("10.0.0.1", "10.0.0.9");
        assertEquals(28 + length, hub.unreachable(null, packet, 5, length, out, 3, 0));
        assertEquals("10.0.0.9", Ipv4.text(Packet.source(out, 3)));
        assertEquals(49, answersTo(null, length, 1000, 0));
        assertEquals(20, answersTo(null, length, 1000, SECOND));
        assertEquals(50, answersTo(null, length, 1000, 100 * SECOND));
        for (String to : new String[] {"10.0.0.0", "10.0.0.1", "10.0.0.15", "224.0.0.1"}) {
            length = packet("10.0.0.1", to);
            assertEquals(0, answersTo(null, length, 1000, 1000 * SECOND), to);
        }
        length = packet("10.0.0.1", "10.0.0.9");
        assertEquals(50, answersTo(null, length, 1000, 1000 * SECOND), "what got no answer used up nothing");
        length = packet("10.0.0.2", "224.0.0.1");
        assertEquals(0, answersTo(one, length, 1000, 1000 * SECOND));
        length = packet("10.0.0.2", "10.0.0.9");
        assertEquals(50, answersTo(one, length, 1000, 1000 * SECOND), "what got no answer used up nothing");
    }

    /** What a client may not send is counted. */
    @Test
    void rejected() {
        Client client = new Client();
        client.reject();
        client.reject();
        assertEquals(2, client.rejected());
    }
}
