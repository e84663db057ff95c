package simplevpn.tunnel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Route;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLoop;
import simplevpn.protocol.Answer;

/** What tests share of an interface that is set up as a server's answer says, again and again. */
abstract class Joining extends Logged {
    static final Address ADDRESS = Address.parse("10.0.0.7");
    static final Address SERVER = Address.parse("192.0.2.1");
    static final Network LAN = Network.ofIpv4(0xc0a80100, 24);

    final MemoryKernel kernel = new MemoryKernel();
    final MemoryDevice device = new MemoryDevice(kernel);
    final InterfaceSetup setup;

    Joining() {
        try {
            setup = MemoryLoop.of(kernel, device, true).device.setup;
        } catch (Failure e) {
            throw new AssertionError(e);
        }
    }

    /** What an extended server answers: an address of 10.0.0.0/16, an MTU of 1400, and routes. */
    static Answer answer(Network... routes) {
        ByteBuffer b = ByteBuffer.allocate(500);
        b.putInt(0x45000000).putShort((short) 0x5633).put(new byte[6]).putInt(0).putInt(ADDRESS.ipv4());
        b.putShort((short) 0x0104).putInt(0xffff0000);
        b.putShort((short) 0x0302).putShort((short) 1400);
        for (Network route : routes) {
            b.putShort((short) 0x0505).putInt(route.address().ipv4()).put((byte) route.length());
        }
        b.putShort(2, (short) b.position());
        Answer answer = Answer.read(b, 0, b.position());
        assertNull(answer.invalid);
        assertEquals(routes.length, answer.routes.length);
        return answer;
    }

    /** What a client does when it has its answer. */
    int join(Answer answer, int mtu, Address server, Address... nameServers) throws Failure {
        setup.leadInside(answer, server, nameServers);
        return setup.apply(answer, mtu);
    }

    /** An answer with IPv6: address, prefix length and routes. */
    static Answer answer6(String address, int length, String... routes) throws Failure {
        ByteBuffer b = ByteBuffer.allocate(200).put(0, HexFormat.of().parseHex("45040000563300000000000000000000"
                + "00000000")).putInt(16, ADDRESS.ipv4()).position(20);
        Address own = Address.parse(address);
        b.putShort((short) 0x0711).putLong(own.high()).putLong(own.low()).put((byte) length);
        for (String text : routes) {
            Network route = Network.parseAny(text);
            b.putShort((short) 0x0911).putLong(route.address().high()).putLong(route.address().low())
                    .put((byte) route.length());
        }
        b.putShort(2, (short) b.position());
        Answer answer = Answer.read(b, 0, b.position());
        assertNull(answer.invalid);
        return answer;
    }

    void other(String text, String gateway, int metric) {
        other(text, gateway, metric, 4);
    }

    void other(String text, String gateway, int metric, int protocol) {
        String[] parts = text.split("/");
        Network network = new Network(Address.parse(parts[0]), Integer.parseInt(parts[1]));
        device.others.add(new Route(2, "eth0", network, gateway == null ? null : Address.parse(gateway), metric,
                protocol));
    }
}
