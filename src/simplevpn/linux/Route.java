package simplevpn.linux;

import java.nio.ByteOrder;
import java.util.Arrays;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Ipv4;
import simplevpn.base.Network;

/**
 * One IPv4 route of this host's main table, as the kernel lists them in /proc/self/net/route (proc_pid_net(5)).
 * Immutable.
 */
public final class Route {
    private static final String TABLE = "/proc/self/net/route";
    /** Bytes of the list that are looked at: some 500 routes as a rule, and 8,000 at most. */
    private static final int USUAL = 1 << 16;
    private static final int MOST = 1 << 20;
    /** The device of a route that drops packets (type blackhole). */
    private static final String NO_DEVICE = "*";
    /** Fields of a line, of 11, tabs between them; the first is the device. */
    private static final int DESTINATION = 1;
    private static final int GATEWAY = 2;
    private static final int FLAGS = 3;
    private static final int METRIC = 6;
    private static final int MASK = 7;

    /** The interface that it leads through. */
    public final String device;
    /** Which addresses it is for. */
    public final Network network;
    /** The next router; {@code null} where hosts of the network are reached without one. */
    public final Address gateway;
    /** Of routes to the same network the one with the least is taken. */
    public final int metric;

    /** A route, wherever it comes from; the parameters are the fields. */
    public Route(String device, Network network, Address gateway, int metric) {
        this.device = device;
        this.network = network;
        this.gateway = gateway;
        this.metric = metric;
    }

    /**
     * The routes that lead somewhere, and that this program could make too; none when there is no such list, or one
     * that is too long.
     */
    static Route[] all() {
        String table;
        try {
            table = TextFile.read(TABLE, USUAL);
            if (table == null) {
                table = TextFile.read(TABLE, MOST);
            }
        } catch (Failure e) {
            // Whoever has no /proc knows about his routes.
            return new Route[0];
        }
        return parse(table);
    }

    static Route[] parse(String table) {
        Route[] routes = new Route[16];
        int count = 0;
        // The first line has the names of the fields.
        int at = table == null ? -1 : table.indexOf('\n');
        while (at >= 0 && at + 1 < table.length()) {
            Route route = line(table, at + 1);
            if (route != null) {
                if (count == routes.length) {
                    routes = Arrays.copyOf(routes, 2 * count);
                }
                routes[count++] = route;
            }
            at = table.indexOf('\n', at + 1);
        }
        return Arrays.copyOf(routes, count);
    }

    private static Route line(String table, int at) {
        int length = Ipv4.prefixLength(address(table, at, MASK));
        int flags = number(table, at, FLAGS, 16);
        if (length < 0 || (flags & (Abi.RTF_UP | Abi.RTF_REJECT)) != Abi.RTF_UP) {
            return null;
        }
        int gateway = address(table, at, GATEWAY);
        String device = table.substring(at, table.indexOf('\t', at)).trim();
        boolean gatewayIsIpv6 = (flags & Abi.RTF_GATEWAY) != 0 && gateway == 0;
        if (device.equals(NO_DEVICE) || gatewayIsIpv6) {
            return null;
        }
        return new Route(device, Network.ofIpv4(address(table, at, DESTINATION), length),
                gateway == 0 ? null : Address.ofIpv4(gateway), number(table, at, METRIC, 10));
    }

    /** Where a field of the line at {@code at} begins. */
    private static int field(String table, int at, int field) {
        int begin = at;
        for (int i = 0; i < field; i++) {
            begin = table.indexOf('\t', begin) + 1;
        }
        return begin;
    }

    private static int number(String table, int at, int field, int base) {
        int begin = field(table, at, field);
        return (int) Long.parseLong(table.substring(begin, table.indexOf('\t', begin)).trim(), base);
    }

    /** An address is there as the number that its bytes are to this processor. */
    private static int address(String table, int at, int field) {
        int number = number(table, at, field, 16);
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? number : Integer.reverseBytes(number);
    }

    /** As ip-route(8) has it: {@code 192.0.2.0/24 via 198.51.100.1 dev eth0}. */
    @Override
    public String toString() {
        return network + (gateway == null ? "" : " via " + gateway) + " dev " + device;
    }
}
