package simplevpn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;

/** Clients that have proven a key have a name, and the name has an address: nobody else gets it. */
class NamedClientsTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long NAMES = 1L << 62;

    private static final class Client extends Member {
        private final long name;

        Client(long source, long name, String fixed) {
            super(source);
            this.name = name;
            if (name != 0) {
                identify(NAMES + name, fixed == null ? null : Address.parse(fixed));
            }
        }
    }

    private Hub<Client> hub = hub(13, 13);
    private Admission.Outcome<Client> outcome;

    private static Hub<Client> hub(int most, int ofOneSource) {
        return new Hub<>(Network.ofIpv4(0x0a000000, 28), 1400, 60, most, ofOneSource, 0, 0);
    }

    /** What a client gets: its address, or why it gets none. */
    private String ask(Client client, String wanted, int token, long now) {
        byte[] request = Product.request(0, token, wanted == null ? 0 : Ipv4.parse(wanted));
        outcome = hub.admit(client, ByteBuffer.wrap(request), 0, now);
        Answer answer = outcome.answer();
        assertEquals(answer.refusal == null, client.address() != null);
        return answer.refusal != null ? answer.refusal : answer.address.toString();
    }

    private static Client named(long name) {
        return new Client(name, name, null);
    }

    private static Client plain() {
        return new Client(100, 0, null);
    }

    /** A name has the address that it had, however long it was away; others do not get it, even when all is taken. */
    @Test
    void staysItsOwn() {
        Client one = named(1);
        assertEquals("10.0.0.2", ask(one, null, 5, 0));
        assertSame(one, hub.identified(NAMES + 1));
        assertTrue(hub.leave(one, 0));
        assertNull(hub.identified(NAMES + 1));
        assertEquals(0, hub.clients());
        long later = 1000 * SECOND;
        assertEquals("10.0.0.2 belongs to another client's key", ask(plain(), "10.0.0.2", 5, later));
        assertEquals("10.0.0.2 belongs to another client's key", ask(named(2), "10.0.0.2", 5, later));
        for (int i = 3; i < 15; i++) {
            assertEquals("10.0.0." + i, ask(plain(), null, i, later));
        }
        assertEquals("all addresses of the network 10.0.0.0/28 belong to somebody", ask(plain(), null, 99, later));
        assertEquals("all addresses of the network 10.0.0.0/28 belong to somebody", ask(named(2), null, 99, later));
        assertEquals("10.0.0.2", ask(named(1), null, 77, later));
        hub.forget(NAMES + 1);
        assertTrue(hub.leave(hub.identified(NAMES + 1), later));
        assertEquals("10.0.0.2", ask(plain(), null, 99, later), "a name that is gone has nothing");
    }

    /** A second connection takes the first one's place, also in a full house, and with another address. */
    @Test
    void secondConnection() {
        hub = hub(2, 1);
        Client first = named(1);
        ask(first, null, 5, 0);
        ask(named(2), null, 5, 0);
        Client second = named(1);
        assertEquals("10.0.0.2", ask(second, null, 6, 0));
        assertSame(first, outcome.displaced());
        assertFalse(hub.leave(first, 0), "its address is the second one's now");
        Client third = named(1);
        assertEquals("10.0.0.9", ask(third, "10.0.0.9", 6, 0));
        assertSame(second, outcome.displaced());
        assertFalse(hub.leave(second, 0));
        assertSame(third, hub.identified(NAMES + 1));
        assertEquals(2, hub.clients());
        Client elsewhere = new Client(2, 1, null);
        assertEquals("as many addresses as one host may have, 1, are given to this one (see --max-per-source)",
                ask(elsewhere, "10.0.0.7", 6, 0), "what it gives up counts for the host that it was given to");
        assertEquals("10.0.0.9", ask(new Client(3, 1, null), null, 6, 0));
        assertEquals("the server is full, 2 clients are its limit", ask(named(4), null, 6, 0));
        assertNull(outcome.displaced());
    }

    /** What the owner gave a name is the only one that it gets, also while it still has another. */
    @Test
    void fixed() {
        Client holder = plain();
        ask(holder, "10.0.0.7", 9, 0);
        hub.fix(Address.parse("10.0.0.7"), NAMES + 1);
        assertEquals("10.0.0.7 is taken by another client", ask(new Client(1, 1, "10.0.0.7"), null, 0, 0));
        hub.leave(holder, 0);
        hub.fix(Address.parse("10.0.0.7"), NAMES + 1);
        assertEquals("10.0.0.7 belongs to another client's key", ask(plain(), "10.0.0.7", 9, 0),
                "not even kept for the one that had it");
        assertEquals("10.0.0.7", ask(new Client(1, 1, "10.0.0.7"), null, 0, 0));
        assertEquals("10.0.0.8 is not the address of this client's key, 10.0.0.7 is",
                ask(new Client(1, 1, "10.0.0.7"), "10.0.0.8", 0, 0));
        // The owner thinks again: the client asks for what it had.
        hub.unfix();
        hub.fix(Address.parse("10.0.0.9"), NAMES + 1);
        assertEquals("10.0.0.7 is not the address of this client's key, 10.0.0.9 is",
                ask(new Client(1, 1, "10.0.0.9"), "10.0.0.7", 0, 0));
        assertEquals("10.0.0.9", ask(new Client(1, 1, "10.0.0.9"), null, 0, 0));
        hub.fix(Address.parse("10.0.0.9"), NAMES + 2);
        assertEquals("10.0.0.9 belongs to another client's key", ask(new Client(5, 5, "10.0.0.9"), null, 0, 0));
        hub.leave(hub.identified(NAMES + 1), 0);
        assertEquals("10.0.0.2", ask(named(1), null, 0, 0), "what is fixed for another is not its own");
        hub.leave(hub.identified(NAMES + 1), 0);
        assertEquals("10.0.0.1 is reserved", ask(new Client(6, 6, "10.0.0.1"), null, 0, 0));
        assertEquals("10.9.0.1 is not in the network 10.0.0.0/28", ask(new Client(6, 6, "10.9.0.1"), null, 0, 0));
    }

    /** An owner's slip that was corrected leaves nothing behind: neither for the one who had it nor for the other. */
    @Test
    void corrected() {
        Client one = named(1);
        assertEquals("10.0.0.2", ask(one, null, 0, 0));
        assertTrue(hub.fix(Address.parse("10.0.0.2"), NAMES + 2));
        assertEquals("10.0.0.2 is taken by another client", ask(new Client(2, 2, "10.0.0.2"), null, 0, 0));
        hub.unfix();
        assertEquals("10.0.0.3", ask(named(2), null, 0, 0));
        hub.leave(one, 0);
        assertEquals("10.0.0.2 belongs to another client's key", ask(named(3), "10.0.0.2", 0, 0));
        assertEquals("10.0.0.2", ask(named(1), null, 0, 0));
        for (String never : new String[] {"10.0.0.0", "10.0.0.1", "10.0.0.15", "10.9.0.1"}) {
            assertFalse(hub.fix(Address.parse(never), NAMES + 4), never);
        }
    }

    /** Whatever comes in whatever order: an address has one holder, and a name's address is never another's. */
    @Test
    void anyOrder() {
        Random random = new Random(8);
        Map<Long, String> had = new HashMap<>();
        Map<String, Client> holders = new HashMap<>();
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            long now = i * SECOND;
            if (!clients.isEmpty() && random.nextInt(3) == 0) {
                Client gone = clients.remove(random.nextInt(clients.size()));
                assertTrue(hub.leave(gone, now));
                holders.remove(gone.address().toString());
                continue;
            }
            long name = random.nextInt(9);
            Client client = name == 0 || name > 5 ? plain() : named(name);
            String wanted = random.nextInt(3) == 0 ? "10.0.0." + (2 + random.nextInt(13)) : null;
            String got = ask(client, wanted, 1 + random.nextInt(20), now);
            if (client.address() == null) {
                assertTrue(wanted != null || holders.size() + had.size() >= 13, got);
                continue;
            }
            if (outcome.displaced() != null) {
                clients.remove(outcome.displaced());
                holders.remove(outcome.displaced().address().toString());
                assertEquals(outcome.displaced().name, client.name);
            }
            assertNull(holders.put(got, client), got);
            had.forEach((other, address) -> assertFalse(address.equals(got) && other != client.name, got));
            if (client.name != 0) {
                String before = had.put(client.name, got);
                assertTrue(before == null || wanted != null || before.equals(got), got);
                assertSame(client, hub.identified(NAMES + client.name));
            }
            clients.add(client);
            assertEquals(clients.size(), hub.clients());
        }
        assertEquals(5, had.size());
        assertNotNull(had.get(1L));
    }
}
