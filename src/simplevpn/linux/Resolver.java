package simplevpn.linux;

import simplevpn.base.Failure;

/**
 * Asks libc's getaddrinfo(3), and so the hosts file and name servers. An address needs none of them; for a name this is
 * a thread of its own, since an answer may take a minute.
 *
 * <p>That thread makes two calls, which are for any thread, on memory that the loop's thread takes and gives back.
 */
public final class Resolver extends Thread implements Lookup {
    /** Bytes of the thread's stack: libc's resolver keeps answers of up to 64 KiB there. */
    private static final long STACK = 512 * 1024;

    private final String host;
    private final boolean passive;
    private final Buffer node;
    private final Buffer service;
    private final Buffer hints = Buffer.temporary(Abi.AI_SIZE);
    private final Buffer list = Buffer.temporary(Abi.WORD);
    private Event answered;
    private volatile int answer;

    private Resolver(String host, int port, boolean passive) {
        super(null, null, "lookup", STACK, false);
        this.host = host;
        this.passive = passive;
        node = host == null ? null : Libc.string(host);
        service = Libc.string(Integer.toString(port));
        hints.nativeOrder.putInt(Abi.AI_FLAGS, (passive ? Abi.AI_PASSIVE : 0) | Abi.AI_NUMERICHOST);
        hints.nativeOrder.putInt(Abi.AI_SOCKTYPE, Abi.SOCK_STREAM);
        ask();
    }

    /**
     * Addresses to listen on.
     *
     * @param host an address, or {@code null} for the wildcard addresses of this host
     * @param port 1 to 65535
     * @return all of them, at least one
     */
    static Endpoint[] listening(String host, int port) throws Failure {
        return new Resolver(host, port, true).result();
    }

    /**
     * Looks a host up.
     *
     * @param host name or address
     * @param port 1 to 65535
     */
    static Lookup begin(String host, int port) throws Failure {
        Resolver resolver = new Resolver(host, port, false);
        if (resolver.answer == Abi.EAI_NONAME) {
            resolver.begin();
        }
        return resolver;
    }

    private void begin() throws Failure {
        try {
            answered = new Event("looking up " + host);
        } catch (Failure e) {
            free();
            throw e;
        }
        hints.nativeOrder.putInt(Abi.AI_FLAGS, 0);
        CLibrary.prepareLookup();
        setDaemon(true);
        try {
            start();
        } catch (OutOfMemoryError e) {
            free();
            throw new Failure(Failure.SYSTEM, "a thread for looking up " + host + ": " + e.getMessage());
        }
    }

    private void ask() {
        answer = Libc.getaddrinfo(node, service, hints, list);
    }

    @Override
    public void run() {
        try {
            ask();
        } finally {
            answered.tell();
        }
    }

    @Override
    public int fd() {
        return answered == null ? -1 : answered.fd();
    }

    @Override
    public Endpoint[] result() throws Failure {
        int result = answer;
        long first = list.word(0);
        free();
        if (result != 0) {
            String why = switch (result) {
                case Abi.EAI_AGAIN -> "the name server does not answer";
                case Abi.EAI_NONAME, Abi.EAI_NODATA -> passive ? "not an IPv4 or IPv6 address" : "no such host name";
                default -> "cannot look this name up (getaddrinfo " + result + ")";
            };
            throw passive ? new Failure(Failure.USAGE, "--listen " + host + ": " + why)
                    : new Failure(Failure.UNREACHABLE, host + ": " + why);
        }
        Endpoint[] found = copy(first);
        Libc.freeaddrinfo(first);
        return found;
    }

    private static Endpoint[] copy(long first) {
        int count = 0;
        for (long next = first; next != 0; next = Buffer.at(next, Abi.AI_SIZE).word(Abi.AI_NEXT)) {
            count++;
        }
        Endpoint[] found = new Endpoint[count];
        long next = first;
        for (int i = 0; i < count; i++) {
            Buffer info = Buffer.at(next, Abi.AI_SIZE);
            int length = info.nativeOrder.getInt(Abi.AI_ADDRLEN);
            found[i] = Endpoint.of(Buffer.at(info.word(Abi.AI_ADDR), length), 0, length);
            next = info.word(Abi.AI_NEXT);
        }
        return found;
    }

    private void free() {
        if (answered != null) {
            answered.close();
        }
        if (node != null) {
            node.free();
        }
        service.free();
        hints.free();
        list.free();
    }
}
