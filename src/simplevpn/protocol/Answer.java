package simplevpn.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import simplevpn.base.Address;
import simplevpn.base.Ipv4;
import simplevpn.base.Names;
import simplevpn.base.Network;

/**
 * A server's answer to an address request: what a client may use, or why it is refused (PROTOCOL.md, part 2). Made by a
 * server and written, or read by a client and checked.
 */
public final class Answer {
    /** The longest answer that is written, bytes; a longer one that is read is invalid. */
    public static final int MAX_LENGTH = 4096;
    /** How many of them all routes together may have: the rest has less than 512. */
    public static final int MAX_ROUTES = MAX_LENGTH - 512;
    /** Bytes that the reason of a refusal has at most. */
    public static final int MAX_REASON = 200;

    /** How many name servers are written, and read: resolvers look at three (resolv.conf(5)). */
    public static final int MOST_NAME_SERVERS = 4;

    /** What a refusal says when a secret is not that of an invitation, or not any more: a client knows these words. */
    public static final String NO_INVITATION = "this invitation is not valid here: used, expired or withdrawn";

    /** What one begins with that ends a connection since its client has another one; its address follows. */
    public static final String CONNECTED_AGAIN = "the same client connected again from ";

    /* Types of options. */
    private static final int NETMASK = 1;
    private static final int SERVER = 2;
    private static final int MTU = 3;
    private static final int KEEPALIVE = 4;
    private static final int ROUTE = 5;
    private static final int REFUSAL = 6;
    private static final int ADDRESS6 = 7;
    private static final int SERVER6 = 8;
    private static final int ROUTE6 = 9;
    private static final int NAME_SERVER = 10;
    private static final int DOMAIN = 11;
    private static final int CLOCK = 12;
    private static final int NAME = 13;

    /** Bytes of an IPv6 address. */
    private static final int IPV6 = 16;
    /** Length of the network's prefix that classic programs assume. */
    private static final int CLASSIC_LENGTH = 16;

    /** Whether the server is an extended one. */
    public final boolean extended;
    /** Feature bits accepted, 0 from a classic server. */
    public int features;
    /** The assigned address; {@code null} in a refusal, and when there is something {@link #invalid}. */
    public final Address address;
    /** Length of the network's prefix. */
    public int length = CLASSIC_LENGTH;
    /** The server's own address on the VPN, or {@code null} if it did not say. */
    public Address server;
    /** The assigned IPv6 address, and the length of its prefix; {@code null} where there is no IPv6 inside. */
    public Address address6;
    public int length6;
    /** The server's own IPv6 address on the VPN, or {@code null} if it did not say. */
    public Address server6;
    /** MTU of the tunnel interface in bytes, or 0 if the server did not say. */
    public int mtu;
    /** Seconds of silence before a keepalive, and until the peer is dead; 0 if the server did not say. */
    public int idle;
    public int timeout;
    /** Routes through the tunnel, of either version of IP; those that are written have {@link #MAX_ROUTES} bytes. */
    public Network[] routes = {};
    /** Addresses of name servers to use, of either version of IP. */
    public Address[] nameServers = {};
    /** The domain to look names up in, or {@code null}: ASCII, which may be anything. */
    public String domain;
    /** What the server calls the client, or {@code null}: letters, digits, dashes and dots. */
    public String name;
    /** What the server's clock shows, seconds since 1970, or 0 if it did not say: of use inside TLS alone. */
    public long clock;
    /** Why the server refused, or {@code null}. */
    public String refusal;
    /** Why this answer, which was read, cannot be used, or {@code null}. */
    public String invalid;

    private Answer(boolean extended, int features, Address address) {
        this.extended = extended;
        this.features = features;
        this.address = address;
    }

    /** An extended server's answer that assigns an address; what else it says is filled in then. */
    static Answer assigning(Address address, int features) {
        return new Answer(true, features, address);
    }

    /** A refusal, with its reason for people. */
    public static Answer refusing(String reason) {
        Answer answer = new Answer(true, 0, null);
        answer.refusal = reason;
        return answer;
    }

    /** Whatever a server says that it accepts: what was not offered is not in force, and what belongs to it neither. */
    public void limitTo(int offered) {
        features &= offered;
        if ((features & Wire.IPV6_INSIDE) != 0) {
            return;
        }
        address6 = null;
        server6 = null;
        int count = 0;
        Network[] kept = new Network[routes.length];
        for (Network route : routes) {
            if (!route.isIpv6()) {
                kept[count++] = route;
            }
        }
        routes = Arrays.copyOf(kept, count);
    }

    /** Whether it is a valid refusal of an extended server. */
    public boolean isRefusal() {
        return extended && refusal != null && invalid == null;
    }

    /** Whether it says what is in force for the same address as an earlier one. */
    public boolean isOfSame(Answer before) {
        return extended && refusal == null && invalid == null && before.address.equals(address);
    }

    /** Whether it says something else than an earlier one of the same address, of what may change meanwhile. */
    public boolean isNews(Answer before) {
        return !Arrays.equals(routes, before.routes) || hasOtherNames(before);
    }

    /** Whether it names other name servers, or another domain, than an earlier one. */
    public boolean hasOtherNames(Answer before) {
        return !Arrays.equals(nameServers, before.nameServers) || !Objects.equals(domain, before.domain);
    }

    /** Bytes that a route takes of an answer. */
    public static int size(Network route) {
        return route.isIpv6() ? 2 + IPV6 + 1 : 2 + Integer.BYTES + 1;
    }

    /** The network that the assigned address is of. */
    public Network network() {
        return Network.containing(address, length);
    }

    /**
     * Reads an address message.
     *
     * @param b its bytes, which have all arrived
     * @param at where it begins
     * @param length its length, at least {@link Wire#HEADER}
     */
    public static Answer read(ByteBuffer b, int at, int length) {
        boolean extended = Wire.isExtendedAnswer(b, at);
        Address address = Address.ofIpv4(Wire.assigned(b, at));
        Answer answer = new Answer(extended, extended ? Wire.features(b, at) : 0, address.isHost() ? address : null);
        if (extended && length > MAX_LENGTH) {
            answer.invalid = Rule.ANSWER_LENGTH;
        } else if (extended) {
            answer.readOptions(b, at + Wire.HEADER, at + length);
        }
        if (answer.address == null && answer.invalid == null && answer.refusal == null) {
            answer.invalid = address + ": " + Rule.ASSIGNED;
        }
        return answer;
    }

    private void readOptions(ByteBuffer b, int from, int end) {
        int at = from;
        while (at < end && invalid == null) {
            if (end - at < 2 || (b.get(at + 1) & 0xff) > end - at - 2) {
                invalid = Rule.OPTION_END;
                return;
            }
            int type = b.get(at) & 0xff;
            int size = b.get(at + 1) & 0xff;
            if (!fits(type, size) || !readOption(b, type, at + 2, size)) {
                invalid = Rule.ofOption(type, size);
            }
            at += 2 + size;
        }
    }

    /** Whether an option's value may have that many bytes. */
    private static boolean fits(int type, int size) {
        return switch (type) {
            case NETMASK, SERVER, KEEPALIVE -> size == 4;
            case MTU -> size == 2;
            case CLOCK -> size == Long.BYTES;
            case ROUTE -> size == 5;
            case ADDRESS6, ROUTE6 -> size == IPV6 + 1;
            case SERVER6 -> size == IPV6;
            case REFUSAL -> size <= MAX_REASON;
            case NAME_SERVER -> size == 4 || size == IPV6;
            case DOMAIN -> size > 0 && size <= Names.MAX_DOMAIN;
            case NAME -> size > 0 && size <= Names.MAX_NAME;
            default -> true;
        };
    }

    /** Takes an option's value; returns whether it is a possible one. */
    private boolean readOption(ByteBuffer b, int type, int at, int size) {
        switch (type) {
            case NETMASK -> {
                length = Ipv4.prefixLength(b.getInt(at));
                return length > 0;
            }
            case SERVER -> server = Address.ofIpv4(b.getInt(at));
            case MTU -> {
                mtu = b.getShort(at) & 0xffff;
                return mtu >= Ipv4.MIN_MTU;
            }
            case KEEPALIVE -> {
                idle = b.getShort(at) & 0xffff;
                timeout = b.getShort(at + 2) & 0xffff;
                return idle > 0 && timeout >= idle;
            }
            case ROUTE -> {
                return readRoute(Address.ofIpv4(b.getInt(at)), b.get(at + 4) & 0xff, 32);
            }
            case ADDRESS6 -> {
                address6 = readIpv6(b, at);
                length6 = b.get(at + IPV6) & 0xff;
                return address6.isHost() && length6 <= 128;
            }
            case SERVER6 -> server6 = readIpv6(b, at);
            case ROUTE6 -> {
                return readRoute(readIpv6(b, at), b.get(at + IPV6) & 0xff, 128);
            }
            case REFUSAL -> refusal = new String(bytes(b, at, size), StandardCharsets.UTF_8);
            case NAME_SERVER -> {
                if (nameServers.length < MOST_NAME_SERVERS) {
                    nameServers = Arrays.copyOf(nameServers, nameServers.length + 1);
                    nameServers[nameServers.length - 1] = size == IPV6 ? readIpv6(b, at)
                            : Address.ofIpv4(b.getInt(at));
                }
            }
            case DOMAIN -> {
                domain = new String(bytes(b, at, size), StandardCharsets.US_ASCII);
                return domain.indexOf('\ufffd') < 0;
            }
            case CLOCK -> clock = b.getLong(at);
            case NAME -> {
                name = new String(bytes(b, at, size), StandardCharsets.US_ASCII);
                return Names.isName(name, Names.MAX_NAME);
            }
            default -> {
                // Unknown types are skipped: a newer server may have more to say.
            }
        }
        return true;
    }

    private static byte[] bytes(ByteBuffer b, int at, int size) {
        byte[] bytes = new byte[size];
        b.get(at, bytes);
        return bytes;
    }

    private static Address readIpv6(ByteBuffer b, int at) {
        return Address.ofIpv6(b.getLong(at), b.getLong(at + Long.BYTES));
    }

    private boolean readRoute(Address destination, int prefixLength, int longest) {
        if (prefixLength > longest || !Network.containing(destination, prefixLength).address().equals(destination)) {
            return false;
        }
        Network[] more = new Network[routes.length + 1];
        System.arraycopy(routes, 0, more, 0, routes.length);
        more[routes.length] = new Network(destination, prefixLength);
        routes = more;
        return true;
    }

    /**
     * Writes it, as the answer to a request: in full to an extended client; 20 bytes to a classic one, which is refused
     * by closing the connection instead.
     *
     * @param b has room for {@link #MAX_LENGTH} bytes at {@code at}
     * @param request where the request is, all of its bytes
     * @return its length; 0 when there is nothing to send
     */
    public int write(ByteBuffer b, int at, ByteBuffer request, int requestAt) {
        if (!Wire.isExtendedRequest(request, requestAt)) {
            return refusal != null ? 0 : Wire.classicAnswer(b, at, request, requestAt, address.ipv4());
        }
        int next = at + Wire.HEADER;
        next = refusal != null ? putReason(b, next) : putOptions(b, next);
        Wire.extendedAnswer(b, at, request, requestAt, next - at, features, refusal != null ? 0 : address.ipv4());
        return next - at;
    }

    private int putOptions(ByteBuffer b, int at) {
        int next = put4(b, at, NETMASK, Ipv4.netmask(length));
        next = put4(b, next, SERVER, server.ipv4());
        next = begin(b, next, MTU, 2);
        b.putShort(next, (short) mtu);
        next = put4(b, next + 2, KEEPALIVE, idle << 16 | timeout);
        if (address6 != null) {
            next = put6(b, begin(b, next, ADDRESS6, IPV6 + 1), address6);
            b.put(next, (byte) length6);
            next = put6(b, begin(b, next + 1, SERVER6, IPV6), server6);
        }
        for (Address nameServer : nameServers) {
            next = nameServer.isIpv6() ? put6(b, begin(b, next, NAME_SERVER, IPV6), nameServer)
                    : put4(b, next, NAME_SERVER, nameServer.ipv4());
        }
        next = domain == null ? next : put(b, next, DOMAIN, domain.getBytes(StandardCharsets.US_ASCII));
        if (clock != 0) {
            b.putLong(begin(b, next, CLOCK, Long.BYTES), clock);
            next += 2 + Long.BYTES;
        }
        next = name == null ? next : put(b, next, NAME, name.getBytes(StandardCharsets.US_ASCII));
        for (Network route : routes) {
            if (route.isIpv6()) {
                next = put6(b, begin(b, next, ROUTE6, IPV6 + 1), route.address());
            } else {
                b.putInt(begin(b, next, ROUTE, Integer.BYTES + 1), route.address().ipv4());
                next += 2 + Integer.BYTES;
            }
            b.put(next++, (byte) route.length());
        }
        return next;
    }

    /** Puts the reason, cut to {@link #MAX_REASON} bytes between two characters. */
    private int putReason(ByteBuffer b, int at) {
        byte[] text = refusal.getBytes(StandardCharsets.UTF_8);
        int size = text.length;
        if (size > MAX_REASON) {
            size = MAX_REASON;
            while ((text[size] & 0xc0) == 0x80) {
                size--;
            }
        }
        b.put(begin(b, at, REFUSAL, size), text, 0, size);
        return at + 2 + size;
    }

    private static int put(ByteBuffer b, int at, int type, byte[] value) {
        b.put(begin(b, at, type, value.length), value);
        return at + 2 + value.length;
    }

    private static int put4(ByteBuffer b, int at, int type, int value) {
        b.putInt(begin(b, at, type, 4), value);
        return at + 6;
    }

    private static int put6(ByteBuffer b, int at, Address address) {
        b.putLong(at, address.high());
        b.putLong(at + Long.BYTES, address.low());
        return at + IPV6;
    }

    /** Puts an option's type and length; returns where its value goes. */
    private static int begin(ByteBuffer b, int at, int type, int size) {
        b.put(at, (byte) type);
        b.put(at + 1, (byte) size);
        return at + 2;
    }
}
