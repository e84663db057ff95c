package simplevpn.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import simplevpn.base.Ipv4;

/**
 * What a server's answer to an address request says, checked: its options, or the reason why it is no good.
 */
public final class Answer {
    /** Whether the server is an extended one. */
    public final boolean extended;
    /** Feature bits accepted, 0 from a classic server. */
    public final int features;
    /** The assigned address, host order; 0 in a refusal. */
    public final int address;
    /** Length of the network's prefix; classic servers assume 16. */
    public int prefix = 16;
    /** The server's own address on the VPN, or 0 if it did not say. */
    int server;
    /** MTU of the tunnel interface in bytes, or 0 if the server did not say. */
    public int mtu;
    /** Seconds of silence before a keepalive, and until the peer is dead; 0 if the server did not say. */
    public int idle;
    public int timeout;
    /** Routes through the tunnel: network, prefix length, network, … */
    public int[] routes = {};
    /** Why the server refused, or {@code null}. */
    public String refusal;
    /** Why this answer cannot be used, or {@code null}. */
    public String invalid;

    /**
     * Reads an address message.
     *
     * @param b its bytes, which have all arrived
     * @param at where it begins
     * @param length its length, at least {@link Wire#HEADER}
     */
    public Answer(ByteBuffer b, int at, int length) {
        extended = Wire.isExtendedAnswer(b, at);
        address = Wire.assigned(b, at);
        if (!extended) {
            features = 0;
        } else {
            features = Wire.features(b, at);
            options(b, at + Wire.HEADER, at + length);
        }
        if (invalid == null && refusal == null && !Ipv4.host(address)) {
            invalid = "the server assigned " + Ipv4.text(address) + ", which no host can have";
        }
    }

    private void options(ByteBuffer b, int from, int end) {
        int at = from;
        while (at < end && invalid == null) {
            if (end - at < 2 || (b.get(at + 1) & 0xff) > end - at - 2) {
                invalid = "an option of the server's answer is longer than the answer";
                return;
            }
            int type = b.get(at) & 0xff;
            int length = b.get(at + 1) & 0xff;
            option(b, type, at + 2, length);
            at += 2 + length;
        }
    }

    private void option(ByteBuffer b, int type, int at, int length) {
        boolean fits = switch (type) {
            case Wire.NETMASK, Wire.SERVER, Wire.KEEPALIVE_TIMES -> length == 4;
            case Wire.MTU -> length == 2;
            case Wire.ROUTE -> length == 5;
            case Wire.REFUSAL -> length <= Wire.MAX_REASON;
            default -> true;
        };
        boolean sane = fits;
        if (fits) {
            switch (type) {
                case Wire.NETMASK -> {
                    prefix = Ipv4.prefix(b.getInt(at));
                    sane = prefix > 0;
                }
                case Wire.SERVER -> server = b.getInt(at);
                case Wire.MTU -> {
                    mtu = b.getShort(at) & 0xffff;
                    sane = mtu >= Ipv4.MIN_MTU;
                }
                case Wire.KEEPALIVE_TIMES -> {
                    idle = b.getShort(at) & 0xffff;
                    timeout = b.getShort(at + 2) & 0xffff;
                    sane = idle > 0 && timeout >= idle;
                }
                case Wire.ROUTE -> sane = route(b.getInt(at), b.get(at + 4) & 0xff);
                case Wire.REFUSAL -> refusal = text(b, at, length);
                default -> {
                    // Unknown types are skipped: a newer server may have more to say.
                }
            }
        }
        if (!sane) {
            invalid = "option " + type + " of the server's answer has " + (fits ? "an impossible value"
                    : "a length of " + length + " bytes");
        }
    }

    private boolean route(int network, int length) {
        if (length > 32 || (network & ~Ipv4.netmask(length)) != 0) {
            return false;
        }
        int[] more = new int[routes.length + 2];
        System.arraycopy(routes, 0, more, 0, routes.length);
        more[routes.length] = network;
        more[routes.length + 1] = length;
        routes = more;
        return true;
    }

    private static String text(ByteBuffer b, int at, int length) {
        byte[] bytes = new byte[length];
        b.get(at, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
