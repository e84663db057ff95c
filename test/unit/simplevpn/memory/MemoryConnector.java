package simplevpn.memory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Lookup;
import simplevpn.linux.Stream;

/** Names, and what answers at the addresses behind them. */
public final class MemoryConnector implements Connector {
    /** What a name stands for, in the order in which its addresses are tried. */
    private final Map<Endpoint, MemoryAcceptor> addresses = new LinkedHashMap<>();
    private int port = 50_000;

    private final MemoryKernel kernel;

    /** Who knows names. */
    public Address[] nameServers = {};
    /** Whether lookups take their time, and all that were begun. */
    public boolean namesAreSlow;
    public final List<MemoryLookup> lookups = new ArrayList<>();
    /** Why looking up fails, or {@code null}. */
    public String unknown;
    /** Why connecting fails at once, or {@code null}. */
    public String unreachable;
    /** Whether connections stay in the making until a test completes them, or fails them. */
    public boolean slow;
    /** All connections that were begun: the client's end of each. */
    public final List<MemoryStream> begun = new ArrayList<>();

    /** Knows no name yet. */
    public MemoryConnector(MemoryKernel kernel) {
        this.kernel = kernel;
    }

    /** One more address that the name stands for. */
    public void add(MemoryAcceptor acceptor) {
        addresses.put(acceptor.address(), acceptor);
    }

    @Override
    public Lookup lookUp(String host, int ignored) {
        lookups.add(new MemoryLookup());
        return lookups.getLast();
    }

    /** A lookup. The name server answers at once, or when a test says so. */
    public final class MemoryLookup implements Lookup, MemoryKernel.Descriptor {
        private final int fd = namesAreSlow ? kernel.open(this) : -1;
        private boolean answered;

        /** The name server answers. */
        public void answer() {
            answered = true;
        }

        @Override
        public int fd() {
            return fd;
        }

        @Override
        public Endpoint[] result() throws Failure {
            if (fd >= 0) {
                kernel.close(fd);
            }
            if (unknown != null) {
                throw new Failure(Failure.UNREACHABLE, unknown);
            }
            return addresses.keySet().toArray(Endpoint[]::new);
        }

        @Override
        public boolean isReadable() {
            return answered;
        }

        @Override
        public boolean isWritable() {
            return false;
        }

        @Override
        public boolean hasFailed() {
            return false;
        }
    }

    @Override
    public Address[] nameServers(String host) {
        return nameServers;
    }

    @Override
    public Stream connect(Endpoint to) throws Failure {
        if (unreachable != null) {
            throw new Failure(Failure.SYSTEM, "connect " + to + ": " + unreachable);
        }
        MemoryStream stream = addresses.get(to).connect(MemoryKernel.endpoint(0xc0000202, port++));
        stream.connecting = slow;
        begun.add(stream);
        return stream;
    }

    /** The connection that was begun last. */
    public MemoryStream last() {
        return begun.getLast();
    }
}
