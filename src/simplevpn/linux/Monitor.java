package simplevpn.linux;

/**
 * Tells when something about this host's interfaces, addresses or routes may have changed: {@link RouteMonitor} is the
 * kernel's; tests bring one of their own.
 */
public interface Monitor {
    /** The descriptor, for the {@link Poller}: readable when there is news. */
    int fd();

    /**
     * Takes news.
     *
     * @param index the number of an interface
     * @param most how many to take
     * @return whether that interface has changed, or may have, since news was lost
     */
    boolean take(int index, int most);
}
