package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Host;
import simplevpn.harness.Program;

/** Who gets which address, who is refused and why, and when an address is free again. */
final class AddressTest extends Vpn {
    private static final String ANY = "0.0.0.0";
    private static final long TOKEN = 0x0102_0304_0506L;
    private static final long OTHER_TOKEN = 0x0a0b_0c0d_0e0fL;

    /** The main job: the server and two clients each have an address of their own on a device, with the netmask. */
    @Test
    void eachHostHasItsOwnAddress() {
        server();
        client(east);
        client(west, "-a", "10.0.7.7");
        assertEquals(SERVER, address(hub));
        assertTrue(address(east).startsWith("10.0."), () -> address(east));
        assertEquals("10.0.7.7", address(west));
        assertEquals(3, Set.of(address(hub), address(east), address(west)).size());
        for (Host host : List.of(hub, east, west)) {
            assertEquals(16, host.tunnel().orElseThrow().prefix(), host::toString);
        }
    }

    /** The server's network and MTU are what the hosts' devices have, whatever its size. */
    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/8", "172.16.0.0/12", "192.168.77.0/24", "10.1.2.4/30"})
    void networkIsPushed(String network) {
        int prefix = Integer.parseInt(network.substring(network.indexOf('/') + 1));
        int base = Frames.address(network.substring(0, network.indexOf('/')));
        server("-n", network, "-m", "1380");
        client(east);
        assertEquals(Frames.dotted(base + 1), address(hub));
        int address = Frames.address(address(east));
        assertEquals(base, address & (-1 << (32 - prefix)), "the address is in the network");
        assertNotEquals(base + 1, address);
        assertEquals(prefix, hub.tunnel().orElseThrow().prefix());
        assertEquals(prefix, east.tunnel().orElseThrow().prefix());
        assertEquals(1380, hub.mtu(hub.tunnel().orElseThrow().device()));
        assertEquals(1380, east.mtu(east.tunnel().orElseThrow().device()));
        assertEquals(0, east.ping(Frames.dotted(base + 1), "-c", "1").status());
    }

    /** The extended answer carries netmask, server address, MTU and keepalive times, as in PROTOCOL.md, table 2.3. */
    @Test
    void answerCarriesOptions() throws IOException {
        server("-n", "10.9.0.0/20", "-m", "1300", "-t", "20");
        ExtendedClient client = new ExtendedClient(east, hub, TOKEN);
        ExtendedClient.Answer answer = client.handshake(ANY);
        assertNull(answer.refusal());
        assertArrayEquals(bytes(0xff, 0xff, 0xf0, 0), answer.options().get(ExtendedClient.NETMASK));
        assertArrayEquals(bytes(10, 9, 0, 1), answer.options().get(ExtendedClient.SERVER));
        assertEquals(1300, ByteBuffer.wrap(answer.options().get(ExtendedClient.MTU)).getShort());
        ByteBuffer keepalive = ByteBuffer.wrap(answer.options().get(ExtendedClient.KEEPALIVE));
        assertEquals(5, keepalive.getShort(), "a quarter of the timeout");
        assertEquals(20, keepalive.getShort(), "the timeout");
        assertEquals(0, keepalive.remaining());
    }

    /** Feature bits of a later version of the protocol are neither accepted nor an obstacle. */
    @Test
    void unknownFeaturesAreIgnored() throws IOException {
        server();
        ExtendedClient client = new ExtendedClient(east, hub, TOKEN);
        assertNull(client.handshake(0xfc, ANY).refusal());
        client.assertAlive();
    }

    /** No two connections have the same dynamic address, and no dynamic one meets a static one. */
    @Test
    void dynamicAddressesDiffer() throws IOException {
        server("-n", "10.0.0.0/28");
        ClassicClient fixed = new ClassicClient(east, hub);
        assertEquals("10.0.0.3", fixed.ask("10.0.0.3"));
        Set<String> addresses = new HashSet<>(Set.of(SERVER, "10.0.0.3"));
        for (int i = 0; i < 12; i++) {
            assertTrue(addresses.add(new ClassicClient(west, hub).join()), "an address was assigned twice");
        }
        assertTrue(addresses.stream().allMatch(address ->
                Frames.address(address) > Frames.address("10.0.0.0")
                        && Frames.address(address) < Frames.address("10.0.0.15")), addresses::toString);
    }

    /** Whoever asks again on the same connection keeps the address, whichever it asks for then. */
    @Test
    void askingTwiceGivesTheSameAddress() throws IOException {
        server();
        ClassicClient classic = new ClassicClient(east, hub);
        ExtendedClient extended = new ExtendedClient(east, hub, TOKEN);
        for (ClassicClient client : List.of(classic, extended)) {
            String first = client.join();
            assertEquals(first, client.ask(ANY));
            assertEquals(first, client.ask("10.0.99.99"));
        }
    }

    /** Addresses that are the server's, reserved or outside the network are refused, with the reason if possible. */
    @Test
    void unusableStaticAddressIsRefused() throws IOException {
        server();
        for (String wanted : List.of(SERVER, "10.0.0.0", "10.0.255.255", "10.1.0.1", "127.0.0.1", "224.0.0.5",
                "255.255.255.255")) {
            assertRefused(wanted);
        }
    }

    /** An address that a connection holds is refused to all others, and the holder does not notice. */
    @Test
    void takenAddressIsRefused() throws IOException {
        server();
        ExtendedClient holder = new ExtendedClient(west, hub, OTHER_TOKEN);
        assertEquals("10.0.5.5", holder.ask("10.0.5.5"));
        assertRefused("10.0.5.5");
        holder.assertAlive();
    }

    /** A full pool refuses dynamic requests, and gives the address again as soon as its holder has gone. */
    @Test
    void fullPoolRefusesUntilAnAddressIsFree() throws IOException {
        Program server = server("-n", "10.0.0.0/30");
        ClassicClient only = new ClassicClient(east, hub);
        assertEquals("10.0.0.2", only.join());
        assertRefused(ANY);
        only.assertAlive();
        only.close();
        server.await("the freed address", 60, () -> asksAndGets(ANY));
    }

    /** A static address is free for the next one after its holder has gone. */
    @Test
    void staticAddressIsReused() {
        Program server = server();
        for (int i = 0; i < 3; i++) {
            server.await("the static address", 60, () -> asksAndGets("10.0.3.3"));
        }
    }

    /** The same client (by its token) takes its address over from its old connection, which is closed. */
    @Test
    void tokenTakesAddressOver() throws IOException {
        server();
        ExtendedClient old = new ExtendedClient(east, hub, TOKEN);
        ExtendedClient fresh = new ExtendedClient(west, hub, TOKEN);
        String address = old.join();
        assertEquals(address, fresh.ask(address));
        old.assertClosed();
        fresh.send(Frames.echo(address, SERVER, 1, 40));
        fresh.receiveReply(1);
    }

    /** Neither another token, nor the token 0 of clients without one, nor a classic request takes an address over. */
    @Test
    void otherTokensTakeNothingOver() throws IOException {
        server();
        ExtendedClient holder = new ExtendedClient(east, hub, TOKEN);
        ExtendedClient nameless = new ExtendedClient(east, hub, 0);
        assertEquals("10.0.4.1", holder.ask("10.0.4.1"));
        assertEquals("10.0.4.2", nameless.ask("10.0.4.2"));
        assertNotNull(refusal(OTHER_TOKEN, "10.0.4.1"));
        assertNotNull(refusal(0, "10.0.4.1"));
        assertNotNull(refusal(0, "10.0.4.2"));
        ClassicClient classic = new ClassicClient(west, hub);
        assertNull(classic.ask("10.0.4.1"));
        holder.assertAlive();
        nameless.assertAlive();
    }

    /** --max-clients: one more than that gets no address, the others stay, and a free place is given again. */
    @Test
    void clientsAreLimited() throws IOException {
        Program server = server("--max-clients", "2");
        ClassicClient first = new ClassicClient(east, hub);
        ClassicClient second = new ClassicClient(east, hub);
        first.join();
        second.join();
        assertFalse(asksAndGets(ANY));
        first.assertAlive();
        second.assertAlive();
        second.close();
        server.await("a place for one more", 60, () -> asksAndGets(ANY));
        first.assertAlive();
    }

    /** A client that is silent for the timeout is dropped and its address freed; one that sends keepalives is not. */
    @Test
    void silentClientTimesOut() throws IOException {
        Program server = server("-t", "3");
        ClassicClient silent = new ClassicClient(east, hub);
        ClassicClient talking = new ClassicClient(east, hub);
        assertEquals("10.0.6.6", silent.ask("10.0.6.6"));
        talking.join();
        server.await("the silent client's address", 60, () -> {
            try {
                talking.assertAlive();
            } catch (IOException e) {
                throw new AssertionError("the client that sends keepalives was dropped", e);
            }
            return asksAndGets("10.0.6.6");
        });
        silent.assertClosed();
    }

    private boolean asksAndGets(String wanted) {
        try (ClassicClient client = new ClassicClient(west, hub)) {
            String address = client.ask(wanted);
            return address != null && (wanted.equals(ANY) || address.equals(wanted));
        } catch (IOException e) {
            return false;
        }
    }

    private void assertRefused(String wanted) throws IOException {
        ClassicClient classic = new ClassicClient(east, hub);
        assertNull(classic.ask(wanted), "a classic client is refused by closing");
        String reason = refusal(TOKEN, wanted);
        assertNotNull(reason, "an extended client is told why");
        assertTrue(reason.length() > 5 && reason.length() <= 200, reason);
    }

    /** The reason with which an extended request is refused, after which the server closes; null when it is granted. */
    private String refusal(long token, String wanted) throws IOException {
        ExtendedClient client = new ExtendedClient(west, hub, token);
        ExtendedClient.Answer answer = client.handshake(wanted);
        if (answer.refusal() != null) {
            assertEquals("0.0.0.0", answer.address(), "the destination of a refusal");
            client.assertClosed();
        }
        return answer.refusal();
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
