package simplevpn;

import java.util.ArrayList;
import java.util.List;
import simplevpn.base.Failure;
import simplevpn.base.Log;
import simplevpn.linux.Folder;
import simplevpn.linux.Libc;
import simplevpn.linux.LocalSocket;

/** What {@code --status} and {@code srv --kick} do: they ask the programs that run, and show what those say. */
final class StatusCommand {
    private static final int STDOUT = 1;
    /** Milliseconds that a program may be silent: others may be asking it. */
    private static final int PATIENCE = 10_000;
    private static final int SECOND = 1000;
    /** To the first line of a terminal, and all erased from there on (console_codes(4)). */
    private static final String CLEAR = "\u001b[H\u001b[J";

    private final Options options;
    private final String program;
    /** The one that is meant, or {@code null} for all. */
    private final String interfaceName;
    /** How many of those that were asked last did not answer. */
    private int silent;

    private StatusCommand(Options options, String program) {
        this.options = options;
        this.program = program;
        String named = options.text("status");
        interfaceName = named != null && !named.isEmpty() ? named : options.text("interface");
    }

    /**
     * Asks, and prints the answer.
     *
     * @return the exit status
     */
    static int run(Options options, String program) throws Failure {
        StatusCommand command = new StatusCommand(options, program);
        return options.given("status") ? command.show() : command.kick(options.text("kick"));
    }

    private int show() throws Failure {
        boolean json = options.given("json");
        boolean prometheus = options.given("prometheus");
        boolean watch = options.given("watch");
        if (json ? prometheus || watch : prometheus && watch) {
            throw options.wrong("--json, --prometheus and --watch are one form each");
        }
        if (watch && Libc.isatty(STDOUT) != 1) {
            throw options.wrong("--watch: is for a terminal, which the standard output is not");
        }
        StatusTable table = new StatusTable(options.given("verbose"));
        List<StatusRecord> all = ask();
        while (watch && !all.isEmpty()) {
            print(CLEAR + table.text(all));
            sleep();
            table.compareWith(all);
            all = ask();
        }
        print(json ? StatusExport.json(all) : prometheus ? StatusExport.prometheus(all) : table.text(all));
        int status = all.isEmpty() ? Failure.NOT_RUNNING : 0;
        for (StatusRecord record : all) {
            status = record.isUp() ? status : Failure.NOT_CONNECTED;
        }
        if (silent > 0) {
            return Failure.SYSTEM;
        }
        if (all.isEmpty()) {
            throw new Failure(status, nobody());
        }
        return status;
    }

    private String nobody() {
        return "no " + program + " answers " + (interfaceName == null ? "in " + Status.FOLDER
                : "at " + Status.path(interfaceName)) + ": it is not running, or may not write there (see " + program
                + " -v)";
    }

    /** Those of this program that run. Of several, one that does not answer is told, and hides no other. */
    private List<StatusRecord> ask() throws Failure {
        List<StatusRecord> all = new ArrayList<>(1);
        silent = 0;
        for (String name : names()) {
            try {
                StatusRecord record = ask(name, "status\n");
                if (record != null && record.kind.equals(program)) {
                    all.add(record);
                }
            } catch (Failure e) {
                if (interfaceName != null) {
                    throw e;
                }
                Log.error(e.getMessage());
                silent++;
            }
        }
        return all;
    }

    private List<String> names() throws Failure {
        return interfaceName != null ? List.of(interfaceName) : Folder.names(Status.FOLDER, Status.SUFFIX);
    }

    private static StatusRecord ask(String name, String question) throws Failure {
        String path = Status.path(name);
        byte[] answer = LocalSocket.ask(path, question, PATIENCE);
        return answer == null ? null : StatusRecord.read(path, answer);
    }

    private int kick(String who) throws Failure {
        List<StatusRecord> servers = ask();
        if (servers.isEmpty()) {
            throw new Failure(Failure.NOT_RUNNING, nobody());
        }
        if (servers.size() > 1) {
            throw options.wrong("several servers run; -i INTERFACE says which one is meant");
        }
        StatusRecord answer = ask(servers.get(0).text("interface"), "kick " + who + "\n");
        if (answer == null || !answer.kind.equals("done")) {
            throw new Failure(Failure.SYSTEM, answer == null ? nobody() : answer.text("why"));
        }
        return 0;
    }

    private static void print(String text) throws Failure {
        System.out.print(text);
        if (System.out.checkError()) {
            throw new Failure(Failure.SYSTEM, "the status could not be printed");
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(SECOND);
        } catch (InterruptedException e) {
            // Nobody interrupts this thread.
            Thread.currentThread().interrupt();
        }
    }
}
