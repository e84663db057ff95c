package simplevpn.net;

import java.util.List;
import simplevpn.harness.Command;
import simplevpn.harness.Host;

/** What the tests of networks behind hosts share: routers, and a LAN with one more machine behind each. */
abstract class Routed extends KeyedVpn {
    /** @param more names of further hosts */
    Routed(String... more) {
        super(more);
    }

    static void ip(Host host, String words) {
        host.run(Command.words(List.of("ip"), words.split(" ")).toArray(String[]::new)).ok();
    }

    /** The machine's only way out is the router; they get the first and the second address of each network. */
    static void behind(Host router, Host machine, String... networks) {
        ip(machine, "link set eth0 down");
        ip(router, "link add eth1 type veth peer name eth1 netns " + machine.namespace);
        ip(router, "link set eth1 up");
        ip(machine, "link set eth1 up");
        for (String network : networks) {
            give(router, network, 1);
            give(machine, network, 2);
            ip(machine, (network.contains(":") ? "-6 " : "") + "route add default via " + address(network, 1));
        }
        router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward;"
                + " echo 1 >/proc/sys/net/ipv6/conf/all/forwarding").ok();
    }

    /** Gives a host on a LAN the address of a network that ends in a number. */
    static void give(Host host, String network, int number) {
        ip(host, "address add " + address(network, number) + network.substring(network.indexOf('/')) + " dev eth1"
                + (network.contains(":") ? " nodad" : ""));
    }

    private static String address(String network, int number) {
        String first = network.substring(0, network.indexOf('/'));
        return (first.endsWith("0") ? first.substring(0, first.length() - 1) : first) + number;
    }

    /** Where the programs' own routes on a host lead, those with their protocol number, of IPv4 and of IPv6. */
    static String routes(Host host) {
        StringBuilder all = new StringBuilder();
        for (String version : new String[] {"-4", "-6"}) {
            host.run("ip", version, "route", "show", "proto", "202").ok().output().lines()
                    .map(line -> line.split(" ")[0]).sorted().forEach(each -> all.append(each).append(' '));
        }
        return all.toString().strip();
    }
}
