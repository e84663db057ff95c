package simplevpn.linux;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;

/**
 * A network interface whose packets a program reads and writes, and its settings: {@link Tun} is the kernel's; tests
 * bring one of their own.
 */
public interface PacketDevice {
    /** The descriptor, for the {@link Poller}. */
    int fd();

    /** The interface's name. */
    String name();

    /** The number by which the kernel knows the interface, whatever its name. */
    int index();

    /** Bytes of the kernel's header in front of each packet read and written: {@link Abi#VNET_SIZE}, or 0. */
    int header();

    /** Asks for what the TUN_F bits say to be delivered and taken; returns 0 or −errno. */
    int setOffload(int features);

    /**
     * Takes one packet from the kernel.
     *
     * @param buffer receives it at byte {@code at}
     * @param limit room for it and its {@link #header}
     * @return its length with the header; 0 when none is waiting, or when it is time to {@link #check}
     */
    int read(Buffer buffer, int at, int limit);

    /**
     * Hands one packet to the kernel, its {@link #header} in front of it.
     *
     * @return whether the kernel took it; it refuses one that is damaged, and any while the interface is down
     */
    boolean write(Buffer buffer, int at, int length);

    /**
     * The poller reports that the interface failed: finds out whether it did.
     *
     * @throws Failure when it is of no use any more
     */
    void check() throws Failure;

    /**
     * Looks where the interface is: somebody may have renamed it, which {@link #name} says then, or moved it to another
     * network namespace, where it carries packets but its settings cannot be changed from here.
     */
    boolean isHere();

    /** The MTU, bytes. */
    int mtu() throws Failure;

    /** Sets the MTU, 68 to 65535 bytes; returns 0 or −errno. */
    int setMtu(int mtu);

    /** The address that it has and that this process may not change; {@code null} when it may, or there is none. */
    Address fixedAddress();

    /** Whether it can have IPv6 addresses, as far as can be told without trying. */
    boolean hasIpv6();

    /** Whether it has the address with a prefix of that length, perhaps among others. */
    boolean hasAddress(Address address, int length);

    /**
     * Gives it the address, instead of the one that it has, or of all that it has of the same IPv6 network; the kernel
     * adds the route to the network by itself.
     */
    void setAddress(Address address, int length) throws Failure;

    /** Takes an IPv6 address away, if it is still there. */
    void removeAddress(Address address, int length);

    /** Brings it up, if it is down. */
    void bringUp() throws Failure;

    /** Adds a route through it, if it is up; one to a single host that is there already is left as it is. */
    void addRoute(Network network) throws Failure;

    /** Removes a route through it that was added so, if it is still there. */
    void removeRoute(Network network);

    /** Removes all routes through it to single hosts that these programs made. */
    void removeHostRoutes();

    /** Whether this host forwards packets that come from it, of one version of IP, as far as can be told. */
    boolean forwards(boolean ipv6);

    /** Where the routes lead that this host has through it, of one version of IP. */
    Network[] ownRoutes(boolean ipv6);

    /** The routes of this host that do not lead through it, of one version of IP. */
    Route[] otherRoutes(boolean ipv6);

    /** Adds a route, through whichever interface; returns whether there was none of that kind. */
    boolean addRoute(Route route) throws Failure;

    /** Removes a route; returns whether it was still there. */
    boolean removeRoute(Route route);

    /**
     * Begins to tell when it may have changed.
     *
     * @throws Failure when this process is not told
     */
    Monitor monitor() throws Failure;

    /** Gives it back; it goes away, unless it is a persistent one. */
    void close();
}
