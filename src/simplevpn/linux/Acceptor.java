package simplevpn.linux;

/** Where connections come in: {@link TcpAcceptor} is the kernel's; tests bring one of their own. */
public interface Acceptor {
    /** The descriptor, for the {@link Poller}: it is readable when a connection waits. */
    int fd();

    /** Where it listens. */
    Endpoint address();

    /** Takes a connection that waits; {@code null} with the reason in {@link #error} when there is none. */
    Stream accept();

    /** Why the last {@link #accept} gave nothing, −errno; EAGAIN when nobody waits. */
    int error();
}
