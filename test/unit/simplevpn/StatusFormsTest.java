package simplevpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import simplevpn.base.Failure;

/** The table, the JSON and the metrics of {@code --status}: as promised, whatever the programs and their peers say. */
class StatusFormsTest {
    private static final long MOST = Long.MAX_VALUE;
    private static final String SERVER = "srv\tversion=1\tinterface=tun0\tlisten=[::]:2002\taddress=10.0.0.1/16\t"
            + "running_seconds=100\tclients=1\tmost_clients=9\ttimeout_seconds=60\tmtu=1500\ttime_ms=1000\n";
    private static final String CLIENT = "client\tname=shed\taddress=10.0.0.7\tfrom=192.0.2.7:4000\t"
            + "connected_seconds=90\theard_seconds=3\treceived_packets=5\treceived_bytes=1500\tsent_packets=6\t"
            + "sent_bytes=2000000\tdropped_packets=0\tround_trip_us=1234\tretransmitted_segments=0\trate_bytes=0\t"
            + "congestion=cubic\tcipher=TLS_AES_128_GCM_SHA256\tpin=sha256:x\trejected_packets=1\n";

    private static StatusRecord read(String text) throws Failure {
        return StatusRecord.read("x", text.getBytes(StandardCharsets.UTF_8));
    }

    private static String table(StatusRecord... records) {
        return new StatusTable(true).text(List.of(records));
    }

    private static void assertFits(String table) {
        table.lines().forEach(line -> assertTrue(line.length() <= 80, line.length() + ": " + line));
        assertTrue(table.endsWith("\n"));
    }

    /** The table of a server, letter by letter. */
    @Test
    void table() throws Failure {
        StatusTable table = new StatusTable(false);
        List<StatusRecord> first = List.of(read(SERVER + CLIENT + "end\n"));
        String head = "tun0: clients: 1 of 9, listening on [::]:2002 for 1m, 10.0.0.1/16\n";
        assertEquals(head
                + "NAME         ADDRESS         SINCE HEARD   RECV   SENT  DROP   RTT LINE  TLS\n"
                + "shed         10.0.0.7          90s    3s   1.5k   2.0M     0 1.2ms cubic aes128\n",
                table.text(first));
        table.compareWith(first);
        List<StatusRecord> later = List.of(read(SERVER.replace("time_ms=1000", "time_ms=1500")
                + CLIENT.replace("received_bytes=1500", "received_bytes=2000") + "end\n"));
        assertEquals(head
                + "NAME         ADDRESS         SINCE HEARD RECV/s SENT/s  DROP   RTT LINE  TLS\n"
                + "shed         10.0.0.7          90s    3s   1.0k      0     0 1.2ms cubic aes128\n",
                table.text(later));
    }

    /** Nothing makes it wider than a terminal, and nothing in it commands one. */
    @Test
    void extremes() throws Failure {
        String wide = "x".repeat(256);
        String address6 = "2001:0db8:1111:2222:3333:4444:5555:6666";
        StringBuilder text = new StringBuilder(SERVER.replace("tun0", "interface123456")
                .replace("\tversion", "\taddress6=" + address6 + "/128\tversion"));
        for (long number : new long[] {0, 1, 999, 1000, 9999, 99_999, 1_000_000, 123_456_789_012L, MOST, -MOST}) {
            text.append("client\tname=").append("n".repeat(63)).append("\taddress=255.255.255.255\taddress6=")
                    .append(address6).append("\tfrom=[").append(address6).append("]:65535");
            for (String key : new String[] {"connected_seconds", "heard_seconds", "received_bytes", "sent_bytes",
                    "dropped_packets", "rejected_packets", "round_trip_us", "rate_bytes"}) {
                text.append('\t').append(key).append('=').append(number);
            }
            text.append("\tcongestion=abcdefghijklmno\tcipher=").append(wide).append("\tpin=").append(wide)
                    .append('\n');
        }
        StatusRecord server = read(text + "client\tname=\u001b[2J\u202e\taddress=1.2.3.4\nclient\nend\n");
        String table = table(server);
        assertFits(table);
        assertFalse(table.contains("\u001b") || table.contains("\u202e"), table);
        StatusRecord up = read("cli\tinterface=tun0\tstate=connected\tstate_seconds=" + MOST + "\tserver=[" + address6
                + "]:65535\taddress=" + wide + "\theard_seconds=" + MOST + "\tcipher=" + wide + "\tpin=" + wide
                + "\tcongestion=" + wide + "\nend\n");
        StatusRecord down = read("cli\tinterface=tun0\tstate=trying\tstate_seconds=40\twhy=" + wide.substring(200)
                + " and " + "many words ".repeat(18) + wide + "\nend\n");
        assertFits(table(up));
        assertFits(table(down));
        assertTrue(table(down).startsWith("tun0: trying for 40s\n  reason     "), table(down));
    }

    /** What people read of a client. */
    @Test
    void client() throws Failure {
        assertEquals("""
                tun0: connected, heard 3 s ago
                  server     192.0.2.1:2002, for 5m
                  address    10.0.0.7/16
                             fd00::1/64
                  received   2.0M in 1.2k packets
                  sent       10 in 1 packets
                  dropped    0 packets
                  round trip 12ms
                  keepalive  each 240 s, 2.2MB a month when idle; this line forgets within 480 s
                  line       bbr, 1.0MB/s
                  TLS        chacha
                             sha256:x
                """, table(read("cli\tinterface=tun0\tstate=connected\tstate_seconds=300\tserver=192.0.2.1:2002\t"
                + "address=10.0.0.7/16\taddress6=fd00::1/64\theard_seconds=3\ttimeout_seconds=60\t"
                + "received_bytes=2000000\treceived_packets=1234\tsent_bytes=10\tsent_packets=1\tdropped_packets=0\t"
                + "keepalive_seconds=240\tmonth_bytes=2200000\tforgotten_seconds=480\t"
                + "round_trip_us=12345\trate_bytes=1000000\tcongestion=bbr\tcipher=TLS_CHACHA20_POLY1305_SHA256\t"
                + "pin=sha256:x\nend\n")));
    }

    /** The JSON of a server, whose fields are promised in README.md. */
    @Test
    void json() throws Failure {
        String json = StatusExport.json(List.of(read(SERVER + CLIENT.replace("name=shed", "name=a\"b\\c\u0001\u00e4")
                + "end\n")));
        assertEquals("""
                {"format": 1, "programs": [
                {"program": "srv", "up": true, "interface": "tun0", "version": "1", "listen": "[::]:2002", \
                "address": "10.0.0.1/16", "address6": null, "running_seconds": 100, "clients": 1, \
                "most_clients": 9, "timeout_seconds": 60, "mtu": 1500, "peers": [
                {"program": "client", "name": "a\\"b\\\\c\\u0001\\u00e4", "address": "10.0.0.7", "address6": null, \
                "from": "192.0.2.7:4000", "connected_seconds": 90, "heard_seconds": 3, "received_packets": 5, \
                "received_bytes": 1500, "sent_packets": 6, "sent_bytes": 2000000, "dropped_packets": 0, \
                "rejected_packets": 1, "round_trip_us": 1234, "retransmitted_segments": 0, "rate_bytes": 0, \
                "congestion": "cubic", "cipher": "TLS_AES_128_GCM_SHA256", "pin": "sha256:x"}]}]}
                """, json);
        assertEquals("{\"format\": 1, \"programs\": []}\n", StatusExport.json(List.of()));
        String client = StatusExport.json(List.of(read("cli\tinterface=tun1\tstate=trying\twhy=x\nend\n")));
        assertTrue(client.contains("\"up\": false") && client.contains("\"heard_seconds\": null"), client);
    }

    /** The metrics are in Prometheus' text format: one help and type for each name, all samples of it behind them. */
    @Test
    void prometheus() throws Failure {
        String text = StatusExport.prometheus(List.of(
                read(SERVER + CLIENT.replace("name=shed", "name=a\"b\\c") + CLIENT.replace("10.0.0.7", "10.0.0.8")
                        + "end\n"), read("cli\tinterface=tun1\tstate=trying\tstate_seconds=7\nend\n")));
        Pattern sample = Pattern.compile("(simplevpn_[a-z_]+)\\{[a-z]+=\"([^\"\\\\\\n]|\\\\[\\\\\"n])*\""
                + "(,[a-z]+=\"([^\"\\\\\\n]|\\\\[\\\\\"n])*\")*} [0-9]+(\\.[0-9]+)?");
        String current = "";
        Set<String> names = new HashSet<>();
        Set<String> series = new HashSet<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith("# HELP ")) {
                current = line.split(" ")[2];
                assertTrue(names.add(current), current + " is told of twice");
            } else if (line.startsWith("# TYPE ")) {
                assertTrue(line.matches("# TYPE " + current + " (gauge|counter)"), line);
                assertEquals(current.endsWith("_total"), line.endsWith("counter"), line);
            } else {
                var matcher = sample.matcher(line);
                assertTrue(matcher.matches(), line);
                assertEquals(current, matcher.group(1));
                assertTrue(series.add(line.substring(0, line.lastIndexOf(' '))), line);
            }
        }
        assertTrue(text.contains("simplevpn_up{program=\"srv\",interface=\"tun0\"} 1\n"), text);
        assertTrue(text.contains("simplevpn_up{program=\"cli\",interface=\"tun1\"} 0\n"), text);
        assertTrue(text.contains("simplevpn_received_bytes_total{program=\"srv\",interface=\"tun0\","
                + "name=\"a\\\"b\\\\c\",address=\"10.0.0.7\"} 1500\n"), text);
        assertTrue(text.contains("address=\"10.0.0.8\"} 0.001234\n"), text);
    }

    /** An answer that breaks off is not taken for a whole one. */
    @Test
    void brokenOff() throws Failure {
        for (String text : new String[] {"", "srv\tx=1", SERVER, SERVER + CLIENT, SERVER + "end"}) {
            assertThrows(Failure.class, () -> read(text), text);
        }
        assertEquals("done", read("done\n").kind);
        assertEquals("no", read("error\twhy=no\n").text("why"));
    }

    /** Figures in few letters, rounded down. */
    @Test
    void figures() {
        assertEquals("- 0 999 1.0k 9.9k 10k 999k 1.0M 9.2E", String.join(" ", List.of(StatusTable.count(-1),
                StatusTable.count(0), StatusTable.count(999), StatusTable.count(1000), StatusTable.count(9999),
                StatusTable.count(10_000), StatusTable.count(999_999), StatusTable.count(1_000_000),
                StatusTable.count(MOST))));
        assertEquals("- 0s 99s 1m 99m 1h 99h 4d 9999d", String.join(" ", List.of(StatusTable.duration(-1),
                StatusTable.duration(0), StatusTable.duration(99), StatusTable.duration(100),
                StatusTable.duration(5999), StatusTable.duration(6000), StatusTable.duration(359_999),
                StatusTable.duration(360_000), StatusTable.duration(MOST))));
        assertEquals("- 0.0ms 0.9ms 9.9ms 10ms 999ms 1s 9999s", String.join(" ", List.of(StatusTable.roundTrip(-1),
                StatusTable.roundTrip(99), StatusTable.roundTrip(999), StatusTable.roundTrip(9999),
                StatusTable.roundTrip(10_000), StatusTable.roundTrip(999_999), StatusTable.roundTrip(1_999_999),
                StatusTable.roundTrip(MOST))));
    }
}
