package simplevpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.memory.MemoryStream;
import simplevpn.protocol.ReferencePackets;

/** IPv6 inside between whole programs: who has it, where packets go, and those beside that do without it. */
class Ipv6WorldTest extends KeyedWorldTest {
    private static final String NETWORK = "fd12:3456:789a:1::/64";
    private static final String PREFIX = "fd12:3456:789a:1::";
    private static final String HUB6 = PREFIX + "a00:1";
    private static final String ONE = PREFIX + "a00:2";
    private static final String TWO = PREFIX + "a00:3";
    /** Requests of extended clients: IPv6 with all offloads, and without any. */
    private static final String OFFLOAD = "45070000 56320000 00000007 00000000 00000000";
    private static final String STREAM = "45040000 56320000 00000008 00000000 00000000";
    /** The length of an answer with IPv6, and of one without. */
    private static final int ANSWER = 79;
    private static final int ANSWER4 = 42;
    /** What the kernel puts in front of an unfinished TCP super-packet over IPv6 of segments of 1,000 bytes. */
    private static final byte[] SUPER_PACKET6 = {1, 4, 60, 0, (byte) 0xe8, 3, 40, 0, 16, 0};

    private static byte[] addressed6(byte[] packet, String from, String to) {
        ByteBuffer b = ByteBuffer.wrap(packet);
        int at = 8;
        for (String text : new String[] {from, to}) {
            Address address = Address.parse(text);
            b.putLong(at, address.high()).putLong(at + 8, address.low());
            at += 16;
        }
        return ReferencePackets.finished(packet);
    }

    private byte[] udp6(String from, String to, int payload) {
        return addressed6(ReferencePackets.packet6(random, ReferencePackets.UDP, 0, payload), from, to);
    }

    private byte[] tcp6(String from, String to, int payload) {
        byte[] packet = ReferencePackets.packet6(random, ReferencePackets.TCP, 0, payload);
        packet[53] = 0x10; // ACK
        return addressed6(packet, from, to);
    }

    /** An ICMPv6 error in words. */
    private static String icmp6(byte[] packet) {
        assertNotNull(packet);
        ByteBuffer b = ByteBuffer.wrap(packet);
        assertEquals(58, packet[6]);
        return Address.ofIpv6(b.getLong(8), b.getLong(16)) + " to " + Address.ofIpv6(b.getLong(24), b.getLong(32))
                + ": ICMPv6 " + packet[40] + "/" + packet[41];
    }

    private World.Hub hub6(String... words) throws Failure {
        String[] all = Arrays.copyOf(words, words.length + 2);
        all[words.length] = "--network6";
        all[words.length + 1] = NETWORK;
        return world.hub(all);
    }

    /** Everybody has the address that follows from its IPv4 address, is told so, and reaches everybody else. */
    @Test
    void addressesAndPackets() throws Failure {
        World.Hub hub = hub6();
        World.Board one = world.board(1);
        World.Board two = world.board(2, "--no-offload");
        assertSaid("listening on .*, network 10\\.0\\.0\\.0/16 and " + NETWORK
                + ", this host is 10\\.0\\.0\\.1 and " + HUB6 + " on tun0, .*");
        assertSaid("connected to .*, address 10\\.0\\.0\\.2/16 and " + ONE + "/64 on tun0, .*");
        assertEquals(List.of(HUB6 + "/64"), hub.device.addresses6);
        assertEquals(List.of(ONE + "/64"), one.device.addresses6);
        assertEquals(List.of(TWO + "/64"), two.device.addresses6);
        assertCarries(one.device, hub.device, udp6(ONE, HUB6, 100));
        assertCarries(hub.device, one.device, udp6(HUB6, ONE, 100));
        assertCarries(one.device, two.device, udp6(ONE, TWO, 100));
        assertCarries(two.device, one.device, udp6(TWO, ONE, 1400));
        assertCarries(one.device, hub.device, udp6(ONE, "2001:db8::1", 100));
        assertCarries(hub.device, two.device, udp6("2001:db8::1", TWO, 100));
        assertReaches(one, two);
        byte[] fragment = addressed6(ReferencePackets.packet6(random, ReferencePackets.UDP, 0, 20, 44), ONE, TWO);
        assertCarries(one.device, two.device, fragment);
    }

    /** Super-packets over IPv6 arrive whole where both ends can, and are finished for who cannot. */
    @Test
    void superPackets() throws Failure {
        World.Hub hub = hub6();
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        MemoryStream plain = joined(STREAM, ANSWER);
        byte[] packet = tcp6(ONE, TWO, 5000);
        one.device.send(SUPER_PACKET6, ReferencePackets.unfinished(packet));
        world.run();
        assertArrayEquals(SUPER_PACKET6, two.device.nextHeader());
        assertArrayEquals(ReferencePackets.unfinished(packet), two.device.receive());

        packet = tcp6(HUB6, PREFIX + "a00:4", 5000);
        hub.device.send(SUPER_PACKET6, ReferencePackets.unfinished(packet));
        world.run();
        byte[] sent = plain.take();
        int at = 0;
        for (byte[] segment : ReferencePackets.segments(packet, 1000)) {
            assertArrayEquals(segment, Arrays.copyOfRange(sent, at, at + segment.length));
            at += segment.length;
        }
        assertEquals(at, sent.length);

        packet = tcp6(PREFIX + "a00:4", ONE, 5000);
        for (byte[] segment : ReferencePackets.segments(packet, 1000)) {
            plain.put(segment);
        }
        world.run();
        assertArrayEquals(SUPER_PACKET6, one.device.nextHeader(), "joined for the device");
        assertArrayEquals(ReferencePackets.unfinished(packet), one.device.receive());
    }

    /** A super-packet with extension headers is cut before it leaves: its other end would drop it. */
    @Test
    void extensionHeadersTravelFinished() throws Failure {
        hub6();
        World.Board one = world.board(1);
        World.Board two = world.board(2);
        byte[] packet = ReferencePackets.packet6(random, ReferencePackets.TCP, 0, 3000, 0, 60);
        packet[72 + 13] = 0x10; // ACK
        addressed6(packet, ONE, TWO);
        byte[] finished = ReferencePackets.finished(packet);
        byte[] header = {1, 4, 92, 0, (byte) 0xe8, 3, 72, 0, 16, 0};
        one.device.send(header, ReferencePackets.unfinished(finished));
        world.run();
        for (byte[] segment : ReferencePackets.segments(finished, 1000)) {
            assertArrayEquals(new byte[10], two.device.nextHeader());
            assertArrayEquals(segment, two.device.receive());
        }
        assertNull(two.device.receive());
    }

    /** A client of before, a classic one, or one without IPv6: no IPv6 packet reaches it, and the sender is told. */
    @Test
    void besideThoseWithout() throws Failure {
        World.Hub hub = hub6();
        World.Board one = world.board(1);
        world.premade = device -> device.ipv6 = false;
        World.Board without = world.board(2);
        MemoryStream old = joined("45030000 56320000 00000009 00000000 00000000", ANSWER4);
        MemoryStream classic = joined(DYNAMIC, 20);
        assertEquals(List.of(), without.device.addresses6);
        assertReaches(one, without);
        for (String to : new String[] {TWO, PREFIX + "a00:4", PREFIX + "a00:5"}) {
            one.device.send(udp6(ONE, to, 100));
            hub.device.send(udp6(HUB6, to, 100));
            world.run();
            assertEquals(HUB6 + " to " + ONE + ": ICMPv6 1/0", icmp6(one.device.receive()));
            assertEquals(to + " to " + HUB6 + ": ICMPv6 1/0", icmp6(hub.device.receive()));
        }
        assertEquals(0, old.take().length + classic.take().length);
        assertNull(without.device.receive());
        byte[] packet = udp6(PREFIX + "a00:5", ONE, 100);
        classic.put(packet);
        old.put(tagged(0, udp6(PREFIX + "a00:4", ONE, 100)));
        without.device.send(udp6(TWO, ONE, 100));
        world.run();
        assertNull(one.device.receive(), "nor comes one from them");
        old.put(tagged(0, udp("10.0.0.4", "10.0.0.2", 10)));
        world.run();
        assertNotNull(one.device.receive(), "they are as alive as before");
        old.close();
        world.run();
        assertSaid(".*10\\.0\\.0\\.4\\) gone; received 1 packets, .* dropped 2, rejected 1");
    }

    /** An address that nobody has is unreachable: to a client, and to the server's host. */
    @Test
    void nobodyThere() throws Failure {
        World.Hub hub = hub6();
        World.Board one = world.board(1);
        one.device.send(udp6(ONE, PREFIX + "a00:77", 100));
        hub.device.send(udp6(HUB6, PREFIX + "a00:77", 100));
        world.run();
        assertEquals(HUB6 + " to " + ONE + ": ICMPv6 1/3", icmp6(one.device.receive()));
        assertEquals(PREFIX + "a00:77 to " + HUB6 + ": ICMPv6 1/3", icmp6(hub.device.receive()));
        one.device.send(udp6(ONE, PREFIX + "1:a00:2", 100));
        world.run();
        assertEquals(HUB6 + " to " + ONE + ": ICMPv6 1/3", icmp6(one.device.receive()), "not to the host's kernel");
        assertNull(hub.device.receive());
    }

    /** What is for one link alone or not from who sent it ends at both ends, and no line of the log tells of each. */
    @Test
    void whatIsNotCarried() throws Failure {
        World.Hub hub = hub6();
        World.Board one = world.board(1);
        world.news();
        for (String[] row : new String[][] {{"fe80::1", "ff02::2"}, {"::", "ff02::16"}, {"fe80::1", HUB6},
            {ONE, "ff02::fb"}, {ONE, "fe80::1"}, {TWO, HUB6}, {"2001:db8::1", HUB6}}) {
            one.device.send(udp6(row[0], row[1], 100));
        }
        for (String[] row : new String[][] {{"fe80::1", "ff02::1"}, {"fe80::1", ONE}, {HUB6, "ff02::1"}}) {
            hub.device.send(udp6(row[0], row[1], 100));
        }
        world.run();
        assertNull(hub.device.receive());
        assertNull(one.device.receive());
        assertEquals(List.of(), world.news().stream().filter(line -> line.contains("fe80") || line.contains("ff02"))
                .toList());
        MemoryStream raw = joined(STREAM, ANSWER);
        raw.put(udp6("fe80::1", "ff02::1", 100));
        raw.put(udp6(TWO, "ff02::1", 100));
        raw.put(udp6(TWO, ONE, 100));
        world.run();
        assertNotNull(one.device.receive());
        assertNull(one.device.receive());
        assertNull(hub.device.receive());
    }

    /** A server's router advertisement, or whatever it says from a link's own address, does not reach a host. */
    @Test
    void serversCannotAdvertise() throws Failure {
        World.Board board = world.board(1);
        MemoryStream server = board.connector.last().other();
        byte[] answer = hex("45040000 56330000 00000001 00000000 0a000002 0711 fd123456789a0001000000000a000002 40");
        ReferencePackets.set16(answer, 2, answer.length);
        server.put(answer);
        server.put(udp6("fe80::1", "ff02::1", 100));
        server.put(udp6("fe80::1", ONE, 100));
        byte[] good = udp6(HUB6, ONE, 100);
        server.put(good);
        world.run();
        assertArrayEquals(good, board.device.receive());
        assertNull(board.device.receive());
    }

    /** Who has no IPv6, or a too small MTU, offers and accepts none, and says why where its user wanted some. */
    @Test
    void withoutIpv6() throws Failure {
        hub6("-m", "1279");
        assertSaid("no IPv6 in the tunnel: the MTU of 1279 bytes is less than IPv6's least, 1280");
        assertEquals(ANSWER4, answerTo(OFFLOAD).length);
        world.close();
        world = new World();
        world.premade = device -> device.ipv6 = false;
        World.Hub hub = hub6();
        assertSaid("no IPv6 in the tunnel: RTM_NEWADDR " + HUB6 + "/64 dev tun0: EACCES");
        assertEquals(ANSWER4, answerTo(OFFLOAD).length);
        assertEquals(List.of(), hub.device.addresses6);
        world.premade = device -> { };
        assertEquals(3, offered("-m", "1279"));
        assertEquals(7, offered("-m", "1280"));
        world.premade = device -> device.ipv6 = false;
        assertEquals(3, offered());
    }

    private byte[] answerTo(String request) {
        MemoryStream raw = world.acceptor.connect();
        raw.put(hex(request));
        world.run();
        return raw.take();
    }

    private int offered(String... words) throws Failure {
        world.close();
        var before = world.premade;
        world = new World();
        world.premade = before;
        return world.board(9, words).connector.last().other().take()[1];
    }

    /** The address goes with the connection that brought it: another one instead, or none. */
    @Test
    void theNextServer() throws Failure {
        World.Board board = world.board(1);
        String[] answers = {"45040000 56330000 00000001 00000000 0a000002 0711 fd123456789a0001000000000a000002 40",
            "45040000 56330000 00000001 00000000 0a000002 0711 fd123456789a0002000000000a000002 40",
            "45000000 56330000 00000001 00000000 0a000002", "45000000 00000000 00000000 00000000 0a000002"};
        String[] addresses = {"[" + ONE + "/64]", "[fd12:3456:789a:2::a00:2/64]", "[]", "[]"};
        for (int i = 0; i < answers.length; i++) {
            byte[] answer = hex(answers[i]);
            ReferencePackets.set16(answer, 2, i == 3 ? 0 : answer.length);
            MemoryStream server = board.connector.last().other();
            server.take();
            server.put(answer);
            world.run();
            assertEquals(addresses[i], board.device.addresses6.toString());
            board.device.send(udp6("2001:db8::1", "2001:db8::2", 100));
            world.run();
            assertEquals(i < 2 ? 148 : 0, server.take().length);
            server.close();
            while (board.connector.last().other() == server) {
                world.pass(World.SECOND);
            }
        }
    }

    /** With a key there is a network made of it, the same each time; unless the owner names one, or wants none. */
    @Test
    void networkOfTheKey() throws Exception {
        known("one");
        World.Hub hub = server();
        String own = hub.device.addresses6.get(0);
        assertTrue(own.matches("fd[0-9a-f:]+::a00:1/64"), own);
        World.Board one = pinned("one");
        assertEquals(own.replace("::a00:1/", "::a00:2/"), one.device.addresses6.get(0));
        world.close();
        world = new World();
        assertEquals(own, server().device.addresses6.get(0));
        world.close();
        world = new World();
        assertEquals(List.of(HUB6 + "/64"), server("--network6", NETWORK).device.addresses6);
        world.close();
        world = new World();
        assertEquals(List.of(), server("--network6", "none").device.addresses6);
        world.close();
        world = new World();
        assertEquals(List.of(), world.hub().device.addresses6, "without keys only who asks for it");
    }

    /** Whatever a client sends in the place of IPv6 packets: no harm, and sound ones behind it still arrive. */
    @Test
    void fuzz() throws Failure {
        World.Hub hub = hub6();
        World.Board one = world.board(1);
        int[] kinds = {0, 6, 17, 43, 44, 51, 58, 60, 255};
        String[] addresses = {TWO, ONE, HUB6, PREFIX + "a00:99", "2001:db8::1", "fe80::1", "ff02::1", "::"};
        MemoryStream[] raw = {joined(OFFLOAD, ANSWER), joined(STREAM, ANSWER)};
        for (int i = 0; i < 3000 * Fuzz.TIMES; i++) {
            int which = random.nextInt(2);
            byte[] p = new byte[40 + random.nextInt(random.nextInt(20) == 0 ? 66_000 : 200)];
            random.nextBytes(p);
            p[0] = (byte) (0x60 | (p[0] & 15));
            ReferencePackets.set16(p, 4, Math.min(65535, p.length - 40));
            p = Arrays.copyOf(p, 40 + ReferencePackets.get16(p, 4));
            p[6] = (byte) kinds[random.nextInt(kinds.length)];
            String own = PREFIX + "a00:" + (3 + which);
            ByteBuffer b = ByteBuffer.wrap(p);
            Address from = Address.parse(random.nextInt(4) == 0 ? addresses[random.nextInt(addresses.length)] : own);
            Address to = Address.parse(addresses[random.nextInt(addresses.length)]);
            b.putLong(8, from.high()).putLong(16, from.low()).putLong(24, to.high()).putLong(32, to.low());
            int tag = random.nextInt(3) == 0 ? random.nextInt()
                    : 0x0100_0000 * random.nextInt(2) | random.nextInt(1500);
            raw[which].put(which == 0 ? tagged(tag, p) : p);
            if (i % 50 == 0) {
                hub.device.send(p);
                one.device.send(p);
            }
            world.run();
            drain(hub, one, raw);
        }
        byte[] sound = udp6(TWO, ONE, 100);
        raw[0].put(tagged(0, sound));
        world.run();
        assertArrayEquals(sound, one.device.receive());
        assertEquals(3, hub.server.hub.clients());
    }

    private static void drain(World.Hub hub, World.Board one, MemoryStream[] raw) {
        for (byte[] got = hub.device.receive(); got != null; got = hub.device.receive()) {
            assertNotNull(got);
        }
        for (byte[] got = one.device.receive(); got != null; got = one.device.receive()) {
            assertTrue(got.length >= 20);
        }
        for (MemoryStream stream : raw) {
            stream.take();
        }
    }
}
