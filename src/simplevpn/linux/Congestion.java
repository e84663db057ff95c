package simplevpn.linux;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;
import simplevpn.tunnel.Outbox;

/**
 * Which congestion control one TCP connection has (TCP_CONGESTION, TCP_INFO; tcp(7)).
 *
 * <p>Unless the user chose one, a connection begins with CUBIC, which together with the {@link Outbox} keeps queues
 * short. When it loses segments although there is no queue, its round-trip time being near the least, the line itself
 * loses them, and slowing down would not help: then it gets BBR, which takes such loss for what it is. What the kernel
 * does not have stays the system's choice.
 */
public final class Congestion {
    private static final byte[] CUBIC = {'c', 'u', 'b', 'i', 'c'};
    private static final byte[] BBR = {'b', 'b', 'r'};
    /** How often to look, nanoseconds. */
    private static final long INTERVAL = 500_000_000L;
    /** How many looks have to find loss without a queue: those after the first overshoot of a clean line are fewer. */
    private static final int STRIKES = 4;
    /** Names have fewer bytes (TCP_CA_NAME_MAX, linux/net/tcp.h). */
    private static final int MAX_NAME = 16;

    private static final Buffer INFO = Buffer.permanent(Abi.TCPI_SIZE);
    private static final Buffer NAME = Buffer.permanent(MAX_NAME);
    private static final Buffer LENGTH = Buffer.permanent(Integer.BYTES);

    /** What the user chose, or {@code null}. */
    private static byte[] chosen;

    private final int fd;
    private long nextLook;
    private int lost;
    private int strikes;
    private boolean settled;

    /** @param fd a connection that stands */
    public Congestion(int fd) {
        this.fd = fd;
        settled = chosen != null || !set(fd, CUBIC);
        if (chosen != null) {
            set(fd, chosen);
        }
    }

    /**
     * Chooses for all connections to come.
     *
     * @return whether the kernel has it and allows it
     */
    public static boolean choose(String name) throws Failure {
        byte[] text = name.getBytes(StandardCharsets.US_ASCII);
        if (text.length == 0 || text.length >= MAX_NAME) {
            return false;
        }
        int fd = Libc.socket(Abi.AF_INET, Abi.SOCK_STREAM | Abi.SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw Failure.of("socket", fd, "");
        }
        boolean known = set(fd, text);
        Libc.close(fd);
        if (known) {
            chosen = text;
        }
        return known;
    }

    private static boolean set(int fd, byte[] name) {
        NAME.bytes.put(0, name);
        return Libc.setsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_CONGESTION, NAME, name.length) >= 0;
    }

    /**
     * Looks at a connection that sends, from time to time.
     *
     * @return whether it changed to BBR just now
     */
    public boolean look(long now) {
        if (settled || now - nextLook < 0) {
            return false;
        }
        nextLook = now + INTERVAL;
        if (Libc.getsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_INFO, INFO, LENGTH) < 0
                || LENGTH.host.getInt(0) < Abi.TCPI_SIZE) {
            settled = true;
            return false;
        }
        int before = lost;
        lost = INFO.host.getInt(Abi.TCPI_TOTAL_RETRANS);
        long roundTrip = INFO.host.getInt(Abi.TCPI_RTT);
        long least = INFO.host.getInt(Abi.TCPI_MIN_RTT);
        if (lost == before) {
            return false;
        }
        strikes = 4 * roundTrip < 5 * least ? strikes + 1 : 0;
        settled = strikes == STRIKES;
        return settled && set(fd, BBR);
    }

    /** Whether BBR is in force: the line is known or said to be a bad one. */
    public boolean bbr() {
        return toString().equals("bbr");
    }

    /** The name of what is in force. */
    @Override
    public String toString() {
        int result = Libc.getsockopt(fd, Abi.IPPROTO_TCP, Abi.TCP_CONGESTION, NAME, LENGTH);
        StringBuilder name = new StringBuilder(MAX_NAME);
        for (int i = 0; result >= 0 && i < LENGTH.host.getInt(0) && NAME.bytes.get(i) != 0; i++) {
            name.append((char) NAME.bytes.get(i));
        }
        return name.toString();
    }
}
