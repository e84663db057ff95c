package simplevpn;

import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.base.Network;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Event;
import simplevpn.linux.Monitor;
import simplevpn.linux.PacketDevice;
import simplevpn.linux.Route;

/** Stands where a loop has its TUN interface, in a program that has none: nothing comes from it, nothing is set. */
final class NoDevice implements PacketDevice {
    private static final int MTU = 1500;

    private final Event silent = new Event("the place of an interface");

    /** @throws Failure when the kernel has no descriptor left */
    NoDevice() throws Failure {
        // The field takes the descriptor.
    }

    @Override
    public int fd() {
        return silent.fd();
    }

    @Override
    public String name() {
        return "none";
    }

    @Override
    public int index() {
        return 0;
    }

    @Override
    public int header() {
        return Abi.VNET_SIZE;
    }

    @Override
    public int setOffload(int features) {
        return 0;
    }

    @Override
    public int read(Buffer buffer, int at, int limit) {
        return 0;
    }

    @Override
    public boolean write(Buffer buffer, int at, int length) {
        return false;
    }

    @Override
    public void check() {
        // It cannot fail.
    }

    @Override
    public boolean isHere() {
        return true;
    }

    @Override
    public int mtu() {
        return MTU;
    }

    @Override
    public int setMtu(int mtu) {
        return 0;
    }

    @Override
    public Address fixedAddress() {
        return null;
    }

    @Override
    public boolean hasIpv6() {
        return false;
    }

    @Override
    public boolean hasAddress(Address address, int length) {
        return false;
    }

    @Override
    public void setAddress(Address address, int length) {
        // There is nothing to have it.
    }

    @Override
    public void removeAddress(Address address, int length) {
        // There is nothing that has it.
    }

    @Override
    public void bringUp() {
        // It never carries anything.
    }

    @Override
    public void addRoute(Network network) {
        // Nothing leads through it.
    }

    @Override
    public void removeRoute(Network network) {
        // Nothing leads through it.
    }

    @Override
    public void removeHostRoutes() {
        // Nothing leads through it.
    }

    @Override
    public boolean forwards(boolean ipv6) {
        return false;
    }

    @Override
    public Network[] ownRoutes(boolean ipv6) {
        return new Network[0];
    }

    @Override
    public Route[] otherRoutes(boolean ipv6) {
        return new Route[0];
    }

    @Override
    public boolean addRoute(Route route) {
        return false;
    }

    @Override
    public boolean removeRoute(Route route) {
        return false;
    }

    @Override
    public Monitor monitor() throws Failure {
        throw new Failure(Failure.SYSTEM, "nobody watches what is not there");
    }

    @Override
    public void close() {
        // The program ends then.
    }
}
