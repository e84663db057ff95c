package simplevpn.memory;

import java.util.ArrayList;
import java.util.List;
import simplevpn.linux.Abi;
import simplevpn.linux.Buffer;
import simplevpn.linux.Endpoint;

/**
 * The descriptors of programs that run without a kernel: what a {@link MemoryPoller} looks at. As a kernel does, it
 * gives the lowest number that is free.
 */
public final class MemoryKernel {
    private final List<Descriptor> table = new ArrayList<>();

    /** Something that a descriptor stands for; most are only read, and do not fail. */
    interface Descriptor {
        boolean isReadable();

        default boolean isWritable() {
            return false;
        }

        default boolean hasFailed() {
            return false;
        }
    }

    int open(Descriptor descriptor) {
        int fd = table.indexOf(null);
        if (fd < 0) {
            table.add(descriptor);
            return table.size() - 1;
        }
        table.set(fd, descriptor);
        return fd;
    }

    void close(int fd) {
        table.set(fd, null);
    }

    Descriptor descriptor(int fd) {
        return fd < table.size() ? table.get(fd) : null;
    }

    /** How many descriptors are open. */
    public int count() {
        return (int) table.stream().filter(descriptor -> descriptor != null).count();
    }

    /** An IPv4 endpoint. */
    public static Endpoint endpoint(int address, int port) {
        Buffer name = Buffer.temporary(Abi.SIN_SIZE);
        name.nativeOrder.putShort(Abi.SIN_FAMILY, (short) Abi.AF_INET);
        name.bytes.putShort(Abi.SIN_PORT, (short) port);
        name.bytes.putInt(Abi.SIN_ADDR, address);
        Endpoint endpoint = Endpoint.of(name, 0, Abi.SIN_SIZE);
        name.free();
        return endpoint;
    }

    /** An IPv6 endpoint: fd00:: and a number. */
    public static Endpoint endpoint6(int last, int port) {
        Buffer name = Buffer.temporary(Abi.SIN6_SIZE);
        name.nativeOrder.putShort(Abi.SIN_FAMILY, (short) Abi.AF_INET6);
        name.bytes.putShort(Abi.SIN_PORT, (short) port);
        name.bytes.putShort(Abi.SIN6_ADDR, (short) 0xfd00);
        name.bytes.putInt(Abi.SIN6_ADDR + 12, last);
        Endpoint endpoint = Endpoint.of(name, 0, Abi.SIN6_SIZE);
        name.free();
        return endpoint;
    }
}
