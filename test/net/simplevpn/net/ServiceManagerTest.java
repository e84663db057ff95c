package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import simplevpn.ServiceManager;
import simplevpn.harness.Command;
import simplevpn.harness.Host;
import simplevpn.harness.Lab;
import simplevpn.harness.Program;
import simplevpn.harness.Wait;

/** Both programs under a service manager such as systemd: what they tell it, and that nothing happens without one. */
final class ServiceManagerTest extends Vpn {
    @TempDir
    private Path folder;

    private Program start(Host host, Path socket, String microseconds, String program, String... arguments) {
        return lan.start(host, Command.words(List.of("env", "NOTIFY_SOCKET=" + socket,
                "WATCHDOG_USEC=" + microseconds, Lab.TOP.resolve(program).toString()), arguments));
    }

    /** Waits until the last thing told, but for signs of life, is this. */
    private static void awaitMessage(Program program, ServiceManager manager, String regex) {
        program.await("a message " + regex, 60, () -> {
            List<String> told = manager.messages().stream().filter(message -> !message.equals("WATCHDOG=1")).toList();
            return !told.isEmpty() && told.get(told.size() - 1).matches(regex);
        });
    }

    /** The server is ready when it listens and its device is up, tells how many clients it has, and that it ends. */
    @Test
    void serverTells() throws IOException {
        Path socket = folder.resolve("server");
        try (ServiceManager manager = new ServiceManager(socket.toString())) {
            Program server = start(hub, socket, "", "srv");
            awaitMessage(server, manager, "READY=1\nSTATUS=listening on .*:2002, 10\\.0\\.0\\.1 on tun0, clients: 0");
            assertEquals(SERVER, address(hub), "the device has its address when the server says that it is ready");
            ClassicClient client = new ClassicClient(east, hub);
            client.join();
            awaitMessage(server, manager, "STATUS=.*, clients: 1");
            client.close();
            awaitMessage(server, manager, "STATUS=.*, clients: 0");
            server.stop();
            List<String> all = manager.messages();
            assertTrue(all.get(all.size() - 1).startsWith("STOPPING=1"), all::toString);
            assertEquals(1, all.stream().filter(message -> message.contains("READY")).count(), all::toString);
            assertFalse(all.stream().anyMatch(message -> message.contains("WATCHDOG")), "nobody asked for it");
        }
    }

    /** The client is ready with its first address, and tells whom it is connected to, or why not. */
    @Test
    void clientTells() {
        Path socket = folder.resolve("client");
        try (ServiceManager manager = new ServiceManager(socket.toString())) {
            Program client = start(east, socket, "", "cli", "-s", hub.outer4);
            awaitMessage(client, manager, "STATUS=trying: connect 192\\.0\\.2\\.1:2002: ECONNREFUSED.*");
            assertFalse(manager.messages().stream().anyMatch(message -> message.contains("READY")), "not ready yet");
            Program server = server();
            String connected = "STATUS=connected to 192\\.0\\.2\\.1:2002, address 10\\.0\\.0\\.2/16 on tun0";
            awaitMessage(client, manager, "READY=1\n" + connected);
            assertEquals("10.0.0.2", address(east));
            server.stop();
            awaitMessage(client, manager, "STATUS=trying: .*192\\.0\\.2\\.1:2002.*");
            server();
            awaitMessage(client, manager, connected);
            client.stop();
            List<String> all = manager.messages();
            assertTrue(all.get(all.size() - 1).startsWith("STOPPING=1"), all::toString);
        }
    }

    /** Both show signs of life as long as they are left alone, with and without traffic, and stop when they hang. */
    @Test
    void signsOfLife() throws Exception {
        Path ofServer = folder.resolve("server");
        Path ofClient = folder.resolve("client");
        try (ServiceManager server = new ServiceManager(ofServer.toString());
                ServiceManager client = new ServiceManager(ofClient.toString())) {
            Program srv = start(hub, ofServer, "400000", "srv");
            awaitMessage(srv, server, "READY=1\n.*");
            Program cli = start(east, ofClient, "400000", "cli", "-s", hub.outer4);
            awaitMessage(cli, client, "READY=1\n.*");
            awaitSigns(srv, server, 4);
            awaitSigns(cli, client, 4);
            Transfer transfer = new Transfer(east, hub, SERVER, 400_000_000);
            awaitSigns(srv, server, 2);
            awaitSigns(cli, client, 2);
            transfer.await(60);
            cli.signal("STOP");
            Wait.pause(300);
            client.news();
            awaitSigns(srv, server, 4);
            assertEquals(List.of(), client.news(), "signs of life from a process that stands still");
            cli.signal("CONT");
            awaitSigns(cli, client, 1);
        }
    }

    private static void awaitSigns(Program program, ServiceManager manager, int count) {
        int before = signs(manager);
        program.await("signs of life", 60, () -> signs(manager) >= before + count);
    }

    private static int signs(ServiceManager manager) {
        return (int) manager.messages().stream().filter("WATCHDOG=1"::equals).count();
    }

    /** A service manager that is not there, or whose socket is of another kind, keeps neither program from its work. */
    @Test
    void absentServiceManager() {
        Program server = start(hub, folder.resolve("nobody"), "1000000", "srv");
        Program client = start(east, Path.of("vsock:2:1"), "1000000", "cli", "-s", hub.outer4);
        server.awaitLine("listening on", 60);
        awaitAddress(client, east);
        east.awaitPing(SERVER, 60);
        client.awaitLine("NOTIFY_SOCKET vsock:2:1", 60);
    }

    /** Without NOTIFY_SOCKET the class is not loaded, which no board should pay for. */
    @Test
    void nothingIsLoadedWithoutOne() throws IOException {
        assertFalse(loaded("without", "").contains("simplevpn.Notify "));
        assertTrue(loaded("with", folder.resolve("nobody").toString()).contains("simplevpn.Notify "));
    }

    private String loaded(String name, String socket) throws IOException {
        Path log = folder.resolve(name);
        Program server = lan.start(hub, List.of("env", "NOTIFY_SOCKET=" + socket,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-Xlog:class+load:file=" + log,
                // Classes of a folder are read when they are needed: by root, since the folder may be closed to others.
                "-cp", Lab.TOP.resolve("build/classes").toString(), "simplevpn.Server", "--user", "root"));
        server.awaitLine("listening on", 60);
        east.connect(hub.outer4, ClassicClient.PORT).close();
        server.stop();
        return Files.readString(log);
    }
}
