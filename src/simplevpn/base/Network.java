package simplevpn.base;

import simplevpn.Options;

/** An IPv4 network: its name, host order, and the length of its prefix. */
public record Network(int name, int prefix) {
    /**
     * Reads a network that a server can give addresses of, such as {@code 10.0.0.0/16}.
     *
     * @param options where it was said, for the message about what is wrong with it
     * @param option the option's name
     */
    public static Network parse(Options options, String option) throws Failure {
        String text = options.text(option);
        int slash = text.indexOf('/');
        long address = Ipv4.parse(slash < 0 ? text : text.substring(0, slash));
        if (address < 0) {
            throw options.bad(option, "must be an IPv4 network and its length, such as 10.0.0.0/16");
        }
        int length = slash < 0 ? -1 : length(text, slash + 1);
        if (length < 8 || length > 30) {
            throw options.bad(option, "must end in a length from /8 to /30, such as 10.0.0.0/16");
        }
        Network network = new Network((int) address & Ipv4.netmask(length), length);
        if (network.name != (int) address) {
            throw options.bad(option, "has bits set behind its length; the network is " + network);
        }
        if (!Ipv4.host(network.name) || !Ipv4.host(network.name | ~Ipv4.netmask(length))) {
            throw options.bad(option, "no host can have addresses of this network");
        }
        return network;
    }

    private static int length(String text, int at) {
        int length = 0;
        for (int i = at; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || length > 32) {
                return -1;
            }
            length = length * 10 + c - '0';
        }
        return length;
    }

    @Override
    public String toString() {
        return Ipv4.text(name) + "/" + prefix;
    }
}
