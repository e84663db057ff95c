package simplevpn.memory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import simplevpn.base.Failure;
import simplevpn.linux.Connector;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Stream;

/** Names, and what answers at the addresses behind them. */
public final class MemoryConnector implements Connector {
    /** What a name stands for, in the order in which its addresses are tried. */
    private final Map<Endpoint, MemoryAcceptor> addresses = new LinkedHashMap<>();
    private int port = 50_000;

    /** Why looking up fails, or {@code null}. */
    public String unknown;
    /** Why connecting fails at once, or {@code null}. */
    public String unreachable;
    /** Whether connections stay in the making until a test completes them, or fails them. */
    public boolean slow;
    /** All connections that were begun: the client's end of each. */
    public final List<MemoryStream> begun = new ArrayList<>();

    /** One more address that the name stands for. */
    public void add(MemoryAcceptor acceptor) {
        addresses.put(acceptor.address(), acceptor);
    }

    @Override
    public Endpoint[] lookUp(String host, int ignored) throws Failure {
        if (unknown != null) {
            throw new Failure(Failure.UNREACHABLE, unknown);
        }
        return addresses.keySet().toArray(Endpoint[]::new);
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
