package simplevpn.memory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import simplevpn.base.Address;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Lookup;
import simplevpn.linux.Monitor;
import simplevpn.linux.Stream;
import simplevpn.linux.Way;

/** Names, and what answers at the addresses behind them. */
public final class MemoryConnector implements Connector {
    /** What each name stands for, in the order in which its addresses are tried. */
    private final Map<String, Map<Endpoint, MemoryAcceptor>> names = new LinkedHashMap<>();
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
    /** The way to each address, and how often somebody asked; the news of that; why there is none, or {@code null}. */
    public Function<Endpoint, Way> ways = to -> null;
    public int waysAsked;
    public final MemoryMonitor monitor;
    public String unwatched;
    /** All connections that were begun: the client's end of each. */
    public final List<MemoryStream> begun = new ArrayList<>();

    /** Knows no name yet. */
    public MemoryConnector(MemoryKernel kernel) {
        this.kernel = kernel;
        monitor = new MemoryMonitor(kernel);
    }

    /** One more address that the name "hub" stands for. */
    public void add(MemoryAcceptor acceptor) {
        add("hub", acceptor);
    }

    /** One more address that a name stands for. */
    public void add(String host, MemoryAcceptor acceptor) {
        names.computeIfAbsent(host, name -> new LinkedHashMap<>()).put(acceptor.address(), acceptor);
    }

    @Override
    public Lookup lookUp(String host, int ignored) {
        lookups.add(new MemoryLookup(host));
        return lookups.getLast();
    }

    /** A lookup. The name server answers at once, or when a test says so. */
    public final class MemoryLookup implements Lookup, MemoryKernel.Descriptor {
        private final int fd = namesAreSlow ? kernel.open(this) : -1;
        private final String host;
        private boolean answered;

        MemoryLookup(String host) {
            this.host = host;
        }

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
            return names.getOrDefault(host, names.get("hub")).keySet().toArray(Endpoint[]::new);
        }

        @Override
        public boolean isReadable() {
            return answered;
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
        MemoryAcceptor acceptor = names.values().stream().filter(addresses -> addresses.containsKey(to)).findFirst()
                .orElseThrow().get(to);
        MemoryStream stream = acceptor.connect(MemoryKernel.endpoint(0xc0000202, port++));
        stream.connecting = slow || acceptor.silent;
        if (acceptor.rejects != 0) {
            stream.fail(acceptor.rejects);
        }
        begun.add(stream);
        return stream;
    }

    @Override
    public Way way(Endpoint to) {
        waysAsked++;
        return ways.apply(to);
    }

    @Override
    public Monitor monitor() throws Failure {
        if (unwatched != null) {
            throw new Failure(Failure.SYSTEM, unwatched);
        }
        return monitor;
    }

    /** The connection that was begun last. */
    public MemoryStream last() {
        return begun.getLast();
    }
}
