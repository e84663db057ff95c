package simplevpn;

import java.nio.charset.StandardCharsets;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Acceptor;
import simplevpn.linux.Errno;
import simplevpn.linux.Handler;
import simplevpn.linux.LocalSocket;
import simplevpn.linux.Poller;
import simplevpn.linux.Stream;
import simplevpn.linux.User;
import simplevpn.tunnel.Budget;
import simplevpn.tunnel.Loop;
import simplevpn.tunnel.Timer;

/**
 * The socket by which a running program tells how it is: {@code status} and {@code kick WHO}, one question at a time,
 * each with a connection of its own. Its owner and root may ask; a socket's mode says so.
 *
 * <p>The answer is lines of fields with tabs between, the first the line's kind, the others {@code key=value}; the last
 * line is {@code end}. It is told piece by piece, one in a turn of the loop and only when there is room for it, so that
 * packets do not wait. As long as nobody asks, nothing is kept for it but the descriptor.
 */
final class Status extends Timer implements Handler {
    /** Where the sockets are, whoever started the programs. */
    static final String FOLDER = "/run/simplevpn";
    /** What their names end with, behind the interface. */
    static final String SUFFIX = ".sock";
    private static final String KICK = "kick ";

    private final Loop loop;
    private final Acceptor acceptor;
    /** The one of both that this is of. */
    private final Server server;
    private final Client client;
    private final long began;
    /** Whose turn it is; {@code null} for nobody's. */
    private Stream asker;
    private final StringBuilder question = new StringBuilder(0);
    /** What is told; {@code null} as long as the question has not come. */
    private Report report;
    private Lines lines;
    private boolean complete;

    /** Tells of a server or of a client, the other being {@code null}, to those who come to {@code acceptor}. */
    Status(Loop loop, Acceptor acceptor, Server server, Client client) throws Failure {
        this.loop = loop;
        this.acceptor = acceptor;
        this.server = server;
        this.client = client;
        began = loop.now();
        loop.poller.add(acceptor.fd(), Poller.READ, this);
    }

    /** Makes the folder as long as root can: it belongs to whom root becomes. */
    static void prepare(User user) {
        User.makeFolder(FOLDER, user);
    }

    /** As long as root can: what a program of another user's that was killed left there for an interface. */
    static void clear(String interfaceName) {
        LocalSocket.clear(path(interfaceName));
    }

    /**
     * Makes the socket of an interface and tells there from now on; where that cannot be, the program does without.
     *
     * @return what {@link #end} has to be called with
     */
    static LocalSocket open(Loop loop, Server server, Client client) {
        String path = path(loop.device.name());
        try {
            LocalSocket socket = LocalSocket.listen(path);
            if (socket == null) {
                Log.event("another program answers at " + path + ", in another network namespace perhaps: there is no"
                        + " --status of this one");
                return null;
            }
            new Status(loop, socket, server, client);
            return socket;
        } catch (Failure e) {
            if (Log.details()) {
                Log.event(e.getMessage() + ": there is no --status of this program");
            }
            return null;
        }
    }

    /** Where the socket of an interface is. */
    static String path(String interfaceName) {
        return FOLDER + "/" + interfaceName + SUFFIX;
    }

    /** The program ends: nobody is to find a socket that nobody answers at. */
    static void end(LocalSocket socket) {
        if (socket != null) {
            socket.close();
        }
    }

    /** Somebody comes, asks, or has room for more of the answer. */
    @Override
    public void ready(boolean writable, boolean failed) {
        try {
            if (asker == null) {
                accept();
            } else if (failed) {
                close();
            } else if (lines == null) {
                read();
            } else if (writable) {
                write();
            }
        } catch (OutOfMemoryError e) {
            // Clients need what there is.
            close();
        }
    }

    private void accept() {
        Stream stream = acceptor.accept();
        if (stream == null && acceptor.error() == -Errno.EAGAIN) {
            return;
        }
        loop.poller.change(acceptor.fd(), 0);
        loop.timers.set(this, loop.now() + Budget.ASK_TIME);
        if (stream != null) {
            try {
                loop.poller.add(stream.fd(), Poller.READ, this);
                asker = stream;
            } catch (Failure e) {
                // It is told in its own way: nobody answers.
                stream.close();
            }
        }
    }

    /** The time for asking or for taking the answer is over, or that of a kernel without descriptors. */
    @Override
    protected void expired(long now) {
        close();
    }

    private void read() {
        Lines piece = new Lines(Budget.QUESTION + 1);
        int length = asker.read(piece.buffer, 0, piece.buffer.size - question.length());
        boolean whole = false;
        for (int i = 0; i < length && !whole; i++) {
            char c = (char) (piece.buffer.bytes.get(i) & 255);
            whole = c == '\n';
            question.append(whole ? "" : c);
        }
        piece.free();
        if (length == Stream.END) {
            close();
        } else if (whole || question.length() > Budget.QUESTION) {
            answer(whole ? new String(question.toString().getBytes(StandardCharsets.ISO_8859_1),
                    StandardCharsets.UTF_8) : "");
        }
    }

    private void answer(String asked) {
        report = server != null ? new ServerReport(server, began) : new ClientReport(client);
        lines = new Lines(Lines.SIZE);
        complete = !asked.equals("status");
        if (asked.startsWith(KICK)) {
            String failed = report.kick(asked.substring(KICK.length()));
            lines.begin(failed == null ? "done" : "error").put("why", failed).end();
        } else if (complete) {
            lines.begin("error").put("why", "the question is not understood").end();
        }
        loop.timers.set(this, loop.now() + Budget.ANSWER_TIME);
        loop.poller.change(asker.fd(), Poller.WRITE);
    }

    /** One piece in a turn. */
    private void write() {
        if (lines.isEmpty() && !complete) {
            complete = report.tell(lines, loop.now());
            if (complete) {
                lines.begin("end").end();
            }
        }
        if (lines.writeTo(asker) && complete) {
            close();
        }
    }

    /** The next one's turn. */
    private void close() {
        if (asker != null) {
            loop.poller.remove(asker.fd());
            asker.close();
            asker = null;
        }
        if (lines != null) {
            lines.free();
        }
        lines = null;
        report = null;
        question.setLength(0);
        question.trimToSize();
        loop.timers.cancel(this);
        loop.poller.change(acceptor.fd(), Poller.READ);
    }
}
