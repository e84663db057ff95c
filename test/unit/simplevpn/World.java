package simplevpn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Endpoint;
import simplevpn.memory.MemoryAcceptor;
import simplevpn.memory.MemoryConnector;
import simplevpn.memory.MemoryDevice;
import simplevpn.memory.MemoryKernel;
import simplevpn.memory.MemoryLauncher;
import simplevpn.memory.MemoryLoop;
import simplevpn.memory.MemoryPoller;
import simplevpn.tls.Handshakes;
import simplevpn.tls.Key;
import simplevpn.tls.TlsStream;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Device;

/**
 * A server and clients in one process, without a kernel: they talk over connections in memory, their interfaces are in
 * memory, and time passes when a test says so. Everything happens in an order that is the same each time.
 */
final class World implements AutoCloseable {
    static final long SECOND = 1_000_000_000L;
    private static final Endpoint ADDRESS = MemoryKernel.endpoint(0xc0000201, 2002);

    final MemoryKernel kernel = new MemoryKernel();
    private final List<Machine> machines = new ArrayList<>();
    private final StringBuilder log = new StringBuilder();
    private long now;
    private int turns;

    /** What was done to interfaces before programs open them. */
    Consumer<MemoryDevice> premade = device -> { };
    /** Why clients are not told of their ways, or {@code null}. */
    String refuse;
    /** Where the server is, or will be: clients may wait there before it is started. */
    MemoryAcceptor acceptor = new MemoryAcceptor(kernel, ADDRESS);

    World() {
        this(0);
    }

    /** @param start what the clock shows at the beginning, nanoseconds */
    World(long start) {
        now = start;
        Log.to(line -> {
            log.append(line).append('\n');
            return true;
        });
        Log.start("test", Log.DETAILS, false);
    }

    /** One machine that runs a program. */
    class Machine {
        final MemoryDevice device = new MemoryDevice(kernel);
        MemoryLoop loop;
        final Handshaker handshakes = new Handshaker();
        final MemoryLauncher hooks = new MemoryLauncher(kernel);
        /** What the program's supervisor was told, in order. */
        final List<String> told = new ArrayList<>();
        /** What ended the program, or {@code null}. */
        Failure failure;
        boolean ended;

        final void boot(boolean fromServer, boolean offload, int maxConnections) throws Failure {
            premade.accept(device);
            loop = new MemoryLoop(new MemoryPoller(kernel), new Device(device, offload), fromServer, maxConnections);
            loop.time = now;
            loop.lookAtClock();
        }

        final Supervisor supervisor() {
            return new Supervisor() {
                @Override
                void ready(long when) {
                    told.add("ready " + when);
                }

                @Override
                void status(String words) {
                    told.add(words);
                }

                @Override
                void stopping() {
                    told.add("stopping");
                }
            };
        }

        private boolean turn() {
            loop.time = now;
            if (ended || (!loop.isBusy() && !handshakes.isBusy())) {
                return false;
            }
            try {
                handshakes.turn();
                loop.turnOnce();
            } catch (Failure e) {
                failure = e;
                ended = true;
            }
            return true;
        }
    }

    /** A machine with the server. */
    final class Hub extends Machine {
        final Server server;
        final Gate gate;
        final ServerReload reload;

        Hub(int maxConnections, String... words) throws Failure {
            Options options = ServerSettings.options();
            options.parse(words);
            ServerSettings settings = new ServerSettings(options);
            boot(false, settings.offload, maxConnections);
            gate = settings.keys.length == 0 ? new Gate() : new Gate(settings, keys(settings),
                    new Reception(loop, handshakes));
            server = new Server(settings, loop, acceptor, gate, supervisor());
            reload = new ServerReload(words, options, settings);
            reload.of(server);
            if (settings.hasHooks()) {
                server.use(new Hooks(loop, hooks));
            }
            machines.add(this);
        }

        /** The server is killed: all its connections break, and nothing listens any more. */
        void kill() {
            server.end();
            ended = true;
            acceptor = new MemoryAcceptor(kernel, ADDRESS);
        }
    }

    /** A machine with a client. */
    final class Board extends Machine {
        final MemoryConnector connector = new MemoryConnector(kernel);
        final Client client;
        final ClientReload reload;

        Board(long token, String... words) throws Failure {
            connector.add(acceptor);
            connector.unwatched = refuse;
            Options options = ClientSettings.options();
            options.parse(words);
            ClientSettings settings = new ClientSettings(options);
            boot(true, settings.offload, 1);
            Targets targets = new Targets(settings, connector, handshakes);
            client = new Client(settings, loop, targets.of(settings), supervisor(), token, true);
            reload = new ClientReload(words, options, settings, targets);
            reload.of(client);
            if (options.given("name")) {
                client.name = settings.name();
            }
            if (settings.hasHooks()) {
                client.presence.use(new Hooks(loop, hooks));
            }
            machines.add(this);
        }

        /** The client is killed: its connection breaks without a word in the log. */
        void kill() {
            ended = true;
            connector.last().close();
        }
    }

    /** A machine on which somebody looks what is in a client's way. */
    final class Checker extends Machine {
        final MemoryConnector connector = new MemoryConnector(kernel);
        /** The lines that were said. */
        final List<String> said = new ArrayList<>();
        final Check check;

        /** @param running whether a client of this machine has the same key */
        Checker(boolean running, String... words) throws Failure {
            connector.add(acceptor);
            Options options = ClientSettings.options();
            List<String> all = new ArrayList<>(List.of("--check"));
            all.addAll(List.of(words));
            options.parse(all.toArray(String[]::new));
            ClientSettings settings = new ClientSettings(options);
            boot(true, false, 1);
            check = new Check(settings, loop, new Targets(settings, connector, handshakes).of(settings),
                    new CheckReport(said::add, options.given("json")), 99, running);
            machines.add(this);
        }
    }

    private static Key[] keys(ServerSettings settings) throws Failure {
        Key[] keys = new Key[settings.keys.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = KeyFiles.read(settings.keys[i]);
        }
        return keys;
    }

    /** Computes what handshakes have to compute before the machine's next turn. */
    static final class Handshaker implements Handshakes {
        private final List<TlsStream> waiting = new ArrayList<>();
        /** Whether what it computes now takes long. */
        boolean rests;

        @Override
        public boolean add(TlsStream stream) {
            return waiting.add(stream);
        }

        @Override
        public boolean isIdle() {
            return waiting.isEmpty();
        }

        /** Whether there is something to be done for it in a turn. */
        boolean isBusy() {
            return !rests && !waiting.isEmpty();
        }

        void turn() throws Failure {
            if (!isBusy()) {
                return;
            }
            List<TlsStream> now = List.copyOf(waiting);
            waiting.clear();
            for (TlsStream stream : now) {
                stream.compute();
                stream.computed();
            }
        }
    }

    Hub hub(String... words) throws Failure {
        return new Hub(1000, words);
    }

    /** A client that has done all that needs no waiting for. */
    Board board(long token, String... words) throws Failure {
        List<String> all = new ArrayList<>(List.of("-s", "hub"));
        all.addAll(List.of(words));
        Board board = new Board(token, all.toArray(String[]::new));
        // A handshake has its turn when it has.
        pass(Budget.HANDSHAKE_INTERVAL);
        return board;
    }

    /** Lets everybody do what there is to do now. */
    void run() {
        turns = 0;
        for (boolean busy = true; busy;) {
            busy = false;
            for (Machine machine : List.copyOf(machines)) {
                busy |= machine.turn();
            }
            turns++;
            assertTrue(turns < 100_000, () -> "they never come to rest; the log:\n" + log());
        }
    }

    /** Lets time pass: everybody does what is due, when it is due. */
    void pass(long nanos) {
        long end = now + nanos;
        run();
        for (;;) {
            long next = Long.MAX_VALUE;
            for (Machine machine : machines) {
                machine.loop.time = now;
                next = Math.min(next, machine.ended ? Long.MAX_VALUE : Math.max(0, machine.loop.untilTurn()));
            }
            if (next > end - now) {
                break;
            }
            now += next;
            run();
        }
        now = end;
        run();
    }

    /** Lets time pass in which nobody does anything: all programs stand still, or the machine sleeps. */
    void standStill(long nanos) {
        now += nanos;
    }

    long now() {
        return now;
    }

    /** All that was logged. */
    String log() {
        return log.toString();
    }

    /** What was logged since this was last asked. */
    List<String> news() {
        List<String> lines = log().lines().map(line -> line.substring("test: ".length())).toList();
        log.setLength(0);
        return lines;
    }

    @Override
    public void close() {
        Log.to(line -> {
            System.err.println(line);
            return true;
        });
        Log.start("test", Log.EVENTS, false);
    }
}
