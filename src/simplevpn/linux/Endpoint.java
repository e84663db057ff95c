package simplevpn.linux;

import simplevpn.base.Address;
import simplevpn.base.Failure;

/**
 * One address and port of the outer network: a {@code struct sockaddr} for libc, and as text for people.
 */
public final class Endpoint {
    /** AF_INET or AF_INET6. */
    final int family;
    /** {@code struct sockaddr_in} or {@code sockaddr_in6}. */
    final byte[] address;

    private Endpoint(int family, byte[] address) {
        this.family = family;
        this.address = address;
    }

    /** Copies the first {@code length} bytes of a {@code struct sockaddr}. */
    public static Endpoint of(Buffer socketAddress, int at, int length) {
        byte[] copy = new byte[length];
        socketAddress.bytes.get(at, copy);
        return new Endpoint(socketAddress.nativeOrder.getShort(at + Abi.SIN_FAMILY), copy);
    }

    /**
     * Asks libc's getaddrinfo(3), and so the hosts file and name servers; blocks until they answer.
     *
     * @param host name or address; {@code null} for the wildcard addresses of this host
     * @param port 0 to 65535
     * @param passive for listening: {@code host} has to be an address
     * @return all answers, in the order in which to try them
     * @throws Failure when there is none: which name, and why
     */
    public static Endpoint[] resolve(String host, int port, boolean passive) throws Failure {
        Buffer hints = Buffer.temporary(Abi.AI_SIZE);
        Buffer list = Buffer.temporary(Abi.WORD);
        hints.nativeOrder.putInt(Abi.AI_FLAGS, passive ? Abi.AI_PASSIVE | Abi.AI_NUMERICHOST : 0);
        hints.nativeOrder.putInt(Abi.AI_SOCKTYPE, Abi.SOCK_STREAM);
        int result = Libc.getaddrinfo(host, Integer.toString(port), hints, list);
        long first = list.word(0);
        hints.free();
        list.free();
        if (result != 0) {
            String why = switch (result) {
                case Abi.EAI_AGAIN -> "the name server does not answer";
                case Abi.EAI_NONAME, Abi.EAI_NODATA -> passive ? "not an IPv4 or IPv6 address" : "no such host name";
                default -> "cannot look this name up (getaddrinfo " + result + ")";
            };
            throw passive ? new Failure(Failure.USAGE, "--listen " + host + ": " + why)
                    : new Failure(Failure.UNREACHABLE, host + ": " + why);
        }
        Endpoint[] found = copy(first);
        Libc.freeaddrinfo(first);
        return found;
    }

    private static Endpoint[] copy(long first) {
        int count = 0;
        for (long next = first; next != 0; next = Buffer.at(next, Abi.AI_SIZE).word(Abi.AI_NEXT)) {
            count++;
        }
        Endpoint[] found = new Endpoint[count];
        long next = first;
        for (int i = 0; i < count; i++) {
            Buffer info = Buffer.at(next, Abi.AI_SIZE);
            int length = info.nativeOrder.getInt(Abi.AI_ADDRLEN);
            found[i] = of(Buffer.at(info.word(Abi.AI_ADDR), length), 0, length);
            next = info.word(Abi.AI_NEXT);
        }
        return found;
    }

    /** The IPv4 address, also of one mapped into IPv6; {@code null} for any other. */
    public Address ipv4() {
        if (family == Abi.AF_INET) {
            return Address.ofIpv4(int32(Abi.SIN_ADDR));
        }
        boolean mapped = int32(Abi.SIN6_ADDR) == 0 && int32(Abi.SIN6_ADDR + 4) == 0
                && int32(Abi.SIN6_ADDR + 8) == 0xffff;
        return mapped ? Address.ofIpv4(int32(Abi.SIN6_ADDR + 12)) : null;
    }

    /**
     * Who counts as one source: an IPv4 address, which may be that of many hosts behind a NAT; or a /64 of IPv6, which
     * one host has as many addresses of as it likes.
     */
    public long source() {
        Address ipv4 = ipv4();
        return ipv4 != null ? ipv4.ipv4() & 0xffff_ffffL
                : (long) int32(Abi.SIN6_ADDR) << Integer.SIZE | (int32(Abi.SIN6_ADDR + 4) & 0xffff_ffffL);
    }

    private int int32(int at) {
        return (address[at] & 255) << 24 | (address[at + 1] & 255) << 16 | (address[at + 2] & 255) << 8
                | (address[at + 3] & 255);
    }

    /** {@code 192.0.2.1:2002} or {@code [2001:db8::1]:2002}. */
    @Override
    public String toString() {
        int port = (address[Abi.SIN_PORT] & 255) << 8 | (address[Abi.SIN_PORT + 1] & 255);
        Address ipv4 = ipv4();
        if (ipv4 != null) {
            return ipv4 + ":" + port;
        }
        Buffer copy = Buffer.temporary(address.length);
        copy.bytes.put(0, address);
        String text = Libc.inet_ntop(family, copy, Abi.SIN6_ADDR);
        copy.free();
        return "[" + text + "]:" + port;
    }
}
