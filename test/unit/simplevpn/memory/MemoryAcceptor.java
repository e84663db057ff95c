package simplevpn.memory;

import java.util.ArrayDeque;
import java.util.Deque;
import simplevpn.linux.Acceptor;
import simplevpn.linux.Endpoint;
import simplevpn.linux.Errno;
import simplevpn.linux.Stream;

/** Where connections come in that {@link MemoryConnector}s or a test make. */
public final class MemoryAcceptor implements Acceptor, MemoryKernel.Descriptor {
    private final MemoryKernel kernel;
    private final int fd;
    private final Endpoint address;
    private final Deque<MemoryStream> waiting = new ArrayDeque<>();
    private int error;
    private int port = 40_000;
    /** Bytes that may wait in each direction of a new connection. */
    public int room = 1 << 20;
    /** Whether attempts to connect are never answered; why they fail, −errno, or 0. */
    public boolean silent;
    public int rejects;
    /** Why nothing is accepted although somebody waits, −errno, or 0. */
    public int refuses;

    /** What a load balancer puts in front of what each new connection has to say. */
    public byte[] inFront = {};

    /** A place where nobody waits yet. */
    public MemoryAcceptor(MemoryKernel kernel, Endpoint address) {
        this.kernel = kernel;
        this.address = address;
        fd = kernel.open(this);
    }

    /** A connection from somewhere; what is returned is its far end. */
    public MemoryStream connect() {
        return connect(MemoryKernel.endpoint(0xc0000200 | 99, port++));
    }

    /** A connection from a certain place. */
    public MemoryStream connect(Endpoint from) {
        MemoryStream[] ends = MemoryStream.pair(kernel, from, address, room);
        waiting.add(ends[1]);
        ends[0].put(inFront);
        return ends[0];
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public Endpoint address() {
        return address;
    }

    @Override
    public Stream accept() {
        error = refuses != 0 ? refuses : -Errno.EAGAIN;
        return refuses != 0 ? null : waiting.poll();
    }

    @Override
    public int error() {
        return error;
    }

    @Override
    public boolean isReadable() {
        return !waiting.isEmpty();
    }
}
