package simplevpn.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import simplevpn.base.Address;

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
     * The endpoint of an address and a port.
     *
     * @param port 0 to 65535
     */
    public static Endpoint of(Address address, int port) {
        ByteBuffer b = ByteBuffer.allocate(address.isIpv6() ? Abi.SIN6_SIZE : Abi.SIN_SIZE);
        int family = address.isIpv6() ? Abi.AF_INET6 : Abi.AF_INET;
        b.order(ByteOrder.nativeOrder()).putShort(Abi.SIN_FAMILY, (short) family);
        b.order(ByteOrder.BIG_ENDIAN).putShort(Abi.SIN_PORT, (short) port);
        if (address.isIpv6()) {
            b.putLong(Abi.SIN6_ADDR, address.high()).putLong(Abi.SIN6_ADDR + Long.BYTES, address.low());
        } else {
            b.putInt(Abi.SIN_ADDR, address.ipv4());
        }
        return new Endpoint(family, b.array());
    }

    /** Whether an interface of this host has that address now (bind(2)). */
    public static boolean isOwn(Address address) {
        Endpoint any = of(address, 0);
        int fd = Libc.socket(any.family, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            return false;
        }
        Buffer name = Buffer.temporary(any.address.length);
        name.bytes.put(0, any.address);
        int result = Libc.bind(fd, name, any.address.length);
        name.free();
        Libc.close(fd);
        return result >= 0;
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

    /** Whether a connection to it is one over IPv6. */
    public boolean isIpv6() {
        return ipv4() == null;
    }

    /** The address, of either version; the IPv4 address where one is mapped into IPv6. */
    public Address address() {
        Address ipv4 = ipv4();
        return ipv4 != null ? ipv4 : Address.ofIpv6(int64(Abi.SIN6_ADDR), int64(Abi.SIN6_ADDR + Long.BYTES));
    }

    private long int64(int at) {
        return (long) int32(at) << Integer.SIZE | (int32(at + Integer.BYTES) & 0xffff_ffffL);
    }

    /**
     * Who counts as one source: an IPv4 address, which may be that of many hosts behind a NAT; or a /64 of IPv6, which
     * one host has as many addresses of as it likes.
     */
    public long source() {
        Address ipv4 = ipv4();
        return ipv4 != null ? ipv4.ipv4() & 0xffff_ffffL : int64(Abi.SIN6_ADDR);
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
