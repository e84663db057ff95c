package simplevpn.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import simplevpn.harness.Host;
import simplevpn.harness.Program;

/**
 * The README's recipe of a board behind a NAT, command by command: the hub is the rented host, east the board, west the
 * laptop; "gate" is the NAT, and "camera" a machine of the board's LAN that knows no way out of it.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class RemoteBoardTest extends Vpn {
    private static final String SECTION = "## A board I want to reach";
    private static final String CAMERA = "192.168.50.20";

    private final Host gate;
    private final Host camera;

    RemoteBoardTest() {
        super("gate", "camera");
        gate = lan.host(3);
        camera = lan.host(4);
    }

    @BeforeEach
    void connect() {
        ip(camera, "link set eth0 down");
        ip(east, "link set eth0 down");
        cable(gate, "eth1", "198.51.100.1", east, "eth2", "198.51.100.2");
        cable(east, "eth1", "192.168.50.1", camera, "eth1", CAMERA);
        ip(east, "route add default via 198.51.100.1");
        nft(gate, "sysctl -w net.ipv4.ip_forward=1");
        nft(gate, "nft add table ip nat '{ chain post { type nat hook postrouting priority 100;"
                + " oifname eth0 masquerade; }; }'");
        assertFalse(west.reaches("198.51.100.2"), "the NAT is none");
    }

    private static void cable(Host one, String device, String address, Host other, String otherDevice, String its) {
        ip(one, "link add " + device + " type veth peer name " + otherDevice + " netns " + other.namespace);
        ip(one, "address add " + address + "/24 dev " + device);
        ip(other, "address add " + its + "/24 dev " + otherDevice);
        ip(one, "link set " + device + " up");
        ip(other, "link set " + otherDevice + " up");
    }

    private static void ip(Host host, String words) {
        host.run(("ip " + words).split(" ")).ok();
    }

    /** Runs a line as a shell does, with nft(8) on its path. */
    private static void nft(Host host, String line) {
        host.run("sh", "-c", "export LD_LIBRARY_PATH=$(echo $0/usr/lib/*-linux-*) PATH=$0/usr/sbin:$PATH; " + line,
                fetched("nftables")).ok();
    }

    /** A line of the recipe, as root, with files in this test's folder and the rented host's address as it is here. */
    private String line(String first) throws IOException {
        return readme(SECTION, first).get(0).replace("sudo ", "").replace("/var/lib/simplevpn", file("state"))
                .replace("192.0.2.1", hub.outer4).replace("srv.conf", file("srv.conf"));
    }

    /** The words that a program is given in a line. */
    private String[] words(String first) throws IOException {
        String line = line(first);
        return line.substring(line.indexOf(' ') + 1).split(" ");
    }

    /** The command that the server prints for a device. */
    private String invitation(String name) throws IOException {
        Program invite = lan.start(hub, "srv", words("sudo ./srv --config srv.conf --invite " + name));
        assertEquals(0, invite.awaitExit(30), invite::log);
        assertTrue(invite.lastLine().startsWith("cli --join "), invite::log);
        return invite.lastLine().substring("cli --join ".length());
    }

    private Program joined(Host host, String invitation, String name) {
        Program client = lan.start(host, "cli", "--join", invitation, "--dir", file(name));
        awaitAddress(client, host);
        return client;
    }

    /** From the first command to a ping of the camera. */
    @Test
    void recipe() throws IOException {
        hub.run("sh", "-c", line("sudo install")).ok();
        Program keygen = lan.start(hub, "srv", words("sudo ./srv --keygen"));
        assertEquals(0, keygen.awaitExit(30), keygen::log);
        hub.run("sh", "-c", line("printf")).ok();
        String board = invitation("board");
        String notebook = invitation("laptop");
        List<String> all = readme(SECTION, "sudo ./srv --config srv.conf --invite laptop");
        assertEquals("sudo ./srv --config srv.conf", all.get(1));
        Program server = server("--config", file("srv.conf"));
        joined(east, board, "board");
        Program laptop = joined(west, notebook, "laptop");
        assertEquals("10.0.0.7", address(east));
        west.awaitPing("10.0.0.7", 60);

        assertFalse(west.reaches(CAMERA));
        hub.run("sh", "-c", line("sudo sed")).ok();
        server.await("a route to the board's LAN", 60, () -> hub.run("ip", "route", "show", "proto", "202").output()
                .contains("192.168.50.0/24"));
        nft(east, line("sudo sysctl"));
        nft(east, line("sudo nft"));
        hub.awaitPing(CAMERA, 60);
        laptop.stop();
        awaitAddress(lan.start(west, "cli", "--config", lan.file("laptop/cli.conf").toString()), west);
        west.awaitPing(CAMERA, 60);
    }
}
