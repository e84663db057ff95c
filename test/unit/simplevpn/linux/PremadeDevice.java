package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * A program that a test runs on a host: what other users of a persistent TUN interface leave behind, and what ours
 * does.
 */
public final class PremadeDevice {
    /* linux/sockios.h, linux/ethtool.h: struct ethtool_value has a command and a value */
    private static final int SIOCETHTOOL = 0x8946;
    private static final int ETHTOOL_GTSO = 0x1e;
    /** {@code struct virtio_net_hdr_mrg_rxbuf} (linux/virtio_net.h), as virtual machines use it. */
    private static final int WIDE_HEADER = 12;

    private PremadeDevice() {
    }

    /**
     * Does what the first word says, with the device of that name.
     *
     * @param words {@code leave NAME}: attaches, asks for headers of 12 bytes and for super-packets, and ends without a
     *         word; {@code look NAME}: prints whether the kernel makes super-packets for whoever attaches
     */
    public static void main(String[] words) throws Failure {
        if (words[0].equals("leave")) {
            Tun tun = Tun.open(words[1]);
            Buffer size = Buffer.permanent(Integer.BYTES);
            size.nativeOrder.putInt(0, WIDE_HEADER);
            int result = Libc.ioctl(tun.fd(), Abi.TUNSETVNETHDRSZ, size);
            System.out.println(result + " " + tun.setOffload(Abi.TUN_F_CSUM | Abi.TUN_F_TSO4));
        } else {
            Buffer request = Buffer.permanent(Abi.IFR_SIZE);
            Buffer value = Buffer.permanent(2 * Integer.BYTES);
            Netdevice.putName(request, words[1]);
            value.nativeOrder.putInt(0, ETHTOOL_GTSO);
            request.word(Abi.IFR_UNION, value.address);
            int socket = Libc.socket(Abi.AF_INET, Abi.SOCK_DGRAM, 0);
            int result = Libc.ioctl(socket, SIOCETHTOOL, request);
            System.out.println(result + " " + value.nativeOrder.getInt(Integer.BYTES));
        }
    }
}
