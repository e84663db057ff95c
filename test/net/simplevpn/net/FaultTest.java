package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import simplevpn.harness.Host;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** What breaks: processes, links, devices, peers. The rest goes on, and what can come back comes back. */
final class FaultTest extends Vpn {
    private static final long BYTES = 200_000_000;

    /** A transfer between clients lives through the server's death: device, address and TCP connection stay. */
    @Test
    void transferSurvivesServerRestart() throws Exception {
        Program server = server();
        client(east);
        client(west);
        String before = east.run("ip", "-o", "-4", "addr").ok().output();
        Transfer transfer = started(new Transfer(east, west, address(west), BYTES));
        server.kill();
        assertInterrupted(transfer);
        assertEquals(before, east.run("ip", "-o", "-4", "addr").ok().output(), "the device while there is no server");
        server();
        transfer.await(60);
        assertEquals(before, east.run("ip", "-o", "-4", "addr").ok().output(), "the device after the restart");
    }

    /** The same between a client and the server's own host, whose device and address are made anew. */
    @Test
    void transferWithServerSurvivesServerRestart() throws Exception {
        Program server = server();
        client(east);
        Transfer transfer = started(new Transfer(east, hub, SERVER, BYTES));
        server.kill();
        assertInterrupted(transfer);
        server();
        transfer.await(60);
    }

    /** A killed client that is started again has the address that it had, also when others came meanwhile. */
    @Test
    void killedClientHasItsAddress() {
        server();
        client(east).kill();
        client(west);
        client(east);
        assertEquals("10.0.0.2", address(east));
        assertEquals("10.0.0.3", address(west));
    }

    /** A killed client that is started again gets its static address, and a transfer through the new process works. */
    @Test
    void killedClientGetsItsAddressAgain() throws Exception {
        Program server = server("-t", "4");
        client(east, "-a", "10.0.8.8").kill();
        server.await("the address for the restarted client", 60, () -> {
            Program again = clientStarting(east, "-a", "10.0.8.8");
            Wait.until("an address or a refusal", 60, () -> !again.alive() || east.tunnel().isPresent());
            return again.alive();
        });
        assertEquals("10.0.8.8", address(east));
        new Transfer(east, hub, SERVER, 1_000_000).await(60);
    }

    /** A cable that is pulled for longer than the timeout and plugged again: the transfer goes on by itself. */
    @ParameterizedTest
    @ValueSource(ints = {500, 5000})
    void transferSurvivesLinkDown(int milliseconds) throws Exception {
        server("-t", "3");
        client(east);
        client(west);
        Transfer transfer = started(new Transfer(east, west, address(west), BYTES));
        lan.link(east, false);
        assertInterrupted(transfer);
        Wait.pause(milliseconds);
        lan.link(east, true);
        transfer.await(60);
    }

    /** An uplink that gets another address: the old connection dies without a sign, and its address is taken over. */
    @Test
    void transferSurvivesAddressChange() throws Exception {
        server("-t", "4");
        client(east);
        String address = address(east);
        Transfer transfer = started(new Transfer(east, hub, SERVER, BYTES));
        east.run("ip", "addr", "flush", "dev", "eth0").ok();
        assertInterrupted(transfer);
        east.run("ip", "addr", "add", "192.0.2.200/24", "dev", "eth0").ok();
        transfer.await(60);
        assertEquals(address, address(east));
    }

    /** A client that never reads costs only itself: others transfer meanwhile, and the server's memory is bounded. */
    @Test
    void readerThatNeverReads() throws Exception {
        Program server = server();
        client(east);
        new Transfer(east, hub, SERVER, 20_000_000).await(60);
        ClassicClient sloth = new ClassicClient(west, hub);
        ClassicClient writer = new ClassicClient(west, hub);
        String from = writer.join();
        String to = sloth.join();
        byte[][] batch = new byte[40][];
        for (int i = 0; i < batch.length; i++) {
            batch[i] = Frames.datagram(from, to, i, 1400);
        }
        long before = server.rss();
        Transfer transfer = new Transfer(east, hub, SERVER, 20_000_000);
        byte[] packets = Frames.join(batch);
        for (int i = 0; i < 1500; i++) {
            writer.send(packets);
        }
        writer.assertAlive();
        transfer.await(60);
        long growth = server.rss() - before;
        assertTrue(growth < 12_000, () -> "server grew by " + growth + " KiB while 86 MB waited for one reader");
        for (int i = 0; i < 20; i++) {
            byte[] packet = sloth.receive();
            assertEquals(batch[0].length, packet.length);
            assertTrue(Frames.headerChecksumOk(packet), "what was kept is whole frames");
        }
        sloth.assertAlive();
    }

    /** A device that is removed under a running program ends it with one clear line, and not in a busy loop. */
    @Test
    void removedDeviceEndsTheProgram() {
        Program server = server();
        Program client = client(east);
        assertEndsWithoutDevice(east, client);
        assertEndsWithoutDevice(hub, server);
    }

    /** SIGTERM and SIGINT end server and client with status 0 and take the device along. */
    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    void signalsEndBothWithTheirDevices(String signal) {
        Program server = server();
        Program client = client(east);
        client.signal(signal);
        assertEquals(0, client.awaitExit(20), client::log);
        assertTrue(east.tunnel().isEmpty(), "the client's device is gone");
        server.signal(signal);
        assertEquals(0, server.awaitExit(20), server::log);
        assertTrue(hub.tunnel().isEmpty(), "the server's device is gone");
    }

    /** A client that is still looking for its server ends on SIGTERM as well. */
    @Test
    void signalEndsAWaitingClient() {
        Program client = clientStarting(east);
        client.await("a line about the server", 60, () -> !client.lines().isEmpty());
        client.stop();
    }

    /** Twenty connections full of rubbish: each is closed, the server neither grows nor slows those who behave. */
    @Test
    void rubbishIsRefused() throws Exception {
        Program server = server();
        client(east);
        new Transfer(east, hub, SERVER, 20_000_000).await(60);
        long before = server.rss();
        List<ClassicClient> rubbish = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            rubbish.add(new ClassicClient(west, hub));
        }
        Transfer transfer = new Transfer(east, hub, SERVER, 20_000_000);
        Random random = new Random(20);
        for (int i = 0; i < 20; i++) {
            byte[] bytes = new byte[1 << i % 18];
            random.nextBytes(bytes);
            bytes[0] = (byte) (0x70 + i);
            sendUnlessClosed(rubbish.get(i), bytes.length < Frames.HEADER ? new byte[Frames.HEADER] : bytes);
        }
        for (ClassicClient client : rubbish) {
            client.assertClosed();
        }
        transfer.await(60);
        long growth = server.rss() - before;
        assertTrue(growth < 12_000, () -> "server grew by " + growth + " KiB");
        east.awaitPing(SERVER, 60);
    }

    /** The client tries until its server is there, with one line per change of state and not per attempt. */
    @Test
    void clientWaitsForItsServer() {
        Program client = clientStarting(east);
        client.await("a line about the server", 60, () -> !client.lines().isEmpty());
        Wait.pause(4000);
        assertEquals(1, client.lines().size(), client::log);
        server();
        awaitAddress(client, east);
    }

    /** A client without traffic keeps its connection far beyond the timeout, which the server pushed to it. */
    @Test
    void idleClientStaysConnected() {
        Program server = server("-t", "2");
        Program client = client(east);
        Wait.pause(6000);
        assertFalse(server.said("timed out|gone"), server::log);
        assertEquals(1, client.lines().stream().filter(line -> line.contains("connected to")).count(), client::log);
        east.awaitPing(SERVER, 60);
    }

    private static Transfer started(Transfer transfer) {
        Wait.until("the transfer's first bytes", 60, () -> transfer.received() > 2_000_000);
        return transfer;
    }

    private static void assertInterrupted(Transfer transfer) {
        assertTrue(transfer.received() < 2 * BYTES - 1_000_000, "the transfer was complete before the fault");
    }

    private static void assertEndsWithoutDevice(Host host, Program program) {
        String device = host.tunnel().orElseThrow().device();
        int lines = program.lines().size();
        host.run("ip", "link", "del", device).ok();
        assertEquals(1, program.awaitExit(30), program::log);
        List<String> last = program.lines().subList(lines, program.lines().size());
        assertTrue(last.stream().filter(line -> line.contains(device)).count() == 1, () -> "said: " + last);
    }

    private static void sendUnlessClosed(ClassicClient client, byte[] bytes) {
        try {
            client.send(bytes);
        } catch (IOException e) {
            // The server may close as soon as it has seen the first bytes: a test of that follows.
        }
    }
}
