package simplevpn.base;

/** IPv4 addresses as {@code int}s in host order: 10.0.0.1 is 0x0a000001. */
public final class Ipv4 {
    /** The smallest MTU that IPv4 works with (RFC 791). */
    public static final int MIN_MTU = 68;

    private Ipv4() {
    }

    /** The netmask of a prefix of {@code length} bits, 0 to 32. */
    public static int netmask(int length) {
        return length == 0 ? 0 : -1 << (32 - length);
    }

    /** The prefix length of a netmask, or −1 when its ones are not all in front. */
    public static int prefixLength(int netmask) {
        int length = Integer.bitCount(netmask);
        return netmask(length) == netmask ? length : -1;
    }

    /** Whether a host can have the address: not 0/8, 127/8, multicast, reserved or broadcast. */
    public static boolean isHost(int address) {
        int first = address >>> 24;
        return first != 0 && first != 127 && first < 224;
    }

    /** The address in dotted decimal. */
    public static String text(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 255) + "." + (address >>> 8 & 255) + "." + (address & 255);
    }

    /**
     * Reads four decimal numbers with dots between them.
     *
     * @return the address as an unsigned number, or −1 when the text is none
     */
    public static long parse(String text) {
        long address = 0;
        int digits = 0;
        int number = 0;
        int dots = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= '0' && c <= '9' && digits < 3) {
                number = number * 10 + c - '0';
                digits++;
            } else if (c == '.' && digits > 0 && number < 256 && dots < 3) {
                address = address << 8 | number;
                number = 0;
                digits = 0;
                dots++;
            } else {
                return -1;
            }
        }
        return dots == 3 && digits > 0 && number < 256 ? address << 8 | number : -1;
    }
}
