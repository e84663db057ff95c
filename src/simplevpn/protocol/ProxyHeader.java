package simplevpn.protocol;

import java.nio.ByteBuffer;
import java.util.Arrays;
import simplevpn.base.Address;

/**
 * What a load balancer says in front of a connection that it passes on: a header of the PROXY protocol, version 2 (its
 * specification is proxy-protocol.txt of HAProxy). It is taken in whatever pieces it comes, and never more of it than
 * it has: what follows belongs to the connection.
 *
 * <pre>
 *   0–11   the signature    12   version and command    13   family and transport    14–15   length of what follows
 *   16–    addresses: IPv4 4 + 4 + 2 + 2, IPv6 16 + 16 + 2 + 2, UNIX 108 + 108; then TLVs, which are skipped
 * </pre>
 */
public final class ProxyHeader {
    /** The longest header that is taken, bytes: one that every path carries in one segment. */
    public static final int LONGEST = 536;

    /** Bytes that a header of any kind begins with. */
    private static final int FIXED = 16;
    private static final byte[] SIGNATURE = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
    /** What one of version 1 begins with. */
    private static final byte[] VERSION_1 = {'P', 'R', 'O', 'X', 'Y', ' '};
    private static final int VERSION_AND_COMMAND = 12;
    private static final int FAMILY_AND_TRANSPORT = 13;
    private static final int LENGTH = 14;
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;

    /* Families and transports: those that a TCP connection can be passed on for. */
    private static final int UNSPECIFIED = 0x00;
    private static final int TCP4 = 0x11;
    private static final int TCP6 = 0x21;
    private static final int UNIX = 0x31;
    /** Bytes of both ends' addresses, and where the first end's port is. */
    private static final int SIZE4 = 12;
    private static final int PORT4 = FIXED + 8;
    private static final int SIZE6 = 36;
    private static final int PORT6 = FIXED + 32;
    private static final int SIZE_UNIX = 216;

    private byte[] bytes = new byte[FIXED];
    private int count;
    /** How many bytes it has, as far as is known. */
    private int length = FIXED;
    private String wrong;
    private Address source;
    private int port;

    /** Nothing of it has come yet. */
    public ProxyHeader() {
    }

    /** How many more bytes may be taken now, at most {@link #LONGEST}; 0 when it is whole, or {@link #wrong}. */
    public int wants() {
        return wrong != null ? 0 : length - count;
    }

    /**
     * Takes the next bytes.
     *
     * @param size at most as many as it {@link #wants}
     */
    public void take(ByteBuffer from, int at, int size) {
        from.get(at, bytes, count, size);
        count += size;
        if (length == FIXED) {
            check();
        }
        if (wrong == null && count == length && length > FIXED) {
            read();
        }
    }

    /** Whether any byte of it has come. */
    public boolean hasBegun() {
        return count > 0;
    }

    /** Why what has come is no header that is taken, in words for its user; or {@code null}. */
    public String wrong() {
        return wrong;
    }

    /** Whether the balancer connects for itself, as it does to see whether anybody is there. */
    public boolean isLocal() {
        return bytes[VERSION_AND_COMMAND] == LOCAL;
    }

    /** Who connects through the balancer; {@code null} where it does not say: it counts itself then. */
    public Address source() {
        return source;
    }

    /** The port that it connects from, 0 to 65535. */
    public int port() {
        return port;
    }

    /** Looks at what has come of the fixed part. */
    private void check() {
        int signed = Math.min(count, SIGNATURE.length);
        if (Arrays.mismatch(bytes, 0, signed, SIGNATURE, 0, signed) >= 0) {
            int word = Math.min(count, VERSION_1.length);
            wrong = Arrays.mismatch(bytes, 0, word, VERSION_1, 0, word) < 0
                    ? "sends a PROXY protocol header of version 1, and only version 2 is taken"
                    : "does not begin with a PROXY protocol header";
        } else if (count == FIXED) {
            int command = bytes[VERSION_AND_COMMAND] & 0xff;
            int size = (bytes[LENGTH] & 0xff) << 8 | (bytes[LENGTH + 1] & 0xff);
            if (command != LOCAL && command != PROXY) {
                wrong = "sends a PROXY protocol header with version and command 0x" + Integer.toHexString(command);
            } else if (size > LONGEST - FIXED) {
                wrong = "sends a PROXY protocol header of " + (FIXED + size) + " bytes, more than " + LONGEST;
            } else if (command == PROXY) {
                checkFamily(size);
            }
            if (wrong == null) {
                length = FIXED + size;
                bytes = Arrays.copyOf(bytes, length);
            }
        }
    }

    private void checkFamily(int size) {
        int family = bytes[FAMILY_AND_TRANSPORT] & 0xff;
        int least = switch (family) {
            case UNSPECIFIED -> 0;
            case TCP4 -> SIZE4;
            case TCP6 -> SIZE6;
            case UNIX -> SIZE_UNIX;
            default -> -1;
        };
        if (least < 0) {
            wrong = "sends a PROXY protocol header with family and transport 0x" + Integer.toHexString(family)
                    + ", which is no TCP connection";
        } else if (size < least) {
            wrong = "sends a PROXY protocol header whose addresses are cut off";
        }
    }

    /** It is whole. */
    private void read() {
        ByteBuffer b = ByteBuffer.wrap(bytes);
        if (isLocal()) {
            return;
        }
        if (bytes[FAMILY_AND_TRANSPORT] == TCP4) {
            source = Address.ofIpv4(b.getInt(FIXED));
            port = b.getShort(PORT4) & 0xffff;
        } else if (bytes[FAMILY_AND_TRANSPORT] == TCP6) {
            source = Address.ofIpv6(b.getLong(FIXED), b.getLong(FIXED + Long.BYTES));
            port = b.getShort(PORT6) & 0xffff;
        }
    }
}
