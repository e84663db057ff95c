package simplevpn.base;

import java.util.Arrays;

/** IPv6 addresses as two {@code long}s in host order: 2001:db8::7 is 0x20010db8_00000000 and 7. */
public final class Ipv6 {
    /** The smallest MTU that IPv6 works with (RFC 8200, 5). */
    public static final int MIN_MTU = 1280;

    private static final int GROUPS = 8;
    /** Of the longest text, {@code ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255}. */
    private static final int MAX_TEXT = 45;

    private Ipv6() {
    }

    /** The first half of the mask of a prefix of {@code length} bits, 0 to 128. */
    static long highMask(int length) {
        return length == 0 ? 0 : length >= 64 ? -1 : -1L << (64 - length);
    }

    /** Its second half. */
    static long lowMask(int length) {
        return length <= 64 ? 0 : -1L << (128 - length);
    }

    /** Whether it is for a group of hosts, ff00::/8; the first half of the address tells. */
    public static boolean isMulticast(long high) {
        return high >>> 56 == 0xff;
    }

    /** Whether it means something on one link alone, fe80::/10; the first half of the address tells. */
    public static boolean isLinkLocal(long high) {
        return high >>> 54 == 0xfe80 >> 6;
    }

    /**
     * Whether a host can have the address beyond its own link: not ::/96 with :: and ::1 in it, a mapped IPv4 address,
     * multicast or link-local.
     */
    public static boolean isHost(long high, long low) {
        boolean special = (high == 0 && low >>> 32 == 0) || isMapped(high, low);
        return !special && !isMulticast(high) && !isLinkLocal(high);
    }

    /** Whether it stands for an IPv4 address, ::ffff:0:0/96 (RFC 4291, 2.5.5.2). */
    private static boolean isMapped(long high, long low) {
        return high == 0 && low >>> 32 == 0xffff;
    }

    /** The eight groups of 16 bits that an address is written in. */
    private static int[] groups(long high, long low) {
        int[] groups = new int[GROUPS];
        for (int i = 0; i < GROUPS; i++) {
            groups[i] = (int) ((i < GROUPS / 2 ? high : low) >>> (16 * (3 - i % 4))) & 0xffff;
        }
        return groups;
    }

    /** The address as RFC 5952 writes it: {@code 2001:db8::7}. */
    static String text(long high, long low) {
        if (isMapped(high, low)) {
            return "::ffff:" + Ipv4.text((int) low);
        }
        int[] groups = groups(high, low);
        int from = GROUPS;
        int longest = 1;
        for (int i = 0; i < GROUPS; i++) {
            int end = i;
            while (end < GROUPS && groups[end] == 0) {
                end++;
            }
            if (end - i > longest) {
                from = i;
                longest = end - i;
            }
        }
        StringBuilder text = new StringBuilder(MAX_TEXT);
        for (int i = 0; i < GROUPS; i++) {
            if (i == from) {
                text.append("::");
                i += longest - 1;
            } else {
                text.append(i == 0 || i == from + longest ? "" : ":").append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }

    /** Reads an address as RFC 4291 (2.2) writes it, without a zone; returns {@code null} when the text is none. */
    static Address parse(String text) {
        int[] groups = new int[GROUPS];
        int count = 0;
        // How many groups stand before "::", or −1.
        int before = -1;
        int at = 0;
        int length = text.length();
        while (at < length) {
            boolean gap = text.startsWith("::", at);
            if (gap && before < 0) {
                before = count;
                at += 2;
            } else if (gap || (count > 0) != (text.charAt(at) == ':')) {
                return null;
            } else if (count > 0) {
                at++;
            }
            if (gap && at == length) {
                break;
            }
            int end = text.indexOf(':', at);
            boolean dotted = end < 0 && text.indexOf('.', at) >= 0;
            end = end < 0 ? length : end;
            long number = dotted ? Ipv4.parse(text.substring(at)) : hexadecimal(text, at, end);
            if (number < 0 || count + (dotted ? 2 : 1) > GROUPS) {
                return null;
            }
            if (dotted) {
                groups[count++] = (int) (number >>> 16);
            }
            groups[count++] = (int) number & 0xffff;
            at = end;
        }
        if (before < 0 ? count < GROUPS : count == GROUPS) {
            return null;
        }
        if (before >= 0) {
            int behind = count - before;
            System.arraycopy(groups, before, groups, GROUPS - behind, behind);
            Arrays.fill(groups, before, GROUPS - behind, 0);
        }
        return Address.ofIpv6(half(groups, 0), half(groups, GROUPS / 2));
    }

    private static long half(int[] groups, int from) {
        long half = 0;
        for (int i = from; i < from + GROUPS / 2; i++) {
            half = half << 16 | groups[i];
        }
        return half;
    }

    /** The number of one to four hexadecimal digits, or −1. */
    private static int hexadecimal(String text, int from, int end) {
        int number = end - from < 1 || end - from > 4 ? -1 : 0;
        for (int i = from; i < end && number >= 0; i++) {
            char c = text.charAt(i);
            int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                    : -1;
            number = digit < 0 ? -1 : number << 4 | digit;
        }
        return number;
    }
}
