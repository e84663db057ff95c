package simplevpn.linux;

import java.util.Arrays;

/** The way out of this host to one address, as the kernel would take it now. Immutable. */
public final class Way {
    /** The number of the interface that it begins at. */
    private final int device;
    /** This host's own address there: 4 or 16 bytes. */
    private final byte[] source;
    /** The next router, the same; {@code null} where there is none, or it is of another family. */
    private final byte[] gateway;
    /** Whether the main table says so; other tables, and an interface that the user chose, come before that. */
    public final boolean isOfMainTable;

    /** A way, as the kernel told it; the parameters are the fields. */
    public Way(int device, byte[] source, byte[] gateway, boolean isOfMainTable) {
        this.device = device;
        this.source = source;
        this.gateway = gateway;
        this.isOfMainTable = isOfMainTable;
    }

    /** Whether it begins at that interface. */
    public boolean isThrough(int index) {
        return device == index;
    }

    /** Whether a connection along another one does not go on along this one: it is another interface, or address. */
    public boolean isOther(Way other) {
        return device != other.device || !Arrays.equals(source, other.source);
    }

    /** Whether there is hope in it where there was none in another one: it may also be another router. */
    public boolean isNew(Way other) {
        return isOther(other) || !Arrays.equals(gateway, other.gateway);
    }

    /**
     * The network that it leads through first, as a word: this host's own address, of IPv6 the first half, which stays,
     * and the next router's.
     */
    public String network() {
        byte[] own = source.clone();
        if (own.length > Integer.BYTES) {
            Arrays.fill(own, Long.BYTES, own.length, (byte) 0);
        }
        return text(own) + "/" + (gateway == null ? "-" : text(gateway));
    }

    /** The name of the interface that it begins at, as far as it can be told. */
    public String device() {
        return Netlink.deviceName(device);
    }

    /** This host's own address: {@code 192.0.2.7} or {@code 2001:db8::7}. */
    @Override
    public String toString() {
        return text(source);
    }

    private static String text(byte[] address) {
        Buffer copy = Buffer.temporary(address.length);
        copy.bytes.put(0, address);
        String text = Libc.inet_ntop(address.length == Integer.BYTES ? Abi.AF_INET : Abi.AF_INET6, copy, 0);
        copy.free();
        return text;
    }
}
